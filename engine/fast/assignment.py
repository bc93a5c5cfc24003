"""Who gets whom, on arrays: what domain/assignment chooses, compiled. Small components are given to it as they are."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

from engine.domain.assignment import GOOD_ENOUGH_PER_10_000, RECOLOUR_PASSES_MAX, SCALE_LARGE, Edge, ExactBudget, scale_for, solved
from engine.fast.auction import auction
from engine.fast.judging import Array

SMALL_EDGES_MAX: Final = 600
"""Components with fewer edges are not worth the arrays."""

Across = Callable[["Graph", Array, Array, Array], tuple[Array, int]]
Cover = Callable[["Graph", Array, Array], tuple[Array, Array, int]]


class Graph(NamedTuple):
    """Edges, the heaviest first, then by tie hash, then by ends; see domain/assignment.Edge."""

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
    """Choose pairs; see domain/assignment.assign.

    Args:
        graph: all edges.
        edges: numbers of those on offer, ascending.
        room: by position.
        colourings: ways to cut the people in two.
        solver: the auction if none is given.
    Returns: numbers of the chosen edges, and the bound.
    """
    by = solver or Solver(auctioned, _auctioned_cover)
    usable = edges[(room[graph.lo[edges]] > 0) & (room[graph.hi[edges]] > 0)]
    component, side, is_bipartite = _components(graph.lo[usable], graph.hi[usable], len(room))
    by_component = np.argsort(component, kind="stable")
    ends = np.flatnonzero(np.diff(component[by_component])) + 1
    budget = ExactBudget()
    chosen, bound = [np.empty(0, np.int64)], 0
    for numbers in np.split(usable[by_component], ends) if len(usable) else ():
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
    return np.array([number_by_ends[edge.lo, edge.hi] for edge in part], np.int64), bound


def auctioned(graph: Graph, numbers: Array, side: Array, room: Array) -> tuple[Array, int]:
    """Solve a graph whose every edge joins the two sides; the side with less room bids."""
    lo, hi = graph.lo[numbers], graph.hi[numbers]
    is_turned = side[lo].astype(np.bool_)
    left, right = np.where(is_turned, hi, lo), np.where(is_turned, lo, hi)
    left_room, right_room = (int(room[_present(ends, len(room))].sum()) for ends in (left, right))
    if right_room < left_room:
        left, right = right, left
    scale = scale_for(min(left_room, right_room))
    held, dual = auction(left, right, graph.weight[numbers].astype(np.int64) * scale, room.astype(np.int64))
    return numbers[maximal(lo, hi, room, held)], dual // scale


def _present(people: Array, size: int) -> Array:
    found = np.zeros(size, np.bool_)
    found[people] = True
    return found


def _auctioned_cover(graph: Graph, numbers: Array, room: Array) -> tuple[Array, Array, int]:
    """Let everybody bid once for everybody else: the double cover."""
    bidders, items = np.empty(2 * len(numbers), np.int32), np.empty(2 * len(numbers), np.int32)
    bidders[0::2], bidders[1::2] = graph.lo[numbers], graph.hi[numbers]
    items[0::2], items[1::2] = bidders[1::2], bidders[0::2]
    weights = np.repeat(graph.weight[numbers].astype(np.int64) * SCALE_LARGE, 2)
    held, dual = auction(bidders, items, weights, room.astype(np.int64))
    return held[0::2], held[1::2], dual // SCALE_LARGE


def _general(graph: Graph, numbers: Array, room: Array, colourings: Sequence[Array], by: Solver) -> tuple[Array, int]:
    """Solve a graph with odd cycles; see domain/assignment."""
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
def _components(lo: Array, hi: Array, size: int) -> Any:
    """Number the component of each edge by its lowest person, colour the people in two, say by person which parts have no odd cycle."""
    begins = np.zeros(size + 1, np.int64)
    for number in range(len(lo)):
        begins[lo[number] + 1] += 1
        begins[hi[number] + 1] += 1
    for person in range(size):
        begins[person + 1] += begins[person]
    ends, neighbours = begins.copy(), np.empty(2 * len(lo), np.int32)
    for number in range(len(lo)):
        neighbours[ends[lo[number]]] = hi[number]
        neighbours[ends[hi[number]]] = lo[number]
        ends[lo[number]] += 1
        ends[hi[number]] += 1
    of_person, side, stack = np.full(size, -1, np.int32), np.zeros(size, np.bool_), np.empty(size, np.int32)
    is_even = np.ones(size, np.bool_)
    for start in range(size):
        if of_person[start] >= 0 or begins[start] == begins[start + 1]:
            continue
        of_person[start], stack[0], height = start, start, 1
        while height:
            height -= 1
            person = stack[height]
            for at in range(begins[person], begins[person + 1]):
                other = neighbours[at]
                if of_person[other] < 0:
                    of_person[other], side[other] = start, not side[person]
                    stack[height] = other
                    height += 1
                elif side[other] == side[person]:
                    is_even[start] = False
    component, is_bipartite = np.empty(len(lo), np.int32), np.zeros(size, np.bool_)
    for number in range(len(lo)):
        component[number] = of_person[lo[number]]
        is_bipartite[lo[number]] = is_even[component[number]]
    return component, side, is_bipartite
