"""A data directory to look at: rows, topics and engine time as they were committed last.

It knows no rule and no topology, so it is there in a fraction of the time that an engine takes, beside a writer or without one. What an
erasure has not removed yet is not shown.
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
from engine.runtimes.embedded.erasing.erasure import is_due, pending
from engine.runtimes.embedded.layout import LAST_AT, instant_from
from engine.runtimes.embedded.log.stored_outputs import PAGE_RECORDS, StoredOutput, next_positions, stored_outputs
from engine.runtimes.embedded.proof import fingerprints
from engine.runtimes.embedded.proof.hashes import row_hash
from engine.runtimes.embedded.reading.access import ReadFile
from engine.runtimes.embedded.rows.facts import fact
from engine.runtimes.embedded.rows.mentions import Mentions
from engine.runtimes.embedded.rows.stored_tables import SCAN_PAGE_ROWS
from schemas.topics import DEAD_LETTER_PREFIX

_GET: Final = "SELECT key, value, wake_at, hash FROM rows WHERE stage = ? AND name = ? AND key = ?"
_SCAN: Final = """
    SELECT key, value, wake_at, hash FROM rows WHERE stage = ? AND name = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?
"""
_LAST: Final = "\U0010ffff"


class Reader:
    """The committed state of one directory. A context manager."""

    def __init__(self, data_dir: Path) -> None:
        """Open an existing directory.

        Raises:
            StoreInUse, StoreUnusable, NewerData, OtherRules, CorruptState, StoreFailed: one line for the operator.
        """
        self._file = ReadFile(data_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    @property
    def last_at(self) -> datetime | None:
        """Engine time: the `at` of the last thing that moved it."""
        stored = fact(self._file, LAST_AT)
        return None if stored is None else instant_from(stored)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that has had an output, dead-letter topics included."""
        return tuple(sorted(next_positions(self._file)))

    @property
    def is_erasure_pending(self) -> bool:
        """Whether somebody's erasure is not finished: bytes of it may still be in the files."""
        return is_due(self._file)

    def get(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""
        found = self._file.read(_GET, (stage.value, table.name, key))
        self._check(stage, table)
        return self._decoded(stage, table, *found[0]) if found else None

    def scan(self, stage: StageName, table: Table[RowT], prefix: str = "") -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        self._check(stage, table)
        start = prefix
        while True:
            page = self._file.read(_SCAN, (stage.value, table.name, start, prefix + _LAST, SCAN_PAGE_ROWS))
            for stored in page:
                yield stored[0], self._decoded(stage, table, *stored)
            if len(page) < SCAN_PAGE_ROWS:
                return
            start = page[-1][0] + "\0"

    def outputs(self, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
        """Yield records of a topic from a position on; positions may have gaps. The directory is free while one is looked at."""
        while limit is None or limit > 0:
            people = pending(self._file)
            page = list(stored_outputs(self._file, topic, start, PAGE_RECORDS if limit is None else min(limit, PAGE_RECORDS)))
            self._file.let_go()
            if not page:
                return
            mentions = Mentions(people) if people else None
            for record in page:
                if mentions is None or not mentions.in_record(record.key, record.value, record.headers):
                    limit = None if limit is None else limit - 1
                    yield record
            start = page[-1].position + 1

    def dead_letters(self) -> Iterator[StoredOutput]:
        """Yield every dead letter, by topic, oldest first."""
        for topic in self.topics:
            if topic.startswith(DEAD_LETTER_PREFIX):
                yield from self.outputs(topic)

    def _check(self, stage: StageName, table: Table[RowT]) -> None:
        remembered = fingerprints.remembered_by(self._file)
        if remembered:  # else whoever made the directory died before the first commit
            expected = {fingerprints.name_of(stage, table.name): fingerprints.fingerprint(table.row_type)}
            fingerprints.refuse_others(self._file.path, remembered, expected)

    def _decoded(self, stage: StageName, table: Table[RowT], *stored: Any) -> RowT:
        key, value, wake_at, kept = stored
        if row_hash(stage.value, table.name, key, value, wake_at) != kept:
            raise CorruptState(path=self._file.path, reason=f"a row of {table.name}")
        try:
            return msgspec.json.decode(value, type=table.row_type)
        except msgspec.MsgspecError as error:
            raise CorruptState(path=self._file.path, reason=f"a row of {table.name}") from error
