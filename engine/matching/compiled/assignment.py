"""Who gets whom, on arrays: what assigning/assignment chooses, compiled. Small components are given to it as they are."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from engine.matching.assigning.assignment import (
    GOOD_ENOUGH_PER_10_000,
    RECOLOUR_PASSES_MAX,
    SCALE_LARGE,
    Edge,
    ExactBudget,
    scale_for,
    solved,
)
from engine.matching.compiled import quickest_matching
from engine.matching.compiled.auction import auction
from engine.matching.compiled.compiling import njit
from engine.matching.compiled.judging import Array

SMALL_EDGES_MAX: Final = 600
"""Components with fewer edges are not worth the arrays."""

Across = Callable[["Graph", Array, Array, Array], tuple[Array, int]]
Cover = Callable[["Graph", Array, Array], tuple[Array, Array, int]]


class Graph(NamedTuple):
    """Edges, the heaviest first, then by tie hash, then by ends; see assigning/assignment.Edge."""

    lo: Array
    hi: Array
    score: Array
    weight: Array
    tie: Array


class Solver(NamedTuple):
    """Two ways to solve a graph: one in two sides, and the double cover of any."""

    across: Across
    """Returns the numbers of the chosen edges, and a bound."""
    cover: Cover
    """Returns for each edge which of its two directions are used, and twice a bound."""


def assign(graph: Graph, edges: Array, room: Array, colourings: Sequence[Array], solver: Solver | None = None) -> tuple[Array, int]:
    """Choose pairs; see assigning/assignment.assign.

    Args:
        graph: all edges.
        edges: numbers of those on offer, ascending.
        room: by position.
        colourings: ways to cut the people in two.
        solver: the auction if none is given.
    Returns: numbers of the chosen edges, and the bound.
    """
    by = solver or Solver(auctioned, _auctioned_cover)
    grouped, begins, side, is_bipartite = _by_component(graph, edges, room)
    budget = ExactBudget(quickest_matching())
    chosen, bound = [np.empty(0, np.int32)], 0
    for begin, end in pairwise(begins):
        numbers = grouped[begin:end]
        sides = side if is_bipartite[graph.lo[numbers[0]]] else None
        is_odd = sides is None and budget.may_fit(_people_count(graph, numbers))
        if is_odd or (solver is None and len(numbers) < SMALL_EDGES_MAX):
            part, part_bound = _as_objects(graph, numbers, sides, room, (colourings, budget))
        elif sides is not None:
            part, part_bound = by.across(graph, numbers, sides, room)
        else:
            part, part_bound = _general(graph, numbers, room, colourings, by)
        chosen.append(part)
        bound += part_bound
    return np.sort(np.concatenate(chosen)), bound


def _by_component(graph: Graph, edges: Array, room: Array) -> tuple[Array, list[int], Array, Array]:
    """Group the edges that can be used by component: their numbers, where each component begins, sides, and who has no odd cycle."""
    usable = edges[(room[graph.lo[edges]] > 0) & (room[graph.hi[edges]] > 0)]
    component, side, is_even = _components(graph.lo, graph.hi, usable, len(room))
    order, begins = _grouped(component)
    return usable[order], np.unique(begins).tolist(), side, is_even


def _people_count(graph: Graph, numbers: Array) -> int:
    return len(np.unique(np.concatenate([graph.lo[numbers], graph.hi[numbers]])))


def _as_objects(graph: Graph, numbers: Array, side: Array | None, room: Array, ways: tuple[Any, ExactBudget]) -> tuple[Array, int]:
    """Let the domain solve one small component."""
    colourings, budget = ways
    edges = [Edge(*each) for each in zip(*(field[numbers].tolist() for field in graph), strict=True)]
    people = sorted({person for edge in edges for person in (edge.lo, edge.hi)})
    sides = None if side is None else dict(zip(people, side[people].tolist(), strict=True))
    part, bound = solved(edges, sides, dict(zip(people, room[people].tolist(), strict=True)), colourings, budget)
    number_by_ends = {(edge.lo, edge.hi): number for edge, number in zip(edges, numbers.tolist(), strict=True)}
    return np.array([number_by_ends[edge.lo, edge.hi] for edge in part], np.int32), bound


def auctioned(graph: Graph, numbers: Array, side: Array, room: Array) -> tuple[Array, int]:
    """Solve a graph whose every edge joins the two sides; the side with less room bids."""
    lo, hi = graph.lo[numbers], graph.hi[numbers]
    is_turned = side[lo].astype(np.bool_)
    left, right = np.where(is_turned, hi, lo), np.where(is_turned, lo, hi)
    left_room, right_room = (int(room[_present(ends, len(room))].sum()) for ends in (left, right))
    if right_room < left_room:
        left, right = right, left
    scale = scale_for(min(left_room, right_room))
    held, _, dual = auction(left, right, graph.weight[numbers] * scale, room)
    return numbers[maximal(lo, hi, room, held)], dual // scale


def _present(people: Array, size: int) -> Array:
    found = np.zeros(size, np.bool_)
    found[people] = True
    return found


def _auctioned_cover(graph: Graph, numbers: Array, room: Array) -> tuple[Array, Array, int]:
    """Let everybody bid once for everybody else: the double cover."""
    forth, back, dual = auction(graph.lo[numbers], graph.hi[numbers], graph.weight[numbers] * SCALE_LARGE, room, is_both_ways=True)
    return forth, back, dual // SCALE_LARGE


def _general(graph: Graph, numbers: Array, room: Array, colourings: Sequence[Array], by: Solver) -> tuple[Array, int]:
    """Solve a graph with odd cycles; see assigning/assignment."""
    lo, hi = graph.lo[numbers], graph.hi[numbers]
    forth, back, twice_bound = by.cover(graph, numbers, room)
    chosen = maximal(lo, hi, room, forth & back, forth ^ back)
    chosen = maximal(lo, hi, room, chosen)
    bound = twice_bound // 2
    chosen = _recoloured(graph, numbers, room, colourings, (chosen, bound, by.across))
    return numbers[chosen], bound


def _recoloured(graph: Graph, numbers: Array, room: Array, colourings: Sequence[Array], start: tuple[Array, int, Across]) -> Array:
    """Re-solve what crosses each colouring while the rest stays, until good enough or nothing improves."""
    chosen, bound, across = start
    lo, hi, weight = graph.lo[numbers], graph.hi[numbers], graph.weight[numbers].astype(np.int64)
    total = int(weight[chosen].sum())
    for _ in range(RECOLOUR_PASSES_MAX):
        total_before = total
        for side in colourings:
            if total * 10_000 >= bound * GOOD_ENOUGH_PER_10_000:
                return chosen
            is_crossing = side[lo] != side[hi]
            kept = chosen & ~is_crossing
            left = _room_left(lo, hi, room, kept)
            crossing = np.flatnonzero(is_crossing & (left[lo] > 0) & (left[hi] > 0))
            if not len(crossing):
                continue
            part, _bound = across(graph, numbers[crossing], side, left)
            candidate = kept.copy()
            candidate[np.searchsorted(numbers, part)] = True
            candidate = maximal(lo, hi, room, candidate)
            candidate_total = int(weight[candidate].sum())
            if candidate_total > total:
                chosen, total = candidate, candidate_total
        if total == total_before:
            break
    return chosen


def maximal(lo: Array, hi: Array, room: Array, chosen: Array, among: Array | None = None) -> Array:
    """Add edges in their order while both ends have room."""
    return _added(lo, hi, _room_left(lo, hi, room, chosen), chosen.copy(), np.ones(len(lo), np.bool_) if among is None else among)


@njit(cache=True, nogil=True)
def _added(lo: Array, hi: Array, left: Array, chosen: Array, among: Array) -> Array:
    for number in range(len(lo)):
        if among[number] and not chosen[number] and left[lo[number]] > 0 and left[hi[number]] > 0:
            left[lo[number]] -= 1
            left[hi[number]] -= 1
            chosen[number] = True
    return chosen


@njit(cache=True, nogil=True)
def _room_left(lo: Array, hi: Array, room: Array, chosen: Array) -> Array:
    left = room.copy()
    for number in range(len(lo)):
        if chosen[number]:
            left[lo[number]] -= 1
            left[hi[number]] -= 1
    return left


@njit(cache=True, nogil=True)
def _components(lo: Array, hi: Array, numbers: Array, size: int) -> Any:
    """Name the component of each edge by its lowest person, colour the people in two, say by person which parts have no odd cycle.

    Everybody knows somebody lower of the component and whether that one has the other colour; ways are shortened as they are gone.
    """
    lower, is_other, is_even = np.arange(size).astype(np.int32), np.zeros(size, np.bool_), np.ones(size, np.bool_)
    for number in numbers:
        one, one_differs = _lowest(lower, is_other, lo[number])
        two, two_differs = _lowest(lower, is_other, hi[number])
        if one == two:
            is_even[one] &= one_differs != two_differs
        else:
            low, high = min(one, two), max(one, two)
            lower[high], is_other[high] = low, one_differs == two_differs
            is_even[low] &= is_even[high]
    component = np.empty(len(numbers), np.int32)
    for at in range(len(numbers)):
        component[at] = _lowest(lower, is_other, lo[numbers[at]])[0]
    for person in range(size):
        lowest, differs = _lowest(lower, is_other, person)
        lower[person], is_other[person], is_even[person] = lowest, differs, is_even[lowest]
    return component, is_other, is_even


@njit(cache=True, nogil=True)
def _lowest(lower: Array, is_other: Array, person: int) -> Any:
    """Find the lowest person known of a component, and whether it has the other colour."""
    differs = False
    while lower[person] != person:
        above = lower[person]
        is_other[person] ^= is_other[above]
        lower[person] = lower[above]
        differs ^= is_other[person]
        person = lower[person]
    return person, differs


@njit(cache=True, nogil=True)
def _grouped(component: Array) -> Any:
    """Order edges by component, those of one in the given order; say where each group begins, empty ones included."""
    begins = np.zeros(component.max() + 2 if len(component) else 1, np.int64)
    for name in component:
        begins[name + 1] += 1
    for name in range(len(begins) - 1):
        begins[name + 1] += begins[name]
    ends, order = begins.copy(), np.empty(len(component), np.int32)
    for at in range(len(component)):
        order[ends[component[at]]] = at
        ends[component[at]] += 1
    return order, begins
