"""Rules of what is left of a row (engine/programme/erasure/rules.py)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from engine.programme.erasure.rules import (
    ERASED_TOO,
    Erasure,
    later,
    named_at,
    named_in,
    names_a_stranger,
    pairing_without,
    participant_without,
    person_without,
    programme_without,
    survivor,
)
from engine.programme.facts.attributes import Attribute
from engine.programme.facts.person_facts import FactKind, HrFact
from engine.programme.messages import PersonFacts
from engine.programme.pairs import pairing as pairings
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant
from engine.programme.people.person import Person
from engine.programme.rounds.programme import Lock, Programme
from schemas.frozen import Frozen, replace
from schemas.terms.codes import PairingState, Track
from schemas.terms.ids import ERASED, PersonId

PAT, ANN, ZOE = PersonId("pat"), PersonId("ann"), PersonId("zoe")
AT = datetime(2025, 1, 8, 9, tzinfo=UTC)
SAMPLES: dict[Any, Any] = {
    str: "x",
    int: 1,
    float: 1.0,
    bool: False,
    datetime: AT,
    date: AT.date(),
}


def filled(hint: Any) -> Any:
    """Build a value of a type in which every person is Pat, and every tuple and option is there."""
    if hint is PersonId:
        return PAT
    if isinstance(hint, type) and issubclass(hint, Frozen):
        hints = get_type_hints(hint)
        return hint(**{name: filled(hints[name]) for name in hint.__struct_fields__})
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return (filled(args[0]),) if args[-1] is Ellipsis else tuple(map(filled, args))
    if origin is dict:
        return {"person_id": PAT}
    if args:
        return filled(next(arg for arg in args if arg is not type(None)))
    if hasattr(hint, "__supertype__"):
        return filled(hint.__supertype__)
    return SAMPLES[hint] if hint in SAMPLES else next(iter(hint))


def people_in(value: Any) -> Iterator[str]:
    """Yield every text that stands in a row, however deep."""
    if isinstance(value, Frozen):
        for name in value.__struct_fields__:
            yield from people_in(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from people_in(one)
    elif isinstance(value, dict):
        yield from people_in(tuple(value.values()))
    elif isinstance(value, str):
        yield value


def a_pairing(**changes: Any) -> Pairing:
    """A pair of Ann and Pat in which everybody that can be named is Pat."""
    pairing: Pairing = filled(Pairing)
    sides = tuple(replace(pairing.proposal.sides[0], person_id=one, need_points=n) for n, one in enumerate((ANN, PAT)))
    proposal = replace(pairing.proposal, sides=sides)
    return replace(pairing, **{"people": (ANN, PAT), "proposal": proposal, "bands": (0, 3), "state": PairingState.ENDED, **changes})


def test_no_field_of_a_pair_that_is_declared_a_person_is_forgotten() -> None:
    """Every field of the row's type, however deep; a new one fails here until erasure/rules knows it."""
    assert PAT in set(people_in(a_pairing()))
    assert PAT not in set(people_in(pairing_without(a_pairing(), PAT)))


def test_no_field_of_a_participant_that_is_declared_a_person_is_forgotten() -> None:
    """Of somebody else, whose own id is no matter."""
    named: Participant = filled(Participant)
    other = replace(named, person_id=ANN, facts=replace(named.facts, person_id=ANN))

    assert PAT in set(people_in(other))
    assert PAT not in set(people_in(participant_without(other, PAT)))


def test_a_pair_keeps_its_order_where_that_is_sorted() -> None:
    """`erased` comes after Ann."""
    row = pairing_without(a_pairing(), PAT)

    assert ((ANN, ERASED), (0, 3), (0, 1)) == (row.people, row.bands, tuple(side.need_points for side in row.proposal.sides))


def test_sides_are_turned_with_the_order_of_ids() -> None:
    """`erased` comes before Fay; bands and sides go with their person."""
    row = a_pairing(people=(PersonId("fay"), ZOE), bands=(0, 3))
    turned = pairing_without(row, ZOE)

    assert ((ERASED, "fay"), (3, 0)) == (turned.people, turned.bands)
    assert [1, 0] == [side.need_points for side in turned.proposal.sides]
    pairings.check(replace(turned, timers=(), settling=None))


def test_z3_both_sides_stay_apart() -> None:
    """The second one has a name of its own."""
    assert (ERASED, ERASED_TOO) == pairing_without(pairing_without(a_pairing(), PAT), ANN).people


def a_fact(*says: tuple[Attribute, Any], at: datetime = AT) -> HrFact:
    """A role change that is in force."""
    return HrFact(kind=FactKind.ROLE_CHANGED, effective_on=at.date(), time=at, id=f"{at}", says=says, in_force_at=at)


MANAGER = (Attribute.MANAGER_ID, PAT)
DOTTED = (Attribute.DOTTED_LINE_IDS, (PAT, ZOE))


def test_whom_the_facts_of_a_person_name() -> None:
    """Managers and dotted lines, never the person itself or nobody; the latest word counts."""
    facts = (
        a_fact(MANAGER),
        a_fact(DOTTED, at=AT + timedelta(days=1)),
        a_fact((Attribute.MANAGER_ID, ERASED)),
        a_fact((Attribute.MANAGER_ID, ANN)),
    )
    person = Person(person_id=ANN, history=facts)

    assert {PAT, ZOE} == named_in(person)
    assert (AT + timedelta(days=1), None) == (named_at(person, PAT), named_at(person, PersonId("max")))


@pytest.mark.parametrize(
    ("fact", "says"),
    [(MANAGER, (Attribute.MANAGER_ID, ERASED)), (DOTTED, (Attribute.DOTTED_LINE_IDS, (ERASED, ZOE)))],
)
def test_facts_up_to_the_erasure_read_erased(fact: tuple[Attribute, Any], says: tuple[Attribute, Any]) -> None:
    """Later ones are news; a department that reads like the id is none of it."""
    department = (Attribute.DEPARTMENT, "pat")
    person = Person(person_id=ANN, history=(a_fact(fact, department), a_fact(fact, at=AT + timedelta(days=1))))

    cleared = person_without(person, PAT, Erasure(erased_at=AT), None)

    assert [(says, department), (fact,)] == [kept.says for kept in cleared.history]
    assert person is person_without(person, ZOE, Erasure(erased_at=AT - timedelta(days=1)), None)


@pytest.mark.parametrize(("above_id", "expected"), [(ZOE, ZOE), (ANN, None), (None, None)])
def test_whoever_stood_over_an_erased_manager_stands_over_the_reports(above_id: PersonId | None, expected: PersonId | None) -> None:
    """But nobody over itself."""
    person = Person(person_id=ANN, history=(a_fact(MANAGER),), registered_with=PAT)

    assert expected == person_without(person, PAT, Erasure(erased_at=AT), above_id).above_erased


def test_what_was_said_later_survives_a_late_erasure() -> None:
    """As the history of somebody new."""
    late = a_fact(DOTTED, at=AT + timedelta(days=1))
    person = Person(person_id=PAT, history=(a_fact(MANAGER), late), registered_with=ZOE, line=(ZOE,))

    assert Person(person_id=PAT, history=(late,), erased_at=AT) == survivor(person, Erasure(erased_at=AT))


def test_the_later_erasure_reaches_further() -> None:
    """Whatever order they come in."""
    first, second = Erasure(erased_at=AT), Erasure(erased_at=AT + timedelta(days=1))

    assert second == later(first, second.erased_at) == later(second, first.erased_at)
    assert first == later(None, AT)


def test_a_lock_of_two_erased_people_goes() -> None:
    """There is nobody left to pair; one of them stays, to be refused."""
    programme = Programme(programme_id="p", policy_json="{}", created_at=AT, locks=(Lock(people=(ANN, PAT)), Lock(people=(ERASED, PAT))))  # type: ignore[arg-type]

    assert (Lock(people=(ANN, ERASED)),) == programme_without(programme, PAT).locks


def test_only_a_pair_with_an_erased_side_has_strangers() -> None:
    """In any other, whoever is not one of the two is refused by name."""
    erased = pairing_without(a_pairing(), PAT)

    assert [True, False, False] == [names_a_stranger(erased, (one,)) for one in (PAT, ANN, None)]
    assert not names_a_stranger(a_pairing(), (ZOE,))


def test_facts_of_others_keep_what_is_not_about_the_person() -> None:
    """The same row where nothing changes."""
    facts = PersonFacts(person_id=ANN, manager_id=PAT, line=(PAT, ZOE), dotted_line_ids=(ZOE,))
    row = Participant(programme_id="p", person_id=ANN, facts=facts)  # type: ignore[arg-type]

    assert (ERASED, (ERASED, ZOE)) == (participant_without(row, PAT).facts.manager_id, participant_without(row, PAT).facts.line)
    assert row is participant_without(row, PersonId("max"))
    assert Track.MUTUAL is pairing_without(a_pairing(track=Track.MUTUAL), PAT).track
