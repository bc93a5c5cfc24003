"""Rows of the engine itself: marks of what was seen, counters of what was published.

Decides: how long a mark is kept.
Never knows: what the marked record said.

Invariants
    core.K1  A mark outlives every redelivery within 90 days of engine time.
    core.K2  Marks go at midnight UTC, so that a day's marks share one timer instant.
    core.K3  A mark is stored under a hash, and keeps a hash, that are keyed with the salt: it outlives an erasure, and ids are easily
        guessed.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from engine.core.identity import pseudonym
from schemas.envelope import Event
from schemas.frozen import Frozen
from schemas.terms.codes import ErrorCode

MARK_DAYS: Final = 90
MARK_PREFIX: Final = "mark:"
"""Tells the name of a mark from the hash under which it is stored."""


class Seen(Frozen, kw_only=True):
    """A record of this source and id was handled."""

    content: str
    """Keyed hash of the hash of canonical (type, subject, time, actor, data)."""
    refused: ErrorCode | None = None
    """Why it was refused, if it was; a repetition is then counted as refused again."""
    wake_at: datetime | None


class Sequence(Frozen, kw_only=True):
    """How many events one topic has had under one key."""

    count: int

    @property
    def wake_at(self) -> None:
        """A counter waits for nothing."""
        return


def mark_expiry(at: datetime) -> datetime:
    """Return the first midnight UTC after 90 days."""
    return _midnight(at.toordinal() + MARK_DAYS + 1)


@lru_cache(maxsize=16)
def _midnight(day: int) -> datetime:
    return datetime.combine(date.fromordinal(day), time.min, tzinfo=UTC)


def is_taken(marks: Iterable[Seen | None], content: str) -> bool:
    """Say whether a record with this content was taken under one of the marks, not refused."""
    return any(mark is not None and mark.refused is None and mark.content == content for mark in marks)


def mark_name(source: str, event_id: str, redrive_count: int) -> str:
    """Name a record's mark; a redriven record has one of its own.

    It is stored under a hash of this (core.K3).
    """
    return f"{MARK_PREFIX}{source}\n{event_id}\n{redrive_count}"


class Mark(Frozen):
    """Where an external record is marked, and what the mark keeps of it."""

    keys: tuple[str, ...]
    """The record's own, and of a redriven one that of the record as it came first.

    A redrive that is taken writes both, so that the same record sent again changes nothing. But where another content was taken under the
    id, that content keeps its mark.
    """
    content: str


def mark_of(event: Event, redrive_count: int, salt: bytes) -> Mark:
    """Return the mark of an external record, remembered: it is asked for twice."""
    counts = (redrive_count, 0) if redrive_count else (0,)
    keys = tuple([pseudonym(mark_name(event.source, event.id, count), salt) for count in counts])
    return Mark(keys, pseudonym(event.content, salt))
