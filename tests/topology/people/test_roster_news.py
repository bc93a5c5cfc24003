"""Rules of the roster: what programmes and outreach hear of a fact, and when."""

from datetime import date

import pytest

from engine.programme.messages import NudgeIntended, ParticipantErased
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey
from schemas.terms.ids import PairingId, PersonId, ProgrammeId
from tests.builders import (
    PROGRAMME,
    StructuredEvent,
    departed,
    enrolled,
    erased,
    hired,
    leave_started,
    role_changed,
)
from tests.outreach_terms import TERMS
from tests.topology.stories.people_stage import PeopleDriver
from tests.topology.stories.roster_days import JAN_6, JAN_7, JAN_8, at


def test_erasure_removes_the_row_and_tells_programmes(driver: PeopleDriver) -> None:
    """What HR said is gone, the person stands under no manager, and what is older brings nothing back."""
    driver.pipe(hired("ann", JAN_6, manager_id="max", department="Sales"), enrolled("ann", JAN_6), erased("ann", JAN_8))
    driver.pipe(role_changed("ann", JAN_7, department="Legal"))

    assert None is driver.person("ann")
    assert ParticipantErased(programme_id=ProgrammeId(PROGRAMME), erased_id=PersonId("ann")) == driver.heard(PROGRAMME)[-1].message
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
    terms = replace(TERMS, holidays=(date(2025, 1, 7), date(2025, 1, 8)))
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
