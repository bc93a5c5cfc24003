"""Labels of invariants and promises: each stands once where it is stated, with its room, and is cited by that name alone."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.docs.reading import LABEL, PACKAGES, ROOT, Passage, docstrings, lines, name_of, python_files, said

GUARANTEES: Final = ROOT / "docs" / "guarantees.md"
STATED: Final = re.compile(r"^    ([a-z_]+\.[A-Z][0-9]{1,2})  ", re.MULTILINE)
"""How a docstring states one: the label, two spaces, the rule."""
PROMISED: Final = re.compile(r"^\| (guarantees\.[A-Z][0-9]{1,2}) \|")
BARE: Final = re.compile(r"(?<![\w.\-/`'\"{+])[A-Z][0-9]{1,2}(?![\w\-`'\"])")
NO_LABELS: Final = frozenset({"T0"})
"""The first instant of the tests' stories."""


def stated_in(path: Path) -> list[str]:
    """Return the labels that a source states."""
    return [label for passage in docstrings(path) for label in STATED.findall(passage.text)]


def stated() -> Counter[str]:
    """Return every label that is stated, and how often."""
    found = Counter(label for path in python_files(*PACKAGES) for label in stated_in(path))
    found.update(label for passage in lines(GUARANTEES) for label in PROMISED.findall(passage.text))
    return found


def cited() -> list[tuple[Passage, str]]:
    """Return every label that is named anywhere, and where."""
    return [(passage, match.group()) for passage in said() for match in LABEL.finditer(passage.text)]


def test_every_label_is_stated_once() -> None:
    """One label means one thing."""
    assert [] == [label for label, count in stated().items() if count > 1]
    assert len(stated()) > 100


def test_a_label_names_a_room_on_the_way_to_its_module() -> None:
    """Who reads a label knows which folder to open."""
    places = [(label, path) for path in python_files(*PACKAGES) for label in stated_in(path)]

    assert [] == [f"{name_of(path)}: {label}" for label, path in places if label.partition(".")[0] not in path.parent.parts]


def test_every_cited_label_is_stated() -> None:
    """A label leads to its rule."""
    known = stated()

    assert [] == [passage.at(label) for passage, label in cited() if label not in known]


def test_no_label_is_cited_without_its_room() -> None:
    """Letters alone are used in many rooms."""
    found = [(passage, match.group()) for passage in said() for match in BARE.finditer(passage.text)]

    assert [] == [passage.at(label) for passage, label in found if label not in NO_LABELS]


@pytest.mark.parametrize("text", ["P1: sorted.", "the rule (P1)", "P1, P2", "see P13."])
def test_a_bare_label_is_found(text: str) -> None:
    """A check that can't fail protects nothing."""
    assert BARE.findall(text)
