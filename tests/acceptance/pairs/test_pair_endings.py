"""How a pair ends, stalls, pauses and comes back."""

import pytest

from tests.acceptance.stories.pairing_story import answered, last, proposed
from tests.acceptance.stories.story import PAIRINGS, Story


@pytest.mark.parametrize("answer", ["end", "rematch"])
def test_either_ends_by_choice(story: Story, answer: str) -> None:
    """Either asks to end: `choice`."""
    pairing = story.pair()
    story.good(answered(story, "2025-01-08T09:00:00Z", "ann", pairing, answer))

    found = last(story)
    assert (found["kind"], found["code"], found["sessions_count"], found["reciprocity_ratio"]) == ("ended", "choice", 0, None)


def test_withdrawal_ends_by_choice(story: Story) -> None:
    """Withdrawal is immediate and ends live pairs `choice`."""
    story.pair()
    story.good(story.by("participation.withdrawn", "2025-01-08T09:00:00Z", "ann", programme_id="p1"))

    assert (last(story)["kind"], last(story)["code"]) == ("ended", "choice")


def test_withdrawal_lapses_a_proposal(story: Story) -> None:
    """And lapses open proposals."""
    proposed(story)
    story.good(story.by("participation.withdrawn", "2025-01-08T09:00:00Z", "ann", programme_id="p1"))

    assert last(story)["kind"] == "lapsed"


def test_closed_programme_ends_its_pairs(story: Story) -> None:
    """Closed: every live pair ends `programme_closed`."""
    story.pair()
    story.good(story.event("programme.closed", "2025-01-08T09:00:00Z", {"programme_id": "p1"}, actor="c"))

    assert (last(story)["kind"], last(story)["code"]) == ("ended", "programme_closed")


def test_paused_programme_keeps_its_pairs(story: Story) -> None:
    """Consent and pairs go on in a paused programme."""
    pairing = proposed(story)
    story.good(story.event("programme.paused", "2025-01-06T07:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.good(*(story.accepted("2025-01-06T09:00:00Z", person, pairing) for person in ("ann", "bob")))

    assert story.state(pairing) == "active"


def test_silence_stalls_then_ends(story: Story) -> None:
    """No session for `stall_days` (45): stalled; `grace_days` (14) later ended `inactive`."""
    story.pair()
    story.tick("2025-04-01T00:00:00Z")

    assert [(one["type"].split(".")[2], one["time"]) for one in story.tail(PAIRINGS)][2:] == [
        ("stalled", "2025-02-20T09:00:00Z"),
        ("ended", "2025-03-06T09:00:00Z"),
    ]
    assert last(story)["code"] == "inactive"


def test_booking_keeps_a_pair_from_stalling(story: Story) -> None:
    """A session scheduled counts as well as one held."""
    pairing = story.pair()
    story.good(
        story.event(
            "session.scheduled",
            "2025-02-10T09:00:00Z",
            {"session_id": "s1", "pairing_id": pairing, "starts_at": "2025-02-28T09:00:00Z", "duration_minutes": 60},
        )
    )
    story.tick("2025-02-21T00:00:00Z")

    assert story.state(pairing) == "active"


def test_session_wakes_a_stalled_pair(story: Story) -> None:
    """Stalled to active on a session, published as `resumed`."""
    pairing = story.pair()
    story.tick("2025-02-21T00:00:00Z")
    story.good(story.held("2025-02-24T10:00:00Z", pairing, "s1", "python:ann"))

    assert story.pairings()[2:] == ["stalled", "resumed"]


def test_self_pause_pauses_and_ends_by_itself(story: Story) -> None:
    """A self-pause of one side pauses the pair; it ends by itself."""
    pairing = story.pair()
    story.good(story.by("participation.paused", "2025-01-08T09:00:00Z", "ann", programme_id="p1", until_on="2025-01-20"))
    assert (last(story)["kind"], last(story)["until_on"]) == ("paused", "2025-01-20")
    story.tick("2025-01-22T00:00:00Z")

    assert (story.state(pairing), story.pairings()[-1]) == ("active", "resumed")


def test_resuming_ends_a_self_pause(story: Story) -> None:
    """`participation.resumed` ends an open-ended pause."""
    pairing = story.pair()
    story.good(story.by("participation.paused", "2025-01-08T09:00:00Z", "ann", programme_id="p1"))
    story.tick("2025-03-22T00:00:00Z")
    assert story.state(pairing) == "paused"
    story.good(story.by("participation.resumed", "2025-03-22T09:00:00Z", "ann", programme_id="p1"))

    assert story.state(pairing) == "active"
