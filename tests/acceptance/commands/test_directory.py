"""A data directory that can't be used: one line says so and what to do, the exit code is 1, and nothing is touched."""

import os
from pathlib import Path

import pytest

from tests.acceptance.stories.story import Answer, Story, run

T0 = "2025-01-06T05:00:00Z"
READING = (["inspect", "person", "ann"], ["tail", "mentorship.pairings.v1"], ["verify"], ["report"])
WRITING = (["tick", "--to", "2025-02-01"], ["demo", "--people", "5", "--months", "1"])


def assert_refused(answer: Answer) -> None:
    """One line on standard error that is no report of a bug, nothing on standard output, exit code 1."""
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 1), answer
    assert "bug" not in answer.err


@pytest.mark.parametrize("arguments", [*READING, *WRITING], ids=" ".join)
@pytest.mark.parametrize("place", ["file", "file/below"])
def test_file_in_its_place_is_refused(tmp_path: Path, place: str, arguments: list[str]) -> None:
    """A file is no directory, and has none in it."""
    (tmp_path / "file").write_text("mine", "utf-8")

    assert_refused(run(*arguments, "--data", str(tmp_path / place)))
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_name_of_another_directory_is_asked_for(tmp_path: Path) -> None:
    """The line names the directory and the option."""
    (tmp_path / "file").write_text("mine", "utf-8")

    told = run("tick", "--to", "2025-02-01", "--data", str(tmp_path / "file")).err

    assert str(tmp_path / "file") in told
    assert "--data" in told


def test_directory_of_a_start_that_was_cut_short_is_empty(story: Story) -> None:
    """Whoever made it died before the first commit: nobody is in it yet, and it takes events."""
    (story.directory / "data").mkdir()
    (story.directory / "data" / "bothways.db").touch()

    asked = story.run("inspect", "person", "ann")

    assert (asked.code, asked.err) == (1, "bothways: there is no person ann\n")
    story.good(story.hired(T0, "ann"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("arguments", [*READING, *WRITING, ["backup", "copy.db"]], ids=" ".join)
@pytest.mark.parametrize(("what", "mode"), [("data", 0), ("data", 0o500), ("data/bothways.db", 0), ("data/bothways.db", 0o400)])
def test_what_this_user_may_not_use_is_refused(story: Story, what: str, mode: int, arguments: list[str]) -> None:
    """Missing rights are no bug."""
    story.good(story.hired(T0, "ann"))
    closed = story.directory / what
    before = closed.stat().st_mode
    closed.chmod(mode)

    answer = story.run(*arguments)

    closed.chmod(before)
    assert_refused(answer)
