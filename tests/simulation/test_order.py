"""What the order of arrival may change, and what it may not.

Facts of HR commute: any order of the same feed ends in the same people and lines. A repeated event changes nothing, wherever it comes.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.programme.people import tables
from engine.simulation.year import ProgrammeYear
from engine.testing import TopologyDriver
from tests import builders
from tests.depth import deep
from tests.model.people import KINDS, kind_of, people_at
from tests.simulation.watching.watch import Json, play

PEOPLE_COUNT: Final = 24
MONTHS: Final = 3
HEARD_AT: Final = datetime(2025, 4, 10, tzinfo=UTC)
"""When the permuted feed arrives: after some of its days and before others."""

people = st.sampled_from("abcde")
days = st.dates(datetime(2025, 4, 1, tzinfo=UTC).date(), datetime(2025, 4, 20, tzinfo=UTC).date())
hours_ago = st.integers(0, 200)


@st.composite
def hr_events(draw: st.DrawFn) -> Json:
    """One HR event of one of five people, written down some time before it arrives."""
    who, day, at = draw(people), draw(days), HEARD_AT - timedelta(hours=draw(hours_ago))
    match draw(st.sampled_from(("hired", "manager", "manager", "department", "leave", "back", "departed", "stays", "never"))):
        case "hired":
            return builders.hired(who, at, effective_on=day, manager_id=draw(people.filter(lambda one: one != who)), department="sales")
        case "manager":
            return builders.role_changed(who, at, effective_on=day, manager_id=draw(st.one_of(st.none(), people)))
        case "department":
            return builders.role_changed(who, at, effective_on=day, department=draw(st.sampled_from(("legal", None))))
        case "leave":
            return builders.leave_started(who, at, effective_on=day)
        case "back":
            return builders.leave_ended(who, at, effective_on=day)
        case "departed":
            return builders.departed(who, at, effective_on=day)
        case "stays":
            return builders.departure_cancelled(who, at)
        case _:
            return builders.hire_cancelled(who, at)


@st.composite
def permuted_feeds(draw: st.DrawFn) -> tuple[list[Json], list[Json]]:
    """A feed, and the same in another order; every id once."""
    told = draw(st.lists(hr_events(), min_size=2, max_size=14))
    feed = [{**event, "id": f"{number:02}"} for number, event in enumerate(told)]
    return feed, draw(st.permutations(feed))


def arrived(feed: list[Json]) -> TopologyDriver:
    """Let a feed arrive at one moment, whatever was written down when."""
    driver = TopologyDriver()
    driver.advance(HEARD_AT)
    driver.pipe(*feed)
    return driver


def known_of(driver: TopologyDriver) -> dict[str, Any]:
    """Return what the engine makes of everybody."""
    rows = driver.rows(StageName.PEOPLE).scan(tables.PEOPLE, "")
    return {
        person_id: (str(row.employment), row.attributes.manager_id, list(row.line), row.attributes.department) for person_id, row in rows
    }


@given(feeds=permuted_feeds(), later_days=st.integers(0, 15))
def test_hr_facts_commute(feeds: tuple[list[Json], list[Json]], later_days: int) -> None:
    """The same facts in another order end in the same people, today and on every later day."""
    drivers = [arrived(feed) for feed in feeds]
    for driver in drivers:
        driver.advance(HEARD_AT + timedelta(days=later_days))

    assert known_of(drivers[0]) == known_of(drivers[1])


@given(feeds=permuted_feeds(), later_days=st.integers(0, 15))
def test_hr_facts_come_to_what_the_model_says(feeds: tuple[list[Json], list[Json]], later_days: int) -> None:
    """Employment, manager, department and line are those of the naive model."""
    at = HEARD_AT + timedelta(days=later_days)
    driver = arrived(feeds[1])
    driver.advance(at)

    model = people_at([(HEARD_AT, event) for event in feeds[1]], at)
    expected = {
        who: (model.employment(who), model.attribute(who, "manager_id"), model.line(who), model.attribute(who, "department"))
        for who in "abcde"
    }
    nobody: tuple[Any, ...] = ("unknown", None, [], None)
    assert {who: expected[who] for who in "abcde"} == {who: known_of(driver).get(who, nobody) for who in "abcde"}


@cache
def recorded_quarter() -> tuple[tuple[Json, ...], str]:
    """Return the inputs of a simulated quarter, and the state that they come to."""
    driver, inputs = TopologyDriver(), list[Json]()
    for _, events in play(driver, ProgrammeYear(people=PEOPLE_COUNT, seed=3, months=MONTHS)):
        inputs += events
    return tuple(inputs), everything(replayed(inputs))


def replayed(inputs: list[Json]) -> TopologyDriver:
    """Pipe recorded inputs and let the quarter run out."""
    driver = TopologyDriver()
    driver.pipe(*inputs)
    driver.advance(datetime(2025, 4, 20, tzinfo=UTC))
    return driver


def everything(driver: TopologyDriver) -> str:
    """Return all tables and all outputs, exactly."""
    return repr(([driver.rows(stage).tables for stage in StageName], driver.store.outputs))  # type: ignore[attr-defined]


@pytest.mark.slow
@settings(max_examples=deep(4))
@given(data=st.data())
def test_repeated_events_change_nothing(data: st.DataObject) -> None:
    """Any event again, at once or some sixty events later, leaves every table and every output as without it."""
    inputs, expected = recorded_quarter()
    again = data.draw(st.dictionaries(st.integers(0, len(inputs) - 1), st.integers(0, 60), min_size=1, max_size=60))
    repeats = [(position + later, True, inputs[position]) for position, later in again.items()]
    told = sorted([*((position, False, event) for position, event in enumerate(inputs)), *repeats], key=lambda entry: entry[:2])

    assert expected == everything(replayed([event for _, _, event in told]))


def test_a_quarter_has_something_to_repeat() -> None:
    """The recorded quarter is lively: hires, enrolments, answers and sessions are all there."""
    kinds = {kind_of(event) for event in recorded_quarter()[0]}

    assert {"participation.enrolled", "pairing.answered", "session.completed", "nudge.delivered"} <= kinds
    assert kinds & KINDS


def test_a_repeated_event_is_counted_as_a_duplicate() -> None:
    """A no-op is still counted."""
    driver = TopologyDriver()
    event = builders.hired("a", HEARD_AT)

    assert [Outcome.APPLIED, Outcome.DUPLICATE] == [driver.pipe(event), driver.pipe(event)]
