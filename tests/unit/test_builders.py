"""The builders of tests/builders.py make events that the codec takes."""

import json
from datetime import UTC, datetime
from typing import Final

import pytest

from schemas.codec import decode_structured
from schemas.envelope import Event
from schemas.registry import INPUT_TYPES
from tests import builders

AT: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
PAIRING: Final = "reverse-2025.0123456789abcdef"

BUILT: Final = (
    builders.hired("ann", AT, manager_id="bob"),
    builders.hire_cancelled("ann", AT),
    builders.role_changed("ann", AT, department=None),
    builders.leave_started("ann", AT, expected_return_on="2025-02-01"),
    builders.leave_ended("ann", AT),
    builders.departed("ann", AT),
    builders.departure_cancelled("ann", AT),
    builders.erased("ann", AT),
    builders.enrolled("ann", AT, experience_band=2),
    builders.updated("ann", AT),
    builders.nominated("ann", AT),
    builders.paused("ann", AT, until_on="2025-02-01"),
    builders.resumed("ann", AT),
    builders.withdrawn("ann", AT),
    builders.training_completed("ann", AT),
    builders.answered("ann", AT, PAIRING),
    builders.continuation_answered("ann", AT, PAIRING),
    builders.feedback_given("ann", AT, PAIRING),
    builders.session_scheduled("s", AT, PAIRING, starts_at=AT),
    builders.session_completed("s", AT, PAIRING, exchanges=[("python", "ann")]),
    builders.session_cancelled("s", AT, PAIRING, cancelled_by="ann"),
    builders.session_missed("s", AT, PAIRING),
    builders.programme_created(AT, policy={"track": "reverse"}, name="Reverse"),
    builders.policy_changed(AT),
    builders.programme_paused(AT),
    builders.programme_resumed(AT),
    builders.programme_closed(AT),
    builders.round_requested(AT, dry_run=True),
    builders.pairing_locked(AT, ["ann", "bob"]),
    builders.pairing_forbidden(AT, ["ann", "bob"]),
    builders.pairing_allowed(AT, ["ann", "bob"]),
    builders.proposal_retracted(AT, PAIRING),
    builders.nudges_released(AT),
    builders.departures_released(AT),
    *(builders.nudge_reported(outcome, "ann", AT, "n") for outcome in ("delivered", "seen", "acted", "dismissed", "failed")),
    builders.opted_out("ann", AT, "sessions"),
    builders.opted_in("ann", AT, "sessions"),
    builders.insight_shared(AT, "i"),
    builders.insight_answered(AT, "i"),
)


@pytest.mark.parametrize("event", BUILT, ids=lambda event: event["type"])
def test_an_event_with_its_defaults_is_one_that_the_codec_takes(event: builders.StructuredEvent) -> None:
    """A test that says nothing else gets a valid event."""
    decoded = decode_structured(json.dumps(event).encode(), AT)

    assert isinstance(decoded, Event), decoded


def test_there_is_a_builder_for_every_input_type() -> None:
    """Nobody has to write an envelope by hand."""
    assert set(INPUT_TYPES) == {event["type"] for event in BUILT}


def test_a_counter_tells_equal_events_apart() -> None:
    """The id comes from what the event is about, its instant and the counter."""
    ids = {builders.hired("ann", AT, n=n)["id"] for n in range(3)}

    assert 3 == len(ids)
