"""Every command of the README's table, once without a service and once beside one: the same answer, but for what the clock decides."""

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.stories.service import ROOT, service
from tests.acceptance.stories.story import NUDGES, T0, Story

READING: Final = (
    "inspect person ann --json",
    "inspect programme p1",
    "inspect pairing PAIRING --json",
    "inspect person nobody",
    "explain PAIRING --check --json",
    f"tail {NUDGES}",
    "tail dlq.ingest",
    "dead-letters list --json",
    "dead-letters show dlq.ingest 0 --json",
    "report --out report.html --json",
    "round p2 --dry-run --json",
    "verify --json",
    "backup copy.db --json",
    "erase dan",
    "token list",
)
"""The same words in either case."""
WRITING: Final = (
    "ingest more.jsonl --json",
    "ingest more.jsonl broken.jsonl --json",
    "invite p2 --json",
    "round p2 --json",
    "round p9",
    "erase dan --yes --json",
)
"""The same, but for what the clock stamps."""
REFUSING: Final = {"tick --to 2030-01-01": (0, 75), "demo --people 5 --months 1": (1, 1), "serve": (None, 1)}
"""Command → its exit code without a service, and beside one; None: it would go on for ever."""
ELSEWHERE: Final = frozenset({"schemas", "topics", "worker", "publish"})
"""Commands that have nothing to do with a data directory."""
STAMPED: Final = ("at", "pairing_id")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A pair, two who could be one, a dead letter; and nothing is due before tomorrow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTHWAYS_SALT", "of all stories")
        story = Story(tmp_path_factory.mktemp("told"))
        story.kept["pairing"] = story.pair()
        story.couple(first="cat", second="dan", programme_id="p2", round_every_days=0)
        story.take("nonsense")
        story.good(story.hired(T0, "eve"))
        story.tick(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        (story.directory / "more.jsonl").write_text(story.line(story.hired(T0, "fay")), "utf-8")
        (story.directory / "broken.jsonl").write_text("nonsense\n", "utf-8")
        yield story


@pytest.fixture
def place(told: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """A copy of all that, to be worked in."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(told.directory, tmp_path, dirs_exist_ok=True)
    return Story(tmp_path, kept=told.kept)


@pytest.fixture(scope="module")
def served(told: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A copy with a service on it, to be read only."""
    directory = tmp_path_factory.mktemp("served")
    shutil.copytree(told.directory, directory, dirs_exist_ok=True)
    with service(directory / "data"):
        yield Story(directory, kept=told.kept)


def words(story: Story, command: str) -> list[str]:
    """A command of the tables as arguments."""
    return command.replace("PAIRING", story.kept["pairing"]).split()


def unstamped(value: Any) -> Any:
    """An answer without what the clock decides."""
    if isinstance(value, Mapping):
        return {name: unstamped(each) for name, each in value.items() if name not in STAMPED}
    return [unstamped(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("command", READING)
def test_reads_the_same_beside_a_service(place: Story, served: Story, command: str) -> None:
    """What looks, looks beside the writer: same code, same words."""
    without = place.run(*words(place, command))
    for name in ("report.html", "copy.db"):
        Path(name).unlink(missing_ok=True)

    beside = served.run(*words(served, command))

    assert without == beside


@pytest.mark.parametrize("command", WRITING)
def test_writes_the_same_beside_a_service(place: Story, told: Story, tmp_path_factory: pytest.TempPathFactory, command: str) -> None:
    """What changes something is done by the service and answered after its commit: same code, same figures, by its clock."""
    other = Story(tmp_path_factory.mktemp("other"), kept=told.kept)
    shutil.copytree(told.directory / "data", other.directory / "data")

    without = place.run(*words(place, command))
    with service(other.directory / "data") as process:
        beside = other.run(*words(other, command))
        assert process.poll() is None

    assert (without.code, without.err) == (beside.code, beside.err)
    if "--json" in command:
        assert unstamped(without.json) == unstamped(beside.json)
    assert without.code in {0, 1, 3}
    assert other.run("verify").code == 0


@pytest.mark.parametrize("command", REFUSING)
def test_what_can_not_be_done_beside_a_service_says_so(place: Story, served: Story, command: str) -> None:
    """One line, and nothing has changed."""
    alone, beside = REFUSING[command]
    before = served.tail(NUDGES)

    answer = served.run(*words(served, command))

    assert (beside, "", 1) == (answer.code, answer.out, len(answer.err.splitlines()))
    assert before == served.tail(NUDGES)
    if alone is not None:
        assert alone == place.run(*words(place, command)).code


def test_events_are_stamped_by_the_clock_of_the_service(place: Story) -> None:
    """Beside a service a history doesn't play in data time: it has just come."""
    began_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    with service(place.directory / "data"):
        answer = place.run("ingest", "more.jsonl", "--json")

    assert answer.json["at"] >= began_at


def test_no_command_of_the_table_is_left_out() -> None:
    """A new command has to say what it does beside a service."""
    table = (ROOT / "README.md").read_text("utf-8").partition("## Commands")[2].partition("\n## ")[0]
    named = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    listed = {name for cell in named for name in re.findall(r"`([a-z-]+)", cell)}

    covered = {command.split()[0] for command in (*READING, *WRITING, *REFUSING)} | ELSEWHERE

    assert listed == covered
