"""Feedback on a session: when it is asked for, what one "no" does, and what is never shown."""

import pytest

from tests.acceptance.stories.nudge_story import asked
from tests.acceptance.stories.session_story import meet
from tests.acceptance.stories.story import NUDGES, PAIRINGS, Story


def early(story: Story) -> str:
    """A pair that met on the second day, before anybody was asked for anything."""
    pairing = story.pair()
    story.good(story.held("2025-01-07T10:00:00Z", pairing, "s1", "python:ann", "strategy:bob"))
    story.tick("2025-01-07T12:00:00Z")
    return pairing


def test_feedback_is_asked_for_after_session_1(story: Story) -> None:
    """`share_feedback` to both, a minute later."""
    early(story)

    assert asked(story, "share_feedback") == [("ann", "2025-01-07T10:01:00Z"), ("bob", "2025-01-07T10:01:00Z")]
    assert {(one["class"], one["category"], one["priority"]) for one in story.nudges("share_feedback")} == {("behavioural", "learning", 65)}


def test_both_answers_cancel_both_requests(story: Story) -> None:
    """Done is done; but one answer alone shows nowhere."""
    pairing = early(story)
    cancelled = []
    for person, at in (("bob", "2025-01-07T13:00:00Z"), ("ann", "2025-01-07T14:00:00Z")):
        story.good(story.by("feedback.given", at, person, pairing_id=pairing, session_id="s1", learned=True, fit="good", rating=5))
        cancelled.append([one["nudge_id"] for one in story.cancelled()])

    asked_ = [one["nudge_id"] for person in ("ann", "bob") for one in story.nudges("share_feedback", person)]
    assert (asked_, cancelled[0]) == (cancelled[1][-2:], cancelled[1][:-2])


@pytest.mark.parametrize("session_id", ["s1", "s2", None])
def test_one_no_ends_kindly(story: Story, session_id: str | None) -> None:
    """One "no", whenever it is said, ends the pair `choice` at the next `round_at`, with the promise of another partner to both."""
    pairing = early(story)
    about = {} if session_id is None else {"session_id": session_id}
    story.good(
        story.held("2025-01-09T10:00:00Z", pairing, "s2", "python:ann", "strategy:bob"),
        story.by("feedback.given", "2025-01-09T13:00:00Z", "ann", pairing_id=pairing, learned=False, fit="not_a_fit", **about),
    )
    before = len(story.tail(NUDGES))
    story.tick("2025-01-10T05:59:00Z")
    meanwhile = story.state(pairing)
    story.tick("2025-01-10T06:00:00Z")

    ended = story.of_type(PAIRINGS, "pairing.ended")[-1]
    assert (meanwhile, story.state(pairing), ended["code"]) == ("active", "ended", "choice")
    assert story.tail(PAIRINGS)[-1]["time"] == "2025-01-10T06:00:00Z"
    assert "not_a_fit" not in str(story.tail(NUDGES)[before:]) + str(story.tail(PAIRINGS))
    assert sorted({person for person, _ in asked(story, "pairing_ended")}) == ["ann", "bob"]


def test_rating_is_never_shown(story: Story) -> None:
    """A rating leaves the engine nowhere."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob")
    story.good(
        story.by("feedback.given", "2025-01-14T10:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=True, fit="unsure", rating=2)
    )
    story.tick("2025-03-16T00:00:00Z")

    nudges = story.tail(NUDGES)
    forms = [event["data"].get("params", {}).pop("answers", None) for event in nudges]
    told = [str(nudges), story.run("tail", PAIRINGS).out, story.run("inspect", "pairing", pairing, "--json").out]
    assert [pairing in text for text in told] == [True, True, True]
    assert "rating" in str(forms)  # the question has a field for it
    assert "rating" not in "".join(told)
