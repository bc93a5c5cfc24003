"""Timers of a pairing: what happens when nobody does anything."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.core.effects import Due, Effects, Rows, existing
from engine.core.stage import processor, woken
from engine.programme.interruptions import absences, conflicts
from engine.programme.interruptions.resumption import asked_to_resume
from engine.programme.nudges.intents import nudged, proposal_params
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, Timer, TimerKind, due, marked, without
from engine.programme.rounds.programme import Programme
from engine.programme.sessions import cadence, teaching
from engine.programme.sessions import meetings as ledger
from engine.programme.tables import PAIRINGS, PROGRAMMES, put_pairing
from schemas.frozen import replace
from schemas.nudges.catalogue import expiry
from schemas.terms.codes import EndCode, NudgeKey
from schemas.terms.ids import PersonId, SessionId
from schemas.text.fields import instant_text

TimerRule = Callable[[Rows, Programme, Pairing, Timer, datetime], Effects]


def wake(rows: Rows, pairing: Pairing, this: Due) -> Effects:
    """Fire the due timers of one pairing, in order.

    A timer that an earlier one disarmed stays quiet.
    """
    at = this.at
    programme = existing(rows, PROGRAMMES, pairing.programme_id)
    for timer in due(pairing.timers, at):
        current = rows.get(PAIRINGS, pairing.pairing_id)
        if current is None or timer not in current.timers:
            continue
        fired = without(current, timer)
        yield put_pairing(fired)
        yield from ON_TIMER[timer.kind](rows, programme, fired, timer, at)


def _answer_due(_rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    """Remind both of a proposal that is undecided, whatever either has answered."""
    for person_id in pairing.people:
        yield from nudged(
            programme,
            pairing,
            NudgeKey.ANSWER_PROPOSAL,
            person_id,
            at=at,
            occasion=str(pairing.proposal.version),
            expires_at=pairing.proposal.expires_at,
            params=proposal_params(programme, pairing),
        )


def _consent_over(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from lifecycle.lapse(rows, programme, pairing, at, has_expired=True)


def _book_first(_rows: Rows, programme: Programme, pairing: Pairing, timer: Timer, at: datetime) -> Effects:
    """Ask for the first session some days after the pair became active."""
    if not ledger.booked(pairing.meetings, at):
        yield from _first_asked_for(programme, pairing, f"{pairing.since:%Y-%m-%d}/{timer.about}", timer.due_at, at)


def _book_next(_rows: Rows, programme: Programme, pairing: Pairing, timer: Timer, at: datetime) -> Effects:
    """Ask for the next session some days after the last, once."""
    last = ledger.held(pairing.meetings)[-1]
    reminded = marked(pairing, cadence.next_mark(last))
    occasion = timer.about if pairing.since <= last.ends_at else f"{timer.about}/{pairing.since:%Y-%m-%d}"
    yield from _next_asked_for(programme, reminded, occasion, at)


def _book_again(_rows: Rows, programme: Programme, pairing: Pairing, timer: Timer, at: datetime) -> Effects:
    """Ask for another session in the place of one that fell through."""
    fallen = ledger.known(pairing.meetings, SessionId(timer.about))
    if ledger.booked(pairing.meetings, at):
        return
    occasion = f"again/{cadence.slot(fallen)}"
    if ledger.held(pairing.meetings):
        yield from _next_asked_for(programme, pairing, occasion, at)
    else:
        yield from _first_asked_for(programme, pairing, occasion, timer.due_at, at)


def _first_asked_for(programme: Programme, pairing: Pairing, occasion: str, due_at: datetime, at: datetime) -> Effects:
    """Ask the side that hasn't proposed a time; else one, then the other."""
    person_id, turned = _next_in_turn(pairing, {meeting.proposed_by for meeting in pairing.meetings if meeting.proposed_by is not None})
    yield put_pairing(turned)
    expires_at = expiry(NudgeKey.BOOK_FIRST_SESSION, due_at=due_at, at=at)
    yield from nudged(programme, turned, NudgeKey.BOOK_FIRST_SESSION, person_id, at=at, occasion=occasion, expires_at=expires_at)


def _next_asked_for(programme: Programme, pairing: Pairing, occasion: str, at: datetime) -> Effects:
    """Ask the side that gave up the last session or that has taught less.

    Where neither did, the two take turns.
    """
    owing = _owing_side(pairing)
    person_id, turned = (owing, pairing) if owing is not None else _next_in_turn(pairing)
    yield put_pairing(turned)
    last_at = instant_text(ledger.held(pairing.meetings)[-1].starts_at)
    yield from nudged(programme, turned, NudgeKey.BOOK_NEXT_SESSION, person_id, at=at, occasion=occasion, last_session_at=last_at)


def _owing_side(pairing: Pairing) -> PersonId | None:
    fallen = ledger.last_fallen_through(pairing.meetings)
    if fallen is not None and fallen.given_up_by:
        return fallen.given_up_by[0]
    first, second = pairing.people
    taught_first, taught_second = (teaching.taught_count(pairing, person_id) for person_id in pairing.people)
    if taught_first == taught_second:
        return None
    return first if taught_first < taught_second else second


def _next_in_turn(pairing: Pairing, done: Collection[PersonId] = ()) -> tuple[PersonId, Pairing]:
    """Name whose turn it is, and pass the turn on.

    It is the one side that isn't done; else the two take turns.
    """
    open_ = [person_id for person_id in pairing.people if person_id not in done]
    if len(open_) == 1:
        return open_[0], pairing
    return pairing.people[pairing.turn % len(pairing.people)], replace(pairing, turn=pairing.turn + 1)


def _session_soon(_rows: Rows, programme: Programme, pairing: Pairing, timer: Timer, at: datetime) -> Effects:
    """Remind both of a booked time, unless it has come already."""
    meeting = ledger.known(pairing.meetings, SessionId(timer.about))
    if meeting.starts_at <= at:
        return
    reminded = cadence.reminded_of(pairing, meeting)
    yield put_pairing(reminded)
    for person_id in pairing.people:
        yield from nudged(
            programme,
            reminded,
            NudgeKey.SESSION_TOMORROW,
            person_id,
            at=at,
            occasion=cadence.slot(meeting),
            expires_at=meeting.starts_at,
            about_at=meeting.starts_at,
            session_id=meeting.session_id,
            starts_at=instant_text(meeting.starts_at),
            duration_minutes=meeting.duration_minutes,
        )


def _session_unreported(_rows: Rows, programme: Programme, pairing: Pairing, timer: Timer, at: datetime) -> Effects:
    """Ask one side, then the other, how a booked session went."""
    meeting = ledger.known(pairing.meetings, SessionId(timer.about))
    person_id, turned = _next_in_turn(pairing)
    yield put_pairing(turned)
    yield from nudged(
        programme,
        turned,
        NudgeKey.LOG_SESSION,
        person_id,
        at=at,
        occasion=cadence.slot(meeting),
        expires_at=expiry(NudgeKey.LOG_SESSION, due_at=timer.due_at, at=at),
        session_id=meeting.session_id,
        ended_at=instant_text(meeting.ends_at),
    )


def _stall(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from lifecycle.stall(rows, programme, pairing, at)


def _grace_over(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from lifecycle.end(rows, programme, pairing, EndCode.INACTIVE, at)


def _term_over(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from lifecycle.conclude(rows, programme, pairing, at)


def _concluding_over(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from lifecycle.end(rows, programme, pairing, EndCode.COMPLETED, at)


def _circumstances(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from lifecycle.end(rows, programme, pairing, EndCode.CIRCUMSTANCES, at)


def _conflict_settled(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from conflicts.stood(rows, programme, pairing, at)


def _soft_landing_over(rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    yield from asked_to_resume(rows, programme, pairing, at)


def _retention_over(_rows: Rows, _programme: Programme, pairing: Pairing, _timer: Timer, _at: datetime) -> Effects:
    yield from lifecycle.taken_off(pairing)


ON_TIMER: Final[Mapping[TimerKind, TimerRule]] = MappingProxyType(
    {
        TimerKind.ANSWER_DUE: _answer_due,
        TimerKind.CONSENT_OVER: _consent_over,
        TimerKind.BOOK_FIRST: _book_first,
        TimerKind.BOOK_NEXT: _book_next,
        TimerKind.BOOK_AGAIN: _book_again,
        TimerKind.SESSION_SOON: _session_soon,
        TimerKind.SESSION_UNREPORTED: _session_unreported,
        TimerKind.STALL: _stall,
        TimerKind.GRACE_OVER: _grace_over,
        TimerKind.TERM_OVER: _term_over,
        TimerKind.CONCLUDING_OVER: _concluding_over,
        TimerKind.CONFLICT_SETTLED: _conflict_settled,
        TimerKind.CONFLICT_OVER: _circumstances,
        TimerKind.AWAY_QUESTION: absences.partner_asked,
        TimerKind.SOFT_LANDING_OVER: _soft_landing_over,
        TimerKind.RESUME_OVER: _circumstances,
        TimerKind.RETENTION_OVER: _retention_over,
    }
)


PROCESSOR: Final = processor(wakes=woken(PAIRINGS, wake))
