"""Where the profile books time."""

from pathlib import Path

import pytest

from ops.bench.embedded.sampling import ROOT, RULES, Area, area_of, most


@pytest.mark.parametrize(
    ("path", "function", "expected"),
    [
        ("engine/runtimes/embedded/database.py", "commit", Area.COMMITS),
        ("engine/runtimes/embedded/open_file.py", "write_many", Area.WRITES),
        ("engine/runtimes/embedded/rows/stored_tables.py", "_one", Area.READS),
        ("engine/runtimes/embedded/rows/stage_rows.py", "get", Area.ROWS),
        ("engine/programme/people/person.py", "facts", Area.STEP),
        ("schemas/codec.py", "encode_structured", Area.ENCODE),
        ("schemas/codec.py", "decode", Area.DECODE),
        ("engine/core/identity.py", "derived_id", None),
    ],
)
def test_area_is_the_first_rule_that_fits(path: str, function: str, expected: Area | None) -> None:
    """A place has one area, or counts for its caller."""
    assert expected == area_of(path, function)


def test_rules_name_places_that_exist() -> None:
    """A rule for a file that was renamed would book its time elsewhere in silence."""
    assert [] == [beginning for beginning, _, _ in RULES if not (Path(ROOT) / beginning).exists()]


def test_rules_name_functions_that_exist() -> None:
    """The same for a renamed function."""
    named = [
        (Path(ROOT) / beginning, function)
        for beginning, functions, _ in RULES
        for function in sorted(functions)
        if beginning.endswith(".py")
    ]

    assert named
    assert [] == [f"{path.name}:{function}" for path, function in named if f"def {function}(" not in path.read_text("utf-8")]


def test_most_breaks_ties_by_name() -> None:
    """Equal seconds come in order of name, so that two reports of one run are equal."""
    assert {"c": 3.0, "a": 1.0} == most({"b": 1.0, "a": 1.0, "c": 3.0}, 2)
