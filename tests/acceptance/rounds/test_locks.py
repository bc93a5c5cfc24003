"""What a coordinator's lock overrides, and what it doesn't."""

from typing import Any

import pytest

from tests.acceptance.stories.round_story import RESERVES, couple, locked, mornings
from tests.acceptance.stories.story import INSIGHTS, Story


@pytest.mark.parametrize(
    "changes",
    [{"policy": dict.fromkeys(RESERVES, 1000), "bob": {"experience_band": 0}}, {"ann": {"wants": "budgeting:1:0"}}],
)
def test_lock_overrides_reserve_and_one_way(story: Story, changes: dict[str, Any]) -> None:
    """A lock proposes in the next round what the reserve or `one_way` would keep apart."""
    couple(story, **changes)
    assert story.dry_round()["proposed"] == 0
    story.good(locked(story))
    story.tick("2025-01-06T06:00:00Z")

    assert len(story.proposals()) == 1


def test_lock_overrides_rest_and_past(story: Story) -> None:
    """A lock brings back a lapsed pair and past partners."""
    couple(story)
    story.tick("2025-01-14T00:00:00Z")
    story.good(locked(story, "2025-01-14T00:00:00Z"))
    story.tick("2025-01-14T06:00:00Z")
    pairing = story.proposals()[-1]["pairing_id"]
    story.good(*(story.accepted("2025-01-14T09:00:00Z", person, pairing) for person in ("ann", "bob")))
    story.good(
        story.by("pairing.continuation_answered", "2025-01-15T09:00:00Z", "ann", pairing_id=pairing, answer="end"),
        locked(story, "2025-01-15T10:00:00Z"),
    )
    story.tick("2025-01-16T09:00:00Z")

    assert story.pairings() == ["proposed", "lapsed", "proposed", "activated", "ended", "proposed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"hr": {"ann": {"manager_id": "bob"}}},
        {"ann": {"languages": ["it"]}},
        {"ann": {"hours": mornings(minutes=59)}},
        {"ann": {"exclude": ["bob"]}},
    ],
)
def test_lock_overrides_no_other_rule(story: Story, changes: dict[str, Any]) -> None:
    """Never another hard rule."""
    couple(story, **changes)
    story.good(locked(story))
    assert [one["people"] for one in story.dry_round()["refused_locks"]] == [["ann", "bob"]]
    story.tick("2025-01-07T06:00:00Z")

    assert [one["proposed"] for one in story.of_type(INSIGHTS, "round.completed")] == [0, 0]
    assert story.proposals() == []


def test_refused_lock_is_shown(story: Story) -> None:
    """A lock that a hard rule forbids stands in the dry run with the rule's code."""
    couple(story, ann={"languages": ["it"]})
    story.good(locked(story))

    assert story.dry_round()["refused_locks"] == [{"people": ["ann", "bob"], "code": "language"}]
    assert "language" in story.run("round", "p1", "--dry-run").out
