"""What was recorded once comes of the same log again: byte for byte, in any process, wherever it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from tests.golden.recording import HERE, RECORD, Golden, difference, digest, read_lines, recorded

ROOT = Path(__file__).parent.parent.parent
BYTES_MAX = 300_000


@pytest.mark.parametrize("golden", recorded(), ids=lambda golden: golden.name)
def test_a_recorded_log_gives_what_was_recorded(golden: Golden) -> None:
    """The same positions give the same bytes; a change that is meant is looked at and recorded."""
    expected, actual = read_lines(golden.expected), golden.replayed()

    if expected != actual:
        pytest.fail(f"{golden.name}: {difference(expected, actual)}\n\nIf every difference is meant:  {RECORD}", pytrace=False)


@pytest.mark.parametrize(("hash_seed", "zone"), [("0", "Asia/Kolkata"), ("1", "Pacific/Auckland"), ("4242", "America/St_Johns")])
def test_no_process_makes_anything_else_of_it(hash_seed: str, zone: str) -> None:
    """Neither the order of sets nor the machine's time zone reaches an output."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone}

    done = subprocess.run(
        [sys.executable, "-m", "tests.golden", "digest", "v1/quarter"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )

    assert digest(read_lines(HERE / "v1" / "quarter.expected.jsonl.gz")) == done.stdout.strip()


def test_the_story_tells_of_every_type() -> None:
    """Each input type is in it, and each output type comes of it."""
    inputs = {json.loads(line).get("type") for line in read_lines(HERE / "v1" / "story.jsonl") if line != b"{"}
    outputs = {(json.loads(line).get("event") or {}).get("type") for line in read_lines(HERE / "v1" / "story.expected.jsonl.gz")}

    assert [] == sorted({*INPUT_TYPES} - inputs)
    assert [] == sorted({*OUTPUT_TYPES} - outputs)


def test_the_files_stay_small() -> None:
    """They are in every clone."""
    assert sum(path.stat().st_size for path in HERE.glob("v*/*")) < BYTES_MAX


def record_of(id_: str, **data: object) -> bytes:
    """A line of what comes of a log."""
    return json.dumps({"topic": "t", "key": "k", "event": {"id": id_, "type": "x", "data": data}}).encode()


def test_a_difference_is_told_by_record_and_field() -> None:
    """What went, what came, and each field that is another, by its path."""
    found = difference([record_of("1"), record_of("2", a={"b": [1, 2]})], [record_of("2", a={"b": [1, 3]}), record_of("3")])

    assert found.startswith("1 gone, 1 new, 1 changed, of 2 expected and 2 actual records")
    assert "    event.data.a.b[1]: 2 → 3" in found.splitlines()


def test_another_order_alone_is_a_difference() -> None:
    """Order is part of what consumers see."""
    found = difference([record_of("1"), record_of("2")], [record_of("2"), record_of("1")])

    assert "the same records in another order or spelling, from line 1 on:" in found.splitlines()
