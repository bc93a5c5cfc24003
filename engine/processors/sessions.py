"""Sessions of a pair: booked, held, cancelled, missed. They feed the ledger, reset the cadence clock and set the next reminders."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from engine.domain import meetings as ledger
from engine.domain.meetings import Exchange, Meeting, MeetingState
from engine.domain.pairing import Pairing, PairingEvent, Timer, TimerKind, armed, disarmed
from engine.domain.programme import Programme, families_of
from engine.effects import Effects, Handler, Record, Refuse, Rows
from engine.processors import lifecycle
from engine.processors.intents import withdrawn
from engine.processors.learning import after_change
from engine.processors.tables import pairing_in, programme_in, put_pairing
from schemas.codes import ErrorCode, NudgeKey, PairingState
from schemas.envelope import Event
from schemas.ids import programme_of
from schemas.session import SessionCancelled, SessionCompleted, SessionMissed, SessionScheduled

SessionReport = SessionScheduled | SessionCompleted | SessionCancelled | SessionMissed


def on_session(rows: Rows, record: Record) -> Effects:
    """Take in any report about a session of a live pair."""
    assert isinstance(record.payload, Event)
    event, data = record.payload, record.payload.data
    assert isinstance(data, SessionReport)
    programme = programme_in(rows, programme_of(data.pairing_id))
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
        return
    pairing = pairing_in(rows, data.pairing_id)
    if pairing is None or not pairing.is_live:
        yield Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no live pairing")
        return
    report = _report(programme, pairing, event, data)
    if isinstance(report, Refuse):
        yield report
        return
    meetings = ledger.reported(pairing.meetings, report)
    if meetings is pairing.meetings:
        return
    yield from _taken(rows, programme, pairing, replace(pairing, meetings=meetings), report, record.at)


def _report(programme: Programme, pairing: Pairing, event: Event, data: SessionReport) -> Meeting | Refuse:
    known = ledger.find(pairing.meetings, data.session_id)
    starts_at, minutes = (known.starts_at, known.duration_minutes) if known else (event.time.replace(microsecond=0), programme.policy.session_minutes)
    base = Meeting(
        session_id=data.session_id,
        state=MeetingState.SCHEDULED,
        starts_at=starts_at,
        duration_minutes=minutes,
        sequence=event.sequence or 0,
        reported_at=event.time,
    )
    match data:
        case SessionScheduled():
            proposed_by = data.proposed_by if data.proposed_by in pairing.people else None
            return replace(base, starts_at=data.starts_at, duration_minutes=data.duration_minutes, proposed_by=proposed_by)
        case SessionCancelled():
            cancelled_by = data.cancelled_by if data.cancelled_by in pairing.people else None
            return replace(base, state=MeetingState.CANCELLED, cancelled_by=cancelled_by)
        case SessionMissed():
            return replace(base, state=MeetingState.MISSED)
        case SessionCompleted():
            return _held(programme, pairing, base, data)


def _held(programme: Programme, pairing: Pairing, base: Meeting, data: SessionCompleted) -> Meeting | Refuse:
    families = families_of(programme.policy_json)
    for exchange in data.exchanges:
        if exchange.topic not in families:
            return Refuse(ErrorCode.SCHEMA_INVALID, f"exchanges.topic: unknown topic {exchange.topic}")
        if exchange.taught_by not in pairing.people:
            return Refuse(ErrorCode.SCHEMA_INVALID, "exchanges.taught_by: not one of the two")
    return replace(
        base,
        state=MeetingState.COMPLETED,
        starts_at=data.started_at,
        duration_minutes=data.duration_minutes,
        exchanges=tuple(Exchange(topic=x.topic, family=families[x.topic], taught_by=x.taught_by) for x in data.exchanges),
        evidence=data.evidence,
    )


def _taken(rows: Rows, programme: Programme, before: Pairing, pairing: Pairing, report: Meeting, at: datetime) -> Effects:
    is_sign_of_life = report.state in {MeetingState.SCHEDULED, MeetingState.COMPLETED}
    yield from _answered_reminders(before, pairing, report)
    if is_sign_of_life and pairing.state is PairingState.STALLED:
        yield from lifecycle.resume(programme, pairing, PairingEvent.SESSION_SEEN, at)
    elif pairing.state is PairingState.ACTIVE:
        if report.state is MeetingState.SCHEDULED:
            pairing = disarmed(replace(pairing, quiet_since=at), TimerKind.BOOK_FIRST)
        elif report.state is MeetingState.COMPLETED:
            pairing = disarmed(pairing, TimerKind.BOOK_FIRST)
        yield put_pairing(with_stall(programme, lifecycle.with_session_timers(pairing, at), at))
        yield from lifecycle.announced(pairing, at)
    else:
        yield put_pairing(pairing)
        yield from lifecycle.announced(pairing, at)
    yield from after_change(rows, programme, before, pairing.pairing_id, report, at)


def with_stall(programme: Programme, pairing: Pairing, at: datetime) -> Pairing:
    """Set the stall timer from the last sign of life: activation or return, a booking made, the end of a booked or held session."""
    assert pairing.quiet_since is not None, "only a live pair can stall"
    seen = [meeting.ends_at for meeting in pairing.meetings if meeting.state in {MeetingState.SCHEDULED, MeetingState.COMPLETED}]
    due_at = max(pairing.quiet_since, *seen, pairing.quiet_since) + timedelta(days=programme.policy.stall_days)
    return armed(disarmed(pairing, TimerKind.STALL), Timer(kind=TimerKind.STALL, due_at=max(due_at, at + timedelta(seconds=1))))


def _answered_reminders(before: Pairing, pairing: Pairing, report: Meeting) -> Effects:
    """Take back the reminders that this report answers."""
    if report.state is MeetingState.SCHEDULED:
        keys = (NudgeKey.BOOK_FIRST_SESSION, NudgeKey.BOOK_NEXT_SESSION, NudgeKey.PAIRING_QUIET)
        yield from withdrawn(pairing, keys=keys)
    elif report.state is MeetingState.COMPLETED:
        keys = (NudgeKey.BOOK_FIRST_SESSION, NudgeKey.PAIRING_QUIET)
        yield from withdrawn(pairing, keys=keys)
    known = ledger.find(before.meetings, report.session_id)
    if known is not None and lifecycle.soon_mark(known) in before.marks and (known.starts_at, known.state) != (report.starts_at, report.state):
        yield from withdrawn(pairing, keys=(NudgeKey.SESSION_TOMORROW,), occasion=lifecycle.soon_mark(known))
    if report.state is not MeetingState.SCHEDULED:
        yield from withdrawn(pairing, keys=(NudgeKey.LOG_SESSION,), occasion=report.session_id)


HANDLERS: Final[Mapping[type, Handler]] = MappingProxyType(
    dict.fromkeys((SessionScheduled, SessionCompleted, SessionCancelled, SessionMissed), on_session)
)
