"""Rules of a pair that is renewed while one of the two is away (engine/programme/participants/changes.py)."""

from datetime import timedelta

from tests import builders
from tests.topology.stories.pair_story import ANN, PairStory, active_pair


def concluding_pair() -> PairStory:
    """A pair that has held its one planned session."""
    story = active_pair(sessions_planned=1)
    story.holds("s1")
    return story.after(days=1)


def test_pair_renewed_during_a_leave_pauses_at_once() -> None:
    """A leave doesn't move a concluding pair, but an active pair with somebody on leave is paused: its cadence clock stands still."""
    story = concluding_pair().goes_on_leave(ANN)
    story.both_say("renew")

    assert ["renewed", "paused"] == story.changes[-2:]
    assert "paused" == story.after(days=60).state


def test_pair_renewed_during_a_leave_goes_on_when_both_say_so() -> None:
    """The pause is that of any leave: both are asked when it is over."""
    story = concluding_pair().goes_on_leave(ANN)
    story.both_say("renew").after(days=20).is_back(ANN).after(days=10).both_say("continue")

    assert "active" == story.state


def test_pair_renewed_during_a_pause_of_ones_own_waits_for_its_end() -> None:
    """A self-pause ends by itself, and the pair with it."""
    story = concluding_pair()
    story.tell(builders.paused(ANN, story.now, until_on=(story.now + timedelta(days=10)).date()))
    story.both_say("renew")

    assert "paused" == story.state
    assert "active" == story.after(days=11).state
