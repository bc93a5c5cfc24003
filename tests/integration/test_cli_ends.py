"""How commands end: exit codes, and one line where something is wrong."""

import signal
import subprocess
from pathlib import Path

import pytest

from engine.runtimes.embedded.database import Database
from tests.integration.command_line import OPENING, ROOT, Bothways


@pytest.fixture
def bothways(tmp_path: Path) -> Bothways:
    """Return the command with an empty place for its data."""
    return Bothways(data=tmp_path / "data")


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("ingest",),
        ("ingest", "--no-such-option"),
        ("tick", "--to", "yesterday"),
        ("tick", "--to", "2025-01-06T00:00:00"),
        ("inspect", "nudge", "1"),
        ("demo", "--months", "0"),
        ("round", "p1", "--policy", "policy.json"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_one_line(bothways: Bothways, arguments: tuple[str, ...]) -> None:
    """Whoever mistypes a command is told in one line, and no data directory appears."""
    ended = bothways(*arguments)

    assert 2 == ended.code
    assert "Traceback" not in ended.error
    assert not bothways.data.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("tail", "mentorship.nudges.v1"),
        ("inspect", "person", "ann"),
        ("explain", "p1.0123456789abcdef"),
        ("backup", "copy.db"),
        ("round", "p1"),
    ],
    ids=" ".join,
)
def test_without_data_a_command_says_where_to_start(bothways: Bothways, arguments: tuple[str, ...]) -> None:
    """A misspelt directory is not answered with silence, and is not made."""
    ended = bothways(*arguments)

    assert 1 == ended.code
    assert f"no data in {bothways.data}; start with" in ended.error
    assert not bothways.data.exists()


def test_what_is_not_there_is_named_in_one_line(bothways: Bothways) -> None:
    """Unknown topics, ids and files end with 1 and one line; a known topic without records prints nothing."""
    bothways.ingest(*OPENING)

    for arguments in (
        ("tail", "mentorship.nudge.v1"),
        ("inspect", "person", "nobody"),
        ("explain", "p1.0123456789abcdef"),
        ("round", "p2"),
        ("ingest", "no-such-file.jsonl"),
        ("dead-letters", "show", "dlq.ingest", "7"),
    ):
        ended = bothways(*arguments)
        assert (1, "") == (ended.code, ended.out), arguments
        assert "Traceback" not in ended.error
    assert (0, "") == ((empty := bothways("tail", "dlq.ingest")).code, empty.out)


def test_a_second_writer_is_refused_in_one_line(bothways: Bothways) -> None:
    """One process owns the data directory; another that would write leaves it alone."""
    bothways.ingest(*OPENING)
    owner = Database(bothways.data)

    ended = bothways("tick", "--to", "2025-02-01")

    owner.close()
    assert (1, True) == (ended.code, "in use by another process" in ended.error)


def test_a_demo_leaves_data_that_proves_itself(bothways: Bothways) -> None:
    """The year is the same for everybody with the same seed, `verify` passes on it, and it is never played over other data."""
    arguments = ("demo", "--people", "40", "--months", "2", "--json")
    twin = Bothways(data=bothways.data.with_name("twin"))

    played, again = bothways(*arguments), bothways(*arguments)

    assert (0, 1) == (played.code, again.code)
    assert played.json == twin(*arguments).json
    assert bothways("verify", "--json").json["identical"]


def test_a_server_takes_what_is_appended_and_stops_when_told(bothways: Bothways, tmp_path: Path) -> None:
    """What the followed file holds is taken by the clock; SIGTERM ends with 0 and nothing of it is lost."""
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join((*OPENING, "nonsense")) + "\n")
    argv = bothways.argv("serve", str(file), "--port", "0")
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        logged = ""
        for entry in server.stderr:
            logged += entry
            if '"dead_letter"' in entry:
                server.send_signal(signal.SIGTERM)
        code = server.wait(timeout=20)

    assert (0, True) == (code, '"accepted": 5' in logged)
    assert "ann" == bothways("inspect", "person", "ann", "--json").json["person_id"]
