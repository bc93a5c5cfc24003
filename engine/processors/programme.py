"""Commands about a programme: policy, pause, close, rounds, locks and forbidden pairs, retractions. All audited."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, get_args

from engine.domain.calendar import start_of_day
from engine.domain.messages import NudgesWithdrawn, PairForbidden, PersonNamed
from engine.domain.nudging import RULES
from engine.domain.pairing import Pairing
from engine.domain.participant import Participant, at_rest
from engine.domain.programme import Lock, Programme, ProgrammeStatus, next_round, pair_of, with_policy
from engine.domain.stamp import stamp_of
from engine.effects import Effects, Emit, Handler, Record, Refuse, Rows, RowsOfStep, Send, StageName
from engine.processors import lifecycle, rounds, standing
from engine.processors.tables import (
    PAIRINGS,
    PARTICIPANTS,
    PROGRAMMES,
    bar_in,
    pairing_in,
    participant_in,
    programme_in,
    put_bar,
    put_participant,
    put_programme,
)
from schemas.audit import CommandRecorded, CommandRefused
from schemas.codes import EndCode, ErrorCode, NudgeClass, PairingState, RefusalCode
from schemas.envelope import Event
from schemas.frozen import replace
from schemas.ids import PairingId, ProgrammeId, programme_of
from schemas.pairing import PairingForbidden, PairingLocked
from schemas.programme import (
    DeparturesReleased,
    NudgesReleased,
    ProgrammeClosed,
    ProgrammeCreated,
    ProgrammePaused,
    ProgrammePolicyChanged,
    ProgrammeResumed,
    ProposalRetracted,
)
from schemas.round import RoundRequested
from schemas.topics import AUDIT, INSIGHTS

Command = (
    ProgrammePolicyChanged
    | ProgrammePaused
    | ProgrammeResumed
    | ProgrammeClosed
    | RoundRequested
    | PairingLocked
    | PairingForbidden
    | NudgesReleased
    | DeparturesReleased
)
BEHAVIOURAL_KEYS: Final = tuple(key for key, rule in RULES.items() if rule.class_ is NudgeClass.BEHAVIOURAL)


def on_created(rows: Rows, record: Record) -> Effects:
    """Start a programme under its first policy."""
    event, data = _event(record)
    assert isinstance(data, ProgrammeCreated)
    if programme_in(rows, data.programme_id) is not None:
        yield from _refuse(data.programme_id, event, RefusalCode.ALREADY_EXISTS)
        return
    programme = Programme(programme_id=data.programme_id, name=data.name, policy_json=data.policy.model_dump_json(), created_at=record.at)
    yield put_programme(replace(programme, next_round_at=next_round(programme, record.at)))
    yield from _recorded(data.programme_id, event)


def on_command(rows: RowsOfStep, record: Record) -> Effects:
    """Carry out a command to an existing programme, or refuse it."""
    event, data = _event(record)
    assert isinstance(data, Command)
    programme = programme_in(rows, data.programme_id)
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "programme_id: no such programme")
        return
    if programme.status is ProgrammeStatus.CLOSED:
        yield from _too_late(programme, event, data)
        return
    match data:
        case ProgrammePolicyChanged():
            changed = with_policy(programme, data.policy, record.at)
            yield put_programme(changed)
            yield from standing.policy_reviewed(rows, changed, record.at)
        case ProgrammePaused():
            yield put_programme(replace(programme, status=ProgrammeStatus.PAUSED, next_round_at=None))
            for participant in _participants(rows, programme):
                yield from _hushed(participant)
        case ProgrammeResumed():
            running = replace(programme, status=ProgrammeStatus.RUNNING)
            yield put_programme(replace(running, next_round_at=next_round(running, record.at)))
        case ProgrammeClosed():
            yield from _closed(rows, programme, record.at)
        case RoundRequested():
            yield from _round(rows, programme, event, data, record.at)
            return
        case PairingLocked():
            yield from _locked(rows, programme, event, data)
            return
        case PairingForbidden():
            yield from _forbidden(rows, programme, event, data)
        case NudgesReleased() | DeparturesReleased():
            pass  # processors/storm lets them leave: behind the breaker, not through it
    day = start_of_day(record.at.date(), None) if isinstance(data, PairingForbidden) else None
    yield from _recorded(programme.programme_id, event, getattr(data, "reason", None), time=day)


def _participants(rows: Rows, programme: Programme) -> list[Participant]:
    return [row for _, row in rows.scan(PARTICIPANTS, f"{programme.programme_id}/")]


def _hushed(participant: Participant) -> Effects:
    """Take back the behavioural nudges of this programme that the person hasn't heard yet."""
    message = NudgesWithdrawn(person_id=participant.person_id, programme_id=participant.programme_id, keys=BEHAVIOURAL_KEYS)
    yield Send(StageName.PEOPLE, participant.person_id, message)


def _closed(rows: Rows, programme: Programme, at: datetime) -> Effects:
    """Let proposals lapse, end live pairs, and let nobody wait for anything any more."""
    yield put_programme(replace(programme, status=ProgrammeStatus.CLOSED, next_round_at=None, locks=()))
    shut = replace(programme, status=ProgrammeStatus.CLOSED)
    for _, row in list(rows.scan(PAIRINGS, f"{programme.programme_id}.")):
        pairing: Pairing = row
        if pairing.state is PairingState.PROPOSED:
            yield from lifecycle.lapse(rows, shut, pairing, at)
        elif pairing.is_live:
            yield from lifecycle.end(rows, shut, pairing, EndCode.PROGRAMME_CLOSED, at)
    for participant in _participants(rows, programme):
        yield put_participant(at_rest(participant))
        yield from _hushed(participant)


def _round(rows: RowsOfStep, programme: Programme, event: Event, data: RoundRequested, at: datetime) -> Effects:
    """Hold a round, or rehearse one, which a paused programme may do too."""
    if data.dry_run:
        report = rounds.reported(rows, rounds.rehearsal(rows, programme, at))
        yield Emit(topic=INSIGHTS, key=programme.programme_id, data=report, subjects=(str(report.round), "dry_run"))
    elif programme.status is ProgrammeStatus.RUNNING:
        yield from rounds.held(rows, programme, at)
    else:
        yield from _refuse(programme.programme_id, event, RefusalCode.PROGRAMME_PAUSED)
        return
    yield from _recorded(programme.programme_id, event)


def _too_late(programme: Programme, event: Event, data: Command) -> Effects:
    yield from _refuse(programme.programme_id, event, RefusalCode.PROGRAMME_CLOSED)
    if isinstance(data, PairingLocked | PairingForbidden):
        yield from _named(programme, event, data)


def _locked(rows: Rows, programme: Programme, event: Event, data: PairingLocked) -> Effects:
    """Keep a lock for the next round, which may still refuse it by a hard rule."""
    people = pair_of(*data.person_ids)
    if any(participant_in(rows, programme.programme_id, person_id) is None for person_id in people):
        yield from _refuse(programme.programme_id, event, RefusalCode.NOT_PARTICIPANTS)
        yield from _named(programme, event, data)
        return
    kept = tuple(lock for lock in programme.locks if lock.people != people)
    yield put_programme(replace(programme, locks=(*kept, Lock(people=people))))
    yield from _recorded(programme.programme_id, event, data.reason)


def _named(programme: Programme, event: Event, data: PairingLocked | PairingForbidden) -> Effects:
    """Let both people's keys know that the programme names them, who need not take part; whoever was erased is forgotten again."""
    for person_id in pair_of(*data.person_ids):
        named = PersonNamed(person_id=person_id, programme_id=programme.programme_id, said_at=event.time)
        yield Send(StageName.PEOPLE, person_id, named)


def _forbidden(rows: Rows, programme: Programme, event: Event, data: PairingForbidden) -> Effects:
    """Never propose these two. An open proposal is as if declined in silence (processors/consent), a live pair is theirs to end."""
    people = pair_of(*data.person_ids)
    bar = bar_in(rows, programme.programme_id, people)
    yield put_bar(programme.programme_id, replace(bar, is_forbidden=True))
    yield from _named(programme, event, data)
    for person_id, other_id in (people, people[::-1]):
        forbidden = PairForbidden(person_id=person_id, other_id=other_id, programme_id=programme.programme_id, stamp=stamp_of(event))
        yield Send(StageName.PEOPLE, person_id, forbidden)


def on_retracted(rows: Rows, record: Record) -> Effects:
    """Take an open proposal back; to everybody else it lapsed like any other."""
    event, data = _event(record)
    assert isinstance(data, ProposalRetracted)
    programme = programme_in(rows, programme_of(data.pairing_id))
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
        return
    pairing = pairing_in(rows, data.pairing_id)
    if pairing is None:
        yield Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
    elif pairing.state is not PairingState.PROPOSED:
        yield from _refuse(pairing.pairing_id, event, RefusalCode.NOT_PROPOSED)
    else:
        yield from lifecycle.lapse(rows, programme, pairing, record.at)
        yield from _recorded(pairing.pairing_id, event, data.reason)


def wake(rows: RowsOfStep, key: str, _due_at: datetime, at: datetime) -> Effects:
    """Hold the daily round, once however late; a day with nobody to pair and no lock has none."""
    programme = rows.get(PROGRAMMES, key)
    assert isinstance(programme, Programme), key
    if rounds.is_wanted(rows, programme, at):
        yield from rounds.held(rows, programme, at)
    else:
        yield put_programme(replace(programme, next_round_at=next_round(programme, at)))


def _event(record: Record) -> tuple[Event, object]:
    assert isinstance(record.payload, Event), "commands come from outside"
    return record.payload, record.payload.data


def _recorded(subject_id: ProgrammeId | PairingId, event: Event, reason: str | None = None, *, time: datetime | None = None) -> Effects:
    """Record a command. A forbid says no more than its day: what follows at that second would tell whom it names."""
    data = CommandRecorded(type=event.type, subject=subject_id, reason=reason)
    yield Emit(topic=AUDIT, key=subject_id, data=data, actor_id=event.actor, time=time)


def _refuse(subject_id: ProgrammeId | PairingId, event: Event, code: RefusalCode) -> Effects:
    yield Emit(topic=AUDIT, key=subject_id, data=CommandRefused(type=event.type, subject=subject_id, code=code))


HANDLERS: Final[Mapping[type, Handler]] = MappingProxyType(
    {
        ProgrammeCreated: on_created,
        **dict.fromkeys(get_args(Command), on_command),
        ProposalRetracted: on_retracted,
    }
)
