"""No word that says something is lacking in people, and none that sorts them by age or generation, in anything that reaches them.

Read are the templates of the repository (found by walking it), the texts of the report, the built-in topics, and the names from which
notifiers make messages: keys, parameters and reason codes. Docstrings of the core and the programme are read, too: each begins with one
short line and has no turn that is hard to read.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import pytest
from pydantic import ValidationError

from engine.report import words
from schemas.events.programme import ProgrammeCreated
from schemas.nudges.catalogue import CATALOGUE
from schemas.terms import codes
from schemas.terms.catalogue import BUILT_IN_TOPICS
from schemas.text.plain_words import plain_name, refused_in

ROOT: Final = Path(__file__).parent.parent.parent

TEMPLATE_ENDINGS: Final = frozenset({".html", ".jinja", ".j2", ".txt", ".md", ".json", ".toml"})
NOT_OURS: Final = frozenset({".venv", ".git", "build", "dist", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
TEXTS: Final = ("engine/report", "engine/cli", "ops/notifier")
"""Where Python files hold sentences for people, beside templates."""
CODES: Final = (
    codes.NudgeKey,
    codes.NudgeReasonCode,
    codes.NudgeCategory,
    codes.PairingReasonCode,
    codes.EligibilityCode,
    codes.UnmatchedCode,
    codes.WidenCode,
    codes.SuppressionReason,
    codes.CancellationReason,
    codes.EndCode,
    codes.ProfilePart,
    codes.TopicFamily,
)


CORE_AND_PROGRAMME: Final = tuple(path for place in ("core", "programme") for path in sorted((ROOT / "engine" / place).rglob("*.py")))
FIRST_LINE_MAX: Final = 88
HARD_TURNS: Final = {
    r"whom nobody|of whom|of whoever": "name the noun",
    r"nought": "zero",
    r"(?:come|comes|came) to": "follows from, adds up to, reaches, fell through",
    r"(?:is|are|was|were|be|been) told": "hears, gets a note, is published",
    r"but for": "without, except, unless",
    r"be it|has no say": "say it with a main clause",
}
"""Turn → what to write instead."""


def docstrings(path: Path) -> Iterator[str]:
    """Yield the docstrings of a Python file, those below attributes among them."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def templates() -> Iterator[Path]:
    """Find every template: a file with a template's ending in a directory called templates, wherever it is."""
    for path in sorted(ROOT.rglob("templates/**/*")):
        inside = path.relative_to(ROOT).parts
        if path.is_file() and path.suffix in TEMPLATE_ENDINGS and not NOT_OURS & set(inside):
            yield path


def sentences(path: Path) -> Iterator[str]:
    """Yield the texts of a Python file, docstrings aside: those are for developers."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def codes_in(annotation: object) -> Iterator[str]:
    """Yield the values of every enumeration within a parameter's type."""
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        yield from annotation
    elif get_origin(annotation) in {Union, UnionType} or get_args(annotation):
        for argument in get_args(annotation):
            yield from codes_in(argument)


def assert_plain(texts: Iterable[tuple[str, str]]) -> None:
    """Assert that there are texts and none holds a refused word; say where one does."""
    read = list(texts)
    assert read, "no text was looked at"
    assert [] == [f"{place}: {word!r} in {text!r}" for place, text in read for word in refused_in(text)]


def test_templates_are_found() -> None:
    """A walk that finds nothing proves nothing."""
    assert ROOT / "engine/report/templates/page.html" in set(templates())


def test_no_template_holds_a_refused_word() -> None:
    """Idea 2: deficit words never reach anybody."""
    assert_plain((str(path.relative_to(ROOT)), line) for path in templates() for line in path.read_text("utf-8").splitlines())


def test_no_text_in_code_holds_a_refused_word() -> None:
    """The report's words and what commands print are read by people too."""
    files = [path for place in TEXTS for path in sorted((ROOT / place).rglob("*.py"))]

    assert ROOT / "engine/report/words.py" in files
    assert_plain((str(path.relative_to(ROOT)), text) for path in files for text in sentences(path))


def test_no_topic_holds_a_refused_word() -> None:
    """What people teach and learn is named for what it is."""
    assert_plain((topic, name) for topic, _, name in BUILT_IN_TOPICS)
    assert_plain((topic, topic) for topic, _, _ in BUILT_IN_TOPICS)


def test_no_code_that_a_message_is_made_from_holds_a_refused_word() -> None:
    """Keys, categories and reasons are what notifiers turn into sentences."""
    assert_plain((kind.__name__, code) for kind in CODES for code in kind)


def test_no_parameter_of_a_nudge_holds_a_refused_word() -> None:
    """Names and codes of parameters are what templates are filled with."""
    fields = [(key, name, field) for key, nudge in CATALOGUE.items() for name, field in nudge.params.model_fields.items()]

    assert_plain((key, name) for key, name, _ in fields)
    assert_plain((f"{key}.{name}", code) for key, name, field in fields for code in codes_in(field.annotation))


def test_the_glossary_is_in_order() -> None:
    """Somebody looks a term up by its first letter."""
    terms = [term for term, _ in words.GLOSSARY]

    assert sorted(terms) == terms


@pytest.mark.parametrize(
    "text",
    ["Outdated skills", "Gen-Z", "a digital native", "millennials", "the older side", "junior_side", "they lag", "skills gap", "boomer"],
)
def test_a_refused_word_is_found(text: str) -> None:
    """Each kind is seen, in any case, in a code as in a sentence."""
    assert refused_in(text)


@pytest.mark.parametrize("text", ["font-weight: bold", "threshold", "held back", "flags", "told", "generations at work", "age of the data"])
def test_a_word_that_only_looks_alike_is_left_alone(text: str) -> None:
    """Whole words are meant."""
    assert [] == refused_in(text)


@pytest.mark.parametrize("name", ["Catch-up for the outdated", "Sheets for the OUT OF DATE", "left‑behind", "gen_z", "Skills gap"])
def test_a_deficit_word_is_refused_in_a_name_that_somebody_types(name: str) -> None:
    """The product's own rule holds for what its users write on it, however the word is parted."""
    with pytest.raises(ValueError, match="lacking in people"):
        plain_name(name)


@pytest.mark.parametrize("name", ["Legacy systems", "Young company", "Old Town office", "Backward design", "Generations at work"])
def test_a_word_that_is_said_of_things_may_be_in_a_name(name: str) -> None:
    """What an organisation calls its topics is its own choice."""
    assert name == plain_name(name)


@pytest.mark.parametrize(
    "data",
    [
        {"name": "For the outdated", "policy": {}},
        {"policy": {"topics": [{"id": "sheets", "family": "digital", "name": "Sheets for the obsolete"}]}},
        {"policy": {"topics": [{"id": "catch-up", "family": "digital", "name": "Sheets"}]}},
        {"policy": {"questions": [{"id": "q", "family": "culture", "stances": ["a", "b", "left-behind"]}]}},
    ],
)
def test_a_programme_with_a_deficit_word_is_refused(data: dict[str, Any]) -> None:
    """Its name, its topics and its questions reach people."""
    with pytest.raises(ValidationError, match="lacking in people"):
        ProgrammeCreated.model_validate({"programme_id": "g", **data})


def test_a_docstring_begins_with_one_short_line() -> None:
    """What a thing is fits into one line; everything else stands below it."""
    firsts = [(path, text.partition("\n")[0]) for path in CORE_AND_PROGRAMME for text in docstrings(path)]

    assert len(firsts) > 1_000
    assert [] == [f"{path.relative_to(ROOT)}: {first}" for path, first in firsts if len(first) > FIRST_LINE_MAX]


@pytest.mark.parametrize("turn", HARD_TURNS)
def test_no_docstring_has_a_turn_that_is_hard_to_read(turn: str) -> None:
    """Docstrings are read by people of every country: subject and verb first, the noun named."""
    hard = re.compile(rf"\b(?:{turn})\b")
    found = [(path, match) for path in CORE_AND_PROGRAMME for text in docstrings(path) for match in hard.findall(text)]

    assert [] == [f"{path.relative_to(ROOT)}: {match!r}; better: {HARD_TURNS[turn]}" for path, match in found]


@pytest.mark.parametrize("text", ["a person whom nobody asked", "prices of nought", "what it comes to", "who was told", "all but for one"])
def test_a_hard_turn_is_found(text: str) -> None:
    """A list that can't match protects nothing."""
    assert any(re.search(rf"\b(?:{turn})\b", text) for turn in HARD_TURNS)
