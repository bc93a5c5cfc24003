"""Data that somebody changed behind the engine's back: the commands that prove it fail, and say in one line what to do."""

import sqlite3

import pytest

from tests.acceptance.stories.story import PAIRINGS, Story


def change(story: Story, old: str, new: str) -> None:
    """Put another text into the published pairings, past the engine."""
    database = sqlite3.connect(story.directory / "data" / "bothways.db")
    database.execute(
        "UPDATE outputs SET value = CAST(replace(CAST(value AS TEXT), ?, ?) AS BLOB) WHERE topic = ?",
        (old, new, PAIRINGS),
    )
    database.commit()
    database.close()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_verify_fails_and_says_what_to_do(story: Story, form: list[str]) -> None:
    """The findings are on standard output, what to do is one line on standard error."""
    story.pair()
    change(story, '"ann"', '"ant"')

    answer = story.run("verify", *form)

    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert "restore the last backup" in answer.err
    assert PAIRINGS in answer.out


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_explain_reads_nothing_that_was_changed(story: Story, form: list[str]) -> None:
    """A record that is not what was written is refused when it is read, with and without `--json`."""
    pairing_id = story.pair()
    change(story, '"score":1000', '"score":900')

    answer = story.run("explain", pairing_id, "--check", *form)

    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert "bothways verify" in answer.err
