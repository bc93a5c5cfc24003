"""The question whether somebody still takes part.

It is asked after proposals in vain, answered by any act, and becomes a pause in the end.

What an act takes back shows that the person has done something. So nothing is taken back for what nobody may know of: an answer to a
proposal is no act here (participants/silence_rules), and feedback answers the question without a sign.
"""

from datetime import datetime
from typing import Final

from engine.core.effects import Effects, Record, Rows, Send, StageName
from engine.core.stage import processor
from engine.programme.messages import NudgeOutcome, NudgesWithdrawn, SilencePaused
from engine.programme.nudges.intents import intended
from engine.programme.participants.course import with_silent_pause
from engine.programme.participants.participant import TAKING_PART, Participant, ParticipantTimer, settled, with_timer
from engine.programme.participants.silence_rules import UNBROKEN, after_expiry, is_answered, pauses_at, unheard
from engine.programme.rounds.programme import Programme
from engine.programme.tables import participant_in, put_participant
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey
from schemas.terms.ids import PersonId
from schemas.text.fields import instant_text


def expired(programme: Programme, participant: Participant, at: datetime) -> Effects:
    """Count a proposal that reached its end, and ask where it was one too many."""
    before = participant.silence
    after = after_expiry(before, at) if participant.status in TAKING_PART else before
    yield put_participant(replace(participant, silence=after))
    if after.is_open and not before.is_open:
        yield from intended(programme, NudgeKey.STILL_TAKING_PART, participant.person_id, at=at, occasion=instant_text(at))


def acted(rows: Rows, programme: Programme, person_id: PersonId | None, acted_at: datetime, *, is_secret: bool = False) -> Effects:
    """Let an act of the person's own answer the question.

    Args:
        acted_at: event time of the act.
        is_secret: nobody may know of the act, so the request stays.
    """
    participant = None if person_id is None else participant_in(rows, programme.programme_id, person_id)
    if participant is not None and is_answered(participant.silence, acted_at):
        yield put_participant(heard(participant))
        if not is_secret:
            yield from taken_back(participant)


def heard(participant: Participant) -> Participant:
    """Return a participant who has answered."""
    return with_timer(replace(participant, silence=UNBROKEN), ParticipantTimer.SILENCE_OVER, None)


def taken_back(participant: Participant) -> Effects:
    """Take the question back: it is answered."""
    message = NudgesWithdrawn(person_id=participant.person_id, programme_id=participant.programme_id, keys=(NudgeKey.STILL_TAKING_PART,))
    yield Send(StageName.PEOPLE, participant.person_id, message)


def on_outcome(rows: Rows, message: NudgeOutcome, _record: Record) -> Effects:
    """Learn from when the person could hear of the question, or that nobody could."""
    if message.key is not NudgeKey.STILL_TAKING_PART:
        return
    participant = participant_in(rows, message.programme_id, message.person_id)
    asked_at = None if participant is None else participant.silence.asked_at
    if participant is None or asked_at is None or message.occasion != instant_text(asked_at):
        return
    if message.not_before is not None:
        yield put_participant(with_timer(participant, ParticipantTimer.SILENCE_OVER, pauses_at(message.not_before)))
    elif message.outcome.startswith("suppressed:"):
        yield put_participant(replace(participant, silence=unheard(participant.silence)))


def paused(programme: Programme, participant: Participant, due_at: datetime) -> tuple[Participant, Effects]:
    """Return a participant whose question became a pause, and the message to its own row."""
    course = with_silent_pause(participant.course, due_at)
    changed = replace(participant, course=course, silence=UNBROKEN)
    after = settled(changed, participant, not_before=programme.created_at, last_round=programme.rounds_held)
    return after, _told(participant, due_at)


def _told(participant: Participant, due_at: datetime) -> Effects:
    message = SilencePaused(person_id=participant.person_id, programme_id=participant.programme_id, paused_at=due_at)
    yield Send(StageName.PEOPLE, participant.person_id, message)


PROCESSOR: Final = processor(on_outcome)
