"""What is in the file: tables, and how instants and headers are written.

One transaction changes all of them together. Instants are integer seconds since 1970, UTC. Every record has a hash of its columns, which is
checked when it is read (hashes.py).

    meta     name → value: the salt that was drawn, or the fingerprint of one that was set; the last `at`, the next position of the log and
             of every topic
    log      every input, tick and control record that moved the engine, in order; the only cause of everything else
    rows     the tables of both stages but one; a row's timer is its `wake_at`. An ordinary table with an index, because a key and its
             value in one tree would push every value of a quarter of a page into pages of its own: twice the bytes written
    marks    that one: what was seen, see stored_tables
    outputs  every published event and dead letter, in order per topic

Erasure has its own, see erasure.py:

    erasing          whose erasure is not finished; the one place that holds such an id, for as long
    gone             id and body hash of every output and dead letter that went, both keyed with the salt, so that none comes back under
                     its id and nobody can try out whose it was
    snapshot_…       rows, marks and the facts of `meta` that a replay starts from; without one it starts from nothing
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from engine.core.effects import Headers
from schemas.codec import STRUCTURED_HEADERS

APPLICATION_ID: Final = 0x42574159
"""`BWAY`, in the file's header."""

FORMAT: Final = 3
"""Raised with every change of SCHEMA; an older version refuses a newer file, and a newer version an older one."""

SCHEMA: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE log (
        position INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, received_at INTEGER, source_position INTEGER,
        topic TEXT, key TEXT, value BLOB, headers BLOB, hash BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE rows (
        stage TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, wake_at INTEGER, hash BLOB NOT NULL,
        UNIQUE (stage, name, key)
    ) STRICT
    """,
    """
    CREATE TABLE marks (
        stage INTEGER NOT NULL, key BLOB NOT NULL, content BLOB NOT NULL, refused TEXT, wake_at INTEGER, hash BLOB NOT NULL,
        PRIMARY KEY (stage, key)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX mark_timers ON marks (stage, wake_at, key) WHERE wake_at IS NOT NULL",
    "CREATE INDEX timers ON rows (stage, wake_at, name, key) WHERE wake_at IS NOT NULL",
    """
    CREATE TABLE outputs (
        topic TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, key TEXT, value BLOB, headers BLOB,
        body_hash BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (topic, position)
    ) STRICT
    """,
    "CREATE TABLE erasing (person_id TEXT PRIMARY KEY, hash BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE gone (id BLOB PRIMARY KEY, body_hash BLOB NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE snapshot_meta (name TEXT PRIMARY KEY, value ANY NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE snapshot_rows (
        stage TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, wake_at INTEGER, hash BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE snapshot_marks (
        stage INTEGER NOT NULL, key BLOB NOT NULL, content BLOB NOT NULL, refused TEXT, wake_at INTEGER, hash BLOB NOT NULL
    ) STRICT
    """,
)

LAST_AT: Final = "last_at"
"""In `meta`: engine time."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Headers).decode


def seconds_from(at: datetime) -> int:
    """Return an instant as stored; a fraction of a second counts as a whole one, so that nothing fires early."""
    return -((EPOCH - at) // _SECOND)


def instant_from(seconds: int) -> datetime:
    """Return a stored instant."""
    return EPOCH + timedelta(seconds=seconds)


def headers_json(headers: Headers) -> bytes | None:
    """Return headers as stored: JSON pairs, the bytes in base64; NULL for those of a line of a file, which nearly all entries have."""
    return None if headers == STRUCTURED_HEADERS else _encode(headers)


def headers_from(stored: bytes | None) -> Headers:
    """Return stored headers."""
    return STRUCTURED_HEADERS if stored is None else _decode(stored)
