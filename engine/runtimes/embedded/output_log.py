"""The output logs: what was published, one log per topic, positions from 0.

Dead letters are the logs of the `dlq.*` topics. One id has one body: a second one stops the engine, because whoever acted on the first
can't be told. A dead letter is stored once by its id, however often its line is read.

Source: reliability promise P3, rule 6; architecture, Identity.
"""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.dead_letters import DeadLetter
from engine.effects import Headers
from engine.errors import IdentityConflict
from engine.execution import Output
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.layout import STRUCTURED_HEADERS, headers_from, headers_json
from schemas.codec import encode_structured

PAGE_RECORDS: Final = 500
NEXT_PREFIX: Final = "next_position/"

_APPEND: Final = """
    INSERT INTO outputs (topic, position, id, key, value, headers, body_hash) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_HASH_OF: Final = "SELECT body_hash FROM outputs WHERE id = ?"
_READ: Final = """
    SELECT topic, position, id, key, value, headers, body_hash FROM outputs WHERE topic = ? AND position >= ? ORDER BY position LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutput:
    """One record of an output log."""

    topic: str
    position: int
    id: str
    key: str | None
    value: bytes | None
    """A structured CloudEvent, the bytes of a dead letter as they came, or None for a tombstone."""
    headers: Headers
    body_hash: bytes

    @property
    def is_intact(self) -> bool:
        """Whether the bytes are those that were written."""
        return self.body_hash == body_hash(self.topic, self.key, self.value, headers_json(self.headers))


def body_hash(topic: str, key: str | None, value: bytes | None, headers: bytes | None) -> bytes:
    """Return the hash that is kept beside a body; lengths keep neighbouring fields apart."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (topic.encode(), None if key is None else key.encode(), value, headers):
        digest.update(b"-" if part is None else b"%d:" % len(part) + part)
    return digest.digest()


class OutputLog:
    """All output logs; appended to in memory, written with the transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        stored = database.read("SELECT name, value FROM meta WHERE name >= ? AND name < ?", (NEXT_PREFIX, NEXT_PREFIX + "\U0010ffff"))
        self._next_position: dict[str, int] = {name.removeprefix(NEXT_PREFIX): value for name, value in stored}
        self._outputs: dict[str, Output] = {}
        self._dead_letters: dict[str, DeadLetter] = {}
        self.bytes_count = 0
        """Size of what waits to be written, roughly."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that ever had an output, in order of name."""
        return tuple(sorted(self._next_position))

    def append(self, output: Output) -> None:
        """Publish an output with the transaction.

        Raises:
            IdentityConflict: the id has another body in this transaction already.
        """
        known = self._outputs.setdefault(output.id, output)
        if known is not output and known != output:
            raise IdentityConflict(topic=output.topic, output_id=output.id)
        self.bytes_count += len(output.data or b"")

    def refuse(self, letter: DeadLetter) -> None:
        """Store a dead letter with the transaction, unless it is there already."""
        self._dead_letters.setdefault(letter.id, letter)
        self.bytes_count += len(letter.value)

    def write(self) -> dict[str, int]:
        """Write what waits into the open transaction. Returns the positions that come next, of the topics that moved.

        Raises:
            IdentityConflict: an id has another body in the file; nothing of this transaction is committed.
        """
        moved: dict[str, int] = {}
        self._insert([self._placed(_output_row(output), moved) for output in self._outputs.values()])
        fresh = [letter for letter in self._dead_letters.values() if not self._database.read(_HASH_OF, (letter.id,))]
        self._insert([self._placed(_letter_row(letter), moved) for letter in fresh])
        self._next_position |= moved
        self._outputs.clear()
        self._dead_letters.clear()
        self.bytes_count = 0
        return {NEXT_PREFIX + topic: position for topic, position in moved.items()}

    def read(self, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
        """Yield up to `limit` committed records of a topic from a position on; erasure leaves gaps."""
        wanted = sys.maxsize if limit is None else limit
        while page := self._database.read(_READ, (topic, start, min(wanted, PAGE_RECORDS))):
            for of, position, id_, key, value, headers, hash_ in page:
                yield StoredOutput(
                    topic=of, position=position, id=id_, key=key, value=value, headers=headers_from(headers), body_hash=hash_
                )
            wanted -= len(page)
            start = page[-1][1] + 1

    def _placed(self, row: "_Row", moved: dict[str, int]) -> "_PlacedRow":
        topic, id_, key, value, headers = row
        position = moved.get(topic, self._next_position.get(topic, 0))
        moved[topic] = position + 1
        return topic, position, id_, key, value, headers, body_hash(topic, key, value, headers)

    def _insert(self, rows: "list[_PlacedRow]") -> None:
        """Insert, or compare with what is there under the same id."""
        if self._database.write_many(_APPEND, rows) == len(rows):
            return
        for topic, _, id_, *_, hash_ in rows:
            if self._database.read(_HASH_OF, (id_,))[0][0] != hash_:
                raise IdentityConflict(topic=topic, output_id=id_)


_Row = tuple[str, str, str | None, bytes | None, bytes | None]
_PlacedRow = tuple[str, int, str, str | None, bytes | None, bytes | None, bytes]


def _output_row(output: Output) -> _Row:
    value = None if output.data is None else encode_structured(output.attributes, output.data)
    return output.topic, output.id, output.key, value, headers_json(STRUCTURED_HEADERS)


def _letter_row(letter: DeadLetter) -> _Row:
    return letter.topic, letter.id, letter.key, letter.value, headers_json(letter.headers)
