"""Lines of a file or of standard input, in bounded memory however long one is.

A line that is longer than an event may be is cut: its head, its length and a hash of all of it are what a dead letter keeps. Compressed
input is told by its first bytes and unpacked as it is read.
"""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from engine.core.effects import Headers
from schemas.codec import STRUCTURED_HEADERS
from schemas.frozen import Frozen
from schemas.text.strict_json import EVENT_BYTES_MAX

KEPT_BYTES_MAX: Final = 1024 * 1024
"""How much of a line that is too long is kept."""
_CHUNK_BYTES: Final = 256 * 1024
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""What some editors put at the start of a file; it says nothing, and is skipped there and nowhere else."""
_GZIP_MAGIC: Final = b"\x1f\x8b"


class Line(Frozen):
    """One line that is not blank."""

    number: int
    """From 0, blank ones counted."""
    value: bytes
    headers: Headers = STRUCTURED_HEADERS


class LineReader:
    """Reads one file, or standard input, line by line. A context manager; iterate it once."""

    def __init__(self, source: Path | BinaryIO) -> None:
        """Open the source.

        Raises:
            OSError: it can't be opened.
        """
        self._raw = source.open("rb") if isinstance(source, Path) else source
        self.bytes_total = os.fstat(self._raw.fileno()).st_size if isinstance(source, Path) else None
        """Size of the file, compressed or not; None where it isn't known."""
        self._counted = _Counted(self._raw)
        self._packed = io.BufferedReader(self._counted, _CHUNK_BYTES)
        self._stream: BinaryIO = self._packed

    @property
    def bytes_read(self) -> int:
        """How much of `bytes_total` was read."""
        return self._counted.bytes_count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._raw.close()

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines, without their ends; blank ones are skipped. Nothing is read before, so an open pipe holds nobody up.

        Raises:
            OSError: the source can't be read, or its compressed form is damaged; lines before that were fine.
        """
        number = 0
        try:
            if self._packed.peek(2).startswith(_GZIP_MAGIC):
                self._stream = io.BufferedReader(_Unpacked(self._packed), _CHUNK_BYTES)
            while line := self._stream.readline(EVENT_BYTES_MAX + 2):  # two more, for the line's end
                if number == 0:
                    line = line.removeprefix(BYTE_ORDER_MARK)
                if not line.endswith(b"\n") and len(line) > EVENT_BYTES_MAX:
                    yield self._cut(number, line)
                elif value := without_end(line):
                    yield Line(number, value)
                number += 1
        except (EOFError, zlib.error) as error:
            raise OSError(f"the compressed input is damaged after line {number}") from error

    def _cut(self, number: int, start: bytes) -> Line:
        head = bytearray(start)
        digest = hashlib.blake2b(start, digest_size=16)
        length = len(start)
        while not start.endswith(b"\n") and (start := self._stream.readline(_CHUNK_BYTES)):
            body = start.removesuffix(b"\n")
            digest.update(body)
            length += len(body)
            head += body[: max(0, KEPT_BYTES_MAX - len(head))]
        if length == len(head):
            return Line(number, bytes(head))
        cut = (("x-truncated-from", b"%d" % length), ("x-content-blake2b", digest.hexdigest().encode()))
        return Line(number, bytes(head), (*STRUCTURED_HEADERS, *cut))


def without_end(line: bytes) -> bytes:
    """Return a line without its end, its other bytes as they came; nothing if it is blank."""
    return line.removesuffix(b"\n").removesuffix(b"\r") if line.strip() else b""


class _Counted(io.RawIOBase):
    """Counts what passes, so that progress is known for compressed input too. What a pipe has is enough; more isn't waited for."""

    def __init__(self, raw: BinaryIO) -> None:
        self._read: Callable[[int], bytes] = getattr(raw, "read1", raw.read)
        self.bytes_count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        self.bytes_count += len(data)
        return len(data)


class _Unpacked(io.RawIOBase):
    """Unpacks what is there and no more, so that what comes before a damage is handed out before the damage is met."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        return self._packed.readinto1(buffer)
