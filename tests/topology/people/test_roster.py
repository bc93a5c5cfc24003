"""Rules of the roster: which fact is in force when, through the whole people stage (engine/programme/people/roster.py)."""

from datetime import UTC, date, datetime

from engine.programme.messages import Employment
from tests.builders import (
    PROGRAMME,
    departed,
    enrolled,
    hired,
    leave_ended,
    leave_started,
    role_changed,
)
from tests.topology.stories.people_stage import PeopleDriver
from tests.topology.stories.roster_days import JAN_6, JAN_7, JAN_8, at


def test_a_hire_of_today_is_active_with_what_it_says(driver: PeopleDriver) -> None:
    """A fact whose day has begun applies at once; what a hire leaves out, nobody has said, and the zone is the default."""
    driver.pipe(hired("ann", JAN_6, department="Sales", languages=["de", "en"], job_level=4))

    seen = driver.seen("ann")
    assert ("active", "2025-01-06", "Sales", ["de", "en"], 4) == tuple(
        seen[name] for name in ("employment", "hired_on", "department", "languages", "job_level")
    )
    assert ("UTC", None, []) == (seen["timezone"], seen["manager_id"], seen["dotted_line_ids"])


def test_a_future_hire_is_expected_until_its_day_begins_in_the_persons_zone(driver: PeopleDriver) -> None:
    """Nothing of a pending fact is in force before midnight in the person's zone; the zone is the one that the pending hire names."""
    driver.pipe(hired("ann", JAN_6, effective_on="2025-02-01", timezone="Asia/Tokyo", department="Sales"))
    driver.advance(at("2025-01-31T14:59:59Z"))
    before = driver.seen("ann")
    driver.advance(at("2025-01-31T15:00:00Z"))
    after = driver.seen("ann")

    assert ("expected", None, None) == (before["employment"], before["department"], before["hired_on"])
    assert {"attribute": "employment", "value": "active", "effective_on": "2025-02-01"} == before["pending"][0]
    assert {"attribute": "department", "value": "Sales", "effective_on": "2025-02-01"} in before["pending"]
    assert ("active", "Sales", "2025-02-01", []) == tuple(after[name] for name in ("employment", "department", "hired_on", "pending"))


def test_a_role_change_sets_what_it_names_and_null_clears(driver: PeopleDriver) -> None:
    """Attributes that a change does not name stay."""
    driver.pipe(hired("ann", JAN_6, department="Sales", location="Bonn", job_level=4))
    driver.pipe(role_changed("ann", JAN_7, department="Legal", location=None))

    seen = driver.seen("ann")
    assert ("Legal", None, 4) == (seen["department"], seen["location"], seen["job_level"])


def test_a_back_dated_fact_applies_at_once_but_never_over_a_newer_one(driver: PeopleDriver) -> None:
    """facts.F1: the order is by effective day, whatever order facts arrive in."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01", department="Sales", location="Bonn"))
    driver.pipe(role_changed("ann", JAN_7, effective_on="2025-01-01", department="Legal"))
    driver.pipe(role_changed("ann", JAN_8, effective_on="2024-06-01", department="Finance", location="Kiel"))

    seen = driver.seen("ann")
    assert ("Legal", "Kiel") == (seen["department"], seen["location"])


def test_recorded_time_then_sequence_order_facts_of_one_day(driver: PeopleDriver) -> None:
    """facts.F1: of two facts for one day, the one that HR wrote down later holds, then the one with the higher sequence."""
    driver.pipe(hired("ann", JAN_6, department="Sales", location="Bonn"))
    driver.pipe(
        role_changed("ann", JAN_7, effective_on="2025-01-07", department="new", attributes={"recordedtime": "2025-01-07T08:00:00Z"})
    )
    driver.pipe(
        role_changed("ann", JAN_8, effective_on="2025-01-07", department="old", attributes={"recordedtime": "2025-01-07T07:00:00Z"})
    )
    driver.pipe(role_changed("ann", JAN_8, effective_on="2025-01-08", n=1, location="second", attributes={"sequence": 2}))
    driver.pipe(role_changed("ann", JAN_8, effective_on="2025-01-08", n=2, location="first", attributes={"sequence": 1}))

    seen = driver.seen("ann")
    assert ("new", "second") == (seen["department"], seen["location"])


def test_a_pending_move_of_zone_decides_when_the_next_day_begins(driver: PeopleDriver) -> None:
    """facts.F3: the zone in force counts, and what it has brought into force stays (facts.F2)."""
    driver.pipe(hired("ann", JAN_6, timezone="Asia/Tokyo"))
    driver.pipe(role_changed("ann", JAN_7, effective_on="2025-02-01", timezone="America/New_York", department="Sales"))
    driver.pipe(role_changed("ann", JAN_7, n=1, effective_on="2025-02-02", department="Legal"))
    departments = []
    for instant in ("2025-01-31T14:59:59Z", "2025-01-31T15:00:00Z", "2025-02-02T04:59:59Z", "2025-02-02T05:00:00Z"):
        driver.advance(at(instant))
        departments.append(driver.seen("ann")["department"])

    assert [None, "Sales", "Sales", "Legal"] == departments


def test_a_day_without_midnight_begins_with_its_first_instant(driver: PeopleDriver) -> None:
    """São Paulo had no midnight on 2018-11-04: that day began at 01:00, which is 03:00 UTC."""
    driver.pipe(hired("ann", "2018-11-01T09:00:00Z", timezone="America/Sao_Paulo"))
    driver.pipe(role_changed("ann", "2018-11-02T09:00:00Z", effective_on="2018-11-04", department="Sales"))

    assert datetime(2018, 11, 4, 3, tzinfo=UTC) == driver.person("ann").wake_at  # type: ignore[union-attr]


def test_facts_about_somebody_never_hired_make_an_unknown_row_that_a_hire_makes_real(driver: PeopleDriver) -> None:
    """Feeds arrive out of order."""
    driver.pipe(role_changed("ann", JAN_6, department="Sales"))
    before = driver.employment("ann")
    driver.pipe(hired("ann", JAN_7, effective_on="2025-01-01", department="Legal"))

    assert (Employment.UNKNOWN, Employment.ACTIVE, "Sales") == (before, driver.employment("ann"), driver.seen("ann")["department"])


def test_only_leave_ended_ends_a_leave(driver: PeopleDriver) -> None:
    """facts.E2: the expected return informs and no more."""
    driver.pipe(hired("ann", JAN_6), enrolled("ann", JAN_6))
    driver.pipe(leave_started("ann", JAN_7, expected_return_on="2025-02-01"))
    driver.advance(at("2025-03-01T00:00:00Z"))
    on_leave = driver.facts(PROGRAMME)[-1].facts
    driver.pipe(leave_ended("ann", "2025-03-02T09:00:00Z", effective_on="2025-03-03"))
    driver.advance(at("2025-03-03T00:00:00Z"))
    back = driver.facts(PROGRAMME)[-1].facts

    assert (Employment.ON_LEAVE, date(2025, 2, 1), None) == (on_leave.employment, on_leave.expected_return_on, on_leave.leave_ended_at)
    assert (Employment.ACTIVE, None, at("2025-03-03T00:00:00Z")) == (back.employment, back.expected_return_on, back.leave_ended_at)


def test_a_leave_ended_before_it_was_reported_started_is_over(driver: PeopleDriver) -> None:
    """facts.E3: leaves count in the order of their days, not of their arrival."""
    driver.pipe(hired("ann", "2024-12-01T09:00:00Z"), leave_ended("ann", JAN_7), leave_started("ann", JAN_8, effective_on="2025-01-02"))

    assert Employment.ACTIVE is driver.employment("ann")


def test_no_pending_fact_leaves_the_row_before_its_day(driver: PeopleDriver) -> None:
    """A departure to come is in nobody's facts, the enrolment's included."""
    driver.pipe(hired("ann", JAN_6), departed("ann", JAN_7, effective_on="2025-02-28"), enrolled("ann", JAN_8))

    assert [Employment.ACTIVE] == [heard.message.facts.employment for heard in driver.heard(PROGRAMME)]


def test_pending_role_changes_are_bounded_and_the_farthest_goes(driver: PeopleDriver) -> None:
    """facts.H2: a feed can't grow a row without end."""
    driver.pipe(hired("ann", JAN_6))
    for n in range(70):
        driver.pipe(
            role_changed("ann", JAN_7, n=n, effective_on=date(2025, 2, 1).replace(month=2 + n // 28, day=1 + n % 28), location=f"{n}")
        )

    pending = driver.seen("ann")["pending"]
    assert [f"{n}" for n in range(64)] == [entry["value"] for entry in pending]


def test_employment_facts_are_bounded_and_the_hire_stays(driver: PeopleDriver) -> None:
    """facts.H2: old leaves go first, each whole."""
    driver.pipe(hired("ann", "2020-01-01T09:00:00Z"))
    for n in range(30):
        day = f"2020-{2 + n // 28:02}-{1 + n % 28:02}"
        driver.pipe(leave_started("ann", f"{day}T01:00:00Z"), leave_ended("ann", f"{day}T02:00:00Z"))

    row = driver.person("ann")
    assert row is not None
    assert (39, Employment.ACTIVE) == (len(row.history), row.employment)
