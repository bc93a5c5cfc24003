"""Answers of the two people of a pairing: to the proposal, and to "go on?".

Only the two themselves answer, each for itself; intake has checked that the actor is the person.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.core.effects import Effects, Ignore, Record, Refuse, Rows
from engine.core.stage import processor
from engine.programme.erasure.rules import names_a_stranger
from engine.programme.interruptions import absences
from engine.programme.interruptions.absence import is_asked
from engine.programme.nudges.intents import withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, PairingEvent, answered, both_answered, put_at
from engine.programme.participants import changes, silence
from engine.programme.proposals import consent
from engine.programme.proposals.answering import Question, counts, is_last_word, with_said
from engine.programme.rounds.programme import Programme
from engine.programme.tables import PAIRINGS, PROGRAMMES, participant_in, put_pairing
from schemas.envelope import Event
from schemas.events.pairing import PairingAnswered, PairingContinuationAnswered
from schemas.frozen import replace
from schemas.terms.codes import ContinuationAnswer, EndCode, ErrorCode, NudgeKey, PairingState
from schemas.terms.ids import PersonId, programme_of

_ENDING: Final = frozenset({ContinuationAnswer.END, ContinuationAnswer.REMATCH})


def on_answered(rows: Rows, data: PairingAnswered, record: Record) -> Effects:
    """One side accepts or declines a proposal, or changes its mind.

    Nothing shows of it until both accept.
    """
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
    elif not consent.counts_for(pairing, record.event, data.person_id):
        yield Refuse(ErrorCode.STALE_ANSWER, "said before the proposal was made, or before this person's last answer to it")
    else:
        given = consent.with_answer(pairing, record.event, data.person_id, data.answer)
        yield put_pairing(given)
        yield from decided(rows, programme, given, record.at)


def decided(rows: Rows, programme: Programme, given: Pairing, at: datetime) -> Effects:
    """Begin the pair if both accept now and nothing bars it silently.

    Without room the proposal lapses.

    With somebody who has departed nothing begins: it is decided when the departure is settled, or taken back.
    """
    sides = [participant_in(rows, programme.programme_id, person_id) for person_id in given.people]
    if any(side is not None and side.departing_at is not None for side in sides):
        return
    if len(given.accepted_by) < len(given.people) or consent.is_silently_barred(rows, programme, given, at):
        return
    if consent.have_room(rows, programme, given, at):
        yield from lifecycle.activate(rows, programme, given, at)
    else:
        yield from lifecycle.lapse(rows, programme, given, at)


def on_continuation_answered(rows: Rows, data: PairingContinuationAnswered, record: Record) -> Effects:
    """One side says how to go on.

    Which answers count depends on the state; any other is stale.
    """
    found = found_for(rows, data)
    if not isinstance(found, tuple):
        yield found
        return
    programme, pairing = found
    question = _question_of(pairing, data.answer, data.person_id)
    if not pairing.is_live or question is None:
        yield Refuse(ErrorCode.STALE_ANSWER, f"`{data.answer}` answers nothing while the pairing is {pairing.state}")
    elif not _counts(pairing, record.event, data, question):
        yield Refuse(ErrorCode.STALE_ANSWER, "said before the question was put, or before this person's last answer to it")
    else:
        if data.answer in _ENDING:
            yield from _ended_by_answer(rows, programme, pairing, data, record.at)
        else:
            said = with_said(pairing.said, record.event, data.person_id, question)
            yield from ON_ANSWER[question](rows, programme, replace(pairing, said=said), data, record.at)
        yield from silence.acted(rows, programme, data.person_id, record.event.time)


def _question_of(pairing: Pairing, answer: ContinuationAnswer, person_id: PersonId) -> Question | None:
    """Name the question that an answer belongs to, in the pairing's state.

    None where that is no question now.
    """
    match answer:
        case ContinuationAnswer.END | ContinuationAnswer.REMATCH:
            return Question.GOING_ON
        case ContinuationAnswer.CONTINUE if _asks_to_resume(pairing):
            return Question.RESUMPTION
        case ContinuationAnswer.CONTINUE | ContinuationAnswer.LOOK if is_asked(pairing, person_id):
            return Question.ABSENCE
        case ContinuationAnswer.CONTINUE if pairing.state in {PairingState.ACTIVE, PairingState.STALLED}:
            return Question.GOING_ON
        case ContinuationAnswer.RENEW | ContinuationAnswer.FINISH if pairing.state is PairingState.CONCLUDING:
            return Question.RENEWAL
        case ContinuationAnswer.CONVERT if pairing.is_convertible and pairing.state is PairingState.ACTIVE:
            return Question.CONVERSION
        case _:
            return None


def _counts(pairing: Pairing, event: Event, data: PairingContinuationAnswered, question: Question) -> bool:
    """Say whether an answer counts.

    Whoever asks to end answers every question at once (proposals.Q3 of proposals/answering).
    """
    since = put_at(pairing, question)
    is_in_time = since is not None and counts(event, pairing.said, data.person_id, question, since)
    return is_in_time and (data.answer not in _ENDING or is_last_word(event, pairing.said, data.person_id))


def _ended_by_answer(rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    """Any live pair ends when either asks, no reason given.

    A rematch puts the one who asks first in the queue.
    """
    first = (data.person_id,) if data.answer is ContinuationAnswer.REMATCH else ()
    yield from lifecycle.end(rows, programme, pairing, lifecycle.wish_code(pairing), at, first_in_queue=first)


def _resumed(rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    """Back to active once both want to go on."""
    given = answered(pairing, data.person_id, data.answer)
    if both_answered(given, ContinuationAnswer.CONTINUE):
        is_suspended = given.state is PairingState.SUSPENDED
        event = PairingEvent.BOTH_CONSENTED_AGAIN if is_suspended else PairingEvent.BACK
        yield from lifecycle.resume(rows, programme, given, event, at)
    else:
        yield from _noted(given, data.person_id, NudgeKey.PAIRING_RESUMABLE, NudgeKey.CONFLICT_CHOICE)


def _goes_on(_rows: Rows, _programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, _at: datetime) -> Effects:
    """Nothing changes when somebody is content; the question is answered."""
    yield put_pairing(pairing)
    yield from withdrawn(pairing, people=(data.person_id,), keys=(NudgeKey.STILL_RIGHT_FOR_YOU,))


def _converted(_rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    """Go on as equals once both want to."""
    given = answered(pairing, data.person_id, data.answer)
    if both_answered(given, ContinuationAnswer.CONVERT):
        yield from lifecycle.convert(programme, given, at)
    else:
        yield from _noted(given, data.person_id, NudgeKey.CONVERT_OFFER)


def _concluded(rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    """A new term if both want one; once both have answered otherwise, the pair is complete."""
    given = answered(pairing, data.person_id, data.answer)
    if data.answer is ContinuationAnswer.RENEW and programme.policy.repair_at_term_end:
        yield Refuse(ErrorCode.STALE_ANSWER, "this programme pairs everybody anew at the end of a term")
    elif both_answered(given, ContinuationAnswer.RENEW):
        yield from lifecycle.renew(rows, programme, given, at)
        yield from changes.renewed_meanwhile(rows, programme, given, at)
    elif both_answered(given, ContinuationAnswer.RENEW, ContinuationAnswer.FINISH):
        yield from lifecycle.end(rows, programme, given, EndCode.COMPLETED, at)
    else:
        yield from _noted(given, data.person_id, *lifecycle.ASKING_TO_RENEW)


def _noted(given: Pairing, person_id: PersonId, *keys: NudgeKey) -> Effects:
    """Keep one side's answer until the other's comes, and stop asking."""
    yield put_pairing(given)
    yield from withdrawn(given, people=(person_id,), keys=keys)


def _asks_to_resume(pairing: Pairing) -> bool:
    """Say whether `continue` may bring the pair back.

    It may if neither is away any more and no line of power joins the two.
    """
    is_held = pairing.state in {PairingState.PAUSED, PairingState.SUSPENDED}
    return is_held and not pairing.conflict and all(away.is_over for away in pairing.away)


def found_for(rows: Rows, data: PairingAnswered | PairingContinuationAnswered) -> tuple[Programme, Pairing] | Refuse | Ignore:
    """Find what an answer is about, or say why it isn't taken.

    Not taken: no such programme, no such pairing, the pairing of others, an answer of somebody erased.
    """
    programme = rows.get(PROGRAMMES, programme_of(data.pairing_id))
    if programme is None:
        return Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
    pairing = rows.get(PAIRINGS, data.pairing_id)
    if pairing is None:
        return Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
    if names_a_stranger(pairing, (data.person_id,)):
        return Ignore()
    if data.person_id not in pairing.people:
        return Refuse(ErrorCode.NOT_THE_PERSON, "person_id: not one of the two")
    return programme, pairing


ON_ANSWER: Final[Mapping[Question, Callable[[Rows, Programme, Pairing, PairingContinuationAnswered, datetime], Effects]]] = (
    MappingProxyType(
        {
            Question.RESUMPTION: _resumed,
            Question.GOING_ON: _goes_on,
            Question.RENEWAL: _concluded,
            Question.CONVERSION: _converted,
            Question.ABSENCE: absences.answered,
        }
    )
)
"""What an answer that ends nothing means, by the question that it answers."""
PROCESSOR: Final = processor(on_answered, on_continuation_answered)
