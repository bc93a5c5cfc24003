"""The application: the table of addresses behind the gate."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import EngineError, StoreInUse, TransientError
from engine.web.backend import Backend
from engine.web.guarding.gate import Door, Gate
from engine.web.guarding.problems import Problem
from engine.web.guarding.rates import Rates
from engine.web.guarding.tokens import TokenFile
from engine.web.routes import ENDPOINTS, Endpoint
from schemas.terms.http import ProblemCode

_log = structlog.get_logger()
_OF_ROUTING = {404: ProblemCode.NOT_FOUND, 405: ProblemCode.METHOD_NOT_ALLOWED}


def application(backend: Backend, *, tokens: TokenFile, rates: Rates, is_loopback_only: bool) -> Gate:
    """Put the application together.

    Args:
        is_loopback_only: whether requests come from this machine alone, without a proxy.
    """
    routes = [Route(one.path, _handled(one, backend), methods=[one.method]) for one in ENDPOINTS]
    doors = [Door(route=route, path=one.path, roles=one.roles, is_open=one.is_open) for route, one in zip(routes, ENDPOINTS, strict=True)]
    gate: Gate

    async def told(_request: Request, error: Exception) -> Response:
        problem = error if isinstance(error, Problem) else _problem_of(error)
        gate.refused(problem)
        return problem.response()

    known = (Problem, HTTPException, EngineError, Exception)
    app = Starlette(routes=routes, exception_handlers=dict.fromkeys(known, told))
    app.router.redirect_slashes = False
    gate = Gate(app, doors, tokens=tokens, rates=rates, telemetry=backend.telemetry, is_loopback_only=is_loopback_only)
    return gate


def _handled(endpoint: Endpoint, backend: Backend) -> Callable[[Request], Awaitable[Response]]:
    async def handled(request: Request) -> Response:
        return await endpoint.handler(backend, request)

    return handled


def _problem_of(error: Exception) -> Problem:
    """Say an error as a problem; what it holds goes nowhere."""
    if isinstance(error, HTTPException):
        return Problem(_OF_ROUTING.get(error.status_code, ProblemCode.REQUEST_MALFORMED), headers=error.headers)
    if isinstance(error, TransientError | StoreInUse):
        return Problem(ProblemCode.NOT_READY)
    if isinstance(error, EngineError):
        _log.error("request_failed", exc_info=error)  # any other error reaches the server's own log
    return Problem(ProblemCode.INTERNAL_ERROR)
