"""Rules of the reporting line (engine/matching/line.py)."""

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.line import LINE_LENGTH_MAX, PowerRelation, ReportingLine, line_under, power_between
from schemas.terms.ids import PersonId

ANN, BOB, CAT = PersonId("ann"), PersonId("bob"), PersonId("cat")
people = st.sampled_from([ANN, BOB, CAT, PersonId("dan"), PersonId("eve")])


def test_line_starts_with_the_manager() -> None:
    """The nearest stands first, so the manager can be read off without a search."""
    line = line_under(ANN, BOB, [CAT, PersonId("ceo")])

    assert (BOB, CAT, PersonId("ceo")) == line.above
    assert line.manager_id == BOB


def test_line_is_empty_at_the_top() -> None:
    """Somebody without a manager has nobody above."""
    assert ReportingLine() == line_under(ANN, None, [])


def test_line_stops_before_a_cycle_and_says_so() -> None:
    """A feed in which two people manage each other ends in a finding, not in a loop."""
    line = line_under(ANN, BOB, [ANN, BOB])

    assert ReportingLine(above=(BOB,), is_cyclic=True) == line


@given(person=people, manager=people, manager_line=st.lists(people, max_size=3 * LINE_LENGTH_MAX))
def test_invariants_l1_to_l3_hold_for_any_feed(person: PersonId, manager: PersonId, manager_line: list[PersonId]) -> None:
    """matching.L1, matching.L2, matching.L3: never oneself, nobody twice, never longer than the limit, whatever the feed says."""
    above = line_under(person, manager, manager_line).above

    assert person not in above
    assert len(set(above)) == len(above) <= LINE_LENGTH_MAX


def test_line_keeps_the_nearest_when_it_is_too_long() -> None:
    """matching.L3: the far end is dropped, because power nearby weighs more."""
    far = [PersonId(f"p{number}") for number in range(2 * LINE_LENGTH_MAX)]

    assert tuple(far[:LINE_LENGTH_MAX]) == line_under(ANN, far[0], far[1:]).above


def test_power_joins_people_at_any_distance() -> None:
    """A line of power is one however many levels lie between."""
    line = line_under(ANN, BOB, [PersonId("vp"), CAT])

    assert PowerRelation.REPORTING_LINE is power_between(ANN, line, CAT, ReportingLine(), same_manager_allowed=True)


def test_one_manager_joins_two_people_unless_policy_allows_it() -> None:
    """Two people of one team report to the same eyes; policy may accept that."""
    line = ReportingLine(above=(CAT,))

    assert PowerRelation.SAME_MANAGER is power_between(ANN, line, BOB, line, same_manager_allowed=False)
    assert power_between(ANN, line, BOB, line, same_manager_allowed=True) is None


def test_two_people_without_a_manager_share_none() -> None:
    """Missing data is not a shared manager."""
    nobody = ReportingLine()

    assert power_between(ANN, nobody, BOB, nobody, same_manager_allowed=False) is None


@given(first=st.lists(people, min_size=1, max_size=4), second=st.lists(people, min_size=1, max_size=4), allowed=st.booleans())
def test_power_is_symmetric(first: list[PersonId], second: list[PersonId], allowed: bool) -> None:
    """Who is asked first never matters."""
    x, y = PersonId("x"), PersonId("y")
    a, b = line_under(x, first[0], first[1:]), line_under(y, second[0], second[1:])

    one_way = power_between(x, a, y, b, same_manager_allowed=allowed)

    assert power_between(y, b, x, a, same_manager_allowed=allowed) == one_way
