"""Connections: how many there are, and how long one may take to say something or to listen.

uvicorn bounds the head of a request in size; here it is bounded in time, too, and so is a client that doesn't read its answer. What isn't
HTTP at all is answered in the form of every other refusal.

Limits: CONNECTIONS_MAX; READ_SECONDS for a head, from its first byte, or from the connection's begin; WRITE_SECONDS without a byte taken.
"""

import asyncio
import time
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from engine.web.guarding.bodies import READ_SECONDS
from engine.web.guarding.problems import MEANINGS, PROBLEM_JSON, Problem
from schemas.terms.http import ProblemCode

CONNECTIONS_MAX: Final = 256
HEAD_BYTES_MAX: Final = 16 * 1024
WRITE_SECONDS: Final = 30.0
CLOSING_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 1.0
_REASONS: Final = {400: "Bad Request", 408: "Request Timeout", 503: "Service Unavailable"}


class GuardedProtocol(H11Protocol):
    """A connection with limits."""

    transport: asyncio.Transport

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_since: float | None = None
        self._stalled_since: float | None = None
        self._closing_since: float | None = None
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless there are too many."""
        super().connection_made(transport)
        self._head_since = time.monotonic()
        self._look = self.loop.call_later(_LOOK_SECONDS, self._looked)
        if len(self.connections) > CONNECTIONS_MAX:
            self._refuse(ProblemCode.CONNECTIONS_FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; the first ones of a head start its time."""
        if self.transport.is_closing():
            return
        if self._head_since is None and not self._is_busy():
            self._head_since = time.monotonic()
        super().data_received(data)
        if self._is_busy():
            self._head_since = None

    def on_response_complete(self) -> None:
        """Wait for the next head; uvicorn closes a connection on which nothing comes."""
        super().on_response_complete()
        if not self._is_busy():
            self._head_since = None

    def pause_writing(self) -> None:
        """The other side doesn't take what it asked for."""
        super().pause_writing()
        self._stalled_since = time.monotonic()

    def resume_writing(self) -> None:
        """It goes on."""
        super().resume_writing()
        self._stalled_since = None

    def send_400_response(self, msg: str) -> None:
        """Answer what isn't HTTP."""
        del msg
        self._refuse(ProblemCode.REQUEST_MALFORMED)

    def _is_busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None until the first request
        return cycle is not None and not cycle.response_complete

    def _looked(self) -> None:
        now = time.monotonic()
        self._look = self.loop.call_later(_LOOK_SECONDS, self._looked)
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSING_SECONDS:
                self.transport.abort()
        elif self._stalled_since is not None and now - self._stalled_since > WRITE_SECONDS:
            self.transport.abort()
        elif self._head_since is not None and now - self._head_since > READ_SECONDS:
            self._refuse(ProblemCode.TOO_SLOW)

    def _refuse(self, code: ProblemCode) -> None:
        """Answer beside the application, and close."""
        if not self._is_busy():
            body, status = Problem(code).body(), MEANINGS[code][0]
            head = (
                f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {len(body)}\r\n"
                "cache-control: no-store\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
