"""The rows of one stage: changed ones in memory until the transaction is written, all of them in the file.

A change waits decoded, so a row that many inputs touch is encoded once.
"""

from collections.abc import Iterator, Sequence
from typing import Final, cast

from engine.core.stage import Stage
from engine.core.table import SEEN, Row, RowT, Table
from engine.runtimes.embedded.layout import instant_from, seconds_from
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.rows.near_timers import NearTimers
from engine.runtimes.embedded.rows.stored_tables import MarkTable, StoredTable, StoredTimer, first_timers, row_tables

UNWRITTEN_SCAN_ROWS_MAX: Final = 64
"""With more unwritten rows than this to merge, a scan writes them first."""


class StageRows:
    """The read view of one stage, and where its changes wait to be written."""

    def __init__(self, database: OpenFile, stage: Stage) -> None:
        self.timers = NearTimers(self._first_timers)
        self._database = database
        self._stage = stage.name
        self._marks = MarkTable(database, stage.name)
        self._stored: dict[str, StoredTable] = {**row_tables(database, stage), SEEN.name: self._marks}
        self._unwritten: dict[str, dict[str, Row | None]] = {name: {} for name in stage.tables}
        self._heads: dict[str, dict[str, set[str]]] = {}
        """Of tables that were scanned since they were written: what comes before the first `/` → unwritten keys."""
        self._cleared: set[tuple[str, str]] = set()

    def get(self, table: Table[RowT], key: str) -> RowT | None:
        """Return the row, or None."""
        return cast("RowT | None", self._row(table.name, key))

    def scan(self, table: Table[RowT], prefix: str) -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        stored, laid_over = self._stored[table.name], self._laid_over(table.name, prefix)
        if len(laid_over) > UNWRITTEN_SCAN_ROWS_MAX:
            self._write(table.name)
            laid_over = {}
        if not laid_over:
            yield from stored.scan(prefix)
            return
        merged = dict(stored.scan(prefix)) | laid_over
        for key in sorted(merged):
            if merged[key] is not None:
                yield key, merged[key]

    def put(self, table: str, key: str, row: Row | None) -> None:
        """Take over a change; None deletes. It is written with the transaction."""
        self._unwritten[table][key] = row
        heads = self._heads.get(table)
        if heads is not None:
            heads.setdefault(_head(key), set()).add(key)
        if self._cleared:
            self._cleared.discard((table, key))
        wake_at = None if row is None else row.wake_at
        if wake_at is not None and wake_at.microsecond:
            wake_at = instant_from(seconds_from(wake_at))
        self.timers.set(table, key, wake_at)

    def clear_timer(self, table: str, key: str) -> None:
        """Clear a row's timer and leave the row as it is; the next change of the row sets it again."""
        self._unwritten[table][key] = self._row(table, key)
        self._heads.pop(table, None)
        self._cleared.add((table, key))
        self.timers.set(table, key, None)

    def look_ahead(self, marks: Sequence[str]) -> None:
        """Read the marks that are asked for next."""
        self._marks.look_ahead(marks)

    def _laid_over(self, table: str, prefix: str) -> dict[str, Row | None]:
        """Return the unwritten rows of a table whose keys start with a prefix."""
        unwritten = self._unwritten[table]
        if not unwritten:
            return {}
        if "/" not in prefix:
            return {key: row for key, row in unwritten.items() if key.startswith(prefix)}
        heads = self._heads.get(table)
        if heads is None:
            heads = self._heads[table] = {}
            for key in unwritten:
                heads.setdefault(_head(key), set()).add(key)
        return {key: unwritten[key] for key in heads.get(_head(prefix), ()) if key.startswith(prefix)}

    def _row(self, table: str, key: str) -> Row | None:
        unwritten = self._unwritten[table]
        return unwritten[key] if key in unwritten else self._stored[table].get(key)

    def write(self) -> None:
        """Write all changes into the open transaction."""
        for table in self._unwritten:
            if self._unwritten[table]:
                self._write(table)

    def _write(self, table: str) -> None:
        changes = self._unwritten[table]
        self._stored[table].write(changes, frozenset(key for of, key in self._cleared if of == table))
        self._cleared = {name for name in self._cleared if name[0] != table}
        self._unwritten[table] = {}
        self._heads.pop(table, None)

    def _first_timers(self, limit: int) -> list[StoredTimer]:
        self.write()
        return first_timers(self._database, self._stage, limit)


def _head(key: str) -> str:
    return key.partition("/")[0]
