"""A chooser on arrays: the same answer as assigning/choosing.choose_pairs, for pools of a million."""

from itertools import pairwise
from typing import Any

import numpy as np

from engine.matching.assigning.choosing import BLOCKING_GAIN, ChosenPairs, RoundTask, colourings_of, phases
from engine.matching.compiled import Progress, silent
from engine.matching.compiled.assignment import Graph, Solver, assign
from engine.matching.compiled.bounded_lists import bounded_lists
from engine.matching.compiled.compiling import njit
from engine.matching.compiled.exact_lists import Kept, alone_of, crowd_of, exact_lists, places_of
from engine.matching.compiled.judging import BONUS, START, Array, PoolArrays, Rules, pair_tie, pool_arrays_of, rules_of
from engine.matching.search.bounded import SEARCHED_AGAIN_MAX, bounds_for
from engine.matching.search.coded import coded
from schemas.terms.codes import Track


def choose_pairs(task: RoundTask, *, solver: Solver | None = None, progress: Progress = silent) -> ChosenPairs:
    """Choose the pairs of a round.

    Args:
        task: what the round asks.
        solver: another way to solve the graph than the auction.
        progress: hears the name of each step as it begins.
    """
    positions = np.array(task.seekers.positions, np.int64)
    graph, options, worthy = _found(task, progress)
    progress("assignment")
    chosen, total, bound = _in_phases(task, graph, positions, solver)
    progress("certificate")
    room = np.array(task.room, np.int64)[positions]
    option_counts, worthy_counts = np.zeros(len(task.room), np.int64), np.zeros(len(task.room), np.int64)
    option_counts[positions], worthy_counts[positions] = options, worthy
    pairs = zip(positions[graph.lo[chosen]].tolist(), positions[graph.hi[chosen]].tolist(), strict=True)
    return ChosenPairs(
        pairs=tuple(sorted(pairs)),
        option_counts=option_counts.tolist(),
        worthy_counts=worthy_counts.tolist(),
        total=total,
        bound=int(bound),
        blocking_pairs_count=int(_blocking(graph, chosen, room, BLOCKING_GAIN)),
    )


def _found(task: RoundTask, progress: Progress) -> tuple[Graph, Array, Array]:
    """Find the options: the graph, and by person how many there are and how many were kept. All else is let go."""
    progress("people")
    pool = coded(task.book, task.seekers)
    people, rules, size = pool_arrays_of(pool, task.book.context.stretch_minutes), rules_of(task.book.context, pool), pool.size
    crowd = crowd_of(people, pool) if size <= task.exact_people_max else None
    del pool
    progress("candidates")
    if crowd is not None:
        kept = exact_lists(people, rules, crowd, np.arange(len(crowd.face), dtype=np.int32))
    else:
        kept = _bounded(people, rules, task.book.context.track, size)
    progress("edges")
    return graph_from_lists(people, kept, _locked(task)), kept.option_counts, kept.sizes


def _bounded(people: PoolArrays, rules: Rules, track: Track, size: int) -> Kept:
    kept = bounded_lists(people, rules, track, bounds_for(size))
    alone = np.flatnonzero(kept.option_counts == 0)[:SEARCHED_AGAIN_MAX].astype(np.int32)
    if len(alone):
        again = exact_lists(people, rules, alone_of(people, rules.topic_count), alone)
        for person in alone.tolist():
            _keep_heaviest(kept, again, people, person)
    return kept


def _keep_heaviest(kept: Kept, again: Kept, people: PoolArrays, person: int) -> None:
    """Take over one person's options, as many as are kept in a large pool."""
    size = int(again.sizes[person])
    others, scores = again.others[person, :size], again.scores[person, :size]
    weights = scores.astype(np.int64) + people.facts[others, BONUS]
    distances = places_of(people)[others] - people.facts[person : person + 1, START].view(np.uint64)
    heaviest = np.lexsort((others, distances, -weights))[: kept.others.shape[1]]
    kept.sizes[person], kept.option_counts[person] = len(heaviest), again.option_counts[person]
    kept.others[person, : len(heaviest)], kept.scores[person, : len(heaviest)] = others[heaviest], scores[heaviest]


def _locked(task: RoundTask) -> Array:
    """The locked pairs in the numbers of the pool."""
    number_by_position = {position: number for number, position in enumerate(task.seekers.positions)}
    pairs = [(lo, hi) for lo, hi in task.locked if lo in number_by_position and hi in number_by_position]
    return np.array([(number_by_position[lo], number_by_position[hi]) for lo, hi in pairs], np.int64).reshape(-1, 2)


def graph_from_lists(people: PoolArrays, kept: Kept, locked: Array) -> Graph:
    """Join everybody's list into one graph, the heaviest edges first."""
    lo, hi, scores = _edges(kept.others, kept.scores, kept.sizes)
    if len(locked):
        is_free = np.ones(len(lo), np.bool_)
        for low, high in locked.tolist():
            first, end = np.searchsorted(lo, [low, low + 1])
            is_free[first:end] &= hi[first:end] != high
        lo, hi, scores = lo[is_free], hi[is_free], scores[is_free]
    bonuses = people.facts[:, BONUS].astype(np.int32)
    weight = scores + bonuses[lo]
    weight += bonuses[hi]
    return graph_of(lo, hi, scores, weight, places_of(people))


def graph_of(lo: Array, hi: Array, scores: Array, weight: Array, places: Array) -> Graph:
    """Put edges in the order in which an assignment looks at them.

    Args:
        lo: the lower number of each edge; edges in order of (lo, hi).
        hi: the higher one.
        scores: of the edges.
        weight: of the edges.
        places: by person: the place on the ring of ties.
    """
    tie = _ties(places, lo, hi)
    order = _heaviest_first(weight, tie)
    # One after the other, so that no two copies of all exist at once.
    lo = lo[order]
    hi = hi[order]
    scores = scores[order]
    weight = weight[order]
    tie = tie[order]
    return Graph(lo, hi, scores, weight, tie)


@njit(cache=True, nogil=True)
def _edges(others: Array, scores: Array, sizes: Array) -> Any:
    """List each pair that either of its two people kept, once, in order of (lo, hi)."""
    begins = np.zeros(len(sizes) + 1, np.int64)
    for person in range(len(sizes)):
        for at in range(sizes[person]):
            other = others[person, at]
            if person < other:
                begins[person + 1] += 1
            elif not _is_kept(others, sizes, other, person):
                begins[other + 1] += 1
    for person in range(len(sizes)):
        begins[person + 1] += begins[person]
    size, ends = begins[len(sizes)], begins.copy()
    lo, hi, scored = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int16)
    for person in range(len(sizes)):
        for at in range(sizes[person]):
            other = others[person, at]
            low, high = min(person, other), max(person, other)
            if person < other or not _is_kept(others, sizes, other, person):
                lo[ends[low]], hi[ends[low]], scored[ends[low]] = low, high, scores[person, at]
                ends[low] += 1
    for person in range(len(sizes)):
        first, end = begins[person], begins[person + 1]
        order = np.argsort(hi[first:end])
        hi[first:end], scored[first:end] = hi[first:end][order], scored[first:end][order]
    return lo, hi, scored


@njit(cache=True, nogil=True, inline="always")
def _is_kept(others: Array, sizes: Array, person: int, other: int) -> bool:
    found = False
    for at in range(sizes[person]):
        found |= others[person, at] == other
    return found


def _heaviest_first(weight: Array, tie: Array) -> Array:
    """Order edges by weight, then tie hash, both falling; equals stay in order of their ends."""
    order, begins = _by_weight(weight)
    for begin, end in pairwise(np.unique(begins).tolist()):
        part = order[begin:end]
        order[begin:end] = part[np.argsort(~tie[part], kind="stable")]
    return order


@njit(cache=True, nogil=True)
def _by_weight(weight: Array) -> Any:
    """Order edges by weight, falling; say where each weight begins, those included that no edge has."""
    most = weight.max() if len(weight) else 0
    begins = np.zeros(most + 2, np.int64)
    for each in weight:
        begins[most - each + 1] += 1
    for at in range(most + 1):
        begins[at + 1] += begins[at]
    ends, order = begins.copy(), np.empty(len(weight), np.int32)
    for number in range(len(weight)):
        at = most - weight[number]
        order[ends[at]] = number
        ends[at] += 1
    return order, begins


@njit(cache=True, nogil=True)
def _ties(ties: Array, lo: Array, hi: Array) -> Array:
    found = np.empty(len(lo), np.uint64)
    for number in range(len(lo)):
        found[number] = pair_tie(ties[lo[number]], ties[hi[number]])
    return found


def _in_phases(task: RoundTask, graph: Graph, positions: Array, solver: Solver | None) -> tuple[Array, int, int]:
    """Serve first pairs before further ones, then give out what room is left; see assigning/choosing."""
    colourings = [np.array(side, np.bool_)[positions] for side in colourings_of(task.book)]
    left = np.array(task.room, np.int64)[positions]
    served = np.zeros(len(task.room), np.bool_)
    served[list(task.served)] = True
    served = served[positions]
    taken = np.zeros(len(graph.lo), np.bool_)
    bound = 0
    for is_first_pair_phase in phases(first_pair_first=task.first_pair_first):
        if is_first_pair_phase:
            offered = np.flatnonzero(~served[graph.lo] | ~served[graph.hi]).astype(np.int32)
            allowed = np.where(served, left, np.minimum(left, 1))
        else:
            offered, allowed = np.flatnonzero(~taken).astype(np.int32), left
        part, part_bound = assign(graph, offered, allowed, colourings, solver)
        taken[part] = True
        np.subtract.at(left, graph.lo[part], 1)
        np.subtract.at(left, graph.hi[part], 1)
        served[graph.lo[part]] = served[graph.hi[part]] = True
        bound += part_bound
    assert left.min(initial=0) >= 0, "nobody gets more pairs than room"
    chosen = np.flatnonzero(taken)
    return chosen, int(graph.weight[chosen].sum(dtype=np.int64)), bound


@njit(cache=True, nogil=True)
def _blocking(graph: Any, chosen: Array, room: Array, gain: int) -> int:
    """Count pairs that both people would prefer by far to the worst they got, or to nothing; see assigning/choosing."""
    left, worst = room.copy(), np.full(len(room), 1 << 30, np.int64)
    taken = np.zeros(len(graph.lo), np.bool_)
    for number in chosen:
        taken[number] = True
        for person in (graph.lo[number], graph.hi[number]):
            left[person] -= 1
            worst[person] = min(worst[person], graph.score[number])
    for person in range(len(room)):
        if left[person] > 0:
            worst[person] = 0
    count = 0
    for number in range(len(graph.lo)):
        loss = max(worst[graph.lo[number]], worst[graph.hi[number]])
        if not taken[number] and loss < 1 << 30 and graph.score[number] - loss > gain:
            count += 1
    return count
