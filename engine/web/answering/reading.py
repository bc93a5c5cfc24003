"""The read models over HTTP. An id of another form than ids have is simply not there."""

import re
from collections.abc import Callable
from re import Pattern
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from engine.runtimes.embedded.reading.reader import Reader
from engine.web.answering import views
from engine.web.answering.responses import answered, refuse_other_parameters
from engine.web.backend import Backend
from engine.web.guarding.problems import Problem
from schemas.terms.http import ProblemCode
from schemas.terms.ids import PAIRING_ID_PATTERN, PERSON_ID_REGEX, PROGRAMME_ID_REGEX

T = TypeVar("T")
PAIRING_ID: Final = re.compile(PAIRING_ID_PATTERN)


async def pairing(backend: Backend, request: Request) -> Response:
    """Show a pairing as it is published."""
    return await _shown(backend, request, "pairing_id", PAIRING_ID, views.pairing_view)


async def why(backend: Backend, request: Request) -> Response:
    """Say why two people were proposed to each other."""
    return await _shown(backend, request, "pairing_id", PAIRING_ID, views.why_view)


async def programme(backend: Backend, request: Request) -> Response:
    """Show a programme: its rules, its rounds, its figures."""
    return await _shown(backend, request, "programme_id", PROGRAMME_ID_REGEX, views.programme_view)


async def person(backend: Backend, request: Request) -> Response:
    """Show the open pairings of a person."""
    return await _shown(backend, request, "person_id", PERSON_ID_REGEX, views.person_view)


async def _shown(
    backend: Backend, request: Request, parameter: str, form: Pattern[str], view: Callable[[Reader, str], T | None]
) -> Response:
    refuse_other_parameters(request, ())
    id_: str = request.path_params[parameter]
    found = await backend.read(lambda reader: view(reader, id_)) if form.fullmatch(id_) else None
    if found is None:
        raise Problem(ProblemCode.NOT_FOUND)
    return answered(found)
