"""Rules of reading a directory (engine/runtimes/embedded/reading/access.py): beside a writer, after one, and after one that was killed."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from engine.errors import CorruptState, StoreUnusable
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.reading.access import ReadFile, copy_of
from engine.runtimes.embedded.reading.reader import Reader

PUT = "INSERT INTO meta (name, value, hash) VALUES (?, ?, x'00')"
NAMES = "SELECT name FROM meta ORDER BY name"
SECONDS = 30
HEAD = """
import sys
from pathlib import Path
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.reading.access import ReadFile
data_dir = Path(sys.argv[1])
"""


def put(database: Database, *names: str) -> None:
    """Commit some facts."""
    database.write_many(PUT, [(name, b"x" * 100) for name in names])
    database.commit()


def names_in(file: ReadFile) -> list[str]:
    """The facts there are."""
    return [name for (name,) in file.read(NAMES)]


def written(data_dir: Path, *names: str) -> None:
    """A directory that a writer has left in good order."""
    database = Database(data_dir)
    put(database, *names)
    database.close()


def killed(data_dir: Path, *names: str) -> None:
    """A directory whose writer was killed after its commit."""
    code = f"database = Database(data_dir); database.write_many({PUT!r}, [(name, b'x') for name in {names!r}]); database.commit()"
    with another_process(data_dir, code) as process:
        process.kill()
        process.wait()


def found_in(data_dir: Path) -> dict[str, tuple[str, int, int]]:
    """Bytes, time of change and mode of every file."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(data_dir.iterdir())
    }


@contextmanager
def another_process(data_dir: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    """A process that runs `code` with `data_dir` at hand, says a line when it is ready, and waits to be told to end."""
    body = f"{HEAD}\n{code}\nprint('ready', flush=True); sys.stdin.readline()"
    with subprocess.Popen([sys.executable, "-c", body, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        yield process
        process.kill()


def test_reads_what_was_committed_beside_a_writer_that_goes_on(tmp_path: Path) -> None:
    """guarantees.S46: one state until it is let go, then what was committed last; the writer waits for nobody."""
    database = Database(tmp_path)
    put(database, "a")
    file = ReadFile(tmp_path)
    assert ["a"] == names_in(file)
    put(database, "b")
    assert ["a"] == names_in(file)

    file.let_go()

    assert ["a", "b"] == names_in(file)
    file.close()
    database.close()


def test_one_state_is_not_looked_at_for_longer_than_its_time(tmp_path: Path) -> None:
    """A reader that takes its time moves on to a later state, so that the write-ahead log can be emptied."""
    database = Database(tmp_path)
    put(database, "a")
    file = ReadFile(tmp_path, snapshot_seconds_max=0)
    assert ["a"] == names_in(file)

    put(database, "b")

    assert ["a", "b"] == names_in(file)
    file.close()
    database.close()


def test_the_log_of_a_writer_stays_until_its_readers_have_let_go(tmp_path: Path) -> None:
    """What a reader still sees is in the log, which is emptied as soon as nobody does; the writer doesn't wait for it."""
    database = Database(tmp_path)
    put(database, "a")
    file = ReadFile(tmp_path)
    assert ["a"] == names_in(file)
    put(database, "b")

    held = database.is_log_emptied()
    file.let_go()

    assert (False, True) == (held, database.is_log_emptied())
    file.close()
    database.close()


@pytest.mark.parametrize("ended", [written, killed])
def test_a_reader_without_a_writer_leaves_the_directory_as_it_was(tmp_path: Path, ended: object) -> None:
    """Not a file more or less, not a byte, not a time; also after a writer that was killed, whose commit is read."""
    (ended)(tmp_path, "a", "b")  # type: ignore[operator]
    before = found_in(tmp_path)

    file = ReadFile(tmp_path)
    seen = names_in(file)
    during = found_in(tmp_path)
    file.close()

    assert ["a", "b"] == seen
    assert before == during == found_in(tmp_path)


@pytest.mark.parametrize("ended", [written, killed])
@pytest.mark.parametrize("mode", [0o500, 0o700])
def test_an_unwritable_directory_can_be_read(tmp_path: Path, ended: object, mode: int) -> None:
    """Rights to read are enough. Root keeps to them where `setpriv` takes the power over them away."""
    unpowered = [] if os.geteuid() else [shutil.which("setpriv"), "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    if unpowered and unpowered[0] is None:
        pytest.skip("root may write everything: install setpriv (util-linux)")
    data_dir = tmp_path / "data"
    (ended)(data_dir, "a")  # type: ignore[operator]
    for path in data_dir.iterdir():
        path.chmod(0o400)
    data_dir.chmod(mode)
    code = f"""{HEAD}
try:
    (data_dir / "new").touch()
    print("written")
except PermissionError:
    pass
print(ReadFile(data_dir).read({NAMES!r}))
"""

    read = subprocess.run([*unpowered, sys.executable, "-c", code, str(data_dir)], capture_output=True, text=True, check=False)  # type: ignore[list-item]

    data_dir.chmod(0o700)
    assert ("written\n" if mode == 0o700 else "") + "[('a',)]\n" == read.stdout, read.stderr


def test_a_reader_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither beside a writer nor without one: the next writer begins at once, and its log can be emptied."""
    written(tmp_path, "a")
    with another_process(tmp_path, f"file = ReadFile(data_dir); file.read({NAMES!r})") as without:
        without.kill()
        without.wait()
        database = Database(tmp_path)
    put(database, "b")
    with another_process(tmp_path, f"file = ReadFile(data_dir); file.read({NAMES!r})") as beside:
        put(database, "c")
        assert not database.is_log_emptied()
        beside.kill()
        beside.wait()
        assert database.is_log_emptied()
    database.close()

    assert {"bothways.db", "lock"} == set(found_in(tmp_path))


def test_a_writer_begins_when_those_who_read_without_one_are_done(tmp_path: Path) -> None:
    """The file under a reader is never changed; the writer waits a moment instead of being refused."""
    written(tmp_path, "a")
    order = []
    file = ReadFile(tmp_path)

    def write() -> None:
        written(tmp_path, "b")
        order.append("writer")

    writer = Thread(target=write)
    writer.start()
    order.append(f"reader {names_in(file)}")
    file.close()
    writer.join(SECONDS)

    assert ["reader ['a']", "writer"] == order


def test_a_copy_stays_as_it_was_and_holds_nobody_up(tmp_path: Path) -> None:
    """For what takes its time: nothing of the directory is held, and nothing of the copy has a name."""
    database = Database(tmp_path)
    put(database, "a")

    with copy_of(tmp_path) as copy:
        put(database, "b")
        assert database.is_log_emptied()
        assert [("a",)] == copy.read(NAMES)

    database.close()


def test_a_start_that_was_cut_short_reads_as_empty(tmp_path: Path) -> None:
    """Whoever made the directory died before there was anything in it."""
    (tmp_path / "bothways.db").touch()

    with Reader(tmp_path) as reader:
        assert ((), None) == (reader.topics, reader.last_at)
    assert ["bothways.db"] == list(found_in(tmp_path))


def test_what_is_no_data_is_refused_in_one_line(tmp_path: Path) -> None:
    """A directory without data, and a file that is no database."""
    with pytest.raises(StoreUnusable, match="no data"):
        ReadFile(tmp_path)
    (tmp_path / "bothways.db").write_bytes(b"not a database, whatever its name")

    with pytest.raises(CorruptState, match="not a database"):
        ReadFile(tmp_path)
