"""What the project says about itself: docstrings, comments and pages, with the place of each."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent.parent
PACKAGES: Final = ("engine", "schemas", "ops")
LABEL: Final = re.compile(r"\b([a-z_]+)\.([A-Z][0-9]{1,2})\b")
"""An invariant or a promise, with its room: `pairs.P2`."""
COMMENT: Final = re.compile(r"(?:^\s*|  )# (.+)$")


class Passage(NamedTuple):
    """Some text and where it stands."""

    file: str
    line: int
    text: str

    def at(self, found: str) -> str:
        """Say where something was found."""
        return f"{self.file}:{self.line} {found}"


def python_files(*places: str) -> Iterator[Path]:
    """Find the sources below some folders."""
    for place in places:
        yield from sorted((ROOT / place).rglob("*.py"))


def pages() -> Iterator[Path]:
    """Find every page of the repository."""
    yield ROOT / "README.md"
    yield from (path for place in ("docs", "ops") for path in sorted((ROOT / place).rglob("*.md")))


def name_of(path: Path) -> str:
    """Return a path as pages write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Read a source."""
    return ast.parse(path.read_text("utf-8"))


@cache
def docstrings(path: Path) -> tuple[Passage, ...]:
    """Return the docstrings of a source, those below attributes among them."""
    return tuple(Passage(name_of(path), number, text) for number, text in _texts_in(tree_of(path).body))


def _texts_in(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield statement.lineno, text
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _texts_in(statement.body)


@cache
def comments(path: Path) -> tuple[Passage, ...]:
    """Return the comments of a source: whole lines, and what stands two spaces behind code."""
    found = ((number, COMMENT.search(text)) for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1))
    return tuple(Passage(name_of(path), number, match[1]) for number, match in found if match is not None)


def lines(path: Path) -> Iterator[Passage]:
    """Return the lines of a page."""
    for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        yield Passage(name_of(path), number, text)


def said() -> Iterator[Passage]:
    """Return all that the project says about itself."""
    for path in python_files(*PACKAGES, "tests"):
        yield from docstrings(path)
        yield from comments(path)
    for path in pages():
        yield from lines(path)
