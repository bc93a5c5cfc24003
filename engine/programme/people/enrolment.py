"""The programmes of one person, in the person's own row.

They hear when something about the person changes.

Decides: the status that participation events or a refusal leave; how many programmes are kept.
Never knows: the profile, the programme's policy, whether the programme agrees (participants/participant).

Invariants
    people.N1  Enrolments are sorted by programme, one each, at most ENROLMENTS_MAX.
    people.N2  A refusal takes back only what the refused event itself brought.
    people.N3  A pause with an end is over when that day begins in the person's zone, without an event.
    people.N4  The status follows from the course (course), so it doesn't depend on the order in which facts arrived. The course outlives
        withdrawal and departure: a fact that comes again after a year is as old as it was.

Must stay in sync with: what a programme makes of the same events (participants/profiles).

Source: house rule.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from engine.core.stamp import Stamp
from engine.programme.participants import course as courses
from engine.programme.participants.course import Course
from engine.programme.times.calendar import start_of_day
from schemas.envelope import Event
from schemas.events.participation import (
    ParticipationEnrolled,
    ParticipationNominated,
    ParticipationPaused,
    ParticipationResumed,
    ParticipationTrainingCompleted,
    ParticipationUpdated,
    ParticipationWithdrawn,
)
from schemas.frozen import Frozen, replace
from schemas.terms.ids import ProgrammeId

ENROLMENTS_MAX: Final = 64
"""Programmes per person.

Beyond it the one left longest ago goes, or the oldest if none was left.
"""


class EnrolmentStatus(StrEnum):
    """Where a person stands in a programme."""

    KNOWN = "known"
    """The programme has heard of the person, who has not joined."""
    INVITED = "invited"
    ENROLLED = "enrolled"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


class Enrolment(Frozen, kw_only=True):
    """One person in one programme."""

    programme_id: ProgrammeId
    status: EnrolmentStatus
    since_at: datetime
    course: Course = courses.NOTHING_SAID
    """What the status follows from."""
    mentioned_at: datetime | None = None
    """The earliest time at which the programme was mentioned."""
    invited_at: datetime | None = None
    """The earliest nomination."""
    is_leaving: bool = False
    """The person has departed, and the programme has not settled that yet."""
    ended_at: datetime | None = None
    """When all of it ended.

    The person left the organisation, or the programme took nothing of it.
    """

    @property
    def begun_at(self) -> datetime:
        """When what there is now began."""
        return self.course.begun_at or self.since_at

    @property
    def paused_until_on(self) -> date | None:
        """The day on which the pause of somebody paused ends by itself."""
        return self.course.until_on if self.status is EnrolmentStatus.PAUSED else None

    @property
    def takes_part(self) -> bool:
        """Whether the programme is to hear of the person."""
        return self.status is not EnrolmentStatus.WITHDRAWN


Enrolments = tuple[Enrolment, ...]

Participation = (
    ParticipationEnrolled
    | ParticipationUpdated
    | ParticipationNominated
    | ParticipationPaused
    | ParticipationResumed
    | ParticipationWithdrawn
    | ParticipationTrainingCompleted
)
"""The data of the events about taking part."""

_S = EnrolmentStatus


def enrolment_in(enrolments: Enrolments, programme_id: ProgrammeId) -> Enrolment | None:
    """Return the enrolment in one programme, withdrawn ones included."""
    return next((enrolment for enrolment in enrolments if enrolment.programme_id == programme_id), None)


def after_event(
    enrolments: Enrolments, data: Participation, event: Event, *, at: datetime, zone: str | None, left_at: datetime | None = None
) -> Enrolments:
    """Return the enrolments after one event; the same tuple where it changes none.

    Args:
        left_at: when the person last left the organisation; what was said before it ended with it.
    """
    said_at = event.time.replace(microsecond=0)
    before = enrolment_in(enrolments, data.programme_id)
    known = before or Enrolment(programme_id=data.programme_id, status=_S.KNOWN, since_at=said_at)
    course = courses.told(known.course, event, left_at=left_at)
    mentioned_at = _earlier(known.mentioned_at, said_at)
    invited_at = _earlier(known.invited_at, said_at) if isinstance(data, ParticipationNominated) else known.invited_at
    if before is not None and (course, mentioned_at, invited_at) == (before.course, before.mentioned_at, before.invited_at):
        return enrolments
    changed = replace(known, course=course, mentioned_at=mentioned_at, invited_at=invited_at)
    return _placed(enrolments, _settled(_pause_over(changed, at, zone)))


def next_pause_over_at(enrolments: Enrolments, zone: str | None) -> datetime | None:
    """Return the earliest instant at which a pause ends by itself (people.N3)."""
    return min((start_of_day(until_on, zone) for kept in enrolments if (until_on := kept.paused_until_on) is not None), default=None)


def after_pauses(enrolments: Enrolments, at: datetime, zone: str | None) -> Enrolments:
    """End the pauses that are over at `at` (people.N3)."""
    return tuple(_settled(_pause_over(kept, at, zone)) for kept in enrolments)


def after_silence(enrolments: Enrolments, programme_id: ProgrammeId, paused_at: datetime) -> Enrolments:
    """Let the pause begin that a programme says an unanswered question has become."""
    known = enrolment_in(enrolments, programme_id)
    if known is None:
        return enrolments
    course = courses.with_silent_pause(known.course, paused_at)
    return enrolments if course is known.course else _placed(enrolments, _settled(replace(known, course=course)))


def after_refusal(enrolments: Enrolments, programme_id: ProgrammeId, stamp: Stamp) -> Enrolments:
    """Take back what a refused event brought (people.N2).

    A programme without anything left hears nothing any more.
    """
    known = enrolment_in(enrolments, programme_id)
    if known is None:
        return enrolments
    course, said_at = courses.refused(known.course, stamp), stamp.time.replace(microsecond=0)
    is_first_mention = said_at == known.mentioned_at
    if course is known.course and not (is_first_mention and known.status in {_S.KNOWN, _S.INVITED}):
        return enrolments
    left = replace(known, course=course, ended_at=known.ended_at if course.begun_at is not None else said_at)
    return _placed(enrolments, _settled(left))


def after_end(enrolments: Enrolments, gone: Enrolments, at: datetime) -> Enrolments:
    """End the given ones: the person left the organisation."""
    return tuple(
        _settled(replace(kept, course=courses.ended(kept.course), ended_at=at, is_leaving=False)) if kept in gone else kept
        for kept in enrolments
    )


def leaving(enrolments: Enrolments, gone: Enrolments) -> Enrolments:
    """Mark the given ones as left, and no others: a departure that was none is forgotten."""
    return tuple(
        kept if kept.is_leaving is (kept.takes_part and kept in gone) else replace(kept, is_leaving=not kept.is_leaving)
        for kept in enrolments
    )


def _earlier(known: datetime | None, at: datetime) -> datetime:
    return at if known is None or at < known else known


def _pause_over(enrolment: Enrolment, at: datetime, zone: str | None) -> Enrolment:
    course = enrolment.course
    if not course.is_pause or course.until_on is None or (over_at := start_of_day(course.until_on, zone)) > at:
        return enrolment
    return replace(enrolment, course=courses.with_pause_over(course, over_at))


def _settled(enrolment: Enrolment) -> Enrolment:
    """Let the status follow from the course (people.N4)."""
    course, ended_at = enrolment.course, enrolment.ended_at
    if course.begun_at is not None:
        paused_at = course.paused_at
        status = _S.ENROLLED if paused_at is None else _S.PAUSED
        since_at = paused_at or max(course.begun_at, course.back_at or course.begun_at)
        return replace(enrolment, status=status, since_at=since_at, ended_at=None)
    if course.left is not None or ended_at is not None:
        left_at = None if course.left is None else course.left.time.replace(microsecond=0)
        since_at = max(one for one in (left_at, ended_at) if one is not None)
        return replace(enrolment, status=_S.WITHDRAWN, since_at=since_at)
    if enrolment.invited_at is not None:
        return replace(enrolment, status=_S.INVITED, since_at=enrolment.invited_at)
    return replace(enrolment, status=_S.KNOWN, since_at=enrolment.mentioned_at or enrolment.since_at)


def _placed(enrolments: Enrolments, changed: Enrolment) -> Enrolments:
    others = [enrolment for enrolment in enrolments if enrolment.programme_id != changed.programme_id]
    if len(others) == ENROLMENTS_MAX:
        others.remove(min(others, key=lambda kept: (kept.takes_part, kept.since_at, kept.programme_id)))
    return tuple(sorted((*others, changed), key=lambda kept: kept.programme_id))
