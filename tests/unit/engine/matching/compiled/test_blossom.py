"""Small graphs with odd cycles give the same pairs with rustworkx and without it (engine/matching/compiled/blossom.py)."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matching import compiled
from engine.matching.assigning.assignment import Edge, assign
from engine.matching.assigning.blossom import heaviest_matching
from engine.matching.ties import pair_tie, person_tie
from schemas.terms.ids import PersonId
from tests.depth import deep

pytestmark = pytest.mark.skipif(not compiled.has_rustworkx(), reason="needs the extra `fast` (rustworkx)")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Edge], list[int]]:
    """People with room and ties as in a round; few different weights leave the tie hashes to decide."""
    size = draw(st.integers(3, 24))
    ties = [person_tie(PersonId(f"p{person}"), draw(st.integers(1, 3))) for person in range(size)]
    pairs = draw(st.lists(st.sampled_from(list(combinations(range(size), 2))), unique=True, max_size=5 * size))
    heaviest = draw(st.sampled_from([1, 2, 5, 1_000]))
    edges = [Edge(lo, hi, 0, draw(st.integers(1, heaviest)), pair_tie(ties[lo], ties[hi])) for lo, hi in pairs]
    return edges, draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))


@settings(max_examples=deep(400))
@given(graph=graphs())
def test_pairs_are_the_same_with_rustworkx_and_without(graph: tuple[list[Edge], list[int]]) -> None:
    """assigning.A3: which way solves an odd component never shows, whatever is equal."""
    edges, room = graph

    assert assign(edges, room, (), heaviest_matching) == assign(edges, room, (), compiled.quickest_matching())


def test_equal_high_bits_of_ties_leave_the_low_ones_to_decide() -> None:
    """assigning.A3: two triangles of one weight and one beginning of their hashes; the highest hash wins on every machine."""
    edges = [Edge(lo, hi, 0, 7, (3 << 44) + low) for lo, hi, low in ((0, 1, 1), (0, 2, 3), (1, 2, 2))]

    for heaviest in (heaviest_matching, compiled.quickest_matching()):
        assert ((0, 2),) == tuple((edge.lo, edge.hi) for edge in assign(edges, [1, 1, 1], (), heaviest).chosen)


def test_graph_without_edges_has_no_pairs() -> None:
    """Nothing to match is no error."""
    assert () == compiled.quickest_matching()(3, {})
