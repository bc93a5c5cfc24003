"""The question to the partner of somebody who is away without a known end.

The answers: wait, look for somebody meanwhile, or end.
"""

from datetime import date, datetime

from engine.core.effects import Effects, Rows, existing
from engine.programme.interruptions.absence import ask_at, rearmed, with_question
from engine.programme.nudges.intents import nudged, withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Away, Pairing, Timer, asking
from engine.programme.participants.participant import Participant, ParticipantTimer, participant_key, waiting, with_timer
from engine.programme.proposals.answering import Question
from engine.programme.rounds.programme import Programme
from engine.programme.rounds.room import released
from engine.programme.tables import PAIRINGS, PARTICIPANTS, put_pairing, put_participant
from schemas.events.pairing import PairingContinuationAnswered
from schemas.frozen import replace
from schemas.terms.codes import ContinuationAnswer, NudgeKey
from schemas.text.fields import instant_text


def absence_of(programme: Programme, participant: Participant, at: datetime, *, is_leave: bool, until_on: date | None) -> Away:
    """Write down that somebody is away from now on, and when the partner is asked about it."""
    asked_at = ask_at(at, until_on, participant.facts.timezone, programme.policy.away_question_days)
    return Away(person_id=participant.person_id, is_leave=is_leave, since_at=at, ask_at=asked_at)


def end_moved(rows: Rows, programme: Programme, participant: Participant) -> Effects:
    """Go by the new end of a leave that goes on."""
    for pairing_id in participant.pairing_ids:
        pairing = rows.get(PAIRINGS, pairing_id)
        if pairing is None or not pairing.away:
            continue
        moved = tuple(_with_end(away, participant, programme.policy.away_question_days) for away in pairing.away)
        if moved != pairing.away:
            yield put_pairing(rearmed(replace(pairing, away=moved)))


def _with_end(away: Away, participant: Participant, days: int) -> Away:
    if (away.person_id, away.is_leave, away.is_over) != (participant.person_id, True, False) or away.since_at is None:
        return away
    return replace(away, ask_at=ask_at(away.since_at, participant.facts.expected_return_on, participant.facts.timezone, days))


def partner_asked(_rows: Rows, programme: Programme, pairing: Pairing, _timer: Timer, at: datetime) -> Effects:
    """Ask the partner of somebody who has been away for long."""
    asked, people = with_question(pairing, at)
    if people:
        asked = asking(asked, Question.ABSENCE, at)
    yield put_pairing(asked)
    for person_id in people:
        yield from nudged(programme, asked, NudgeKey.PARTNER_AWAY, person_id, at=at, occasion=instant_text(asked.since))


def answered(rows: Rows, programme: Programme, pairing: Pairing, data: PairingContinuationAnswered, at: datetime) -> Effects:
    """Take the answer of a partner: wait, or look for somebody meanwhile.

    Only `look` frees the partner's place, until the pair goes on.
    """
    yield put_pairing(pairing)
    yield from withdrawn(pairing, people=(data.person_id,), keys=(NudgeKey.PARTNER_AWAY,))
    participant = existing(rows, PARTICIPANTS, participant_key(programme.programme_id, data.person_id))
    if data.answer is not ContinuationAnswer.LOOK:
        yield from lifecycle.place_taken(participant, pairing.pairing_id)
        return
    free = waiting(released(participant, pairing.pairing_id, at), at, programme.rounds_held)
    # A pair that was put aside is no reason to forget that the person waits.
    others = tuple(
        one for one in free.pairing_ids if (other := rows.get(PAIRINGS, one)) is not None and other.is_live and one != pairing.pairing_id
    )
    due_at = lifecycle.still_waiting_at(free.waiting_since, others)
    yield put_participant(with_timer(free, ParticipantTimer.STILL_WAITING, due_at))
