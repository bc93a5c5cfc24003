"""Rules of feedback: when it is asked for, what one "no" does, and that it leaves no trace."""

import pytest

from engine.programme.sessions.feedback_rules import STRAY_WORDS_MAX
from tests import builders
from tests.topology.stories.nudges_of_a_pair import choices
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair, with_sessions


@pytest.mark.parametrize(("held", "is_asked"), [(1, True), (2, False), (3, True), (4, False), (6, True)])
def test_feedback_is_asked_after_sessions_1_3_and_the_last(held: int, *, is_asked: bool) -> None:
    """`share_feedback` to both, the same questions, about the session."""
    story = active_pair(stall_days=366, term_days=3_000).after(days=1)
    story.holds_many(held, days_apart=40)
    asked = [request for request in story.after(days=9).requests("share_feedback") if request["params"]["session_id"] == f"s{held}"]

    assert (sorted(PEOPLE) if is_asked else []) == sorted(request["person_id"] for request in asked)
    assert {("good", "unsure", "not_a_fit")} >= {tuple(choices(request)) for request in asked}


def test_question_is_taken_back_when_both_have_answered() -> None:
    """Nothing once the action is done; but one answer alone shows nowhere, for what is said may end the pair."""
    waits, asked = with_sessions(1), with_sessions(1).after(hours=1)
    for story in (waits, asked):
        story.feedback(BOB, session_id="s1")
    one = asked.recalled("share_feedback")
    for story in (waits, asked):
        story.feedback(ANN)
        story.after(days=5)

    assert ([], [ANN, BOB]) == (waits.told("share_feedback"), asked.told("share_feedback"))
    assert ([], [ANN, BOB]) == (one, asked.recalled("share_feedback"))


def test_word_about_the_pair_answers_what_was_asked_before_it() -> None:
    """It can't be about a session that is still to come."""
    story = with_sessions(1)
    story.after(hours=2)
    for person_id in PEOPLE:
        story.feedback(person_id)

    story.after(days=7).holds_many(2, first=2)
    story.after(days=1)

    asked = [request["params"]["session_id"] for request in story.requests("share_feedback")]
    assert ["s1", "s1", "s3", "s3"] == asked
    assert [ANN, BOB] == story.recalled("share_feedback")


@pytest.mark.parametrize("person_id", PEOPLE)
@pytest.mark.parametrize("is_asked", [True, False])
def test_one_answer_shows_nowhere(person_id: str, *, is_asked: bool) -> None:
    """With it and without it everything that is published for a week is the same."""
    worlds = []
    for has_answered in (True, False):
        story = with_sessions(1)
        if is_asked:
            story.after(hours=1)
        if has_answered:
            story.feedback(person_id, session_id="s1", learned=False, rating=1)
        worlds.append(story.after(days=7).read())

    assert worlds[0] == worlds[1]


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
@pytest.mark.parametrize("about", ["s1", "s2", None, "elsewhere"])
@pytest.mark.parametrize("held", [2, 3])
def test_one_no_ends_the_pair_kindly(person_id: str, about: str | None, held: int) -> None:
    """Whenever it is said and about what: at the next `round_at`, by choice, with a rematch offer to both."""
    story = with_sessions(held, round_at="06:30")
    story.feedback(person_id, fit="not_a_fit", session_id=about)
    before = story.advance_to(f"2025-01-{1 + 7 * held}T06:29:59Z").state

    story.after(seconds=1)

    assert ("active", "ended") == (before, story.state)
    assert "choice" == story.published("ended")["code"]
    assert [ANN, BOB] == story.told("pairing_ended")
    assert all(request["params"]["first_in_next_round"] for request in story.requests("pairing_ended"))
    assert all(story.row_of(other).is_first_in_queue for other in PEOPLE)


def test_no_ends_a_pair_that_is_paused() -> None:
    """Whenever it is said while the pair is live."""
    story = with_sessions(1)
    story.tell(builders.paused(ANN, story.now))
    story.feedback(BOB, fit="not_a_fit")

    assert "ended" == story.after(days=1).state


@pytest.mark.parametrize("about", ["s1", None])
def test_later_word_of_the_same_person_replaces_a_no(about: str | None) -> None:
    """Until the pair ends, and about whatever it is; the other side's word replaces nothing."""
    thinks_better, insists = (with_sessions(1) for _ in range(2))
    for story, person_id in ((thinks_better, ANN), (insists, BOB)):
        story.feedback(ANN, fit="not_a_fit", session_id="s1")
        story.after(hours=1).feedback(person_id, fit="unsure", session_id=about)
        story.after(days=2)

    assert ("active", "ended") == (thinks_better.state, insists.state)


def test_older_word_that_arrives_late_replaces_nothing() -> None:
    """Feedback is ordered by when it was said."""
    said_no, said_good = with_sessions(1), with_sessions(1)
    for story, first, last in ((said_no, "good", "not_a_fit"), (said_good, "not_a_fit", "good")):
        earlier = builders.feedback_given(ANN, story.now, story.pairing_id, fit=first, session_id="s1")
        story.after(hours=1).feedback(ANN, fit=last, session_id="s1")
        story.tell(earlier)
        story.after(days=2)

    assert ("ended", "active") == (said_no.state, said_good.state)


def test_word_taken_again_changes_nothing() -> None:
    """However late it comes, when nothing else remembers it."""
    story = with_sessions(1, stall_days=366)
    words = [builders.feedback_given(ANN, story.now, story.pairing_id, fit=fit, n=n) for n, fit in enumerate(("not_a_fit", "good"))]
    for word in words:
        story.pipe(word)
    row = story.after(days=100).pairing

    for word in words:
        story.pipe(word)

    assert row == story.pairing
    assert "active" == story.after(days=2).state


@pytest.mark.parametrize("other_says", [None, "before", "after"])
def test_nothing_tells_which_side_said_no(other_says: str | None) -> None:
    """The worlds in which one or the other said it look the same, to the last byte."""
    worlds = []
    for person_id, other in (PEOPLE, PEOPLE[::-1]):
        story = with_sessions(1).after(hours=1)
        if other_says == "before":
            story.feedback(other, session_id="s1")
        story.feedback(person_id, fit="not_a_fit", learned=False, rating=1, session_id="s1")
        if other_says == "after":
            story.feedback(other, session_id="s1")
        worlds.append([{**event, "id": "", "causation": ""} for event in story.after(days=20).read()])
        if other_says is None:
            assert "feedback" not in str([event.get("causation", "") for event in story.read()])

    assert worlds[0] == worlds[1]


def test_pairs_that_end_kindly_end_together() -> None:
    """By one timer of the programme: what is published has one time and one cause, whatever was said when."""
    story = with_sessions(1)
    story.feedback(BOB, fit="not_a_fit")

    assert {"retention_over"} == {timer.kind for timer in story.after(days=1).pairing.timers}
    assert "causation" not in story.read(type_="pairing.ended")[-1]


def test_nothing_shows_before_the_pair_ends() -> None:
    """Until then the nudges of the pair go on as if nothing had been said, and no timer of the pair tells of it."""
    worlds = []
    for fit in ("not_a_fit", "good"):
        story = with_sessions(1)
        story.feedback(BOB, fit=fit, session_id="s1")
        story.advance_to("2025-01-08T05:59:59Z")
        worlds.append((story.read(), story.pairing.timers))

    assert worlds[0] == worlds[1]


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
    """The last session is asked about when the pair may be over already; for 14 days, by the time of the answer."""
    story = with_sessions(1)
    story.says(BOB, "end")
    story.after(days=14).feedback(ANN, fit="not_a_fit", session_id="s1")

    story.after(seconds=1).feedback(BOB, session_id="s1")

    assert ["stale_answer"] == story.codes()
    assert [ANN] == [word.person_id for word in story.pairing.feedback]
    assert 1 == story.changes.count("ended")


@pytest.mark.parametrize("is_asked", [True, False])
def test_last_question_survives_the_end(*, is_asked: bool) -> None:
    """Both are still asked, or can still answer, whatever ended the pair; everything else about it is taken back."""
    story = active_pair(sessions_planned=1).after(days=1)
    if not is_asked:
        for person_id in PEOPLE:
            story.tell(builders.nominated(person_id, story.now, "other"))
    story.holds("s1")
    if is_asked:
        story.after(hours=1)
    story.both_say("finish").after(days=9)

    assert "completed" == story.state
    assert [ANN, BOB] == story.told("share_feedback")
    assert [] == story.recalled("share_feedback")
    assert [] == story.told("still_right_for_you")


def test_suspended_pair_is_asked_nothing() -> None:
    """Nothing is said about a pair with a conflict, nor about one that ends with it."""
    story = with_sessions(1)
    story.conflict_arises().after(days=1).says(ANN, "end")

    assert [] == story.after(days=9).told("share_feedback")


def test_words_about_unknown_sessions_are_bounded() -> None:
    """Ids that nobody reported are kept up to a hundred a person, so that a row stays small."""
    story = with_sessions(1)
    for number in range(STRAY_WORDS_MAX):
        story.feedback(ANN, session_id=f"stray-{number}")

    story.feedback(ANN, session_id="one-more")
    story.feedback(ANN, session_id="stray-7", learned=False)
    story.feedback(ANN, session_id="s1")
    story.feedback(BOB, session_id="one-more")

    assert ["too_large"] == story.codes()
