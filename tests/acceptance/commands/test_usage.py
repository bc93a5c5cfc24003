"""Commands that were given wrongly: exit code 2, and not a byte changes."""

import pytest

from tests.acceptance.stories.story import Story, run


@pytest.mark.parametrize("arguments", [[], ["dead-letters"], ["topics"]])
def test_half_a_command_is_a_wrong_use(arguments: list[str]) -> None:
    """The help says how it goes on, and the exit code that nothing was done."""
    answer = run(*arguments)

    assert (answer.code, "Usage" in answer.out, answer.err) == (2, True, "")


@pytest.mark.parametrize("wrong", ["9999-01-01", "9999-12-31T00:00:00Z", "1899-12-31", "2025-W02-1"])
def test_instant_far_out_of_the_calendar_is_a_wrong_use(story: Story, wrong: str) -> None:
    """Time that nothing may be due after would stop the engine for good."""
    answer = story.run("tick", "--to", wrong)

    assert (answer.code, len(answer.err.splitlines())) == (2, 1)
    assert not (story.directory / "data").exists()


@pytest.mark.parametrize("arguments", [["inspect", "person"], ["inspect", "pairing"], ["explain"], ["round"], ["invite"]], ids=" ".join)
def test_id_that_is_not_utf_8_is_a_wrong_use(story: Story, arguments: list[str]) -> None:
    """The shell may hand over any bytes; no id has them."""
    story.couple()

    answer = story.run(*arguments, "\udcff")

    assert (answer.code, answer.out, answer.err) == (2, "", "bothways: an argument is not UTF-8; ids, topics and instants are\n")


@pytest.mark.parametrize("position", ["9223372036854775807", "9223372036854775808", "99999999999999999999"])
def test_position_beyond_every_record_has_nothing(story: Story, position: str) -> None:
    """However large the number is."""
    story.take("nonsense")

    tail, shown = story.run("tail", "dlq.ingest", "--from", position), story.run("dead-letters", "show", "dlq.ingest", position)

    assert (tail.code, tail.out, shown.code, len(shown.err.splitlines())) == (0, "", 1, 1)
