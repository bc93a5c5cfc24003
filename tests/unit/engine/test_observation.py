"""Rules of counting (engine/observation.py)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.core.dead_letters import DeadLetter
from engine.core.effects import Note
from engine.core.execution import Outcome, Output, Transition
from engine.observation import Observer
from engine.telemetry import Telemetry
from engine.topology import build
from schemas.terms.codes import ErrorCode

AT = datetime(2025, 1, 6, 8, tzinfo=UTC)


@pytest.fixture
def observer() -> Observer:
    """Return an observer of an engine that has done nothing yet."""
    return Observer(Telemetry(build()))


def value_of(observer: Observer, name: str, **labels: str) -> float | None:
    """Read one series."""
    return observer.telemetry.registry.get_sample_value(f"bothways_{name}", labels)


def output(topic: str, type_: str, **data: Any) -> Output:
    """Build a published event."""
    return Output(topic=topic, key="k", id=type_, attributes={"type": f"bothways.{type_}.v1"}, data=json.dumps(data).encode())


def test_what_is_published_is_counted_by_its_kind(observer: Observer) -> None:
    """A step of a pairing counts under its name; how evenly an ended pair taught is observed."""
    ended = output("mentorship.pairings.v1", "pairing.ended", reciprocity_ratio=0.5)
    lapsed = output("mentorship.pairings.v1", "pairing.lapsed")

    observer.transition(Transition(outcome=Outcome.APPLIED, outputs=[ended, lapsed, lapsed]))

    assert (1, 2) == (value_of(observer, "pairings_total", transition="ended"), value_of(observer, "pairings_total", transition="lapsed"))
    assert (1, 0.5) == (value_of(observer, "reciprocity_ratio_count"), value_of(observer, "reciprocity_ratio_sum"))


def test_waiting_people_add_up_over_programmes_and_follow_the_last_round(observer: Observer) -> None:
    """The latest round of each programme that told it counts, earlier ones don't, and a rehearsal never does."""
    for programme_id, reasons, waiting, is_dry_run in (
        ("a", {"language": 3}, 3, False),
        ("b", {"language": 1}, 4, False),
        ("a", {"hours": 2}, 2, False),
        ("b", {"hours": 9}, 9, True),
        ("b", None, None, False),
    ):
        report = {"programme_id": programme_id, "dry_run": is_dry_run, "optimal_ratio": 1.0, "waiting": waiting}
        done = output("mentorship.insights.v1", "round.completed", **report, no_option_by_reason=reasons)
        observer.transition(Transition(outcome=Outcome.APPLIED, outputs=[done]))

    waiting_by_reason = {reason: value_of(observer, "waiting_people", reason=reason) for reason in ("language", "hours", "other")}
    assert {"language": 1, "hours": 2, "other": 3} == waiting_by_reason
    assert 5 == value_of(observer, "round_seconds_count")


def test_nudges_dead_letters_and_notes_are_counted(observer: Observer) -> None:
    """A nudge counts by its key and outcome without the reason of a suppression; a refusal by topic and code; a note under its name."""
    suppressed = output("mentorship.audit.v1", "nudge.suppressed", person="0" * 32, key="flip_roles", reason="withheld")
    letter = DeadLetter(topic="dlq.ingest", key=None, value=b"{", headers=(), code=ErrorCode.MALFORMED)
    note = Note("bothways_conflict_exposure_seconds_total", 60.0)

    observer.transition(Transition(outcome=Outcome.DEAD_LETTERED, dead_letters=[letter], notes=[note]))
    observer.transition(Transition(outcome=Outcome.APPLIED, outputs=[suppressed]))

    assert 1 == value_of(observer, "nudges_total", key="flip_roles", outcome="suppressed")
    assert 1 == value_of(observer, "dead_letters_total", topic="dlq.ingest", code="malformed")
    assert 60 == value_of(observer, "conflict_exposure_seconds_total")


def test_an_input_is_counted_by_type_and_outcome_and_never_by_what_it_made_up(observer: Observer) -> None:
    """A type that nobody knows, and what is no JSON at all, count as `other`; a time that can't be read has no age."""
    hired = json.dumps({"type": "bothways.hr.hired.v1", "time": "2025-01-06T08:00:00Z"}).encode()
    for value in (hired, b'{"type":"mine"}', b"{", b'{"type":"bothways.hr.hired.v1","time":7}'):
        observer.input_taken(value, Outcome.APPLIED, received_at=AT + timedelta(seconds=5), at=AT, seconds=0.001)

    assert 1 == value_of(observer, "events_total", type="bothways.hr.hired.v1", outcome="applied")
    assert 3 == value_of(observer, "events_total", type="other", outcome="applied")
    assert (1, 5) == (value_of(observer, "event_age_seconds_count"), value_of(observer, "event_age_seconds_sum"))
    assert AT.timestamp() == value_of(observer, "last_processed_timestamp_seconds", topic="hr.people.v1")
