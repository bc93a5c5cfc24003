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
    ("count", "extent"),
    [
        (0, Extent.NONE),
        (1, Extent.FEW),
        (4, Extent.FEW),
        (5, Extent.SOME),
        (10, Extent.SOME),
        (11, Extent.MOST),
        (15, Extent.MOST),
        (16, Extent.NEARLY_ALL),
        (19, Extent.NEARLY_ALL),
        (20, Extent.ALL),
    ],
)
def test_how_far_a_gap_goes_is_told_without_a_number(count: int, extent: Extent) -> None:
    """report.R3: of 20 people a gap has no number, however many they are."""
    assert Finding(code="no_timezone", extent=extent) == finding("no_timezone", count, 20, K)


def test_gaps_are_looked_for_among_people_who_are_here() -> None:
    """Nobody needs to mend the time zone of somebody who has left."""
    here = [_person(f"p{number}", Employment.ACTIVE, timezone=None if number < 6 else "Europe/Paris") for number in range(20)]
    gone = [_person(f"q{number}", Employment.DEPARTED) for number in range(9)]

    found = {each.code: each for each in feed([*here, *gone], [], K).findings}

    assert Finding(code="no_timezone", extent=Extent.SOME) == found["no_timezone"]
    assert Extent.ALL is found["no_department"].extent
    assert Extent.NONE is found["line_cycle"].extent


def test_dead_letters_are_counted_by_code_most_frequent_first() -> None:
    """Few of a kind are told as few."""
    letters = feed([], ["malformed"] * 2 + ["stale_answer"] * 7, K).dead_letters

    assert (
        Finding(code="stale_answer", extent=Extent.COUNTED, count=7),
        Finding(code="malformed", extent=Extent.FEW),
    ) == letters


def _person(person_id: str, employment: Employment, **attributes: str | None) -> Person:
    hire = HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 6), time=datetime(2025, 1, 6, tzinfo=UTC), id=person_id)
    return Person(
        person_id=PersonId(person_id), history=(hire,), standing=Standing(employment=employment), attributes=Attributes(**attributes)
    )
