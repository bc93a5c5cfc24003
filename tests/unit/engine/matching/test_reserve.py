"""Rules of the reserve (engine/matching/reserve.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.compiled.judging import needed_score as needed_score_compiled
from engine.matching.pool import PoolMember
from engine.matching.reserve import needed_score, reserve_of
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

POLICY = Policy(reserve_start=550, reserve_floor=250, reserve_drop_per_day=10, reserve_first_round=100)
points = st.integers(0, 1_000)
reserves = st.one_of(points, points.map(lambda score: ~score))


def member(days: int = 0, *, is_first_in_queue: bool = False, is_first_round: bool = False) -> PoolMember:
    """Somebody who has waited for some days."""
    return PoolMember(person_id=PersonId("ann"), waiting_days=days, is_first_in_queue=is_first_in_queue, is_first_round=is_first_round)


@pytest.mark.parametrize(("days", "expected"), [(0, 550), (10, 450), (30, 250), (400, 250)])
def test_invariant_v1_the_reserve_falls_to_its_floor(days: int, expected: int) -> None:
    """matching.V1: ten points a day here."""
    assert expected == reserve_of(member(days), POLICY)


def test_invariant_v1_who_lost_a_pair_has_the_floor_at_once() -> None:
    """matching.V1: freed by circumstances."""
    assert 250 == reserve_of(member(is_first_in_queue=True), POLICY)


def test_invariant_v2_the_longer_waiter_sets_what_a_pair_must_reach() -> None:
    """matching.V2: the lower of the two counts, outside of a first round."""
    assert 450 == needed_score(reserve_of(member(10), POLICY), reserve_of(member(), POLICY))


def test_invariant_v3_a_launch_pairs_people() -> None:
    """matching.V3: two who are both in a first round need that round's reserve; with only one of them the higher reserve counts."""
    first, settled = reserve_of(member(is_first_round=True), POLICY), reserve_of(member(20), POLICY)

    assert (100, 350, 350) == (needed_score(first, first), needed_score(first, settled), needed_score(settled, first))
    assert 900 == needed_score(reserve_of(member(is_first_round=True), Policy(reserve_first_round=900)), settled)


@given(one=reserves, other=reserves)
def test_the_compiled_rule_is_the_same(one: int, other: int) -> None:
    """Both engines ask for the same score, whichever of two is named first."""
    assert needed_score(one, other) == needed_score(other, one) == needed_score_compiled.py_func(one, other)
