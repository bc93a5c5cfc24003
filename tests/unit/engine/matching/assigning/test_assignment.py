"""Rules of the assignment (engine/matching/assigning/assignment.py)."""

import random
from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.assigning.assignment import EXACT_VERTICES_MAX, Assignment, Edge, _general, assign, colourings_by
from engine.matching.assigning.auction import auction

PEOPLE_MAX = 7


def edge(lo: int, hi: int, weight: int, tie: int = 0) -> Edge:
    """One possible pair whose score is its weight."""
    return Edge(lo, hi, weight, weight, tie)


def solve(edges: Sequence[Edge], room: Sequence[int]) -> Assignment:
    """Assign with the usual colourings, nobody's band known."""
    hashes = [0x9E3779B97F4A7C15 * (position + 1) % (1 << 64) for position in range(len(room))]
    return assign(edges, room, colourings_by([None] * len(room), hashes))


def heaviest(edges: Sequence[Edge], room: Sequence[int]) -> int:
    """The optimum, by trying everything."""
    if not edges:
        return 0
    first, rest = edges[0], edges[1:]
    without = heaviest(rest, room)
    if min(room[first.lo], room[first.hi]) < 1:
        return without
    left = list(room)
    left[first.lo] -= 1
    left[first.hi] -= 1
    return max(without, first.weight + heaviest(rest, left))


@st.composite
def graphs(draw: st.DrawFn, *, is_bipartite: bool = False) -> tuple[list[Edge], list[int]]:
    """A small graph with room; in a bipartite one even positions meet odd ones only."""
    size = draw(st.integers(2, PEOPLE_MAX))
    room = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    possible = [pair for pair in combinations(range(size), 2) if not is_bipartite or (pair[1] - pair[0]) % 2]
    pairs = draw(st.lists(st.sampled_from(possible), unique=True, max_size=11))
    weights = st.one_of(st.integers(1, 1_600), st.sampled_from([1, 500]))
    return [edge(lo, hi, draw(weights), draw(st.integers(0, 3))) for lo, hi in pairs], room


@given(graph=graphs())
def test_invariant_a1_nobody_gets_more_pairs_than_room(graph: tuple[list[Edge], list[int]]) -> None:
    """assigning.A1: room is a hard limit, and a pair comes once."""
    edges, room = graph

    chosen = solve(edges, room).chosen

    assert all(sum(position in (pair.lo, pair.hi) for pair in chosen) <= limit for position, limit in enumerate(room))
    assert len({(pair.lo, pair.hi) for pair in chosen}) == len(chosen)


@given(graph=graphs(is_bipartite=True))
def test_small_bipartite_graph_is_solved_exactly(graph: tuple[list[Edge], list[int]]) -> None:
    """The auction's epsilon is below one point where there is little room."""
    edges, room = graph

    assignment = solve(edges, room)

    assert heaviest(edges, room) == assignment.total == assignment.bound


@given(graph=graphs())
def test_small_general_graph_is_solved_exactly(graph: tuple[list[Edge], list[int]]) -> None:
    """Odd cycles in a small programme cost nothing and raise no alarm."""
    edges, room = graph

    assignment = solve(edges, room)

    assert heaviest(edges, room) == assignment.total == assignment.bound


@given(graph=graphs())
def test_invariant_a2_half_the_covers_bound_holds_for_large_components(graph: tuple[list[Edge], list[int]]) -> None:
    """assigning.A2: what is rounded from the double cover and the best possible both stay within its bound."""
    edges = sorted((pair for pair in graph[0] if min(graph[1][pair.lo], graph[1][pair.hi]) > 0), key=lambda pair: -pair.weight)
    cuts = colourings_by([None] * len(graph[1]), [0x5BD1E995 * position for position in range(len(graph[1]))])

    chosen, bound = _general(edges, graph[1], cuts)

    assert sum(pair.weight for pair in chosen) <= heaviest(edges, graph[1]) <= bound
    assert all(sum(position in (pair.lo, pair.hi) for pair in chosen) <= limit for position, limit in enumerate(graph[1]))


def test_large_general_graph_nearly_reaches_its_bound() -> None:
    """Too large to be solved exactly, and still far above the ratio that raises an alarm."""
    draws = random.Random(1)  # noqa: S311 - weights of a test, no cryptography
    size = EXACT_VERTICES_MAX + 1
    pairs = {(min(pair), max(pair)) for pair in (draws.sample(range(size), k=2) for _ in range(12 * size))}
    edges = [edge(lo, hi, draws.randint(300, 1_000), draws.getrandbits(64)) for lo, hi in sorted(pairs)]
    hashes = [draws.getrandbits(64) for _ in range(size)]

    assignment = assign(edges, [1] * size, colourings_by([None] * size, hashes))

    assert 990 * assignment.bound <= 1_000 * assignment.total < 1_000 * assignment.bound


@given(graph=st.one_of(graphs(), graphs(is_bipartite=True)))
def test_prices_prove_the_auction_within_epsilon_a_unit(graph: tuple[list[Edge], list[int]]) -> None:
    """What bidders hold and the dual value of the prices differ by at most one point a unit held."""
    edges = sorted((pair for pair in graph[0] if min(graph[1][pair.lo], graph[1][pair.hi]) > 0), key=lambda pair: -pair.weight)
    ends = [end for pair in edges for end in ((pair.lo, pair.hi), (pair.hi, pair.lo))]
    weights = [pair.weight for pair in edges for _ in range(2)]

    held, dual = auction(ends, weights, graph[1])

    assert 0 <= dual - sum(weights[number] for number in held) <= sum(graph[1])


@given(graph=graphs(), order=st.randoms(use_true_random=False))
def test_invariant_a3_order_of_edges_does_not_matter(graph: tuple[list[Edge], list[int]], order: random.Random) -> None:
    """assigning.A3: the same edges in another order give the same pairs."""
    edges, room = graph
    shuffled = list(edges)
    order.shuffle(shuffled)

    assert solve(edges, room) == solve(shuffled, room)


@given(graph=graphs())
def test_invariant_a4_nobody_with_room_is_left_beside_an_option(graph: tuple[list[Edge], list[int]]) -> None:
    """assigning.A4: two people with room who may meet do meet."""
    edges, room = graph
    chosen = solve(edges, room).chosen
    left = [limit - sum(position in (pair.lo, pair.hi) for pair in chosen) for position, limit in enumerate(room)]

    assert [pair for pair in edges if pair not in chosen and left[pair.lo] > 0 and left[pair.hi] > 0] == []


def test_nothing_comes_of_nothing() -> None:
    """No edges, no pairs, and a bound of nothing."""
    assert Assignment(chosen=(), total=0, bound=0) == solve([], [1, 1])


def test_hub_wanted_by_all_takes_the_best_ones() -> None:
    """A person wanted by everybody gets the heaviest pairs that fit."""
    edges = [edge(0, other, 100 + other) for other in range(1, 400)]

    assignment = solve(edges, [3] + [1] * 399)

    assert [397, 398, 399] == [pair.hi for pair in assignment.chosen]
    assert assignment.total == assignment.bound


def test_equal_weights_are_settled_by_the_tie_hash() -> None:
    """Of equals the highest hash wins, not the lowest position."""
    edges = [edge(0, 1, 500, tie=1), edge(0, 2, 500, tie=9), edge(0, 3, 500, tie=5)]

    assert (edges[1],) == solve(edges, [1, 1, 1, 1]).chosen


def test_equal_weights_everywhere_end_in_bounded_work() -> None:
    """Everybody alike and twice as many on one side: the auction's bids stay bounded and room is used up."""
    scarce, many = 40, 90
    edges = [edge(lo, hi, 700, tie=lo * hi % 7) for lo in range(scarce) for hi in range(scarce, scarce + many)]

    assignment = solve(edges, [1] * (scarce + many))

    assert scarce == len(assignment.chosen)
    assert 700 * scarce == assignment.total


def test_general_graph_of_equals_pairs_nearly_everybody() -> None:
    """A complete graph of equals has no better order than any; only the odd one out stays alone."""
    size = 61
    edges = [edge(lo, hi, 600, tie=(lo * 31 + hi) % 64) for lo, hi in combinations(range(size), 2)]

    assignment = solve(edges, [1] * size)

    assert size // 2 == len(assignment.chosen)


def test_colourings_part_people_of_one_band() -> None:
    """Two people of one band, or without one, fall on different sides of some colouring."""
    colourings = colourings_by([1, 1, None, None], [0b00000, 0b00010, 0b00100, 0b01000])

    assert any(side[0] != side[1] for side in colourings)
    assert any(side[2] != side[3] for side in colourings)
