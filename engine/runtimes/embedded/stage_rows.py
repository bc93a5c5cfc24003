"""The rows of one stage: decoded ones in memory, all of them in the file.

A change stays in memory until the transaction is written, so a row that many inputs touch is encoded once. Rows read or written lately stay
decoded, a bounded number of them; marks of what was seen don't, because each is written once and hardly ever read again.
"""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from engine.effects import Row
from engine.errors import CorruptState
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.layout import instant_from, seconds_from
from engine.runtimes.embedded.near_timers import NearTimers, Timer
from engine.topology import SEEN, Stage

CACHED_ROWS_MAX: Final = 10_000
"""Decoded rows of a stage in each of two generations; an old generation goes as a whole."""
SCAN_PAGE_ROWS: Final = 500
UNWRITTEN_SCAN_ROWS_MAX: Final = 64
"""With more unwritten rows than this in a table, a scan writes them first instead of merging them."""

_LAST: Final = "\U0010ffff"
"""Sorts after every character that a key may hold."""

_GET: Final = "SELECT value FROM rows WHERE stage = ? AND name = ? AND key = ?"
_SCAN: Final = "SELECT key, value FROM rows WHERE stage = ? AND name = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
_PUT: Final = """
    INSERT INTO rows (stage, name, key, value, wake_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (stage, name, key) DO UPDATE SET value = excluded.value, wake_at = excluded.wake_at
"""
_DELETE: Final = "DELETE FROM rows WHERE stage = ? AND name = ? AND key = ?"
_TIMERS: Final = """
    SELECT wake_at, name, key FROM rows WHERE stage = ? AND wake_at IS NOT NULL ORDER BY wake_at, name, key LIMIT ?
"""

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class StageRows:
    """The read view of one stage, and where its changes wait to be written."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self.timers = NearTimers(self._first_timers)
        self._database = database
        self._stage = stage.name.value
        self._decoders = {name: msgspec.json.Decoder(table.row_type) for name, table in stage.tables.items()}
        self._unwritten: dict[str, dict[str, Row | None]] = {name: {} for name in stage.tables}
        self._stilled: set[tuple[str, str]] = set()
        self._young: dict[tuple[str, str], Any | None] = {}
        self._old: dict[tuple[str, str], Any | None] = {}

    def get(self, table: str, key: str) -> Any | None:
        """Return the row, or None."""
        unwritten = self._unwritten[table]
        if key in unwritten:
            return unwritten[key]
        name = (table, key)
        if name in self._young:
            return self._young[name]
        row = self._old[name] if name in self._old else self._stored(table, key)
        if table != SEEN or row is None:  # a missing mark is asked for twice, a mark itself hardly ever
            self._remember(name, row)
        return row

    def scan(self, table: str, prefix: str) -> Iterator[tuple[str, Any]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        if len(self._unwritten[table]) > UNWRITTEN_SCAN_ROWS_MAX:
            self._write(table)
        laid_over = {key: row for key, row in self._unwritten[table].items() if key.startswith(prefix)}
        if not laid_over:
            yield from self._stored_range(table, prefix)
            return
        merged = dict(self._stored_range(table, prefix)) | laid_over
        for key in sorted(merged):
            if merged[key] is not None:
                yield key, merged[key]

    def put(self, table: str, key: str, row: Row | None) -> None:
        """Take over a change; None deletes. It is written with the transaction."""
        self._unwritten[table][key] = row
        self._stilled.discard((table, key))
        wake_at = None if row is None else row.wake_at
        if wake_at is not None and wake_at.microsecond:
            wake_at = instant_from(seconds_from(wake_at))
        self.timers.set(table, key, wake_at)

    def still(self, table: str, key: str) -> None:
        """Clear a row's timer and leave the row as it is; the next change of the row sets it again."""
        self._unwritten[table][key] = self.get(table, key)
        self._stilled.add((table, key))
        self.timers.set(table, key, None)

    def write(self) -> None:
        """Write all changes into the open transaction."""
        for table in self._unwritten:
            if self._unwritten[table]:
                self._write(table)

    def _write(self, table: str) -> None:
        changes = self._unwritten[table]
        puts: list[tuple[str, str, str, bytes, int | None]] = []
        deletions: list[tuple[str, str, str]] = []
        for key in sorted(changes):
            row = changes[key]
            if row is None:
                deletions.append((self._stage, table, key))
            else:
                wake_at: datetime | None = None if (table, key) in self._stilled else row.wake_at
                puts.append((self._stage, table, key, _encode(row), None if wake_at is None else seconds_from(wake_at)))
            if table == SEEN:
                self._young.pop((table, key), None)
                self._old.pop((table, key), None)
            else:
                self._remember((table, key), row)
        self._database.write_many(_PUT, puts)
        self._database.write_many(_DELETE, deletions)
        self._unwritten[table] = {}
        self._stilled = {name for name in self._stilled if name[0] != table}

    def _remember(self, name: tuple[str, str], row: Any | None) -> None:
        if len(self._young) >= CACHED_ROWS_MAX:
            self._old = self._young
            self._young = {}
        self._young[name] = row

    def _stored(self, table: str, key: str) -> Any | None:
        try:
            found = self._database.connection.execute(_GET, (self._stage, table, key)).fetchone()
        except sqlite3.Error as error:
            raise self._database.failure(error) from error
        return None if found is None else self._decoded(table, found[0])

    def _stored_range(self, table: str, prefix: str) -> Iterator[tuple[str, Any]]:
        start, end = prefix, prefix + _LAST
        while True:
            page = self._database.read(_SCAN, (self._stage, table, start, end, SCAN_PAGE_ROWS))
            for key, value in page:
                name = (table, key)
                row = self._young.get(name)
                yield key, self._decoded(table, value) if row is None else row
            if len(page) < SCAN_PAGE_ROWS:
                return
            start = page[-1][0] + "\0"

    def _decoded(self, table: str, value: bytes) -> Any:
        try:
            return self._decoders[table].decode(value)
        except msgspec.MsgspecError as error:
            raise CorruptState(path=self._database.path, reason=f"a row of {self._stage}/{table}") from error

    def _first_timers(self, limit: int) -> list[Timer]:
        self.write()
        return [(instant_from(wake_at), name, key) for wake_at, name, key in self._database.read(_TIMERS, (self._stage, limit))]
