"""Rules of silence (engine/programme/participants/silence_rules.py)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.participants.silence_rules import UNBROKEN, Silence, after_expiry, after_other_end, is_answered, pauses_at, unheard

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)


@given(ends=st.lists(st.booleans(), max_size=10))
def test_question_is_put_when_the_last_two_proposals_reached_their_end(ends: list[bool]) -> None:
    """participants.S1: it is put once, at the second of two in a row."""
    silence = UNBROKEN
    for number, has_expired in enumerate(ends):
        silence = after_expiry(silence, AT + timedelta(days=number)) if has_expired else after_other_end(silence)

    twos = [number for number in range(1, len(ends)) if ends[number - 1] and ends[number]]
    assert (AT + timedelta(days=twos[0]) if twos else None) == silence.asked_at


def test_only_a_later_act_answers() -> None:
    """participants.S2: an act of the very instant of the question is none."""
    asked = Silence(expired_count=2, asked_at=AT)

    assert [False, False, True] == [is_answered(asked, AT + timedelta(seconds=seconds)) for seconds in (-1, 0, 1)]
    assert not is_answered(UNBROKEN, AT)


def test_question_that_nobody_heard_is_put_again_at_the_next_end() -> None:
    """participants.S3: the count stays."""
    again = after_expiry(unheard(Silence(expired_count=2, asked_at=AT)), AT + timedelta(days=7))

    assert AT + timedelta(days=7) == again.asked_at


def test_question_becomes_a_pause_thirty_days_after_it_could_be_heard() -> None:
    """participants.S4."""
    assert AT + timedelta(days=30) == pauses_at(AT)
