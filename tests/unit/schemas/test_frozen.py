"""Frozen values (schemas/frozen.py)."""

import gc
from copy import copy, deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.effects import Delete, Put, StageName
from engine.core.row_codec import RowCodec
from engine.programme.people.person import Person
from engine.programme.people.tables import PEOPLE
from engine.topology import build
from schemas.frozen import Frozen, field, replace
from schemas.terms.ids import PersonId

AT = datetime(2025, 3, 1, tzinfo=UTC)
PERSON = Person(person_id=PersonId("p-1"), registered_with=PersonId("p-9"))
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "person_id": st.just(PersonId("p-2")),
    "line": st.lists(st.just(PersonId("p-3"))).map(tuple),
    "is_line_cyclic": st.booleans(),
    "wake_at": st.none() | st.just(AT),
}


class Named(Frozen, kw_only=True):
    """Fields by name, one with a default that is made anew."""

    kind: int
    values: dict[str, int] = field(default_factory=dict)


@given(changes=st.fixed_dictionaries({}, optional=CHANGES))
def test_a_copy_has_the_changes_and_the_rest(changes: dict[str, Any]) -> None:
    """It equals and hashes like a value that was made with these fields, and the original stays as it was."""
    before = {name: getattr(PERSON, name) for name in PERSON.__struct_fields__}

    found, expected = replace(PERSON, **changes), Person(**{**before, **changes})

    assert (expected, hash(expected)) == (found, hash(found))
    assert before == {name: getattr(PERSON, name) for name in PERSON.__struct_fields__}


def test_a_value_and_its_copies_are_frozen() -> None:
    """What is handed on can't be changed by whoever has it."""
    for value in (PERSON, replace(PERSON, wake_at=AT), copy(PERSON), deepcopy(PERSON)):
        with pytest.raises(AttributeError):
            value.wake_at = None  # type: ignore[misc]


def test_a_field_that_is_not_there_is_an_error() -> None:
    """Neither given nor changed; and those that must be given by name aren't taken by place."""
    with pytest.raises(TypeError):
        replace(PERSON, other=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Named(kind=1, other=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Named(1)  # type: ignore[misc]


def test_values_of_two_classes_differ() -> None:
    """The same fields mean something else in another class."""
    assert Put(PEOPLE, "p", PERSON) != Delete(PEOPLE, "p")
    assert Named(kind=1) == Named(kind=1, values={})


def test_a_made_default_is_its_own() -> None:
    """Two values share no default."""
    assert Named(kind=1).values is not Named(kind=1).values


def test_the_garbage_collector_has_nothing_to_do_with_them() -> None:
    """Many are made for each event; to look for cycles among them would cost and find none."""
    assert not any(gc.is_tracked(value) for value in (PERSON, Put(PEOPLE, "p", PERSON), Named(kind=1)))


def test_every_row_is_such_a_value() -> None:
    """Runtimes encode and decode all rows alike, and a row comes back equal."""
    rows = [table.row_type for stage in build().stages.values() for table in stage.tables.values()]

    assert rows
    assert all(issubclass(row, Frozen) for row in rows)
    people = RowCodec(build().stages[StageName.PEOPLE])
    assert people.decode("people", people.encode(PERSON)) == PERSON
