"""Kill the embedded engine wherever it touches its files; start again; nothing may differ from the run that nobody disturbed.

Promises (docs/guarantees.md): guarantees.P1, guarantees.P2, guarantees.P6, guarantees.P9. Faults: guarantees.S1, guarantees.S2,
guarantees.S4, guarantees.S6, guarantees.S7.
"""

import json
import os
import random
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from tests.recovery.faulty import Answer, FaultyEngine, FaultyEngines, fault_library, faulty_engines
from tests.recovery.faulty_engine import ENGINE_STOPPED

SMALL: Final = {"lines_count": 30, "commit_events": 16}
WHOLE: Final = {"lines_count": 160, "commit_events": 40, "is_whole": True}
ERASING: Final = {"lines_count": 12, "commit_events": 10, "is_erasing": True}
EVERYWHERE: Final = {"lines_count": 0, "commit_events": 20, "is_whole": True, "is_erasing": True}
LARGE: Final = {"lines_count": 3_000, "commit_events": 40}
KILLED: Final = -9
RANDOM_KILLS_COUNT: Final = int(os.environ.get("BOTHWAYS_REQUIRE_RANDOM_KILLS", "100"))
"""How many kills at random moments; the nightly run asks for more."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyEngines]:
    """Engines that die on demand."""
    with faulty_engines(fault_library(tmp_path_factory.mktemp("library"))) as started:
        yield started


@pytest.fixture(scope="module")
def workspace() -> Iterator[Path]:
    """Memory where there is some: a killed process needs no disk, and thousands of flushes take their time on one."""
    memory = Path("/dev/shm")  # noqa: S108 - the directory inside it is private
    with TemporaryDirectory(prefix="bothways-crash-", dir=memory if os.access(memory, os.W_OK) else None) as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def undisturbed(engines: FaultyEngines, workspace: Path) -> Answer:
    """The small run that nobody disturbed."""
    answer = engines.run(workspace / "undisturbed", **SMALL)
    assert answer["exit"] == 0
    assert answer["damage"] is None
    assert answer["calls_count"] > 100
    return answer


def complaint_after(
    engines: FaultyEngines, data_dir: Path, expected: Answer, what: str, *, but_for: tuple[str, ...] = (), **order: Any
) -> str | None:
    """Run to the end after a fault; say what differs, but for some tables. Removes the directory."""
    answer = engines.run(data_dir, **order)
    shutil.rmtree(data_dir)
    if answer["exit"] != 0:
        return f"{what}: the restart ended with {answer}"
    if answer["damage"] is not None:
        return f"{what}: {answer['damage']}"
    if answer["leaks"] or answer["findings"]:
        return f"{what}: left in {answer['leaks']}, replay {answer['findings']}"
    names = {*answer["digests"], *expected["digests"]} - {*but_for}
    unlike = sorted(name for name in names if answer["digests"].get(name) != expected["digests"].get(name))
    return f"{what}: {unlike} differ" if unlike else None


def test_resumes_everything_after_a_kill_before_every_call_on_the_files(
    engines: FaultyEngines, undisturbed: Answer, workspace: Path
) -> None:
    """guarantees.S1, guarantees.P2, guarantees.P6: killed before any write, flush, truncation or removal, the next run ends the same."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"kill-{at}"
        killed = engines.run(data_dir, at=at, **SMALL)
        if killed["exit"] != KILLED:
            return f"call {at} was not reached: {killed}"
        return complaint_after(engines, data_dir, undisturbed, f"killed before call {at}", **SMALL)

    assert [] == engines.each(case, range(1, undisturbed["calls_count"] + 1))


def test_resumes_everything_after_a_torn_write(engines: FaultyEngines, undisturbed: Answer, workspace: Path) -> None:
    """guarantees.S2: the same when half of the last write reached the file."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"torn-{at}"
        engines.run(data_dir, at=at, kind="torn", **SMALL)
        return complaint_after(engines, data_dir, undisturbed, f"torn at call {at}", **SMALL)

    assert [] == engines.each(case, range(1, undisturbed["calls_count"] + 1, 3))


def test_resumes_everything_after_crashes_while_it_recovers(engines: FaultyEngines, undisturbed: Answer, workspace: Path) -> None:
    """guarantees.S4: five starts in a row die, each a little later than the one before."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"again-{at}"
        for moment in (at, 1, 2, 4, 8, 16):
            engines.run(data_dir, at=moment, **SMALL)
        return complaint_after(engines, data_dir, undisturbed, f"killed before call {at} and on", **SMALL)

    assert [] == engines.each(case, range(5, undisturbed["calls_count"], 23))


@pytest.mark.parametrize("kind", ["eio", "enospc"])
def test_stops_at_the_first_error_of_the_disk_and_resumes(engines: FaultyEngines, undisturbed: Answer, workspace: Path, kind: str) -> None:
    """guarantees.S6, guarantees.S7: an error of the disk ends the process in one line, is not tried again, and loses nothing."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"{kind}-{at}"
        failed = engines.run(data_dir, at=at, kind=kind, **SMALL)
        if failed["exit"] == 0 and not failed["was_hit"]:
            return None  # the call removes an emptied log
        if failed["exit"] != ENGINE_STOPPED or failed["error"] != "StoreFailed" or "\n" in failed["message"]:
            return f"{kind} at call {at} did not stop the engine: {failed}"
        return complaint_after(engines, data_dir, undisturbed, f"{kind} at call {at}", **SMALL)

    assert [] == engines.each(case, range(1, undisturbed["calls_count"] + 1, 4))


@pytest.fixture(scope="module")
def erasing(engines: FaultyEngines, workspace: Path) -> Answer:
    """The run in which somebody is erased, undisturbed."""
    answer = engines.run(workspace / "erasing", **ERASING)
    assert (0, None, []) == (answer["exit"], answer["damage"], answer["leaks"])
    return answer


@pytest.mark.parametrize("kind", ["kill", "torn"])
def test_finishes_an_erasure_after_a_kill_before_every_call(engines: FaultyEngines, erasing: Answer, workspace: Path, kind: str) -> None:
    """guarantees.P8, guarantees.S38: killed anywhere, the next run leaves no byte of the id, all others alike, and a log that replays."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"erasing-{kind}-{at}"
        engines.run(data_dir, at=at, kind=kind, **ERASING)
        return complaint_after(engines, data_dir, erasing, f"{kind} at call {at}", is_verified=at % 4 == 0, **ERASING)

    making = erasing["calls_count"] // 5  # the file is made and told of others; that is guarantees.S1
    assert [] == engines.each(case, range(making, erasing["calls_count"] + 1, 1 if kind == "kill" else 3))


def test_finishes_an_erasure_of_somebody_named_everywhere(engines: FaultyEngines, workspace: Path) -> None:
    """guarantees.S38 with the real rules: pairs, reports, exclusions, locks, sessions and nudges, killed on the way.

    What was refused for a circumstance is judged, and logged, again when the lines are read again.
    """
    expected = engines.run(workspace / "everywhere", **EVERYWHERE)
    assert (0, []) == (expected["exit"], expected["leaks"])

    def case(at: int) -> str | None:
        data_dir = workspace / f"everywhere-{at}"
        engines.run(data_dir, at=at, **EVERYWHERE)
        return complaint_after(engines, data_dir, expected, f"killed before call {at}", but_for=("log",), is_verified=True, **EVERYWHERE)

    assert [] == engines.each(case, range(expected["calls_count"] // 3, expected["calls_count"] + 1, expected["calls_count"] // 40))


def test_finishes_an_erasure_after_kills_while_it_finishes_one(engines: FaultyEngines, erasing: Answer, workspace: Path) -> None:
    """guarantees.S4, guarantees.S38: starts that die one after the other, each while it finishes what the one before began."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"erasing-again-{at}"
        for moment in (at, 3, 5, 9, 17):
            engines.run(data_dir, at=moment, **ERASING)
        return complaint_after(engines, data_dir, erasing, f"killed before call {at} and on", is_verified=True, **ERASING)

    assert [] == engines.each(case, range(7, erasing["calls_count"], 7))


@pytest.mark.parametrize("kind", ["eio", "enospc"])
def test_an_erasure_that_the_disk_refused_is_finished_once_it_is_well(
    engines: FaultyEngines, erasing: Answer, workspace: Path, kind: str
) -> None:
    """guarantees.S6, guarantees.S7, guarantees.S38: an error on the way stops the process in one line; the next run finishes."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"erasing-{kind}-{at}"
        failed = engines.run(data_dir, at=at, kind=kind, **ERASING)
        if failed["exit"] != ENGINE_STOPPED and failed.get("was_hit"):
            return f"{kind} at call {at} did not stop the engine: {failed}"
        return complaint_after(engines, data_dir, erasing, f"{kind} at call {at}", is_verified=True, **ERASING)

    assert [] == engines.each(case, range(2, erasing["calls_count"] + 1, 5))


def test_resumes_a_programme_after_kills(engines: FaultyEngines, workspace: Path) -> None:
    """guarantees.S1 with the real rules: hires, enrolments, rounds and nudges end as if nothing had happened."""
    expected = engines.run(workspace / "undisturbed-whole", **WHOLE)
    assert "mentorship.nudges.v1" in expected["digests"]

    def case(at: int) -> str | None:
        data_dir = workspace / f"whole-{at}"
        engines.run(data_dir, at=at, **WHOLE)
        return complaint_after(engines, data_dir, expected, f"killed before call {at}", **WHOLE)

    assert [] == engines.each(case, range(7, expected["calls_count"], expected["calls_count"] // 12))


def test_two_transactions_where_one_is_due_are_caught(engines: FaultyEngines, undisturbed: Answer, workspace: Path) -> None:
    """The harness sees the classic bug: decisions committed before what they publish."""

    def case(at: int) -> str | None:
        data_dir = workspace / f"planted-{at}"
        killed = engines.run(data_dir, at=at, is_planted=True, **SMALL)
        return complaint_after(engines, data_dir, undisturbed, f"at {at}, exit {killed['exit']}", is_planted=True, **SMALL)

    caught = engines.each(case, range(1, undisturbed["calls_count"], 4))

    assert len(caught) >= 10


def test_resumes_everything_after_kills_at_random_moments(engines: FaultyEngines, workspace: Path) -> None:
    """guarantees.S1: kill -9 wherever the process is, again and again, until the log is through."""
    expected = engines.run(workspace / "undisturbed-large", **LARGE)
    seed = int(os.environ.get("BOTHWAYS_REQUIRE_SEED", "20250106"))
    kills = 0

    def case(number: int) -> str | None:
        nonlocal kills
        moments = random.Random(f"{seed}/{number}")  # noqa: S311 - moments of kills
        data_dir = workspace / f"random-{number}"
        for _ in range(RANDOM_KILLS_COUNT // 10):
            answer = engines.run(data_dir, kill_after_seconds=moments.uniform(0.01, 0.35), **LARGE)
            kills += answer["exit"] == KILLED
        return complaint_after(engines, data_dir, expected, f"seed {seed}/{number}", **LARGE)

    assert [] == engines.each(case, range(10))
    assert kills > RANDOM_KILLS_COUNT // 2


def test_invariant_p6_the_same_log_gives_the_same_bytes_whatever_the_hash_seed_zone_and_locale(workspace: Path) -> None:
    """guarantees.P6, guarantees.S34: nothing depends on the order of a set, on the local time zone or on the machine's locale."""
    zones = (("UTC", "C"), ("Asia/Kathmandu", "C.UTF-8"), ("America/St_Johns", "POSIX"))
    small, whole = set(), set()
    for hash_seed, (zone, locale) in product(("0", "1", "4242"), zones):
        engine = FaultyEngine(PYTHONHASHSEED=hash_seed, TZ=zone, LC_ALL=locale)
        small.add(digests_of(engine, workspace, **SMALL))
        if (hash_seed == "0") == (zone == "UTC"):  # enough to vary each: five of the nine
            whole.add(digests_of(engine, workspace, **WHOLE))
        engine.close()

    assert (1, 1) == (len(small), len(whole))


def digests_of(engine: FaultyEngine, workspace: Path, **order: Any) -> str:
    """Run in a directory that goes afterwards."""
    with TemporaryDirectory(dir=workspace) as directory:
        return json.dumps(engine.run(Path(directory) / "data", **order)["digests"], sort_keys=True)
