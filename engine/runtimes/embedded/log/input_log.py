"""The log: every input, tick and control record that moved the engine, in order.

Replaying it gives everything else again (from the snapshot on, once an erasure has taken entries out), so each entry carries a hash of
its own: a flipped byte is found even where it would change nothing but white space.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from engine.core.cascade import Entry, EntryKind
from engine.core.dead_letters import redrive_count
from engine.core.effects import Origin
from engine.errors import CorruptState
from engine.runtimes.embedded.layout import headers_from, headers_json, instant_from, seconds_from
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.rows.facts import fact
from schemas.text.fields import instant_text

NEXT_NAME: Final = "next_log_position"

_APPEND: Final = """
    INSERT INTO log (position, kind, at, received_at, source_position, topic, key, value, headers, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_READ: Final = """
    SELECT position, kind, at, received_at, source_position, topic, key, value, headers, hash FROM log
    WHERE position >= ? ORDER BY position LIMIT ?
"""
_LATEST_CONTROL: Final = """
    SELECT position, kind, at, received_at, source_position, topic, key, value, headers, hash FROM log
    WHERE kind = ? ORDER BY position DESC LIMIT 1
"""
_PAGE_ENTRIES: Final = 500

_Fields = tuple[int, str, int, int | None, int | None, str | None, str | None, bytes | None, bytes | None]
_LogRow = tuple[int, str, int, int | None, int | None, str | None, str | None, bytes | None, bytes | None, bytes]


class InputLog:
    """The log of one data directory; appended to in memory, written with the transaction."""

    def __init__(self, database: OpenFile) -> None:
        self._database = database
        self.next_position: int = fact(database, NEXT_NAME) or 0
        self._unwritten: list[_LogRow] = []
        self.bytes_count = 0
        """Size of what waits to be written, roughly."""

    def append(self, entry: Entry) -> None:
        """Append an entry with the transaction."""
        row = _row_of(entry, self.next_position)
        self._unwritten.append((*row, entry_hash(row)))
        self.next_position += 1
        if entry.origin is not None:
            self.bytes_count += len(entry.origin.value)

    def write(self) -> dict[str, int]:
        """Write what waits into the open transaction. Returns the position that comes next, if it moved."""
        if not self._unwritten:
            return {}
        self._database.write_many(_APPEND, self._unwritten)
        self._unwritten.clear()
        self.bytes_count = 0
        return {NEXT_NAME: self.next_position}

    def read(self, start: int = 0) -> Iterator[tuple[int, Entry]]:
        """Yield (position, entry) of what is written, from a position on; erasure leaves gaps.

        Raises:
            CorruptState: an entry's bytes are not those that were written.
        """
        while page := self._database.read(_READ, (start, _PAGE_ENTRIES)):
            for row in page:
                yield row[0], self._entry(row)
            start = page[-1][0] + 1

    def check(self, *, before: int) -> None:
        """Hold the entries before a position against their hashes.

        Raises:
            CorruptState: an entry's bytes are not those that were written.
        """
        for position, _ in self.read():
            if position >= before:
                return

    def latest_bound(self) -> datetime | None:
        """Return what the newest written control record bounds emission by."""
        found = self._database.read(_LATEST_CONTROL, (EntryKind.CONTROL.value,))
        return self._entry(found[0]).emit_from if found else None

    def _entry(self, stored: tuple[Any, ...]) -> Entry:
        *fields, stored_hash = stored
        position, kind, at, received_at, source_position, topic, key, value, headers = fields
        if entry_hash(tuple(fields)) != stored_hash:
            raise CorruptState(path=self._database.path, reason=f"log position {position}")
        if kind == EntryKind.CONTROL:
            return Entry(kind=EntryKind.CONTROL, at=instant_from(at), emit_from=_bound_from(value))
        if kind == EntryKind.TICK:
            return Entry(kind=EntryKind.TICK, at=instant_from(at))
        its_headers = headers_from(headers)
        origin = Origin(
            topic=topic,
            key=key,
            value=value,
            headers=its_headers,
            position=source_position,
            redrive_count=redrive_count(its_headers),
        )
        return Entry(kind=EntryKind(kind), at=instant_from(at), received_at=instant_from(received_at), origin=origin)


def entry_hash(fields: _Fields) -> bytes:
    """Return the hash that is kept beside an entry; lengths keep neighbouring fields apart."""
    position, kind, at, received_at, source_position, topic, key, value, headers = fields
    facts = f"{position}/{kind}/{at}/{received_at}/{source_position}/{topic}/{key!r}/".encode(errors="surrogatepass")
    return hashlib.blake2b(
        facts + b"%d:" % (-1 if headers is None else len(headers)) + (headers or b"") + (value or b""), digest_size=16
    ).digest()


def _row_of(entry: Entry, position: int) -> _Fields:
    at = seconds_from(entry.at)
    if entry.origin is not None:
        assert entry.received_at is not None, "an input arrived at some time"
        origin = entry.origin
        arrival = (seconds_from(entry.received_at), origin.position, origin.topic, origin.key, origin.value, headers_json(origin.headers))
        return position, entry.kind.value, at, *arrival
    value = None if entry.emit_from is None else instant_text(entry.emit_from).encode()
    return position, entry.kind.value, at, None, None, None, None, value, None


def _bound_from(value: bytes) -> datetime:
    return datetime.fromisoformat(value.decode())
