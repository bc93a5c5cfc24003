"""Ids and routing by them (schemas/terms/ids.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.terms.ids import (
    ERASED,
    PAIRING_ID_PATTERN,
    PROGRAMME_ID_PATTERN,
    PairingId,
    PairingIdField,
    PersonIdField,
    SomebodyField,
    programme_of,
)


@given(pairing_id=st.from_regex(PAIRING_ID_PATTERN, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_a_pairing_names_its_programme(pairing_id: str) -> None:
    """Anyone can route by a pairing id, without looking anything up."""
    assert pairing_id == f"{programme_of(PairingId(pairing_id))}.{pairing_id[-16:]}"
    assert pairing_id == TypeAdapter(PairingIdField).validate_python(pairing_id)


@pytest.mark.parametrize(
    "wrong", ["alpha", "alpha.", "alpha.0123", "alpha.0123456789ABCDEF", "Alpha.0123456789abcdef", ".0123456789abcdef"]
)
def test_other_shapes_are_no_pairing_ids(wrong: str) -> None:
    """A programme, a dot, sixteen lower-case hex digits."""
    with pytest.raises(ValidationError):
        TypeAdapter(PairingIdField).validate_python(wrong)


def test_a_coordinator_fits_where_a_person_does() -> None:
    """`coordinator:<programme_id>` is a person id, for the longest programme id too."""
    longest = "coordinator:" + "a" * 40

    assert longest == TypeAdapter(PersonIdField).validate_python(longest)
    assert PROGRAMME_ID_PATTERN.endswith("{0,39}")


def test_nobody_is_called_erased() -> None:
    """The id that stands for erased people is in outputs; no event is about somebody of that name."""
    assert ERASED == TypeAdapter(PersonIdField).validate_python(ERASED)
    with pytest.raises(ValidationError, match="reserved"):
        TypeAdapter(SomebodyField).validate_python(ERASED)
