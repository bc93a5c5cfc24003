"""The codec on records of a broker: structured, binary and tombstones (schemas/codec.py)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import data_again, decode, decode_binary, decode_structured
from schemas.envelope import Event, Rejected, Tombstone
from schemas.terms.codes import ErrorCode
from schemas.text.strict_json import EVENT_BYTES_MAX
from tests.unit.schemas.codec_lines import ABSENT, HR_DEAD_LETTERS, LEAVE, RECEIVED_AT, event, headers_of, line


def test_a_null_value_is_a_tombstone_in_either_mode() -> None:
    """Whatever the headers are; the JSON text null is not one."""
    structured = [("content-type", b"application/cloudevents+json")]

    assert Tombstone() == decode(None, [], RECEIVED_AT) == decode(None, structured, RECEIVED_AT)
    for headers in ([], structured, headers_of(event())):
        outcome = decode(b"null", headers, RECEIVED_AT)
        assert isinstance(outcome, Rejected)
        assert outcome.code is ErrorCode.MALFORMED


@pytest.mark.parametrize(
    "content_type", [b"application/cloudevents", b"application/cloudevents+json; charset=utf-8", b"Application/CloudEvents+JSON"]
)
def test_the_content_type_alone_makes_a_record_structured(content_type: bytes) -> None:
    """Stray `ce_` headers change nothing."""
    headers = [("ce_id", b"other"), ("content-type", content_type), ("ce_type", None)]

    assert decode_structured(line(), RECEIVED_AT) == decode(line(), headers, RECEIVED_AT)


@pytest.mark.parametrize("headers", [[], [("content-type", b"application/json")], [("content-type", None)], [("ce_id", b"e-1")]])
def test_anything_else_is_binary(headers: list[tuple[str, bytes | None]]) -> None:
    """A structured body without its content type has no `ce_type`, so its type is unknown."""
    outcome = decode(line(), headers, RECEIVED_AT)

    assert isinstance(outcome, Rejected)
    assert (ErrorCode.UNKNOWN_TYPE, "dlq.ingest") == (outcome.code, outcome.topic)


def test_binary_and_structured_say_the_same() -> None:
    """One event, two spellings; null and foreign headers are nothing."""
    attributes = {"subject": "ann", "actor": "svc", "sequence": 7, "recordedtime": "2025-02-01T08:00:00Z"}
    headers = [*headers_of(event(**attributes)), ("content-type", b"application/json"), ("ce_causation", None), ("trace", b"\xff")]

    binary = decode(json.dumps(LEAVE).encode(), headers, RECEIVED_AT)

    assert isinstance(binary, Event)
    assert decode_structured(line(**attributes), RECEIVED_AT) == binary


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_data_of_a_taken_event_is_the_same_when_read_again(mode: str) -> None:
    """The quick second reading finds the data where the mode puts it."""
    is_structured = mode == "structured"
    headers = [("content-type", b"application/cloudevents+json")] if is_structured else headers_of(event())
    value = line() if is_structured else json.dumps(LEAVE).encode()
    taken = decode(value, headers, RECEIVED_AT)
    assert isinstance(taken, Event)

    assert taken.data == data_again(taken.type, value, headers)


@pytest.mark.parametrize(
    ("extra", "value", "code", "topic"),
    [
        ([("ce_id", b"e-2")], b"{}", ErrorCode.MALFORMED, "dlq.ingest"),
        ([("ce_subject", b"\xff")], b"{}", ErrorCode.MALFORMED, "dlq.ingest"),
        ([("ce_subject", b"a\0b")], b"{}", ErrorCode.MALFORMED, "dlq.ingest"),
        ([("ce_subject", b"")], b"{}", ErrorCode.SCHEMA_INVALID, HR_DEAD_LETTERS),
        ([("content-type", b"text/plain")], json.dumps(LEAVE).encode(), ErrorCode.SCHEMA_INVALID, HR_DEAD_LETTERS),
        ([], b"[]", ErrorCode.MALFORMED, HR_DEAD_LETTERS),
        ([], b"{}", ErrorCode.SCHEMA_INVALID, HR_DEAD_LETTERS),
        ([], b"", ErrorCode.MALFORMED, HR_DEAD_LETTERS),
        ([], b" " * EVENT_BYTES_MAX, ErrorCode.TOO_LARGE, "dlq.ingest"),
    ],
)
def test_bad_binary_records_get_their_code(extra: list[tuple[str, bytes | None]], value: bytes, code: ErrorCode, topic: str) -> None:
    """An attribute twice, bytes that aren't text, data that isn't an object; headers count towards the size."""
    outcome = decode_binary(value, [*headers_of(event()), *extra], RECEIVED_AT)

    assert isinstance(outcome, Rejected)
    assert (code, topic) == (outcome.code, outcome.topic)


@given(
    name=st.sampled_from(["content-type", "ce_id", "ce_type", "ce_time", "ce_", "x"]),
    content=st.none() | st.binary(max_size=40),
    value=st.binary(max_size=40),
)
def test_no_record_makes_the_codec_raise(name: str, content: bytes | None, value: bytes) -> None:
    """Whatever arrives ends in an event or a refusal."""
    assert isinstance(decode(value, [*headers_of(event(id=ABSENT)), (name, content)], RECEIVED_AT), Event | Rejected)
