"""A policy that changes while pairs are under way (participants/changes): what waits by the new one, and what stands."""

from typing import Any

from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, POLICY, PairStory, active_pair


def changed(story: PairStory, **policy: Any) -> PairStory:
    """Put another policy in force now."""
    story.tell(builders.policy_changed(story.now, policy={**POLICY, **policy}))
    return story


def test_an_active_pair_stalls_by_the_policy_in_force() -> None:
    """The change that a new policy makes cites its version, so it has to follow its numbers."""
    sooner = changed(active_pair().after(days=10), stall_days=20).after(days=10)
    later = changed(active_pair().after(days=10), stall_days=60).after(days=49)

    assert ("stalled", "active") == (sooner.state, later.state)
    assert 2 == sooner.published("stalled")["policy_version"]
    assert "stalled" == later.after(days=1).state


def test_a_silence_that_is_too_long_by_the_new_policy_is_so_at_once() -> None:
    """Nobody waits for what should have come already."""
    story = changed(active_pair().after(days=10), stall_days=5).after(days=0)

    assert "stalled" == story.state


def test_an_active_pair_concludes_by_the_policy_in_force() -> None:
    """A plan or a term that the new policy finds done is done."""
    story = active_pair().holds_many(2)

    assert "concluding" == changed(story, sessions_planned=2).state
    assert "concluding" == changed(active_pair().after(days=40), term_days=30).state


def test_days_that_two_people_were_told_stand() -> None:
    """Who was given fourteen days to answer has them, whatever the policy says later."""
    stalled = changed(active_pair().after(days=45), grace_days=1)
    concluding = active_pair(sessions_planned=1)
    concluding.holds("s1")
    changed(concluding, sessions_planned=1, concluding_days=1)

    for story in (stalled, concluding):
        story.after(days=13)
    assert ("stalled", "concluding") == (stalled.state, concluding.state)
    assert ("ended", "completed") == (stalled.after(days=1).state, concluding.after(days=1).state)


def test_a_gap_that_the_new_policy_asks_for_is_offered_conversion() -> None:
    """Two bands where one was enough: the pair goes on, as equals if both wish."""
    story = active_pair(bands=(1, 0), track="reverse", training_required=False)
    changed(story, track="reverse", training_required=False, experience_gap_min=2)

    assert ("active", [ANN, BOB]) == (story.state, story.told("convert_offer"))
