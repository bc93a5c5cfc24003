"""Participants of a programme: what a person says to the programme, and what time makes of it.

What HR facts mean for a participant's proposals and pairs is processors/standing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from engine.domain.calendar import start_of_day
from engine.domain.messages import FactsChanged, NudgesWithdrawn, ParticipationRefused, ParticipationReported, PersonNamed
from engine.domain.nudging import expiry
from engine.domain.participant import (
    TAKING_PART,
    Participant,
    ParticipantStatus,
    ParticipantTimer,
    Profile,
    enrolled,
    is_ready,
    timer_of,
    waiting,
    with_timer,
    withdrawn,
)
from engine.domain.programme import Programme, ProgrammeStatus, families_of
from engine.effects import Effects, Handler, Record, Refuse, Rows, Send, StageName
from engine.processors import arrivals, standing
from engine.processors.intents import intended
from engine.processors.lifecycle import still_waiting_at
from engine.processors.tables import PARTICIPANTS, participant_in, programme_in, put_participant
from schemas import participation as said
from schemas.codes import EligibilityCode, ErrorCode, NudgeKey, ProfilePart
from schemas.envelope import Event
from schemas.frozen import replace
from schemas.ids import PersonId

PROFILE_REMINDER_DAYS: Final = (7, 14)
"""Days after enrolment, or after a profile lost its last offer or want, at which the person is reminded."""
WAITING_UPDATE_DAYS: Final = 30
WAITING_RETRY_DAYS: Final = 7
"""Somebody with an open proposal or on a pause at the day of the update is looked at again that much later."""

ProfileSaid = said.ParticipationEnrolled | said.ParticipationUpdated
Said = Callable[[Rows, Programme, Participant, Event, datetime], Effects]
TimerRule = Callable[[Rows, Programme, Participant, datetime, datetime], Effects]


def on_participation(rows: Rows, record: Record) -> Effects:
    """Take one participation event of a person, or refuse it.

    A closed programme takes withdrawals only: what somebody said about itself can be taken back at any time.
    """
    message = record.payload
    assert isinstance(message, ParticipationReported)
    programme = programme_in(rows, message.programme_id)
    refusal = _refusal(programme, message.event)
    if programme is None or refusal is not None:
        assert refusal is not None, "without a programme there is a refusal"
        yield from _refused(message, record, refusal)
        return
    known = participant_in(rows, message.programme_id, message.person_id)
    if known is not None and known.facts != message.facts:
        # The event has overtaken a change of facts: what the change means comes first.
        yield from standing.facts_changed(rows, programme, known, message.facts, record.at, since_at=record.at)
        known = participant_in(rows, message.programme_id, message.person_id)
    facts = message.facts
    nobody_yet = Participant(programme_id=programme.programme_id, person_id=message.person_id, facts=facts)
    participant = replace(known, facts=facts) if known else nobody_yet
    yield from ON_SAID[type(message.event.data)](rows, programme, participant, message.event, record.at)


def _refusal(programme: Programme | None, event: Event) -> Refuse | None:
    is_farewell = isinstance(event.data, said.ParticipationWithdrawn)
    if programme is None or (programme.status is ProgrammeStatus.CLOSED and not is_farewell):
        return Refuse(ErrorCode.UNKNOWN_PROGRAMME, "programme_id: no such programme, or closed")
    unknown = unknown_topic(programme, event.data) if isinstance(event.data, ProfileSaid) else None
    return None if unknown is None else Refuse(ErrorCode.SCHEMA_INVALID, f"topic: unknown topic {unknown}")


def _refused(message: ParticipationReported, record: Record, refusal: Refuse) -> Effects:
    yield refusal
    reply = ParticipationRefused(
        person_id=message.person_id,
        programme_id=message.programme_id,
        is_enrolment=type(message.event.data) is said.ParticipationEnrolled,
        source=message.event.source,
        event_id=message.event.id,
        redrive_count=record.origin.redrive_count if record.origin else 0,
        code=refusal.code,
    )
    yield Send(StageName.PEOPLE, message.person_id, reply)


def unknown_topic(programme: Programme, data: ProfileSaid) -> str | None:
    """Return the first topic of a profile that the programme's catalogue doesn't have."""
    families = families_of(programme.policy_json)
    topics = [offer.topic for offer in data.offers] + [want.topic for want in data.wants]
    return next((topic for topic in topics if topic not in families), None)


def profile_from(data: ProfileSaid) -> Profile:
    """Read a profile; a topic that is named twice counts as last said."""
    return Profile(
        offers=tuple(sorted({offer.topic: (offer.topic, offer.level) for offer in data.offers}.values())),
        wants=tuple(sorted({want.topic: (want.topic, want.importance, want.own_level) for want in data.wants}.values())),
        experience_band=data.experience_band,
        hours=tuple((slot.weekday, slot.from_, slot.to) for slot in data.hours or ()),
        languages=tuple(data.languages or ()),
        capacity=data.capacity or 1,
        exclude=tuple(sorted(set(data.exclude or ()))),
    )


def _stamp(event: Event) -> tuple[str, ...]:
    return (event.time.isoformat(), f"{event.sequence or 0:020d}", event.id)


def _on_profile(rows: Rows, programme: Programme, participant: Participant, event: Event, at: datetime) -> Effects:
    """Enrol, or replace the profile of somebody enrolled. A late `updated` never brings back somebody who withdrew."""
    data = event.data
    assert isinstance(data, ProfileSaid)
    has_left = participant.status is ParticipantStatus.WITHDRAWN
    if _stamp(event) <= participant.profile_stamp or (has_left and isinstance(data, said.ParticipationUpdated)):
        yield put_participant(participant)
        return
    current = participant
    if participant.status not in TAKING_PART:
        current = enrolled(participant, at)
        yield from _taken_back(current, NudgeKey.OPEN_INVITATION)
    current = _profile_reminded(replace(current, profile=profile_from(data), profile_stamp=_stamp(event)), at)
    if current.profile.is_complete and participant.profile_reminders:
        yield from _taken_back(current, NudgeKey.PROFILE_INCOMPLETE)
    if participant.waiting_since is not None:
        yield from _taken_back(current, NudgeKey.WAITING_UPDATE)
    if not current.pairing_ids:
        current = _waiting_on(waiting(current, at, programme.rounds_held))
    yield put_participant(current)
    yield from _exclusions_told(participant, current, event)
    yield from standing.reviewed(rows, programme, current, at, since_at=at)


def _exclusions_told(before: Participant, after: Participant, event: Event) -> Effects:
    """Let those who are newly excluded know the programme, so that their erasure finds it; by whom stays here (A3)."""
    for person_id in sorted(set(after.profile.exclude) - set(before.profile.exclude)):
        named = PersonNamed(person_id=person_id, programme_id=after.programme_id, said_at=event.time)
        yield Send(StageName.PEOPLE, person_id, named)


def _profile_reminded(participant: Participant, at: datetime) -> Participant:
    """Set the reminders of an incomplete profile when it becomes so, and remove them when it is whole."""
    if participant.profile.is_complete:
        whole = replace(participant, incomplete_since=None, profile_reminders=0)
        return with_timer(whole, ParticipantTimer.PROFILE_INCOMPLETE, None)
    if participant.incomplete_since is not None:
        return participant
    due_at = at + timedelta(days=PROFILE_REMINDER_DAYS[0])
    return with_timer(replace(participant, incomplete_since=at), ParticipantTimer.PROFILE_INCOMPLETE, due_at)


def _waiting_on(participant: Participant) -> Participant:
    """Set the timer of the waiting update, unless it is set already."""
    if timer_of(participant, ParticipantTimer.STILL_WAITING) is not None:
        return participant
    due_at = still_waiting_at(participant.waiting_since, participant.pairing_ids)
    return with_timer(participant, ParticipantTimer.STILL_WAITING, due_at)


def _on_nominated(_rows: Rows, programme: Programme, participant: Participant, _event: Event, at: datetime) -> Effects:
    """Send one open invitation a programme, without a word about who nominated. A paused programme invites nobody yet."""
    is_new = participant.status is ParticipantStatus.KNOWN and not participant.was_invited
    if not is_new or programme.status is not ProgrammeStatus.RUNNING:
        yield put_participant(participant)
        return
    yield put_participant(replace(participant, was_invited=True))
    yield from intended(programme, NudgeKey.OPEN_INVITATION, participant.person_id, at=at)


def _on_paused(rows: Rows, programme: Programme, participant: Participant, event: Event, at: datetime) -> Effects:
    """Take a break, until the first instant of `until_on` in the person's zone if the event names that day."""
    assert isinstance(event.data, said.ParticipationPaused)
    until_on = event.data.until_on
    over_at = None if until_on is None else start_of_day(until_on, participant.facts.timezone)
    if participant.status not in TAKING_PART or (over_at is not None and over_at <= at):
        yield put_participant(participant)
        return
    paused = replace(participant, status=ParticipantStatus.PAUSED, paused_until_on=until_on)
    yield put_participant(with_timer(paused, ParticipantTimer.PAUSE_OVER, over_at))
    yield from standing.went_away(rows, programme, paused, at, is_leave=False, until_on=until_on)


def _on_resumed(rows: Rows, programme: Programme, participant: Participant, _event: Event, at: datetime) -> Effects:
    if participant.status is ParticipantStatus.PAUSED:
        yield from _resumed(rows, programme, participant, at)
    else:
        yield put_participant(participant)


def _resumed(rows: Rows, programme: Programme, participant: Participant, at: datetime) -> Effects:
    back = replace(participant, status=ParticipantStatus.ENROLLED, paused_until_on=None)
    if not back.pairing_ids:
        back = _waiting_on(waiting(back, at, programme.rounds_held))
    yield put_participant(with_timer(back, ParticipantTimer.PAUSE_OVER, None))
    yield from standing.came_back(rows, programme, back, at, is_leave=False)


def _on_withdrawn(rows: Rows, programme: Programme, participant: Participant, event: Event, at: datetime) -> Effects:
    """Leave at once; what the person said about itself goes with it."""
    if participant.status is ParticipantStatus.WITHDRAWN:
        return
    gone = withdrawn(participant, _stamp(event))
    yield put_participant(gone)
    yield from _taken_back(gone)
    yield from standing.gone(rows, programme, gone, at, is_own_choice=True)


def _on_trained(_rows: Rows, _programme: Programme, participant: Participant, _event: Event, _at: datetime) -> Effects:
    yield put_participant(replace(participant, is_trained=True))


def _taken_back(participant: Participant, *keys: NudgeKey) -> Effects:
    message = NudgesWithdrawn(person_id=participant.person_id, programme_id=participant.programme_id, keys=keys)
    yield Send(StageName.PEOPLE, participant.person_id, message)


ON_SAID: Final[Mapping[type, Said]] = MappingProxyType(
    {
        said.ParticipationEnrolled: _on_profile,
        said.ParticipationUpdated: _on_profile,
        said.ParticipationNominated: _on_nominated,
        said.ParticipationPaused: _on_paused,
        said.ParticipationResumed: _on_resumed,
        said.ParticipationWithdrawn: _on_withdrawn,
        said.ParticipationTrainingCompleted: _on_trained,
    }
)


def on_facts(rows: Rows, record: Record) -> Effects:
    """Take new HR facts of a participant. Those that time brought are judged when all of their instant have come (processors/arrivals)."""
    message = record.payload
    assert isinstance(message, FactsChanged)
    programme = programme_in(rows, message.programme_id)
    participant = participant_in(rows, message.programme_id, PersonId(message.facts.person_id))
    if programme is None or participant is None:
        return
    if message.is_timed:
        yield from standing.facts_taken(rows, programme, participant, message.facts, record.at)
        yield from arrivals.arrived(participant, record.id, since_at=message.since_at)
    else:
        yield from standing.facts_changed(rows, programme, participant, message.facts, record.at, since_at=message.since_at)


def wake(rows: Rows, key: str, _due_at: datetime, at: datetime) -> Effects:
    """Fire the timers of one participant that are due, in order; one that an earlier one removed stays quiet."""
    participant = rows.get(PARTICIPANTS, key)
    assert isinstance(participant, Participant), key
    programme = programme_in(rows, participant.programme_id)
    assert programme is not None, "a participant without a programme"
    for timer in [timer for timer in participant.timers if timer.due_at <= at]:
        current = participant_in(rows, participant.programme_id, participant.person_id)
        if current is None or timer not in current.timers:
            continue
        fired = with_timer(current, timer.kind, None)
        yield put_participant(fired)
        yield from ON_TIMER[timer.kind](rows, programme, fired, timer.due_at, at)


def _pause_over(rows: Rows, programme: Programme, participant: Participant, _due_at: datetime, at: datetime) -> Effects:
    yield from _resumed(rows, programme, participant, at)


def _profile_incomplete(_rows: Rows, programme: Programme, participant: Participant, due_at: datetime, at: datetime) -> Effects:
    """Remind somebody of what the profile lacks; each reminder is valid from the day it was due, so a late one may be over."""
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
    is_told = is_ready(participant) and not participant.pairing_ids
    next_at = at + timedelta(days=WAITING_UPDATE_DAYS if is_told else WAITING_RETRY_DAYS)
    yield put_participant(with_timer(participant, ParticipantTimer.STILL_WAITING, next_at))
    if not is_told:
        return
    code, _, widen = (participant.unmatched_reason or "").partition("/")
    yield from intended(
        programme,
        NudgeKey.WAITING_UPDATE,
        participant.person_id,
        at=at,
        occasion=f"{at:%Y-%m-%d}",
        params={
            "waiting_since": f"{participant.waiting_since:%Y-%m-%dT%H:%M:%SZ}",
            "reason": code or None,
            "rules": (code,) if code in set(EligibilityCode) else (),
            "widen": (widen,) if widen else (),
        },
    )


ON_TIMER: Final[Mapping[ParticipantTimer, TimerRule]] = MappingProxyType(
    {
        ParticipantTimer.PAUSE_OVER: _pause_over,
        ParticipantTimer.PROFILE_INCOMPLETE: _profile_incomplete,
        ParticipantTimer.STILL_WAITING: _still_waiting,
    }
)
HANDLERS: Final[Mapping[type, Handler]] = MappingProxyType({ParticipationReported: on_participation, FactsChanged: on_facts})
