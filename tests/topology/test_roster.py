"""Rules of the roster: HR facts, employment and their effective days, through the whole people stage (engine/processors/roster.py)."""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.messages import Employment, NudgeIntended, OutreachTerms, ParticipantErased
from engine.effects import StageName
from engine.processors.people_tables import PEOPLE
from schemas.codes import NudgeKey
from schemas.ids import PairingId, PersonId, ProgrammeId
from tests.builders import (
    PROGRAMME,
    StructuredEvent,
    departed,
    departure_cancelled,
    enrolled,
    erased,
    hire_cancelled,
    hired,
    leave_ended,
    leave_started,
    paused,
    resumed,
    role_changed,
)
from tests.topology.people_stage import PeopleDriver

JAN_6 = "2025-01-06T09:00:00Z"
JAN_7 = "2025-01-07T09:00:00Z"
JAN_8 = "2025-01-08T09:00:00Z"


def at(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def driver() -> PeopleDriver:
    """Return an empty people stage."""
    return PeopleDriver()


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
    """F1: the order is by effective day, whatever order facts arrive in."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01", department="Sales", location="Bonn"))
    driver.pipe(role_changed("ann", JAN_7, effective_on="2025-01-01", department="Legal"))
    driver.pipe(role_changed("ann", JAN_8, effective_on="2024-06-01", department="Finance", location="Kiel"))

    seen = driver.seen("ann")
    assert ("Legal", "Kiel") == (seen["department"], seen["location"])


def test_recorded_time_then_sequence_order_facts_of_one_day(driver: PeopleDriver) -> None:
    """F1: of two facts for one day, the one that HR wrote down later holds, then the one with the higher sequence."""
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
    """F3: the zone in force counts, and what it has brought into force stays (F2)."""
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


def test_a_departure_takes_effect_when_its_day_is_over(driver: PeopleDriver) -> None:
    """Everything else begins with its day; the last day of work still counts."""
    driver.pipe(hired("ann", JAN_6, timezone="Europe/Berlin"), departed("ann", JAN_7, effective_on="2025-01-31"))
    driver.advance(at("2025-01-31T22:59:59Z"))
    on_the_last_day = driver.employment("ann")
    driver.advance(at("2025-01-31T23:00:00Z"))

    assert (Employment.ACTIVE, Employment.DEPARTED) == (on_the_last_day, driver.employment("ann"))


def test_only_leave_ended_ends_a_leave(driver: PeopleDriver) -> None:
    """E2: the expected return informs and no more."""
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
    """E3: leaves count in the order of their days, not of their arrival."""
    driver.pipe(hired("ann", "2024-12-01T09:00:00Z"), leave_ended("ann", JAN_7), leave_started("ann", JAN_8, effective_on="2025-01-02"))

    assert Employment.ACTIVE is driver.employment("ann")


def test_a_cancelled_future_hire_makes_the_person_unknown_and_the_row_goes(driver: PeopleDriver) -> None:
    """Nothing of the hire is left but the cancellation, and that goes with the marks of its time."""
    driver.pipe(hired("ann", JAN_6, effective_on="2025-02-01", manager_id="max", department="Sales"), hire_cancelled("ann", JAN_7))
    row = driver.person("ann")
    driver.advance(at("2025-03-01T00:00:00Z"))
    in_march = driver.seen("ann")
    driver.advance(at("2025-04-08T00:00:00Z"))

    assert row is not None
    assert row.is_bare
    assert ("unknown", None, []) == (in_march["employment"], in_march["department"], in_march["pending"])
    assert driver.person("ann") is None


def test_a_hire_cancelled_after_its_day_takes_everything_it_said_with_it(driver: PeopleDriver) -> None:
    """The person is unknown, stands under no manager and takes part in nothing; the programme hears `unknown`."""
    driver.pipe(hired("ann", JAN_6, manager_id="max"), enrolled("ann", JAN_6), hire_cancelled("ann", JAN_7))

    assert Employment.UNKNOWN is driver.facts(PROGRAMME)[-1].facts.employment
    assert ([], []) == (driver.reports("max"), driver.seen("ann")["enrolments"])


def test_a_cancellation_brings_back_what_the_hire_had_pushed_aside(driver: PeopleDriver) -> None:
    """F4: a hire that is void never happened, so an older hire's values hold again."""
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
    """P1: departure and hire take effect at one instant, yet what there was has ended."""
    driver.pipe(hired("ann", JAN_6), enrolled("ann", JAN_6))
    driver.pipe(departed("ann", JAN_7, effective_on="2025-01-31"), hired("ann", JAN_8, effective_on="2025-02-01"))
    driver.advance(at("2025-02-01T00:00:00Z"))

    assert Employment.ACTIVE is driver.employment("ann")
    assert [Employment.DEPARTED] == [message.facts.employment for message in driver.facts(PROGRAMME)]
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_whoever_departs_takes_part_in_nothing_although_a_return_is_planned(driver: PeopleDriver) -> None:
    """P1: expected back is gone for now; programmes hear the farewell."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6))
    driver.pipe(departed("ann", JAN_7), hired("ann", JAN_7, effective_on="2025-06-01"))
    driver.advance(at("2025-01-08T00:00:00Z"))

    assert Employment.EXPECTED is driver.employment("ann")
    assert [Employment.DEPARTED] == [message.facts.employment for message in driver.facts(PROGRAMME)]
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


@pytest.mark.parametrize("is_departure_first", [True, False])
def test_hired_again_on_the_last_day_is_back_and_takes_part_in_nothing(driver: PeopleDriver, is_departure_first: bool) -> None:
    """E3, P1: HR's newer word is the hire, so the person stays; what there was ended with the day, whichever arrives first."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6))
    words = [departed("ann", JAN_7, effective_on="2025-01-31"), hired("ann", JAN_8, effective_on="2025-01-31")]
    driver.pipe(*(words if is_departure_first else words[::-1]))
    driver.advance(at("2025-01-31T12:00:00Z"))
    on_the_last_day = (driver.employment("ann"), [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]])
    driver.advance(at("2025-02-01T00:00:00Z"))

    assert (Employment.ACTIVE, ["enrolled"]) == on_the_last_day
    assert (Employment.ACTIVE, "2025-01-31") == (driver.employment("ann"), driver.seen("ann")["hired_on"])
    assert [Employment.DEPARTED] == [message.facts.employment for message in driver.facts(PROGRAMME)][-1:]
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_a_departure_recorded_after_the_hire_of_its_day_ends_it(driver: PeopleDriver) -> None:
    """E3: hired, and gone with the end of the same day."""
    driver.pipe(hired("ann", JAN_7, effective_on="2025-01-31"), departed("ann", JAN_8, effective_on="2025-01-31"))
    driver.advance(at("2025-01-31T12:00:00Z"))
    on_the_day = driver.employment("ann")
    driver.advance(at("2025-02-01T00:00:00Z"))

    assert (Employment.ACTIVE, Employment.DEPARTED) == (on_the_day, driver.employment("ann"))


def test_a_late_departure_ends_what_began_before_it_however_often_it_paused(driver: PeopleDriver) -> None:
    """P1: a pause is no new beginning."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6), paused("ann", JAN_8), resumed("ann", JAN_8))
    driver.pipe(
        hired("ann", "2025-01-08T12:00:00Z", effective_on="2025-01-07"), departed("ann", "2025-01-08T11:00:00Z", effective_on="2025-01-07")
    )

    assert Employment.ACTIVE is driver.employment("ann")
    assert ["withdrawn"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_an_old_departure_that_arrives_late_leaves_a_newer_enrolment_alone(driver: PeopleDriver) -> None:
    """P1: only what began before the departure ends with it."""
    driver.pipe(hired("ann", JAN_6, effective_on="2025-01-02"), enrolled("ann", JAN_6))
    driver.pipe(hired("ann", JAN_7, effective_on="2024-01-02"), departed("ann", JAN_8, effective_on="2024-06-30"))

    assert ["enrolled"] == [enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]]


def test_erasure_removes_the_row_and_tells_programmes(driver: PeopleDriver) -> None:
    """What HR said is gone, the person stands under no manager, and what is older brings nothing back."""
    driver.pipe(hired("ann", JAN_6, manager_id="max", department="Sales"), enrolled("ann", JAN_6), erased("ann", JAN_8))
    driver.pipe(role_changed("ann", JAN_7, department="Legal"))

    assert None is driver.person("ann")
    assert ParticipantErased(programme_id=PROGRAMME, erased_id="ann") == driver.heard(PROGRAMME)[-1].message
    assert [] == driver.reports("max")


def test_a_fact_that_changes_nothing_in_force_is_told_to_nobody(driver: PeopleDriver) -> None:
    """Nothing is sent where nothing changed: a repeated value, and an attribute that programmes never see."""
    driver.pipe(hired("ann", JAN_6, department="Sales"), enrolled("ann", JAN_6))
    driver.pipe(role_changed("ann", JAN_7, department="Sales"), role_changed("ann", JAN_8, job_family="Law"))

    assert [] == driver.facts(PROGRAMME)


def test_programmes_hear_of_a_pending_fact_when_it_takes_effect_and_not_before(driver: PeopleDriver) -> None:
    """The change is dated to the start of its day, in the order of programme ids."""
    driver.pipe(hired("ann", JAN_6), enrolled("ann", JAN_6, "b"), enrolled("ann", JAN_7, "a"))
    driver.pipe(role_changed("ann", JAN_8, effective_on="2025-02-01", department="Sales"))
    driver.advance(at("2025-01-31T23:59:59Z"))
    before = [*driver.facts("a"), *driver.facts("b")]
    driver.advance(at("2025-02-03T10:00:00Z"))

    assert [] == before
    told = [*driver.facts("a"), *driver.facts("b")]
    assert [("a", "Sales", at("2025-02-01T00:00:00Z")), ("b", "Sales", at("2025-02-01T00:00:00Z"))] == [
        (message.programme_id, message.facts.department, message.since_at) for message in told
    ]


def test_a_late_tick_tells_once_since_the_first_of_what_was_due(driver: PeopleDriver) -> None:
    """Everything that is due comes into force at once, however late; the zone of the first decides the instant of the second."""
    driver.pipe(hired("ann", JAN_6, timezone="UTC"), enrolled("ann", JAN_6))
    driver.pipe(role_changed("ann", JAN_7, effective_on="2025-02-01", timezone="Asia/Tokyo"))
    driver.pipe(role_changed("ann", JAN_8, effective_on="2025-02-03", department="Sales"))
    driver.tick_late(at("2025-02-02T15:00:00Z"))

    told = [(message.facts.timezone, message.facts.department, message.since_at) for message in driver.facts(PROGRAMME)]
    assert [("Asia/Tokyo", "Sales", at("2025-02-01T00:00:00Z"))] == told


def test_a_back_dated_change_is_dated_now(driver: PeopleDriver) -> None:
    """Nobody could have acted on it before it was known."""
    driver.pipe(hired("ann", JAN_6, effective_on="2024-01-01"), enrolled("ann", JAN_6))
    driver.pipe(role_changed("ann", JAN_8, effective_on="2024-06-01", department="Sales"))

    assert [at(JAN_8)] == [message.since_at for message in driver.facts(PROGRAMME)]


def test_no_pending_fact_leaves_the_row_before_its_day(driver: PeopleDriver) -> None:
    """A departure to come is in nobody's facts, the enrolment's included."""
    driver.pipe(hired("ann", JAN_6), departed("ann", JAN_7, effective_on="2025-02-28"), enrolled("ann", JAN_8))

    assert [Employment.ACTIVE] == [heard.message.facts.employment for heard in driver.heard(PROGRAMME)]


@pytest.mark.parametrize(
    "leaving",
    [
        departed("ann", JAN_7, effective_on="2025-01-07"),
        leave_started("ann", JAN_7, effective_on="2025-01-08"),
        leave_started("ann", JAN_7, effective_on="2025-01-07"),
    ],
)
def test_a_nudge_to_come_is_called_back_when_the_person_goes(driver: PeopleDriver, leaving: StructuredEvent) -> None:
    """Whether a fact takes effect by its event or by its timer, outreach looks at the ledger again at that instant."""
    terms = OutreachTerms(
        quiet_from="20:00",
        quiet_to="08:00",
        quiet_weekends=True,
        holidays=(date(2025, 1, 7), date(2025, 1, 8)),
        daily_cap=3,
        holdout_percent=0,
        soft_landing_days=10,
        policy_version=1,
    )
    intent = NudgeIntended(
        person_id=PersonId("ann"),
        programme_id=ProgrammeId(PROGRAMME),
        pairing_id=PairingId(f"{PROGRAMME}.0123456789abcdef"),
        key=NudgeKey.PAIRING_STARTED,
        occasion="1",
        params={"programme_id": PROGRAMME, "pairing_id": f"{PROGRAMME}.0123456789abcdef", "partner_id": "bob"},
        expires_at=at("2025-02-01T00:00:00Z"),
        terms=terms,
    )
    driver.pipe(hired("ann", JAN_6))
    driver.deliver("ann", intent, at("2025-01-07T08:30:00Z"))
    driver.pipe(leaving)
    driver.advance(at("2025-01-08T00:00:00Z"))

    assert (1, 1) == (len(driver.read(type_="nudge.requested")), len(driver.read(type_="nudge.cancelled")))


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
    """F1: the newest fact of each attribute holds in the end, whichever came first."""
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


def test_pending_role_changes_are_bounded_and_the_farthest_goes(driver: PeopleDriver) -> None:
    """F5: a feed can't grow a row without end."""
    driver.pipe(hired("ann", JAN_6))
    for n in range(70):
        driver.pipe(
            role_changed("ann", JAN_7, n=n, effective_on=date(2025, 2, 1).replace(month=2 + n // 28, day=1 + n % 28), location=f"{n}")
        )

    pending = driver.seen("ann")["pending"]
    assert [f"{n}" for n in range(64)] == [entry["value"] for entry in pending]


def test_employment_facts_are_bounded_and_the_hire_stays(driver: PeopleDriver) -> None:
    """F5: old leaves go first."""
    driver.pipe(hired("ann", "2020-01-01T09:00:00Z"))
    for n in range(30):
        day = f"2020-{2 + n // 28:02}-{1 + n % 28:02}"
        driver.pipe(leave_started("ann", f"{day}T01:00:00Z"), leave_ended("ann", f"{day}T02:00:00Z"))

    row = driver.row(StageName.PEOPLE, PEOPLE, "ann")
    assert (40, Employment.ACTIVE) == (len(row.history), row.employment)
