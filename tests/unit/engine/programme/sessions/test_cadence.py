"""Rules of a pair's cadence: what it waits for follows from the row (engine/programme/sessions/cadence.py)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.pairs.pairing import Pairing, Timer, TimerKind, check, marked, without
from engine.programme.sessions.cadence import is_plan_done, next_mark, reminded_of, slot, soon_mark, stalls_at, term_held, timed
from engine.programme.sessions.meetings import Meeting, MeetingState
from engine.programme.times.calendar import Quiet
from engine.programme.times.waking import Waking
from schemas.frozen import replace
from schemas.terms.codes import Evidence, PairingState
from schemas.terms.ids import PersonId, SessionId
from schemas.terms.policy import Policy
from tests.unit.engine.programme.pairs.pair_rows import pair_row

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
DAY: Final = timedelta(days=1)
POLICY: Final = Policy()
ALWAYS: Final = Waking(zone="UTC", quiet=Quiet(from_clock="00:00", to_clock="00:00", weekend=()))
PEOPLE: Final = (ALWAYS, ALWAYS)
ANN, BOB = PersonId("ann"), PersonId("bob")


def pair(*meetings: Meeting, state: PairingState = PairingState.ACTIVE, **fields: Any) -> Pairing:
    """Build a pair that became active at the start."""
    over_at = START + 14 * DAY if state is PairingState.CONCLUDING else None
    row = pair_row(
        (ANN, BOB),
        START,
        activated_at=START,
        term_started_at=START,
        quiet_since=START,
        decide_by_at=over_at,
        state=state,
        meetings=meetings,
    )
    return replace(row, **fields)


def meeting(session_id: str, days: float, state: MeetingState = MeetingState.COMPLETED) -> Meeting:
    """Build a meeting of an hour, some days after the start."""
    starts_at = START + timedelta(days=days)
    return Meeting(
        session_id=SessionId(session_id),
        state=state,
        starts_at=starts_at,
        duration_minutes=60,
        evidence=Evidence.SELF_REPORT,
        stamp=Stamp(starts_at, 0, "e"),
    )


def waits(row: Pairing, at: datetime = START) -> dict[tuple[TimerKind, str], datetime]:
    """What a row waits for, by kind and what it is about."""
    return {(timer.kind, timer.about): timer.due_at for timer in timed(row, POLICY, at, PEOPLE).timers}


def test_new_pair_waits_for_a_booking_a_stall_and_the_end_of_its_term() -> None:
    """5 and 12 days without a session, 45 without a sign of life, 190 of the term."""
    assert {
        (TimerKind.BOOK_FIRST, "1"): START + 5 * DAY,
        (TimerKind.BOOK_FIRST, "2"): START + 12 * DAY,
        (TimerKind.STALL, ""): START + 45 * DAY,
        (TimerKind.TERM_OVER, ""): START + 190 * DAY,
    } == waits(pair())


def test_booked_session_is_waited_for_on_both_sides() -> None:
    """A day before its start and a day after its end."""
    found = waits(pair(meeting("s", 3, MeetingState.SCHEDULED)))

    assert START + 2 * DAY == found[(TimerKind.SESSION_SOON, "s")]
    assert START + 4 * DAY + timedelta(hours=1) == found[(TimerKind.SESSION_UNREPORTED, "s")]


def test_held_session_ends_the_wait_for_the_first_and_begins_that_for_the_next() -> None:
    """14 days after its end, unless another is booked."""
    held, ahead = meeting("s", 1), meeting("t", 30, MeetingState.SCHEDULED)
    found, booked = waits(pair(held)), waits(pair(held, ahead))

    assert START + 15 * DAY + timedelta(hours=1) == found[(TimerKind.BOOK_NEXT, "s")]
    assert TimerKind.BOOK_FIRST not in {kind for kind, _ in found}
    assert TimerKind.BOOK_NEXT not in {kind for kind, _ in booked}


def test_clock_starts_again_at_the_return() -> None:
    """sessions.C3: fourteen days after the return where the last session's fourteen days passed while away."""
    row = pair(meeting("s", 1), since=START + 40 * DAY, quiet_since=START + 40 * DAY)

    assert START + 54 * DAY == waits(row, START + 40 * DAY)[(TimerKind.BOOK_NEXT, "s")]


def test_reminder_that_should_have_been_due_is_due_now() -> None:
    """sessions.C2: what becomes true late is due at once: a session booked at short notice, one given up after the fourteen days."""
    at = START + 20 * DAY

    assert at == waits(pair(meeting("s", 20.5, MeetingState.SCHEDULED)), at)[(TimerKind.SESSION_SOON, "s")]
    assert at == waits(pair(meeting("s", 1)), at)[(TimerKind.BOOK_NEXT, "s")]


def test_reminder_that_was_sent_is_not_due_again() -> None:
    """sessions.C2: marks keep what may be due at once from coming twice."""
    at = START + 20 * DAY
    ahead, last = meeting("t", 20.5, MeetingState.SCHEDULED), meeting("s", 1)
    row = marked(reminded_of(pair(last, ahead), ahead), next_mark(last))

    assert not {TimerKind.SESSION_SOON, TimerKind.BOOK_NEXT} & {kind for kind, _ in waits(row, at)}


def test_marks_of_times_that_are_no_longer_booked_are_forgotten() -> None:
    """The row stays small however often a session is moved; the mark of a held session stays."""
    first, second = meeting("s", 3, MeetingState.SCHEDULED), meeting("s", 5, MeetingState.SCHEDULED)
    row = reminded_of(pair(first, marks=("next/x",)), first)

    moved_on = reminded_of(replace(row, meetings=(second,)), second)

    assert ("next/x", soon_mark(first)) == row.marks
    assert ("next/x", soon_mark(second)) == moved_on.marks
    assert slot(first) != slot(second)


def test_session_that_has_begun_is_not_announced() -> None:
    """There is no tomorrow for it."""
    found = waits(pair(meeting("s", 3, MeetingState.SCHEDULED)), START + 3 * DAY)

    assert (TimerKind.SESSION_SOON, "s") not in found


def test_late_timer_that_is_still_armed_stays() -> None:
    """sessions.C2: after downtime a report may come before the tick; what was due is not lost."""
    row = timed(pair(), POLICY, START, PEOPLE)
    late = timed(replace(row, turn=1), POLICY, START + 6 * DAY, PEOPLE)
    fired = timed(without(row, row.timers[0]), POLICY, START + 5 * DAY, PEOPLE)

    assert Timer(due_at=START + 5 * DAY, kind=TimerKind.BOOK_FIRST, about="1") in late.timers
    assert [TimerKind.BOOK_FIRST, TimerKind.STALL, TimerKind.TERM_OVER] == [timer.kind for timer in fired.timers]


def test_concluding_pair_waits_for_answers_and_for_what_is_booked() -> None:
    """No stall, no term, nothing to book."""
    row = pair(meeting("s", 1), meeting("t", 3, MeetingState.SCHEDULED), state=PairingState.CONCLUDING)

    assert {TimerKind.CONCLUDING_OVER, TimerKind.SESSION_SOON, TimerKind.SESSION_UNREPORTED} == {kind for kind, _ in waits(row)}
    assert START + 14 * DAY == waits(row)[(TimerKind.CONCLUDING_OVER, "")]


@pytest.mark.parametrize("state", sorted(set(PairingState) - {PairingState.ACTIVE, PairingState.CONCLUDING}))
def test_other_states_have_no_cadence(state: PairingState) -> None:
    """They wait for one thing only, set by the change to them."""
    with pytest.raises(AssertionError, match="no cadence"):
        timed(pair(state=state), POLICY, START, PEOPLE)


@pytest.mark.parametrize(
    ("meetings", "days"),
    [
        ((), 0),
        ((meeting("s", 10, MeetingState.SCHEDULED),), 10),
        ((meeting("s", 10),), 10),
        ((meeting("s", 10, MeetingState.CANCELLED), meeting("t", 10, MeetingState.MISSED)), 0),
        ((meeting("s", 10), meeting("t", 30, MeetingState.SCHEDULED)), 30),
    ],
)
def test_stall_counts_from_the_last_sign_of_life(meetings: tuple[Meeting, ...], days: int) -> None:
    """The return, or the end of what is booked or was held; not what was given up."""
    hour = timedelta(hours=1) if days else timedelta()

    assert START + (days + 45) * DAY + hour == stalls_at(pair(*meetings), POLICY)


def test_plan_is_done_by_sessions_or_by_time() -> None:
    """Planned sessions of the term held, or the term over; a new term has its own."""
    six = tuple(meeting(f"s{n}", n + 1) for n in range(6))
    renewed = pair(*six, term=2, term_started_at=START + 10 * DAY)

    assert not is_plan_done(pair(*six[:5]), POLICY, START + 20 * DAY)
    assert is_plan_done(pair(*six), POLICY, START + 20 * DAY)
    assert not is_plan_done(pair(), POLICY, START + 190 * DAY - timedelta(seconds=1))
    assert is_plan_done(pair(), POLICY, START + 190 * DAY)
    assert [] == term_held(renewed)
    assert not is_plan_done(renewed, POLICY, START + 20 * DAY)


meetings = st.lists(
    st.builds(meeting, st.sampled_from("abcd"), st.floats(-5, 60), st.sampled_from(MeetingState)),
    max_size=4,
    unique_by=lambda one: one.session_id,
).map(tuple)
states = st.sampled_from([PairingState.ACTIVE, PairingState.CONCLUDING])


@given(meetings=meetings, state=states, hours=st.integers(0, 24 * 250))
def test_invariants_c1_and_c2_hold_for_any_row(meetings: tuple[Meeting, ...], state: PairingState, hours: int) -> None:
    """sessions.C1: timing a row twice is timing it once; sessions.C2: nothing is due before now unless it was armed already."""
    at = START + timedelta(hours=hours)

    row = timed(pair(*meetings, state=state), POLICY, at, PEOPLE)

    assert row == timed(row, POLICY, at, PEOPLE)
    assert all(timer.due_at >= at for timer in row.timers)
    check(row)
