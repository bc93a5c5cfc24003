"""`POST /v1/events`: CloudEvents in their three forms, answered after the commit.

    structured   one JSON object with attributes and data
    batch        a JSON array of such objects
    binary       attributes in `ce-` headers, the data as the body

The bytes of each event go to the codec as they came, so what is judged, logged and kept as a dead letter is what was sent. A body that is
no JSON at all is refused here and kept nowhere.

Source: CloudEvents 1.0.2, HTTP protocol binding; docs/http.md.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from engine.core.execution import Outcome
from engine.runtimes.embedded.answers import InputAnswer
from engine.runtimes.embedded.lines import Line
from engine.web.answering.answers import EventResult, EventResults
from engine.web.answering.responses import answered, refuse_other_parameters
from engine.web.backend import Backend
from engine.web.guarding.bodies import body_of
from engine.web.guarding.problems import Problem
from schemas.codec import CONTENT_TYPE_HEADER, HEADER_PREFIX, JSON_CONTENT_TYPE, STRUCTURED_JSON
from schemas.terms.http import ProblemCode
from schemas.text.strict_json import EVENT_BYTES_MAX

BATCH_JSON: Final = "application/cloudevents-batch+json"
EVENTS_MAX: Final = 1_000
WIRE_PREFIX: Final = "ce-"
ATTRIBUTES_MAX: Final = 64
_OUTCOMES: Final[Mapping[Outcome, Any]] = {
    Outcome.APPLIED: "accepted",
    Outcome.IGNORED: "accepted",
    Outcome.DUPLICATE: "duplicate",
    Outcome.DEAD_LETTERED: "dead_lettered",
    Outcome.REFUSED: "refused",
}
_raw_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_raw_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_any: Final = msgspec.json.Decoder(msgspec.Raw).decode


class _Head(msgspec.Struct):
    id: str | None = None


_head: Final = msgspec.json.Decoder(_Head).decode


async def ingest(backend: Backend, request: Request) -> Response:
    """Take events; answer for each one, in order, once all of them are durable."""
    refuse_other_parameters(request, ())
    media_type = _media_type(request.headers)
    if media_type == BATCH_JSON:
        lines = _batch(await body_of(request))
        results = [_result(line, answer) for line, answer in zip(lines, await backend.submit(lines) if lines else [], strict=True)]
        return answered(EventResults(results=results))
    binary = _binary_headers(request.headers) if media_type == JSON_CONTENT_TYPE else ()
    if media_type != STRUCTURED_JSON and not binary:
        raise Problem(
            ProblemCode.TYPE_UNSUPPORTED,
            f"send {STRUCTURED_JSON}, {BATCH_JSON}, or {JSON_CONTENT_TYPE} with the attributes in ce- headers",
            headers={"connection": "close"},
        )
    body = await body_of(request, EVENT_BYTES_MAX)
    _check_json(body, _any if binary else _raw_object)
    line = Line(0, body, binary) if binary else Line(0, body)
    result = _result(line, (await backend.submit([line]))[0])
    if result.code is not None:
        raise Problem(ProblemCode.EVENT_REFUSED, result.message, event_code=result.code)
    return answered(EventResults(results=[result]))


def _media_type(headers: Headers) -> str:
    given, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().partition("charset=")[2].strip('"')
    if charset not in {"", "utf-8", "utf8"}:
        raise Problem(ProblemCode.TYPE_UNSUPPORTED, "the charset must be utf-8", headers={"connection": "close"})
    return given.strip().lower()


def _batch(body: bytes) -> list[Line]:
    """Cut a batch into its events, byte for byte."""
    _check_json(body, _raw_list)
    found = _raw_list(body)
    if len(found) > EVENTS_MAX:
        raise Problem(ProblemCode.TOO_LARGE, f"at most {EVENTS_MAX} events")
    return [Line(number, bytes(each)) for number, each in enumerate(found)]


def _check_json(body: bytes, read: Any) -> None:
    try:
        read(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Problem(ProblemCode.BODY_MALFORMED, "the body is not the JSON that its content type says") from None


def _binary_headers(headers: Headers) -> tuple[tuple[str, bytes], ...]:
    """Return the attributes of an event in binary mode, as the codec reads them; none where there are none.

    Raises:
        Problem: one holds, unpacked, what no header may hold.
    """
    found: list[tuple[str, bytes]] = []
    for name, value in headers.items():
        if name.startswith(WIRE_PREFIX):
            plain = unquote_to_bytes(value.encode("latin-1"))
            if any(byte < 0x20 or byte == 0x7F for byte in plain):
                raise Problem(ProblemCode.HEADER_INVALID, "a ce- header holds a control character", headers={"connection": "close"})
            found.append((HEADER_PREFIX + name.removeprefix(WIRE_PREFIX), plain))
    if len(found) > ATTRIBUTES_MAX:
        raise Problem(ProblemCode.HEADER_INVALID, f"at most {ATTRIBUTES_MAX} ce- headers", headers={"connection": "close"})
    return (*found, (CONTENT_TYPE_HEADER, JSON_CONTENT_TYPE.encode())) if found else ()


def _result(line: Line, answer: InputAnswer) -> EventResult:
    return EventResult(id=_id_of(line), outcome=_OUTCOMES[answer.outcome], code=answer.code or answer.refusal, message=answer.message)


def _id_of(line: Line) -> str | None:
    """Return the id of an event as it was sent, if it can be read."""
    for name, value in line.headers:
        if name == HEADER_PREFIX + "id":
            return (value or b"").decode(errors="replace")
    try:
        return _head(line.value).id
    except (msgspec.MsgspecError, RecursionError):
        return None
