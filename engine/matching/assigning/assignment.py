"""Who gets whom: the heaviest choice of pairs that respects everybody's room, with a proof of how good it is.

Decides: a near-optimal b-matching of a weighted graph, and an upper bound on every possible one.
Never knows: people, scores, rules: only positions, weights, tie hashes and room.

How: each connected component is solved alone. In a bipartite one the side with less room bids for the other in an integer auction: a
bidder offers its best object the advantage over its second best plus epsilon, and displaces whoever held the cheapest slot. Final
prices are a solution of the dual linear programme, hence the bound. A small component with odd cycles is solved exactly (blossom). A
larger one runs the same auction on its bipartite double cover (everybody once as bidder, once as object), keeps pairs chosen from both
sides, adds the rest greedily, then takes two-colourings of the people in turn and re-solves the pairs across each, keeping every
improvement; half the cover's bound holds for it. That bound is a little loose, for an odd cycle counts half a pair too much.

Invariants
    assigning.A1  Nobody gets more pairs than room, and no pair twice.
    assigning.A2  total <= bound, and every choice of pairs that respects the room weighs at most bound.
    assigning.A3  The result depends on the set of edges, not on their order: ties go by weight, then tie hash.
    assigning.A4  The choice is maximal: no edge is left whose two ends both have room.

Small components scale their weights by more than their room, so that epsilon is less than one point in all and the bipartite optimum
is exact; larger ones by SCALE_LARGE. Equal weights make a bound loose and work long; assigning/auction keeps both within limits, and the
ratio shows what it cost.

Source: Bertsekas and Castañón, auction algorithms for transportation problems (1989); house rule for the colourings.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple, Protocol

from engine.matching.assigning.auction import Room, auction
from engine.matching.assigning.blossom import HeaviestMatching, heaviest_matching
from schemas.frozen import Frozen

EXACT_ROOM_MAX: Final = 64
"""Components with at most that much room to give away are scaled, so that the auction is exact."""
SCALE_LARGE: Final = 8
"""In larger ones epsilon is that part of a point."""
GOOD_ENOUGH_PER_10_000: Final = 9_999
"""Recolouring stops at that share of the bound."""
RECOLOUR_PASSES_MAX: Final = 1
EXACT_VERTICES_MAX: Final = 300
"""Components with odd cycles are solved exactly if that many units of room hold them."""
EXACT_WORK_MAX: Final = 4 * EXACT_VERTICES_MAX**3
"""All of them together: the cubes of their vertices; later ones are solved like large ones."""
_PAIRS_BITS: Final = 9
"""An exact solution has fewer pairs than 2 to that power, so its ties together stay below one unit of what stands above them."""
_TIE_BITS: Final = 64
_TIE_HIGH_BITS: Final = 20
_TIE_LOW_BITS: Final = _TIE_BITS - _TIE_HIGH_BITS


class Cut(Protocol):
    """A cut of the people in two."""

    def __getitem__(self, position: int, /) -> bool:
        """Say on which side somebody stands."""


class Edge(NamedTuple):
    """One possible pair. Positions are those of the people sorted by id, `lo` before `hi`."""

    lo: int
    hi: int
    score: int
    """As published; the assignment doesn't read it."""
    weight: int
    """Above zero: the score with its bonuses."""
    tie: int
    """A hash that orders edges of one weight."""


class Assignment(Frozen, kw_only=True):
    """The pairs chosen, and what they prove."""

    chosen: tuple[Edge, ...]
    """In order of (lo, hi)."""
    total: int
    """Weight of the chosen edges."""
    bound: int
    """No choice weighs more."""


def assign(
    edges: Sequence[Edge],
    room: Sequence[int],
    colourings: Sequence[Sequence[bool]],
    heaviest: HeaviestMatching = heaviest_matching,
) -> Assignment:
    """Choose pairs of the greatest total weight that this method finds.

    Args:
        edges: each pair once, weights above zero.
        room: by position: how many pairs each person may get.
        colourings: by position, for graphs that aren't bipartite: ways to cut the people in two.
        heaviest: what solves small components with odd cycles.
    Returns: the choice and its bound.
    """
    usable = [edge for edge in edges if room[edge.lo] > 0 and room[edge.hi] > 0]
    usable.sort(key=lambda edge: (-edge.weight, -edge.tie, edge.lo, edge.hi))
    chosen: list[Edge] = []
    bound = 0
    budget = ExactBudget(heaviest)
    for component, side in _components(usable, len(room)):
        part, part_bound = solved(component, side, room, colourings, budget)
        chosen += part
        bound += part_bound
    total = sum(edge.weight for edge in chosen)
    assert total <= bound, "a dual solution bounds every choice"
    return Assignment(chosen=tuple(sorted(chosen)), total=total, bound=bound)


class ExactBudget:
    """How much exact work is left for the components with odd cycles; they are served in order.

    Args:
        heaviest: what does the work; every way finds the same pairs, because tie hashes leave one heaviest choice (assigning.A3).
    """

    def __init__(self, heaviest: HeaviestMatching = heaviest_matching) -> None:
        self.heaviest = heaviest
        self._left = EXACT_WORK_MAX

    def may_fit(self, vertex_count: int) -> bool:
        """Say whether a component of at least that many vertices could be solved exactly."""
        return vertex_count <= EXACT_VERTICES_MAX and vertex_count**3 <= self._left

    def take(self, vertex_count: int) -> bool:
        """Spend the work for a component, if there is enough left."""
        if not self.may_fit(vertex_count):
            return False
        self._left -= vertex_count**3
        return True


def solved(
    edges: Sequence[Edge],
    side: Cut | None,
    room: Room,
    colourings: Sequence[Cut],
    budget: ExactBudget,
) -> tuple[list[Edge], int]:
    """Solve one connected component.

    Args:
        edges: heaviest first.
        side: by position, if every edge joins two sides; None if there is an odd cycle.
        room: by position.
        colourings: as for `assign`.
        budget: of the whole graph; what is spent here is gone.
    Returns: the choice and its bound.
    """
    if side is not None:
        return _across(edges, side, room)
    return _exact(edges, room, budget) or _general(edges, room, colourings)


def _components(edges: Sequence[Edge], people_count: int) -> Iterator[tuple[list[Edge], list[bool] | None]]:
    """Split a graph into connected components, each with its two sides if it has no odd cycle.

    Order: components by their lowest position; edges of one keep the given order.
    """
    neighbours: dict[int, list[int]] = {}
    for edge in edges:
        neighbours.setdefault(edge.lo, []).append(edge.hi)
        neighbours.setdefault(edge.hi, []).append(edge.lo)
    component_of = [-1] * people_count
    side = [False] * people_count
    is_bipartite: list[bool] = []
    for start in sorted(neighbours):
        if component_of[start] >= 0:
            continue
        number = len(is_bipartite)
        is_bipartite.append(_colour(start, number, neighbours, component_of, side))
    members: list[list[Edge]] = [[] for _ in is_bipartite]
    for edge in edges:
        members[component_of[edge.lo]].append(edge)
    for number, component in enumerate(members):
        yield component, side if is_bipartite[number] else None


def _colour(start: int, number: int, neighbours: Mapping[int, Sequence[int]], component_of: list[int], side: list[bool]) -> bool:
    """Number one component and colour it in two; say whether no edge joins one colour."""
    component_of[start] = number
    stack = [start]
    is_bipartite = True
    while stack:
        person = stack.pop()
        for other in neighbours[person]:
            if component_of[other] < 0:
                component_of[other] = number
                side[other] = not side[person]
                stack.append(other)
            elif side[other] == side[person]:
                is_bipartite = False
    return is_bipartite


def _across(edges: Sequence[Edge], side: Cut, room: Room) -> tuple[list[Edge], int]:
    """Solve a graph whose every edge joins the two sides; the side with less room bids."""
    ends = [(edge.hi, edge.lo) if side[edge.lo] else (edge.lo, edge.hi) for edge in edges]
    left_room = sum(room[person] for person in {left for left, _ in ends})
    right_room = sum(room[person] for person in {right for _, right in ends})
    if right_room < left_room:
        ends = [(right, left) for left, right in ends]
    scale = scale_for(min(left_room, right_room))
    held, dual = auction(ends, [edge.weight * scale for edge in edges], room)
    return _maximal([edges[number] for number in sorted(held)], edges, room), dual // scale


def scale_for(units: int) -> int:
    """Weights times more than all units make all epsilons together less than one point."""
    return units + 1 if units <= EXACT_ROOM_MAX else SCALE_LARGE


def _exact(edges: Sequence[Edge], room: Room, budget: ExactBudget) -> tuple[list[Edge], int] | None:
    """Solve a small component with odd cycles exactly, where half-chosen pairs would make a bound by prices loose.

    Each unit of room is a vertex. Where both people have more than one unit, two more vertices stand between theirs: an unused pair
    matches the two with each other, a used one matches each outwards, so no pair is used twice. Tie hashes stand below the weights, their
    high bits above their low ones, so that one choice is the heaviest.

    Returns: the heaviest choice, which is its own bound; None if it needs more than the budget has.
    """
    degree = Counter(person for edge in edges for person in (edge.lo, edge.hi))
    units = {person: min(room[person], degree[person]) for person in sorted(degree)}
    wide = [edge for edge in edges if min(units[edge.lo], units[edge.hi]) > 1]
    slot_count = sum(units.values())
    vertex_count = slot_count + 2 * len(wide)
    if not budget.take(vertex_count):
        return None
    vertices = iter(range(vertex_count))
    slots = {person: [next(vertices) for _ in range(count)] for person, count in units.items()}
    weights: dict[tuple[int, int], int] = {}
    edge_by_vertices: dict[tuple[int, int], Edge] = {}
    gates: list[tuple[int, int, Edge]] = []
    for edge in edges:
        weight = _unique_weight(edge)
        if min(units[edge.lo], units[edge.hi]) > 1:
            near, far = next(vertices), next(vertices)
            gates.append((near, far, edge))
            joined = [*((slot, near) for slot in slots[edge.lo]), (near, far), *((slot, far) for slot in slots[edge.hi])]
        else:
            joined = [(min(pair), max(pair)) for pair in product(slots[edge.lo], slots[edge.hi])]
            edge_by_vertices |= dict.fromkeys(joined, edge)
        weights |= dict.fromkeys(joined, weight)
    matched = budget.heaviest(vertex_count, weights)
    outward = {high for low, high in matched if low < slot_count <= high}
    chosen = [edge_by_vertices[pair] for pair in matched if pair in edge_by_vertices]
    chosen += [edge for near, far, edge in gates if near in outward and far in outward]
    return chosen, sum(edge.weight for edge in chosen)


def _unique_weight(edge: Edge) -> int:
    high, low = edge.tie >> _TIE_LOW_BITS, edge.tie & (1 << _TIE_LOW_BITS) - 1
    above_low = (edge.weight << _TIE_HIGH_BITS + _PAIRS_BITS) + high
    return (above_low << _TIE_LOW_BITS + _PAIRS_BITS) + low


def _general(edges: Sequence[Edge], room: Room, colourings: Sequence[Cut]) -> tuple[list[Edge], int]:
    """Solve a graph with odd cycles: double cover, rounding, then one colouring after the other."""
    # Both directions of an edge stand side by side, so that each bidder's edges stay heaviest first.
    ends = [end for edge in edges for end in ((edge.lo, edge.hi), (edge.hi, edge.lo))]
    held, dual = auction(ends, [edge.weight * SCALE_LARGE for edge in edges for _ in range(2)], room)
    bound = dual // (2 * SCALE_LARGE)
    halves = [(2 * number in held) + (2 * number + 1 in held) for number in range(len(edges))]
    twice = [edge for edge, half_count in zip(edges, halves, strict=True) if half_count == 2]
    once = [edge for edge, half_count in zip(edges, halves, strict=True) if half_count == 1]
    chosen = _maximal(_maximal(twice, once, room), edges, room)
    return _recoloured(chosen, edges, room, colourings, bound), bound


def _maximal(chosen: list[Edge], candidates: Sequence[Edge], room: Room) -> list[Edge]:
    """Add candidates in their order while both ends have room."""
    used = Counter(person for edge in chosen for person in (edge.lo, edge.hi))
    taken = {(edge.lo, edge.hi) for edge in chosen}
    result = list(chosen)
    for edge in candidates:
        if used[edge.lo] < room[edge.lo] and used[edge.hi] < room[edge.hi] and (edge.lo, edge.hi) not in taken:
            used[edge.lo] += 1
            used[edge.hi] += 1
            result.append(edge)
    return result


def _room_left(chosen: Sequence[Edge], edges: Sequence[Edge], room: Room) -> dict[int, int]:
    """The room of everybody at an edge after some are chosen."""
    left = {person: room[person] for edge in edges for person in (edge.lo, edge.hi)}
    for edge in chosen:
        left[edge.lo] -= 1
        left[edge.hi] -= 1
    return left


def _recoloured(chosen: list[Edge], edges: Sequence[Edge], room: Room, colourings: Sequence[Cut], bound: int) -> list[Edge]:
    """Re-solve what crosses each colouring while the rest stays, until good enough or nothing improves."""
    total = sum(edge.weight for edge in chosen)
    for _ in range(RECOLOUR_PASSES_MAX):
        total_before = total
        for side in colourings:
            if total * 10_000 >= bound * GOOD_ENOUGH_PER_10_000:
                return chosen
            kept = [edge for edge in chosen if side[edge.lo] == side[edge.hi]]
            left = _room_left(kept, edges, room)
            crossing = [edge for edge in edges if side[edge.lo] != side[edge.hi] and left[edge.lo] > 0 and left[edge.hi] > 0]
            if not crossing:
                continue
            part, _bound = _across(crossing, side, left)
            candidate = _maximal(kept + part, edges, room)
            candidate_total = sum(edge.weight for edge in candidate)
            if candidate_total > total:
                chosen, total = candidate, candidate_total
        if total == total_before:
            break
    return chosen


def colourings_by(bands: Sequence[int | None], hashes: Sequence[int], *, hash_bits: int = 4) -> tuple[tuple[bool, ...], ...]:
    """Cut the people in two by band, in the three ways that four bands allow evenly, and by bits of a hash.

    The hash lets two people of one band, or without a band, fall on different sides.

    Args:
        bands: by position.
        hashes: by position: a hash of the person id.
        hash_bits: how many cuts by hash follow those by band.
    """
    upper_bands = (frozenset({2, 3}), frozenset({1, 3}), frozenset({1, 2}))
    by_band = [
        tuple(band in upper if band is not None else bool(hashes[person] & 1) for person, band in enumerate(bands)) for upper in upper_bands
    ]
    by_hash = [tuple(bool(value >> bit & 1) for value in hashes) for bit in range(1, hash_bits + 1)]
    return (*by_band, *by_hash)
