"""What participants say to a programme, and what follows from it in time.

What HR facts mean for a participant's proposals and pairs is participants/changes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from engine.core.effects import Due, Effects, Record, Refuse, Rows, Send, StageName, existing
from engine.core.stage import processor, woken
from engine.core.stamp import Stamp, stamp_of
from engine.programme.facts import pending_reviews
from engine.programme.facts.employment import EMPLOYED
from engine.programme.insights.insights import did
from engine.programme.messages import FactsChanged, NudgesWithdrawn, ParticipationRefused, ParticipationReported, PeopleExcluded
from engine.programme.nudges.intents import intended
from engine.programme.participants import changes, departures, silence
from engine.programme.participants.course import told
from engine.programme.participants.participant import (
    PROFILE_REMINDER_DAYS,
    TAKING_PART,
    Participant,
    ParticipantStatus,
    ParticipantTimer,
    is_ready,
    settled,
    with_pause_over,
    with_timer,
)
from engine.programme.participants.participant import standing as kept_out_by
from engine.programme.participants.profile import ProfileSaid, with_said
from engine.programme.participants.relayed import recorded
from engine.programme.participants.silence_rules import is_answered
from engine.programme.rounds.programme import Programme, ProgrammeStatus, families_of
from engine.programme.tables import PARTICIPANTS, PROGRAMMES, participant_in, put_participant
from schemas.envelope import Event
from schemas.events import participation as said
from schemas.frozen import replace
from schemas.nudges.catalogue import expiry
from schemas.terms.codes import EligibilityCode, ErrorCode, NudgeKey, ProfilePart, WidenCode
from schemas.terms.ids import PersonId
from schemas.text.fields import instant_text

WAITING_UPDATE_DAYS: Final = 30
WAITING_RETRY_DAYS: Final = 7
"""Days until another look at somebody with an open proposal or a pause."""

Said = Callable[[Rows, Programme, Participant, Event, datetime], Effects]
TimerRule = Callable[[Rows, Programme, Participant, datetime, datetime], Effects]


def on_participation(rows: Rows, message: ParticipationReported, record: Record) -> Effects:
    """Take one participation event of a person, or refuse it.

    What says nothing new is taken, whatever has changed since it was said.

    A closed programme takes withdrawals, and exclusions taken back: what somebody said about itself can be taken back at any time.
    """
    programme = rows.get(PROGRAMMES, message.programme_id)
    known = participant_in(rows, message.programme_id, message.person_id)
    is_old = programme is not None and _is_old(programme, known, message, record.at)
    refusal = None if is_old else _refusal(programme, message.event)
    if programme is None or refusal is not None:
        assert refusal is not None, "without a programme there is a refusal"
        yield from _refused(message, record, refusal)
        return
    if known is not None and known.departing_at is not None and not message.is_leaving:
        # Hired again, and enrolled anew before the departure was settled.
        yield from departures.settled(rows, programme, known, record.at)
        known = participant_in(rows, message.programme_id, message.person_id)
    # What is old says nothing of today: facts come by their own messages to whoever takes part, and nobody keeps up those of others.
    is_held = known is not None and (known.departing_at is not None or is_old)
    if known is not None and known.facts != message.facts and not is_held:
        # The event has overtaken a change of facts: what the change means comes first.
        yield from changes.facts_changed(rows, programme, known, message.facts, record.at, since_at=record.at)
        known = participant_in(rows, message.programme_id, message.person_id)
    facts = known.facts if known is not None and is_held else message.facts
    nobody_yet = Participant(programme_id=programme.programme_id, person_id=message.person_id, facts=facts)
    participant = replace(known, facts=facts) if known else nobody_yet
    data = message.event.data
    if programme.status is ProgrammeStatus.CLOSED and isinstance(data, ProfileSaid) and _only_clears_exclusions(message.event):
        yield from _exclusions_told(participant, data, stamp_of(message.event))
        return
    yield from ON_SAID[type(data)](rows, programme, participant, message.event, record.at)


def _is_old(programme: Programme, known: Participant | None, message: ParticipationReported, at: datetime) -> bool:
    """Say whether the programme has heard all of an event before, or something later."""
    if known is None:
        return False
    match message.event.data:
        case said.ParticipationNominated():
            return known.was_invited
        case said.ParticipationTrainingCompleted():
            return known.is_trained
        case _:
            return _after(programme, known, message.event, at) is known


def _refusal(programme: Programme | None, event: Event) -> Refuse | None:
    is_farewell = isinstance(event.data, said.ParticipationWithdrawn) or _only_clears_exclusions(event)
    if programme is None or (programme.status is ProgrammeStatus.CLOSED and not is_farewell):
        return Refuse(ErrorCode.UNKNOWN_PROGRAMME, "programme_id: no such programme, or closed")
    unknown = unknown_topic(programme, event.data) if isinstance(event.data, ProfileSaid) else None
    return None if unknown is None else Refuse(ErrorCode.SCHEMA_INVALID, f"topic: unknown topic {unknown}", may_pass=True)


def _only_clears_exclusions(event: Event) -> bool:
    data = event.data
    if not isinstance(data, said.ParticipationUpdated) or data.exclude:
        return False
    return "exclude" in data.model_fields_set and data.model_fields_set <= {"person_id", "programme_id", "exclude"}


def _refused(message: ParticipationReported, record: Record, refusal: Refuse) -> Effects:
    yield refusal
    reply = ParticipationRefused(
        person_id=message.person_id,
        programme_id=message.programme_id,
        stamp=stamp_of(message.event),
        source=message.event.source,
        event_id=message.event.id,
        redrive_count=record.origin.redrive_count if record.origin else 0,
    )
    yield Send(StageName.PEOPLE, message.person_id, reply)


def unknown_topic(programme: Programme, data: ProfileSaid) -> str | None:
    """Return the first topic of a profile that the programme's catalogue doesn't have."""
    families = families_of(programme.policy_json)
    topics = [offer.topic for offer in data.offers or ()] + [want.topic for want in data.wants or ()]
    return next((topic for topic in topics if topic not in families), None)


def _on_said(rows: Rows, programme: Programme, participant: Participant, event: Event, at: datetime) -> Effects:
    """Take in what the person says of itself; what is older than what is known is no news."""
    data = event.data
    after = _after(programme, participant, event, at)
    is_news = after is not participant
    is_answer = is_answered(participant.silence, event.time)
    if is_answer:
        after = silence.heard(after)
    yield put_participant(after)
    if is_answer:
        yield from silence.taken_back(after)
    if is_news:
        yield from _followed(rows, programme, participant, after, at)
        if isinstance(data, ProfileSaid):
            yield from _counted(rows, after, at)
            yield from recorded(programme, participant, after, event, at)
    if isinstance(data, ProfileSaid):
        yield from _exclusions_told(after, data, stamp_of(event))


def _after(programme: Programme, participant: Participant, event: Event, at: datetime) -> Participant:
    """Return the participant with a new fact; the same one where it says nothing new."""
    course = told(participant.course, event, left_at=participant.facts.left_at)
    heard = replace(participant, course=course)
    if isinstance(event.data, ProfileSaid):
        profile, stamps = with_said(heard.profile, heard.profile_stamps, event.data, stamp_of(event))
        heard = replace(heard, profile=profile, profile_stamps=stamps)
    if course is not participant.course:
        heard = with_pause_over(heard, at)
    after = settled(heard, participant, not_before=programme.created_at, last_round=programme.rounds_held)
    was, now = ((one.course, one.profile, one.profile_stamps) for one in (participant, after))
    return participant if was == now else after


def _followed(rows: Rows, programme: Programme, before: Participant, after: Participant, at: datetime) -> Effects:
    """Let nudges, proposals and pairs follow from what somebody said."""
    if after.status is ParticipantStatus.WITHDRAWN:
        if before.status is not ParticipantStatus.WITHDRAWN:
            yield from _taken_back(after)
            yield from changes.gone(rows, programme, after, at, is_own_choice=True)
        return
    if before.was_invited and before.status not in TAKING_PART and after.status in TAKING_PART:
        yield from _taken_back(after, NudgeKey.OPEN_INVITATION)
    if before.profile_reminders and after.incomplete_since is None:
        yield from _taken_back(after, NudgeKey.PROFILE_INCOMPLETE)
    if after.profile != before.profile:
        if before.waiting_since is not None:
            yield from _taken_back(after, NudgeKey.WAITING_UPDATE)
        yield from changes.reviewed(rows, programme, after, at, since_at=at)
    yield from _paused_or_back(rows, programme, before, after, at)


def _paused_or_back(rows: Rows, programme: Programme, before: Participant, after: Participant, at: datetime) -> Effects:
    was_paused, is_paused = (one.status is ParticipantStatus.PAUSED for one in (before, after))
    current = participant_in(rows, programme.programme_id, after.person_id) or after
    if is_paused and not (was_paused and before.paused_until_on == after.paused_until_on):
        yield from changes.went_away(rows, programme, current, at, is_leave=False, until_on=after.paused_until_on)
    elif was_paused and not is_paused:
        yield from changes.came_back(rows, programme, current, at, is_leave=False)


def _counted(rows: Rows, participant: Participant, at: datetime) -> Effects:
    """Count an enrolment or a profile as what a nudge may have asked for."""
    completed = ("profile_completed",) if participant.profile.is_complete else ()
    for action in ("enrolled", "widened", *completed):
        yield from did(rows, participant.programme_id, participant.person_id, action, at)


def _exclusions_told(participant: Participant, data: ProfileSaid, stamp: Stamp) -> Effects:
    """Pass exclusions on to the person's row, which tells all programmes (participants.A3)."""
    is_said = "exclude" in data.model_fields_set and (data.exclude is not None or isinstance(data, said.ParticipationUpdated))
    if is_said:
        message = PeopleExcluded(
            person_id=participant.person_id,
            programme_id=participant.programme_id,
            excluded_ids=tuple(sorted(set(data.exclude or ()) - {participant.person_id})),
            stamp=stamp,
        )
        yield Send(StageName.PEOPLE, participant.person_id, message)


def _on_nominated(_rows: Rows, programme: Programme, participant: Participant, _event: Event, at: datetime) -> Effects:
    """Send one open invitation a programme, without a word about who nominated.

    A paused programme invites nobody yet.
    """
    if participant.was_invited or programme.status is not ProgrammeStatus.RUNNING:
        yield put_participant(participant)
        return
    yield put_participant(replace(participant, was_invited=True))
    if participant.status is ParticipantStatus.KNOWN:
        yield from intended(programme, NudgeKey.OPEN_INVITATION, participant.person_id, at=at)


def _on_trained(_rows: Rows, _programme: Programme, participant: Participant, _event: Event, _at: datetime) -> Effects:
    yield put_participant(replace(participant, is_trained=True))


def _taken_back(participant: Participant, *keys: NudgeKey) -> Effects:
    message = NudgesWithdrawn(person_id=participant.person_id, programme_id=participant.programme_id, keys=keys)
    yield Send(StageName.PEOPLE, participant.person_id, message)


ON_SAID: Final[Mapping[type, Said]] = MappingProxyType(
    {
        said.ParticipationEnrolled: _on_said,
        said.ParticipationUpdated: _on_said,
        said.ParticipationNominated: _on_nominated,
        said.ParticipationPaused: _on_said,
        said.ParticipationResumed: _on_said,
        said.ParticipationWithdrawn: _on_said,
        said.ParticipationTrainingCompleted: _on_trained,
    }
)


def on_facts(rows: Rows, message: FactsChanged, record: Record) -> Effects:
    """Take new HR facts of a participant.

    Those that time brought are judged when all of their instant have come (pending_reviews).
    """
    programme = rows.get(PROGRAMMES, message.programme_id)
    participant = participant_in(rows, message.programme_id, PersonId(message.facts.person_id))
    if programme is None or participant is None:
        if message.is_leaving:
            yield from departures.told(PersonId(message.facts.person_id), message.programme_id)
        return
    if message.is_leaving:
        yield from departures.begun(rows, programme, participant, record.at)
        return
    if participant.departing_at is not None and message.facts.employment in EMPLOYED:
        yield from departures.undone(rows, programme, participant, message.facts, record.at, since_at=message.since_at)
        return
    if message.is_timed:
        yield from changes.facts_taken(rows, programme, participant, message.facts, record.at)
        yield from pending_reviews.arrived(participant, str(record.id), since_at=message.since_at)
    else:
        yield from changes.facts_changed(rows, programme, participant, message.facts, record.at, since_at=message.since_at)


def wake(rows: Rows, participant: Participant, due: Due) -> Effects:
    """Fire the due timers of one participant, in order, unless an earlier one removed them."""
    at = due.at
    programme = existing(rows, PROGRAMMES, participant.programme_id)
    for timer in [timer for timer in participant.timers if timer.due_at <= at]:
        current = participant_in(rows, participant.programme_id, participant.person_id)
        if current is None or timer not in current.timers:
            continue
        if timer.kind is ParticipantTimer.DEPARTURE_SETTLES:
            yield from departures.due(rows, programme, current, timer.due_at, at)
            continue
        if current.departing_at is not None:
            continue
        fired = with_timer(current, timer.kind, None)
        yield put_participant(fired)
        yield from ON_TIMER[timer.kind](rows, programme, fired, timer.due_at, at)


def _pause_over(rows: Rows, programme: Programme, participant: Participant, _due_at: datetime, at: datetime) -> Effects:
    back = with_pause_over(participant, at)
    after = settled(back, participant, not_before=programme.created_at, last_round=programme.rounds_held)
    yield put_participant(after)
    yield from _paused_or_back(rows, programme, participant, after, at)


def _silence_over(rows: Rows, programme: Programme, participant: Participant, due_at: datetime, at: datetime) -> Effects:
    """Let a question that nobody answered become a pause."""
    after, told_to_the_person = silence.paused(programme, participant, due_at)
    yield put_participant(after)
    yield from told_to_the_person
    yield from _paused_or_back(rows, programme, participant, after, at)


def _profile_incomplete(_rows: Rows, programme: Programme, participant: Participant, due_at: datetime, at: datetime) -> Effects:
    """Remind somebody of what the profile lacks.

    A reminder is valid from the day on which it was due, so a late one may be over.
    """
    assert participant.incomplete_since is not None, "only an incomplete profile is reminded of"
    number = participant.profile_reminders + 1
    reminded = replace(participant, profile_reminders=number)
    if number < len(PROFILE_REMINDER_DAYS):
        next_at = participant.incomplete_since + timedelta(days=PROFILE_REMINDER_DAYS[number])
        reminded = with_timer(reminded, ParticipantTimer.PROFILE_INCOMPLETE, next_at)
    yield put_participant(reminded)
    has = {ProfilePart.OFFERS: bool(participant.profile.offers), ProfilePart.WANTS: bool(participant.profile.wants)}
    yield from intended(
        programme,
        NudgeKey.PROFILE_INCOMPLETE,
        participant.person_id,
        at=at,
        occasion=f"{participant.incomplete_since:%Y-%m-%d}/{number}",
        expires_at=expiry(NudgeKey.PROFILE_INCOMPLETE, due_at=due_at, at=at),
        params={"missing": tuple(part.value for part in ProfilePart if not has[part])},
    )


def _still_waiting(_rows: Rows, programme: Programme, participant: Participant, _due_at: datetime, at: datetime) -> Effects:
    """Tell somebody who has waited for a month how it stands, and again every month."""
    if participant.waiting_since is None:
        return
    code, widen = _reason_now(programme, participant, at)
    is_told = bool(code) and is_ready(participant) and not participant.pairing_ids and not participant.silence.is_open
    next_at = at + timedelta(days=WAITING_UPDATE_DAYS if is_told else WAITING_RETRY_DAYS)
    yield put_participant(with_timer(participant, ParticipantTimer.STILL_WAITING, next_at))
    if not is_told:
        return
    yield from intended(
        programme,
        NudgeKey.WAITING_UPDATE,
        participant.person_id,
        at=at,
        occasion=f"{at:%Y-%m-%d}",
        params={
            "waiting_since": instant_text(participant.waiting_since),
            "reason": code,
            "rules": (code,) if code in set(EligibilityCode) else None,
            "widen": (widen,),
            "answers": (widen,) if widen in _OWN_TO_CHANGE else None,
        },
    )


_OWN_TO_CHANGE: Final = frozenset(set(WidenCode) - {WidenCode.PATIENCE, WidenCode.TRAINING})
"""What a person changes by a word of its own."""


def _reason_now(programme: Programme, participant: Participant, at: datetime) -> tuple[str, str]:
    """Return why somebody waits, and what would widen the choice; nothing if unknown yet.

    A training that is still to come keeps people out of rounds, so no round says it.
    """
    if kept_out_by(participant, training_required=programme.policy.training_required, at=at) is EligibilityCode.TRAINING:
        return EligibilityCode.TRAINING, WidenCode.TRAINING
    code, _, widen = (participant.unmatched_reason or "").partition("/")
    return code, widen


ON_TIMER: Final[Mapping[ParticipantTimer, TimerRule]] = MappingProxyType(
    {
        ParticipantTimer.PAUSE_OVER: _pause_over,
        ParticipantTimer.PROFILE_INCOMPLETE: _profile_incomplete,
        ParticipantTimer.STILL_WAITING: _still_waiting,
        ParticipantTimer.SILENCE_OVER: _silence_over,
    }
)
PROCESSOR: Final = processor(on_participation, on_facts, wakes=woken(PARTICIPANTS, wake))
