"""Rules of the exact matching (engine/matching/assigning/blossom.py)."""

from functools import cache
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.assigning.blossom import heaviest_matching

VERTICES_MAX = 10
Weights = dict[tuple[int, int], int]


def heaviest(weights: Weights) -> int:
    """The optimum, by trying every partner of the lowest vertex left."""

    @cache
    def best(left: int) -> int:
        if left == 0:
            return 0
        low = (left & -left).bit_length() - 1
        rest = left & ~(1 << low)
        paired = [
            weights[low, high] + best(rest & ~(1 << high)) for high in range(VERTICES_MAX) if rest >> high & 1 and (low, high) in weights
        ]
        return max([best(rest), *paired])

    return best((1 << VERTICES_MAX) - 1)


@st.composite
def graphs(draw: st.DrawFn) -> Weights:
    """Some edges among ten vertices; small weights make ties and blossoms within blossoms likely."""
    pairs = draw(st.lists(st.sampled_from(list(combinations(range(VERTICES_MAX), 2))), unique=True, max_size=30))
    limit = draw(st.sampled_from([2, 5, 1_000]))
    return {pair: draw(st.integers(1, limit)) for pair in pairs}


@given(weights=graphs())
def test_invariant_b2_no_matching_is_heavier(weights: Weights) -> None:
    """assigning.B2: the result weighs as much as the best of all matchings."""
    matched = heaviest_matching(VERTICES_MAX, weights)

    assert heaviest(weights) == sum(weights[pair] for pair in matched)


@given(weights=graphs())
def test_each_vertex_is_matched_at_most_once(weights: Weights) -> None:
    """The result is a matching, of edges that exist, in order."""
    matched = heaviest_matching(VERTICES_MAX, weights)

    assert len({vertex for pair in matched for vertex in pair}) == 2 * len(matched)
    assert sorted(matched) == list(matched)
    assert set(matched) <= set(weights)


def test_nothing_to_match_is_no_error() -> None:
    """A graph without edges has an empty matching."""
    assert () == heaviest_matching(3, {})


def test_odd_cycle_leaves_its_lightest_partner_alone() -> None:
    """Of a triangle one edge fits: the heaviest."""
    assert ((0, 2),) == heaviest_matching(3, {(0, 1): 5, (1, 2): 6, (0, 2): 7})


def test_blossom_opens_for_a_path_that_comes_from_outside() -> None:
    """A cycle of five with two people outside: three pairs cover all but one."""
    cycle = {(0, 1): 9, (1, 2): 9, (2, 3): 9, (3, 4): 9, (0, 4): 9}

    assert ((0, 5), (1, 2), (3, 4)) == heaviest_matching(6, {**cycle, (0, 5): 4})
