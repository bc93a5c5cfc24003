"""The same inputs give the same outputs per key in every runtime: ids, order, bodies, envelopes."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from schemas.topics import PAIRING_STATE, PAIRINGS
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent, offer, want
from tests.contract.runtimes import MemoryRuntime, Runtime, play, reference, without

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
POLICY: Final[dict[str, Any]] = {
    "round_every_days": 0,
    "quiet_from": "08:00",
    "quiet_to": "08:00",
    "quiet_weekends": False,
    "nudge_daily_cap": 50,
    "holdout_percent": 0,
}
Step = StructuredEvent | bytes | datetime


def at(**span: float) -> datetime:
    """The instant so long after the start."""
    return START + timedelta(**span)


def a_pair() -> list[Step]:
    """Ann and Bob, who can teach each other, and a round."""
    return [
        builders.programme_created(START, policy=POLICY),
        builders.hired("ann", START, manager_id="max"),
        builders.hired("bob", START),
        builders.enrolled("ann", at(hours=1), offers=[offer("strategy", 3)], wants=[want("python")], experience_band=3),
        builders.enrolled("bob", at(hours=1), offers=[offer("python", 3)], wants=[want("strategy")], experience_band=0),
        builders.round_requested(at(hours=2)),
    ]


def the_pairing_id() -> str:
    """What the pair of `a_pair` is called."""
    return next(key for topic, key in reference(*a_pair()) if topic == PAIRINGS.name and key is not None)


def consent_and_sessions() -> list[Step]:
    """They accept, meet, say how it was, and miss a session."""
    pairing_id = the_pairing_id()
    return [
        *a_pair(),
        builders.answered("ann", at(hours=3), pairing_id),
        builders.answered("bob", at(hours=4), pairing_id),
        builders.session_scheduled("s1", at(days=1), pairing_id, starts_at=at(days=2)),
        builders.session_completed("s1", at(days=2), pairing_id, exchanges=[("strategy", "ann"), ("python", "bob")]),
        builders.feedback_given("ann", at(days=2, hours=3), pairing_id),
        at(days=20),
        builders.session_scheduled("s2", at(days=20), pairing_id, starts_at=at(days=21)),
        builders.session_missed("s2", at(days=21, hours=2), pairing_id),
        at(days=60),
    ]


def a_conflict() -> list[Step]:
    """A pair meets, then one becomes the other's manager, and leaves in the end."""
    pairing_id = the_pairing_id()
    return [
        *a_pair(),
        builders.answered("ann", at(hours=3), pairing_id),
        builders.answered("bob", at(hours=4), pairing_id),
        builders.role_changed("bob", at(days=3), manager_id="ann"),
        builders.departed("ann", at(days=10)),
        at(days=40),
    ]


def one_midnight() -> list[Step]:
    """Bob comes under Ann's manager as Ann leaves it, which is no conflict; then both come under one manager, which is; nobody decides."""
    pairing_id, first, second = the_pairing_id(), at(days=3).date(), at(days=6).date()
    return [
        *a_pair(),
        builders.answered("ann", at(hours=3), pairing_id),
        builders.answered("bob", at(hours=4), pairing_id),
        builders.role_changed("bob", at(days=1), manager_id="max", effective_on=first),
        builders.role_changed("ann", at(days=1), manager_id="eve", effective_on=first),
        at(days=4),
        builders.role_changed("bob", at(days=4), manager_id="top", effective_on=second),
        builders.role_changed("ann", at(days=4), manager_id="top", effective_on=second),
        at(days=30),
    ]


def a_feed_with_faults() -> list[Step]:
    """Repetitions, a conflicting repetition, commands and lines that must be refused."""
    first = builders.hired("ann", START)
    return [
        builders.programme_created(START, policy=POLICY),
        first,
        first,
        {**first, "data": {**first["data"], "department": "other"}},
        builders.enrolled("ann", at(hours=1)),
        builders.enrolled("ann", at(hours=2), "nowhere"),
        builders.enrolled("ann", at(hours=2, minutes=1), actor="bob"),
        {**builders.hired("eve", START), "type": "bothways.hr.promoted.v1"},
        {**builders.hired("eve", START), "data": {"person_id": "eve"}},
        b"{not json",
        builders.answered("ann", at(hours=3), f"{PROGRAMME}.{'0' * 16}"),
        at(days=2),
    ]


def an_erasure() -> list[Step]:
    """One of a pair is erased: tombstones and a hire that must not bring anything back."""
    pairing_id = the_pairing_id()
    return [
        *a_pair(),
        builders.answered("ann", at(hours=3), pairing_id),
        builders.answered("bob", at(hours=4), pairing_id),
        builders.erased("ann", at(days=3)),
        builders.hired("ann", START, n=1),
        at(days=10),
    ]


STORIES: Final[tuple[Callable[[], list[Step]], ...]] = (consent_and_sessions, a_conflict, one_midnight, a_feed_with_faults, an_erasure)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_story_ends_alike_for_every_key(runtime: Runtime, story: Callable[[], list[Step]]) -> None:
    """guarantees.P6, guarantees.P7: whatever carries the topology, one key has the same events in the same order, and the same is refused.

    What names somebody erased is gone where a runtime can take it back.
    """
    steps = story()
    memory = MemoryRuntime()
    play(memory, *steps)

    play(runtime, *steps)

    expected, actual = memory.published(), runtime.published()
    if story is an_erasure and not runtime.keeps_erased:
        expected = without(expected, "ann")
    assert set(expected) == set(actual)
    for place, events in expected.items():
        assert events == actual[place], place
    assert memory.refused() == runtime.refused()


def test_one_midnight_is_one_change() -> None:
    """The pair of the story is suspended once, at the second of its two midnights."""
    changes = [event for (topic, _), events in reference(*one_midnight()).items() if topic == PAIRINGS.name for event in events]

    assert [f"{at(days=6):%Y-%m-%d}T00:00:00Z"] == [event["time"] for event in changes if event["type"] == "bothways.pairing.suspended.v1"]


def test_stories_are_not_empty() -> None:
    """Equal outputs prove something only where there are some."""
    kinds = Counter(event["type"] for story in STORIES for events in reference(*story()).values() for event in events if "type" in event)
    tombstones = [key for (topic, key), events in reference(*an_erasure()).items() if topic == PAIRING_STATE.name for _ in events]

    assert {"bothways.pairing.proposed.v1", "bothways.pairing.activated.v1", "bothways.nudge.requested.v1"} <= set(kinds)
    assert tombstones
