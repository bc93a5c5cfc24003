"""Rules of feedback: when it is asked for, what one "no" does, and that it leaves no trace."""

import pytest

from tests.topology.nudges_of_a_pair import choices
from tests.topology.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair, with_sessions


@pytest.mark.parametrize(("held", "is_asked"), [(1, True), (2, False), (3, True), (4, False), (6, True)])
def test_feedback_is_asked_after_sessions_1_3_and_the_last(held: int, *, is_asked: bool) -> None:
    """`share_feedback` to both, the same questions, about the session."""
    story = active_pair(stall_days=366, term_days=3_000).after(days=1)
    story.holds_many(held, days_apart=40)
    asked = [request for request in story.after(days=9).requests("share_feedback") if request["params"]["session_id"] == f"s{held}"]

    assert (sorted(PEOPLE) if is_asked else []) == sorted(request["person_id"] for request in asked)
    assert {("good", "unsure", "not_a_fit")} >= {tuple(choices(request)) for request in asked}


def test_feedback_given_is_not_asked_for() -> None:
    """Nothing once the action is done, and the other side is still asked."""
    story = with_sessions(1)

    story.feedback(ANN, session_id="s1")
    story.after(days=5)

    assert [BOB] == story.told("share_feedback")


def test_feedback_for_a_session_that_was_not_held_is_not_asked() -> None:
    """A correction withdraws what is due."""
    story = active_pair().after(days=1)
    story.holds("s1", sequence=1)

    story.misses("s1", sequence=2)
    story.after(days=20)

    assert [] == story.told("share_feedback")
    assert [] == story.told("still_right_for_you")
    assert 2 == story.withheld().count(("share_feedback", "done")) == story.withheld().count(("still_right_for_you", "done"))


@pytest.mark.parametrize("person_id", PEOPLE)
@pytest.mark.parametrize("held", [1, 3])
def test_one_no_ends_the_pair_kindly(person_id: str, held: int) -> None:
    """One "no" after session 1 or 3 ends the pair, with a rematch offer to both."""
    story = with_sessions(held)

    story.feedback(person_id, fit="not_a_fit", session_id=f"s{held}")

    assert "choice" == story.published("ended")["code"]
    assert [ANN, BOB] == story.told("pairing_ended")
    assert all(request["params"]["first_in_next_round"] for request in story.requests("pairing_ended"))
    assert all(story.row_of(other).is_first_in_queue for other in PEOPLE)


def test_no_at_another_time_is_only_kept() -> None:
    """After session 2 the exit is `end`."""
    story = with_sessions(2)

    story.feedback(ANN, fit="not_a_fit", session_id="s2")

    assert "active" == story.state


@pytest.mark.parametrize("fit", ["good", "unsure"])
def test_other_feedback_ends_nothing(fit: str) -> None:
    """Only a "no" is a no."""
    story = with_sessions(1)

    story.feedback(ANN, fit=fit, learned=False, rating=1)

    assert "active" == story.state


def test_feedback_leaves_no_trace() -> None:
    """No rating, no word about who learned leaves the engine: the worlds with either answer look the same."""
    worlds = []
    for learned, rating in ((True, 5), (False, 1)):
        story = with_sessions(1)
        story.feedback(BOB, learned=learned, rating=rating, session_id="s1")
        worlds.append([{**event, "id": "", "causation": ""} for event in story.after(days=20).read()])

    assert worlds[0] == worlds[1]


def test_feedback_of_somebody_else_is_refused() -> None:
    """Only the two, each for itself."""
    story = with_sessions(1)

    story.feedback("cat")
    story.feedback(ANN, actor=BOB)

    assert ["not_the_person", "not_the_person"] == story.codes()


def test_feedback_on_a_proposal_is_refused() -> None:
    """Nobody has met yet."""
    story = PairStory().round()

    story.feedback(ANN)

    assert ["unknown_pairing"] == story.codes()


def test_feedback_after_the_end_is_taken() -> None:
    """The last session is asked about when the pair may be over already."""
    story = with_sessions(1)
    story.says(BOB, "end")

    story.feedback(ANN, fit="not_a_fit", session_id="s1")

    assert [] == story.codes()
    assert 1 == story.changes.count("ended")
