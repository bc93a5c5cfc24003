"""Rows of one task in memory, and what has changed since the last commit.

A row that came from the changelog stays bytes until somebody asks for it; a row that was written is kept as it is. Marks are asked for
once, so they are always kept as bytes. Keys of a table are sorted when somebody scans it, and kept sorted from then on.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, cast

from engine.core.row_codec import RowCodec
from engine.core.stage import Stage
from engine.core.table import SEEN, Row, RowT, Table
from engine.core.timers import TimerIndex

_SECOND: Final = timedelta(seconds=1)
INSERTED_ONE_BY_ONE_MAX: Final = 16
"""More new keys than these are sorted in at once."""


def whole_seconds(wake_at: datetime | None) -> datetime | None:
    """Round a timer up to a whole second, so that it never fires early and a restored one is equal to the one that was set."""
    if wake_at is None or not wake_at.microsecond:
        return wake_at
    return wake_at.replace(microsecond=0) + _SECOND


class PartitionRows:
    """The rows of one stage in one partition."""

    def __init__(self, stage: Stage) -> None:
        self.timers = TimerIndex()
        self._codec = RowCodec(stage)
        self._tables: dict[str, dict[str, Any]] = {name: {} for name in stage.tables}
        self._sorted: dict[str, list[str]] = {}
        self._unsorted: dict[str, list[str]] = {}
        self._dirty: dict[tuple[str, str], None] = {}

    @property
    def is_dirty(self) -> bool:
        """Whether anything changed since the last commit."""
        return bool(self._dirty)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(rows) for name, rows in self._tables.items()}

    def get(self, table: Table[RowT], key: str) -> RowT | None:
        """Return the row, or None."""
        return cast("RowT | None", self._row(table.name, key))

    def _row(self, table: str, key: str) -> Any | None:
        rows = self._tables[table]
        row = rows.get(key)
        if type(row) is bytes:
            row = self._codec.decode(table, row)
            if table != SEEN.name:
                rows[key] = row
        return row

    def scan(self, table: Table[RowT], prefix: str) -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        rows = self._tables[table.name]
        keys = self._keys(table.name)
        place = bisect_left(keys, prefix)
        while place < len(keys) and keys[place].startswith(prefix):
            key = keys[place]
            if key in rows:
                yield key, cast("RowT", self._row(table.name, key))
            place += 1

    def put(self, table: str, key: str, row: Row | None) -> None:
        """Take over a change; None deletes."""
        rows = self._tables[table]
        if row is None:
            rows.pop(key, None)
        else:
            if table in self._sorted and key not in rows:
                self._unsorted[table].append(key)
            rows[key] = row
        self._dirty[(table, key)] = None
        self.timers.set(table, key, None if row is None else whole_seconds(row.wake_at))

    def clear_timer(self, table: str, key: str) -> None:
        """Clear a row's timer until the row is written again; the row stays."""
        self._dirty[(table, key)] = None
        self.timers.set(table, key, None)

    def restore(self, table: str, key: str, value: bytes | None, wake_at: datetime | None) -> None:
        """Take over a row of the changelog."""
        assert not self._sorted, "restored before anything is read"
        rows = self._tables.get(table)
        if rows is None:
            return  # a table of another version; its rows stay in the changelog
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value
        self.timers.set(table, key, None if value is None else wake_at)

    def take_changes(self) -> Iterator[tuple[str, str, bytes | None, datetime | None]]:
        """Yield (table, key, encoded row or None, wake_at) of everything that changed, and call it clean."""
        dirty, self._dirty = self._dirty, {}
        for table, key in dirty:
            rows = self._tables[table]
            row = rows.get(key)
            if row is None:
                yield table, key, None, None
                continue
            value = row if type(row) is bytes else self._codec.encode(row)
            if table == SEEN.name:
                rows[key] = value
            yield table, key, value, self.timers.wake_at(table, key)

    def _keys(self, table: str) -> list[str]:
        rows = self._tables[table]
        keys = self._sorted.get(table)
        if keys is None or len(keys) > 2 * len(rows) + 64:
            keys = self._sorted[table] = sorted(rows)
            self._unsorted[table] = []
            return keys
        added = self._unsorted[table]
        if not added:
            return keys
        if len(added) > INSERTED_ONE_BY_ONE_MAX:
            keys[:] = sorted({*keys, *added})
        else:
            for key in added:
                place = bisect_left(keys, key)
                if place == len(keys) or keys[place] != key:
                    insort(keys, key)
        added.clear()
        return keys
