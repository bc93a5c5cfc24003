"""Rules of the roster: facts end alike in any order of arrival."""

from datetime import date
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    StructuredEvent,
    departed,
    departure_cancelled,
    hire_cancelled,
    hired,
    leave_ended,
    leave_started,
    role_changed,
)
from tests.topology.stories.people_stage import PeopleDriver
from tests.topology.stories.roster_days import JAN_6, JAN_7, JAN_8, at


def _piped(events: list[StructuredEvent]) -> dict[str, Any]:
    """Pipe events, let everything take effect, and return what is known of ann."""
    driver = PeopleDriver()
    driver.pipe(*events)
    driver.advance(at("2025-03-20T00:00:00Z"))
    people = driver.people()
    return people.get("ann", {})


def test_hires_departures_and_cancellations_end_alike_in_any_order_of_arrival() -> None:
    """A cancellation voids what is earlier or equal by (time, id), even if that arrives after it."""
    events = [
        hired("ann", JAN_6, effective_on="2025-02-03", department="Sales", manager_id="max"),
        hire_cancelled("ann", JAN_7),
        hired("ann", JAN_8, effective_on="2025-02-10", department="Legal"),
        departed("ann", "2025-01-09T09:00:00Z", effective_on="2025-02-20"),
        departure_cancelled("ann", "2025-01-10T09:00:00Z"),
    ]
    ends = [_piped(list(order)) for order in permutations(events)]

    assert [ends[0]] * len(ends) == ends
    assert ("active", "Legal", None, "2025-02-10") == tuple(
        ends[0][name] for name in ("employment", "department", "manager_id", "hired_on")
    )


days = st.dates(date(2024, 12, 30), date(2025, 1, 12))
times = st.integers(0, 9).map(lambda hour: f"2025-01-06T{hour:02}:00:00Z")
names = st.sampled_from(["Sales", "Legal", "Finance", None])
zones = st.sampled_from(["Asia/Tokyo", "America/New_York", "UTC"])


@st.composite
def role_changes(draw: st.DrawFn) -> list[StructuredEvent]:
    """Draw a hire and a few role changes of one person, some for the same days."""
    changes = [
        role_changed(
            "ann",
            draw(times),
            effective_on=draw(days),
            n=n,
            **draw(st.fixed_dictionaries({}, optional={"department": names, "location": names, "timezone": zones}).filter(bool)),
        )
        for n in range(draw(st.integers(1, 6)))
    ]
    return [hired("ann", draw(times), effective_on=draw(days), department="Hired", job_level=3), *changes]


@given(events=role_changes(), data=st.data())
def test_facts_end_alike_in_any_order_of_arrival(events: list[StructuredEvent], data: st.DataObject) -> None:
    """facts.F1: the newest fact of each attribute holds in the end, whichever came first."""
    shuffled = data.draw(st.permutations(events))

    assert _piped(events) == _piped(shuffled)


@st.composite
def careers(draw: st.DrawFn) -> list[StructuredEvent]:
    """Draw hires, departures, leaves and cancellations of one person."""
    events: list[StructuredEvent] = []
    for n in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["hired", "departed", "leave_started", "leave_ended", "hire_cancelled", "departure_cancelled"]))
        when = draw(times)
        match kind:
            case "hired":
                events.append(hired("ann", when, effective_on=draw(days), n=n, department=f"hire {n}"))
            case "departed":
                events.append(departed("ann", when, effective_on=draw(days), n=n))
            case "leave_started":
                events.append(leave_started("ann", when, effective_on=draw(days), n=n))
            case "leave_ended":
                events.append(leave_ended("ann", when, effective_on=draw(days), n=n))
            case "hire_cancelled":
                events.append(hire_cancelled("ann", when, n=n))
            case _:
                events.append(departure_cancelled("ann", when, n=n))
    return events


@given(events=careers(), data=st.data())
def test_careers_end_alike_in_any_order_of_arrival(events: list[StructuredEvent], data: st.DataObject) -> None:
    """Hires, departures, leaves and cancellations commute, whether they arrive before their days or after them."""
    shuffled = data.draw(st.permutations(events))

    assert _piped(events) == _piped(shuffled)
