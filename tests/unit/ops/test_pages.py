"""What README and the hand-written pages print is there: commands, links, fields, and a file that can be ingested."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from engine.cli import app as commands
from schemas.codec import decode_structured
from schemas.envelope import Event
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.terms.policy import Policy

ROOT: Final = Path(__file__).parent.parent.parent.parent
PAGES: Final = tuple(
    sorted(
        (ROOT / "README.md", ROOT / "ops" / "kafka" / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "ops" / "runbooks").glob("*.md"))
    )
)
NAMES: Final = [str(path.relative_to(ROOT)) for path in PAGES]


def text_of(name: str) -> str:
    """Read a page."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_printed_command_exists(name: str) -> None:
    """`bothways WORD` and `make WORD`, in code and between backticks."""
    known = set(commands.app)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = text_of(name)

    assert set() == set(re.findall(r"(?:^|`)bothways ([a-z][a-z-]+)", text, re.MULTILINE)) - known
    assert set() == set(re.findall(r"bothways dead-letters ([a-z-]+)", text)) - set(commands.dead_letters)
    assert set() == set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", text, re.MULTILINE)) - targets


def test_the_table_of_commands_is_whole() -> None:
    """README lists every command and no other."""
    table = text_of("README.md").split("## Commands")[1].split("\n## ")[0]
    listed = {
        word for row in re.findall(r"^\| (.+?) \|", table.replace("\\|", "/"), re.MULTILINE) for word in re.findall(r"`([a-z-]+)", row)
    }

    assert {name for name in commands.app if not name.startswith("-")} == listed


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    """Files, and headings of pages."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        file, _, heading = target.partition("#")
        if file.startswith("http"):
            continue
        place = (ROOT / name).parent / file if file else ROOT / name
        assert place.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", place.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}, target


def test_the_file_of_the_readme_can_be_ingested() -> None:
    """Whoever copies it sees what the page says."""
    lines = text_of("README.md").split("<<'JSONL'\n")[1].split("\nJSONL")[0].splitlines()
    decoded = [decode_structured(line.encode(), datetime.fromisoformat(json.loads(line)["time"])) for line in lines]

    assert 5 == sum(isinstance(event, Event) for event in decoded), decoded


def test_the_page_for_coordinators_knows_the_policy() -> None:
    """A field and the default behind it in brackets are those of the policy."""
    policy, said = Policy(), re.findall(r"`([a-z_]+)` \((\d+)\)", text_of("docs/coordinators.md"))

    assert len(said) > 8
    assert [] == [(field, value) for field, value in said if str(getattr(policy, field)) != value]


def test_the_types_that_pages_name_exist() -> None:
    """`family.name` between backticks is an event, whatever its version."""
    known = {kind.removeprefix("bothways.").rpartition(".")[0] for kind in (*INPUT_TYPES, *OUTPUT_TYPES)}
    families = {kind.partition(".")[0] for kind in known}
    said = {
        word
        for name in ("README.md", "docs/coordinators.md", "docs/integrators.md", "docs/rules.md", "docs/contracts.md")
        for word in re.findall(r"`([a-z]+\.[a-z_]+)`", text_of(name))
        if word.partition(".")[0] in families
    }

    assert len(said) > 15
    assert set() == said - known
