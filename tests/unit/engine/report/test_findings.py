"""Gaps in the data, told without pointing at anybody."""

from datetime import UTC, date, datetime

import pytest

from engine.programme.facts.attributes import Attributes
from engine.programme.facts.employment import Standing
from engine.programme.facts.person_facts import FactKind, HrFact
from engine.programme.messages import Employment
from engine.programme.people.person import Person
from engine.report.findings import Extent, Finding, feed, finding
from schemas.terms.ids import PersonId

K = 5


@pytest.mark.parametrize(
    ("count", "extent", "told"),
    [
        (0, Extent.NONE, 0),
        (1, Extent.FEW, None),
        (4, Extent.FEW, None),
        (5, Extent.COUNTED, 5),
        (15, Extent.COUNTED, 15),
        (16, Extent.NEARLY_ALL, None),
        (19, Extent.NEARLY_ALL, None),
        (20, Extent.ALL, 20),
    ],
)
def test_few_and_nearly_all_are_told_without_a_number(count: int, extent: Extent, told: int | None) -> None:
    """report.R3: of 20 people a gap of one to four, or all but one to four, has no number."""
    assert Finding(code="no_timezone", extent=extent, count=told, of=20) == finding("no_timezone", count, 20, K)


def test_gaps_are_looked_for_among_people_who_are_here() -> None:
    """Nobody needs to mend the time zone of somebody who has left."""
    here = [_person(f"p{number}", Employment.ACTIVE, timezone=None if number < 6 else "Europe/Paris") for number in range(20)]
    gone = [_person(f"q{number}", Employment.DEPARTED) for number in range(9)]

    found = {each.code: each for each in feed([*here, *gone], [], K).findings}

    assert Finding(code="no_timezone", extent=Extent.COUNTED, count=6, of=20) == found["no_timezone"]
    assert Extent.ALL is found["no_department"].extent
    assert Extent.NONE is found["line_cycle"].extent


def test_dead_letters_are_counted_by_code_most_frequent_first() -> None:
    """Few of a kind are told as few."""
    letters = feed([], ["malformed"] * 2 + ["stale_answer"] * 7, K).dead_letters

    assert (
        Finding(code="stale_answer", extent=Extent.COUNTED, count=7, of=9),
        Finding(code="malformed", extent=Extent.FEW, of=9),
    ) == letters


def test_people_who_left_are_no_difference_of_two_counts() -> None:
    """report.R3: 20 known and 18 here would tell of two who left."""
    people = [_person(f"p{number}", Employment.ACTIVE if number < 18 else Employment.DEPARTED) for number in range(20)]

    told = feed(people, [], K)

    assert (20, None) == (told.people_known, told.people_here)


def _person(person_id: str, employment: Employment, **attributes: str | None) -> Person:
    hire = HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 6), time=datetime(2025, 1, 6, tzinfo=UTC), id=person_id)
    return Person(
        person_id=PersonId(person_id), history=(hire,), standing=Standing(employment=employment), attributes=Attributes(**attributes)
    )
