"""The data directory: one owner, one connection, settings that are read back before anything is trusted.

A directory holds `bothways.db` (with `-wal` beside it while open) and `lock`. The lock is the kernel's, so it goes with the process
however that ends. Settings are checked after they are set, because SQLite answers some of them with silence: `synchronous=FULL` is what
makes "committed" mean "on the disk", and an exclusive single connection needs no shared memory file.

An error of the disk is final: it is raised as `StoreFailed` or `CorruptState`, no call is tried again, and the process ends. The log of
SQLite makes the next start see every transaction whole or not at all.

Source: guarantees.P1, guarantees.P2, guarantees.P9, guarantees.S6 to guarantees.S9.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from engine.errors import CorruptState, FatalError, NewerData, OtherRules, StoreFailed, StoreInUse, StoreUnusable
from engine.runtimes.embedded.layout import APPLICATION_ID, FORMAT, SCHEMA

FILE_NAME: Final = "bothways.db"
LOCK_NAME: Final = "lock"

WAL_BYTES_MAX: Final = 64 * 1024 * 1024

QUICK_CHECK_BYTES_MAX: Final = 32 * 1024 * 1024
"""Larger files are checked by `verify` only, so that a start stays under a second."""

PAGE_CACHE_KIB: Final = 8 * 1024
"""Holds what one commit changes; what is beyond it, the system keeps in its own cache."""

_HEADER: Final = b"SQLite format 3\x00"
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NO_PLACE: Final = (PermissionError, FileExistsError, NotADirectoryError, FileNotFoundError)
"""Nothing is wrong with the disk; the name or the rights are."""


class Database:
    """The open file of one data directory."""

    def __init__(self, data_dir: Path, *, is_durable: bool = True, wal_bytes_max: int = WAL_BYTES_MAX) -> None:
        """Open, or create and open.

        Args:
            data_dir: made with mode 0700 if absent; its files get 0600.
            is_durable: False only for copies that `verify` throws away.
            wal_bytes_max: past this, a commit is followed by a checkpoint that empties the write-ahead log.
        Raises:
            StoreInUse: another process has it. NewerData, OtherRules: another version wrote it. CorruptState: it is damaged or no data of
                ours. StoreUnusable: it is no directory, or not one of this user. StoreFailed: the disk refused. The process stops.
        """
        self.path = data_dir / FILE_NAME
        self._wal_path = data_dir / f"{FILE_NAME}-wal"
        self._is_durable = is_durable
        self._wal_bytes_max = wal_bytes_max
        self._is_open = False
        self._has_failed = False
        try:
            _make_directory(data_dir)
            self._lock = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except _NO_PLACE as error:
            raise StoreUnusable(path=data_dir, reason=error.strerror or type(error).__name__) from error
        except OSError as error:
            raise StoreFailed(path=data_dir, reason=error.strerror or type(error).__name__) from error
        try:
            self._own(data_dir)
            self.connection = self._connected()
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Give up what was not committed, empty the write-ahead log and let go of the directory. Closing twice is harmless.

        Raises:
            StoreFailed: the disk refused the last checkpoint; what was committed is still in the write-ahead log.
        """
        if not self._is_open:
            return
        self._is_open = False
        try:
            with self.guarded():
                if not self._has_failed:
                    self.connection.rollback()
                    self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self.connection.close()
            os.close(self._lock)

    def scrub(self) -> None:
        """Leave nothing of what was deleted in any file: empty the write-ahead log, write the file anew, empty the log again.

        Needs as much room again as the file has, and time in proportion.
        """
        assert not self.connection.in_transaction, "only what is committed can be written anew"
        with self.guarded():
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                self.connection.execute(statement).fetchall()

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
        if isinstance(error, PermissionError) or code == sqlite3.SQLITE_READONLY:
            return StoreUnusable(path=self.path.parent, reason=getattr(error, "strerror", None) or str(error))
        if isinstance(error, OSError):
            return StoreFailed(path=self.path, reason=error.strerror or type(error).__name__)
        if code in _DAMAGE:
            return CorruptState(path=self.path, reason=str(error))
        return StoreFailed(path=self.path, reason=getattr(error, "sqlite_errorname", str(error)))

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

    def read(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query; nothing stays open behind it."""
        try:
            return self.connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise self.failure(error) from error

    def commit(self) -> None:
        """Make everything since `begin` durable; then keep the write-ahead log bounded.

        The checkpoint is ours and not SQLite's automatic one, which would swallow an error of the disk.
        """
        with self.guarded():
            self.connection.execute("COMMIT")
            if self._wal_path.stat().st_size > self._wal_bytes_max:
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def check_integrity(self) -> str | None:
        """Return the first thing that SQLite finds wrong with the file's structure, or None."""
        try:
            found = self.connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            return str(error)
        return None if found == "ok" else _one_line(found)

    def back_up(self, target: Path, damage_in: Callable[[sqlite3.Connection], str | None]) -> None:
        """Copy the committed state into a new file with SQLite's online backup, check the copy, then put it in place in one step.

        Args:
            damage_in: says what is wrong with the records of a copy, or None.
        Raises:
            StoreFailed: the target exists already or can't be written; nothing is left at its name.
            CorruptState: what would be copied is not what was written; nothing is left at the target's name either.
        """
        assert not self.connection.in_transaction, "a backup holds committed data only"
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
            _sync(partial)
            partial.rename(target)
            _sync(target.parent)
        except (sqlite3.Error, OSError) as error:
            partial.unlink(missing_ok=True)
            reason = error.strerror if isinstance(error, OSError) else getattr(error, "sqlite_errorname", str(error))
            raise StoreFailed(path=target, reason=reason or type(error).__name__) from error

    def _own(self, data_dir: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreInUse(path=data_dir) from error
        except OSError as error:
            raise StoreFailed(path=data_dir, reason=error.strerror or "no file locks here") from error

    def _connected(self) -> sqlite3.Connection:
        with self.guarded():
            is_new = not self.path.exists()
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            if is_new:
                _sync(self.path.parent)
            self._check_header()
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=64)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        self._is_open = True
        return connection

    def _check_header(self) -> None:
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            header = file.read(100)
        if size and not header.startswith(_HEADER):
            raise CorruptState(path=self.path, reason="it is not a database")
        if not size or (self._wal_path.exists() and self._wal_path.stat().st_size):
            return  # pages that the file still lacks may be in the write-ahead log
        page_bytes = int.from_bytes(header[16:18], "big")
        pages_count = int.from_bytes(header[28:32], "big")
        if size < pages_count * (65_536 if page_bytes == 1 else page_bytes):
            raise CorruptState(path=self.path, reason="it was cut short")

    def _prepare(self, connection: sqlite3.Connection) -> None:
        _set(connection, "locking_mode", "EXCLUSIVE", "exclusive")
        has_tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] > 0
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if has_tables and application_id != APPLICATION_ID:
            raise CorruptState(path=self.path, reason="it belongs to another program")
        if found > FORMAT:
            raise NewerData(path=self.path, found=found, supported=FORMAT)
        if has_tables and found < FORMAT:
            raise OtherRules(path=self.path, found=_writer(connection), own=f"its files have format {FORMAT}, these {found}")
        _set(connection, "journal_mode", "WAL", "wal")
        _set(connection, "synchronous", "FULL" if self._is_durable else "OFF", 2 if self._is_durable else 0)
        _set(connection, "foreign_keys", "ON", 1)
        _set(connection, "secure_delete", "ON", 1)
        _set(connection, "wal_autocheckpoint", "0", 0)
        _set(connection, "trusted_schema", "OFF", 0)
        _set(connection, "cache_size", str(-PAGE_CACHE_KIB), -PAGE_CACHE_KIB)
        if not has_tables:
            _create(connection)
        elif self._is_durable and self.path.stat().st_size <= QUICK_CHECK_BYTES_MAX:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if answer != "ok":
                raise CorruptState(path=self.path, reason=_one_line(answer))


def _set(connection: sqlite3.Connection, name: str, value: str, expected: str | int) -> None:
    connection.execute(f"PRAGMA {name}={value}").fetchall()
    actual = connection.execute(f"PRAGMA {name}").fetchone()
    assert actual is not None and actual[0] == expected, f"SQLite keeps {name} at {actual}, not {expected}"


def _writer(connection: sqlite3.Connection) -> str:
    """Return the version that wrote a file of an older format, as far as that can be read."""
    try:
        found = connection.execute("SELECT value FROM meta WHERE name = 'written_by'").fetchone()
    except sqlite3.Error:
        return "unknown"
    return str(found[0]) if found else "unknown"


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={FORMAT}")
    connection.execute("COMMIT")


def _make_directory(data_dir: Path) -> None:
    if not data_dir.is_dir():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(data_dir.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]
