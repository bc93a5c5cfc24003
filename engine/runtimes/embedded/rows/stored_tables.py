"""Tables as they are stored: rows as JSON, marks in a form of their own.

Rows read or written lately stay decoded; marks don't, because each is asked for once, written once and hardly ever read again.

There is a mark for every input of the last 90 days, under a random key, so a commit touches as many pages as it has marks until the table
is small enough to be hit twice. As 60 bytes instead of 250 it stays four times as small, and ingesting writes half as much.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from engine.core.effects import StageName
from engine.core.marks import Seen
from engine.core.row_codec import RowCodec, UnreadableRow
from engine.core.stage import Stage
from engine.core.table import SEEN, Row, Table
from engine.errors import CorruptState
from engine.runtimes.embedded.layout import instant_from, seconds_from
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash, row_hash
from engine.runtimes.embedded.rows.heads import Heads
from engine.runtimes.embedded.rows.lately import NOT_KEPT, Lately
from schemas.terms.codes import ErrorCode

SCAN_PAGE_ROWS: Final = 500
STAGE_NUMBERS: Final = {StageName.PEOPLE: 0, StageName.PROGRAMMES: 1}
"""Stages as marks name them."""

_LAST: Final = "\U0010ffff"
"""Sorts after every character that a key may hold."""

_GET: Final = "SELECT key, value, wake_at, hash FROM rows WHERE stage = ? AND name = ? AND key = ?"
_SCAN: Final = """
    SELECT key, value, wake_at, hash FROM rows WHERE stage = ? AND name = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?
"""
_KEYS: Final = "SELECT key FROM rows WHERE stage = ? AND name = ?"
_PUT: Final = """
    INSERT INTO rows (stage, name, key, value, wake_at, hash) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (stage, name, key) DO UPDATE SET value = excluded.value, wake_at = excluded.wake_at, hash = excluded.hash
"""
_DELETE: Final = "DELETE FROM rows WHERE stage = ? AND name = ? AND key = ?"
_TIMERS: Final = "SELECT wake_at, name, key FROM rows WHERE stage = ? AND wake_at IS NOT NULL ORDER BY wake_at, name, key LIMIT ?"

_GET_MARK: Final = "SELECT content, refused, wake_at, hash FROM marks WHERE stage = ? AND key = ?"
_GET_MARKS: Final = "SELECT key, content, refused, wake_at, hash FROM marks WHERE stage = ? AND key IN ({})"
_SCAN_MARKS: Final = "SELECT key, content, refused, wake_at, hash FROM marks WHERE stage = ? ORDER BY key"
_PUT_MARK: Final = """
    INSERT INTO marks (stage, key, content, refused, wake_at, hash) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (stage, key)
    DO UPDATE SET content = excluded.content, refused = excluded.refused, wake_at = excluded.wake_at, hash = excluded.hash
"""
_DELETE_MARK: Final = "DELETE FROM marks WHERE stage = ? AND key = ?"
_MARK_TIMERS: Final = "SELECT wake_at, key FROM marks WHERE stage = ? AND wake_at IS NOT NULL ORDER BY wake_at, key LIMIT ?"

StoredTimer = tuple[datetime, str, str]
"""(wake_at, table, key): the order in which timers fire."""


class StoredTable(Protocol):
    """One table of one stage, in the file."""

    def get(self, key: str) -> Any | None:
        """Return the row, or None."""

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""

    def write(self, changes: Mapping[str, Row | None], cleared: frozenset[str]) -> None:
        """Write changes into the open transaction; None deletes, the timers of `cleared` keys are cleared."""


class RowTable:
    """A table whose rows are JSON."""

    def __init__(self, database: OpenFile, codec: RowCodec, lately: Lately, stage: StageName, table: Table[Any]) -> None:
        self._database = database
        self._codec = codec
        self._lately = lately
        self._stage = stage.value
        self._name = table.name
        self._heads = Heads(self._keys) if table.is_sparse else None

    def get(self, key: str) -> Any | None:
        """Return the row, or None."""
        row = self._lately.recall((self._name, key))
        if row is NOT_KEPT:
            found = _one(self._database, _GET, (self._stage, self._name, key))
            row = None if found is None else self._decoded(*found)
            self._lately.remember((self._name, key), row)
        return row

    def scan(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        if self._heads is not None and not self._heads.may_have(prefix):
            return
        start = prefix
        while True:
            page = self._database.read(_SCAN, (self._stage, self._name, start, prefix + _LAST, SCAN_PAGE_ROWS))
            for key, value, wake_at, kept in page:
                row = self._lately.recall((self._name, key))
                if row is NOT_KEPT:
                    row = self._decoded(key, value, wake_at, kept)
                    self._lately.remember((self._name, key), row)
                yield key, row
            if len(page) < SCAN_PAGE_ROWS:
                return
            start = page[-1][0] + "\0"

    def write(self, changes: Mapping[str, Row | None], cleared: frozenset[str]) -> None:
        """Write changes in key order, so that neighbours share their pages."""
        encode = self._codec.encode
        puts: list[tuple[str, str, str, bytes, int | None, bytes]] = []
        deletions: list[tuple[str, str, str]] = []
        for key in sorted(changes):
            row = changes[key]
            if row is None:
                deletions.append((self._stage, self._name, key))
            else:
                wake_at = None if row.wake_at is None or key in cleared else seconds_from(row.wake_at)
                value = encode(row)
                puts.append((self._stage, self._name, key, value, wake_at, row_hash(self._stage, self._name, key, value, wake_at)))
                if self._heads is not None:
                    self._heads.add(key)
            self._lately.remember((self._name, key), row)
        self._database.write_many(_PUT, puts)
        self._database.write_many(_DELETE, deletions)

    def _keys(self) -> Iterator[str]:
        with self._database.guarded():
            for (key,) in self._database.connection.execute(_KEYS, (self._stage, self._name)):
                yield key

    def _decoded(self, key: str, value: bytes, wake_at: int | None, kept: bytes) -> Any:
        if row_hash(self._stage, self._name, key, value, wake_at) != kept:
            raise CorruptState(path=self._database.path, reason=f"a row of {self._stage}/{self._name}")
        try:
            return self._codec.decode(self._name, value)
        except UnreadableRow as error:
            raise CorruptState(path=self._database.path, reason=f"a row of {self._stage}/{self._name}") from error


class MarkTable:
    """The marks of one stage. Keys and contents are hashes: 32 hex digits outside, 16 bytes in the file."""

    def __init__(self, database: OpenFile, stage: StageName) -> None:
        self._database = database
        self._stage = STAGE_NUMBERS[stage]
        self._ahead: dict[str, Seen | None] = {}

    def look_ahead(self, keys: Sequence[str]) -> None:
        """Read the marks that are asked for next; they are known until marks are written."""
        statement = _GET_MARKS.format(",".join("?" * len(keys)))
        self._ahead = dict.fromkeys(keys)
        for key, *fields in self._database.read(statement, (self._stage, *map(bytes.fromhex, keys))):
            self._ahead[key.hex()] = self._decoded(key, *fields)

    def get(self, key: str) -> Seen | None:
        """Return the mark, or None."""
        if key in self._ahead:
            return self._ahead[key]
        found = _one(self._database, _GET_MARK, (self._stage, bytes.fromhex(key)))
        return None if found is None else self._decoded(bytes.fromhex(key), *found)

    def scan(self, prefix: str) -> Iterator[tuple[str, Seen]]:
        """Yield the marks in key order. For looking at, not for rules: it reads all of them."""
        for key, *fields in self._database.read(_SCAN_MARKS, (self._stage,)):
            if key.hex().startswith(prefix):
                yield key.hex(), self._decoded(key, *fields)

    def write(self, changes: Mapping[str, Row | None], cleared: frozenset[str]) -> None:
        """Write changes in key order."""
        self._ahead = {}
        puts: list[tuple[int, bytes, bytes, str | None, int | None, bytes]] = []
        deletions: list[tuple[int, bytes]] = []
        for key in sorted(changes):
            mark = changes[key]
            if mark is None:
                deletions.append((self._stage, bytes.fromhex(key)))
                continue
            assert isinstance(mark, Seen)
            wake_at = None if mark.wake_at is None or key in cleared else seconds_from(mark.wake_at)
            fields = (self._stage, bytes.fromhex(key), bytes.fromhex(mark.content), mark.refused and mark.refused.value, wake_at)
            puts.append((*fields, fields_hash(*fields)))
        self._database.write_many(_PUT_MARK, puts)
        self._database.write_many(_DELETE_MARK, deletions)

    def _decoded(self, key: bytes, content: bytes, refused: str | None, wake_at: int | None, kept: bytes) -> Seen:
        if fields_hash(self._stage, key, content, refused, wake_at) != kept:
            raise CorruptState(path=self._database.path, reason="a mark")
        code = None if refused is None else ErrorCode(refused)
        return Seen(content=content.hex(), refused=code, wake_at=None if wake_at is None else instant_from(wake_at))


def row_tables(database: OpenFile, stage: Stage) -> dict[str, RowTable]:
    """Return the tables of a stage by name, but for its marks."""
    codec, lately = RowCodec(stage), Lately()
    return {name: RowTable(database, codec, lately, stage.name, table) for name, table in stage.tables.items() if table is not SEEN}


def first_timers(database: OpenFile, stage: StageName, limit: int) -> list[StoredTimer]:
    """Return the first timers of a stage in firing order, of what is written."""
    rows = [(instant_from(at), name, key) for at, name, key in database.read(_TIMERS, (stage.value, limit))]
    marks = [(instant_from(at), SEEN.name, key.hex()) for at, key in database.read(_MARK_TIMERS, (STAGE_NUMBERS[stage], limit))]
    return sorted(rows + marks)[:limit]


def _one(database: OpenFile, statement: str, parameters: tuple[Any, ...]) -> tuple[Any, ...] | None:
    try:
        found: tuple[Any, ...] | None = database.connection.execute(statement, parameters).fetchone()
    except sqlite3.Error as error:
        raise database.failure(error) from error
    return found
