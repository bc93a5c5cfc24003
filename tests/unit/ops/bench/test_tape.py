"""The floor of the benchmark: a tape of what the engine writes."""

from pathlib import Path

from engine.settings import Settings
from ops.bench.embedded.tape import digest, played, taped
from ops.bench.embedded.workload import hire_lines, programme_lines

SETTINGS = Settings(commit_events_max=7)


def test_played_tape_gives_the_same_rows(tmp_path: Path) -> None:
    """The floor writes every row that the engine wrote, and no other."""
    tape = taped([*programme_lines(5), *hire_lines(20)], tmp_path / "engine", SETTINGS)

    played(tape, tmp_path / "bare")

    assert digest(tmp_path / "engine") == digest(tmp_path / "bare")


def test_tape_keeps_the_commits(tmp_path: Path) -> None:
    """Groups of the floor are those of the engine: four commits for 25 units of seven each."""
    tape = taped([*programme_lines(5), *hire_lines(20)], tmp_path / "engine", SETTINGS)

    assert 4 == tape.commits_count


def test_lost_write_is_found(tmp_path: Path) -> None:
    """A tape that misses a statement does not pass for the engine's work."""
    tape = taped(hire_lines(5), tmp_path / "engine", SETTINGS)
    tape.transactions[-2].pop()

    played(tape, tmp_path / "bare")

    assert digest(tmp_path / "engine") != digest(tmp_path / "bare")
