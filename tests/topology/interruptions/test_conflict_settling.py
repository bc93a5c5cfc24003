"""Rules of a conflict that nobody has been told of yet: gone within a day it leaves no trace, whatever the pair was before."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair


def _active() -> PairStory:
    return active_pair().after(days=3)


def _stalled() -> PairStory:
    return active_pair().after(days=46)


def _paused() -> PairStory:
    story = active_pair().after(days=3)
    story.tell(builders.paused(BOB, story.now))
    return story


def _concluding() -> PairStory:
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")
    return story


def _asked_to_resume() -> PairStory:
    return active_pair(soft_landing_days=0).after(days=3).goes_on_leave(BOB).after(days=3).is_back(BOB).after(hours=1)


BEFORE = {"active": _active, "stalled": _stalled, "paused": _paused, "concluding": _concluding, "paused, asked": _asked_to_resume}


@pytest.mark.parametrize("before", BEFORE)
def test_a_conflict_of_one_night_leaves_no_trace(before: str) -> None:
    """The row is what it was; published are `suspended` and `resumed`, and what the pair is then."""
    story = BEFORE[before]()
    row, state, known = story.pairing, story.state, len(story.changes)

    story.conflict_arises()
    during = story.state
    story.after(hours=2).conflict_goes()

    assert ("suspended", row) == (during, story.pairing)
    assert ["suspended", "resumed", *([state] if state != "active" else [])] == story.changes[known:]
    assert state == story.latest["state"]


@pytest.mark.parametrize("before", BEFORE)
def test_nobody_hears_of_a_conflict_of_one_night(before: str) -> None:
    """No note, no line to the coordinator, no new consent; nothing of the pair is requested meanwhile."""
    story = BEFORE[before]().conflict_arises()
    known = len(story.requests())
    story.after(hours=23)
    meanwhile = story.requests()[known:]
    story.conflict_goes().after(days=2)

    assert [] == [request["key"] for request in meanwhile if request.get("pairing_id") == story.pairing_id]
    assert [] == story.told("conflict_choice") + story.requests("coordinator_conflict")


def test_what_was_cancelled_and_still_holds_is_asked_for_again() -> None:
    """As a new occasion: nobody can take back that the first one was cancelled."""
    story = active_pair().after(days=1)
    story.books("s1", hours=20)
    story.after(seconds=1)
    first = story.requests("session_tomorrow")
    story.conflict_arises().after(hours=2).conflict_goes()
    again = story.requests("session_tomorrow")[len(first) :]

    assert list(PEOPLE) == sorted(story.recalled("session_tomorrow"))
    assert sorted(one["person_id"] for one in first) == sorted(one["person_id"] for one in again) == list(PEOPLE)
    assert not {one["nudge_id"] for one in first} & {one["nudge_id"] for one in again}


def test_what_is_over_by_then_is_not_asked_for_again() -> None:
    """A reminder of a session that has begun reminds nobody."""
    story = active_pair().after(days=1)
    story.books("s1", hours=10)
    story.after(seconds=1)
    known = len(story.requests("session_tomorrow"))
    story.conflict_arises().after(hours=12).conflict_goes()

    assert known == len(story.requests("session_tomorrow"))


def test_what_waits_for_its_turn_waits_on() -> None:
    """A reminder to book that had not been chosen yet comes in its turn."""
    story = active_pair().after(days=5).conflict_arises()
    story.after(hours=3).conflict_goes().after(days=4)

    assert 1 == len(story.requests("book_first_session"))


def test_the_note_comes_when_the_conflict_has_stood_for_a_day() -> None:
    """`conflict_settle_hours` (24); `conflict_days` count from the note."""
    story = active_pair().after(days=3).conflict_arises()
    story.after(hours=24, seconds=-1)
    before = story.told("conflict_choice")
    story.after(seconds=1)
    noted_at = story.now
    story.after(days=14, seconds=-1)
    last = story.state
    story.after(seconds=1)

    assert ([], list(PEOPLE)) == (before, sorted(story.told("conflict_choice")))
    assert ("suspended", "ended") == (last, story.state)
    assert story.now - noted_at == timedelta(days=14)


def test_policy_may_ask_for_the_note_at_once() -> None:
    """`conflict_settle_hours` 0."""
    story = active_pair(conflict_settle_hours=0).conflict_arises()

    assert list(PEOPLE) == sorted(story.told("conflict_choice"))


def test_an_end_before_the_note_is_told_to_both() -> None:
    """Nobody knows of a conflict, so nothing else would say that the pair is over."""
    story = active_pair().after(days=3).conflict_arises()
    story.says(ANN, "end")

    assert ("ended", list(PEOPLE)) == (story.state, sorted(story.told("pairing_ended")))


def test_a_conflict_that_comes_again_settles_anew() -> None:
    """A day of its own, and again no trace."""
    story = active_pair().after(days=1)
    row = story.pairing
    for _ in range(3):
        story.conflict_arises().after(hours=20).conflict_goes().after(hours=1)

    assert row == story.pairing
    assert [] == story.told("conflict_choice")


def _leaves(story: PairStory) -> None:
    story.goes_on_leave(BOB)


def _pauses(story: PairStory) -> None:
    story.tell(builders.paused(BOB, story.now))


@pytest.mark.parametrize("goes", [_leaves, _pauses])
def test_who_goes_away_meanwhile_pauses_the_pair_after_it(goes: Callable[[PairStory], None]) -> None:
    """Nobody hears of it before, and then the partner hears that the pair is paused."""
    story = active_pair().after(days=3).conflict_arises().after(hours=1)
    goes(story)
    before = story.told("pairing_paused")
    story.after(hours=1).conflict_goes()

    assert ([], [ANN], "paused") == (before, story.told("pairing_paused"), story.state)


def test_who_comes_back_meanwhile_brings_the_pair_back_after_it() -> None:
    """A self-pause ends by itself."""
    story = _paused().conflict_arises().after(hours=1)
    story.tell(builders.resumed(BOB, story.now))
    during = story.state
    story.after(hours=1).conflict_goes()

    assert ("suspended", "active") == (during, story.state)
