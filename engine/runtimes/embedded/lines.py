"""Lines of a file or of standard input, in bounded memory however long one is.

A line that is longer than an event may be is cut: its head, its length and a hash of all of it are what a dead letter keeps. Compressed
input is told by its first bytes and unpacked as it is read.
"""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self, runtime_checkable

from engine.core.effects import Headers
from schemas.codec import STRUCTURED_HEADERS
from schemas.frozen import Frozen
from schemas.text.strict_json import EVENT_BYTES_MAX

KEPT_BYTES_MAX: Final = 1024 * 1024
"""How much of a line that is too long is kept."""
CHUNK_BYTES: Final = 256 * 1024
BATCH_LINES_MAX: Final = 500
"""Lines that are read before the first is handled; together with the bytes of a chunk, it bounds their memory."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""What some editors put at the start of a file; it says nothing, and is skipped there and nowhere else."""
_GZIP_MAGIC: Final = b"\x1f\x8b"


class Line(Frozen):
    """One line that is not blank."""

    number: int
    """From 0, blank ones counted."""
    value: bytes
    headers: Headers = STRUCTURED_HEADERS


@runtime_checkable
class InBatches(Protocol):
    """Lines of which those that are there can be had at once."""

    def batches(self) -> Iterator[Sequence[Line]]:
        """Yield the lines, as many at a time as are there."""


def batches_of(lines: Iterable[Line | bytes] | InBatches) -> Iterator[Sequence[Line]]:
    """Yield lines, at most BATCH_LINES_MAX at once; one by one where nobody can tell which of them are there."""
    if isinstance(lines, InBatches):
        for batch in lines.batches():
            for start in range(0, len(batch), BATCH_LINES_MAX):
                yield batch[start : start + BATCH_LINES_MAX]
        return
    numbered = (item if isinstance(item, Line) else Line(number, item) for number, item in enumerate(lines))
    batch_max = BATCH_LINES_MAX if isinstance(lines, list | tuple) else 1
    while batch := list(islice(numbered, batch_max)):
        yield batch


class LineSplitter:
    """Cuts a stream of bytes into lines, in bounded memory."""

    def __init__(self) -> None:
        self.lines_count = 0
        """Whole lines so far, blank ones counted."""
        self._start = bytearray()
        self._length = 0
        self._digest = hashlib.blake2b(digest_size=16)

    def feed(self, data: bytes) -> list[Line]:
        """Take bytes. Returns the lines that are now whole, blank ones left out."""
        lines: list[Line] = []
        *ended, rest = data.split(b"\n")
        for part in ended:
            if self._length or not self.lines_count or len(part) > EVENT_BYTES_MAX:
                self._add(part)
                lines += self.end()
                continue
            if value := without_end(part):
                lines.append(Line(self.lines_count, value))
            self.lines_count += 1
        self._add(rest)
        return lines

    def end(self) -> list[Line]:
        """End the line that is open. Returns it unless it is blank."""
        head, length, number = bytes(self._start), self._length, self.lines_count
        if number == 0 and head.startswith(BYTE_ORDER_MARK):
            head = head.removeprefix(BYTE_ORDER_MARK)
            length -= len(BYTE_ORDER_MARK)
        headers: Headers = STRUCTURED_HEADERS
        if length > len(head):
            cut = (("x-truncated-from", b"%d" % length), ("x-content-blake2b", self._digest.hexdigest().encode()))
            headers = (*STRUCTURED_HEADERS, *cut)
        self.lines_count += 1
        self._start.clear()
        self._length = 0
        self._digest = hashlib.blake2b(digest_size=16)
        value = without_end(head) if length <= EVENT_BYTES_MAX + 1 else head  # one more, for a carriage return
        return [Line(number, value, headers)] if value else []

    def _add(self, part: bytes) -> None:
        if part:
            self._length += len(part)
            self._digest.update(part)
            self._start += part[: max(0, KEPT_BYTES_MAX - len(self._start))]


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

    @property
    def bytes_read(self) -> int:
        """How much of `bytes_total` was read."""
        return self._counted.bytes_count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._raw.close()

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines, without their ends; blank ones are skipped.

        Raises:
            OSError: as of `batches`.
        """
        for lines in self.batches():
            yield from lines

    def batches(self) -> Iterator[list[Line]]:
        """Yield the lines that are there, as many as come in one piece. No more is waited for, so an open pipe holds nobody up.

        Raises:
            OSError: the source can't be read, or its compressed form is damaged; lines before that were fine.
        """
        packed = io.BufferedReader(self._counted, CHUNK_BYTES)
        splitter = LineSplitter()
        try:
            is_packed = packed.peek(2).startswith(_GZIP_MAGIC)
            read = gzip.GzipFile(fileobj=packed).read1 if is_packed else packed.read1
            while data := read(CHUNK_BYTES):
                if lines := splitter.feed(data):
                    yield lines
        except (EOFError, zlib.error) as error:
            raise OSError(f"the compressed input is damaged after line {splitter.lines_count}") from error
        if last := splitter.end():
            yield last


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
