"""Rules of feedback (engine/programme/sessions/feedback_rules.py)."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.sessions.feedback_rules import ABOUT_THE_PAIR, STRAY_WORDS_MAX, Word, answered, has_room, heard, is_unwanted
from engine.programme.sessions.meetings import Meeting, MeetingState
from schemas.terms.codes import Fit
from schemas.terms.ids import PersonId, SessionId

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN, BOB = PersonId("ann"), PersonId("bob")
PEOPLE: Final = (ANN, BOB)


def word(person_id: PersonId, session_id: str = "", fit: Fit = Fit.GOOD, *, hours: int = 0, sequence: int = 0, id_: str = "e") -> Word:
    """Build a word that is said some hours after the start."""
    stamp = Stamp(START + timedelta(hours=hours), sequence, id_)
    return Word(person_id=person_id, session_id=SessionId(session_id), learned=True, fit=fit, stamp=stamp)


def said(*words: Word) -> tuple[Word, ...]:
    """Take in words one after the other."""
    known: tuple[Word, ...] = ()
    for one in words:
        known = heard(known, one)
    return known


def session(session_id: str, *, hours: int = 0) -> Meeting:
    """Build a session of an hour."""
    starts_at = START + timedelta(hours=hours)
    stamp = Stamp(starts_at, 0, "e")
    return Meeting(session_id=SessionId(session_id), state=MeetingState.COMPLETED, starts_at=starts_at, duration_minutes=60, stamp=stamp)


words_ = st.builds(
    word,
    st.sampled_from(PEOPLE),
    st.sampled_from(["", "s1", "s2"]),
    st.sampled_from(Fit),
    hours=st.integers(0, 3),
    sequence=st.integers(0, 1),
    id_=st.sampled_from("abcdefgh"),
)


@given(given_=st.lists(words_, max_size=10, unique_by=lambda one: one.stamp), data=st.data())
def test_order_of_arrival_does_not_matter(given_: list[Word], data: st.DataObject) -> None:
    """sessions.F1, sessions.F2: the same words in any order come to the same, and again to nothing new."""
    known = said(*given_)

    assert known == said(*data.draw(st.permutations(given_)))
    assert all(heard(known, one) is known for one in given_)
    latest = {one.person_id: one for one in sorted(given_, key=lambda one: one.stamp)}
    assert is_unwanted(known) == any(one.fit is Fit.NOT_A_FIT for one in latest.values())


@pytest.mark.parametrize(("first", "last"), [("s1", "s1"), ("s1", "s2"), ("s1", ""), ("", "s1")])
def test_any_later_word_of_the_person_replaces_a_no(first: str, last: str) -> None:
    """sessions.F2: whatever either was about."""
    assert not is_unwanted(said(word(ANN, first, Fit.NOT_A_FIT), word(ANN, last, Fit.UNSURE, hours=1)))
    assert is_unwanted(said(word(ANN, first, Fit.NOT_A_FIT), word(BOB, last, hours=1)))
    assert is_unwanted(said(word(ANN, first, hours=0), word(ANN, last, Fit.NOT_A_FIT, hours=1)))


def test_question_is_answered_by_both() -> None:
    """sessions.F3: about the session itself, or about the pair once it had begun."""
    sessions = (session("s1"), session("s2", hours=5))

    assert set() == answered(said(word(ANN, "s1")), PEOPLE, sessions)
    assert {"s1"} == answered(said(word(ANN, "s1"), word(BOB, "s1")), PEOPLE, sessions)
    assert {"s1"} == answered(said(word(ANN, "s1"), word(BOB, hours=2)), PEOPLE, sessions)
    assert {"s1", "s2"} == answered(said(word(ANN, hours=6), word(BOB, hours=5)), PEOPLE, sessions)


def test_words_about_sessions_that_nobody_reported_are_bounded() -> None:
    """Of each person; what was reported and the pair itself always have room."""
    full = said(*(word(ANN, f"stray-{n}") for n in range(STRAY_WORDS_MAX)))

    assert not has_room(full, word(ANN, "more"), ())
    assert has_room(full, word(ANN, "more"), (session("more"),))
    assert has_room(full, word(ANN, ABOUT_THE_PAIR), ())
    assert has_room(full, word(ANN, "stray-1"), ())
    assert has_room(full, word(BOB, "more"), ())
