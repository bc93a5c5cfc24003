"""Commands about a programme: policy, pause, close, rounds, releases, retractions.

Those about two people are in rounds/pair_commands.

Every command is answered in the audit (command_answers). Facts that set a state are ordered by when they happened: an older word on the
status, the policy or a pair changes nothing, and of rounds and releases that are asked for, one that is no later than the last is none.
"""

from datetime import datetime
from typing import Any, Final

from engine.core.effects import Due, Effects, Emit, Record, Refuse, Repeated, Rows, RowsOfStep, Send, StageName
from engine.core.stage import processor, woken
from engine.core.stamp import is_later, stamp_of
from engine.programme.coordinators.command_answers import done, is_repeated, refused
from engine.programme.messages import NudgesWithdrawn
from engine.programme.pairs import lifecycle
from engine.programme.participants import changes, departures, silence
from engine.programme.participants.participant import Participant, at_rest
from engine.programme.rounds import rounds
from engine.programme.rounds.pair_commands import PairCommand, kept_apart, locked
from engine.programme.rounds.policy_facts import begun_with, given_in, with_change
from engine.programme.rounds.programme import Programme, ProgrammeStatus, next_round, with_policy
from engine.programme.tables import PAIRINGS, PARTICIPANTS, PROGRAMMES, put_participant, put_programme
from schemas.events.pairing import PairingAllowed, PairingForbidden, PairingLocked
from schemas.events.programme import (
    DeparturesReleased,
    NudgesReleased,
    PolicyMode,
    ProgrammeClosed,
    ProgrammeCreated,
    ProgrammePaused,
    ProgrammePolicyChanged,
    ProgrammeResumed,
    ProposalRetracted,
)
from schemas.events.round import RoundRequested
from schemas.frozen import replace
from schemas.nudges.catalogue import CATALOGUE
from schemas.terms.codes import EndCode, ErrorCode, NudgeClass, PairingState, RefusalCode
from schemas.terms.ids import programme_of
from schemas.topics import ANSWERS, INSIGHTS

Command = (
    ProgrammePolicyChanged
    | ProgrammePaused
    | ProgrammeResumed
    | ProgrammeClosed
    | RoundRequested
    | PairCommand
    | NudgesReleased
    | DeparturesReleased
)
BEHAVIOURAL_KEYS: Final = tuple(key for key, nudge in CATALOGUE.items() if nudge.class_ is NudgeClass.BEHAVIOURAL)


def on_created(rows: Rows, data: ProgrammeCreated, record: Record) -> Effects:
    """Start a programme under its first policy."""
    if is_repeated(rows, data.programme_id, record):
        yield Repeated()
        return
    if rows.get(PROGRAMMES, data.programme_id) is not None:
        yield from refused(rows, data.programme_id, record, RefusalCode.ALREADY_EXISTS)
        return
    programme = Programme(
        programme_id=data.programme_id,
        name=data.name,
        policy_json=data.policy.model_dump_json(),
        policy_facts=begun_with(data.policy),
        created_at=record.at,
    )
    yield put_programme(replace(programme, next_round_at=next_round(programme, record.at)))
    yield from done(rows, data.programme_id, record)


def on_command(rows: RowsOfStep, data: Command, record: Record) -> Effects:
    """Carry out a command to an existing programme, or refuse it."""
    programme = rows.get(PROGRAMMES, data.programme_id)
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "programme_id: no such programme")
        return
    if is_repeated(rows, programme.programme_id, record):
        yield Repeated()
        return
    match data:
        case ProgrammePolicyChanged():
            yield from _policy_changed(rows, programme, record, data)
        case ProgrammePaused() | ProgrammeResumed():
            yield from _paused_or_resumed(rows, programme, record, is_pause=isinstance(data, ProgrammePaused))
        case ProgrammeClosed():
            yield from _closed(rows, programme, record)
        case RoundRequested():
            yield from _round(rows, programme, record, is_dry=bool(data.dry_run))
        case PairingLocked():
            yield from locked(rows, programme, record, data)
        case PairingForbidden() | PairingAllowed():
            yield from kept_apart(rows, programme, record, data)
        case NudgesReleased() | DeparturesReleased():
            yield from _released(rows, programme, record, data)


def _policy_changed(rows: RowsOfStep, programme: Programme, record: Record, data: ProgrammePolicyChanged) -> Effects:
    """Lay a change over the policy, in the place that its time gives it.

    One from before the programme's end counts, for the record.
    """
    event = record.event
    is_closed = programme.status is ProgrammeStatus.CLOSED
    if is_closed and is_later(event, programme.status_said):
        yield from refused(rows, programme.programme_id, record, RefusalCode.PROGRAMME_CLOSED)
        return
    is_merge = data.mode is PolicyMode.MERGE
    given: dict[str, Any] = {**dict.fromkeys(data.cleared if is_merge else ()), **given_in(data.policy)}
    facts = with_change(programme.policy_facts, stamp_of(event), given, is_whole=not is_merge)
    if facts is programme.policy_facts:
        yield Repeated()
        return
    changed = with_policy(programme, facts, record.at)
    yield put_programme(changed)
    if changed.policy_json != programme.policy_json and not is_closed:
        yield from changes.policy_reviewed(rows, changed, record.at)
    yield from done(rows, programme.programme_id, record)


def _paused_or_resumed(rows: Rows, programme: Programme, record: Record, *, is_pause: bool) -> Effects:
    if not is_later(record.event, programme.status_said):
        yield from done(rows, programme.programme_id, record)
        return
    if programme.status is ProgrammeStatus.CLOSED:
        yield from refused(rows, programme.programme_id, record, RefusalCode.PROGRAMME_CLOSED)
        return
    status = ProgrammeStatus.PAUSED if is_pause else ProgrammeStatus.RUNNING
    said = replace(programme, status=status, status_said=stamp_of(record.event))
    yield put_programme(replace(said, next_round_at=next_round(said, record.at)))
    if is_pause:
        for participant in _participants(rows, programme):
            yield from _hushed(participant)
    yield from done(rows, programme.programme_id, record)


def _participants(rows: Rows, programme: Programme) -> list[Participant]:
    return [row for _, row in rows.scan(PARTICIPANTS, f"{programme.programme_id}/")]


def _hushed(participant: Participant) -> Effects:
    """Take back the behavioural nudges of this programme that the person hasn't heard yet."""
    message = NudgesWithdrawn(person_id=participant.person_id, programme_id=participant.programme_id, keys=BEHAVIOURAL_KEYS)
    yield Send(StageName.PEOPLE, participant.person_id, message)


def _closed(rows: RowsOfStep, programme: Programme, record: Record) -> Effects:
    """Close a programme for good, whatever was said of it later (rounds.G2).

    The earliest word says since when.
    """
    stamp = stamp_of(record.event)
    if programme.status is ProgrammeStatus.CLOSED:
        yield from refused(rows, programme.programme_id, record, RefusalCode.PROGRAMME_CLOSED)
        if programme.status_said is not None and stamp < programme.status_said:
            yield put_programme(replace(programme, status_said=stamp))
        return
    shut = replace(programme, status=ProgrammeStatus.CLOSED, status_said=stamp, next_round_at=None, locks=())
    yield put_programme(shut)
    yield from _all_ended(rows, shut, record.at)
    yield from done(rows, programme.programme_id, record)


def _all_ended(rows: RowsOfStep, shut: Programme, at: datetime) -> Effects:
    """Let proposals lapse, end live pairs, and let nobody wait for anything any more."""
    for _, pairing in list(rows.scan(PAIRINGS, f"{shut.programme_id}.")):
        if pairing.state is PairingState.PROPOSED:
            yield from lifecycle.lapse(rows, shut, pairing, at)
        elif pairing.is_live:
            yield from lifecycle.end(rows, shut, pairing, EndCode.PROGRAMME_CLOSED, at)
    for participant in _participants(rows, shut):
        if participant.departing_at is not None:
            yield from departures.settled(rows, shut, participant, at)
            continue
        yield put_participant(at_rest(participant))
        if participant.silence.is_open:
            yield from silence.taken_back(participant)
        yield from _hushed(participant)


def _round(rows: RowsOfStep, programme: Programme, record: Record, *, is_dry: bool) -> Effects:
    """Hold a round, or rehearse one, whose pairs go to whoever asked.

    A paused programme may rehearse, too.
    """
    event, id_ = record.event, programme.programme_id
    if not is_later(event, programme.round_asked):
        yield Repeated()
    elif programme.status is ProgrammeStatus.CLOSED:
        yield from refused(rows, id_, record, RefusalCode.PROGRAMME_CLOSED)
    elif is_dry:
        yield put_programme(replace(programme, round_asked=stamp_of(event)))
        report = rounds.reported(rows, rounds.rehearsal(rows, programme, record.at))
        subjects = (str(report.round), "dry_run")
        yield Emit(topic=INSIGHTS, key=id_, data=rounds.without_people(report), subjects=subjects)
        yield Emit(topic=ANSWERS, key=id_, data=report, subjects=subjects)
        yield from done(rows, id_, record)
    elif programme.status is ProgrammeStatus.RUNNING:
        yield from rounds.held(rows, replace(programme, round_asked=stamp_of(event)), record.at)
        yield from done(rows, id_, record)
    else:
        yield from refused(rows, id_, record, RefusalCode.PROGRAMME_PAUSED)


def _released(rows: Rows, programme: Programme, record: Record, data: NudgesReleased | DeparturesReleased) -> Effects:
    """Note a release, and let departures settle.

    Parked nudges leave in nudges/breaker: behind the breaker, not through it.
    """
    event, is_nudges = record.event, isinstance(data, NudgesReleased)
    if not is_later(event, programme.nudges_released if is_nudges else programme.departures_released):
        yield Repeated()
    elif programme.status is ProgrammeStatus.CLOSED:
        yield from refused(rows, programme.programme_id, record, RefusalCode.PROGRAMME_CLOSED)
    else:
        stamp = stamp_of(event)
        noted = replace(programme, nudges_released=stamp) if is_nudges else replace(programme, departures_released=stamp)
        yield put_programme(noted)
        if not is_nudges:
            yield from departures.released(rows, noted, record.at)
        yield from done(rows, programme.programme_id, record)


def on_retracted(rows: RowsOfStep, data: ProposalRetracted, record: Record) -> Effects:
    """Take an open proposal back; to everybody else it lapsed like any other."""
    event = record.event
    programme = rows.get(PROGRAMMES, programme_of(data.pairing_id))
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
        return
    pairing = rows.get(PAIRINGS, data.pairing_id)
    if pairing is None:
        yield Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
    elif is_repeated(rows, programme.programme_id, record) or not is_later(event, pairing.retracted):
        yield Repeated()
    elif pairing.state is not PairingState.PROPOSED:
        yield from refused(rows, pairing.pairing_id, record, RefusalCode.NOT_PROPOSED)
    else:
        yield from lifecycle.lapse(rows, programme, replace(pairing, retracted=stamp_of(event)), record.at)
        yield from done(rows, pairing.pairing_id, record)


def wake(rows: RowsOfStep, programme: Programme, due: Due) -> Effects:
    """Hold the daily round, once however late; a day with nobody to pair and no lock has none."""
    at = due.at
    if rounds.is_wanted(rows, programme, at):
        yield from rounds.held(rows, programme, at)
    else:
        yield put_programme(replace(programme, next_round_at=next_round(programme, at)))


PROCESSOR: Final = processor(on_created, on_command, on_retracted, wakes=woken(PROGRAMMES, wake))
