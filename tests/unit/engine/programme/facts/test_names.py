"""Rules of names that people type (engine/programme/facts/names.py)."""

import unicodedata

import pytest

from engine.programme.facts.names import normalised, shown


@pytest.mark.parametrize("spelling", ["dept-1", "DEPT-1", " Dept-1 "])
def test_spellings_of_one_name_are_one(spelling: str) -> None:
    """Case and blanks around it say nothing."""
    assert normalised("Dept-1") == normalised(spelling)


@pytest.mark.parametrize(("one", "other"), [("Großkunden", "GROSSKUNDEN"), ("Zürich", unicodedata.normalize("NFD", "ZÜRICH"))])
def test_letters_are_one_however_they_are_written(one: str, other: str) -> None:
    """Composed or not, folded as Unicode says."""
    assert normalised(one) == normalised(other)


def test_other_names_stay_others() -> None:
    """Nothing inside of a name is dropped."""
    assert normalised("Dept 1") != normalised("Dept1")


def test_the_first_spelling_in_code_point_order_is_shown() -> None:
    """The same for everybody, whoever is asked about."""
    assert "DEPT-1" == shown("dept-1", ["Dept-1", None, "Other", "DEPT-1", "dept-1"])
    assert "alone" == shown("alone", [])
