"""The file of a data directory, opened to read: nothing in the directory changes by it, whoever writes there, and whoever may.

There are three ways, and which one is right can change from one query to the next:

    a writer is there       SQLite's own: `mode=ro`, a read transaction, the state as it was committed when that began
    none, and it ended well the file as it is (`immutable`): no lock file, no shared memory, no log of SQLite's is made for it
    none, and it was killed a private copy of the file and its log, on which SQLite does the recovery that the next writer will do

In the last two the directory is locked, shared with other readers; a writer that begins waits for that. Nothing is held for longer than
SNAPSHOT_SECONDS_MAX, and nothing while the caller does something else with what it got (`let_go`): then the state is taken anew, and may
be a later one. A reader that is killed leaves nothing behind: the locks are the kernel's, and a copy has no name once it is open.

Source: guarantees.S8, guarantees.S46.
"""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from engine.errors import StoreInUse, StoreUnusable
from engine.runtimes.embedded.database import FILE_NAME, check_header
from engine.runtimes.embedded.open_file import OpenFile, PrivateFile, is_ours

SNAPSHOT_SECONDS_MAX: Final = 5.0
"""How long one state is read from; longer, and a write-ahead log could not be emptied, nor an erasure finished."""
STARTING_SECONDS_MAX: Final = 5.0
"""How long to wait for a writer that is just beginning."""
_POLL_SECONDS: Final = 0.02
_BESIDE: Final = ("-wal", "-journal")
"""What a writer that was killed leaves beside the file; without it, the file alone is not what was committed."""
_NOT_YET: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL})
"""What SQLite answers while a writer opens or leaves the file."""


class ReadFile(OpenFile):
    """The file of a data directory, to be read."""

    def __init__(self, data_dir: Path, *, snapshot_seconds_max: float = SNAPSHOT_SECONDS_MAX) -> None:
        """Open it.

        Args:
            snapshot_seconds_max: how long one state is read from.
        Raises:
            NewerData, OtherRules: another version wrote it. CorruptState: it is damaged or no data of ours. StoreInUse: a writer is
                beginning, and doesn't come to an end of that. StoreUnusable: there is none, or not for this user.
        """
        super().__init__(data_dir / FILE_NAME)
        self._directory: int | None = None
        self._is_private = False
        self._snapshot_seconds_max = snapshot_seconds_max
        self._since = 0.0
        self._open()

    @property
    def connection(self) -> sqlite3.Connection:
        """A connection to one state; to a later one, where the last was looked at for long enough or was let go."""
        if self._connection is not None and time.monotonic() - self._since > self._snapshot_seconds_max:
            self.let_go()
        if self._connection is None:
            self._open()
        return super().connection

    def let_go(self) -> None:
        """Hold nothing of the directory, until the next query."""
        if not self._is_private:
            self.close()

    def close(self) -> None:
        """Let go of it."""
        super().close()
        if self._directory is not None:
            os.close(self._directory)
            self._directory = None

    def _open(self) -> None:
        with self.guarded():
            if not self.path.exists():
                raise StoreUnusable(path=self.path.parent, reason="there is no data in it")
            until = time.monotonic() + STARTING_SECONDS_MAX
            while not self._is_open():
                if time.monotonic() > until:
                    raise StoreInUse(path=self.path.parent)
                time.sleep(_POLL_SECONDS)
        self._since = time.monotonic()

    def _is_open(self) -> bool:
        """Open it in the way that is right now. Returns False while a writer is about to begin or to end."""
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(directory, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(directory)
            return self._is_open_beside_a_writer()
        except BaseException:
            os.close(directory)
            raise
        self._directory = directory
        try:
            self._connect_alone()
        except BaseException:
            self.close()
            raise
        if self._is_private:
            os.close(directory)
            self._directory = None
        return True

    def _connect_alone(self) -> None:
        """Connect while no writer is there, nor can begin."""
        check_header(self.path, self._beside("-wal"))
        self._is_private = any(_has_content(self._beside(suffix)) for suffix in _BESIDE)
        self._connection = self._recovered() if self._is_private else _connected(self.path, "immutable=1")
        if not is_ours(self._connection, self.path):
            self._connection.close()
            self._connection = PrivateFile.made(self.path).connection  # whoever made it was killed before anything was in it

    def _recovered(self) -> sqlite3.Connection:
        """Copy what a writer left that was killed, and let SQLite recover the copy."""
        with TemporaryDirectory(prefix="bothways-read-") as place:
            for suffix in ("", *_BESIDE):
                if self._beside(suffix).exists():
                    shutil.copyfile(self._beside(suffix), Path(place) / f"{FILE_NAME}{suffix}")
            connection = sqlite3.connect(Path(place) / FILE_NAME, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()  # no shared memory: it would need a name
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except BaseException:
                connection.close()
                raise
            return connection  # its files lose their names here; it keeps them open

    def _is_open_beside_a_writer(self) -> bool:
        if not self._beside("-shm").exists():
            return False  # SQLite would make it
        connection: sqlite3.Connection | None = None
        try:
            connection = _connected(self.path, "mode=ro")
            connection.execute("PRAGMA query_only=ON").fetchall()
            connection.execute("BEGIN").fetchall()
            is_there = is_ours(connection, self.path)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_YET:
                return False
            raise
        if not is_there:
            connection.close()
            return False
        self._connection = connection
        return True

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(f"{FILE_NAME}{suffix}")


@contextmanager
def opened_file(data_dir: Path) -> Iterator[ReadFile]:
    """Open the file of a directory to read it.

    Raises:
        EngineError: as `ReadFile`.
    """
    with closing(ReadFile(data_dir)) as file:
        yield file


@contextmanager
def copy_of(data_dir: Path) -> Iterator[PrivateFile]:
    """Copy the committed state of a directory to where only this process sees it; the copy goes when this is left.

    Raises:
        EngineError: as `ReadFile`.
    """
    with closing(PrivateFile(data_dir / FILE_NAME)) as copy:
        with opened_file(data_dir) as file, file.guarded():
            file.connection.backup(copy.connection)
        yield copy


def _connected(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{how}", uri=True, isolation_level=None, check_same_thread=False)


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
