"""A data directory to look at: rows, topics and engine time as they were committed last.

It knows no rule and no topology, so it is there in a fraction of the time that an engine takes. It owns the directory all the same: one
process at a time. Nothing is changed, unless the last process died before an erasure was finished: then that comes first.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from engine.core.effects import StageName
from engine.core.table import RowT, Table
from engine.errors import CorruptState
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.erasing.erasure import Erasures, is_due
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.erasing.salts import settled_salt
from engine.runtimes.embedded.layout import LAST_AT, instant_from
from engine.runtimes.embedded.log.stored_outputs import StoredOutput, next_positions, stored_outputs
from engine.runtimes.embedded.proof import fingerprints
from engine.runtimes.embedded.proof.hashes import row_hash
from engine.runtimes.embedded.rows.facts import fact
from schemas.topics import DEAD_LETTER_PREFIX

_GET: Final = "SELECT key, value, wake_at, hash FROM rows WHERE stage = ? AND name = ? AND key = ?"
_SCAN: Final = "SELECT key, value, wake_at, hash FROM rows WHERE stage = ? AND name = ? AND key >= ? AND key < ? ORDER BY key"
_LAST: Final = "\U0010ffff"


class Reader:
    """The committed state of one directory. A context manager."""

    def __init__(self, data_dir: Path, *, given_salt: bytes | None = None) -> None:
        """Open an existing directory.

        Args:
            given_salt: the salt that is set from outside, if any; needed only where an erasure is to be finished.
        Raises:
            StoreInUse, NewerData, CorruptState, StoreFailed, InvalidSettings: one line for the operator.
        """
        self._database = Database(data_dir)
        try:
            if is_due(self._database):
                Erasures(self._database, Gone(self._database, settled_salt(self._database, given_salt))).finish()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._database.close()

    @property
    def last_at(self) -> datetime | None:
        """Engine time: the `at` of the last thing that moved it."""
        stored = fact(self._database, LAST_AT)
        return None if stored is None else instant_from(stored)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that has had an output, dead-letter topics included."""
        return tuple(sorted(next_positions(self._database)))

    def get(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""
        found = self._database.read(_GET, (stage.value, table.name, key))
        self._check(stage, table)
        return self._decoded(stage, table, *found[0]) if found else None

    def scan(self, stage: StageName, table: Table[RowT], prefix: str = "") -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        self._check(stage, table)
        for stored in self._database.read(_SCAN, (stage.value, table.name, prefix, prefix + _LAST)):
            yield stored[0], self._decoded(stage, table, *stored)

    def outputs(self, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
        """Yield records of a topic from a position on; positions may have gaps."""
        return stored_outputs(self._database, topic, start, limit)

    def dead_letters(self) -> Iterator[StoredOutput]:
        """Yield every dead letter, by topic, oldest first."""
        for topic in self.topics:
            if topic.startswith(DEAD_LETTER_PREFIX):
                yield from self.outputs(topic)

    def _check(self, stage: StageName, table: Table[RowT]) -> None:
        remembered = fingerprints.found(self._database)
        if remembered:  # else whoever made the directory died before the first commit
            expected = {fingerprints.name_of(stage, table.name): fingerprints.fingerprint(table.row_type)}
            fingerprints.check(self._database.path, remembered, expected)

    def _decoded(self, stage: StageName, table: Table[RowT], *stored: Any) -> RowT:
        key, value, wake_at, kept = stored
        if row_hash(stage.value, table.name, key, value, wake_at) != kept:
            raise CorruptState(path=self._database.path, reason=f"a row of {table.name}")
        try:
            return msgspec.json.decode(value, type=table.row_type)
        except msgspec.MsgspecError as error:
            raise CorruptState(path=self._database.path, reason=f"a row of {table.name}") from error
