"""An index of row timers in memory: which rows are due, in the order in which they fire.

For runtimes that hold their rows in memory; the SQLite store has the same index on disk. Setting and asking cost O(log n).
"""

import heapq
from datetime import datetime


class TimerIndex:
    """Rows by their `wake_at`, in (wake_at, table, key) order."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, str]] = []
        self._wake_at: dict[tuple[str, str], datetime] = {}

    def set(self, table: str, key: str, wake_at: datetime | None) -> None:
        """Move a row's timer; None removes it."""
        if wake_at is None:
            self._wake_at.pop((table, key), None)
        elif self._wake_at.get((table, key)) != wake_at:
            self._wake_at[(table, key)] = wake_at
            heapq.heappush(self._heap, (wake_at, table, key))

    def wake_at(self, table: str, key: str) -> datetime | None:
        """Return a row's timer, or None."""
        return self._wake_at.get((table, key))

    def earliest(self) -> datetime | None:
        """Return the smallest `wake_at`, if any row waits."""
        first = self.first()
        return None if first is None else first[0]

    def first(self) -> tuple[datetime, str, str] | None:
        """Return the first timer, if any row waits."""
        self._drop_stale()
        return self._heap[0] if self._heap else None

    def due(self, at: datetime, limit: int) -> list[tuple[str, str]]:
        """Return up to `limit` (table, key) that are due.

        The timers stay set until the rows change.
        """
        found: list[tuple[datetime, str, str]] = []
        self._drop_stale()
        while self._heap and self._heap[0][0] <= at and len(found) < limit:
            found.append(heapq.heappop(self._heap))
            self._drop_stale()
        for entry in found:
            heapq.heappush(self._heap, entry)
        return [(table, key) for _, table, key in dict.fromkeys(found)]

    def _drop_stale(self) -> None:
        while self._heap and self._wake_at.get(self._heap[0][1:]) != self._heap[0][0]:
            heapq.heappop(self._heap)
