"""Frozen values with some fields changed."""

from dataclasses import FrozenInstanceError, dataclass
from dataclasses import replace as replaced_by_the_library
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.frozen import replace
from engine.domain.person import Person
from schemas.ids import PersonId

AT = datetime(2025, 3, 1, tzinfo=UTC)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "person_id": st.just(PersonId("p-2")),
    "line": st.lists(st.just(PersonId("p-3"))).map(tuple),
    "is_line_cyclic": st.booleans(),
    "wake_at": st.none() | st.just(AT),
}


@dataclass(frozen=True, slots=True)
class Single:
    """One field."""

    value: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Checks itself when it is made."""

    value: int

    def __post_init__(self) -> None:
        assert self.value > 0


@given(changes=st.fixed_dictionaries({}, optional=CHANGES))
def test_replace_gives_what_the_library_gives(changes: dict[str, Any]) -> None:
    """A copy equals that of `dataclasses.replace`, hashes alike, and leaves the original as it was."""
    person = Person(person_id=PersonId("p-1"), registered_with=PersonId("p-9"))
    expected = replaced_by_the_library(person, **changes)
    found = replace(person, **changes)
    assert found == expected
    assert hash(found) == hash(expected)
    assert person == Person(person_id=PersonId("p-1"), registered_with=PersonId("p-9"))


def test_a_copy_is_frozen() -> None:
    """What comes out can't be changed either."""
    with pytest.raises(FrozenInstanceError):
        replace(Single(1), value=2).value = 3  # type: ignore[misc]


def test_a_class_with_one_field_is_copied() -> None:
    """The number of fields plays no part."""
    assert replace(Single(1), value=2) == Single(2)


def test_an_unknown_field_is_an_error() -> None:
    """A field that isn't there can't be changed."""
    with pytest.raises(KeyError):
        replace(Single(1), other=2)  # type: ignore[call-arg]


def test_a_class_that_checks_itself_is_refused() -> None:
    """Copying slots would pass its checks by."""
    with pytest.raises(AssertionError):
        replace(Checked(1), value=-1)
