"""Rules of the data directory (engine/runtimes/embedded/database.py)."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import CorruptState, NewerData, OtherRules, StoreFailed, StoreInUse, StoreUnusable
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.layout import APPLICATION_ID, FORMAT

PUT = "INSERT INTO meta (name, value, hash) VALUES (?, ?, x'00')"


def filled(data_dir: Path, rows_count: int = 200) -> Path:
    """A directory with something in it; returns the file."""
    database = Database(data_dir)
    database.write_many(PUT, [(f"name-{n}", b"x" * 100) for n in range(rows_count)])
    database.commit()
    database.close()
    return database.path


def test_directory_and_files_are_private(tmp_path: Path) -> None:
    """The directory is made with mode 0700, every file in it with 0600."""
    database = Database(tmp_path / "data")

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    database.close()
    assert 0o700 == stat.S_IMODE((tmp_path / "data").stat().st_mode)
    assert {0o600} == set(modes.values())


def test_settings_that_make_commits_durable_are_in_force(tmp_path: Path) -> None:
    """Rule 7: WAL, synchronous FULL, locking in which others read beside it, secure deletion, our application id and format."""
    database = Database(tmp_path)

    names = ("journal_mode", "synchronous", "locking_mode", "foreign_keys", "secure_delete", "application_id", "user_version")
    found = {name: database.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
    database.close()
    expected = {"journal_mode": "wal", "synchronous": 2, "locking_mode": "normal", "foreign_keys": 1, "secure_delete": 1}
    assert {**expected, "application_id": APPLICATION_ID, "user_version": FORMAT} == found


def test_second_process_fails_at_once_and_leaves_the_first_alone(tmp_path: Path) -> None:
    """guarantees.S9: the second says in one line that the directory is in use; the first goes on."""
    first = Database(tmp_path)
    code = (
        "import sys; from pathlib import Path; from engine.errors import StoreInUse\n"
        "from engine.runtimes.embedded.database import Database\n"
        "try:\n    Database(Path(sys.argv[1]))\nexcept StoreInUse as error:\n    print(error)"
    )

    second = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)

    assert f"{StoreInUse(path=tmp_path)}\n" == second.stdout
    first.write_many(PUT, [("still", b"here")])
    first.commit()
    first.close()


def test_newer_format_is_refused_untouched(tmp_path: Path) -> None:
    """guarantees.S36: an older version names both formats and changes nothing."""
    file = filled(tmp_path)
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    connection.close()

    with pytest.raises(NewerData) as caught:
        Database(tmp_path)

    assert (FORMAT + 1, FORMAT) == (caught.value.found, caught.value.supported)


def test_older_format_is_refused_untouched_and_its_writer_named(tmp_path: Path) -> None:
    """guarantees.S36: a directory of the version before is refused in one line that says what to do."""
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID")
    connection.execute("INSERT INTO meta (name, value) VALUES ('written_by', '0.1.0')")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={FORMAT - 1}")
    connection.close()
    before = (tmp_path / "bothways.db").read_bytes()

    with pytest.raises(
        OtherRules, match=r"written by version 0\.1\.0 .* Use the version that wrote it, or ingest the events again"
    ) as caught:
        Database(tmp_path)

    assert 1 == len(str(caught.value).splitlines())
    assert before == (tmp_path / "bothways.db").read_bytes()


def test_file_of_another_program_is_refused(tmp_path: Path) -> None:
    """guarantees.S8: a database that is not ours is named, not adopted."""
    connection = sqlite3.connect(tmp_path / "bothways.db")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()

    with pytest.raises(CorruptState, match="another program"):
        Database(tmp_path)


@pytest.mark.parametrize("content", [b"not a database, whatever its name", b"\0" * 8192])
def test_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    """guarantees.S8: the message names the file."""
    (tmp_path / "bothways.db").write_bytes(content)

    with pytest.raises(CorruptState, match=r"bothways\.db is damaged"):
        Database(tmp_path)


def test_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    """guarantees.S8: pages that the header promises are missing."""
    file = filled(tmp_path)
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size - 4096)

    with pytest.raises(CorruptState, match="cut short"):
        Database(tmp_path)


def test_damaged_structure_is_found_at_start(tmp_path: Path) -> None:
    """guarantees.S8: a page of rubbish stops the start."""
    file = filled(tmp_path)
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size - 4096)
        opened.write(b"\xff" * 4096)

    with pytest.raises(CorruptState):
        Database(tmp_path)


def test_directory_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    """guarantees.S42: one actionable line, whatever stands in the way."""
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(StoreUnusable) as caught:
        Database(tmp_path / "data")

    assert "\n" not in str(caught.value)


def test_write_ahead_log_stays_bounded(tmp_path: Path) -> None:
    """guarantees.P10: past its limit a commit empties it."""
    database = Database(tmp_path, wal_bytes_max=64 * 1024)
    sizes = []

    for number in range(20):
        database.write_many(PUT, [(f"{number}", b"x" * 30_000)])
        database.commit()
        sizes.append((tmp_path / "bothways.db-wal").stat().st_size)

    database.close()
    assert max(sizes) <= 64 * 1024
    assert 0 in sizes


def test_full_disk_is_an_error_that_stops(tmp_path: Path) -> None:
    """guarantees.S7: nothing of the transaction is there afterwards, and the directory opens again."""
    database = Database(tmp_path)
    database.connection.execute("PRAGMA max_page_count=20").fetchall()

    with pytest.raises(StoreFailed, match="SQLITE_FULL"):
        database.write_many(PUT, [(f"{n}", b"x" * 4000) for n in range(100)])

    database.close()
    reopened = Database(tmp_path)
    assert [(0,)] == reopened.read("SELECT count(*) FROM meta")
    reopened.close()
