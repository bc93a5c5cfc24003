"""Frozen values, made fast and with some fields changed."""

from dataclasses import FrozenInstanceError, astuple, dataclass, field
from dataclasses import replace as replaced_by_the_library
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.programme.people.person import Person
from schemas.frozen import quick, replace
from schemas.terms.ids import PersonId

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


@dataclass(frozen=True, slots=True)
class Listed:
    """Has a default that is made anew for each value."""

    values: dict[str, int] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """Fields by place and by name, with and without a default, with names that could get in the way."""

    kind: int
    twin: str = "t"
    new: tuple[int, ...] = field(default=(1,), kw_only=True)
    copy: bool = field(kw_only=True)


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
    with pytest.raises(AttributeError):
        replace(Single(1), other=2)  # type: ignore[call-arg]


def test_a_class_that_checks_itself_is_refused() -> None:
    """Copying slots would pass its checks by."""
    with pytest.raises(AssertionError):
        replace(Checked(1), value=-1)


def test_a_quick_class_takes_what_it_declares() -> None:
    """Arguments go to their fields by place or by name, and what is left out has its default."""
    made = Quick(1, "u", copy=True)

    assert ((1, "u", (1,), True), (2, "t", (), False)) == (astuple(made), astuple(Quick(kind=2, new=(), copy=False)))


def test_a_quick_class_wants_what_it_declares() -> None:
    """A field without a default has to be there, and no other may."""
    with pytest.raises(TypeError, match="copy"):
        Quick(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="old"):
        Quick(1, copy=True, old=1)  # type: ignore[call-arg]


def test_a_quick_value_is_frozen_and_compares() -> None:
    """It can't be changed, is equal to one with the same fields, hashes like it, and knows its class."""
    made, same = Quick(1, copy=True), replace(Quick(2, copy=True), kind=1)

    with pytest.raises(FrozenInstanceError):
        made.kind = 2  # type: ignore[misc]
    assert (made, hash(made), repr(made), Quick) == (same, hash(same), repr(same), type(made))


def test_a_class_with_a_made_default_is_refused() -> None:
    """A default that is made anew for each value has no place in a plain assignment."""
    with pytest.raises(AssertionError):
        quick(Listed)
