"""Rules of a person's row (engine/programme/people/person.py); more than one record: tests/topology/people/test_roster*.py."""

from datetime import UTC, date, datetime

import pytest

from engine.programme.facts.attributes import Attribute
from engine.programme.facts.person_facts import Cancellation, FactKind, HrFact
from engine.programme.messages import Employment, PersonFacts
from engine.programme.people.enrolment import Enrolment, EnrolmentStatus
from engine.programme.people.person import Person, brought_up_to, invitable, timed, with_hires_cancelled, with_hr_fact
from schemas.frozen import replace
from schemas.terms.ids import PersonId, ProgrammeId

TOLD_AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
PROGRAMME = ProgrammeId("p")


def a_hire(day: date = date(2025, 1, 6)) -> HrFact:
    """Build a hire into Sales in Tokyo, where days begin at 15:00 UTC of the day before."""
    says = ((Attribute.DEPARTMENT, "Sales"), (Attribute.TIMEZONE, "Asia/Tokyo"))
    return HrFact(kind=FactKind.HIRED, effective_on=day, time=TOLD_AT, id="hire", says=says)


def active() -> Person:
    """Build somebody hired on 6 January 2025."""
    return brought_up_to(with_hr_fact(Person(person_id=PersonId("ann")), a_hire()), TOLD_AT)


def test_facts_hold_what_is_in_force() -> None:
    """A programme may know of the person what the row says is in force, and no more."""
    person = with_hr_fact(active(), HrFact(kind=FactKind.DEPARTED, effective_on=date(2025, 6, 30), time=TOLD_AT, id="d"))

    expected = PersonFacts(
        person_id=PersonId("ann"), employment=Employment.ACTIVE, hired_on=date(2025, 1, 6), department="Sales", timezone="Asia/Tokyo"
    )
    assert expected == person.facts()


def test_a_timer_is_set_to_the_next_pending_fact() -> None:
    """One timer per row."""
    person = with_hr_fact(active(), HrFact(kind=FactKind.DEPARTED, effective_on=date(2025, 6, 30), time=TOLD_AT, id="d"))

    assert datetime(2025, 6, 30, 15, tzinfo=UTC) == timed(person).wake_at


def test_p2_a_row_with_nothing_but_a_cancellation_is_bare_and_stays() -> None:
    """A hire that comes again after years is still void."""
    person = timed(with_hires_cancelled(active(), Cancellation(time=TOLD_AT, id="z")))

    assert (True, None) == (person.is_bare, person.wake_at)


def test_a_void_fact_is_not_taken_in() -> None:
    """A cancellation that came first voids the hire that comes late."""
    person = with_hires_cancelled(Person(person_id=PersonId("ann")), Cancellation(time=TOLD_AT, id="z"))

    assert person == with_hr_fact(person, a_hire())


@pytest.mark.parametrize(
    ("at", "is_invitable"), [(datetime(2025, 2, 4, 14, 59, 59, tzinfo=UTC), False), (datetime(2025, 2, 4, 15, tzinfo=UTC), True)]
)
def test_an_invitation_waits_for_the_days_after_the_hire(at: datetime, *, is_invitable: bool) -> None:
    """Thirty local days, counted from the hire in force."""
    assert is_invitable is invitable(active(), PROGRAMME, eligible_after_days=30, department=None, at=at)


@pytest.mark.parametrize(("department", "is_invitable"), [("Sales", True), ("Legal", False)])
def test_an_invitation_may_be_for_one_department(department: str, *, is_invitable: bool) -> None:
    """The department in force counts."""
    assert is_invitable is invitable(active(), PROGRAMME, eligible_after_days=0, department=department, at=TOLD_AT)


@pytest.mark.parametrize("status", list(EnrolmentStatus))
def test_an_invitation_goes_once_and_never_to_somebody_who_has_left(status: EnrolmentStatus) -> None:
    """Only somebody of whom the programme has merely heard (a training, say) may still be invited."""
    enrolment = Enrolment(programme_id=PROGRAMME, status=status, since_at=TOLD_AT)
    person = replace(active(), enrolments=(enrolment,))

    is_invitable = invitable(person, PROGRAMME, eligible_after_days=0, department=None, at=TOLD_AT)
    assert (status is EnrolmentStatus.KNOWN) is is_invitable


def test_only_somebody_active_is_invited() -> None:
    """Not before the first day, not while away, not after the last."""
    expected = with_hr_fact(Person(person_id=PersonId("ann")), a_hire(date(2025, 3, 1)))
    away = brought_up_to(
        with_hr_fact(active(), HrFact(kind=FactKind.LEAVE_STARTED, effective_on=date(2025, 1, 6), time=TOLD_AT, id="l")), TOLD_AT
    )

    assert [False, False] == [
        invitable(person, PROGRAMME, eligible_after_days=0, department=None, at=TOLD_AT) for person in (expected, away)
    ]
