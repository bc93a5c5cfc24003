"""Rules of `bothways schemas` (engine/cli/looking/contracts.py): contracts to take away, and to hold against this version."""

import json
from pathlib import Path

import pytest

from engine.cli.app import run
from engine.cli.exits import ExitCode


def spoil(directory: Path) -> None:
    """Put a field into somebody's copy that this version has taken away."""
    file = directory / "json" / "hr.hired" / "1.0.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["properties"]["nickname"] = {"type": "string"}
    file.write_text(json.dumps(schema), encoding="utf-8")


def test_a_copy_is_written_and_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever builds on the contracts takes them along."""
    assert ExitCode.DONE == run(["schemas", "write", str(tmp_path / "copy")])
    assert ExitCode.DONE == run(["schemas", "check", str(tmp_path / "copy"), "--json"])

    assert {"broken": [], "stale": []} == json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (tmp_path / "copy" / "json" / "programme.policy_changed" / "1.0.json").exists()


def test_a_copy_that_this_version_breaks_is_named_and_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each break, exit 1."""
    run(["schemas", "write", str(tmp_path)])
    spoil(tmp_path)

    assert ExitCode.REFUSED == run(["schemas", "check", str(tmp_path)])
    assert ExitCode.REFUSED == run(["schemas", "write", str(tmp_path)])
    assert "hr.hired 1.0: data.nickname: the field was removed" in capsys.readouterr().err
    assert "nickname" in (tmp_path / "json" / "hr.hired" / "1.0.json").read_text(encoding="utf-8")


def test_a_directory_without_schemas_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not answered with silence."""
    assert ExitCode.REFUSED == run(["schemas", "check", str(tmp_path)])
    assert "there are no schemas" in capsys.readouterr().err


def test_what_a_registry_would_be_given_is_printed_and_never_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """The command has no network; without --dry-run it says so."""
    assert ExitCode.USAGE == run(["schemas", "register"])
    assert ExitCode.DONE == run(["schemas", "register", "--dry-run"])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"subject", "compatibility", "bodies"} == lines[0].keys()
    assert "bothways.answers.v1-value" == lines[-1]["subject"]
