"""Feedback on a session: when it is asked for, what one "no" does, and what is never shown."""

from tests.acceptance.nudge_story import asked
from tests.acceptance.session_story import meet
from tests.acceptance.story import NUDGES, PAIRINGS, Story


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


def test_feedback_given_cancels_the_request(story: Story) -> None:
    """Done is done."""
    pairing = early(story)
    story.good(
        story.by("feedback.given", "2025-01-07T13:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=True, fit="good", rating=5)
    )

    (mine,) = story.nudges("share_feedback", "ann")
    assert [one["nudge_id"] for one in story.cancelled()][-1:] == [mine["nudge_id"]]


def test_one_no_ends_kindly(story: Story) -> None:
    """One "no" after session 1 ends the pair `choice`, with the promise of another partner to both, and says no more."""
    pairing = early(story)
    story.good(
        story.by("feedback.given", "2025-01-07T13:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=False, fit="not_a_fit")
    )
    before = len(story.tail(NUDGES))
    story.tick("2025-01-16T00:00:00Z")

    assert story.tail(PAIRINGS)[-1]["data"]["code"] == "choice"
    assert "not_a_fit" not in str(story.tail(NUDGES)[before:]) + str(story.tail(PAIRINGS))
    assert sorted({person for person, _ in asked(story, "partner_found_next")}) == ["ann", "bob"]


def test_no_after_session_2_is_only_noted(story: Story) -> None:
    """The exit ramp is after session 1 and 3."""
    pairing = early(story)
    story.good(
        story.held("2025-01-14T10:00:00Z", pairing, "s2", "python:ann", "strategy:bob"),
        story.by("feedback.given", "2025-01-14T13:00:00Z", "ann", pairing_id=pairing, session_id="s2", learned=False, fit="not_a_fit"),
    )

    assert story.state(pairing) == "active"


def test_rating_is_never_shown(story: Story) -> None:
    """A rating leaves the engine nowhere."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob")
    story.good(
        story.by("feedback.given", "2025-01-14T10:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=True, fit="unsure", rating=2)
    )
    story.tick("2025-03-16T00:00:00Z")

    told = [story.run("tail", topic).out for topic in (NUDGES, PAIRINGS)] + [story.run("inspect", "pairing", pairing, "--json").out]
    assert [pairing in text for text in told] == [True, True, True]
    assert "rating" not in "".join(told)
