"""A look at one instant of a data directory, as long as it takes: a private copy, with the rows as rules read them.

For what reads much (a report, a dry round, who can be invited): whoever writes is not held up, and nothing moves in between.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from engine.core.effects import Rows, StageName
from engine.core.stage import Topology
from engine.core.table import RowT, Table
from engine.runtimes.embedded.erasing.erasure import named_counts
from engine.runtimes.embedded.layout import LAST_AT, instant_from
from engine.runtimes.embedded.log.stored_outputs import StoredOutput, next_positions, stored_outputs
from engine.runtimes.embedded.proof import fingerprints
from engine.runtimes.embedded.reading.access import copy_of
from engine.runtimes.embedded.rows.facts import fact
from engine.runtimes.embedded.rows.stage_rows import StageRows
from schemas.topics import DEAD_LETTER_PREFIX


class State(Protocol):
    """What can be read of an engine, and of a look."""

    @property
    def last_at(self) -> datetime | None:
        """Engine time: the `at` of the last thing that moved it."""

    def rows(self, stage: StageName) -> Rows:
        """Return the read view of one stage, for what computes without changing anything."""

    def row(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""

    def scan(self, stage: StageName, table: Table[RowT], prefix: str = "") -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""


class Look:
    """The committed state of a directory when this was made. A context manager."""

    def __init__(self, data_dir: Path, topology: Topology) -> None:
        """Copy it.

        Raises:
            OtherRules: another version wrote it, with other rows. EngineError: as `ReadFile`.
        """
        with ExitStack() as stack:
            self._file = stack.enter_context(copy_of(data_dir))
            remembered, expected = fingerprints.remembered_by(self._file), fingerprints.shapes(topology)
            if remembered:
                fingerprints.refuse_others(self._file.path, remembered, expected)
            self._rows = {name: StageRows(self._file, stage) for name, stage in topology.stages.items()}
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def last_at(self) -> datetime | None:
        """Engine time: the `at` of the last thing that moved it."""
        stored = fact(self._file, LAST_AT)
        return None if stored is None else instant_from(stored)

    def rows(self, stage: StageName) -> Rows:
        """Return the read view of one stage."""
        return self._rows[stage]

    def row(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""
        return self._rows[stage].get(table, key)

    def scan(self, stage: StageName, table: Table[RowT], prefix: str = "") -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        return self._rows[stage].scan(table, prefix)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that has had an output, dead-letter topics included."""
        return tuple(sorted(next_positions(self._file)))

    def outputs(self, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
        """Yield records of a topic from a position on; positions may have gaps."""
        return stored_outputs(self._file, topic, start, limit)

    def dead_letters(self) -> Iterator[StoredOutput]:
        """Yield every dead letter, by topic, oldest first."""
        for topic in self.topics:
            if topic.startswith(DEAD_LETTER_PREFIX):
                yield from self.outputs(topic)

    def named_counts(self, person_id: str) -> dict[str, int]:
        """Count the rows of each table, and the records of the log and of each topic, that name a person."""
        return named_counts(self._file, person_id)
