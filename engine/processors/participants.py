"""Participants of a programme: what a person says to the programme, and what HR facts about the person mean for it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from engine.domain.calendar import start_of_day
from engine.domain.messages import FactsChanged, NudgesWithdrawn, ParticipationRefused, ParticipationReported
from engine.domain.nudging import expiry
from engine.domain.participant import (
    Participant,
    ParticipantStatus,
    ParticipantTimer,
    Profile,
    is_ready,
    waiting,
    with_timer,
)
from engine.domain.programme import Programme, ProgrammeStatus, families_of
from engine.effects import Effects, Handler, Record, Refuse, Rows, Send, StageName
from engine.processors import standing
from engine.processors.intents import intended
from engine.processors.lifecycle import still_waiting_at
from engine.processors.tables import PARTICIPANTS, participant_in, programme_in, put_participant
from schemas import participation as said
from schemas.codes import EligibilityCode, ErrorCode, NudgeKey, ProfilePart
from schemas.envelope import Event
from schemas.ids import PersonId

PROFILE_REMINDER_DAYS: Final = (7, 14)
"""Days after enrolment at which somebody without offers or wants is reminded."""
WAITING_UPDATE_DAYS: Final = 30
QUARTER_DAYS: Final = 91

ProfileSaid = said.ParticipationEnrolled | said.ParticipationUpdated
Said = Callable[[Rows, Programme, Participant, Event, datetime], Effects]


def on_participation(rows: Rows, record: Record) -> Effects:
    """Take one participation event of a person, or refuse it."""
    message = record.payload
    assert isinstance(message, ParticipationReported)
    programme = programme_in(rows, message.programme_id)
    if programme is None or programme.status is ProgrammeStatus.CLOSED:
        yield from _refused(message, record, Refuse(ErrorCode.UNKNOWN_PROGRAMME, "programme_id: no such programme, or closed"))
        return
    data = message.event.data
    if isinstance(data, ProfileSaid):
        unknown = unknown_topic(programme, data)
        if unknown is not None:
            yield from _refused(message, record, Refuse(ErrorCode.SCHEMA_INVALID, f"topic: unknown topic {unknown}"))
            return
    known = participant_in(rows, message.programme_id, message.person_id)
    participant = known or Participant(programme_id=message.programme_id, person_id=message.person_id, facts=message.facts)
    participant = replace(participant, facts=message.facts)
    yield from ON_SAID[type(data)](rows, programme, participant, message.event, record.at)


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
    """Return the first topic of an enrolment that the programme's catalogue doesn't have."""
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
    is_update = isinstance(data, said.ParticipationUpdated)
    is_new = participant.status in {ParticipantStatus.KNOWN, ParticipantStatus.WITHDRAWN}
    if _stamp(event) <= participant.profile_stamp or (is_update and participant.status is ParticipantStatus.WITHDRAWN):
        yield put_participant(participant)
        return
    said_now = replace(participant, profile=profile_from(data), profile_stamp=_stamp(event))
    if is_new:
        said_now = replace(said_now, status=ParticipantStatus.ENROLLED, enrolled_at=at, waiting_since=None, profile_reminders=0, paused_until_on=None)
        said_now = with_timer(said_now, ParticipantTimer.QUARTER, at + timedelta(days=QUARTER_DAYS))
        yield from _taken_back(said_now, NudgeKey.OPEN_INVITATION)
    if is_ready(said_now) and not said_now.pairing_ids:
        said_now = waiting(said_now, at, programme.rounds_held)
    said_now = with_timer(said_now, ParticipantTimer.STILL_WAITING, still_waiting_at(said_now.waiting_since, said_now.pairing_ids))
    if said_now.profile.is_complete:
        said_now = with_timer(said_now, ParticipantTimer.PROFILE_INCOMPLETE, None)
        yield from _taken_back(said_now, NudgeKey.PROFILE_INCOMPLETE)
    elif said_now.profile_reminders < len(PROFILE_REMINDER_DAYS):
        assert said_now.enrolled_at is not None, "enrolled"
        due_at = said_now.enrolled_at + timedelta(days=PROFILE_REMINDER_DAYS[said_now.profile_reminders])
        said_now = with_timer(said_now, ParticipantTimer.PROFILE_INCOMPLETE, due_at)
    yield put_participant(said_now)
    yield from standing.reviewed(rows, programme, said_now, at, since_at=at)


def _on_nominated(_rows: Rows, programme: Programme, participant: Participant, _event: Event, at: datetime) -> Effects:
    """Send one open invitation a programme, without a word about who nominated."""
    if participant.was_invited or participant.status is not ParticipantStatus.KNOWN:
        yield put_participant(participant)
        return
    yield put_participant(replace(participant, was_invited=True))
    yield from intended(programme, NudgeKey.OPEN_INVITATION, participant.person_id, at=at)


def _on_paused(rows: Rows, programme: Programme, participant: Participant, event: Event, at: datetime) -> Effects:
    assert isinstance(event.data, said.ParticipationPaused)
    if participant.status not in {ParticipantStatus.ENROLLED, ParticipantStatus.PAUSED}:
        return
    until_on = event.data.until_on
    over_at = None if until_on is None else start_of_day(until_on, participant.facts.timezone)
    if over_at is not None and over_at <= at:
        yield put_participant(participant)
        return
    paused = replace(participant, status=ParticipantStatus.PAUSED, paused_until_on=until_on)
    yield put_participant(with_timer(paused, ParticipantTimer.PAUSE_OVER, over_at))
    yield from standing.went_away(rows, programme, paused, at, is_leave=False, until_on=until_on)


def _on_resumed(rows: Rows, programme: Programme, participant: Participant, _event: Event, at: datetime) -> Effects:
    if participant.status is ParticipantStatus.PAUSED:
        yield from _resumed(rows, programme, participant, at)


def _resumed(rows: Rows, programme: Programme, participant: Participant, at: datetime) -> Effects:
    back = replace(participant, status=ParticipantStatus.ENROLLED, paused_until_on=None)
    if not back.pairing_ids:
        back = waiting(back, at, programme.rounds_held)
    yield put_participant(with_timer(back, ParticipantTimer.PAUSE_OVER, None))
    yield from standing.came_back(rows, programme, back, at, is_leave=False, landed_at=at)


def _on_withdrawn(rows: Rows, programme: Programme, participant: Participant, event: Event, at: datetime) -> Effects:
    """Leave at once; what the person said about itself goes with it."""
    if participant.status is ParticipantStatus.WITHDRAWN:
        return
    gone = withdrawn_from(participant, _stamp(event))
    yield put_participant(gone)
    yield from standing.gone(rows, programme, gone, at, is_own_choice=True)
    yield from _taken_back(gone)


def withdrawn_from(participant: Participant, stamp: tuple[str, ...]) -> Participant:
    """Return the row of somebody who takes part no longer: no profile, no timers, no place in the queue."""
    return replace(
        participant,
        status=ParticipantStatus.WITHDRAWN,
        profile=Profile(),
        profile_stamp=max(stamp, participant.profile_stamp),
        paused_until_on=None,
        waiting_since=None,
        is_first_in_queue=False,
        unmatched_reason=None,
        timers=(),
    )


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
    """Take new HR facts of a participant."""
    message = record.payload
    assert isinstance(message, FactsChanged)
    programme = programme_in(rows, message.programme_id)
    participant = participant_in(rows, message.programme_id, PersonId(message.facts.person_id))
    if programme is None or participant is None:
        return
    yield from standing.facts_changed(rows, programme, participant, message, record.at)


def wake(rows: Rows, key: str, _due_at: datetime, at: datetime) -> Effects:
    """Fire the timers of one participant that are due."""
    participant: Participant = rows.get(PARTICIPANTS, key)
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
    number = participant.profile_reminders + 1
    reminded = replace(participant, profile_reminders=number)
    if number < len(PROFILE_REMINDER_DAYS) and reminded.enrolled_at is not None:
        next_at = reminded.enrolled_at + timedelta(days=PROFILE_REMINDER_DAYS[number])
        reminded = with_timer(reminded, ParticipantTimer.PROFILE_INCOMPLETE, max(next_at, at + timedelta(days=1)))
    yield put_participant(reminded)
    missing = [part for part, has in ((ProfilePart.OFFERS, participant.profile.offers), (ProfilePart.WANTS, participant.profile.wants)) if not has]
    yield from intended(
        programme,
        NudgeKey.PROFILE_INCOMPLETE,
        participant.person_id,
        at=at,
        occasion=f"{participant.enrolled_at:%Y-%m-%d}/{number}",
        expires_at=expiry(NudgeKey.PROFILE_INCOMPLETE, due_at=due_at, at=at),
        params={"missing": tuple(part.value for part in missing)},
    )


def _still_waiting(_rows: Rows, programme: Programme, participant: Participant, _due_at: datetime, at: datetime) -> Effects:
    """Tell somebody who has waited for a month how it stands, and again every month."""
    if participant.waiting_since is None or participant.pairing_ids or participant.status is not ParticipantStatus.ENROLLED:
        return
    yield put_participant(with_timer(participant, ParticipantTimer.STILL_WAITING, at + timedelta(days=WAITING_UPDATE_DAYS)))
    code, _, widen = (participant.unmatched_reason or "").partition("/")
    yield from intended(
        programme,
        NudgeKey.WAITING_UPDATE,
        participant.person_id,
        at=at,
        occasion=f"{at:%Y-%m-%d}",
        params={
            "waiting_since": f"{participant.waiting_since:%Y-%m-%dT%H:%M:%SZ}",
            "rules": (code,) if code in set(EligibilityCode) else (),
            "widen": (widen,) if widen else (),
        },
    )


def _quarter(_rows: Rows, _programme: Programme, participant: Participant, _due_at: datetime, at: datetime) -> Effects:
    yield put_participant(with_timer(participant, ParticipantTimer.QUARTER, at + timedelta(days=QUARTER_DAYS)))


ON_TIMER: Final[Mapping[ParticipantTimer, Callable[[Rows, Programme, Participant, datetime, datetime], Effects]]] = MappingProxyType(
    {
        ParticipantTimer.PAUSE_OVER: _pause_over,
        ParticipantTimer.PROFILE_INCOMPLETE: _profile_incomplete,
        ParticipantTimer.STILL_WAITING: _still_waiting,
        ParticipantTimer.QUARTER: _quarter,
    }
)
HANDLERS: Final[Mapping[type, Handler]] = MappingProxyType({ParticipationReported: on_participation, FactsChanged: on_facts})
