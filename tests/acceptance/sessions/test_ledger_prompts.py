"""What the ledger of teaching prompts: streets of one way, roles, breadth, a debate, time kept for it."""

import pytest

from tests.acceptance.stories.nudge_story import asked
from tests.acceptance.stories.session_story import booked, meet
from tests.acceptance.stories.story import Story


def test_one_way_street_is_told_once(story: Story) -> None:
    """After three sessions below 0.34: one `flip_roles` to both."""
    pairing = story.pair(sessions_planned=12)
    meet(
        story,
        pairing,
        "python:ann strategy:ann",
        "strategy:ann",
        "career-planning:ann strategy:bob",
        "python:ann",
        "python:ann",
        "python:ann",
    )
    story.tick("2025-04-20T00:00:00Z")

    assert sorted(person for person, _ in asked(story, "flip_roles")) == ["ann", "bob"]


def test_two_way_street_is_told_nothing(story: Story) -> None:
    """One in two is fine."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob", "python:ann", "career-planning:bob strategy:ann")
    story.tick("2025-04-20T00:00:00Z")

    assert len(asked(story, "open_debate")) == 2
    assert asked(story, "flip_roles") == []


@pytest.mark.parametrize("track", ["reverse", "traditional"])
def test_other_tracks_are_told_where_one_side_taught_nothing(story: Story, track: str) -> None:
    """And who could teach what, the same to both."""
    pairing = story.pair(track=track, training_required=False)
    meet(story, pairing, "python:ann", "python:ann", "strategy:ann")
    story.tick("2025-04-20T00:00:00Z")

    told = [one["params"] for one in story.nudges("flip_roles")]
    assert len(told) == 2
    assert [one["teacher_id"] for one in told] == ["bob", "bob"]
    assert all(set(topic) == {"topic", "name"} for one in told for topic in one["topics"])


@pytest.mark.parametrize("track", ["reverse", "traditional"])
def test_one_way_track_may_be_nearly_one_way(story: Story, track: str) -> None:
    """One direction is its point; one exchange the other way is enough."""
    pairing = story.pair(track=track, training_required=False)
    meet(story, pairing, "python:ann", "python:ann python:ann python:ann strategy:bob", "strategy:ann")
    story.tick("2025-04-20T00:00:00Z")

    assert len(asked(story, "open_debate")) == 2
    assert asked(story, "flip_roles") == []


def test_tech_only_pairs_are_broadened(story: Story) -> None:
    """Three sessions in digital and data only: one `broaden_topic` to both."""
    pairing = story.pair()
    meet(story, pairing, "python:ann python:bob", "data-literacy:bob", "ai-assistants:ann")
    story.tick("2025-05-20T00:00:00Z")

    assert sorted(person for person, _ in asked(story, "broaden_topic")) == ["ann", "bob"]


def test_broad_pairs_are_not_broadened(story: Story) -> None:
    """One other topic is enough."""
    pairing = story.pair()
    meet(story, pairing, "python:ann python:bob", "strategy:bob", "ai-assistants:ann")
    story.tick("2025-05-20T00:00:00Z")

    assert len(asked(story, "open_debate")) == 2
    assert asked(story, "broaden_topic") == []


def test_midpoint_opens_a_debate(story: Story) -> None:
    """At the midpoint, ceil(6 / 2), exactly one `open_debate` each, on a topic of the future of work."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob", "python:ann strategy:bob")
    story.tick("2025-02-03T00:00:00Z")
    assert asked(story, "open_debate") == []
    story.good(
        *(
            story.held(f"{day}T10:00:00Z", pairing, f"x{day}", "python:ann", "strategy:bob")
            for day in ("2025-02-10", "2025-02-24", "2025-03-10")
        )
    )
    story.tick("2025-04-20T00:00:00Z")

    assert sorted(person for person, _ in asked(story, "open_debate")) == ["ann", "bob"]
    assert any("topic" in name for name in story.nudges("open_debate")[0]["params"])


def test_correction_withdraws_a_due_prompt(story: Story) -> None:
    """A nudge that is due but not sent goes when a correction takes its reason away."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:ann", "strategy:ann", "career-planning:ann strategy:bob")
    story.good(
        story.held(
            "2025-02-10T10:00:30Z",
            pairing,
            "s3",
            "strategy:bob",
            "strategy:bob",
            "strategy:bob",
            started_at="2025-02-10T10:00:00Z",
            sequence=9,
        )
    )
    story.tick("2025-05-20T00:00:00Z")

    assert [one["reason"] for one in story.suppressed("flip_roles")] == ["withheld", "withheld"]
    assert asked(story, "flip_roles") == []


def cancelled_twice(story: Story, who: str) -> None:
    """Two bookings in a row called off by one side."""
    pairing = story.pair()
    for number, day in ((1, "2025-01-14"), (2, "2025-01-16")):
        story.good(
            booked(story, f"{day}T09:00:00Z", pairing, f"2025-01-2{number}T09:00:00Z", f"b{number}"),
            story.event("session.cancelled", f"{day}T10:00:00Z", {"session_id": f"b{number}", "pairing_id": pairing, "cancelled_by": who}),
        )
    story.tick("2025-02-10T00:00:00Z")


def test_busy_senior_is_asked_to_protect_the_time(story: Story) -> None:
    """Two in a row by the more experienced side: that side and the coordinator hear of it, the other doesn't."""
    cancelled_twice(story, "bob")

    assert [person for person, _ in asked(story, "protect_the_time")] == ["bob"]
    assert [person for person, _ in asked(story, "coordinator_momentum")] == ["coordinator:p1"]


def test_busy_junior_is_not(story: Story) -> None:
    """Two by the less experienced side aren't the same."""
    cancelled_twice(story, "ann")

    assert len(asked(story, "book_first_session")) == 2
    assert asked(story, "protect_the_time") == asked(story, "coordinator_momentum") == []
