"""The floor: what SQLite alone needs for the very bytes that the engine writes.

A run of the engine is taped: every statement with its rows, commit by commit. Playing the tape into a fresh directory opened by the same
class (WAL, synchronous FULL, EXCLUSIVE, the same checkpoints) does the writing and nothing else. Afterwards both files are compared row
by row, so that a write which bypassed the tape is found and not measured as speed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.core.stage import Topology
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.store import SqliteStore
from engine.settings import Settings
from ops.bench.embedded.sample import Elapsed, Stopwatch

Write = tuple[str, list[Sequence[Any]]]
"""A statement and its rows."""

_TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


@dataclass(slots=True)
class Tape:
    """Everything that was written, in order."""

    transactions: list[list[Write]] = field(default_factory=lambda: [[]])
    """The last one is open."""
    opening_count: int = 0
    """Transactions before the first event: the directory's own facts."""

    @property
    def rows_count(self) -> int:
        """Rows in all statements after the opening."""
        return sum(len(rows) for writes in self.transactions[self.opening_count :] for _, rows in writes)

    @property
    def commits_count(self) -> int:
        """Commits after the opening."""
        return len(self.transactions) - self.opening_count - 1

    def write(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Keep one statement."""
        self.transactions[-1].append((statement, list(rows)))

    def commit(self) -> None:
        """Keep where a transaction ends."""
        self.transactions.append([])


class TapedDatabase(Database):
    """An open directory whose writes are kept besides."""

    def __init__(self, database: Database, tape: Tape) -> None:
        """Stand in for an open one, sharing all of its state."""
        self.__dict__ = database.__dict__
        self._tape = tape

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Keep the statement and run it."""
        if rows:
            self._tape.write(statement, rows)
        return super().write_many(statement, rows)

    def commit(self) -> None:
        """Keep the commit and do it."""
        self._tape.commit()
        super().commit()


def taped(lines: Sequence[bytes], data_dir: Path, settings: Settings) -> Tape:
    """Ingest lines into a new directory and keep what was written."""
    tape = Tape()

    class TapedStore(SqliteStore):
        def __init__(self, database: Database, topology: Topology, **given: Any) -> None:
            super().__init__(TapedDatabase(database, tape), topology, **given)

    class TapedEngine(EmbeddedEngine):
        store_type = TapedStore

    with TapedEngine(data_dir, settings) as engine:
        tape.opening_count = len(tape.transactions) - 1
        tally = engine.ingest(lines)
    assert tally.accepted == len(lines), "the workload is valid"
    return tape


def played(tape: Tape, data_dir: Path) -> Elapsed:
    """Write a tape into a new directory. Returns the time from after the opening to the last commit."""
    database = Database(data_dir)
    try:
        _play(tape.transactions[: tape.opening_count], database)
        watch = Stopwatch()
        _play(tape.transactions[tape.opening_count :], database)
        return watch.elapsed()
    finally:
        database.close()


def digest(data_dir: Path) -> str:
    """Hash every row of every table of a closed directory, in order of its columns."""
    database = Database(data_dir)
    found = hashlib.blake2b(digest_size=16)
    try:
        for (table,) in database.read(_TABLES):
            columns = database.connection.execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608 - names from the schema
            order = ", ".join(str(number + 1) for number in range(len(columns)))
            for row in database.connection.execute(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608 - the same
                found.update(repr(row).encode())
    finally:
        database.close()
    return found.hexdigest()


def _play(transactions: Sequence[Sequence[Write]], database: Database) -> None:
    connection = database.connection
    for writes in transactions:
        if not writes:
            continue
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in writes:
            connection.executemany(statement, rows)
        database.commit()
