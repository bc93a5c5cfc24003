"""Rules of a conflict: a line of power between the two suspends the pair, in silence but for one private choice each."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.text.fields import instant_text
from tests import builders
from tests.topology.stories.nudges_of_a_pair import choices
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair

CONFLICT_DAYS = 14


def suspended() -> PairStory:
    """Bob reports to Ann since the tenth day, and both have been told."""
    return active_pair().after(days=10).conflict_stands()


def _stalled() -> PairStory:
    return active_pair().after(days=46)


def _paused() -> PairStory:
    return active_pair().after(days=10).goes_on_leave(BOB)


def _concluding() -> PairStory:
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")
    return story


LIVE = {"active": active_pair, "stalled": _stalled, "paused": _paused, "concluding": _concluding}


@pytest.mark.parametrize("state", LIVE)
def test_conflict_suspends_any_other_live_pair(state: str) -> None:
    """Active, stalled, paused, concluding → suspended."""
    story = LIVE[state]()
    before = story.state

    story.after(days=1).conflict_arises()

    assert (state, "suspended") == (before, story.state)
    assert "suspended" == story.changes[-1]


def test_same_manager_is_a_conflict() -> None:
    """A change that gives both the same manager suspends."""
    story = active_pair()
    for person_id in PEOPLE:
        story.tell(builders.role_changed(person_id, story.now, manager_id="eve"))

    assert "suspended" == story.state


def test_each_side_gets_one_private_note_and_nothing_else() -> None:
    """One `conflict_choice` each, which names the state only; whatever else was requested is cancelled."""
    story = active_pair().after(days=1)
    story.books("s1", hours=12)
    story.after(hours=1).conflict_stands()
    since = [key for _, key in story.nudges()].index("conflict_choice")

    assert [(ANN, "conflict_choice"), (BOB, "conflict_choice")] == [pair for pair in story.nudges()[since:] if pair[0] in PEOPLE]
    assert list(PEOPLE) == sorted(story.recalled("session_tomorrow"))
    note = story.requests("conflict_choice")[0]
    assert [{"code": "pairing_state", "params": {"state": "suspended"}}] == note["reasons"]
    assert ["end", "rematch"] == choices(note)
    assert instant_text(story.now + timedelta(days=CONFLICT_DAYS)) == note["params"]["answer_by"]


def test_coordinator_sees_a_code_only() -> None:
    """The coordinator learns which rule, not which pair."""
    request = suspended().after(seconds=1).requests("coordinator_conflict")[0]

    assert "reporting_line" == request["params"]["code"]
    assert "pairing_id" not in request
    assert all(person_id not in str({**request, "nudge_id": ""}) for person_id in PEOPLE)


@pytest.mark.parametrize("person_id", PEOPLE)
@pytest.mark.parametrize("answer", ["end", "rematch"])
def test_choice_ends_the_pair_by_circumstances(person_id: str, answer: str) -> None:
    """`end` or `rematch` in a conflict ends `circumstances`."""
    story = suspended()

    story.says(person_id, answer)

    assert "ended" == story.state
    assert "circumstances" == story.published("ended")["code"]


def test_rematch_puts_the_one_who_asks_first_in_the_queue() -> None:
    """Rematch first in the queue, for whoever chose it."""
    story = suspended()

    story.says(BOB, "rematch")

    assert [False, True] == [story.row_of(person_id).is_first_in_queue for person_id in PEOPLE]


def test_unresolved_conflict_ends_the_pair() -> None:
    """After `conflict_days` (14) unresolved → ended `circumstances`, at its instant."""
    story = suspended().after(days=CONFLICT_DAYS, seconds=-1)
    before = story.state

    story.after(seconds=1)

    assert ("suspended", "ended") == (before, story.state)
    assert "circumstances" == story.published("ended")["code"]


def _by_answer(story: PairStory) -> None:
    story.says(ANN, "end")


def _by_time(story: PairStory) -> None:
    story.after(days=CONFLICT_DAYS)


def _by_departure(story: PairStory) -> None:
    story.tell(builders.departed(BOB, story.now, effective_on="2025-01-15"))


def _by_withdrawal(story: PairStory) -> None:
    story.tell(builders.withdrawn(BOB, story.now))


def _by_closure(story: PairStory) -> None:
    story.tell(builders.programme_closed(story.now))


def _by_feedback(story: PairStory) -> None:
    story.feedback(ANN, fit="not_a_fit")


@pytest.mark.parametrize("happens", [_by_answer, _by_time, _by_departure, _by_withdrawal, _by_closure, _by_feedback])
def test_nothing_is_said_about_the_pair_after_a_suspension(happens: Callable[[PairStory], None]) -> None:
    """No nudge about it after that in either person's log, also after it ended; `conflict_choice` is the only one."""
    story = suspended()
    story.holds("s1")
    known = len(story.requests())

    happens(story)
    story.after(days=90)

    about = [request["key"] for request in story.requests()[known:] if request.get("pairing_id") == story.pairing_id]
    assert list(PEOPLE) == sorted(story.told("conflict_choice"))
    assert [] == about


def test_choice_note_is_recalled_when_the_pair_ends() -> None:
    """Nothing once the action is done: the other side need not choose any more."""
    story = suspended()

    story.says(ANN, "end")

    assert list(PEOPLE) == sorted(story.recalled("conflict_choice"))


def test_continue_is_no_answer_to_a_conflict() -> None:
    """Two choices: end or rematch."""
    story = suspended()

    story.both_say("continue")

    assert ["stale_answer", "stale_answer"] == story.codes()
    assert "suspended" == story.state


def test_both_are_asked_again_when_the_conflict_disappears() -> None:
    """The note is taken back, and both are asked whether to go on."""
    story = suspended().after(days=5).conflict_goes()

    assert "suspended" == story.state
    assert [ANN, BOB] == story.told("conflict_choice") == story.recalled("conflict_choice")
    assert [ANN, BOB] == story.told("pairing_resumable")
    assert ["continue", "end", "rematch"] == choices(story.requests("pairing_resumable")[-1])


def test_pair_is_active_again_only_after_both_consent_again() -> None:
    """Suspended → active when the conflict is gone and both say `continue`."""
    story = suspended().after(days=5).conflict_goes()

    story.says(ANN, "continue")
    after_one = story.state
    story.says(BOB, "continue")

    assert ("suspended", "active") == (after_one, story.state)
    assert "resumed" == story.changes[-1]


def test_first_consent_is_not_renewed_by_itself() -> None:
    """Without two answers the pair ends, and both are told: nothing stands between them any more that could not be said."""
    story = suspended().after(days=5).conflict_goes()
    story.says(ANN, "continue")

    story.after(days=CONFLICT_DAYS)

    assert "ended" == story.state
    assert "circumstances" == story.published("ended")["code"]
    assert [ANN, BOB] == sorted(story.told("pairing_ended"))


def test_conflict_that_comes_back_voids_the_answers() -> None:
    """Consent was given to a pair without a line of power."""
    story = suspended().after(days=5).conflict_goes()
    story.says(ANN, "continue")
    story.after(days=1).conflict_arises().after(days=1).conflict_goes()

    story.says(BOB, "continue")

    assert "suspended" == story.state
    assert 1 == story.changes.count("suspended")


def test_leave_does_not_move_a_suspended_pair() -> None:
    """Leave leaves a suspended pair where it is, there and back."""
    story = suspended()

    story.after(days=1).goes_on_leave(BOB)
    away = story.state
    story.after(days=3).is_back(BOB).after(days=5)

    assert "suspended" == away == story.state
    assert "paused" not in story.changes


def test_timers_do_not_move_a_suspended_pair() -> None:
    """Neither the stall nor the end of the term come to a suspended pair."""
    story = active_pair(conflict_days=90, stall_days=20, term_days=30).after(days=10).conflict_arises()

    story.after(days=89)

    assert "suspended" == story.state
    assert {"stalled", "concluding"} & set(story.changes) == set()


def test_pair_with_somebody_away_is_asked_when_both_are_there() -> None:
    """The conflict is gone during a leave: both are asked after the soft landing, and the pair can go on."""
    story = suspended().after(days=1).goes_on_leave(BOB).after(days=1).conflict_goes().after(days=60)
    waiting = story.state

    story.is_back(BOB).after(days=10)
    story.both_say("continue")

    assert ("suspended", "active") == (waiting, story.state)
    assert (2, 2) == (len(story.told("conflict_choice")), len(story.told("pairing_resumable")))


def test_session_during_a_suspension_moves_nothing_and_prompts_nothing() -> None:
    """It counts for the ledger, no more."""
    story = suspended().after(seconds=1)
    known = len(story.requests())

    story.books("s1", days=2)
    story.after(days=2)
    story.holds("s1")
    story.after(days=3)

    assert "suspended" == story.state
    assert 1 == story.latest["sessions_count"]
    assert list(PEOPLE) == sorted(story.told("conflict_choice"))
    assert known == len(story.requests())
