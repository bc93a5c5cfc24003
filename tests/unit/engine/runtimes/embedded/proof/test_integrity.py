"""Rules of the hashes beside what is stored (engine/runtimes/embedded/proof/hashes.py, integrity.py, facts.py), over the toy topology."""

import sqlite3
from pathlib import Path

import pytest

from engine.errors import CorruptState
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.reading.backup import back_up
from engine.settings import Settings
from tests.recovery.toy import toy, toy_lines


def opened(data_dir: Path) -> EmbeddedEngine:
    """An engine over the toy."""
    return EmbeddedEngine(data_dir, Settings(), topology=toy())


@pytest.mark.parametrize("name", ["last_at", "next_log_position", "written_by"])
def test_a_changed_fact_about_the_directory_is_refused_at_the_start(tmp_path: Path, name: str) -> None:
    """guarantees.P13: a wrong clock or position would decide everything that follows, so nothing is begun."""
    with opened(tmp_path) as engine:
        engine.ingest(toy_lines(10))
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    assert connection.execute("UPDATE meta SET value = value + 1 WHERE name = ?", (name,)).rowcount == 1
    connection.close()

    with pytest.raises(CorruptState):
        opened(tmp_path)


def test_no_decision_is_taken_on_a_changed_row(tmp_path: Path) -> None:
    """guarantees.P13: a row is held against its hash when it is read, before a rule sees it."""
    with opened(tmp_path) as engine:
        engine.ingest(toy_lines(100))
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    changed = connection.execute("UPDATE rows SET value = CAST(replace(CAST(value AS TEXT), '1', '2') AS BLOB)").rowcount
    connection.close()

    assert changed > 0
    with pytest.raises(CorruptState), opened(tmp_path) as engine:
        engine.ingest(toy_lines(120))


def test_no_backup_is_made_of_what_was_changed(tmp_path: Path) -> None:
    """guarantees.P13: a copy is checked before it gets its name, so a good backup is never followed by a bad one."""
    with opened(tmp_path) as engine:
        engine.ingest(toy_lines(20))
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    connection.execute("UPDATE outputs SET value = CAST(value || ' ' AS BLOB) WHERE position = 0")
    connection.close()

    with pytest.raises(CorruptState):
        back_up(tmp_path, tmp_path / "copy.db")

    assert [] == [path.name for path in tmp_path.iterdir() if path.name.startswith("copy")]
