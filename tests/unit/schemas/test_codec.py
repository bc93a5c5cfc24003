"""The codec's reading: lines to events, and every refusal with its code and topic (schemas/codec.py)."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from schemas.codec import decode_structured
from schemas.envelope import Event, Rejected
from schemas.events.hr import HrLeaveEnded
from schemas.terms.codes import ErrorCode
from schemas.text.strict_json import EVENT_BYTES_MAX
from tests.unit.schemas.codec_lines import ABSENT, HR_DEAD_LETTERS, LEAVE, PAIRING, PARTICIPATION_DEAD_LETTERS, RECEIVED_AT, line, refused


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
            actor="svc:hris",
            recordedtime=datetime(2025, 2, 1, 8, 0, 1, 500_000, tzinfo=UTC),
            sequence=42,
            expirytime=datetime(2026, 2, 1, tzinfo=UTC),
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
        ({"sequence": str(2**63)}, "sequence"),
        ({"partitionkey": 5}, "partitionkey"),
        ({"id": "a\x85b"}, "id"),
        ({"actor": "ann\u202e"}, "actor"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": ABSENT}, "data"),
        ({"data": None}, "data"),
        ({"data": [LEAVE]}, "data"),
        ({"data": ABSENT, "data_base64": "e30="}, "data.person_id"),
        ({"data_base64": "e30="}, "data"),
        ({"data": ABSENT, "data_base64": "W10="}, "data"),
        ({"data": ABSENT, "data_base64": "e30"}, "data_base64"),
        ({"data": ABSENT, "data_base64": "e3 0="}, "data_base64"),
        ({"data": ABSENT, "data_base64": 7}, "data_base64"),
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


def test_time_may_be_a_day_ahead_and_no_more() -> None:
    """Clocks differ; a day is the limit, to the second. `effective_on` may be years ahead."""
    limit = RECEIVED_AT + timedelta(hours=24)
    ahead = {**LEAVE, "effective_on": "2031-01-01"}

    assert isinstance(decode_structured(line(time=limit.isoformat(), data=ahead), RECEIVED_AT), Event)
    assert refused(time=(limit + timedelta(seconds=1)).isoformat()).code is ErrorCode.FUTURE_TIME


def test_the_time_of_recording_is_bounded_as_well() -> None:
    """Else one typing error would beat every later correction."""
    limit = RECEIVED_AT + timedelta(hours=24)

    assert isinstance(decode_structured(line(recordedtime=limit.isoformat()), RECEIVED_AT), Event)
    refusal = refused(recordedtime=(limit + timedelta(seconds=1)).isoformat())
    assert (ErrorCode.FUTURE_TIME, "recordedtime") == (refusal.code, refusal.message.partition(":")[0])


def test_a_leap_second_is_read_as_the_one_before() -> None:
    """In the envelope and in the data: Python knows no second of 60."""
    scheduled = {"session_id": "s", "pairing_id": PAIRING, "starts_at": "2016-12-31T23:59:60Z", "duration_minutes": 60}

    outcome = decode_structured(
        line(type="bothways.session.scheduled.v1", time="2017-01-01T00:59:60.25+01:00", data=scheduled), RECEIVED_AT
    )

    assert isinstance(outcome, Event)
    assert datetime(2016, 12, 31, 23, 59, 59, 250_000, tzinfo=UTC) == outcome.time
    assert datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC) == outcome.data.model_dump()["starts_at"]


def test_data_as_base64_is_the_same_data() -> None:
    """A producer may pack what is JSON; a line that is kept holds it unpacked."""
    packed = decode_structured(line(data=ABSENT, data_base64=b64encode(json.dumps(LEAVE).encode()).decode()), RECEIVED_AT)

    assert isinstance(packed, Event)
    assert packed == decode_structured(line(), RECEIVED_AT)
    assert packed.has_unknown


def test_what_base64_holds_is_read_as_strictly() -> None:
    """The same parser judges it."""
    packed = b64encode(b'{"person_id": "ann", "person_id": "bob"}').decode()

    refusal = refused(data=ABSENT, data_base64=packed)

    assert (ErrorCode.MALFORMED, HR_DEAD_LETTERS) == (refusal.code, refusal.topic)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("hr.leave_ended", LEAVE),
        ("participation.paused", {"programme_id": "alpha"}),
        ("pairing.answered", {"pairing_id": PAIRING, "proposal_version": 1, "answer": "accept"}),
        ("feedback.given", {"pairing_id": PAIRING, "learned": True, "fit": "good"}),
        ("nudge.opted_out", {"category": "pairing"}),
    ],
)
def test_nobody_is_called_like_a_coordinator(name: str, data: dict[str, Any]) -> None:
    """`coordinator:` begins the ids under which coordinators are told things."""
    refusal = refused(type=f"bothways.{name}.v1", actor="coordinator:g", data={**data, "person_id": "coordinator:g"})

    assert ErrorCode.SCHEMA_INVALID == refusal.code
    assert refusal.message.startswith("data.person_id: ")


def test_what_became_of_a_coordinators_nudge_may_be_told() -> None:
    """They are told things, so channels report on them."""
    data = {"person_id": "coordinator:g", "nudge_id": "n", "channel": "mail", "attempt": 1, "reason": "no_such_address"}

    assert isinstance(decode_structured(line(type="bothways.nudge.failed.v1", data=data), RECEIVED_AT), Event)


@pytest.mark.parametrize("text", ["a\x1b[31m", "a\u0085", "a\u202eb", "\u2066a", "a\u200fb", "a\tb", "a\x7f"])
def test_a_short_text_holds_nothing_that_steers(text: str) -> None:
    """Neither control characters of either range nor a change of direction."""
    created = {"programme_id": "alpha", "policy": {}, "name": text}

    refusal = refused(type="bothways.programme.created.v1", actor="desk", data=created)

    assert ErrorCode.SCHEMA_INVALID == refusal.code
    assert refusal.message.startswith("data.name: ")


@pytest.mark.parametrize("text", ["Zoë’s team", "שלום", "مرحبا", "a\u00a0b", "👩\u200d🔬"])
def test_a_short_text_may_be_of_any_script(text: str) -> None:
    """What people call things is theirs."""
    created = {"programme_id": "alpha", "policy": {}, "name": text}

    assert isinstance(decode_structured(line(type="bothways.programme.created.v1", actor="desk", data=created), RECEIVED_AT), Event)


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
