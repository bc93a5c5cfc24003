"""Rules of a person's HR facts (engine/programme/facts/person_facts.py)."""

from datetime import UTC, date, datetime

from engine.programme.facts.person_facts import (
    Cancellation,
    FactKind,
    HrFact,
    attributes_in_force,
    brought_into_force,
    later,
    next_due_at,
    without,
    zone_of,
)
from tests.hr_histories import TOLD_AT, fact, history_of


def test_f1_the_order_is_by_day_then_recorded_time_then_sequence_then_id() -> None:
    """A recorded time stands in for the event's own."""
    earlier, later_ = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC)
    sorted_facts = [
        HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 1), time=later_, sequence=9, id="z"),
        HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 2), time=later_, recorded_at=earlier, id="y"),
        HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 2), time=later_, sequence=1, id="b"),
        HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 2), time=later_, sequence=2, id="a"),
        HrFact(kind=FactKind.HIRED, effective_on=date(2025, 1, 2), time=later_, sequence=2, id="b"),
    ]

    assert tuple(sorted_facts) == history_of(*reversed(sorted_facts))


def test_f2_a_departure_takes_effect_a_day_later_than_a_hire_of_that_day() -> None:
    """Its day has to be over."""
    history = history_of(fact("1", "2025-02-01", FactKind.HIRED), fact("2", "2025-02-01", FactKind.DEPARTED))
    on_the_day = brought_into_force(history, datetime(2025, 2, 1, tzinfo=UTC))

    assert [datetime(2025, 2, 1, tzinfo=UTC), None] == [one.in_force_at for one in on_the_day]
    assert datetime(2025, 2, 2, tzinfo=UTC) == next_due_at(on_the_day)


def test_f2_what_is_in_force_stays_so_after_a_move_to_the_west() -> None:
    """The same day begins again in the new zone; facts do not wait for it twice."""
    history = history_of(
        fact("1", "2025-01-01", timezone="Asia/Tokyo"), fact("2", "2025-02-01", timezone="America/New_York", department="Sales")
    )
    moved = brought_into_force(history, datetime(2025, 1, 31, 15, tzinfo=UTC))

    assert ("America/New_York", "Sales") == (attributes_in_force(moved).timezone, attributes_in_force(moved).department)


def test_f3_without_a_zone_in_force_the_earliest_pending_one_counts() -> None:
    """A pending fact that says nothing of the zone, or clears it, names none."""
    history = history_of(
        fact("1", "2025-02-01", department="Sales"),
        fact("2", "2025-02-02", timezone=None),
        fact("3", "2025-02-03", timezone="Asia/Tokyo"),
        fact("4", "2025-02-04", timezone="UTC"),
    )

    assert ("Asia/Tokyo", datetime(2025, 1, 31, 15, tzinfo=UTC)) == (zone_of(history), next_due_at(history))


def test_f3_nobody_naming_a_zone_means_utc() -> None:
    """The default of a person."""
    assert datetime(2025, 2, 1, tzinfo=UTC) == next_due_at(history_of(fact("1", "2025-02-01", department="Sales")))


def test_f4_a_fact_that_comes_again_changes_nothing() -> None:
    """However long ago it came first, and in whatever place it stands."""
    hire, leave = fact("1", "2025-01-01", FactKind.HIRED, department="Sales"), fact("2", "2025-01-02", FactKind.LEAVE_STARTED)

    assert history_of(hire, leave) == history_of(hire, leave, hire, leave)


def test_a_cancellation_reaches_facts_up_to_its_own_time_and_id() -> None:
    """The one with the same time and id is void, the next id is not, and other kinds are not concerned."""
    history = history_of(*(fact(id_, "2025-02-01", FactKind.HIRED) for id_ in "abc"), fact("a", "2025-02-01", FactKind.DEPARTED))
    void = Cancellation(time=TOLD_AT, id="b")

    assert [("a", FactKind.DEPARTED), ("c", FactKind.HIRED)] == [(one.id, one.kind) for one in without(history, void, (FactKind.HIRED,))]


def test_of_two_cancellations_the_farther_counts() -> None:
    """In either order of arrival."""
    near, far = Cancellation(time=TOLD_AT, id="a"), Cancellation(time=TOLD_AT, id="b")

    assert [far, far, near] == [later(near, far), later(far, near), later(None, near)]
