"""Rules of reading lines (engine/runtimes/embedded/lines.py)."""

import gzip
import hashlib
import io
import os
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.runtimes.embedded.lines import BATCH_LINES_MAX, KEPT_BYTES_MAX, Line, LineReader, batches_of
from schemas.text.strict_json import EVENT_BYTES_MAX


def read(content: bytes) -> list[Line]:
    """Read all lines."""
    with LineReader(io.BytesIO(content)) as reader:
        return list(reader)


def test_blank_lines_are_skipped_and_counted() -> None:
    """A line's number is its place in the file."""
    found = read(b"one\n\n  \r\ntwo\r\nthree")

    assert [(0, b"one"), (3, b"two"), (4, b"three")] == [(line.number, line.value) for line in found]


def test_blanks_around_a_line_are_kept() -> None:
    """A dead letter has the bytes that came, but for the line's end."""
    assert [b" \tone\t "] == [line.value for line in read(b" \tone\t \r\n")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_byte_order_mark_at_the_start_is_skipped(pack: Callable[[bytes], bytes]) -> None:
    """Some editors write one; anywhere else it is a defect of its line."""
    found = read(pack(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n"))

    assert [b"one", b"\xef\xbb\xbftwo"] == [line.value for line in found]
    assert [] == read(pack(b"\xef\xbb\xbf\n"))


def test_compressed_input_is_unpacked() -> None:
    """Told by its first bytes, so standard input may be compressed too."""
    assert [b"one", b"two"] == [line.value for line in read(gzip.compress(b"one\ntwo\n"))]


def test_compressed_input_that_stops_early_is_an_error_after_its_whole_lines() -> None:
    """What came before the damage was read."""
    content = b"\n".join(b"%d" % (n * n) for n in range(50_000))
    packed = gzip.compress(content, mtime=0)
    half = packed[: len(packed) // 2]
    whole_lines = zlib.decompressobj(wbits=31).decompress(half).split(b"\n")[:-1]
    seen: list[bytes] = []

    with LineReader(io.BytesIO(half)) as reader, pytest.raises(OSError, match=f"damaged after line {len(whole_lines)}"):
        seen.extend(line.value for line in reader)

    assert whole_lines == seen


def test_lines_of_a_pipe_are_read_as_they_come() -> None:
    """Whoever writes one line and keeps the pipe open is heard at once."""
    end, other_end = os.pipe()
    with os.fdopen(other_end, "wb", buffering=0) as producer, LineReader(os.fdopen(end, "rb")) as reader:
        producer.write(b"one\ntw")
        lines = iter(reader)
        first = next(lines).value
        producer.write(b"o\n")

        assert [b"one", b"two"] == [first, next(lines).value]


def test_a_batch_is_what_is_there() -> None:
    """It has every line that came, up to a bound, and waits for none that may still come."""
    end, other_end = os.pipe()
    with os.fdopen(other_end, "wb", buffering=0) as producer, LineReader(os.fdopen(end, "rb")) as reader:
        batches = batches_of(reader)
        producer.write(b"one\ntwo\nthr")
        first = next(batches)
        producer.write(b"ee\n" + b"x\n" * (BATCH_LINES_MAX + 1))
        second, third = next(batches), next(batches)

    assert [b"one", b"two"] == [line.value for line in first]
    assert ([b"three", *[b"x"] * (BATCH_LINES_MAX - 1)], [b"x"] * 2) == ([line.value for line in second], [line.value for line in third])


def test_lines_that_are_made_as_they_are_asked_for_come_one_by_one() -> None:
    """Whoever makes them may look first at what became of the line before."""
    made: list[int] = []
    lines = (b"%d" % number for number in range(3) if made.append(number) is None)  # type: ignore[func-returns-value]

    batch = next(batches_of(lines))

    assert ([Line(0, b"0")], [0]) == (list(batch), made)


def test_line_as_long_as_an_event_may_be_is_whole() -> None:
    """The limit itself is inside."""
    content = b"x" * EVENT_BYTES_MAX

    assert [content, b"y"] == [line.value for line in read(content + b"\r\ny\n")]


def test_line_that_is_too_long_but_small_enough_to_keep_is_whole() -> None:
    """Up to a mebibyte a dead letter has all of its line, and no header says otherwise."""
    content = b"x" * (EVENT_BYTES_MAX + 10)

    found = read(content + b"\nnext\n")

    assert [content, b"next"] == [line.value for line in found]
    assert found[0].headers == found[1].headers


def test_line_beyond_that_is_cut_and_says_so() -> None:
    """Its first mebibyte, its length and the hash of all of it are kept; the next line is read as usual."""
    content = bytes(range(97, 123)) * 100_000

    found = read(content + b"\nnext\n")

    headers = dict(found[0].headers)
    assert content[:KEPT_BYTES_MAX] == found[0].value
    assert b"%d" % len(content) == headers["x-truncated-from"]
    assert hashlib.blake2b(content, digest_size=16).hexdigest().encode() == headers["x-content-blake2b"]
    assert b"next" == found[1].value


def test_memory_stays_small_whatever_a_line_unpacks_to(tmp_path: Path) -> None:
    """guarantees.S39: a line of 100 MB in a file of 100 kB takes a few megabytes."""
    file = tmp_path / "bomb.gz"
    with gzip.open(file, "wb") as packed:
        for _ in range(100):
            packed.write(b" " * 1_000_000)
    tracemalloc.start()

    with LineReader(file) as reader:
        count = sum(1 for _ in reader)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 1 == count
    assert peak < 8_000_000


def test_progress_counts_bytes_of_the_file(tmp_path: Path) -> None:
    """Compressed or not, what was read reaches the file's size."""
    file = tmp_path / "lines.gz"
    file.write_bytes(gzip.compress(b"line\n" * 1000))

    with LineReader(file) as reader:
        list(reader)

        assert file.stat().st_size == reader.bytes_read == reader.bytes_total
