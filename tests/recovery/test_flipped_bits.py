"""Flip one bit of the file anywhere; whatever is read afterwards is what was written, or is refused.

guarantees.P9, guarantees.P13, guarantees.S8 (docs/guarantees.md). The write-ahead log is empty in these runs: SQLite checks its own.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from engine.errors import FatalError
from engine.runtimes.embedded.database import FILE_NAME, Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.proof.verification import digests
from engine.settings import Settings
from engine.topology import build
from tests.recovery.faulty_engine import whole_lines

FLIPS_COUNT: Final = int(os.environ.get("BOTHWAYS_REQUIRE_FLIPS", "60"))
"""How many bits are flipped, one at a time; the long form asks for 300 and more."""
SEED: Final = 11
LATER: Final = timedelta(days=21)

Digests = dict[str, tuple[int, str]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def written() -> Iterator[Path]:
    """A directory with people, pairs and outputs; in memory where there is some."""
    memory = Path("/dev/shm")  # noqa: S108 - the directory inside it is private
    with TemporaryDirectory(prefix="bothways-flips-", dir=memory if os.access(memory, os.W_OK) else None) as place:
        with EmbeddedEngine(Path(place) / "data", Settings(), topology=build()) as engine:
            engine.ingest(whole_lines(300))
        yield Path(place)


def gone_on(data_dir: Path) -> Digests:
    """Read every output, let three weeks pass, and digest what is there."""
    with EmbeddedEngine(data_dir, Settings(), topology=build()) as engine:
        for topic in engine.topics:
            for _ in engine.outputs(topic):
                pass
        assert engine.last_at is not None
        engine.tick(engine.last_at + LATER)
    database = Database(data_dir)
    found = digests(database)
    database.close()
    return found


def found_by_verify(data_dir: Path) -> bool:
    """Say whether `verify` finds anything wrong, or the directory can't be opened at all."""
    try:
        with EmbeddedEngine(data_dir, Settings(), topology=build()) as engine:
            return not engine.verify().is_identical
    except FatalError:
        return True


def test_what_is_read_is_what_was_written_whichever_bit_is_flipped(written: Path) -> None:
    """guarantees.P13: a flipped bit is harmless, refused when it is read, or (where an index hides it) found by `verify`."""
    undisturbed = written / "undisturbed"
    shutil.copytree(written / "data", undisturbed)
    expected = gone_on(undisturbed)
    size = (written / "data" / FILE_NAME).stat().st_size
    chance = random.Random(SEED)  # noqa: S311 - no secret is drawn
    outcomes: Counter[str] = Counter()
    unseen: list[tuple[int, int]] = []
    for _ in range(FLIPS_COUNT):
        offset, bit = chance.randrange(size), chance.randrange(8)
        outcome = _flipped(written, offset, bit, expected)
        outcomes[outcome] += 1
        if outcome == "unseen":
            unseen.append((offset, bit))
    print(dict(outcomes))

    assert [] == unseen
    assert outcomes["refused when read"] > 0


def test_time_never_stands_still_before_a_timer_that_no_row_has(written: Path) -> None:
    """guarantees.P13: an index that names another row than the one that is due is refused, wherever the name is written."""
    undisturbed = written / "undisturbed"
    if not undisturbed.exists():
        shutil.copytree(written / "data", undisturbed)
    expected = gone_on(undisturbed)
    database = Database(written / "data")
    ((key,),) = database.read("SELECT key FROM rows WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1", ())
    database.close()
    name, content = key.encode(), (written / "data" / FILE_NAME).read_bytes()
    places = [offset for offset in range(len(content)) if content.startswith(name, offset)]

    outcomes = [_flipped(written, offset + len(name) - 1, 0, expected) for offset in places]

    assert "refused when read" in outcomes
    assert "unseen" not in outcomes


def _flipped(written: Path, offset: int, bit: int, expected: Digests) -> str:
    """Flip one bit of a copy, and say what came of it."""
    place = written / "flipped"
    shutil.copytree(written / "data", place)
    try:
        content = bytearray((place / FILE_NAME).read_bytes())
        content[offset] ^= 1 << bit
        (place / FILE_NAME).write_bytes(content)
        is_found = found_by_verify(place)
        (place / FILE_NAME).write_bytes(content)
        try:
            same = gone_on(place) == expected
        except FatalError:
            return "refused when read"
        if same:
            return "harmless, found by verify" if is_found else "harmless"
        return "found by verify alone" if is_found else "unseen"
    finally:
        shutil.rmtree(place)
