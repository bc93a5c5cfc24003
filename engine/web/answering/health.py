"""Whether the engine runs, and its figures."""

from starlette.requests import Request
from starlette.responses import Response

from engine.web.answering.answers import HealthView
from engine.web.answering.responses import answered
from engine.web.backend import Backend
from engine.web.guarding.problems import Problem
from schemas.terms.http import ProblemCode

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(backend: Backend, _request: Request) -> Response:
    """Say whether the engine's own loop turns."""
    if not backend.service.health().is_well:
        raise Problem(ProblemCode.NOT_READY, "the engine's loop has not turned for a while")
    return answered(HealthView())


async def readyz(backend: Backend, _request: Request) -> Response:
    """Say whether the engine owns its data and takes what comes."""
    health = backend.service.health()
    if health.is_stopping or not health.is_ready:
        raise Problem(ProblemCode.NOT_READY, "the engine stops" if health.is_stopping else "the engine starts")
    return answered(HealthView())


async def metrics(backend: Backend, _request: Request) -> Response:
    """Return the metrics in the text format that Prometheus reads."""
    return Response(backend.telemetry.text(), media_type=METRICS_TYPE)
