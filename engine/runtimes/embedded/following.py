"""Lines of a source that goes on: a file that others append to, or standard input.

A file is followed by its name, as `tail -F` does: it may be absent, appear later, be replaced or be cut, and is then read from its
beginning. Nothing is remembered between two runs of the engine: whatever is read again is known by its mark and changes nothing.

A line counts once its end has come. Memory is bounded however long a line is: of one that is too long to be an event, the head is kept,
with its length and a hash of all of it, in the same form as for a line of an ordinary file.
"""

import os
import select
import time
from pathlib import Path
from typing import Final, Protocol

from engine.runtimes.embedded.lines import CHUNK_BYTES, Line, LineSplitter

LOOK_SECONDS: Final = 0.1
"""How often a file is looked at."""


class Follower(Protocol):
    """A source that goes on."""

    is_over: bool
    """Whether nothing can come any more."""

    def read(self, wait_seconds: float) -> list[Line]:
        """Return the lines that have come, at the latest after `wait_seconds`; none is a fair answer."""

    def close(self) -> None:
        """Let go of the source."""


class FollowedFile:
    """A file by its name."""

    def __init__(self, path: Path) -> None:
        self.is_over = False
        self._path = path
        self._handle: int | None = None
        self._identity = (0, 0)
        self._position = 0
        self._splitter = LineSplitter()

    def read(self, wait_seconds: float) -> list[Line]:
        """Return the lines that others have appended."""
        deadline = time.monotonic() + wait_seconds
        while True:
            lines = self._look()
            left = deadline - time.monotonic()
            if lines or left <= 0:
                return lines
            time.sleep(min(LOOK_SECONDS, left))

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _look(self) -> list[Line]:
        data = b"" if self._handle is None else os.read(self._handle, CHUNK_BYTES)
        if data:
            self._position += len(data)
            return self._splitter.feed(data)
        lines: list[Line] = []
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return lines
        if self._handle is None or (found.st_dev, found.st_ino) != self._identity or found.st_size < self._position:
            if self._handle is not None:
                lines = self._splitter.end()  # what the old file ended with, without a line's end
            self._reopen()
        return lines

    def _reopen(self) -> None:
        self.close()
        try:
            self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        opened = os.fstat(self._handle)
        self._identity = (opened.st_dev, opened.st_ino)
        self._position = 0
        self._splitter = LineSplitter()


class Stream:
    """Standard input, or anything else with a descriptor that can be waited for."""

    def __init__(self, descriptor: int) -> None:
        self.is_over = False
        self._descriptor = descriptor
        self._splitter = LineSplitter()

    def read(self, wait_seconds: float) -> list[Line]:
        """Return the lines that have come. The last one needs no end."""
        if self.is_over:
            time.sleep(wait_seconds)
            return []
        ready, _, _ = select.select([self._descriptor], [], [], wait_seconds)
        if not ready:
            return []
        data = os.read(self._descriptor, CHUNK_BYTES)
        if data:
            return self._splitter.feed(data)
        self.is_over = True
        return self._splitter.end()

    def close(self) -> None:
        """Leave it open: it belongs to the process."""
