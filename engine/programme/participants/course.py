"""The course of one person in one programme: words about taking part, in any order.

Decides: whether the person takes part, since when, whether it pauses, and since when its profile has been whole or has lacked something.
Never knows: what the profile says (participants/participant), what follows for pairs or messages (people/roster, participants/profiles).

Both stages keep a course of their own and fold the same facts into it, so the person's row and the programme's always agree.

Invariants
    participants.C1  A course is a function of the set of its facts: any order of arrival, and any repetition, ends in the same course.
    participants.C2  Nothing said up to the last leaving counts: `said` holds what was said after it, by stamp, at most SAID_MAX.
    participants.C3  Only an enrolment brings back somebody who left. To somebody who never left, an update is as good as an enrolment.
    participants.C4  A pause counts only if it was said after the person had begun to take part.

How conflicts are resolved: by stamp (core/stamp). Beyond SAID_MAX the second latest goes: the first says since when, the last what holds.

Source: house rule (facts are ordered by when they happened, not by when they came).
"""

from datetime import date, datetime
from typing import Final

from engine.core.stamp import Stamp, is_later, stamp_of
from schemas.envelope import Event
from schemas.events.participation import (
    ParticipationEnrolled,
    ParticipationPaused,
    ParticipationResumed,
    ParticipationUpdated,
    ParticipationWithdrawn,
)
from schemas.frozen import Frozen, replace

SAID_MAX: Final = 16


class Said(Frozen, kw_only=True):
    """One enrolment or update, and whether it named something to teach and to learn."""

    stamp: Stamp
    is_enrolment: bool = False
    has_offers: bool | None = None
    """None where it says nothing of offers."""
    has_wants: bool | None = None


class Course(Frozen, kw_only=True):
    """What counts of what a person has said about taking part."""

    said: tuple[Said, ...] = ()
    """Enrolments and updates since the last leaving (participants.C2)."""
    left: Stamp | None = None
    """The last withdrawal, or the last word of somebody who left the organisation."""
    pause: Stamp | None = None
    """The last pause or resumption."""
    is_pause: bool = False
    """Whether that was a pause, and has not ended by itself."""
    until_on: date | None = None
    """The day on which the pause ends by itself."""
    over_at: datetime | None = None
    """When the pause ended by itself."""

    @property
    def begun_at(self) -> datetime | None:
        """Since when the person takes part (participants.C3); None for somebody who doesn't."""
        if self.left is None:
            return _second(self.said[0].stamp) if self.said else None
        return next((_second(said.stamp) for said in self.said if said.is_enrolment), None)

    @property
    def paused_at(self) -> datetime | None:
        """Since when the person pauses (participants.C4); None for somebody who doesn't."""
        return _second(self.pause) if self.pause is not None and self.is_pause and self._is_about_now(self.pause) else None

    @property
    def back_at(self) -> datetime | None:
        """When the person said that its pause is over, or the pause ended by itself."""
        if self.pause is None or self.is_pause or not self._is_about_now(self.pause):
            return None
        return self.over_at or _second(self.pause)

    def _is_about_now(self, pause: Stamp) -> bool:
        if self.left is None:
            return bool(self.said) and pause > self.said[0].stamp
        return any(said.is_enrolment and pause > said.stamp for said in self.said)


class Wholeness(Frozen):
    """How the profile has stood since the person takes part."""

    whole_since: datetime | None
    """When it first had offers and wants."""
    lacking_since: datetime | None
    """Since when it has lacked one of the two; None while it is whole."""


NOTHING_SAID: Final = Course()


def _second(stamp: Stamp) -> datetime:
    return stamp.time.replace(microsecond=0)


def told(course: Course, event: Event, *, left_at: datetime | None) -> Course:
    """Take in one fact about taking part; the same course for old news (participants.C1).

    Args:
        event: an enrolment, update, pause, resumption or withdrawal.
        left_at: when the person last left the organisation: what was said before it ended with it.
    """
    stamp, data = stamp_of(event), event.data
    if isinstance(data, ParticipationEnrolled | ParticipationUpdated):
        if left_at is not None and event.time < left_at:
            return _without_all_up_to(course, stamp)
        names = data.model_fields_set
        is_enrolment = isinstance(data, ParticipationEnrolled)
        return _with_said(
            course,
            Said(
                stamp=stamp,
                is_enrolment=is_enrolment,
                has_offers=bool(data.offers) if is_enrolment or "offers" in names else None,
                has_wants=bool(data.wants) if is_enrolment or "wants" in names else None,
            ),
        )
    if isinstance(data, ParticipationWithdrawn):
        return _without_all_up_to(course, stamp)
    if isinstance(data, ParticipationPaused | ParticipationResumed) and is_later(event, course.pause):
        is_pause = isinstance(data, ParticipationPaused)
        until_on = data.until_on if isinstance(data, ParticipationPaused) else None
        return replace(course, pause=stamp, is_pause=is_pause, until_on=until_on, over_at=None)
    return course


def _with_said(course: Course, new: Said) -> Course:
    if (course.left is not None and new.stamp <= course.left) or any(known.stamp == new.stamp for known in course.said):
        return course
    said = tuple(sorted((*course.said, new), key=lambda known: known.stamp))
    return replace(course, said=said if len(said) <= SAID_MAX else (*said[: SAID_MAX - 1], _joined(*said[-2:])))


def _joined(earlier: Said, last: Said) -> Said:
    """Let the last fact say what the one before it said and it doesn't."""
    return replace(
        last,
        is_enrolment=last.is_enrolment or earlier.is_enrolment,
        has_offers=earlier.has_offers if last.has_offers is None else last.has_offers,
        has_wants=earlier.has_wants if last.has_wants is None else last.has_wants,
    )


def _without_all_up_to(course: Course, stamp: Stamp) -> Course:
    if course.left is not None and stamp <= course.left:
        return course
    return replace(course, left=stamp, said=tuple(known for known in course.said if known.stamp > stamp))


def with_pause_over(course: Course, over_at: datetime) -> Course:
    """End a pause by itself. Its stamp stays, so that nothing older comes back."""
    return replace(course, is_pause=False, until_on=None, over_at=over_at)


def with_silent_pause(course: Course, at: datetime) -> Course:
    """Let a pause begin because a question stayed unanswered.

    Whatever the person says later of a pause counts.
    """
    stamp = Stamp(at, 0, "")
    if course.pause is not None and stamp <= course.pause:
        return course
    return replace(course, pause=stamp, is_pause=True, until_on=None, over_at=None)


def ended(course: Course) -> Course:
    """End all that was said so far: the person left the organisation."""
    return _without_all_up_to(course, course.said[-1].stamp) if course.said else course


def refused(course: Course, stamp: Stamp) -> Course:
    """Take back a fact that the programme refused; the same course where nothing changes."""
    said = tuple(known for known in course.said if known.stamp != stamp)
    if len(said) != len(course.said):
        return replace(course, said=said)
    if course.left == stamp:
        return replace(course, left=None)
    return replace(course, pause=None, is_pause=False, until_on=None, over_at=None) if course.pause == stamp else course


def wholeness(course: Course) -> Wholeness:
    """Return since when the profile has been whole or has lacked something."""
    begun_at = course.begun_at
    has_offers = has_wants = False
    whole_since: datetime | None = None
    lacking_since = begun_at
    for said in course.said:
        has_offers = has_offers if said.has_offers is None else said.has_offers
        has_wants = has_wants if said.has_wants is None else said.has_wants
        at = _second(said.stamp)
        if begun_at is None or at < begun_at:
            continue
        if not (has_offers and has_wants):
            lacking_since = lacking_since or at
        else:
            whole_since, lacking_since = whole_since or at, None
    return Wholeness(whole_since=whole_since, lacking_since=lacking_since)
