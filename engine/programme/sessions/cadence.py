"""The cadence of a pair: what it waits for while both are there.

Decides: at which instants an active or concluding pair is looked at again, and when its plan is done.
Never knows: what is then done about it (pairs/pair_timers).

Invariants
    sessions.C1  The timers are a function of the row, the policy, the calendars of the two and the instant: whatever changes the row, the
        same row waits for the same things.
    sessions.C2  What was due before comes no second time, except that a timer which is still armed stays so, however late it is.
    sessions.C3  Time away doesn't count: after a pause, a conflict or a stall the clock starts again at the return.

A pair that is proposed, paused, suspended or stalled waits for one thing only, which the change to that state sets.

Source: docs/rules.md, Pairs; docs/rules.md, Sessions and the ledger of teaching.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from engine.programme.pairs.pairing import Pairing, Timer, TimerKind, armed, marked, unmarked
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions.meetings import Meeting, MeetingState
from engine.programme.times.waking import Waking
from schemas.frozen import replace
from schemas.terms.codes import PairingState
from schemas.terms.policy import Policy

BOOK_FIRST_DAYS: Final = (5, 12)
"""Days after the start at which an active pair without a session is asked to book."""
BOOK_NEXT_DAYS: Final = 14
BOOK_AGAIN_DAYS: Final = 2
"""Days after a session fell through at which nobody having booked is worth a reminder."""
BOOK_AGAIN_APART_DAYS: Final = 7
"""No other reminder to book comes before that one, nor so many days after it."""
DAY: Final = timedelta(hours=24)
_SOON: Final = "soon/"


_GUARDED: Final = frozenset({TimerKind.STALL, TimerKind.TERM_OVER, TimerKind.CONCLUDING_OVER, TimerKind.SESSION_SOON, TimerKind.BOOK_NEXT})
"""Kinds that a mark or a change of state keeps from coming twice.

One that should have been due before now is due now.
"""


def timed(pairing: Pairing, policy: Policy, at: datetime, people: tuple[Waking, Waking]) -> Pairing:
    """Set all timers of an active or concluding pair (sessions.C1, sessions.C2).

    Args:
        people: when its two people may hear something; the reminder of a session goes by that.
    """
    due: list[Timer] = []
    for timer in _waits(pairing, policy, at, people):
        if timer.due_at > at or timer in pairing.timers:
            due.append(timer)
        elif timer.kind in _GUARDED:
            due.append(replace(timer, due_at=at))
    return armed(replace(pairing, timers=()), *due)


def _waits(pairing: Pairing, policy: Policy, at: datetime, people: tuple[Waking, Waking]) -> Iterator[Timer]:
    match pairing.state:
        case PairingState.ACTIVE:
            yield Timer(kind=TimerKind.STALL, due_at=stalls_at(pairing, policy))
            yield Timer(kind=TimerKind.TERM_OVER, due_at=term_over_at(pairing, policy))
            yield from _to_book(pairing, at)
        case PairingState.CONCLUDING:
            assert pairing.decide_by_at is not None, "a concluding pair has a day by which to answer"
            yield Timer(kind=TimerKind.CONCLUDING_OVER, due_at=pairing.decide_by_at)
        case _:
            raise AssertionError(f"a {pairing.state} pair has no cadence")
    for meeting in ledger.planned(pairing.meetings):
        if meeting.starts_at > at and soon_mark(meeting) not in pairing.marks:
            yield Timer(kind=TimerKind.SESSION_SOON, due_at=reminded_at(meeting, people), about=meeting.session_id)
        yield Timer(kind=TimerKind.SESSION_UNREPORTED, due_at=meeting.ends_at + DAY, about=meeting.session_id)


def reminded_at(meeting: Meeting, people: tuple[Waking, Waking]) -> datetime:
    """Return when the first of two reminders of a session is due."""
    found = [waking.reminder_of(meeting.starts_at) for waking in people]
    return min((at for at in found if at is not None), default=meeting.starts_at - DAY)


def _to_book(pairing: Pairing, at: datetime) -> Iterator[Timer]:
    """Wait for the instants at which nobody having booked is worth a reminder.

    Whose session fell through is asked to book again soon, and by nothing else at about that time.
    """
    held = ledger.held(pairing.meetings)
    again_at: datetime | None = None
    is_booked = bool(ledger.booked(pairing.meetings, at))
    fallen = ledger.last_fallen_through(pairing.meetings)
    if fallen is not None and fallen.stamp.time >= pairing.since:
        again_at = fallen.stamp.time.replace(microsecond=0) + timedelta(days=BOOK_AGAIN_DAYS)
        if not is_booked:
            yield Timer(kind=TimerKind.BOOK_AGAIN, due_at=again_at, about=fallen.session_id)
    if not held:
        fixed = [
            Timer(kind=TimerKind.BOOK_FIRST, due_at=pairing.since + timedelta(days=days), about=str(number))
            for number, days in enumerate(BOOK_FIRST_DAYS, 1)
        ]
    elif next_mark(held[-1]) not in pairing.marks and not is_booked:
        begun_at = max(pairing.since, held[-1].ends_at)
        fixed = [Timer(kind=TimerKind.BOOK_NEXT, due_at=begun_at + timedelta(days=BOOK_NEXT_DAYS), about=held[-1].session_id)]
    else:
        fixed = []
    yield from (timer for timer in fixed if again_at is None or timer.due_at >= again_at + timedelta(days=BOOK_AGAIN_APART_DAYS))


def stalls_at(pairing: Pairing, policy: Policy) -> datetime:
    """Return when the pair has been without a sign of life for too long.

    A sign of life is: becoming active or coming back, the making of a booking, the end of a session that is booked or was held.
    """
    assert pairing.quiet_since is not None, "only a live pair can stall"
    alive = {MeetingState.SCHEDULED, MeetingState.COMPLETED}
    seen = [meeting.ends_at for meeting in pairing.meetings if meeting.state in alive]
    return max([pairing.quiet_since, *seen]) + timedelta(days=policy.stall_days)


def term_over_at(pairing: Pairing, policy: Policy) -> datetime:
    """Return the end of the term, which stands still while the pair is paused or suspended."""
    assert pairing.term_started_at is not None, "only a live pair has a term"
    return pairing.term_started_at + timedelta(days=policy.term_days, seconds=pairing.away_seconds)


def is_plan_done(pairing: Pairing, policy: Policy, at: datetime) -> bool:
    """Whether the planned sessions of the term were held, or the term is over."""
    return term_over_at(pairing, policy) <= at or len(term_held(pairing)) >= policy.sessions_planned


def term_since(pairing: Pairing) -> datetime | None:
    """Return the start of the current term; the first term has every meeting."""
    return pairing.term_started_at if pairing.term > 1 else None


def term_held(pairing: Pairing) -> list[Meeting]:
    """Return the meetings held in the current term, in time order."""
    return ledger.held(pairing.meetings, term_since(pairing))


def slot(meeting: Meeting) -> str:
    """Name one booked time of one session; another time is another slot."""
    return f"{meeting.session_id}/{meeting.starts_at:%Y-%m-%dT%H:%M:%S}"


def soon_mark(meeting: Meeting) -> str:
    """Name the once-only reminder of one booked time."""
    return f"{_SOON}{slot(meeting)}"


def next_mark(meeting: Meeting) -> str:
    """Name the once-only reminder to book the session after one that was held."""
    return f"next/{meeting.session_id}"


def booked_anew(pairing: Pairing) -> Pairing:
    """Let the clock of the next booking start again after time away (sessions.C3)."""
    held = ledger.held(pairing.meetings)
    return unmarked(pairing, next_mark(held[-1])) if held else pairing


def reminded_of(pairing: Pairing, meeting: Meeting) -> Pairing:
    """Remember the reminder of a booked time; forget those of times no longer booked."""
    booked = {soon_mark(one) for one in ledger.planned(pairing.meetings)}
    kept = tuple(mark for mark in pairing.marks if not mark.startswith(_SOON) or mark in booked)
    return marked(replace(pairing, marks=kept), soon_mark(meeting))
