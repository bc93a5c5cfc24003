"""Answers of the two people of a pairing: to the proposal, and to "go on?".

Only the two themselves answer, each for itself; intake has checked that the actor is the person.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.domain.erasure import names_a_stranger
from engine.domain.pairing import Pairing, PairingEvent, answered, both_answered
from engine.domain.pool import member_of
from engine.domain.programme import Programme
from engine.effects import Effects, Handler, Ignore, Record, Refuse, Rows
from engine.processors import lifecycle, standing
from engine.processors.intents import withdrawn
from engine.processors.tables import pairing_in, participant_in, programme_in, put_pairing
from schemas.codes import Answer, ContinuationAnswer, EndCode, ErrorCode, NudgeKey, PairingState
from schemas.envelope import Event
from schemas.frozen import replace
from schemas.ids import PersonId, programme_of
from schemas.pairing import PairingAnswered, PairingContinuationAnswered

_ENDING: Final = frozenset({ContinuationAnswer.END, ContinuationAnswer.REMATCH})


def on_answered(rows: Rows, record: Record) -> Effects:
    """One side accepts or declines a proposal."""
    assert isinstance(record.payload, Event) and isinstance(record.payload.data, PairingAnswered)
    data = record.payload.data
    found = found_for(rows, data)
    if not isinstance(found, tuple):
        yield found
        return
    programme, pairing = found
    if pairing.state is not PairingState.PROPOSED or data.proposal_version != pairing.proposal.version:
        yield Refuse(ErrorCode.STALE_ANSWER, f"the proposal is {pairing.state}, at version {pairing.proposal.version}")
    elif record.at >= pairing.proposal.expires_at:
        # In wall time a record may come before the tick that lets the proposal lapse.
        yield Refuse(ErrorCode.STALE_ANSWER, "the time to answer is over")
    elif data.answer is Answer.DECLINE:
        yield from lifecycle.lapse(rows, programme, pairing, record.at)
    elif data.person_id not in pairing.accepted_by:
        yield from _accepted(rows, programme, pairing, data.person_id, record.at)


def _accepted(rows: Rows, programme: Programme, pairing: Pairing, person_id: PersonId, at: datetime) -> Effects:
    consented = replace(pairing, accepted_by=tuple(sorted((*pairing.accepted_by, person_id))))
    if len(consented.accepted_by) < len(consented.people):
        yield put_pairing(consented)
        yield from withdrawn(consented, people=(person_id,), keys=lifecycle.LEADING_KEYS)
    elif _have_room(rows, programme, pairing, at):
        yield from lifecycle.activate(rows, programme, consented, at)
    else:
        yield from lifecycle.lapse(rows, programme, pairing, at)


def _have_room(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> bool:
    """Check the room of both again: this proposal itself takes one place of each."""
    for person_id in pairing.people:
        participant = participant_in(rows, programme.programme_id, person_id)
        if participant is None:
            return False
        others = tuple(kept for kept in participant.pairing_ids if kept != pairing.pairing_id)
        if member_of(programme, replace(participant, pairing_ids=others), at).room < 1:
            return False
    return True


def on_continuation_answered(rows: Rows, record: Record) -> Effects:
    """One side says how to go on. Which answers count depends on the state; any other is stale."""
    assert isinstance(record.payload, Event) and isinstance(record.payload.data, PairingContinuationAnswered)
    data = record.payload.data
    found = found_for(rows, data)
    if not isinstance(found, tuple):
        yield found
        return
    programme, pairing = found
    if not pairing.is_live:
        yield Refuse(ErrorCode.STALE_ANSWER, f"the pairing is {pairing.state}")
    elif data.answer in _ENDING:
        yield from _ended_by_answer(rows, programme, pairing, data, record.at)
    else:
        yield from _continued(rows, programme, pairing, data, record.at)


def _ended_by_answer(rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    """Any live pair ends when either asks, no reason given. A rematch puts the one who asks first in the queue."""
    first = (data.person_id,) if data.answer is ContinuationAnswer.REMATCH else ()
    yield from lifecycle.end(rows, programme, pairing, lifecycle.wish_code(pairing), at, first_in_queue=first)


def _continued(rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    given = answered(pairing, data.person_id, data.answer)
    match data.answer:
        case ContinuationAnswer.CONTINUE if _asks_to_resume(pairing):
            if both_answered(given, ContinuationAnswer.CONTINUE):
                is_suspended = pairing.state is PairingState.SUSPENDED
                event = PairingEvent.BOTH_CONSENTED_AGAIN if is_suspended else PairingEvent.BACK
                yield from lifecycle.resume(programme, given, event, at)
            else:
                yield from _noted(given, data.person_id, NudgeKey.PAIRING_RESUMABLE, NudgeKey.CONFLICT_CHOICE)
        case ContinuationAnswer.CONTINUE if pairing.state in {PairingState.ACTIVE, PairingState.STALLED}:
            yield from withdrawn(pairing, people=(data.person_id,), keys=(NudgeKey.STILL_RIGHT_FOR_YOU,))
        case ContinuationAnswer.RENEW if programme.policy.repair_at_term_end:
            yield Refuse(ErrorCode.STALE_ANSWER, "this programme pairs everybody anew at the end of a term")
        case ContinuationAnswer.RENEW | ContinuationAnswer.FINISH if pairing.state is PairingState.CONCLUDING:
            yield from _concluded(rows, programme, given, data.person_id, at)
        case ContinuationAnswer.CONVERT if pairing.is_convertible and pairing.state is PairingState.ACTIVE:
            if both_answered(given, ContinuationAnswer.CONVERT):
                yield from lifecycle.convert(programme, given, at)
            else:
                yield from _noted(given, data.person_id, NudgeKey.CONVERT_OFFER)
        case _:
            yield Refuse(ErrorCode.STALE_ANSWER, f"`{data.answer}` answers nothing while the pairing is {pairing.state}")


def _concluded(rows: Rows, programme: Programme, given: Pairing, person_id: PersonId, at: datetime) -> Effects:
    """A new term if both want one; once both have answered otherwise, the pair is complete."""
    if both_answered(given, ContinuationAnswer.RENEW):
        yield from lifecycle.renew(programme, given, at)
        yield from standing.renewed_meanwhile(rows, programme, given, at)
    elif both_answered(given, ContinuationAnswer.RENEW, ContinuationAnswer.FINISH):
        yield from lifecycle.end(rows, programme, given, EndCode.COMPLETED, at)
    else:
        yield from _noted(given, person_id, *lifecycle.ASKING_TO_RENEW)


def _noted(given: Pairing, person_id: PersonId, *keys: NudgeKey) -> Effects:
    """Keep one side's answer until the other's comes, and stop asking."""
    yield put_pairing(given)
    yield from withdrawn(given, people=(person_id,), keys=keys)


def _asks_to_resume(pairing: Pairing) -> bool:
    """Whether `continue` would bring the pair back: nobody is away any more, and no line of power joins the two."""
    is_held = pairing.state in {PairingState.PAUSED, PairingState.SUSPENDED}
    return is_held and not pairing.conflict and all(away.is_over for away in pairing.away)


def found_for(rows: Rows, data: PairingAnswered | PairingContinuationAnswered) -> tuple[Programme, Pairing] | Refuse | Ignore:
    """Find what an answer is about, or say why it isn't taken: no such programme, no such pairing, somebody else's, of somebody erased."""
    programme = programme_in(rows, programme_of(data.pairing_id))
    if programme is None:
        return Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
    pairing = pairing_in(rows, data.pairing_id)
    if pairing is None:
        return Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
    if names_a_stranger(pairing, (data.person_id,)):
        return Ignore()
    if data.person_id not in pairing.people:
        return Refuse(ErrorCode.NOT_THE_PERSON, "person_id: not one of the two")
    return programme, pairing


HANDLERS: Final[Mapping[type, Handler]] = MappingProxyType(
    {PairingAnswered: on_answered, PairingContinuationAnswered: on_continuation_answered}
)
