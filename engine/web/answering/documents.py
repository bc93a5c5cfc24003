"""The contracts as documents: schemas of events, and this interface itself."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from engine.web.answering.responses import JSON, refuse_other_parameters
from engine.web.backend import Backend
from engine.web.guarding.problems import Problem
from schemas.terms.http import ProblemCode

_NAME: Final = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")
_VERSION: Final = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")
SCHEMA_JSON: Final = "application/schema+json"


async def schema_index(_backend: Backend, request: Request) -> Response:
    """List the schemas of events with their versions."""
    refuse_other_parameters(request, ())
    return Response(_text("json", "index.json"), media_type=JSON)


async def schema(_backend: Backend, request: Request) -> Response:
    """Return the JSON Schema of one event in one version, for example `pairing.proposed` and `1.0`."""
    refuse_other_parameters(request, ())
    name, version = request.path_params["name"], request.path_params["version"]
    found = _text("json", name, f"{version}.json") if _NAME.fullmatch(name) and _VERSION.fullmatch(version) else None
    if found is None:
        raise Problem(ProblemCode.NOT_FOUND)
    return Response(found, media_type=SCHEMA_JSON)


async def openapi(_backend: Backend, request: Request) -> Response:
    """Return the OpenAPI document of this interface."""
    refuse_other_parameters(request, ())
    return Response(_text("openapi.json"), media_type=JSON)


@lru_cache(maxsize=256)
def _text(*path: str) -> bytes | None:
    file = files("schemas").joinpath(*path)
    return file.read_bytes() if file.is_file() else None
