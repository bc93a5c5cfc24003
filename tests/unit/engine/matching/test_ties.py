"""Order among equals (engine/matching/ties.py)."""

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.ties import WORD, mixed, pair_tie, person_tie, ring_distance, ring_start
from schemas.terms.ids import PersonId

words = st.integers(0, WORD)


@given(one=words, two=words)
def test_invariant_t3_every_hash_fits_a_word(one: int, two: int) -> None:
    """matching.T3: 64 unsigned bits, whatever goes in."""
    assert all(0 <= value <= WORD for value in (mixed(one), pair_tie(one, two), ring_start(one), ring_distance(one, two)))


def test_invariant_t1_hashes_are_pinned() -> None:
    """matching.T1: another machine, process or version gives the same order; these numbers may never change."""
    assert (0x09E1E862CFABBFF6, 0x5692161D100B05E5, 0x5524A09EF3749F01) == (person_tie(PersonId("ann"), 1), mixed(1), pair_tie(1, 2))


def test_invariant_t2_another_round_gives_another_order() -> None:
    """matching.T2: nobody is last for ever."""
    assert person_tie(PersonId("ann"), 1) != person_tie(PersonId("ann"), 2)


def test_ring_goes_one_way_round() -> None:
    """From a start, the next place is near and the one just behind is furthest."""
    assert (0, 1, WORD) == (ring_distance(7, 7), ring_distance(7, 8), ring_distance(7, 6))
