"""Actions that a nudge may have asked for: the other half of measuring nudges.

Runs after the rules of a record, reads what they made of it, and counts. Decides nothing about the programme.
"""

from typing import Final

from engine.core.effects import Effects, Record, Rows
from engine.core.stage import processor
from engine.core.stamp import stamp_of
from engine.matching.scoring import TECH_FAMILIES
from engine.programme.insights.insights import did
from engine.programme.pairs.pairing import Pairing
from engine.programme.proposals.answering import Question, last_said
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions.meetings import Exchange
from engine.programme.tables import PAIRINGS
from schemas.envelope import Event
from schemas.events.feedback import FeedbackGiven
from schemas.events.pairing import PairingAnswered, PairingContinuationAnswered
from schemas.events.session import SessionCompleted, SessionScheduled
from schemas.terms.codes import ContinuationAnswer, PairingState, TopicFamily
from schemas.terms.ids import PairingId, PersonId


def on_answer(rows: Rows, data: PairingAnswered | PairingContinuationAnswered, record: Record) -> Effects:
    """An answer that was taken: to the proposal, or to "still right for you?"."""
    pairing = _pairing_of(rows, data.pairing_id, data.person_id)
    if pairing is None:
        return
    if isinstance(data, PairingContinuationAnswered):
        if data.answer is ContinuationAnswer.CONTINUE:
            yield from did(rows, pairing.programme_id, data.person_id, "continued", record.at, pairing_id=pairing.pairing_id)
    elif _was_taken(pairing, record.event, data.person_id) or (pairing.state is PairingState.LAPSED and pairing.since == record.at):
        yield from did(rows, pairing.programme_id, data.person_id, "answered", record.at, pairing_id=pairing.pairing_id)


def _was_taken(pairing: Pairing, event: Event, person_id: PersonId) -> bool:
    """Say whether this is the last answer that the person gave to the proposal."""
    return last_said(pairing.said, person_id, Question.PROPOSAL) == stamp_of(event)


def on_session(rows: Rows, data: SessionScheduled | SessionCompleted, record: Record) -> Effects:
    """A session that was booked or held; a held one may also balance, broaden or debate."""
    pairing = rows.get(PAIRINGS, data.pairing_id)
    meeting = ledger.find(pairing.meetings, data.session_id) if pairing is not None else None
    if pairing is None or meeting is None or meeting.stamp != stamp_of(record.event):
        return
    actions = ("scheduled",) if isinstance(data, SessionScheduled) else ("held", *_learned(pairing, meeting.exchanges))
    for person_id in pairing.people:
        for action in actions:
            yield from did(rows, pairing.programme_id, person_id, action, record.at, pairing_id=pairing.pairing_id)


def _learned(pairing: Pairing, exchanges: tuple[Exchange, ...]) -> tuple[str, ...]:
    found: list[str] = []
    if {exchange.taught_by for exchange in exchanges} == set(pairing.people):
        found.append("balanced")
    if any(exchange.family not in TECH_FAMILIES for exchange in exchanges):
        found.append("broadened")
    if any(exchange.family is TopicFamily.FUTURE_OF_WORK for exchange in exchanges):
        found.append("debated")
    return tuple(found)


def on_feedback(rows: Rows, data: FeedbackGiven, record: Record) -> Effects:
    """Feedback that was taken."""
    pairing = _pairing_of(rows, data.pairing_id, data.person_id)
    stamp = stamp_of(record.event)
    if pairing is not None and any(word.person_id == data.person_id and word.stamp == stamp for word in pairing.feedback):
        yield from did(rows, pairing.programme_id, data.person_id, "feedback", record.at, pairing_id=pairing.pairing_id)


def _pairing_of(rows: Rows, pairing_id: PairingId, person_id: PersonId) -> Pairing | None:
    pairing = rows.get(PAIRINGS, pairing_id)
    return pairing if pairing is not None and person_id in pairing.people else None


PROCESSOR: Final = processor(on_answer, on_session, on_feedback)
