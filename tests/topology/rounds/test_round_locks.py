"""Locks of a coordinator: what they override, when they are refused, and for how long they stand."""

from typing import Any

import pytest

from tests import builders
from tests.topology.stories.programme_story import DAILY, ProgrammeStory, two_ready


def test_a_lock_overrides_reserve_resting_past_partner_and_one_way() -> None:
    """A coordinator may insist on two people, below the reserve too, and the proposal says so."""
    story = two_ready().round()
    story.answers("ann", "decline")
    story.tell(builders.updated("bob", story.now, offers=[builders.offer("budgeting")], wants=[builders.want("wellbeing")]))
    story.tell(builders.pairing_locked(story.now, ["bob", "ann"]))

    story.round()

    assert [("ann", "bob"), ("ann", "bob")] == story.proposed()
    assert "locked" in [reason["code"] for reason in story.proposals()[-1]["reasons"]]
    assert [] == story.refusals()


@pytest.mark.parametrize(
    ("code", "ann", "bob"),
    [
        ("language", {"languages": ["de"]}, {"languages": ["fr"]}),
        ("not_active", {"exclude": ["bob"]}, {}),
        ("reporting_line", {}, {"manager_id": "ann"}),
        ("cross_department", {"department": "it"}, {"department": "it"}),
    ],
)
def test_a_lock_that_a_hard_rule_forbids_is_refused_at_the_round_with_the_code(code: str, ann: dict[str, Any], bob: dict[str, Any]) -> None:
    """A lock overrides no other hard rule; the audit says which one stands in the way."""
    story = ProgrammeStory(cross_department_only=code == "cross_department")
    story.joins("ann", "strategy", "python", **ann)
    story.joins("bob", "python", "strategy", **bob)
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))
    before = story.refusals()

    story.round()

    assert [] == before
    assert [("pairing.locked", code)] == story.refusals()
    assert [] == story.proposed()


def test_a_lock_is_for_the_next_round_only() -> None:
    """What the next round refused is not tried again, though the rule no longer stands in the way."""
    story = ProgrammeStory(reserve_start=1000, reserve_floor=1000, reserve_first_round=1000)
    story.joins("ann", "strategy", "python", languages=["de"])
    story.joins("bob", "python", "strategy")
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))
    story.round()
    story.tell(
        builders.updated("ann", story.now, offers=[builders.offer("strategy", 3)], wants=[builders.want("python")], languages=["en"])
    )

    story.round()

    assert [] == story.proposed()
    assert () == story.programme.locks
    assert 1 == len(story.refusals())


def test_a_lock_is_answered_on_the_next_day_though_nobody_else_waits() -> None:
    """A locked pair without room would be no pool; the lock has its round all the same."""
    story = two_ready(**DAILY).after(days=1)
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))

    story.after(days=1)

    assert [("pairing.locked", "capacity")] == story.refusals()
