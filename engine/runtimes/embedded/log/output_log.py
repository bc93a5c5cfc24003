"""The output logs: what was published, one log per topic, positions from 0.

Dead letters are the logs of the `dlq.*` topics. One id has one body: a second one stops the engine, because whoever acted on the first
can't be told. A dead letter is stored once by its id, however often its line is read. Both hold for what an erasure removed.

Source: guarantees.P3.
"""

from collections.abc import Iterator
from typing import Final

from engine.core.dead_letters import DeadLetter
from engine.core.execution import Output
from engine.errors import CorruptState, IdentityConflict
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.layout import headers_json
from engine.runtimes.embedded.log.stored_outputs import NEXT_PREFIX, StoredOutput, body_hash, next_positions, stored_outputs
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash
from schemas.codec import STRUCTURED_HEADERS, encode_structured

_APPEND: Final = """
    INSERT INTO outputs (topic, position, id, key, value, headers, body_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING
"""
_KNOWN: Final = "SELECT topic, position, id, body_hash, hash FROM outputs WHERE id = ?"
_IS_ANY_GONE: Final = "SELECT EXISTS (SELECT 1 FROM snapshot_meta)"


class OutputLog:
    """All output logs; appended to in memory, written with the transaction."""

    def __init__(self, database: OpenFile, gone: Gone) -> None:
        self._database = database
        self._gone = gone
        self._next_position = next_positions(database)
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

    def refuse(self, letter: DeadLetter) -> bool:
        """Store a dead letter with the transaction, unless it is there already. Returns whether it was, or was and is gone."""
        is_known = letter.id in self._dead_letters or self._is_same(letter.id, _hash_of(_letter_row(letter))) is not None
        if not is_known:
            self._dead_letters[letter.id] = letter
            self.bytes_count += len(letter.value)
        return is_known

    def write(self) -> dict[str, int]:
        """Write what waits into the open transaction. Returns the positions that come next, of the topics that moved.

        Raises:
            IdentityConflict: an id has another body in the file; nothing of this transaction is committed.
        """
        moved: dict[str, int] = {}
        rows = [_output_row(output) for output in self._outputs.values()]
        if rows and self._database.read(_IS_ANY_GONE) == [(1,)]:
            rows = [row for row in rows if not self._is_known(row)]
        self._insert([self._placed(row, moved) for row in rows])
        self._insert([self._placed(_letter_row(letter), moved) for letter in self._dead_letters.values()])
        self._next_position |= moved
        self._outputs.clear()
        self._dead_letters.clear()
        self.bytes_count = 0
        return {NEXT_PREFIX + topic: position for topic, position in moved.items()}

    def read(self, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
        """Yield up to `limit` committed records of a topic from a position on; erasure leaves gaps."""
        yield from stored_outputs(self._database, topic, start, limit)

    def _is_known(self, row: "_Row") -> bool:
        """Say whether an output was published before, even if it is gone."""
        is_same = self._is_same(row[1], _hash_of(row))
        if is_same is False:
            raise IdentityConflict(topic=row[0], output_id=row[1])
        return is_same is not None

    def _is_same(self, id_: str, hash_: bytes) -> bool | None:
        """Say whether what was published under an id had this body; None where nothing was."""
        known = self._database.read(_KNOWN, (id_,))
        if not known:
            return self._gone.is_same(id_, hash_)
        topic, position, of, kept, record_hash = known[0]
        if record_hash != fields_hash(topic, position, of, kept):
            raise CorruptState(path=self._database.path, reason=f"{topic} position {position}")
        return bool(kept == hash_)

    def _placed(self, row: "_Row", moved: dict[str, int]) -> "_PlacedRow":
        topic, id_, key, value, headers = row
        position = moved.get(topic, self._next_position.get(topic, 0))
        moved[topic] = position + 1
        hash_ = _hash_of(row)
        return topic, position, id_, key, value, headers, hash_, fields_hash(topic, position, id_, hash_)

    def _insert(self, rows: "list[_PlacedRow]") -> None:
        """Insert, or compare with what is there under the same id."""
        if self._database.write_many(_APPEND, rows) == len(rows):
            return
        for topic, _, id_, *_, hash_, _ in rows:
            if not self._is_same(id_, hash_):
                raise IdentityConflict(topic=topic, output_id=id_)


_Row = tuple[str, str, str | None, bytes | None, bytes | None]
_PlacedRow = tuple[str, int, str, str | None, bytes | None, bytes | None, bytes, bytes]


def _hash_of(row: _Row) -> bytes:
    topic, _, key, value, headers = row
    return body_hash(topic, key, value, headers)


def _output_row(output: Output) -> _Row:
    value = None if output.data is None else encode_structured(output.attributes, output.data)
    return output.topic, output.id, output.key, value, headers_json(STRUCTURED_HEADERS)


def _letter_row(letter: DeadLetter) -> _Row:
    return letter.topic, letter.id, letter.key, letter.value, headers_json(letter.headers)
