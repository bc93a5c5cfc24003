"""Answers as bytes, and parameters as values."""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.web.guarding.problems import Problem
from schemas.terms.http import ProblemCode

JSON: Final = "application/json"
_encode: Final = msgspec.json.Encoder().encode


def answered(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(_encode(body), status, headers, JSON)


def whole_number(request: Request, name: str, default: int, *, most: int, least: int = 0) -> int:
    """Read a parameter that is a whole number.

    Raises:
        Problem: it is none, or outside its bounds.
    """
    given = request.query_params.getlist(name)
    if not given:
        return default
    text = given[0]
    if len(given) > 1 or not (text.isascii() and text.isdecimal()) or len(text) > 19 or not least <= int(text) <= most:
        raise Problem(ProblemCode.PARAMETER_INVALID, f"{name} must be a whole number from {least} to {most}")
    return int(text)


def refuse_other_parameters(request: Request, known: Collection[str]) -> None:
    """Refuse a parameter that isn't known: misspelt, it would be ignored in silence.

    Raises:
        Problem: there is one.
    """
    if not request.query_params.keys() <= set(known):
        raise Problem(ProblemCode.PARAMETER_INVALID, f"known are {', '.join(sorted(known)) or 'none'}")
