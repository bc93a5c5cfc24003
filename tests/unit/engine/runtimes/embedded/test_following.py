"""Rules of following a source (engine/runtimes/embedded/following.py)."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtimes.embedded.following import FollowedFile, Stream
from engine.runtimes.embedded.lines import KEPT_BYTES_MAX, LineReader, LineSplitter
from schemas.text.strict_json import EVENT_BYTES_MAX

LINES = st.lists(st.sampled_from([b"", b"one", b" two \r", b"\xff\x00", b"{}" * 40]), max_size=8)


@given(lines=LINES, chunk_bytes=st.integers(min_value=1, max_value=50))
def test_chunks_split_into_the_lines_of_an_ordinary_file(lines: list[bytes], chunk_bytes: int) -> None:
    """However the bytes arrive, the lines, their numbers and their headers are those that `ingest` reads."""
    content = b"".join(line + b"\n" for line in lines)
    splitter = LineSplitter()

    found = [line for start in range(0, len(content), chunk_bytes) for line in splitter.feed(content[start : start + chunk_bytes])]

    with LineReader(io.BytesIO(content)) as reader:
        assert list(reader) == found


@pytest.mark.parametrize("length", [EVENT_BYTES_MAX, EVENT_BYTES_MAX + 10, KEPT_BYTES_MAX + 10])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_long_line_has_the_form_of_an_ordinary_file(length: int, end: bytes) -> None:
    """A line that is too long is one dead letter, whether it was followed or ingested."""
    content = b"x" * length + end + b"next\n"

    with LineReader(io.BytesIO(content)) as reader:
        assert list(reader) == LineSplitter().feed(content)


def test_a_file_may_be_absent_grow_and_be_replaced(tmp_path: Path) -> None:
    """A file is followed by its name; a line counts once its end has come, and what a replaced file ended with counts too."""
    path = tmp_path / "events"
    followed = FollowedFile(path)
    seen = [followed.read(0)]

    path.write_bytes(b"one\ntw")
    seen += [followed.read(0), followed.read(0)]
    with path.open("ab") as file:
        file.write(b"o\nthree")
    seen.append(followed.read(0))
    (tmp_path / "new").write_bytes(b"four\n")
    (tmp_path / "new").rename(path)
    seen += [followed.read(0), followed.read(0)]

    followed.close()
    assert [[], [], [b"one"], [b"two"], [b"three"], [b"four"]] == [[line.value for line in lines] for lines in seen]


def test_a_stream_is_over_at_its_end() -> None:
    """The last line needs no end, and nothing comes after it."""
    out, into = os.pipe()
    stream = Stream(out)
    os.write(into, b"one\ntwo")
    first = stream.read(1)
    os.close(into)

    assert ([b"one"], [b"two"], True) == ([line.value for line in first], [line.value for line in stream.read(1)], stream.is_over)
    os.close(out)
