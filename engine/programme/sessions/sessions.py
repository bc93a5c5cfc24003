"""Sessions of a pair: booked, held, cancelled, missed.

They feed the ledger, reset the cadence clock and set the next reminders.
"""

from datetime import timedelta
from typing import Final

from engine.core.effects import Effects, Ignore, Record, Refuse, Rows
from engine.core.stage import processor
from engine.core.stamp import stamp_of
from engine.programme.erasure.rules import names_a_stranger
from engine.programme.nudges.intents import withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, PairingEvent, is_published
from engine.programme.participants import silence
from engine.programme.rounds.programme import Programme, families_of
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions.cadence import slot, term_since
from engine.programme.sessions.meetings import Exchange, Meeting, MeetingState
from engine.programme.sessions.past import is_settled
from engine.programme.sessions.prompts import after_change
from engine.programme.tables import PAIRINGS, PROGRAMMES, put_pairing
from engine.programme.times.reach import timed_in
from schemas.envelope import Event
from schemas.events.session import SessionCancelled, SessionCompleted, SessionMissed, SessionScheduled
from schemas.frozen import replace
from schemas.terms.codes import ErrorCode, NudgeKey, PairingState
from schemas.terms.ids import PersonId, SessionId, programme_of

REPORTED_AFTER_DAYS: Final = 14
"""How long after its end a pair's sessions may be reported, by the time of the report."""
SessionReport = SessionScheduled | SessionCompleted | SessionCancelled | SessionMissed
_SIGNS_OF_LIFE: Final = frozenset({MeetingState.SCHEDULED, MeetingState.COMPLETED})
_WITH_CADENCE: Final = frozenset({PairingState.ACTIVE, PairingState.CONCLUDING})


def on_session(rows: Rows, data: SessionReport, record: Record) -> Effects:
    """Take in any report about a session of a live pair."""
    event = record.event
    programme = rows.get(PROGRAMMES, programme_of(data.pairing_id))
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
        return
    pairing = rows.get(PAIRINGS, data.pairing_id)
    if pairing is not None and names_a_stranger(pairing, _named(data)):
        yield Ignore()
        return
    if pairing is None:
        yield Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
        return
    found = _judged(programme, pairing, event, data)
    if isinstance(found, Refuse):
        yield found
    elif found is not None:
        yield from _taken(rows, programme, pairing, found, record, session_id=data.session_id)
        for person_id in _acting(pairing, event, data):
            yield from silence.acted(rows, programme, person_id, event.time)


def _judged(programme: Programme, pairing: Pairing, event: Event, data: SessionReport) -> tuple[Meeting, ...] | Refuse | None:
    """Return the meetings with a report, or why it isn't taken; None where it adds nothing."""
    known = ledger.find(pairing.meetings, data.session_id)
    if not _takes_reports(pairing, event, data):
        is_old_news = stamp_of(event) <= known.stamp if known is not None else is_settled(pairing.past, event.time)
        if is_old_news:
            return None
        return Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no live pairing, nor one that ended up to 14 days before and met by then")
    report = _report(programme, pairing, event, data)
    if isinstance(report, Refuse):
        return report
    if known is None and pairing.past is not None and (report.timed_by is None or report.starts_at <= pairing.past.until):
        if is_settled(pairing.past, event.time):
            return None
        if report.timed_by is not None:
            return Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: the terms up to the one before last are closed")
    meetings = ledger.reported(pairing.meetings, report)
    if meetings is pairing.meetings:
        return None
    if not ledger.has_room(pairing.meetings, ledger.known(meetings, data.session_id), term_since(pairing)):
        return Refuse(ErrorCode.TOO_LARGE, f"session_id: {ledger.SESSIONS_MAX} sessions of the term are known, more don't count")
    return meetings


def _takes_reports(pairing: Pairing, event: Event, data: SessionReport) -> bool:
    """Say whether a pair is live, or ended so lately that a report still counts.

    Of a session that is known by then it may also be said that it wasn't held after all.
    """
    if pairing.is_live:
        return True
    if pairing.activated_at is None or event.time > pairing.since + timedelta(days=REPORTED_AFTER_DAYS):
        return False
    if isinstance(data, SessionCompleted):
        return data.started_at < pairing.since
    return not isinstance(data, SessionScheduled) and ledger.find(pairing.meetings, data.session_id) is not None


def _acting(pairing: Pairing, event: Event, data: SessionReport) -> tuple[PersonId, ...]:
    """Name those of the two whose own act a report is: who sent it, who booked or cancelled."""
    match data:
        case SessionScheduled():
            by = data.proposed_by
        case SessionCancelled():
            by = data.cancelled_by
        case _:
            by = None
    return tuple(person_id for person_id in pairing.people if person_id in {event.actor, by})


def _named(data: SessionReport) -> tuple[PersonId | None, ...]:
    match data:
        case SessionScheduled():
            return (data.proposed_by,)
        case SessionCancelled():
            return (data.cancelled_by,)
        case SessionMissed():
            return data.absent or ()
        case SessionCompleted():
            return tuple(exchange.taught_by for exchange in data.exchanges)


def _report(programme: Programme, pairing: Pairing, event: Event, data: SessionReport) -> Meeting | Refuse:
    """Read a report.

    One that doesn't say when the session is stands at its own time until another does.
    """
    stamp = stamp_of(event)
    base = Meeting(
        session_id=data.session_id,
        state=MeetingState.SCHEDULED,
        starts_at=event.time.replace(microsecond=0),
        duration_minutes=programme.policy.session_minutes,
        stamp=stamp,
    )
    match data:
        case SessionScheduled():
            proposed_by = data.proposed_by if data.proposed_by in pairing.people else None
            timed = replace(base, starts_at=data.starts_at, duration_minutes=data.duration_minutes, timed_by=stamp)
            return replace(timed, proposed_by=proposed_by, booked_by=stamp)
        case SessionCancelled():
            cancelled_by = data.cancelled_by if data.cancelled_by in pairing.people else None
            return replace(base, state=MeetingState.CANCELLED, cancelled_by=cancelled_by)
        case SessionMissed():
            absent = tuple(person_id for person_id in pairing.people if person_id in (data.absent or ()))
            return replace(base, state=MeetingState.MISSED, absent=absent)
        case SessionCompleted():
            return _held(programme, pairing, base, data)


def _held(programme: Programme, pairing: Pairing, base: Meeting, data: SessionCompleted) -> Meeting | Refuse:
    families = families_of(programme.policy_json)
    for exchange in data.exchanges:
        if exchange.topic not in families:
            return Refuse(ErrorCode.SCHEMA_INVALID, f"exchanges.topic: unknown topic {exchange.topic}", may_pass=True)
        if exchange.taught_by not in pairing.people:
            return Refuse(ErrorCode.SCHEMA_INVALID, "exchanges.taught_by: not one of the two")
    return replace(
        base,
        state=MeetingState.COMPLETED,
        starts_at=data.started_at,
        duration_minutes=data.duration_minutes,
        timed_by=base.stamp,
        exchanges=tuple(Exchange(topic=x.topic, family=families[x.topic], taught_by=x.taught_by) for x in data.exchanges),
        evidence=data.evidence,
    )


def _taken(
    rows: Rows, programme: Programme, before: Pairing, meetings: tuple[Meeting, ...], record: Record, *, session_id: SessionId
) -> Effects:
    """Write a report down and follow it up.

    Only a stalled pair is moved by it; one that is over just counts.
    """
    pairing, at, report = replace(before, meetings=meetings), record.at, ledger.known(meetings, session_id)
    if report.stamp != stamp_of(record.event):
        yield put_pairing(pairing)  # an older report only adds what no later one speaks of
        return
    yield from _answered_reminders(before, pairing, report)
    if pairing.state is PairingState.STALLED and report.state in _SIGNS_OF_LIFE:
        yield from lifecycle.resume(rows, programme, pairing, PairingEvent.SESSION_SEEN, at)
    else:
        if pairing.state is PairingState.ACTIVE and report.state is MeetingState.SCHEDULED:
            pairing = replace(pairing, quiet_since=at)
        if pairing.state in _WITH_CADENCE:
            pairing = timed_in(rows, programme, pairing, at)
        yield put_pairing(pairing)
        if is_published(pairing):
            yield from lifecycle.announced(pairing, at)
    yield from after_change(rows, programme, before, report, at)


def _answered_reminders(before: Pairing, pairing: Pairing, report: Meeting) -> Effects:
    """Take back the reminders that a report answers.

    They are those to book, and those about booked times that no longer stand.
    """
    if report.state in _SIGNS_OF_LIFE:
        yield from withdrawn(
            pairing, keys=(NudgeKey.BOOK_FIRST_SESSION, NudgeKey.BOOK_NEXT_SESSION, NudgeKey.PAIRING_QUIET, NudgeKey.FIND_A_TIME)
        )
    stands = {slot(meeting) for meeting in ledger.planned(pairing.meetings)}
    for meeting in ledger.planned(before.meetings):
        if slot(meeting) not in stands:
            yield from withdrawn(pairing, keys=(NudgeKey.SESSION_TOMORROW, NudgeKey.LOG_SESSION), occasion=slot(meeting))


PROCESSOR: Final = processor(on_session)
