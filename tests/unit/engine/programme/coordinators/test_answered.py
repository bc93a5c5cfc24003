"""Rules of what was answered (engine/programme/coordinators/answered.py)."""

from datetime import UTC, datetime, timedelta
from typing import Final

from engine.core.stamp import Stamp
from engine.programme.coordinators.answered import KEPT_MAX, NOTHING, SURELY_NEW, Answered, answered_nameless, was_answered, with_answer

AT: Final = datetime(2025, 1, 6, tzinfo=UTC)


def stamp(number: int) -> Stamp:
    """A command of one minute."""
    return Stamp(AT + timedelta(minutes=number), 0, f"e{number}")


def after(count: int) -> Answered:
    """The row after so many commands, the last one first."""
    known = NOTHING
    for number in reversed(range(count)):
        known = with_answer(known, stamp(number))
    return known


def test_what_was_answered_is_known_however_old() -> None:
    """coordinators.A1."""
    known = after(3)

    assert [True, False] == [was_answered(known, stamp(number), AT + timedelta(days=1_000)) for number in (1, 3)]


def test_what_found_no_room_is_known_once_its_mark_may_have_gone() -> None:
    """coordinators.A2: and is new before."""
    known = after(KEPT_MAX + 2)
    long_after = stamp(1).time + SURELY_NEW

    assert KEPT_MAX == len(known.stamps)
    assert [False, True] == [was_answered(known, stamp(1), at) for at in (long_after - timedelta(seconds=1), long_after)]
    assert not was_answered(known, stamp(KEPT_MAX + 2), AT + timedelta(days=1_000))


def test_a_stamp_without_its_id_is_still_known() -> None:
    """After an erasure."""
    assert was_answered(answered_nameless(after(3)), stamp(1), AT)
