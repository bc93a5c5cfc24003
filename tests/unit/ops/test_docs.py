"""Rules of the generated reference (ops/docs.py): it is what the code says, and nobody has to remember to write it."""

import re
from pathlib import Path

import pytest

from engine.programme.pairs.pairing import TRANSITIONS
from engine.telemetry import METRICS
from ops import docs
from schemas.nudges.catalogue import CATALOGUE, RETIRED
from schemas.nudges.params import NudgeParams
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.terms.codes import ErrorCode, NudgeKey
from schemas.terms.policy import Policy
from schemas.topics import ALL_TOPICS

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.mark.parametrize("name", sorted(docs.PAGES))
def test_a_page_is_what_the_code_says(name: str) -> None:
    """Drift fails here; `python -m ops.docs write` mends it."""
    kept = (docs.DOCS / name).read_text(encoding="utf-8")

    assert docs.page(name) == kept, "run python -m ops.docs write"


def test_every_page_is_linked_from_the_readme() -> None:
    """What nobody finds is not documented."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert set(docs.PAGES) == set(re.findall(r"\(docs/([a-z-]+\.md)\)", readme)) & set(docs.PAGES)


def test_the_diagram_has_every_transition_and_no_other() -> None:
    """One arrow for each entry of the table."""
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", docs.page("pairings.md"), re.MULTILINE)

    assert sorted((state.value, to.value, event.value) for (state, event), to in TRANSITIONS.items()) == sorted(drawn)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("nudges.md", [key for key in NudgeKey if key not in RETIRED]),
        ("codes.md", list(ErrorCode)),
        ("topics.md", [topic.name for topic in ALL_TOPICS]),
        ("metrics.md", [metric.name for metric in METRICS]),
        ("policy.md", [name for name in Policy.model_fields if name not in docs.NOT_READ_YET]),
    ],
)
def test_a_page_has_a_row_for_each_of_its_kind(name: str, wanted: list[str]) -> None:
    """Nothing that exists is left out."""
    rows = set(re.findall(r"^\| `([^`]+)` \|", docs.page(name), re.MULTILINE))

    assert [] == [one for one in wanted if one not in rows]


def test_every_event_has_its_fields() -> None:
    """One heading for each type, and a row for each field as it is written in JSON."""
    sections = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=\n### |\n## |\Z)", docs.page("events.md"), re.MULTILINE | re.DOTALL))

    assert set(sections) == {*INPUT_TYPES, *OUTPUT_TYPES}
    for type_, model in {**INPUT_TYPES, **OUTPUT_TYPES}.items():
        said = re.findall(r"^\| \*?`(\w+)`\*? \|", sections[type_], re.MULTILINE)
        assert [field.serialization_alias or name for name, field in model.model_fields.items()] == said


def test_a_field_of_policy_that_a_rule_reads_is_on_the_page() -> None:
    """What changes nothing yet is not described; what a rule reads is."""
    sources = [path.read_text("utf-8") for path in (ROOT / "engine").rglob("*.py")]
    read = {name for name in Policy.model_fields if any(f".{name}" in text for text in sources)}

    assert not read & docs.NOT_READ_YET
    assert read | docs.NOT_READ_YET == set(Policy.model_fields)


def test_a_nudge_s_row_is_its_rule() -> None:
    """Key, title, addressee, time, class, category, priority, valid days, late policy and opting out stand side by side."""
    nudge = CATALOGUE[NudgeKey.LOG_SESSION]

    row = next(line for line in docs.page("nudges.md").splitlines() if line.startswith("| `log_session` |"))

    words = [nudge.title, nudge.to, nudge.when, nudge.class_, nudge.category, str(nudge.priority), str(nudge.valid_days), nudge.late]
    assert [*words, "yes"] == [cell.strip() for cell in row.split("|")[2:-1]]


@pytest.mark.parametrize("key", [key for key in NudgeKey if key not in RETIRED])
def test_a_nudge_says_what_fills_it_and_how_it_is_answered(key: NudgeKey) -> None:
    """One heading for each key, with a row for each parameter of its own and for each answer."""
    sections = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=\n### |\Z)", docs.page("nudges.md"), re.MULTILINE | re.DOTALL))
    rows = re.findall(r"^\| \*?`(\w+)`\*? \|", sections[key], re.MULTILINE)
    fields = [info.serialization_alias or name for name, info in CATALOGUE[key].params.model_fields.items()]

    assert [*(name for name in fields if name not in NudgeParams.model_fields), *CATALOGUE[key].answers] == rows


def test_units_stand_beside_values() -> None:
    """A number without a unit is a riddle."""
    assert "| `duration_minutes` | 1–1,440 (minutes) |" in docs.page("events.md")
    assert "| `term_days` | 1–3,660 (days) |" in docs.page("policy.md")


def test_stale_pages_are_named(tmp_path: Path) -> None:
    """`check` says which page to look at."""
    docs.FILES.write(tmp_path)
    (tmp_path / "codes.md").write_text("old")
    (tmp_path / "metrics.md").unlink()

    assert ["codes.md", "metrics.md"] == docs.FILES.stale(tmp_path)
