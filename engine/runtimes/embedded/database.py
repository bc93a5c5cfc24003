"""The data directory and its one writer: settings that are read back before anything is trusted.

A directory holds `bothways.db` (with `-wal` and `-shm` beside it while open), `lock` and, while a service runs, `socket`. Two locks of the
kernel's, which go with the process however that ends, say who does what:

    lock            held alone by the writer; a second writer fails at once
    the directory   held alone by the writer, shared by whoever reads while there is none (reading/access.py); a writer waits for them

Beside a writer others read the file in SQLite's own way: they see what was committed when they began, and neither waits for the other.
They never write or empty the write-ahead log, so the one connection here is the only one that does. Settings are checked after they are
set, because SQLite answers some of them with silence: `synchronous=FULL` is what makes "committed" mean "on the disk".

The log of SQLite makes the next start see every transaction whole or not at all.

Source: guarantees.P1, guarantees.P2, guarantees.P9, guarantees.S6 to guarantees.S9.
"""

import fcntl
import os
import socket
import sqlite3
import time
from pathlib import Path
from typing import Final

from engine.errors import CorruptState, StoreFailed, StoreInUse, StoreUnusable
from engine.runtimes.embedded.open_file import PAGE_CACHE_KIB, OpenFile, create_tables, is_ours, one_line, sync
from engine.runtimes.embedded.serving.address import listening, remove

FILE_NAME: Final = "bothways.db"
LOCK_NAME: Final = "lock"

WAL_BYTES_MAX: Final = 64 * 1024 * 1024

QUICK_CHECK_BYTES_MAX: Final = 32 * 1024 * 1024
"""Larger files are checked by `verify` only, so that a start stays under a second."""

READERS_SECONDS_MAX: Final = 15.0
"""How long a writer waits for those who read before there is one; they take a third of it at most."""
LAST_READERS_SECONDS: Final = 1.0
"""How long the end of a writer waits for readers, to leave an empty log behind."""
BUSY_MILLISECONDS: Final = 5_000
"""How long anything else waits for a lock of SQLite's, which others hold for an instant."""
_POLL_SECONDS: Final = 0.02

_HEADER: Final = b"SQLite format 3\x00"
_NO_PLACE: Final = (PermissionError, FileExistsError, NotADirectoryError, FileNotFoundError)
"""Nothing is wrong with the disk; the name or the rights are."""


class Database(OpenFile):
    """The open file of one data directory, to be written."""

    def __init__(self, data_dir: Path, *, is_durable: bool = True, is_served: bool = False, wal_bytes_max: int = WAL_BYTES_MAX) -> None:
        """Open, or create and open.

        Args:
            data_dir: made with mode 0700 if absent; its files get 0600.
            is_durable: False only for files that are thrown away.
            is_served: the writer is a service; `listener` is its socket for the others, who may connect before anything else is done.
            wal_bytes_max: past this, a commit is followed by a checkpoint that empties the write-ahead log.
        Raises:
            StoreInUse: another process has it. NewerData, OtherRules: another version wrote it. CorruptState: it is damaged or no data of
                ours. StoreUnusable: it is no directory, or not one of this user. StoreFailed: the disk refused. The process stops.
        """
        super().__init__(data_dir / FILE_NAME)
        self._wal_path = data_dir / f"{FILE_NAME}-wal"
        self._is_durable = is_durable
        self.listener: socket.socket | None = None
        """The socket of a service."""
        self._wal_bytes_max = self._checkpoint_bytes = wal_bytes_max
        try:
            _make_directory(data_dir)
            self._locks = [os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)]
        except _NO_PLACE as error:
            raise StoreUnusable(path=data_dir, reason=error.strerror or type(error).__name__) from error
        except OSError as error:
            raise StoreFailed(path=data_dir, reason=error.strerror or type(error).__name__) from error
        try:
            self._own(data_dir, is_served=is_served)
            self._connection = self._connected()
        except BaseException:
            self._let_go()
            raise

    def close(self) -> None:
        """Give up what was not committed, empty the write-ahead log and let go of the directory. Closing twice is harmless.

        Raises:
            StoreFailed: the disk refused the last checkpoint; what was committed is still in the write-ahead log.
        """
        if self._connection is None:
            return
        try:
            with self.guarded():
                if not self._has_failed:
                    self.connection.rollback()
                    self._empty_log(LAST_READERS_SECONDS)
        finally:
            super().close()
            self._let_go()

    def write_anew(self) -> None:
        """Write the file anew, from an empty log: else both together need the room of three."""
        self.is_log_emptied()
        super().write_anew()

    def is_log_emptied(self, wait_seconds: float = 0.0) -> bool:
        """Empty the write-ahead log, which may hold what was deleted, unless a reader needs it. Returns whether it is empty.

        Args:
            wait_seconds: how long to wait for readers.
        """
        with self.guarded():
            return self._empty_log(wait_seconds)

    def commit(self) -> None:
        """Make everything since `begin` durable; then keep the write-ahead log bounded.

        The checkpoint is ours and not SQLite's automatic one, which would swallow an error of the disk. It waits for no reader: a log that
        one needs is tried again when it has grown by an eighth of its limit.
        """
        with self.guarded():
            self.connection.execute("COMMIT")
            size = self._wal_path.stat().st_size
            if size > self._checkpoint_bytes:
                is_emptied = self._empty_log(0)
                self._checkpoint_bytes = self._wal_bytes_max if is_emptied else size + self._wal_bytes_max // 8

    def _empty_log(self, wait_seconds: float) -> bool:
        self.connection.execute(f"PRAGMA busy_timeout={round(1000 * wait_seconds)}").fetchall()
        is_busy, *_ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}").fetchall()
        return not is_busy

    def _own(self, data_dir: Path, *, is_served: bool) -> None:
        """Become the writer at once or not at all, then wait for those who read without one."""
        if not self._is_locked(self._locks[0], data_dir):
            raise StoreInUse(path=data_dir)
        if is_served:
            with self.guarded():
                self.listener = listening(data_dir)
        self._locks.append(os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        until = time.monotonic() + READERS_SECONDS_MAX
        while not self._is_locked(self._locks[1], data_dir):
            if time.monotonic() > until:
                raise StoreInUse(path=data_dir)
            time.sleep(_POLL_SECONDS)

    def _is_locked(self, handle: int, data_dir: Path) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise StoreFailed(path=data_dir, reason=error.strerror or "no file locks here") from error
        return True

    def _let_go(self) -> None:
        if self.listener is not None:
            self.listener.close()
            remove(self.path.parent)
            self.listener = None
        while self._locks:
            os.close(self._locks.pop())

    def _connected(self) -> sqlite3.Connection:
        with self.guarded():
            is_new = not self.path.exists()
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            if is_new:
                sync(self.path.parent)
            check_header(self.path, self._wal_path)
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=64)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        has_tables = is_ours(connection, self.path)
        _set(connection, "journal_mode", "WAL", "wal")
        _set(connection, "synchronous", "FULL" if self._is_durable else "OFF", 2 if self._is_durable else 0)
        _set(connection, "foreign_keys", "ON", 1)
        _set(connection, "secure_delete", "ON", 1)
        _set(connection, "wal_autocheckpoint", "0", 0)
        _set(connection, "trusted_schema", "OFF", 0)
        _set(connection, "cache_size", str(-PAGE_CACHE_KIB), -PAGE_CACHE_KIB)
        if not has_tables:
            create_tables(connection)
        elif self._is_durable and self.path.stat().st_size <= QUICK_CHECK_BYTES_MAX:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if answer != "ok":
                raise CorruptState(path=self.path, reason=one_line(answer))


def check_header(path: Path, wal_path: Path) -> None:
    """Refuse a file that is no database, or shorter than it says.

    Raises:
        CorruptState: it is.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(100)
    if size and not header.startswith(_HEADER):
        raise CorruptState(path=path, reason="it is not a database")
    if not size or (wal_path.exists() and wal_path.stat().st_size):
        return  # pages that the file still lacks may be in the write-ahead log
    page_bytes = int.from_bytes(header[16:18], "big")
    pages_count = int.from_bytes(header[28:32], "big")
    if size < pages_count * (65_536 if page_bytes == 1 else page_bytes):
        raise CorruptState(path=path, reason="it was cut short")


def _set(connection: sqlite3.Connection, name: str, value: str, expected: str | int) -> None:
    connection.execute(f"PRAGMA {name}={value}").fetchall()
    actual = connection.execute(f"PRAGMA {name}").fetchone()
    assert actual is not None and actual[0] == expected, f"SQLite keeps {name} at {actual}, not {expected}"


def _make_directory(data_dir: Path) -> None:
    if not data_dir.is_dir():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync(data_dir.parent)
