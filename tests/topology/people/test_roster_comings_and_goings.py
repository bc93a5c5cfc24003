"""Rules of the roster: departures, cancellations and people who come back."""

import pytest

from engine.programme.messages import Employment
from tests.builders import (
    PROGRAMME,
    departed,
    departure_cancelled,
    enrolled,
    hire_cancelled,
    hired,
    paused,
    resumed,
)
from tests.topology.stories.people_stage import PeopleDriver
from tests.topology.stories.roster_days import JAN_6, JAN_7, JAN_8, at


def test_a_departure_takes_effect_when_its_day_is_over(driver: PeopleDriver) -> None:
    """Everything else begins with its day; the last day of work still counts."""
    driver.pipe(hired("ann", JAN_6, timezone="Europe/Berlin"), departed("ann", JAN_7, effective_on="2025-01-31"))
    driver.advance(at("2025-01-31T22:59:59Z"))
    on_the_last_day = driver.employment("ann")
    driver.advance(at("2025-01-31T23:00:00Z"))

    assert (Employment.ACTIVE, Employment.DEPARTED) == (on_the_last_day, driver.employment("ann"))


def test_a_cancelled_future_hire_makes_the_person_unknown_for_ever(driver: PeopleDriver) -> None:
    """Nothing of the hire is left but the cancellation, so a file that is read again after the marks have gone can't revive it."""
    driver.pipe(hired("ann", JAN_6, effective_on="2025-02-01", manager_id="max", department="Sales"), hire_cancelled("ann", JAN_7))
    row = driver.person("ann")
    driver.advance(at("2025-03-01T00:00:00Z"))
    in_march = driver.seen("ann")
    driver.advance(at("2025-04-08T00:00:00Z"))
    driver.pipe(hired("ann", JAN_6, effective_on="2025-02-01", manager_id="max", department="Sales"))

    assert row is not None
    assert row.is_bare
    assert ("unknown", None, []) == (in_march["employment"], in_march["department"], in_march["pending"])
    assert row == driver.person("ann")


def test_a_hire_cancelled_after_its_day_takes_everything_it_said_with_it(driver: PeopleDriver) -> None:
    """The person is unknown, stands under no manager and takes part in nothing; the programme hears `unknown`."""
    driver.pipe(hired("ann", JAN_6, manager_id="max"), enrolled("ann", JAN_6), hire_cancelled("ann", JAN_7))

    assert Employment.UNKNOWN is driver.facts(PROGRAMME)[-1].facts.employment
    person = driver.person("ann")
    assert person is not None
    assert person.is_bare
    assert ([], [False]) == (driver.reports("max"), [enrolment.takes_part for enrolment in person.enrolments])


def test_a_cancellation_brings_back_what_the_hire_had_pushed_aside(driver: PeopleDriver) -> None:
    """facts.F4: a hire that is void never happened, so an older hire's values hold again."""
    driver.pipe(hired("ann", JAN_7, effective_on="2025-01-02", department="Sales"))
    driver.pipe(hired("ann", JAN_6, effective_on="2025-01-05", department="Legal"))
    before = driver.seen("ann")["department"]
    driver.pipe(hire_cancelled("ann", "2025-01-06T12:00:00Z"))

    assert ("Legal", "Sales") == (before, driver.seen("ann")["department"])


def test_a_cancelled_departure_never_takes_effect(driver: PeopleDriver) -> None:
    """A cancellation voids departures up to its own (time, id)."""
    driver.pipe(hired("ann", JAN_6), departed("ann", JAN_7, effective_on="2025-01-31"), departure_cancelled("ann", JAN_8))
    driver.advance(at("2025-02-10T00:00:00Z"))

    assert Employment.ACTIVE is driver.employment("ann")


def test_a_departure_after_the_cancellation_counts(driver: PeopleDriver) -> None:
    """Only earlier or equal ones are void."""
    driver.pipe(hired("ann", JAN_6), departure_cancelled("ann", JAN_7), departed("ann", JAN_8))
    driver.advance(at("2025-01-09T00:00:00Z"))

    assert Employment.DEPARTED is driver.employment("ann")


def test_hired_again_is_expected_then_active_and_takes_part_in_nothing(driver: PeopleDriver) -> None:
    """The same person id comes back; enrolments don't."""
    driver.pipe(hired("ann", JAN_6), enrolled("ann", JAN_6), departed("ann", JAN_7))
    driver.advance(at("2025-01-09T00:00:00Z"))
    driver.pipe(hired("ann", "2025-01-10T09:00:00Z", effective_on="2025-02-01"))
    states = [driver.employment("ann")]
    driver.advance(at("2025-02-01T00:00:00Z"))
    states.append(driver.employment("ann"))

    assert [Employment.EXPECTED, Employment.ACTIVE] == states
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]
    assert Employment.DEPARTED is driver.facts(PROGRAMME)[-1].facts.employment


def test_a_programme_hears_the_farewell_of_somebody_who_is_hired_again_the_next_day(driver: PeopleDriver) -> None:
    """people.P1: departure and hire take effect at one instant, yet what there was has ended."""
    driver.pipe(hired("ann", JAN_6), enrolled("ann", JAN_6))
    driver.pipe(departed("ann", JAN_7, effective_on="2025-01-31"), hired("ann", JAN_8, effective_on="2025-02-01"))
    driver.advance(at("2025-02-01T00:00:00Z"))

    assert Employment.ACTIVE is driver.employment("ann")
    assert [True] == [message.is_leaving for message in driver.facts(PROGRAMME)]
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_whoever_departs_takes_part_in_nothing_although_a_return_is_planned(driver: PeopleDriver) -> None:
    """people.P1: expected back is gone for now; programmes hear the farewell."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6))
    driver.pipe(departed("ann", JAN_7), hired("ann", JAN_7, effective_on="2025-06-01"))
    driver.advance(at("2025-01-08T00:00:00Z"))

    assert Employment.EXPECTED is driver.employment("ann")
    assert [True] == [message.is_leaving for message in driver.facts(PROGRAMME)]
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


@pytest.mark.parametrize("is_departure_first", [True, False])
def test_hired_again_on_the_last_day_is_back_and_takes_part_in_nothing(driver: PeopleDriver, is_departure_first: bool) -> None:
    """facts.E3, people.P1: HR's newer word is the hire, so the person stays; what there was ended with the day, whichever arrives first."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6))
    words = [departed("ann", JAN_7, effective_on="2025-01-31"), hired("ann", JAN_8, effective_on="2025-01-31")]
    driver.pipe(*(words if is_departure_first else words[::-1]))
    driver.advance(at("2025-01-31T12:00:00Z"))
    on_the_last_day = (driver.employment("ann"), [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]])
    driver.advance(at("2025-02-01T00:00:00Z"))

    assert (Employment.ACTIVE, ["enrolled"]) == on_the_last_day
    assert (Employment.ACTIVE, "2025-01-31") == (driver.employment("ann"), driver.seen("ann")["hired_on"])
    assert [True] == [message.is_leaving for message in driver.facts(PROGRAMME)][-1:]
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_a_departure_recorded_after_the_hire_of_its_day_ends_it(driver: PeopleDriver) -> None:
    """facts.E3: hired, and gone with the end of the same day."""
    driver.pipe(hired("ann", JAN_7, effective_on="2025-01-31"), departed("ann", JAN_8, effective_on="2025-01-31"))
    driver.advance(at("2025-01-31T12:00:00Z"))
    on_the_day = driver.employment("ann")
    driver.advance(at("2025-02-01T00:00:00Z"))

    assert (Employment.ACTIVE, Employment.DEPARTED) == (on_the_day, driver.employment("ann"))


def test_a_late_departure_ends_what_began_before_it_however_often_it_paused(driver: PeopleDriver) -> None:
    """people.P1: a pause is no new beginning."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6), paused("ann", JAN_8), resumed("ann", JAN_8))
    driver.pipe(
        hired("ann", "2025-01-08T12:00:00Z", effective_on="2025-01-07"), departed("ann", "2025-01-08T11:00:00Z", effective_on="2025-01-07")
    )

    assert Employment.ACTIVE is driver.employment("ann")
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_an_old_departure_that_arrives_late_leaves_a_newer_enrolment_alone(driver: PeopleDriver) -> None:
    """people.P1: only what began before the departure ends with it."""
    driver.pipe(hired("ann", JAN_6, effective_on="2025-01-02"), enrolled("ann", JAN_6))
    driver.pipe(hired("ann", JAN_7, effective_on="2024-01-02"), departed("ann", JAN_8, effective_on="2024-06-30"))

    assert ["enrolled"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]
