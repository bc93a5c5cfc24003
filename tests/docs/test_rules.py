"""The page of rules (docs/rules.md): every rule names its module, and what holds it there; numbers are those of the code."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from schemas.terms.policy import Policy
from tests.docs.reading import ROOT, lines, pages, tree_of

RULES: Final = ROOT / "docs" / "rules.md"
ROW: Final = re.compile(r"^\| (?P<rule>.+?) \| (?P<where>`(?:engine|schemas)/.+) \|$")
TOKEN: Final = re.compile(r"`([^`]+)`(?: = (\([0-9, ]+\)|[0-9.]+)(?: (seconds|minutes|hours?|days))?)?")
POLICY: Final = re.compile(r"`([a-z_]+)` \(([0-9.]+)\)")


class Pointer(NamedTuple):
    """A name in a module, and the number that it is said to be."""

    path: str
    name: str
    value: str | None
    unit: str | None


def rows() -> list[tuple[str, str]]:
    """Return each rule and where it stands."""
    return [(found["rule"], found["where"]) for passage in lines(RULES) if (found := ROW.match(passage.text))]


def pointers(where: str) -> Iterator[Pointer]:
    """Return the names of a cell, each in the module that stands before it."""
    path = ""
    for token, value, unit in TOKEN.findall(where):
        if "/" in token:
            path = token
        else:
            yield Pointer(path, token, value or None, unit or None)


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return all that a module defines, within its classes too."""
    found = set()
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                found.update(target.id for target in targets if isinstance(target, ast.Name))
    return frozenset(found)


def test_the_page_has_many_rules() -> None:
    """A check that reads nothing proves nothing."""
    assert len(rows()) > 100


def test_every_row_of_a_rule_says_where_it_stands() -> None:
    """No table of rules has a line without its module."""
    tables = RULES.read_text("utf-8").split("| rule | where |\n|---|---|\n")[1:]
    written = [line for table in tables for line in table.split("\n\n")[0].splitlines()]

    assert [] == [line for line in written if ROW.match(line) is None]


@pytest.mark.parametrize(("rule", "where"), rows())
def test_a_rule_is_where_the_page_says(rule: str, where: str) -> None:
    """The module exists, holds the name, and the number is that of the code."""
    found = list(pointers(where))

    assert found, rule
    for pointer in found:
        path = ROOT / pointer.path
        assert path.exists(), pointer
        assert pointer.name in names_in(path), pointer
        if pointer.value is not None:
            module = import_module(pointer.path.removesuffix(".py").replace("/", "."))
            value = ast.literal_eval(pointer.value)
            if pointer.unit is not None:
                value = timedelta(**{pointer.unit if pointer.unit.endswith("s") else f"{pointer.unit}s": value})
            assert value == getattr(module, pointer.name), pointer


def test_fields_of_policy_have_the_default_that_the_page_says() -> None:
    """`field` (number) is a field of policy and its default."""
    said = [found for passage in lines(RULES) for found in POLICY.findall(passage.text)]
    policy = Policy()

    assert len(said) > 25
    assert [] == [(field, value) for field, value in said if float(getattr(policy, field)) != float(value)]


@pytest.mark.parametrize(
    ("question", "word", "room", "name"),
    [
        ("How many days until the reminder?", "reminder", "proposals/chance", "REMINDER_DAYS"),
        ("Why does a pair rest?", "rests", "proposals/chance", "had_a_chance"),
        ("Which hard rule is about shared time?", "shared time", "matching/eligibility", "HoursRule"),
        ("What does a leave do to a pair?", "leave pauses", "participants/changes", "went_away"),
        ("What does the breaker count?", "breaker counts", "nudges/breaker_rules", "counted"),
        ("Where is a decline hidden?", "decline", "proposals/consent", "with_answer"),
    ],
)
def test_two_greps_lead_to_the_room_of_a_rule(question: str, word: str, room: str, name: str) -> None:
    """The first finds the line of a page that names the module, the second the definition in it; no third is needed."""
    first = [passage.text for path in pages() if path.parent.name == "docs" for passage in lines(path) if word in passage.text.lower()]
    named = [path for line in first for path in re.findall(r"`((?:engine|schemas)/[a-z_/]+\.py)`", line) if room in path]

    assert named, question
    assert len(first) < 20, question
    assert re.search(rf"\b{name}\b", (ROOT / named[0]).read_text("utf-8")), question
