"""A participant: one person in one programme, as the programme knows it.

Decides: what a participation event changes; whether the person is ready, away or without a profile; how long it has waited.
Never knows: other participants; pairings beyond their ids.

Invariants
    participants.A1  Only the person enrols: nothing but `enrolled` and `updated` of the person itself makes a participant enrolled.
    participants.A2  Waiting counts from the moment the person became ready (enrolled with a whole profile, or freed by the end of a pair);
        neither a lapse nor a pause resets it.
    participants.A3  Whom somebody excludes comes with the facts; it is read by eligibility only, and no output, log line or command ever
        shows it.
    participants.A4  Whoever doesn't take part has no timer but that of a departure, and no place in the queue. Whoever left keeps no
        profile but what it said after leaving, which counts if an older enrolment is still on its way.
    participants.A6  Whoever departed waits for one thing only: that the departure is settled.
    participants.A5  Of whoever withdrew nothing of HR is kept but the employment: nobody tells the programme when the rest changes.

How conflicts are resolved: status, profile and the days from which somebody waits follow from what was said (participants/course,
participants/profile), so any order of arrival ends in the same row.

Source: docs/rules.md, Taking part.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from engine.programme.messages import Employment, PersonFacts
from engine.programme.participants import course as courses
from engine.programme.participants.course import NOTHING_SAID, Course, wholeness
from engine.programme.participants.profile import BLANK, NEVER_SAID, Profile, ProfileStamps, without_older
from engine.programme.participants.silence_rules import UNBROKEN, Silence
from engine.programme.times.calendar import start_of_day
from schemas.frozen import Frozen, replace
from schemas.terms.codes import EligibilityCode
from schemas.terms.ids import PairingId, PersonId, ProgrammeId


class ParticipantStatus(StrEnum):
    """Where a person stands in a programme."""

    KNOWN = "known"
    """Trained or nominated, not enrolled."""
    ENROLLED = "enrolled"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


PROFILE_REMINDER_DAYS: Final = (7, 14)
"""Days at which the person is reminded of an incomplete profile.

They count from enrolment, or from the loss of the last offer or want.
"""
STILL_WAITING_DAYS: Final = 30
TAKING_PART: Final = frozenset({ParticipantStatus.ENROLLED, ParticipantStatus.PAUSED})


class ParticipantTimer(StrEnum):
    """What a participant's row waits for."""

    PAUSE_OVER = "pause_over"
    PROFILE_INCOMPLETE = "profile_incomplete"
    STILL_WAITING = "still_waiting"
    SILENCE_OVER = "silence_over"
    DEPARTURE_SETTLES = "departure_settles"


class DueAt(Frozen, kw_only=True):
    """A timer of a participant."""

    due_at: datetime
    kind: ParticipantTimer


class Rest(Frozen, kw_only=True):
    """Time after a completed pair in which nobody is proposed, unless they say otherwise."""

    since: datetime
    until: datetime


class Participant(Frozen, kw_only=True):
    """The row of one person in one programme."""

    programme_id: ProgrammeId
    person_id: PersonId
    status: ParticipantStatus = ParticipantStatus.KNOWN
    profile: Profile = BLANK
    profile_stamps: ProfileStamps = NEVER_SAID
    course: Course = NOTHING_SAID
    """What the person has said about taking part: what the status follows from."""
    facts: PersonFacts
    is_trained: bool = False
    enrolled_at: datetime | None = None
    paused_until_on: date | None = None
    incomplete_since: datetime | None = None
    """Since when the profile has lacked offers or wants; None while it is whole."""
    waiting_since: datetime | None = None
    """Since when it has been ready without a pair; None before that, and with a pair."""
    freed_at: datetime | None = None
    """When the last pair ended."""
    waiting_since_round: int = 0
    """The last round that had been held when the waiting began."""
    is_first_in_queue: bool = False
    """Lost a pair through circumstances; comes first in the next round."""
    had_options: bool = False
    """Whether anybody was eligible in some round: the reserve of a launch is over then."""
    pairing_ids: tuple[PairingId, ...] = ()
    """Open proposals and live pairs, sorted: what takes up room (rounds/room)."""
    roomless: tuple[tuple[PairingId, datetime], ...] = ()
    """From when one of them takes no room any more, sorted."""
    unmatched_reason: str | None = None
    """Why the last round found nobody."""
    was_invited: bool = False
    profile_reminders: int = 0
    """How many reminders of an incomplete profile have been sent since it became incomplete."""
    silence: Silence = UNBROKEN
    rest: Rest | None = None
    """After the last pair that was completed."""
    departing_at: datetime | None = None
    """When the programme heard of the departure; all else stays until it is settled."""
    is_departure_held: bool = False
    """So many departed at once that the coordinator is asked first."""
    timers: tuple[DueAt, ...] = ()

    @property
    def wake_at(self) -> datetime | None:
        """The first timer's instant; of somebody who departed, when that is settled."""
        if self.departing_at is not None:
            return timer_of(self, ParticipantTimer.DEPARTURE_SETTLES)
        return self.timers[0].due_at if self.timers else None

    @property
    def key(self) -> str:
        """The row's key."""
        return participant_key(self.programme_id, self.person_id)


class Arrival(Frozen, kw_only=True):
    """New facts of a participant that have not been judged yet.

    Key: `<programme>/<person>/<id of the message>`.
    """

    programme_id: ProgrammeId
    person_id: PersonId
    since_at: datetime
    """When they took effect."""

    @property
    def wake_at(self) -> datetime:
        """At once: they are judged before anything else of their instant."""
        return self.since_at


def participant_key(programme_id: ProgrammeId, person_id: PersonId) -> str:
    """Return the key of a participant's row."""
    return f"{programme_id}/{person_id}"


def check(participant: Participant) -> None:
    """Assert what must hold before the row is written."""
    assert list(participant.pairing_ids) == sorted(set(participant.pairing_ids)), "pairing ids sorted, each once"
    assert {pairing_id for pairing_id, _ in participant.roomless} <= set(participant.pairing_ids), "only what is open takes room or none"
    takes_part = participant.status in TAKING_PART
    assert not takes_part or participant.enrolled_at is not None, "participants.A1"
    assert participant is kept_of(participant), "participants.A5"
    assert (participant.departing_at is None) == (timer_of(participant, ParticipantTimer.DEPARTURE_SETTLES) is None), "participants.A6"
    timed = {timer.kind for timer in participant.timers} - {ParticipantTimer.DEPARTURE_SETTLES}
    assert takes_part or (not timed and participant.waiting_since is None), "participants.A4"
    kept = without_older(participant.profile, participant.profile_stamps, participant.course.left)
    assert kept == (participant.profile, participant.profile_stamps), "participants.A4"


def kept_of(participant: Participant) -> Participant:
    """Return a participant without the facts that nobody keeps up any more (participants.A5)."""
    if participant.status is not ParticipantStatus.WITHDRAWN:
        return participant
    bare = PersonFacts(person_id=participant.person_id, employment=participant.facts.employment)
    return participant if participant.facts == bare else replace(participant, facts=bare)


def is_ready(participant: Participant) -> bool:
    """Whether the person takes part and says what it offers and wants."""
    return participant.status is ParticipantStatus.ENROLLED and participant.profile.is_complete


def is_resting(participant: Participant, at: datetime) -> bool:
    """Say whether a completed pair is so recent that nobody is proposed yet.

    A later `resumed` ends the rest.
    """
    rest, course = participant.rest, participant.course
    if rest is None or at >= rest.until:
        return False
    is_back = course.pause is not None and not course.is_pause and course.over_at is None and course.pause.time >= rest.since
    return not is_back


def standing(participant: Participant, *, training_required: bool, at: datetime) -> EligibilityCode | None:
    """Say why a participant is in no round at all, if so.

    A rest after a completed pair, and an open question whether the person still takes part, read as paused: `resumed` ends all three.

    Returns: the first of `not_active`, `on_leave`, `paused`, `training` that holds; None for somebody who may be paired.
    """
    if participant.facts.employment is Employment.ON_LEAVE and participant.departing_at is None:
        return EligibilityCode.ON_LEAVE
    if participant.facts.employment is not Employment.ACTIVE or participant.departing_at is not None:
        return EligibilityCode.NOT_ACTIVE
    if participant.status is ParticipantStatus.PAUSED or participant.silence.is_open or is_resting(participant, at):
        return EligibilityCode.PAUSED
    if training_required and not participant.is_trained:
        return EligibilityCode.TRAINING
    return None


def enrolled(participant: Participant, at: datetime) -> Participant:
    """Begin to take part, with nothing left of an earlier time."""
    return replace(
        participant,
        status=ParticipantStatus.ENROLLED,
        enrolled_at=at,
        paused_until_on=None,
        incomplete_since=None,
        profile_reminders=0,
        had_options=False,
        waiting_since=None,
        silence=UNBROKEN,
        rest=None,
        timers=(),
    )


def withdrawn(participant: Participant) -> Participant:
    """Take part no longer (participants.A4)."""
    profile, stamps = without_older(participant.profile, participant.profile_stamps, participant.course.left)
    return replace(
        participant,
        status=ParticipantStatus.WITHDRAWN,
        profile=profile,
        profile_stamps=stamps,
        enrolled_at=None,
        paused_until_on=None,
        incomplete_since=None,
        profile_reminders=0,
        waiting_since=None,
        waiting_since_round=0,
        is_first_in_queue=False,
        unmatched_reason=None,
        silence=UNBROKEN,
        rest=None,
        departing_at=None,
        is_departure_held=False,
        timers=(),
    )


def settled(participant: Participant, before: Participant, *, not_before: datetime, last_round: int) -> Participant:
    """Let status, profile and the days from which somebody waits follow from what was said.

    Args:
        participant: with what has just been said.
        before: the row without it.
        not_before: when the programme began; nobody has taken part in it before that.
        last_round: the last round that was held.
    """
    begun_at = participant.course.begun_at
    if begun_at is None:
        has_left = participant.course.left is not None or participant.status is not ParticipantStatus.KNOWN
        return withdrawn(participant) if has_left else participant
    enrolled_at = max(begun_at, not_before)
    profile, stamps = without_older(participant.profile, participant.profile_stamps, participant.course.left)
    current = replace(participant, profile=profile, profile_stamps=stamps)
    if before.status not in TAKING_PART:
        current = enrolled(current, enrolled_at)
    current = replace(current, enrolled_at=enrolled_at)
    return _waited(_reminded(_with_pause(current), not_before), before, not_before=not_before, last_round=last_round)


def _with_pause(participant: Participant) -> Participant:
    course = participant.course
    if course.paused_at is None:
        status, until_on, over_at = ParticipantStatus.ENROLLED, None, None
    else:
        status, until_on = ParticipantStatus.PAUSED, course.until_on
        over_at = None if until_on is None else start_of_day(until_on, participant.facts.timezone)
    return with_timer(replace(participant, status=status, paused_until_on=until_on), ParticipantTimer.PAUSE_OVER, over_at)


def _reminded(participant: Participant, not_before: datetime) -> Participant:
    """Set the reminders of a profile that lacks something, and remove them when it is whole."""
    lacking_since = wholeness(participant.course).lacking_since
    incomplete_since = None if lacking_since is None else max(lacking_since, not_before)
    if incomplete_since == participant.incomplete_since:
        return participant
    due_at = None if incomplete_since is None else incomplete_since + timedelta(days=PROFILE_REMINDER_DAYS[0])
    anew = replace(participant, incomplete_since=incomplete_since, profile_reminders=0)
    return with_timer(anew, ParticipantTimer.PROFILE_INCOMPLETE, due_at)


def _waited(participant: Participant, before: Participant, *, not_before: datetime, last_round: int) -> Participant:
    """Let somebody without a pair wait from when it was ready (participants.A2)."""
    ready_at, was_ready_at = _ready_at(participant, not_before), _ready_at(before, not_before)
    waits_otherwise = participant.waiting_since is not None and participant.waiting_since != was_ready_at
    if ready_at == participant.waiting_since or participant.pairing_ids or waits_otherwise:
        return participant
    since = replace(participant, waiting_since=ready_at, waiting_since_round=0 if ready_at is None else last_round)
    due_at = None if ready_at is None else ready_at + timedelta(days=STILL_WAITING_DAYS)
    return with_timer(since, ParticipantTimer.STILL_WAITING, due_at)


def _ready_at(participant: Participant, not_before: datetime) -> datetime | None:
    whole_since = wholeness(participant.course).whole_since
    return None if whole_since is None else max(whole_since, not_before, participant.freed_at or whole_since)


def with_pause_over(participant: Participant, at: datetime) -> Participant:
    """End a pause whose day has come in the person's zone, if one has."""
    course = participant.course
    if not course.is_pause or course.until_on is None:
        return participant
    over_at = start_of_day(course.until_on, participant.facts.timezone)
    return participant if over_at > at else replace(participant, course=courses.with_pause_over(course, over_at))


def at_rest(participant: Participant) -> Participant:
    """Wait for nothing any more: the programme is over."""
    return replace(participant, waiting_since=None, is_first_in_queue=False, unmatched_reason=None, silence=UNBROKEN, timers=())


def waiting(participant: Participant, at: datetime, last_round: int) -> Participant:
    """Begin to wait, unless it waits already or isn't ready (participants.A2)."""
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
