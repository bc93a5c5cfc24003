"""The timers that come next, in memory.

Asking for the earliest timer happens before every input, so it may not be a query. The index holds the nearest timers of one stage, up to
a horizon; later ones stay in the file until the horizon reaches them. Exact: a timer is in memory if and only if it is within the horizon.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from engine.core.timers import TimerIndex
from engine.runtimes.embedded.rows.stored_tables import StoredTimer

NEAR_TIMERS_MAX: Final = 2_000
CHANGES_PER_TIMER_MAX: Final = 5
"""After so many changes for each timer of the window the index is loaded afresh, which drops what it holds beyond its size."""


class NearTimers:
    """The nearest timers of one stage."""

    def __init__(self, load: Callable[[int], list[StoredTimer]], *, window_max: int = NEAR_TIMERS_MAX) -> None:
        """Start empty.

        Args:
            load: returns the first timers of the stage in order, unwritten changes included; at most as many as asked for.
            window_max: how many timers to hold, and to answer with at most.
        """
        self._load = load
        self._window_max = window_max
        self._changes_max = CHANGES_PER_TIMER_MAX * window_max
        self._index = TimerIndex()
        self._horizon: StoredTimer | None = None
        self._changes_count = self._changes_max
        self._first: StoredTimer | None = None
        """The earliest timer, where it is known; asked for before every input, and seldom another than before."""

    def set(self, table: str, key: str, wake_at: datetime | None) -> None:
        """Move a row's timer; None removes it."""
        if wake_at is not None and self._horizon is not None and (wake_at, table, key) > self._horizon:
            wake_at = None
        first = self._first
        if first is not None and (first[2] == key or (wake_at is not None and wake_at <= first[0])):
            self._first = None
        self._index.set(table, key, wake_at)
        self._changes_count += 1

    def earliest(self) -> datetime | None:
        """Return the smallest `wake_at` of the stage."""
        if self._changes_count >= self._changes_max:
            self._reload()
        if self._first is None:
            self._first = self._index.first()
            if self._first is None and self._horizon is not None:
                self._reload()
                self._first = self._index.first()
        return None if self._first is None else self._first[0]

    def due(self, at: datetime, limit: int) -> list[tuple[str, str]]:
        """Return up to `limit` (table, key) with `wake_at <= at` in firing order."""
        assert limit <= self._window_max
        if self._changes_count >= self._changes_max:
            self._reload()
        found = self._index.due(at, limit)
        if len(found) < limit and self._horizon is not None and self._horizon[0] <= at:
            self._reload()
            found = self._index.due(at, limit)
        return found

    def _reload(self) -> None:
        timers = self._load(self._window_max)
        self._index = TimerIndex()
        for wake_at, table, key in timers:
            self._index.set(table, key, wake_at)
        self._horizon = timers[-1] if len(timers) == self._window_max else None
        self._changes_count = 0
        self._first = None
