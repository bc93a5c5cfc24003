"""The codec: bytes to events, every refusal, and back (schemas/codec.py)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import data_json
from schemas.codec import content_hash, decode, decode_binary, decode_structured, encode_binary, encode_structured
from schemas.codes import ErrorCode
from schemas.envelope import Event, Rejected, Tombstone
from schemas.hr import HrLeaveEnded
from schemas.pairing import PairingEnded
from schemas.strict_json import EVENT_BYTES_MAX

RECEIVED_AT: Final = datetime(2025, 2, 1, 12, tzinfo=UTC)
CANARY: Final = "zq-canary-7731"
HR_DEAD_LETTERS: Final = "dlq.hr.people.v1"
PARTICIPATION_DEAD_LETTERS: Final = "dlq.mentorship.participation.v1"
LEAVE: Final = {"person_id": "ann", "effective_on": "2025-02-01"}
PAIRING: Final = "alpha.0123456789abcdef"
ABSENT: Final = object()


def event(**changes: Any) -> dict[str, Any]:
    """A good event, with attributes replaced or, by ABSENT, left out."""
    good = {"specversion": "1.0", "id": "e-1", "source": "urn:hris", "type": "bothways.hr.leave_ended.v1"}
    whole = {**good, "time": "2025-02-01T09:00:00+01:00", "data": LEAVE, **changes}
    return {name: value for name, value in whole.items() if value is not ABSENT}


def line(**changes: Any) -> bytes:
    """The good event as one line of a file."""
    return json.dumps(event(**changes)).encode()


def refused(**changes: Any) -> Rejected:
    """What becomes of the event; it had better be a refusal."""
    outcome = decode_structured(line(**changes), RECEIVED_AT)
    assert isinstance(outcome, Rejected)
    return outcome


def headers_of(attributes: dict[str, Any]) -> list[tuple[str, bytes | None]]:
    """Attributes as the Kafka binding carries them."""
    return [(f"ce_{name}", str(value).encode()) for name, value in attributes.items() if name != "data"]


def test_a_good_line_becomes_an_event() -> None:
    """Attributes are typed, instants are UTC, and extensions that nobody reads are dropped."""
    outcome = decode_structured(
        line(
            subject="ann",
            actor="svc:hris",
            recordedtime="2025-02-01T08:00:01.5Z",
            sequence="42",
            partitionkey="ann",
            expirytime="2026-02-01T00:00:00Z",
            causation="c-1",
            traceparent="00-1-2-01",
            dataclassification="confidential",
            datacontenttype="application/json; charset=utf-8",
            surprise="yes",
        ),
        RECEIVED_AT,
    )

    assert isinstance(outcome, Event)
    assert len(outcome.content) == 32
    assert (
        Event(
            id="e-1",
            source="urn:hris",
            type="bothways.hr.leave_ended.v1",
            time=datetime(2025, 2, 1, 8, tzinfo=UTC),
            data=HrLeaveEnded.model_validate(LEAVE),
            subject="ann",
            actor="svc:hris",
            recordedtime=datetime(2025, 2, 1, 8, 0, 1, 500_000, tzinfo=UTC),
            sequence=42,
            partitionkey="ann",
            expirytime=datetime(2026, 2, 1, tzinfo=UTC),
            causation="c-1",
            traceparent="00-1-2-01",
            content=outcome.content,
        )
        == outcome
    )


def test_null_attributes_are_absent() -> None:
    """The CloudEvents JSON format says so."""
    assert decode_structured(line(), RECEIVED_AT) == decode_structured(line(actor=None, sequence=None, datacontenttype=None), RECEIVED_AT)


BAD_LINES: Final[dict[str, tuple[bytes, ErrorCode, str]]] = {
    "too large": (b" " * (EVENT_BYTES_MAX + 1), ErrorCode.TOO_LARGE, "dlq.ingest"),
    "no JSON": (b"hello", ErrorCode.MALFORMED, "dlq.ingest"),
    "empty": (b"", ErrorCode.MALFORMED, "dlq.ingest"),
    "the text null": (b"null", ErrorCode.MALFORMED, "dlq.ingest"),
    "a list": (b"[]", ErrorCode.MALFORMED, "dlq.ingest"),
    "malformed though its type is known": (line().replace(b'"2025-02-01"', b"NaN"), ErrorCode.MALFORMED, "dlq.ingest"),
    "duplicate attribute": (line().replace(b'{"specversion"', b'{"id": "x", "specversion"'), ErrorCode.MALFORMED, "dlq.ingest"),
    "no type": (line(type=ABSENT), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "null type": (line(type=None), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "number for a type": (line(type=7), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "list for a type": (line(type=["bothways.hr.hired.v1"]), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "stranger's type": (line(type="com.example.hired"), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "unknown type before any other defect": (line(type="x", specversion="7", id=None), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "our own output": (line(type="bothways.pairing.lapsed.v1"), ErrorCode.UNKNOWN_TYPE, "dlq.ingest"),
    "another major": (line(type="bothways.hr.leave_ended.v2", id=None), ErrorCode.UNSUPPORTED_VERSION, HR_DEAD_LETTERS),
    "future before a missing person": (
        line(type="bothways.participation.paused.v1", time="2025-02-03T00:00:00Z", data={"person_id": "ann", "programme_id": "alpha"}),
        ErrorCode.FUTURE_TIME,
        PARTICIPATION_DEAD_LETTERS,
    ),
    "invalid before future": (line(time="2026-02-03T00:00:00Z", data={}), ErrorCode.SCHEMA_INVALID, HR_DEAD_LETTERS),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_gets_its_code_and_topic(name: str) -> None:
    """The first check that fails names the code; the type, where there is one, names the topic."""
    raw, code, topic = BAD_LINES[name]

    outcome = decode_structured(raw, RECEIVED_AT)

    assert isinstance(outcome, Rejected)
    assert (code, topic) == (outcome.code, outcome.topic)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": ABSENT}, "specversion"),
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": 1.0}, "specversion"),
        ({"id": ABSENT}, "id"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a" * 257}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "a\x7f"}, "id"),
        ({"source": ABSENT}, "source"),
        ({"source": "\t"}, "source"),
        ({"time": ABSENT}, "time"),
        ({"time": "2025-02-01T09:00:00"}, "time"),
        ({"time": "2025-02-01"}, "time"),
        ({"time": 1_738_400_400}, "time"),
        ({"subject": ["ann"]}, "subject"),
        ({"actor": ""}, "actor"),
        ({"recordedtime": "yesterday"}, "recordedtime"),
        ({"expirytime": "2025-02-01T09:00:00"}, "expirytime"),
        ({"sequence": "007x"}, "sequence"),
        ({"sequence": -1}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": 1.0}, "sequence"),
        ({"sequence": "9" * 19}, "sequence"),
        ({"partitionkey": 5}, "partitionkey"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": ABSENT}, "data"),
        ({"data": None}, "data"),
        ({"data": [LEAVE]}, "data"),
        ({"data": ABSENT, "data_base64": "e30="}, "data"),
        ({"data": {}}, "data.person_id"),
        ({"data": {**LEAVE, "effective_on": "soon"}}, "data.effective_on"),
        ({"data": {**LEAVE, "person_id": True}}, "data.person_id"),
    ],
)
def test_any_defect_of_a_known_type_is_schema_invalid(changes: dict[str, Any], field: str) -> None:
    """The message starts with the path of the field."""
    outcome = refused(**changes)

    assert (ErrorCode.SCHEMA_INVALID, HR_DEAD_LETTERS) == (outcome.code, outcome.topic)
    assert outcome.message.startswith(f"{field}: ")


def test_problems_deep_inside_are_named_by_path_and_counted() -> None:
    """Three problems are named, the others counted, so a message stays one line."""
    wants = [{"topic": "python", "importance": 9, "own_level": 0}] * 5
    data = {"person_id": "ann", "programme_id": "alpha", "offers": [], "wants": wants}

    message = refused(type="bothways.participation.enrolled.v1", data=data).message

    named = [f"data.wants.{n}.importance: Input should be less than or equal to 3" for n in range(3)]
    assert message == "; ".join([*named, "and 2 more"])


field_names = st.sampled_from(
    ["person_id", "programme_id", "offers", "wants", "hours", "languages", "experience_band", "capacity", "exclude"]
)
canaries = st.recursive(
    st.just(CANARY),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2)
        | st.dictionaries(st.sampled_from([CANARY, "topic", "level", "from", "to", "weekday"]), inner, min_size=1, max_size=3)
    ),
    max_leaves=4,
)


@given(field=field_names, value=canaries)
def test_a_message_never_holds_what_the_field_held(field: str, value: object) -> None:
    """No payload in the message text: dead letters are read by people who may not read the data."""
    good = {"person_id": "ann", "programme_id": "alpha", "offers": [], "wants": []}

    outcome = decode_structured(line(type="bothways.participation.enrolled.v1", actor="ann", data={**good, field: value}), RECEIVED_AT)

    assert isinstance(outcome, Event) or CANARY not in outcome.message


@pytest.mark.parametrize(
    "attribute", ["specversion", "id", "source", "type", "time", "actor", "sequence", "recordedtime", "datacontenttype"]
)
def test_a_message_never_holds_what_an_attribute_held(attribute: str) -> None:
    """The same for the envelope."""
    assert CANARY not in refused(**{attribute: f"{CANARY}\n"}).message


def test_time_may_be_a_day_ahead_and_no_more() -> None:
    """Clocks differ; a day is the limit, to the second. `effective_on` may be years ahead."""
    limit = RECEIVED_AT + timedelta(hours=24)
    ahead = {**LEAVE, "effective_on": "2031-01-01"}

    assert isinstance(decode_structured(line(time=limit.isoformat(), data=ahead), RECEIVED_AT), Event)
    assert refused(time=(limit + timedelta(seconds=1)).isoformat()).code is ErrorCode.FUTURE_TIME


GUARDED: Final[dict[str, dict[str, Any]]] = {
    "participation.enrolled": {"programme_id": "alpha", "offers": [], "wants": []},
    "participation.updated": {"programme_id": "alpha", "offers": [], "wants": []},
    "participation.paused": {"programme_id": "alpha"},
    "participation.resumed": {"programme_id": "alpha"},
    "participation.withdrawn": {"programme_id": "alpha"},
    "pairing.answered": {"pairing_id": PAIRING, "proposal_version": 1, "answer": "accept"},
    "pairing.continuation_answered": {"pairing_id": PAIRING, "answer": "end"},
    "feedback.given": {"pairing_id": PAIRING, "learned": True, "fit": "good"},
}


@pytest.mark.parametrize("name", GUARDED)
def test_only_the_person_acts_for_the_person(name: str) -> None:
    """Somebody else's act, or nobody's, is refused; one's own passes."""
    changes = {"type": f"bothways.{name}.v1", "data": {"person_id": "ann", **GUARDED[name]}}

    for actor in (ABSENT, None, "boss", "Ann"):
        outcome = refused(**changes, actor=actor)
        assert (ErrorCode.NOT_THE_PERSON, PARTICIPATION_DEAD_LETTERS) == (outcome.code, outcome.topic)
    assert isinstance(decode_structured(line(**changes, actor="ann"), RECEIVED_AT), Event)


@pytest.mark.parametrize("name", ["participation.nominated", "participation.training_completed"])
def test_others_may_nominate_and_report_training(name: str) -> None:
    """These two a system reports."""
    changes = {"type": f"bothways.{name}.v1", "data": {"person_id": "ann", "programme_id": "alpha"}}

    assert isinstance(decode_structured(line(**changes, actor="boss"), RECEIVED_AT), Event)


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


def test_content_is_what_the_event_says_not_how_it_is_spelt() -> None:
    """Order of members and the spelling of the instant don't count; a repeat is told from a conflict."""
    reordered = dict(reversed(event(data=dict(reversed(LEAVE.items())), time="2025-02-01T08:00:00Z").items()))

    assert content_hash(event()) == content_hash(reordered)


def test_an_event_carries_the_hash_of_its_content() -> None:
    """Deduplication compares what the codec has already worked out."""
    said = {"subject": "ann", "actor": "svc"}

    outcome = decode_structured(line(**said), RECEIVED_AT)

    assert isinstance(outcome, Event)
    assert content_hash(event(**said)) == outcome.content


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "bothways.hr.departed.v1"},
        {"subject": "ann"},
        {"actor": "ann"},
        {"time": "2025-02-01T09:00:00.000001+01:00"},
        {"data": {**LEAVE, "effective_on": "2025-02-02"}},
        {"data": {**LEAVE, "note": "x"}},
    ],
)
def test_another_body_has_another_hash(changes: dict[str, Any]) -> None:
    """Type, subject, time, actor and every field of data count."""
    assert content_hash(event()) != content_hash(event(**changes))


@pytest.mark.parametrize("changes", [{"id": "e-2"}, {"source": "x"}, {"sequence": 3}, {"recordedtime": "2025-02-01T08:00:00Z"}])
def test_what_carries_the_event_is_not_its_content(changes: dict[str, Any]) -> None:
    """A redelivery may come with other transport attributes."""
    assert content_hash(event()) == content_hash(event(**changes))


def ended() -> PairingEnded:
    """Something to publish."""
    return PairingEnded.model_validate(
        {
            "pairing_id": PAIRING,
            "programme_id": "alpha",
            "people": ["ann", "bob"],
            "code": "choice",
            "sessions_count": 2,
            "reciprocity_ratio": None,
        }
    )


def test_an_output_is_one_compact_line() -> None:
    """Attributes in the order given, absent ones left out, data byte for byte."""
    data = data_json(ended())

    raw = encode_structured({"id": "o-1", "time": datetime(2025, 2, 1, 12, 0, 0, 5, tzinfo=UTC), "sequence": 3, "causation": None}, data)

    assert (
        b'{"specversion":"1.0","id":"o-1","time":"2025-02-01T12:00:00Z","sequence":3,"datacontenttype":"application/json","data":'
        + data
        + b"}"
        == raw
    )


def test_binary_leaves_the_data_alone() -> None:
    """`ce_` headers as text, the content type by its own name, the value untouched."""
    data = data_json(ended())

    headers, value = encode_binary({"id": "o-1", "sequence": 3, "datacontenttype": "application/json", "causation": None}, data)

    assert value is data
    assert headers == [("ce_specversion", b"1.0"), ("ce_id", b"o-1"), ("ce_sequence", b"3"), ("content-type", b"application/json")]


@given(
    person=st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    source=st.text(st.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="\x7f"), min_size=1, max_size=64),
)
def test_what_is_encoded_decodes_to_the_same_event(person: str, source: str) -> None:
    """Either mode, there and back."""
    data = HrLeaveEnded.model_validate({**LEAVE, "person_id": person})
    attributes: dict[str, str | int | datetime | None] = {
        "id": "e-1",
        "source": source,
        "type": data.TYPE,
        "time": RECEIVED_AT,
        "subject": person,
        "sequence": 1,
    }
    headers, value = encode_binary(attributes, data_json(data))

    structured = decode_structured(encode_structured(attributes, data_json(data)), RECEIVED_AT)
    binary = decode(value, headers, RECEIVED_AT)

    assert isinstance(structured, Event)
    assert structured == binary
    assert (data, source) == (structured.data, structured.source)
