"""The gate: every request passes it, before anything of its body is read.

    1. the host is loopback's own, and the page that asks is of the same origin, where only loopback is served without a proxy: else a page
       anywhere could reach the engine through its reader's browser, by a name that it lets point here
    2. a token, where tokens are in use, and its role for this address
    3. not too often

What is refused is counted by its code, what is answered by its address and class of status.

Source: docs/http.md; guarantees.S40.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.telemetry import METRIC_PREFIX, Telemetry
from engine.web.guarding.problems import Problem
from engine.web.guarding.rates import Rates
from engine.web.guarding.tokens import Token, TokenFile
from schemas.terms.http import ProblemCode, Role, RoutePath

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
ALL_ROLES: Final = frozenset(Role)
ROLES: Final = "bothways.roles"
"""Where the roles of whoever asks stand in a request's scope."""
ANYBODY: Final = "anybody"
HEALTH: Final = "health"
"""Whoever looks after the process is not kept out by others who ask much."""
_BEARER: Final = "bearer "
SECURITY_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What one address asks of whoever knocks."""

    route: Route
    path: RoutePath
    roles: frozenset[Role]
    """One of these is needed; none at all where any token will do."""
    is_open: bool = False
    """Whether it answers without a token."""


class Gate:
    """Judges every request, then lets it through to the application."""

    def __init__(
        self, app: ASGIApp, doors: Sequence[Door], *, tokens: TokenFile, rates: Rates, telemetry: Telemetry, is_loopback_only: bool
    ) -> None:
        """Prepare it.

        Args:
            is_loopback_only: whether requests come from this machine alone, without a proxy.
        """
        self._app = app
        self._doors = doors
        self._tokens = tokens
        self._rates = rates
        self._telemetry = telemetry
        self._is_loopback_only = is_loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_at, door, status = time.monotonic(), self._door_of(scope), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            scope[ROLES] = self._roles_of(scope, door)
        except Problem as problem:
            self.refused(problem)
            await problem.response()(scope, receive, watched)
        else:
            await self._app(scope, receive, watched)
        finally:
            route = door.path.value if door is not None else "unknown"
            self._telemetry.count(METRIC_PREFIX + "http_requests_total", route=route, status=f"{status // 100}xx")
            self._telemetry.observe(METRIC_PREFIX + "http_request_seconds", time.monotonic() - began_at)

    def refused(self, problem: Problem) -> None:
        """Count a refusal."""
        self._telemetry.count(METRIC_PREFIX + "http_refusals_total", code=problem.code)

    def _door_of(self, scope: Scope) -> Door | None:
        fallback = None
        for door in self._doors:
            match, _ = door.route.matches(scope)
            if match is Match.FULL:
                return door
            if match is Match.PARTIAL:
                fallback = fallback or door
        return fallback

    def _roles_of(self, scope: Scope, door: Door | None) -> frozenset[Role]:
        """Judge a request. Returns the roles of whoever asks.

        Raises:
            Problem: it doesn't get through.
        """
        headers = Headers(scope=scope)
        if self._is_loopback_only:
            _check_origin(headers)
        if door is not None and door.is_open:
            self._check_rate("", HEALTH)
            return frozenset()
        if not self._tokens.is_in_use() and self._is_loopback_only:
            self._check_rate("", ANYBODY)
            return ALL_ROLES
        token = self._token_of(headers)
        self._check_rate("token", token.id)
        roles = frozenset(token.roles)
        if door is not None and door.roles and not roles & door.roles:
            raise Problem(ProblemCode.ROLE_MISSING, f"needs {' or '.join(sorted(door.roles))}")
        return roles

    def _token_of(self, headers: Headers) -> Token:
        shown = headers.getlist("authorization")
        if not shown:
            self._check_rate("", "nobody")
            raise Problem(ProblemCode.TOKEN_MISSING)
        given = shown[0]
        if len(shown) > 1 or not given.lower().startswith(_BEARER):
            self._check_rate("", "nobody")
            raise Problem(ProblemCode.TOKEN_INVALID)
        found = self._tokens.judged(given[len(_BEARER) :].strip(), datetime.now(UTC))
        if isinstance(found, ProblemCode):
            self._check_rate("", "nobody")
            raise Problem(found)
        return found

    def _check_rate(self, kind: str, asker: str) -> None:
        wait = self._rates.wait_seconds(f"{kind}/{asker}")
        if wait > 0:
            raise Problem(ProblemCode.TOO_MANY_REQUESTS, headers={"retry-after": str(math.ceil(wait))})


def _check_origin(headers: Headers) -> None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or _name_of(hosts[0]) not in LOOPBACK_NAMES:
        raise Problem(ProblemCode.HOST_REFUSED)
    for origin in headers.getlist("origin"):
        if _authority_of(origin) != hosts[0].lower():
            raise Problem(ProblemCode.ORIGIN_REFUSED)


def _name_of(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()


def _authority_of(origin: str) -> str | None:
    try:
        found = urlsplit(origin)
    except ValueError:
        return None
    return found.netloc.lower() if found.scheme in {"http", "https"} and not found.path else None
