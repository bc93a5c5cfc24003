"""Meetings of a pair, and the ledger of teaching that follows from them.

Decides: which reports are about one meeting, which of them counts, who taught what, and what balance that gives.
Never knows: nudges; the pairing's state.

Invariants
    T1  The ledger is a function of the meetings as they stand now: a correction recomputes it.
    T2  One credit per exchange of a completed meeting, to the side that taught.
    T3  One meeting counts once, whichever sources report it: by session id, else by overlapping time (half-open).

How conflicts are resolved: for one session id the higher `sequence` wins, see `_supersedes`; between two reports of one meeting the better
evidence wins, and the earlier report where evidence is equal.

Source: design of the teaching ledger (README, Sessions).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schemas.codes import Evidence, TopicFamily
from schemas.frozen import replace
from schemas.ids import PersonId, SessionId

MEETINGS_MAX: Final = 200
"""Per pairing; what doesn't count for the ledger goes first. A weekly pair reaches it after about four years."""
EVIDENCE_ORDER: Final = (Evidence.SELF_REPORT, Evidence.CALENDAR, Evidence.CONFERENCE_RECORD, Evidence.LMS)


class MeetingState(StrEnum):
    """Where a meeting stands."""

    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Somebody taught something."""

    topic: str
    family: TopicFamily
    taught_by: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """One session as last reported."""

    session_id: SessionId
    state: MeetingState
    starts_at: datetime
    duration_minutes: int
    proposed_by: PersonId | None = None
    cancelled_by: PersonId | None = None
    exchanges: tuple[Exchange, ...] = ()
    evidence: Evidence | None = None
    sequence: int = 0
    reported_at: datetime
    """Event time of the report that stands."""
    same_as: SessionId | None = None
    """Another report of the same meeting, which counts instead."""

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.duration_minutes)


def find(meetings: Iterable[Meeting], session_id: SessionId) -> Meeting | None:
    """Return the meeting of that session id."""
    return next((meeting for meeting in meetings if meeting.session_id == session_id), None)


def reported(meetings: tuple[Meeting, ...], report: Meeting) -> tuple[Meeting, ...]:
    """Take in a report of a meeting.

    Returns: the meetings with the report in its place; the very same tuple when the report that stands is kept.
    """
    known = find(meetings, report.session_id)
    if known is None:
        return _linked((*_with_room(meetings), report))
    if not _supersedes(report, known):
        return meetings
    standing = replace(report, proposed_by=report.proposed_by or known.proposed_by, sequence=max(report.sequence, known.sequence))
    return _linked(tuple(standing if meeting is known else meeting for meeting in meetings))


def _with_room(meetings: tuple[Meeting, ...]) -> tuple[Meeting, ...]:
    """Make room for one more: the first mentioned that doesn't count for the ledger goes, or the first of all."""
    if len(meetings) < MEETINGS_MAX:
        return meetings
    oldest = next((meeting for meeting in meetings if not _counts(meeting)), meetings[0])
    return tuple(meeting for meeting in meetings if meeting is not oldest)


def _supersedes(report: Meeting, known: Meeting) -> bool:
    """Say whether a report of a session replaces the one that stands.

    The higher sequence does. A source that doesn't count says 0; its word only takes a session further: from booked to what became of it,
    from given up to held. With equal sequences held comes before planned, then the better evidence, then the later event.
    """
    is_held, was_held = report.state is MeetingState.COMPLETED, known.state is MeetingState.COMPLETED
    if report.sequence != known.sequence:
        is_further = (is_held and not was_held) or (known.state is MeetingState.SCHEDULED and report.state is not MeetingState.SCHEDULED)
        return report.sequence > known.sequence or (report.sequence == 0 and is_further)
    if is_held and was_held:
        return _evidence_rank(report) > _evidence_rank(known)
    if is_held or was_held:
        return is_held
    return report.reported_at >= known.reported_at


def _evidence_rank(meeting: Meeting) -> int:
    return EVIDENCE_ORDER.index(meeting.evidence or Evidence.SELF_REPORT)


def _linked(meetings: tuple[Meeting, ...]) -> tuple[Meeting, ...]:
    """Point every further report of one completed meeting at the one that counts (T3)."""
    by_evidence = sorted(held_reports(meetings), key=lambda m: (-_evidence_rank(m), m.reported_at, m.session_id))
    counted: list[Meeting] = []
    same_as: dict[SessionId, SessionId] = {}
    for meeting in by_evidence:
        twin = next((other for other in counted if overlaps(meeting, other)), None)
        if twin is None:
            counted.append(meeting)
        else:
            same_as[meeting.session_id] = twin.session_id
    return tuple(
        meeting if meeting.same_as == same_as.get(meeting.session_id) else replace(meeting, same_as=same_as.get(meeting.session_id))
        for meeting in meetings
    )


def overlaps(one: Meeting, other: Meeting) -> bool:
    """Whether two meetings share time; one that begins as the other ends doesn't."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def held_reports(meetings: Iterable[Meeting]) -> list[Meeting]:
    """Every completed report, doubles included."""
    return [meeting for meeting in meetings if meeting.state is MeetingState.COMPLETED]


def _counts(meeting: Meeting) -> bool:
    return meeting.state is MeetingState.COMPLETED and meeting.same_as is None


def _counted(meetings: Iterable[Meeting], since: datetime | None = None) -> list[Meeting]:
    """Return completed meetings, each once, in any order."""
    once = [meeting for meeting in meetings if meeting.state is MeetingState.COMPLETED and meeting.same_as is None]
    return once if since is None else [meeting for meeting in once if meeting.starts_at > since]


def held(meetings: Iterable[Meeting], since: datetime | None = None) -> list[Meeting]:
    """Return completed meetings, each once, in time order; only those that began after an instant if one is given."""
    return sorted(_counted(meetings, since), key=_by_start)


def planned(meetings: Iterable[Meeting]) -> list[Meeting]:
    """Return scheduled meetings of which nothing more is known, in time order; none that another source reports as held."""
    known = tuple(meetings)
    done = held(known)
    open_ = [m for m in known if m.state is MeetingState.SCHEDULED and not any(overlaps(m, other) for other in done)]
    return sorted(open_, key=_by_start)


def booked(meetings: Iterable[Meeting], at: datetime) -> list[Meeting]:
    """Return planned meetings that are not over, in time order."""
    return [meeting for meeting in planned(meetings) if meeting.ends_at > at]


def _by_start(meeting: Meeting) -> tuple[datetime, SessionId]:
    return meeting.starts_at, meeting.session_id


def taught_count(meetings: Iterable[Meeting], person_id: PersonId, since: datetime | None = None) -> int:
    """Return how many credits a side has (T2)."""
    return sum(exchange.taught_by == person_id for meeting in _counted(meetings, since) for exchange in meeting.exchanges)


def reciprocity_ratio(meetings: Iterable[Meeting], people: tuple[PersonId, PersonId], since: datetime | None = None) -> float | None:
    """Return min(taught) / max(taught); None while nothing was taught."""
    taught = sorted(taught_count(meetings, person_id, since) for person_id in people)
    return None if taught[1] == 0 else round(taught[0] / taught[1], 4)


def families(meetings: Iterable[Meeting], since: datetime | None = None) -> set[TopicFamily]:
    """Return the families that were taught."""
    return {exchange.family for meeting in _counted(meetings, since) for exchange in meeting.exchanges}


def topics_had(meetings: Iterable[Meeting]) -> set[str]:
    """Return every topic that the pair has taught or learned."""
    return {exchange.topic for meeting in _counted(meetings) for exchange in meeting.exchanges}


def last_done(meetings: Iterable[Meeting]) -> Meeting | None:
    """Return the meeting whose outcome was reported last, by event time."""
    done = _done(meetings)
    return done[-1] if done else None


def cancellations_in_a_row(meetings: Iterable[Meeting], person_id: PersonId) -> list[Meeting]:
    """Return a side's last cancellations without a meeting in between that came to anything else, by event time."""
    row: list[Meeting] = []
    for meeting in reversed(_done(meetings)):
        if meeting.state is not MeetingState.CANCELLED or meeting.cancelled_by != person_id:
            break
        row.append(meeting)
    return row[::-1]


def _done(meetings: Iterable[Meeting]) -> list[Meeting]:
    done = [meeting for meeting in meetings if meeting.state is not MeetingState.SCHEDULED]
    return sorted(done, key=lambda meeting: (meeting.reported_at, meeting.session_id))
