"""Outputs as they are stored: what a reader needs of them, without the loop that writes them."""

import hashlib
import sys
from collections.abc import Iterator
from typing import Final

from engine.core.effects import Headers
from engine.errors import CorruptState
from engine.runtimes.embedded.layout import headers_from
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash
from engine.runtimes.embedded.rows.facts import facts
from schemas.frozen import Frozen

PAGE_RECORDS: Final = 500
NEXT_PREFIX: Final = "next_position/"

_READ: Final = """
    SELECT topic, position, id, key, value, headers, body_hash, hash FROM outputs
    WHERE topic = ? AND position >= ? ORDER BY position LIMIT ?
"""


class StoredOutput(Frozen, kw_only=True):
    """One record of an output log."""

    topic: str
    position: int
    id: str
    key: str | None
    value: bytes | None
    """A structured CloudEvent, the bytes of a dead letter as they came, or None for a tombstone."""
    headers: Headers
    body_hash: bytes


def body_hash(topic: str, key: str | None, value: bytes | None, headers: bytes | None) -> bytes:
    """Return the hash that is kept beside a body; lengths keep neighbouring fields apart."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (topic.encode(), None if key is None else key.encode(), value, headers):
        digest.update(b"-" if part is None else b"%d:" % len(part) + part)
    return digest.digest()


def next_positions(database: OpenFile) -> dict[str, int]:
    """Return the position that comes next, of every topic that ever had an output."""
    return {name.removeprefix(NEXT_PREFIX): value for name, value in facts(database, NEXT_PREFIX).items()}


def stored_outputs(database: OpenFile, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
    """Yield up to `limit` committed records of a topic from a position on; erasure leaves gaps.

    Raises:
        CorruptState: a record is not what was written.
    """
    wanted = sys.maxsize if limit is None else limit
    start = max(0, min(start, sys.maxsize))  # SQLite takes no more; nothing is there
    while page := database.read(_READ, (topic, start, min(wanted, PAGE_RECORDS))):
        for of, position, id_, key, value, headers, kept, record_hash in page:
            if kept != body_hash(of, key, value, headers) or record_hash != fields_hash(of, position, id_, kept):
                raise CorruptState(path=database.path, reason=f"{topic} position {position}")
            yield StoredOutput(topic=of, position=position, id=id_, key=key, value=value, headers=headers_from(headers), body_hash=kept)
        wanted -= len(page)
        start = page[-1][1] + 1
