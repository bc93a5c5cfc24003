"""Rules of what a history keeps (engine/programme/facts/compaction.py)."""

from datetime import date, timedelta

from engine.programme.facts.compaction import EMPLOYMENT_FACTS_MAX, PENDING_ROLE_CHANGES_MAX, compacted
from engine.programme.facts.employment import standing
from engine.programme.facts.person_facts import FactKind, HrFact, attributes_in_force, brought_into_force
from tests.hr_histories import ALL_PAST, TOLD_AT, fact, history_of


def test_h1_a_role_change_in_force_settles_older_values_and_a_hire_does_not() -> None:
    """A hire may yet be cancelled, so what it pushed aside is kept."""
    old, change, hire = (
        fact("1", "2025-01-01", department="Sales", location="Bonn"),
        fact("2", "2025-01-02", department="Legal"),
        fact("3", "2025-01-03", FactKind.HIRED, department="Finance"),
    )
    kept = compacted(brought_into_force(history_of(old, change, hire), ALL_PAST))

    assert [("1", ("location",)), ("2", ("department",)), ("3", ("department",))] == [
        (one.id, tuple(attribute.value for attribute, _ in one.says)) for one in kept
    ]
    assert "Finance" == attributes_in_force(kept).department


def test_h1_of_pending_changes_for_one_day_only_the_newest_is_kept() -> None:
    """They take effect together, so the older one would never be seen."""
    history = history_of(fact("1", "2025-02-01", department="Sales"), fact("2", "2025-02-01", department="Legal"))

    assert ["2"] == [one.id for one in compacted(history)]


def test_h2_the_farthest_pending_changes_go_first() -> None:
    """A row has a limit; the nearest future is worth most."""
    days = [date.fromordinal(date(2025, 2, 1).toordinal() + n).isoformat() for n in range(PENDING_ROLE_CHANGES_MAX + 3)]
    history = compacted(history_of(*(fact(f"{n:03}", day, location=day) for n, day in enumerate(days))))

    assert days[:PENDING_ROLE_CHANGES_MAX] == [one.effective_on.isoformat() for one in history]


def test_h2_old_leaves_go_before_hires() -> None:
    """The hire says who is employed at all."""
    hire = fact("hire", "2020-01-01", FactKind.HIRED)
    leaves = [fact(f"{n:03}", f"2021-01-{1 + n % 28:02}", FactKind.LEAVE_STARTED) for n in range(EMPLOYMENT_FACTS_MAX + 5)]
    history = compacted(brought_into_force(history_of(hire, *leaves), ALL_PAST))

    assert (EMPLOYMENT_FACTS_MAX, "hire") == (len(history), history[0].id)


def test_h2_leaves_that_are_over_go_whole() -> None:
    """Without a start an end would end another leave, and without an end a start would never end."""
    first_on = date(2020, 2, 1)
    hire, open_leave = fact("hire", "2020-01-01", FactKind.HIRED), fact("open", "2020-01-15", FactKind.LEAVE_STARTED)
    over: list[HrFact] = []
    for n in range(EMPLOYMENT_FACTS_MAX):
        day = (first_on + timedelta(days=2 * n)).isoformat()
        start = HrFact(
            kind=FactKind.LEAVE_STARTED, effective_on=date.fromisoformat(day), time=TOLD_AT, id=f"{n:03}a", leave_id=f"leave-{n}"
        )
        end = HrFact(kind=FactKind.LEAVE_ENDED, effective_on=date.fromisoformat(day), time=TOLD_AT, id=f"{n:03}b", leave_id=f"leave-{n}")
        over += [start, end]
    whole = brought_into_force(history_of(hire, open_leave, *over), ALL_PAST)
    kept = compacted(whole)

    assert (EMPLOYMENT_FACTS_MAX, standing(whole)) == (len(kept), standing(kept))
