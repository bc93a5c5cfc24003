"""Meetings of a pair, and the ledger of teaching that follows from them.

Decides: which reports are about one meeting, which of them counts, who taught what, and what balance that gives.
Never knows: nudges; the pairing's state.

Invariants
    sessions.T1  The ledger is a function of the reports that were made, whatever order they came in: a correction recomputes it.
    sessions.T2  One credit per exchange of a completed meeting, to the side that taught.
    sessions.T3  One meeting counts once, whichever sources report it: by session id, else by overlapping time (half-open).
    sessions.T4  A session without one side is given up by that side, like one that it cancelled. Where both stayed away, or
        nobody says who did, it says nothing about either.

How conflicts are resolved: for one session id the report with the later stamp stands. When the session is, and who proposed it, is what
the latest report says that speaks of it. Between two reports of one meeting the better evidence wins, and the earlier report where
evidence is equal.

Source: docs/rules.md, Sessions and the ledger of teaching.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from engine.core.stamp import Stamp
from schemas.frozen import Frozen, replace
from schemas.terms.codes import Evidence, TopicFamily
from schemas.terms.ids import PersonId, SessionId

SESSIONS_MAX: Final = 100
"""Sessions of one term that may be reported as held.

As many again may have fallen through or lie ahead.
"""
_Said = TypeVar("_Said", tuple[Stamp, datetime, int], tuple[Stamp, str])
EVIDENCE_ORDER: Final = (Evidence.SELF_REPORT, Evidence.CALENDAR, Evidence.CONFERENCE_RECORD, Evidence.LMS)


class MeetingState(StrEnum):
    """Where a meeting stands."""

    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Exchange(Frozen, kw_only=True):
    """Somebody taught something."""

    topic: str
    family: TopicFamily
    taught_by: PersonId


class Meeting(Frozen, kw_only=True):
    """One session as last reported."""

    session_id: SessionId
    state: MeetingState
    starts_at: datetime
    duration_minutes: int
    proposed_by: PersonId | None = None
    cancelled_by: PersonId | None = None
    absent: tuple[PersonId, ...] = ()
    """People who were absent from a missed session, where it is known."""
    exchanges: tuple[Exchange, ...] = ()
    evidence: Evidence | None = None
    stamp: Stamp
    """Of the report that stands."""
    timed_by: Stamp | None = None
    """Of the latest report that says when the session is; None while none does."""
    booked_by: Stamp | None = None
    """Of the latest booking, which says who proposed the time."""
    same_as: SessionId | None = None
    """Another report of the same meeting, which counts instead."""

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.duration_minutes)

    @property
    def given_up_by(self) -> tuple[PersonId, ...]:
        """Sides who gave the session up (sessions.T4)."""
        if self.state is MeetingState.CANCELLED:
            return () if self.cancelled_by is None else (self.cancelled_by,)
        return self.absent if len(self.absent) == 1 else ()


def find(meetings: Iterable[Meeting], session_id: SessionId) -> Meeting | None:
    """Return the meeting of that session id."""
    return next((meeting for meeting in meetings if meeting.session_id == session_id), None)


def known(meetings: Iterable[Meeting], session_id: SessionId) -> Meeting:
    """Return a session that has a report."""
    found = find(meetings, session_id)
    assert found is not None, "what was reported is kept"
    return found


def reported(meetings: tuple[Meeting, ...], report: Meeting) -> tuple[Meeting, ...]:
    """Take in a report of a meeting (sessions.T1).

    Returns: the meetings with what the report adds; the very same tuple where it adds nothing.
    """
    known = find(meetings, report.session_id)
    if known is None:
        return _linked((*meetings, report)) if report.state is MeetingState.COMPLETED else (*meetings, report)
    standing = _merged(known, report)
    if standing == known:
        return meetings
    changed = tuple(standing if meeting is known else meeting for meeting in meetings)
    return _linked(changed) if MeetingState.COMPLETED in {known.state, standing.state} else changed


def has_room(meetings: Iterable[Meeting], report: Meeting, since: datetime | None) -> bool:
    """Say whether the term of a report takes one more session of its kind.

    Args:
        since: when the current term began; None in the first.
    """
    is_held, is_current = report.state is MeetingState.COMPLETED, _is_since(report, since)
    count = sum(
        (one.state is MeetingState.COMPLETED) == is_held and _is_since(one, since) == is_current
        for one in meetings
        if one.session_id != report.session_id
    )
    return count < SESSIONS_MAX


def _is_since(meeting: Meeting, since: datetime | None) -> bool:
    return since is None or meeting.starts_at > since


def _merged(known: Meeting, report: Meeting) -> Meeting:
    """Let the later report of a session stand.

    Each detail is as the latest report says that speaks of it.
    """
    standing = report if _rank(report) > _rank(known) else known
    timed = report if _is_later(_time_said(report), _time_said(known)) else known if known.timed_by is not None else standing
    booking = report if _is_later(_proposer_said(report), _proposer_said(known)) else known
    return replace(
        standing,
        starts_at=timed.starts_at,
        duration_minutes=timed.duration_minutes,
        timed_by=timed.timed_by,
        proposed_by=booking.proposed_by,
        booked_by=booking.booked_by,
        same_as=known.same_as,
    )


def _rank(meeting: Meeting) -> tuple[Stamp, str, str, tuple[PersonId, ...], tuple[tuple[str, PersonId], ...], str]:
    """Order reports of one session: by stamp, and then by what they say.

    Two sources may share a stamp.
    """
    exchanges = tuple((exchange.topic, exchange.taught_by) for exchange in meeting.exchanges)
    return meeting.stamp, meeting.state, meeting.cancelled_by or "", meeting.absent, exchanges, meeting.evidence or ""


def _time_said(meeting: Meeting) -> tuple[Stamp, datetime, int] | None:
    """Order what reports say of the time of a session: by stamp, then by the time itself."""
    return None if meeting.timed_by is None else (meeting.timed_by, meeting.starts_at, meeting.duration_minutes)


def _proposer_said(meeting: Meeting) -> tuple[Stamp, str] | None:
    return None if meeting.booked_by is None else (meeting.booked_by, meeting.proposed_by or "")


def _is_later(one: _Said | None, other: _Said | None) -> bool:
    return one is not None and (other is None or one > other)


def _evidence_rank(meeting: Meeting) -> int:
    return EVIDENCE_ORDER.index(meeting.evidence or Evidence.SELF_REPORT)


def _linked(meetings: tuple[Meeting, ...]) -> tuple[Meeting, ...]:
    """Point each further report of a completed meeting at the one that counts (sessions.T3)."""
    same_as: dict[SessionId, SessionId] = {}
    for cluster in _clusters(held_reports(meetings)):
        counted: list[Meeting] = []
        for meeting in sorted(cluster, key=lambda one: (-_evidence_rank(one), one.stamp, one.session_id)):
            twin = next((other for other in counted if overlaps(meeting, other)), None)
            if twin is None:
                counted.append(meeting)
            else:
                same_as[meeting.session_id] = twin.session_id
    return tuple(
        meeting if meeting.same_as == same_as.get(meeting.session_id) else replace(meeting, same_as=same_as.get(meeting.session_id))
        for meeting in meetings
    )


def _clusters(held_ones: Iterable[Meeting]) -> Iterator[list[Meeting]]:
    """Yield the groups of meetings that overlap one another, directly or by others."""
    cluster: list[Meeting] = []
    ends_at: datetime | None = None
    for meeting in sorted(held_ones, key=_by_start):
        if ends_at is not None and meeting.starts_at < ends_at:
            cluster.append(meeting)
            ends_at = max(ends_at, meeting.ends_at)
            continue
        if len(cluster) > 1:
            yield cluster
        cluster, ends_at = [meeting], meeting.ends_at
    if len(cluster) > 1:
        yield cluster


def overlaps(one: Meeting, other: Meeting) -> bool:
    """Whether two meetings share time; one that begins as the other ends doesn't."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def held_reports(meetings: Iterable[Meeting]) -> list[Meeting]:
    """Every completed report, doubles included."""
    return [meeting for meeting in meetings if meeting.state is MeetingState.COMPLETED]


def _counted(meetings: Iterable[Meeting], since: datetime | None = None) -> list[Meeting]:
    """Return completed meetings, each once, in any order."""
    once = [meeting for meeting in meetings if meeting.state is MeetingState.COMPLETED and meeting.same_as is None]
    return once if since is None else [meeting for meeting in once if meeting.starts_at > since]


def held(meetings: Iterable[Meeting], since: datetime | None = None) -> list[Meeting]:
    """Return completed meetings, each once, in time order.

    Only those that began after `since`, if it is given.
    """
    return sorted(_counted(meetings, since), key=_by_start)


def planned(meetings: Iterable[Meeting]) -> list[Meeting]:
    """Return scheduled meetings without any later report, in time order.

    A meeting that another source reports as held is none of them.
    """
    known = tuple(meetings)
    ahead = [meeting for meeting in known if meeting.state is MeetingState.SCHEDULED]
    if not ahead:
        return []
    done = _counted(known)
    return sorted((one for one in ahead if not any(overlaps(one, other) for other in done)), key=_by_start)


def booked(meetings: Iterable[Meeting], at: datetime) -> list[Meeting]:
    """Return planned meetings that are not over, in time order."""
    return [meeting for meeting in planned(meetings) if meeting.ends_at > at]


def _by_start(meeting: Meeting) -> tuple[datetime, SessionId]:
    return meeting.starts_at, meeting.session_id


def taught_count(meetings: Iterable[Meeting], person_id: PersonId, since: datetime | None = None) -> int:
    """Return how many credits a side has (sessions.T2)."""
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
    return max((meeting for meeting in meetings if meeting.state is not MeetingState.SCHEDULED), key=_by_report, default=None)


def last_fallen_through(meetings: Iterable[Meeting]) -> Meeting | None:
    """Return the last meeting if it fell through: cancelled, or missed."""
    last = last_done(meetings)
    return None if last is None or last.state is MeetingState.COMPLETED else last


def cancellations_in_a_row(meetings: Iterable[Meeting], person_id: PersonId) -> list[Meeting]:
    """Return the last meetings in a row that a side gave up, by event time (sessions.T4)."""
    row: list[Meeting] = []
    for meeting in sorted(meetings, key=_by_report, reverse=True):
        if meeting.state is MeetingState.SCHEDULED or (meeting.state is MeetingState.MISSED and not meeting.given_up_by):
            continue
        if meeting.given_up_by != (person_id,):
            break
        row.append(meeting)
    return row[::-1]


def _by_report(meeting: Meeting) -> tuple[datetime, SessionId]:
    return meeting.stamp.time, meeting.session_id
