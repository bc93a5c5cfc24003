"""Rules of answers (engine/programme/proposals/answering.py)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp, stamp_of
from engine.programme.proposals.answering import Question, Said, counts, is_last_word, last_said, with_said
from schemas.envelope import Event
from schemas.events.pairing import PairingAnswered
from schemas.terms.codes import Answer
from schemas.terms.ids import PairingId, PersonId

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN, BOB = PersonId("ann"), PersonId("bob")
hours = st.lists(st.integers(0, 9), max_size=6)


def answer(hour: int, id_: str = "e") -> Event:
    """An answer of Ann to the proposal, some hours after it was made."""
    data = PairingAnswered(person_id=ANN, pairing_id=PairingId("p.0123456789abcdef"), proposal_version=1, answer=Answer.ACCEPT)
    return Event(id=id_, source="s", type=PairingAnswered.TYPE, time=AT + timedelta(hours=hour), data=data, actor=ANN, content="")


@given(order=hours)
def test_last_answer_is_the_latest_in_whatever_order_they_come(order: list[int]) -> None:
    """proposals.Q1: what counts in the end is the answer with the highest stamp, and a second reading changes nothing."""
    said: tuple[Said, ...] = ()
    for hour in (*order, *order):
        if counts(answer(hour), said, ANN, Question.PROPOSAL, AT):
            said = with_said(said, answer(hour), ANN, Question.PROPOSAL)

    expected = stamp_of(answer(max(order))) if order else None
    assert expected == last_said(said, ANN, Question.PROPOSAL)


def test_answer_before_its_question_does_not_count() -> None:
    """proposals.Q1: the instant of the question itself is in time."""
    assert [False, True] == [counts(answer(hour), (), ANN, Question.PROPOSAL, AT) for hour in (-1, 0)]


def test_answers_of_others_and_to_other_questions_stand_apart() -> None:
    """proposals.Q1: only the same person's answer to the same question can be later."""
    said = with_said(with_said((), answer(5), BOB, Question.PROPOSAL), answer(5), ANN, Question.RENEWAL)

    assert counts(answer(1), said, ANN, Question.PROPOSAL, AT)


def test_whoever_asks_to_end_must_have_the_last_word() -> None:
    """proposals.Q3: an `end` is held against whatever the person has said since."""
    said = (Said(person_id=ANN, question=Question.RENEWAL, stamp=Stamp(AT + timedelta(hours=5), 0, "e")),)

    assert [False, True] == [is_last_word(answer(hour), said, ANN) for hour in (4, 6)]
    assert is_last_word(answer(4), said, BOB)
