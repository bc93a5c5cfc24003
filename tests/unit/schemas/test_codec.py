"""The codec's reading: lines to events, and every refusal with its code and topic (schemas/codec.py)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from schemas.codec import decode_structured
from schemas.codes import ErrorCode
from schemas.envelope import Event, Rejected
from schemas.hr import HrLeaveEnded
from schemas.strict_json import EVENT_BYTES_MAX
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
