"""A participant: one person in one programme, as the programme knows it.

Decides: what a participation event changes; whether the person is ready, away or without a profile; how long it has waited.
Never knows: other participants; pairings beyond their ids.

Invariants
    A1  Only the person enrols: nothing but `enrolled` and `updated` of the person itself makes a participant enrolled.
    A2  Waiting counts from the moment the person became ready (enrolled, or freed by the end of a pair); neither a lapse nor a pause
        resets it.
    A3  `exclude` is read by eligibility only; no output, log line or command ever shows it.
    A4  Whoever doesn't take part has no profile, no timers and no place in the queue.
    A5  Of whoever withdrew nothing of HR is kept but the employment: nobody tells the programme when the rest changes.

How conflicts are resolved: an older profile never overwrites a newer one, by (event time, sequence, id).

Source: design of participation (README, People).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from engine.domain.calendar import start_of_day
from engine.domain.hours import LocalHours
from engine.domain.messages import Employment, PersonFacts
from engine.domain.scoring import Offer, Want
from schemas.codes import EligibilityCode
from schemas.frozen import quick, replace
from schemas.ids import PairingId, PersonId, ProgrammeId


class ParticipantStatus(StrEnum):
    """Where a person stands in a programme."""

    KNOWN = "known"
    """Trained or nominated, not enrolled."""
    ENROLLED = "enrolled"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


TAKING_PART: Final = frozenset({ParticipantStatus.ENROLLED, ParticipantStatus.PAUSED})


class ParticipantTimer(StrEnum):
    """What a participant's row waits for."""

    PAUSE_OVER = "pause_over"
    PROFILE_INCOMPLETE = "profile_incomplete"
    STILL_WAITING = "still_waiting"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the person says about itself at enrolment."""

    offers: tuple[Offer, ...] = ()
    wants: tuple[Want, ...] = ()
    experience_band: int | None = None
    hours: tuple[LocalHours, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = 1
    exclude: tuple[PersonId, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Everyone offers and everyone wants."""
        return bool(self.offers) and bool(self.wants)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAt:
    """A timer of a participant."""

    due_at: datetime
    kind: ParticipantTimer


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """The row of one person in one programme."""

    programme_id: ProgrammeId
    person_id: PersonId
    status: ParticipantStatus = ParticipantStatus.KNOWN
    profile: Profile = Profile()
    profile_stamp: tuple[str, ...] = ()
    facts: PersonFacts
    is_trained: bool = False
    enrolled_at: datetime | None = None
    paused_until_on: date | None = None
    incomplete_since: datetime | None = None
    """Since when the profile has lacked offers or wants; None while it is whole."""
    waiting_since: datetime | None = None
    """Since when it has been ready without a break by an active pair; None before that, and with a pair."""
    waiting_since_round: int = 0
    """The last round that had been held when the waiting began."""
    is_first_in_queue: bool = False
    """Lost a pair through circumstances; comes first in the next round."""
    pairing_ids: tuple[PairingId, ...] = ()
    """Open proposals and live pairs, sorted: what takes up room."""
    unmatched_reason: str | None = None
    """Why the last round found nobody."""
    was_invited: bool = False
    profile_reminders: int = 0
    """How many reminders of an incomplete profile have been sent since it became incomplete."""
    timers: tuple[DueAt, ...] = ()

    @property
    def wake_at(self) -> datetime | None:
        """The first timer's instant."""
        return self.timers[0].due_at if self.timers else None

    @property
    def key(self) -> str:
        """The row's key."""
        return participant_key(self.programme_id, self.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """New facts of a participant that have not been judged yet. Key: `<programme>/<person>/<id of the message>`."""

    programme_id: ProgrammeId
    person_id: PersonId
    since_at: datetime
    """When they took effect."""

    @property
    def wake_at(self) -> datetime:
        """At once: they are judged as soon as time passes in the programme, before anything else of their instant."""
        return self.since_at


def participant_key(programme_id: ProgrammeId, person_id: PersonId) -> str:
    """Return the key of a participant's row."""
    return f"{programme_id}/{person_id}"


def check(participant: Participant) -> None:
    """Assert what must hold before the row is written."""
    assert list(participant.pairing_ids) == sorted(set(participant.pairing_ids)), "pairing ids sorted, each once"
    takes_part = participant.status in TAKING_PART
    assert not takes_part or participant.enrolled_at is not None, "A1"
    assert participant is kept_of(participant), "A5"
    assert takes_part or (participant.profile == Profile() and not participant.timers and participant.waiting_since is None), "A4"


def kept_of(participant: Participant) -> Participant:
    """Return a participant without the facts that nobody keeps up any more (A5)."""
    if participant.status is not ParticipantStatus.WITHDRAWN:
        return participant
    bare = PersonFacts(person_id=participant.person_id, employment=participant.facts.employment)
    return participant if participant.facts == bare else replace(participant, facts=bare)


def is_ready(participant: Participant) -> bool:
    """Whether the person takes part and says what it offers and wants."""
    return participant.status is ParticipantStatus.ENROLLED and participant.profile.is_complete


def standing(participant: Participant, *, training_required: bool) -> EligibilityCode | None:
    """Say why a participant is in no round at all, if so.

    Returns: the first of `not_active`, `on_leave`, `paused`, `training` that holds; None for somebody who may be paired.
    """
    if participant.facts.employment is Employment.ON_LEAVE:
        return EligibilityCode.ON_LEAVE
    if participant.facts.employment is not Employment.ACTIVE:
        return EligibilityCode.NOT_ACTIVE
    if participant.status is ParticipantStatus.PAUSED:
        return EligibilityCode.PAUSED
    if training_required and not participant.is_trained:
        return EligibilityCode.TRAINING
    return None


def in_pool(participant: Participant, *, capacity_max: int, training_required: bool) -> bool:
    """Whether a round would look for somebody for this participant."""
    has_room = is_ready(participant) and room(participant, capacity_max) > 0
    return has_room and standing(participant, training_required=training_required) is None


def room(participant: Participant, capacity_max: int) -> int:
    """Return capacity less live pairs and open proposals, never below 0."""
    return max(0, min(participant.profile.capacity, capacity_max) - len(participant.pairing_ids))


def joined(participant: Participant, pairing_id: PairingId) -> Participant:
    """Take up room for a proposal."""
    return replace(participant, pairing_ids=tuple(sorted({*participant.pairing_ids, pairing_id})))


def left(participant: Participant, pairing_id: PairingId) -> Participant:
    """Give the room back."""
    return replace(participant, pairing_ids=tuple(kept for kept in participant.pairing_ids if kept != pairing_id))


def enrolled(participant: Participant, at: datetime) -> Participant:
    """Begin to take part, with nothing left of an earlier time."""
    return replace(
        participant,
        status=ParticipantStatus.ENROLLED,
        enrolled_at=at,
        paused_until_on=None,
        incomplete_since=None,
        profile_reminders=0,
        waiting_since=None,
        timers=(),
    )


def withdrawn(participant: Participant, stamp: tuple[str, ...] = ()) -> Participant:
    """Take part no longer (A4).

    Args:
        stamp: of the event that says so; a profile said before it never comes back.
    """
    return replace(
        participant,
        status=ParticipantStatus.WITHDRAWN,
        profile=Profile(),
        profile_stamp=max(stamp, participant.profile_stamp),
        paused_until_on=None,
        incomplete_since=None,
        waiting_since=None,
        is_first_in_queue=False,
        unmatched_reason=None,
        timers=(),
    )


def at_rest(participant: Participant) -> Participant:
    """Wait for nothing any more: the programme is over."""
    return replace(participant, waiting_since=None, is_first_in_queue=False, unmatched_reason=None, timers=())


def waiting(participant: Participant, at: datetime, last_round: int) -> Participant:
    """Begin to wait, unless it waits already or isn't ready (A2)."""
    if participant.waiting_since is not None or not is_ready(participant):
        return participant
    return replace(participant, waiting_since=at, waiting_since_round=last_round)


def timer_of(participant: Participant, kind: ParticipantTimer) -> datetime | None:
    """Return when one kind of timer is due."""
    return next((timer.due_at for timer in participant.timers if timer.kind is kind), None)


def with_timer(participant: Participant, kind: ParticipantTimer, due_at: datetime | None) -> Participant:
    """Set or, with None, remove one kind of timer."""
    others = tuple(timer for timer in participant.timers if timer.kind is not kind)
    if due_at is None:
        return participant if len(others) == len(participant.timers) else replace(participant, timers=others)
    timers = sorted((*others, DueAt(due_at=due_at, kind=kind)), key=lambda timer: (timer.due_at, timer.kind))
    return replace(participant, timers=tuple(timers))


def with_facts(participant: Participant, facts: PersonFacts) -> Participant:
    """Take new facts; a pause ends when its day begins in the zone now in force."""
    current = replace(participant, facts=facts)
    if current.paused_until_on is None or facts.timezone == participant.facts.timezone:
        return current
    return with_timer(current, ParticipantTimer.PAUSE_OVER, start_of_day(current.paused_until_on, facts.timezone))
