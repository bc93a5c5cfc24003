"""An open file with our tables: what the writer, readers and private copies have in common.

An error of the disk is final: it is raised as `StoreFailed` or `CorruptState`, no call is tried again, and the process ends.

Source: guarantees.P9.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from engine.errors import CorruptState, FatalError, NewerData, OtherRules, StoreFailed, StoreUnusable
from engine.runtimes.embedded.layout import APPLICATION_ID, FORMAT, SCHEMA

PAGE_CACHE_KIB: Final = 8 * 1024
"""Holds what one commit changes; what is beyond it, the system keeps in its own cache."""

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class OpenFile:
    """One connection to a file with our tables."""

    def __init__(self, path: Path) -> None:
        """Name it; whoever derives from this opens it.

        Args:
            path: what an operator knows it by.
        """
        self.path = path
        self._has_failed = False
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection."""
        assert self._connection is not None, "the file is open"
        return self._connection

    def close(self) -> None:
        """Let go of it. Closing twice is harmless."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn an error of SQLite or the disk into one that stops the process."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self.failure(error) from error

    def failure(self, error: sqlite3.Error | OSError) -> FatalError:
        """Name an error in the operator's words; after it, nothing is written any more."""
        self._has_failed = True
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if isinstance(error, PermissionError) or code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
            return StoreUnusable(path=self.path.parent, reason=getattr(error, "strerror", None) or str(error))
        if isinstance(error, OSError):
            return StoreFailed(path=self.path, reason=error.strerror or type(error).__name__)
        if code in _DAMAGE:
            return CorruptState(path=self.path, reason=str(error))
        return StoreFailed(path=self.path, reason=getattr(error, "sqlite_errorname", str(error)))

    def read(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query; nothing stays open behind it."""
        try:
            return self.connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise self.failure(error) from error

    def begin(self) -> None:
        """Open the transaction if none is open."""
        if not self.connection.in_transaction:
            with self.guarded():
                self.connection.execute("BEGIN IMMEDIATE")

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for each row, inside the transaction. Returns how many rows of the table that changed."""
        if not rows:
            return 0
        assert not self._has_failed, "the process ends at the first error of the disk"
        self.begin()
        with self.guarded():
            return self.connection.executemany(statement, rows).rowcount

    def commit(self) -> None:
        """End the transaction; what is in it stays."""
        with self.guarded():
            self.connection.execute("COMMIT")

    def write_anew(self) -> None:
        """Leave nothing of what was deleted in the file itself: needs as much room again as it has, and time in proportion."""
        assert not self.connection.in_transaction, "only what is committed can be written anew"
        with self.guarded():
            self.connection.execute("VACUUM").fetchall()

    def is_log_emptied(self, wait_seconds: float = 0.0) -> bool:  # noqa: ARG002 - there is nobody to wait for
        """Leave nothing in a log beside the file. Returns whether nothing is left; here there is none."""
        return True

    def check_integrity(self) -> str | None:
        """Return the first thing that SQLite finds wrong with the file's structure, or None."""
        try:
            found = str(self.connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            return str(error)
        return None if found == "ok" else one_line(found)

    def back_up(self, target: Path, damage_in: Callable[[sqlite3.Connection], str | None]) -> None:
        """Copy the committed state into a new file with SQLite's online backup, check the copy, then put it in place in one step.

        Args:
            damage_in: says what is wrong with the records of a copy, or None.
        Raises:
            StoreFailed: the target exists already or can't be written; nothing is left at its name.
            CorruptState: what would be copied is not what was written; nothing is left at the target's name either.
        """
        if target.exists():
            raise StoreFailed(path=target, reason="the file exists already")
        partial = target.with_name(f"{target.name}.partial")
        try:
            os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
            copy = sqlite3.connect(partial, isolation_level=None)
            try:
                self.connection.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE").fetchall()
                damage = damage_in(copy)
            finally:
                copy.close()
            if damage is not None:
                partial.unlink()
                raise CorruptState(path=self.path, reason=damage)
            sync(partial)
            partial.rename(target)
            sync(target.parent)
        except (sqlite3.Error, OSError) as error:
            partial.unlink(missing_ok=True)
            reason = error.strerror if isinstance(error, OSError) else getattr(error, "sqlite_errorname", str(error))
            raise StoreFailed(path=target, reason=reason or type(error).__name__) from error


class PrivateFile(OpenFile):
    """A file that only this connection sees: SQLite keeps it without a name, and it goes with the process however that ends."""

    def __init__(self, path: Path) -> None:
        """Open an empty one.

        Args:
            path: what it is a copy or a replay of.
        """
        super().__init__(path)
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False, cached_statements=64)
        for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size={-PAGE_CACHE_KIB}"):  # nobody needs it after a failure
            self._connection.execute(f"PRAGMA {setting}").fetchall()

    @classmethod
    def made(cls, path: Path) -> "PrivateFile":
        """Open one with our tables in it, empty."""
        made = cls(path)
        create_tables(made.connection)
        return made


def is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Say whether a file has our tables; an empty one has none yet.

    Raises:
        CorruptState: it belongs to another program. NewerData, OtherRules: it has another format.
    """
    has_tables = bool(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if has_tables and application_id != APPLICATION_ID:
        raise CorruptState(path=path, reason="it belongs to another program")
    if found > FORMAT:
        raise NewerData(path=path, found=found, supported=FORMAT)
    if has_tables and found < FORMAT:
        raise OtherRules(path=path, found=_writer(connection), own=f"its files have format {FORMAT}, these {found}")
    return has_tables


def create_tables(connection: sqlite3.Connection) -> None:
    """Make our tables in an empty file."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={FORMAT}")
    connection.execute("COMMIT")


def sync(path: Path) -> None:
    """Flush a file or the entries of a directory to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def one_line(text: str) -> str:
    """Shorten what SQLite says to a line."""
    return " ".join(text.split())[:120]


def _writer(connection: sqlite3.Connection) -> str:
    """Return the version that wrote a file of an older format, as far as that can be read."""
    try:
        found = connection.execute("SELECT value FROM meta WHERE name = 'written_by'").fetchone()
    except sqlite3.Error:
        return "unknown"
    return str(found[0]) if found else "unknown"
