"""A chooser on arrays: the same answer as domain/choosing.choose, for pools of a million."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit

from engine.domain.bounded import SEARCHED_AGAIN_MAX, bounds_for
from engine.domain.choosing import BLOCKING_GAIN, Choice, Task, colourings_of, phases
from engine.domain.coded import Coded, coded
from engine.fast.assignment import Graph, Solver, assign
from engine.fast.bounded_lists import bounded_lists
from engine.fast.exact_lists import Kept, alone_of, crowd_of, exact_lists, places_of
from engine.fast.judging import BONUS, START, Array, People, Rules, pair_tie, people_of, rules_of

Progress = Callable[[str], None]


def _silent(_step: str) -> None:
    """Tell nobody."""


def choose(task: Task, *, solver: Solver | None = None, progress: Progress = _silent) -> Choice:
    """Choose the pairs of a round.

    Args:
        task: what the round asks.
        solver: another way to solve the graph than the auction.
        progress: hears the name of each step as it begins; other work goes on meanwhile, for kernels hold no lock.
    """
    progress("people")
    pool = coded(task.book, task.seekers)
    people, rules = people_of(pool), rules_of(task.book.context, pool)
    progress("candidates")
    lists = _lists(task, pool, people, rules)
    progress("edges")
    graph = joined(people, lists, _locked(task))
    progress("assignment")
    chosen, total, bound = _in_phases(task, graph, pool, solver)
    progress("certificate")
    room = np.array([task.room[position] for position in pool.positions], np.int64)
    by_position = (np.zeros(len(task.room), np.int64), np.zeros(len(task.room), np.int64))
    positions = np.array(pool.positions, np.int64)
    by_position[0][positions], by_position[1][positions] = lists.option_counts, lists.sizes
    pairs = zip(positions[graph.lo[chosen]].tolist(), positions[graph.hi[chosen]].tolist(), strict=True)
    return Choice(
        pairs=tuple(sorted(pairs)),
        option_counts=by_position[0].tolist(),
        worthy_counts=by_position[1].tolist(),
        total=total,
        bound=int(bound),
        blocking_pairs_count=int(_blocking(graph, chosen, room, BLOCKING_GAIN)),
    )


def _lists(task: Task, pool: Coded, people: People, rules: Rules) -> Kept:
    if pool.size <= task.exact_people_max:
        crowd = crowd_of(people, pool)
        return exact_lists(people, rules, crowd, np.arange(len(crowd.face), dtype=np.int32))
    bounds = bounds_for(pool.size)
    kept = bounded_lists(people, rules, task.book.context.track, bounds)
    alone = np.flatnonzero(kept.option_counts == 0)[:SEARCHED_AGAIN_MAX].astype(np.int32)
    if len(alone):
        again = exact_lists(people, rules, alone_of(people, pool.topic_count), alone)
        for person in alone.tolist():
            _keep_heaviest(kept, again, people, person)
    return kept


def _keep_heaviest(kept: Kept, again: Kept, people: People, person: int) -> None:
    """Take over one person's options, as many as are kept in a large pool."""
    size = int(again.sizes[person])
    others, scores = again.others[person, :size], again.scores[person, :size]
    weights = scores.astype(np.int64) + people.facts[others, BONUS]
    distances = places_of(people)[others] - people.facts[person : person + 1, START].view(np.uint64)
    heaviest = np.lexsort((others, distances, -weights))[: kept.others.shape[1]]
    kept.sizes[person], kept.option_counts[person] = len(heaviest), again.option_counts[person]
    kept.others[person, : len(heaviest)], kept.scores[person, : len(heaviest)] = others[heaviest], scores[heaviest]


def _locked(task: Task) -> Array:
    """The locked pairs in the numbers of the pool."""
    number_by_position = {position: number for number, position in enumerate(task.seekers.positions)}
    pairs = [(lo, hi) for lo, hi in task.locked if lo in number_by_position and hi in number_by_position]
    return np.array([(number_by_position[lo], number_by_position[hi]) for lo, hi in pairs], np.int64).reshape(-1, 2)


def joined(people: People, lists: Kept, locked: Array) -> Graph:
    """Join everybody's list into one graph, the heaviest edges first."""
    size = len(people.facts)
    filled = np.arange(lists.others.shape[1]) < lists.sizes[:, None]
    persons = np.repeat(np.arange(size, dtype=np.int32), lists.sizes)
    others, scores = lists.others[filled], lists.scores[filled]
    names = np.minimum(persons, others).astype(np.int64) * size + np.maximum(persons, others)
    del persons, others, filled
    names, first = np.unique(names, return_index=True)
    scores = scores[first]
    if len(locked):
        is_free = ~np.isin(names, locked[:, 0] * size + locked[:, 1])
        names, scores = names[is_free], scores[is_free]
    lo, hi = (names // size).astype(np.int32), (names % size).astype(np.int32)
    del names, first
    bonuses = people.facts[:, BONUS].astype(np.int32)
    weight = scores + bonuses[lo] + bonuses[hi]
    tie = _ties(places_of(people), lo, hi)
    order = _heaviest_first(weight, tie)
    return Graph(lo[order], hi[order], scores[order], weight[order], tie[order])


def _heaviest_first(weight: Array, tie: Array) -> Array:
    """Order edges by weight, then tie hash, both falling; equals stay in order of their ends."""
    order = np.argsort(-weight, kind="stable").astype(np.int32)
    ends = [0, *(np.flatnonzero(np.diff(weight[order])) + 1).tolist(), len(order)]
    for begin, end in pairwise(ends):
        part = order[begin:end]
        order[begin:end] = part[np.argsort(~tie[part], kind="stable")]
    return order


@njit(cache=True, nogil=True)
def _ties(ties: Array, lo: Array, hi: Array) -> Array:
    found = np.empty(len(lo), np.uint64)
    for number in range(len(lo)):
        found[number] = pair_tie(ties[lo[number]], ties[hi[number]])
    return found


def _in_phases(task: Task, graph: Graph, pool: Coded, solver: Solver | None) -> tuple[Array, int, int]:
    """Serve first pairs before further ones, then give out what room is left; see domain/choosing."""
    positions = np.array(pool.positions, np.int64)
    colourings = [np.array(side, np.bool_)[positions] for side in colourings_of(task.book)]
    left = np.array([task.room[position] for position in pool.positions], np.int64)
    served = np.array([position in task.served for position in pool.positions], np.bool_)
    taken = np.zeros(len(graph.lo), np.bool_)
    bound = 0
    for is_first_pair_phase in phases(first_pair_first=task.first_pair_first):
        if is_first_pair_phase:
            offered = np.flatnonzero(~served[graph.lo] | ~served[graph.hi])
            allowed = np.where(served, left, np.minimum(left, 1))
        else:
            offered, allowed = np.flatnonzero(~taken), left
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
    """Count pairs that both people would prefer by far to the worst they got, or to nothing; see domain/choosing."""
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
