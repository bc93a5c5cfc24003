"""Nudges to people whose first day is still ahead, or who left and will be back some day (engine/programme/nudges/ledger.py)."""

from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, active_pair
from tests.topology.stories.programme_story import ProgrammeStory


def test_whoever_is_expected_is_invited_on_the_first_day() -> None:
    """Nobody hears of somebody's programme before that somebody is there; what waits is not lost."""
    story = ProgrammeStory()
    story.tell(builders.hired(ANN, story.now, effective_on="2025-01-15"))
    story.tell(builders.nominated(ANN, story.now))
    story.after(days=8)
    before = story.told("open_invitation")
    story.after(days=1)

    assert ([], [ANN]) == (before, story.told("open_invitation"))
    assert "2025-01-15T00:00:00Z" == story.requests("open_invitation")[0]["not_before"]


def test_an_invitation_that_expires_before_the_first_day_never_comes() -> None:
    """It is valid for 30 days, whoever it waits for."""
    story = ProgrammeStory()
    story.tell(builders.hired(ANN, story.now, effective_on="2025-03-01"))
    story.tell(builders.nominated(ANN, story.now))
    story.after(days=60)

    assert [] == story.told("open_invitation")
    assert [("open_invitation", "expired_waiting")] == story.withheld()


def test_whoever_left_hears_nothing_although_a_return_is_planned() -> None:
    """A departure is one, even if HR knows already that the person will be hired again."""
    story = active_pair()
    story.tell(builders.departed(ANN, story.now))
    story.tell(builders.hired(ANN, story.now, effective_on="2025-03-03"))
    story.after(days=30)

    assert [BOB] == story.told("pairing_ended")
    assert [] == [request for request in story.requests() if request["person_id"] == ANN and request["not_before"] > "2025-01-07"]


def test_what_waited_for_whoever_left_does_not_wait_for_the_return() -> None:
    """Hired again, everything is asked anew."""
    story = ProgrammeStory()
    story.joins(ANN, "strategy", None)
    story.after(days=7).tell(builders.departed(ANN, story.now, effective_on="2025-01-12"))
    story.tell(builders.hired(ANN, story.now, effective_on="2025-01-15"))
    story.after(days=20)

    assert [] == story.told("profile_incomplete")
    assert [("profile_incomplete", "away")] == story.withheld()
