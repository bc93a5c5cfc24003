"""Pointers resolve: sources, decisions, modules and files that docstrings, comments and pages name are in the repository."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.docs.reading import LABEL, PACKAGES, ROOT, Passage, lines, name_of, pages, python_files, said, tree_of

DECISION: Final = re.compile(r"(?<![\w.])(0[0-9]{3})(?!\d)")
MODES: Final = frozenset({"0600", "0700"})
"""Rights of a file, which look alike."""
PAGE: Final = re.compile(r"(docs/[a-z-]+\.md)(?:, ([A-Z][A-Za-z ]+))?")
NO_PAGE: Final = re.compile(
    r"\b(?:architecture|reliability|domain|operations|contracts|matching) page\b|\bREADME, [A-Z]|\bpage on [a-z]+"
    r"|\breliability (?:rule|promise)"
)
"""Pages that this repository doesn't have."""

BASES: Final = (
    "",
    "engine",
    "engine/programme",
    "engine/matching",
    "engine/runtimes",
    "engine/runtimes/embedded",
    "schemas",
    "ops",
    "tests",
)
"""Where a docstring's `room/module` may begin."""
MENTION: Final = re.compile(
    r"(?<![\w/.:<>{}-])([a-z][a-z_0-9-]*(?:/[a-z_0-9-]+)+)(?:\.(py|md|yml|jsonl?|toml|html|txt|c)\b)?(?:\.([A-Za-z_]\w+))?"
)
ATTRIBUTE: Final = re.compile(r"(?<![\w./])([a-z_]+)\.([A-Za-z_]\w+)\b(?!\()")
ELSEWHERE: Final[dict[str, frozenset[str]]] = {
    "engine/runtimes/kafka/faust_overrides.py": frozenset({"transport", "mode", "tables"}),
    "engine/runtimes/embedded/rows/mentions.py": frozenset({"two-way"}),
    "engine/runtimes/embedded/erasing/erasure.py": frozenset({"people"}),
    "ops/bench/embedded/peers/eventsourcing_peer.py": frozenset({"docs"}),
    "ops/bench/matching/from_rows.py": frozenset({"build"}),
    "schemas/documents/files.py": frozenset({"json"}),
}
"""File → beginnings of what it names that is no path of ours: files of other projects, keys of rows, what a run makes."""
ENDINGS: Final = frozenset({"py", "md", "json", "jsonl", "yml", "txt", "toml", "html"})
EVENTS: Final = frozenset(
    "hr participation pairing session programme nudge insight round audit feedback nudges policy departures command proposal".split()
)
"""Families of events, some of which are names of modules, too."""

IN_PAGES: Final = re.compile(r"`((?:engine|schemas|ops|tests|docs)/[\w./-]*)`")
OF_TESTS: Final = re.compile(r"(?<![\w/])tests/[a-z_]+(?:/[a-z_]+)*(?:\.py)?")


def found_at(place: str) -> bool:
    """Say whether a path of the repository begins like this."""
    path = ROOT / place
    return path.exists() or path.with_name(f"{path.name}.py").exists()


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return what a module defines or imports, at any depth."""
    found = set()
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name):
                found.add(name)
            case ast.alias(name=name, asname=known):
                found.add(known or name)
            case ast.Attribute(attr=name):
                found.add(name)
    return frozenset(found)


@cache
def modules() -> dict[str, list[Path]]:
    """Return every module of ours by its last name."""
    found: dict[str, list[Path]] = {}
    for path in python_files(*PACKAGES):
        found.setdefault(path.stem, []).append(path)
    return found


def headings(path: Path) -> set[str]:
    """Return the headings of a page."""
    return {line.text.lstrip("# ").strip() for line in lines(path) if line.text.startswith("#")}


def in_code() -> Iterator[Passage]:
    """Return what stands in sources, these tests of pages aside: they show what a pointer looks like."""
    return (passage for passage in said() if passage.file.endswith(".py") and not passage.file.startswith("tests/docs/"))


def lost_modules(passage: Passage) -> Iterator[str]:
    """Find what a docstring names as `room/module` or `module.name` that isn't there."""
    elsewhere = ELSEWHERE.get(passage.file, frozenset())
    for match in MENTION.finditer(passage.text):
        place, ending, name = match.groups()
        if place.partition("/")[0] in elsewhere:
            continue
        whole = f"{place}.{ending}" if ending else place
        founds = [base for base in BASES if found_at(f"{base}/{whole}" if base else whole)]
        if not founds:
            yield passage.at(match.group())
        elif name is not None and not ending:
            path = ROOT / founds[0] / f"{place}.py"
            if path.exists() and name not in names_in(path):
                yield passage.at(match.group())
    for match in ATTRIBUTE.finditer(passage.text):
        module, name = match.groups()
        if module in EVENTS or name in ENDINGS or LABEL.fullmatch(match.group()) or found_at(f"{module}/{name}"):
            continue
        places = modules().get(module, [])
        if places and not any(name in names_in(path) for path in places):
            yield passage.at(match.group())


def test_every_decision_that_is_cited_exists() -> None:
    """A number leads to a page of ops/decisions."""
    known = {path.name[:4] for path in (ROOT / "ops" / "decisions").glob("0*.md")}
    cited = [(passage, number) for passage in said() for number in DECISION.findall(passage.text) if number not in MODES]

    assert len(cited) > 20
    assert [] == [passage.at(number) for passage, number in cited if number not in known]


def test_every_page_that_is_cited_exists() -> None:
    """`docs/page.md, Heading`: both are there."""
    cited = [(passage, *match.groups()) for passage in in_code() for match in PAGE.finditer(passage.text)]

    assert len(cited) > 15
    assert [] == [passage.at(page) for passage, page, _ in cited if not (ROOT / page).exists()]
    assert [] == [passage.at(f"{page}, {heading}") for passage, page, heading in cited if heading and heading not in headings(ROOT / page)]


def test_no_docstring_points_to_a_page_outside_of_the_repository() -> None:
    """Who reads the code has the repository and nothing else."""
    assert [] == [passage.at(match.group()) for passage in in_code() for match in NO_PAGE.finditer(passage.text)]


def test_every_module_that_is_named_exists() -> None:
    """`room/module`, `room/module.name` and `module.name`."""
    assert [] == [lost for passage in in_code() for lost in lost_modules(passage)]


@pytest.mark.parametrize("path", [pytest.param(path, id=name_of(path)) for path in pages()])
def test_every_path_on_a_page_exists(path: Path) -> None:
    """Files and folders between backticks, and tests anywhere."""
    named = [(passage, place) for passage in lines(path) for place in (*IN_PAGES.findall(passage.text), *OF_TESTS.findall(passage.text))]

    assert [] == [passage.at(place) for passage, place in named if not found_at(place.rstrip("/"))]


@pytest.mark.parametrize(
    "text",
    [
        "see domain/intents",
        "what lifecycle.vanished says",
        "(pairs/lifecycle.vanished)",
        "held by nudges/vanished, nudges.O1",
        "engine/programme/pairs/vanished.py",
    ],
)
def test_a_lost_pointer_is_found(text: str) -> None:
    """A check that can't fail protects nothing."""
    assert 1 == len(list(lost_modules(Passage("engine/a.py", 1, text))))


@pytest.mark.parametrize(
    "text",
    ["see nudges/intents", "(pairs/lifecycle.lapse)", "`hr.leave_ended` ends it", "search/rule_book.RuleBook", "nudges.O1", "engine.cli"],
)
def test_a_good_pointer_is_left_alone(text: str) -> None:
    """The check binds where it is meant to, and nowhere else."""
    assert [] == list(lost_modules(Passage("engine/a.py", 1, text)))
