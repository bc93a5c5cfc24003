"""The codec: bytes to events and back, strictly, once, at the edge.

Checks run in one order, and the first that fails names the dead letter: too_large, malformed, unknown_type,
unsupported_version, schema_invalid, future_time, not_the_person. A refusal is a value; nothing here raises for bad input.
Messages name the field and the problem, never what the field held.

A Kafka record is structured only if its content type says so; otherwise it is binary, whatever its headers. A file's line
and an HTTP body in structured mode go to `decode_structured` directly.

Source: docs/contracts.md, Envelope; CloudEvents 1.0.2, sections 2 and 3; its JSON format; its Kafka protocol binding.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from schemas.base import InputData
from schemas.envelope import PERSONS_PAGE, Event, Rejected, Tombstone
from schemas.events.participation import ParticipationEnrolled
from schemas.registry import INPUT_TYPES, refused_type
from schemas.terms.attributes import (
    DATA_BASE64,
    Invalid,
    data_in,
    optional_instant,
    optional_text,
    required_instant,
    required_text,
    sequence_in,
)
from schemas.terms.codes import ErrorCode
from schemas.text.fields import instant_text, parse_instant
from schemas.text.strict_json import EVENT_BYTES_MAX, Malformed, TooLarge, decode_json
from schemas.text.unknown_fields import ATTRIBUTES, DROPPED, has_unknown, known_line
from schemas.topics import DLQ_INGEST, NUDGE_FEEDBACK, SESSIONS, dead_letter_topic, topic_of_type

__all__ = [
    "Event",
    "Rejected",
    "Tombstone",
    "content_hash",
    "data_again",
    "decode",
    "decode_binary",
    "decode_json",
    "decode_structured",
    "encode_binary",
    "encode_structured",
    "is_whole",
    "known_only",
]

HeaderPairs = Sequence[tuple[str, bytes | None]]

SPECVERSION: Final = "1.0"
FUTURE_SKEW_MAX: Final = timedelta(hours=24)
PROBLEMS_NAMED_MAX: Final = 3
"""How many problems a message lists; the rest are counted."""
JSON_CONTENT_TYPE: Final = "application/json"
STRUCTURED_CONTENT_TYPE: Final = "application/cloudevents"
STRUCTURED_JSON: Final = "application/cloudevents+json"
HEADER_PREFIX: Final = "ce_"
CONTENT_TYPE_HEADER: Final = "content-type"
STRUCTURED_HEADERS: Final = ((CONTENT_TYPE_HEADER, f"{STRUCTURED_CONTENT_TYPE}+json".encode()),)
"""Headers of an event that is all in its value."""

_ATTRIBUTES_PROPER: Final[Mapping[str, str]] = {HEADER_PREFIX + name: name for name in sorted(ATTRIBUTES - {"data", "datacontenttype"})}
_ATTRIBUTES: Final[Mapping[str, str]] = {**_ATTRIBUTES_PROPER, CONTENT_TYPE_HEADER: "datacontenttype"}
"""Headers in their usual spelling; any other is looked at letter by letter."""
_UNREAD: Final = ("causation", "partitionkey", "traceparent")
"""Looked at for their form only: what a text attribute may not be, these may not either."""
_JSON_BYTES: Final = JSON_CONTENT_TYPE.encode()
_STRUCTURED_ALONE: Final = (CONTENT_TYPE_HEADER, STRUCTURED_JSON.encode())
"""The only header that a line of a file or a structured event over HTTP has."""

_JSON_MEDIA_TYPE: Final = re.compile(r"[a-z]+/(?:[a-z0-9.\-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_DEAD_LETTERS_BY_TYPE: Final[Mapping[str, str]] = {known: dead_letter_topic(topic_of_type(known).name).name for known in INPUT_TYPES}
_decode: Final = msgspec.json.Decoder().decode
_CANONICAL: Final = msgspec.json.Encoder(order="sorted")


def decode(value: bytes | None, headers: HeaderPairs, received_at: datetime) -> Event | Rejected | Tombstone:
    """Read one record of the bus.

    Args:
        value: the record's value; None is a tombstone in either mode.
        headers: as they arrived, duplicates and nulls included.
        received_at: when intake got it, aware; bounds how far `time` may lie ahead.
    """
    if value is None:
        return Tombstone()
    return decode_structured(value, received_at) if _is_structured(headers) else decode_binary(value, headers, received_at)


def _is_structured(headers: HeaderPairs) -> bool:
    if headers and headers[0] == _STRUCTURED_ALONE:
        return True
    for name, content in headers:
        if name not in _ATTRIBUTES_PROPER and name.lower() == CONTENT_TYPE_HEADER and content is not None:
            return content != _JSON_BYTES and content.strip().lower().startswith(STRUCTURED_CONTENT_TYPE.encode())
    return False


def data_again(event_type: str, value: bytes, headers: HeaderPairs) -> InputData:
    """Read the data of an event that `decode` has taken before: the same, without looking for what was not there.

    Args:
        event_type: of the event that `decode` returned.
    Raises:
        ValueError, TypeError, KeyError, msgspec.MsgspecError: it was not taken like this.
    """
    content = _decode(value)
    return INPUT_TYPES[event_type].model_validate(data_in(dict(content)) if _is_structured(headers) else content)


def known_only(said: InputData, value: bytes, headers: HeaderPairs) -> tuple[bytes, HeaderPairs]:
    """Write an event that `decode` has taken without what is unknown or was used up, as structured JSON.

    It reads as before, but for its content's hash. Headers that carried no attribute are kept, those of a trace aside.

    Args:
        said: the data that `decode` has read.
    """
    content = _decode(value)
    attributes = {**content, "data": data_in(content)} if _is_structured(headers) else {**_attributes(headers), "data": content}
    if len(headers) == 1 and headers[0] == _STRUCTURED_ALONE:
        return known_line(attributes, said), (_STRUCTURED_ALONE,)
    kept = tuple(header for header in headers if not _is_used_up(header[0]))
    return known_line(attributes, said), (_STRUCTURED_ALONE, *kept)


def is_whole(headers: HeaderPairs) -> bool:
    """Say whether every header of a record may be kept."""
    return not any(name.lower() in DROPPED for name, _ in headers)


def _is_used_up(header: str) -> bool:
    return header.lower().startswith((HEADER_PREFIX, CONTENT_TYPE_HEADER)) or header.lower() in DROPPED


def decode_structured(value: bytes, received_at: datetime) -> Event | Rejected:
    """Read one JSON object that holds attributes and data."""
    try:
        attributes = _json_object(value)
    except (TooLarge, Malformed) as problem:
        return _unreadable(problem, DLQ_INGEST.name)
    return _event(attributes, received_at)


def decode_binary(value: bytes, headers: HeaderPairs, received_at: datetime) -> Event | Rejected:
    """Read data from the value and attributes from the `ce_` headers."""
    topic = DLQ_INGEST.name
    try:
        _refuse_large(value, headers)
        attributes = _attributes(headers)
        topic = _dead_letters(attributes.get("type"))
        attributes["data"] = _json_object(value)
    except (TooLarge, Malformed) as problem:
        return _unreadable(problem, topic)
    return _event(attributes, received_at)


def _json_object(raw: bytes) -> dict[str, Any]:
    value = decode_json(raw)
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def _refuse_large(value: bytes, headers: HeaderPairs) -> None:
    """The limit is the event's, so headers count with the value."""
    if len(value) + sum([len(name) + len(content or b"") for name, content in headers]) > EVENT_BYTES_MAX:
        raise TooLarge(f"more than {EVENT_BYTES_MAX} bytes")


def _attributes(headers: HeaderPairs) -> dict[str, Any]:
    """Gather the attributes; a null header is an absent one, the same attribute twice is malformed.

    The content type is the header of that name, as the binding says; a `ce_datacontenttype` beside it is no attribute.
    """
    attributes: dict[str, Any] = {}
    for name, content in headers:
        attribute = _ATTRIBUTES.get(name) or _attribute_of(name.lower())
        if content is None or attribute is None:
            continue
        if attribute in attributes:
            raise Malformed("an attribute has two headers")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("a header is not UTF-8") from None
        if "\0" in text:
            raise Malformed("a header holds NUL")
        attributes[attribute] = text
    return attributes


def _attribute_of(header: str) -> str | None:
    if header == CONTENT_TYPE_HEADER:
        return "datacontenttype"
    attribute = header.removeprefix(HEADER_PREFIX)
    return None if attribute in {header, "data", DATA_BASE64, "datacontenttype"} else attribute


def _unreadable(problem: TooLarge | Malformed, topic: str) -> Rejected:
    code = ErrorCode.TOO_LARGE if isinstance(problem, TooLarge) else ErrorCode.MALFORMED
    return Rejected(code, str(problem), topic)


def _dead_letters(event_type: object) -> str:
    """The dead-letter topic of a type; that of unreadable lines where no type is known, or only another major of it."""
    if isinstance(event_type, str):
        known = event_type if event_type in INPUT_TYPES else refused_type(event_type)[1]
        if known is not None:
            return _DEAD_LETTERS_BY_TYPE[known]
    return DLQ_INGEST.name


def _event(attributes: dict[str, Any], received_at: datetime) -> Event | Rejected:
    """Check an envelope whose bytes were fine, in the order that the module promises."""
    event_type = attributes.get("type")
    model = INPUT_TYPES.get(event_type) if isinstance(event_type, str) else None
    if model is None:
        code, _ = refused_type(event_type)
        problem = "type: another major version" if code is ErrorCode.UNSUPPORTED_VERSION else "type: absent or unknown"
        return Rejected(code, problem, _dead_letters(event_type))
    topic = _DEAD_LETTERS_BY_TYPE[model.TYPE]
    try:
        _refuse_foreign_format(attributes)
        event_id, source = required_text(attributes, "id"), required_text(attributes, "source")
        time, recorded = required_instant(attributes, "time"), optional_instant(attributes, "recordedtime")
        actor = (required_text if model.IS_COMMAND else optional_text)(attributes, "actor")
        subject = optional_text(attributes, "subject")
        relayed_by = optional_text(attributes, "relayedby")
        for name in _UNREAD:
            optional_text(attributes, name)
        attributes["data"] = data = data_in(attributes)
        said = model.model_validate(data)
        event = Event(
            id=event_id,
            source=source,
            type=model.TYPE,
            time=time,
            data=said,
            actor=actor,
            relayedby=relayed_by,
            recordedtime=recorded,
            sequence=sequence_in(attributes),
            expirytime=optional_instant(attributes, "expirytime"),
            content=_hash_of(model.TYPE, subject, time, actor, data),
            has_unknown=said.is_odd or has_unknown(attributes, model),
        )
    except Invalid as invalid:
        return Rejected(ErrorCode.SCHEMA_INVALID, str(invalid), topic)
    except ValidationError as invalid:
        return Rejected(ErrorCode.SCHEMA_INVALID, _problems(invalid), topic)
    except (TooLarge, Malformed) as problem:
        return _unreadable(problem, topic)
    latest = received_at + FUTURE_SKEW_MAX
    if time > latest or (recorded is not None and recorded > latest):
        name = "time" if time > latest else "recordedtime"
        return Rejected(ErrorCode.FUTURE_TIME, f"{name}: more than 24 hours after it was received", topic)
    if model.PERSON_ACTS and actor != data["person_id"]:
        return Rejected(ErrorCode.NOT_THE_PERSON, "actor: must be the person that the event is about", topic)
    if relayed_by is not None and not _may_be_relayed(model, relayed_by):
        return Rejected(ErrorCode.NOT_THE_PERSON, "relayedby: nobody else brings this in for a person", topic)
    return event


def _may_be_relayed(model: type[InputData], relayed_by: str) -> bool:
    """Say whether an act may be brought in like this: an enrolment by anybody, what people do themselves through their own page."""
    if model is ParticipationEnrolled:
        return True
    return relayed_by == PERSONS_PAGE and (model.PERSON_ACTS or topic_of_type(model.TYPE) in {SESSIONS, NUDGE_FEEDBACK})


def _refuse_foreign_format(attributes: Mapping[str, Any]) -> None:
    if attributes.get("specversion") != SPECVERSION:
        raise Invalid("specversion: must be 1.0")
    content_type = attributes.get("datacontenttype")
    if content_type is None or content_type == JSON_CONTENT_TYPE:
        return
    if not isinstance(content_type, str) or _JSON_MEDIA_TYPE.fullmatch(content_type) is None:
        raise Invalid("datacontenttype: must be JSON")


def _problems(invalid: ValidationError) -> str:
    """List the first problems by field path. pydantic's own message texts name expectations, and ours do too, never input."""
    problems = invalid.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(('data', *map(str, problem['loc'])))}: {problem['msg']}" for problem in problems[:PROBLEMS_NAMED_MAX]]
    more = len(problems) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def content_hash(event: Mapping[str, Any]) -> str:
    """Hash what a structured event says: type, subject, time, actor and data, as 32 hex digits.

    The instant counts, not its spelling; members in any order are the same content; unknown fields of data count.

    Args:
        event: a decoded event whose `time` is an RFC 3339 instant; the caller checked it.
    """
    return _hash_of(event["type"], event.get("subject"), parse_instant(event["time"]), event.get("actor"), event["data"])


def _hash_of(event_type: str, subject: str | None, time: datetime, actor: str | None, data: object) -> str:
    canonical = _CANONICAL.encode((event_type, subject, time, actor, data))
    return blake2b(canonical, digest_size=16).hexdigest()


def _written(attributes: Mapping[str, str | int | datetime | None]) -> dict[str, str | int]:
    """The attributes to write, in the order given, absent ones left out."""
    written: dict[str, str | int] = {"specversion": SPECVERSION}
    for name, value in attributes.items():
        if value is not None:
            written[name] = instant_text(value) if isinstance(value, datetime) else value
    return written


def encode_structured(attributes: Mapping[str, str | int | datetime | None], data_json: bytes) -> bytes:
    """Write one event as one line of JSON, its data byte for byte as given.

    Args:
        attributes: by CloudEvents name; `specversion` and `datacontenttype` are added where absent.
        data_json: one JSON value on one line, as `data_json` writes it.
    """
    assert b"\n" not in data_json, "one event is one line"
    written = _written(attributes)
    written.setdefault("datacontenttype", JSON_CONTENT_TYPE)
    return msgspec.json.encode({**written, "data": msgspec.Raw(data_json)})


def encode_binary(attributes: Mapping[str, str | int | datetime | None], data_json: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Write one event for the bus: attributes as `ce_` headers, the data untouched as the value."""
    written = _written(attributes)
    content_type = written.pop("datacontenttype", JSON_CONTENT_TYPE)
    headers = [(HEADER_PREFIX + name, str(value).encode()) for name, value in written.items()]
    return [*headers, (CONTENT_TYPE_HEADER, str(content_type).encode())], data_json
