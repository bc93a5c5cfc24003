"""Rules of employment (engine/programme/facts/employment.py)."""

from datetime import UTC, date, datetime

import pytest

from engine.programme.facts.employment import Standing, standing
from engine.programme.facts.person_facts import FactKind, HrFact, brought_into_force
from engine.programme.messages import Employment

HIRED, LEAVE_STARTED, LEAVE_ENDED, DEPARTED = FactKind.HIRED, FactKind.LEAVE_STARTED, FactKind.LEAVE_ENDED, FactKind.DEPARTED
IN_MARCH = datetime(2025, 3, 1, tzinfo=UTC)


def after(*facts: tuple[FactKind, int], at: datetime = IN_MARCH) -> Standing:
    """Fold facts of days of January 2025, told in the order given."""
    told = tuple(
        HrFact(kind=kind, effective_on=date(2025, 1, day), time=datetime(2025, 1, 1, tzinfo=UTC), sequence=n, id="id")
        for n, (kind, day) in enumerate(facts)
    )
    return standing(brought_into_force(told, at))


@pytest.mark.parametrize(
    ("facts", "employment"),
    [
        ([], Employment.UNKNOWN),
        ([(HIRED, 1)], Employment.ACTIVE),
        ([(HIRED, 1), (LEAVE_STARTED, 2)], Employment.ON_LEAVE),
        ([(HIRED, 1), (LEAVE_STARTED, 2), (LEAVE_ENDED, 3)], Employment.ACTIVE),
        ([(HIRED, 1), (LEAVE_STARTED, 2), (HIRED, 3)], Employment.ON_LEAVE),
        ([(HIRED, 1), (LEAVE_STARTED, 2), (DEPARTED, 3)], Employment.DEPARTED),
        ([(HIRED, 1), (DEPARTED, 3), (LEAVE_STARTED, 5)], Employment.DEPARTED),
        ([(HIRED, 1), (DEPARTED, 3), (HIRED, 5)], Employment.ACTIVE),
        ([(DEPARTED, 3)], Employment.UNKNOWN),
        ([(LEAVE_STARTED, 3)], Employment.UNKNOWN),
        ([(LEAVE_ENDED, 3), (HIRED, 5)], Employment.ACTIVE),
    ],
)
def test_e1_e2_employment_after(facts: list[tuple[FactKind, int]], employment: Employment) -> None:
    """Only a hire makes anybody active, and only `leave_ended` ends a leave."""
    assert employment is after(*facts).employment


def test_e3_a_departure_comes_before_the_hire_of_the_next_day() -> None:
    """Both take effect at that midnight; whoever changes contracts overnight works on."""
    assert Employment.ACTIVE is after((HIRED, 1), (HIRED, 11), (DEPARTED, 10)).employment


def test_e3_a_departure_on_the_day_of_the_hire_ends_it() -> None:
    """The hire begins with the day, the departure ends it."""
    assert Employment.DEPARTED is after((HIRED, 10), (DEPARTED, 10)).employment


def test_e3_a_hire_recorded_after_the_departure_of_its_day_is_the_newer_word() -> None:
    """Whoever leaves one contract and begins another on one day works on; the departure is still of the employment before."""
    now = after((HIRED, 1), (DEPARTED, 10), (HIRED, 10))

    assert (Employment.ACTIVE, date(2025, 1, 10)) == (now.employment, now.hired_on)


def test_e3_ids_do_not_make_a_hire_newer_than_a_departure() -> None:
    """Said at one time, a hire and a departure of one day are one day of work."""
    said_at = datetime(2025, 1, 1, tzinfo=UTC)
    told = tuple(HrFact(kind=kind, effective_on=date(2025, 1, 10), time=said_at, id=id_) for id_, kind in (("a", DEPARTED), ("b", HIRED)))

    assert Employment.DEPARTED is standing(brought_into_force(told, IN_MARCH)).employment


def test_e3_a_leave_of_the_day_belongs_to_the_employment_recorded_before_it() -> None:
    """A leave recorded before the departure ends with it; one recorded after the new hire is of the new employment."""
    of_the_old, of_the_new = [(HIRED, 1), (LEAVE_STARTED, 10), (DEPARTED, 10), (HIRED, 10)], [(HIRED, 1), (DEPARTED, 10), (HIRED, 10)]

    assert Employment.ACTIVE is after(*of_the_old).employment
    assert Employment.ON_LEAVE is after(*of_the_new, (LEAVE_STARTED, 10)).employment


@pytest.mark.parametrize(
    ("facts", "employment"),
    [([(LEAVE_STARTED, 5), (LEAVE_ENDED, 5)], Employment.ACTIVE), ([(LEAVE_ENDED, 5), (LEAVE_STARTED, 5)], Employment.ON_LEAVE)],
)
def test_e3_leaves_of_one_day_count_as_recorded(facts: list[tuple[FactKind, int]], employment: Employment) -> None:
    """One leave of no length, or the end of one and the beginning of the next."""
    assert employment is after((HIRED, 1), *facts).employment


def test_a_pending_hire_shows_as_expected_and_gives_no_date_of_hire() -> None:
    """The date is that of the hire in force."""
    now = after((HIRED, 10), at=datetime(2025, 1, 9, tzinfo=UTC))

    assert Standing(employment=Employment.EXPECTED) == now


def test_a_pending_hire_of_somebody_employed_changes_nothing() -> None:
    """Expected is what one is before being employed."""
    assert Employment.ACTIVE is after((HIRED, 1), (HIRED, 10), at=datetime(2025, 1, 9, tzinfo=UTC)).employment


def test_the_end_of_a_leave_is_forgotten_by_the_next_employment() -> None:
    """A soft landing belongs to the leave that ended, not to a person hired anew."""
    ended = after((HIRED, 1), (LEAVE_STARTED, 2), (LEAVE_ENDED, 3))
    anew = after((HIRED, 1), (LEAVE_STARTED, 2), (LEAVE_ENDED, 3), (DEPARTED, 4), (HIRED, 8))

    assert (datetime(2025, 1, 3, tzinfo=UTC), None) == (ended.leave_ended_at, anew.leave_ended_at)
    assert (date(2025, 1, 1), date(2025, 1, 8)) == (ended.hired_on, anew.hired_on)
