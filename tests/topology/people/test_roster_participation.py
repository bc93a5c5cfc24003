"""Rules of the roster about enrolments: what is passed on, and what a refusal takes back (engine/programme/people/roster.py)."""

from datetime import UTC, datetime

import pytest

from engine.core.execution import Outcome
from engine.programme.messages import ParticipationReported
from tests.builders import (
    PROGRAMME,
    StructuredEvent,
    enrolled,
    hired,
    nominated,
    paused,
    resumed,
    role_changed,
    training_completed,
    updated,
    withdrawn,
)
from tests.topology.stories.people_stage import UNKNOWN_PROGRAMME, PeopleDriver

HIRED = hired("ann", "2025-01-06T09:00:00Z", department="Sales")
TENS = [f"2025-01-{day}T10:00:00Z" for day in range(10, 16)]


@pytest.fixture
def driver() -> PeopleDriver:
    """Return a people stage in which ann works."""
    driver = PeopleDriver()
    driver.pipe(HIRED)
    return driver


def statuses(driver: PeopleDriver) -> dict[str, str]:
    """Return ann's status per programme."""
    return {enrolment["programme_id"]: enrolment["status"] for enrolment in driver.seen("ann")["enrolments"]}


def test_every_participation_event_reaches_its_programme_with_the_facts(driver: PeopleDriver) -> None:
    """The programme never has to ask back."""
    events = [
        nominated("ann", TENS[0]),
        enrolled("ann", TENS[1]),
        paused("ann", TENS[2]),
        resumed("ann", TENS[3]),
        withdrawn("ann", TENS[4]),
    ]
    driver.pipe(*events)

    reported = [heard.message for heard in driver.heard(PROGRAMME) if isinstance(heard.message, ParticipationReported)]
    assert [event["id"] for event in events] == [message.event.id for message in reported]
    assert {"Sales"} == {message.facts.department for message in reported}


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([nominated("ann", TENS[0])], "invited"),
        ([training_completed("ann", TENS[0])], "known"),
        ([training_completed("ann", TENS[0]), nominated("ann", TENS[1])], "invited"),
        ([nominated("ann", TENS[0]), enrolled("ann", TENS[1])], "enrolled"),
        ([enrolled("ann", TENS[0]), nominated("ann", TENS[1])], "enrolled"),
        ([enrolled("ann", TENS[0]), updated("ann", TENS[1])], "enrolled"),
        ([enrolled("ann", TENS[0]), paused("ann", TENS[1])], "paused"),
        ([enrolled("ann", TENS[0]), paused("ann", TENS[1]), updated("ann", TENS[2])], "paused"),
        ([enrolled("ann", TENS[0]), paused("ann", TENS[1]), resumed("ann", TENS[2])], "enrolled"),
        ([enrolled("ann", TENS[0]), withdrawn("ann", TENS[1])], "withdrawn"),
        ([enrolled("ann", TENS[0]), withdrawn("ann", TENS[1]), updated("ann", TENS[2])], "withdrawn"),
        ([enrolled("ann", TENS[0]), withdrawn("ann", TENS[1]), enrolled("ann", TENS[2])], "enrolled"),
    ],
)
def test_the_row_keeps_the_status(driver: PeopleDriver, events: list[StructuredEvent], status: str) -> None:
    """One status per programme, after the person's own events."""
    driver.pipe(*events)

    assert {PROGRAMME: status} == statuses(driver)


def test_since_is_when_the_status_began(driver: PeopleDriver) -> None:
    """An update of the profile does not begin it anew."""
    driver.pipe(enrolled("ann", TENS[0]), updated("ann", TENS[1]))

    assert [{"programme_id": PROGRAMME, "status": "enrolled", "since": TENS[0]}] == driver.seen("ann")["enrolments"]


def test_whoever_withdrew_is_not_spoken_of_any_more(driver: PeopleDriver) -> None:
    """Facts go only where the person takes part, the invited and the trained included."""
    driver.pipe(enrolled("ann", TENS[0], "a"), nominated("ann", TENS[0], "b"), training_completed("ann", TENS[0], "c"))
    driver.pipe(withdrawn("ann", TENS[1], "a"), role_changed("ann", TENS[2], department="Legal"))

    assert [0, 1, 1] == [len(driver.facts(programme_id)) for programme_id in ("a", "b", "c")]


def test_a_refused_enrolment_is_withdrawn_and_judged_anew_when_repeated(driver: PeopleDriver) -> None:
    """The dead letter holds the original bytes; the mark goes, because the programme may come."""
    event = enrolled("ann", TENS[0], UNKNOWN_PROGRAMME)
    outcomes = [driver.pipe(event), driver.pipe(event)]

    assert [Outcome.DEAD_LETTERED, Outcome.DEAD_LETTERED] == outcomes
    assert {UNKNOWN_PROGRAMME: "withdrawn"} == statuses(driver)
    assert ["dlq.mentorship.participation.v1"] == [letter.topic for letter in driver.dead_letters()]


def test_a_pause_with_an_end_is_over_when_that_day_begins(driver: PeopleDriver) -> None:
    """people.N3: no event is needed, and a pause that ended before it was reported is none."""
    driver.pipe(
        role_changed("ann", TENS[0], timezone="Asia/Tokyo"), enrolled("ann", TENS[0]), paused("ann", TENS[1], until_on="2025-02-01")
    )
    driver.pipe(enrolled("ann", TENS[0], "other"), paused("ann", TENS[1], "other", until_on="2025-01-11"))
    driver.advance(datetime(2025, 1, 31, 14, 59, 59, tzinfo=UTC))
    before = statuses(driver)
    driver.advance(datetime(2025, 1, 31, 15, tzinfo=UTC))

    assert {PROGRAMME: "paused", "other": "enrolled"} == before
    assert {PROGRAMME: "enrolled", "other": "enrolled"} == statuses(driver)


def test_somebody_unknown_may_enrol_and_is_told_of_once_hired() -> None:
    """The row comes first, the hire makes it real."""
    driver = PeopleDriver()
    driver.pipe(enrolled("eve", TENS[0]), hired("eve", TENS[1]))

    assert ["unknown", "active"] == [heard.message.facts.employment.value for heard in driver.heard(PROGRAMME)]
    assert datetime(2025, 1, 11, 10, tzinfo=UTC) == driver.facts(PROGRAMME)[0].since_at
