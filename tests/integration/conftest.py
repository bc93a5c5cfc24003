"""Data that several files look at, made once."""

from pathlib import Path

import pytest

from tests.integration.command_line import Bothways


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Bothways:
    """Return the command with the data of a small organisation's half year; whoever uses it changes nothing in it."""
    bothways = Bothways(data=tmp_path_factory.mktemp("demo") / "data")
    played: Path = bothways.data
    ended = bothways("demo", "--people", "60", "--months", "6", "--json")
    assert 0 == ended.code, ended.err
    assert (played / "report.html").exists()
    return bothways
