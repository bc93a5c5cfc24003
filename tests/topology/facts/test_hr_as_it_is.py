"""Rules of HR facts as feeds send them: odd values, leaves that overlap, two sources; findings at the end of the day."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.programme.messages import Employment
from schemas.topics import AUDIT
from tests.builders import StructuredEvent, hired, leave_ended, leave_started, role_changed
from tests.depth import deep
from tests.topology.stories.people_stage import PeopleDriver
from tests.topology.stories.roster_days import JAN_6, JAN_7, JAN_8, at

LATER = at("2026-01-01T00:00:00Z")


@pytest.fixture
def driver() -> PeopleDriver:
    """A people stage of its own."""
    return PeopleDriver()


def findings(driver: PeopleDriver) -> list[tuple[str, str]]:
    """Tick until everything is published, and return code and field of each finding."""
    driver.advance(LATER)
    return [(found["data"]["code"], found["data"]["field"]) for found in driver.read(type_="hr.finding")]


def test_an_odd_value_does_not_cost_the_manager_change(driver: PeopleDriver) -> None:
    """The rest of the fact counts, and the finding names the field."""
    driver.pipe(hired("ann", JAN_6, job_level=3), role_changed("ann", JAN_7, manager_id="bob", job_level=13))

    assert ("bob", 3) == (driver.seen("ann")["manager_id"], driver.seen("ann")["job_level"])
    assert [("unreadable", "job_level")] == findings(driver)


def test_a_finding_is_published_as_the_day_ends_without_the_person(driver: PeopleDriver) -> None:
    """Not with the fact, whose place in the log would name somebody."""
    driver.pipe(hired("ann", JAN_6, timezone="Mars/Olympus"))
    at_once = driver.read(AUDIT.name)
    findings(driver)
    published = driver.read(AUDIT.name)

    assert ([], ["2025-01-07T00:00:00Z"]) == (at_once, [found["time"] for found in published])
    assert all("ann" not in str(found) and "causation" not in found for found in published)


def test_what_is_odd_again_is_news_and_what_comes_again_is_not(driver: PeopleDriver) -> None:
    """A file that is read a second time after its marks have gone reports nothing anew."""
    events = [hired("ann", JAN_6, department=""), role_changed("ann", JAN_7, department=" ")]
    driver.pipe(*events)
    driver.advance(at("2025-06-01T00:00:00Z"))
    row = driver.person("ann")

    driver.pipe(*events)

    assert [("blank", "department")] * 2 == findings(driver)
    assert row == driver.person("ann")


def test_findings_are_counted_by_code(driver: PeopleDriver) -> None:
    """An alert sees a feed that has begun to send nonsense."""
    driver.pipe(hired("ann", JAN_6, timezone="Mars/Olympus", department=""))

    assert {"blank", "unreadable"} == {note.labels["code"] for note in driver.store.notes if note.metric == "bothways_hr_findings_total"}


def test_a_hire_by_another_source_counts_and_is_reported(driver: PeopleDriver) -> None:
    """Ids are the organisation's; of somebody who has left, another source is nothing odd."""
    driver.pipe(hired("ann", JAN_6, department="Sales"), hired("ann", JAN_7, department="Legal", attributes={"source": "other"}))

    assert "Legal" == driver.seen("ann")["department"]
    assert [("two_sources", "source")] == findings(driver)


def test_one_source_may_hire_again(driver: PeopleDriver) -> None:
    """A second hire by the same feed is a correction."""
    driver.pipe(hired("ann", JAN_6), hired("ann", JAN_7))

    assert [] == findings(driver)


LEAVE = {
    "an end by name ends that leave": (
        [
            leave_started("ann", JAN_7, leave_id="a"),
            leave_started("ann", JAN_7, leave_id="b", n=1),
            leave_ended("ann", JAN_8, leave_id="b"),
        ],
        (Employment.ON_LEAVE, []),
    ),
    "the last end brings the person back": (
        [
            leave_started("ann", JAN_7, leave_id="a"),
            leave_started("ann", JAN_7, leave_id="b", n=1),
            leave_ended("ann", JAN_8, leave_id="b"),
            leave_ended("ann", JAN_8, leave_id="a", n=1),
        ],
        (Employment.ACTIVE, []),
    ),
    "an unknown name ends nothing and is reported": (
        [leave_started("ann", JAN_7, leave_id="a"), leave_ended("ann", JAN_8, leave_id="c")],
        (Employment.ON_LEAVE, [("unknown_leave", "leave_id")]),
    ),
    "a name that is told twice is one leave": (
        [
            leave_started("ann", JAN_7, leave_id="a"),
            leave_started("ann", JAN_8, leave_id="a"),
            leave_ended("ann", "2025-01-09T09:00:00Z", leave_id="a"),
        ],
        (Employment.ACTIVE, []),
    ),
    "without a name the end is of the one that should end that day": (
        [
            leave_started("ann", JAN_6, n=1, expected_return_on="2025-02-01"),
            leave_started("ann", JAN_7, expected_return_on="2025-01-08", leave_id="b"),
            leave_ended("ann", JAN_8),
            leave_ended("ann", "2025-01-09T09:00:00Z", leave_id="b"),
        ],
        (Employment.ON_LEAVE, []),
    ),
    "else of the one that started first": (
        [
            leave_started("ann", JAN_6, n=1, leave_id="a"),
            leave_started("ann", JAN_7, leave_id="b"),
            leave_ended("ann", JAN_8),
            leave_ended("ann", "2025-01-09T09:00:00Z", leave_id="b"),
        ],
        (Employment.ACTIVE, []),
    ),
}


@pytest.mark.parametrize("name", LEAVE)
def test_leaves_may_overlap(driver: PeopleDriver, name: str) -> None:
    """Away until the last leave has ended."""
    events, expected = LEAVE[name]
    driver.pipe(hired("ann", JAN_6), *events)

    assert expected == (driver.employment("ann"), findings(driver))


def test_the_expected_return_is_the_last_one_and_open_if_any_is(driver: PeopleDriver) -> None:
    """Nobody knows when somebody comes back of whom one leave is open."""
    driver.pipe(hired("ann", JAN_6), leave_started("ann", JAN_7, leave_id="a", expected_return_on="2025-03-01"))
    driver.pipe(leave_started("ann", JAN_7, leave_id="b", n=1, expected_return_on="2025-02-01"))
    row = driver.person("ann")
    assert row is not None
    both = row.standing.expected_return_on
    driver.pipe(leave_started("ann", JAN_8, leave_id="c", expected_return_on="9999-12-31"))
    row = driver.person("ann")
    assert row is not None

    assert (date(2025, 3, 1), None) == (both, row.standing.expected_return_on)


NAMES = st.sampled_from([None, "a", "b", "c"])
ODD = st.sampled_from(
    [{"department": ""}, {"timezone": "Mars"}, {"timezone": "W. Europe Standard Time"}, {"job_level": 14}, {"manager_id": "bob"}]
)


@st.composite
def _facts(draw: st.DrawFn) -> list[StructuredEvent]:
    """Draw HR facts of one person, each with an instant of its own."""
    made: list[StructuredEvent] = [hired("ann", JAN_6)]
    for n in range(draw(st.integers(1, 10))):
        told_at = at(JAN_7) + timedelta(minutes=n)
        day = (date(2025, 1, 6) + timedelta(days=draw(st.integers(0, 6)))).isoformat()
        more: dict[str, Any] = {"effective_on": day, "n": n}
        match draw(st.integers(0, 3)):
            case 0:
                until = draw(st.sampled_from([None, "2025-01-09", "2025-01-10", "9999-12-31"]))
                made.append(leave_started("ann", told_at, leave_id=draw(NAMES), expected_return_on=until, **more))
            case 1:
                made.append(leave_ended("ann", told_at, leave_id=draw(NAMES), **more))
            case 2:
                made.append(hired("ann", told_at, **draw(ODD), **more))
            case _:
                made.append(role_changed("ann", told_at, **draw(ODD), **more))
    return made


@settings(max_examples=deep(60), deadline=None)
@given(facts=_facts(), data=st.data())
def test_any_order_of_arrival_ends_in_the_same_row(facts: list[StructuredEvent], data: st.DataObject) -> None:
    """Facts are kept and folded, not applied one by one; after all of their days the rows are the same."""
    rows = []
    for order in (facts, data.draw(st.permutations(facts))):
        driver = PeopleDriver()
        driver.advance(at("2025-02-01T00:00:00Z"))
        driver.pipe(*order)
        rows.append(driver.person("ann"))

    assert rows[0] == rows[1]
