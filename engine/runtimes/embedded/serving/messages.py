"""What goes over the socket: requests and answers as JSON, the same on both sides.

POST /lines           `LinesTaken` of a `GivenLines`: what became of each line, after the commit
POST /commands/NAME   the answer of a command, from its arguments

200  done, and durable
404  there is no such command
413  more than a request may have
422  refused; `Trouble` says why
429  the service has more to do than it holds; nothing was taken
500  the service stops
503  the service has stopped; whether it was done is unknown
"""

from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from engine.core.execution import Outcome
from engine.runtimes.embedded.lines import Line
from schemas.terms.codes import ErrorCode, RefusalCode

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
LINES_ADDRESS: Final = "/lines"
COMMANDS_ADDRESS: Final = "/commands/"
BUSY: Final = HTTPStatus.TOO_MANY_REQUESTS
STOPPED: Final = HTTPStatus.SERVICE_UNAVAILABLE


class GivenLines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a file, in their order."""

    lines: tuple[Line, ...]
    emit_from: datetime | None = None
    """Nudges of an earlier `at` are recorded as suppressed."""


class TakenLine(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one line."""

    outcome: Outcome
    code: ErrorCode | None = None
    refusal: RefusalCode | None = None


class LinesTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of lines, each in its place."""

    lines: tuple[TakenLine, ...]
    at: datetime | None
    """Engine time after them."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer, in one line for an operator."""

    message: str
