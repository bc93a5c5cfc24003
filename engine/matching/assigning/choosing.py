"""The part of a round that takes time: from the people with room to the pairs chosen.

Decides: which options there are and which pairs are chosen, first pairs before further ones.
Never knows: policy, reasons, proposals (matching/round); which way of computing is in use.

A `Chooser` does this work. The one here needs nothing but the standard library. A faster one may be given in its place: it must choose
the same pairs and count the same, bit for bit, so that no log ever has to say which one it was.

Invariants
    assigning.O1  Nobody gets more pairs than room.
    assigning.O2  With first_pair_first nobody gets a further pair while it would take the last room that a first pair could use.
    assigning.O3  Totals and bounds of the phases add up, and no other choice in these phases weighs more than the bound.

Source: house rule.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from engine.matching.assigning.assignment import Assignment, Edge, assign, colourings_by
from engine.matching.assigning.blossom import HeaviestMatching, heaviest_matching
from engine.matching.search.bounded import bounded_lists
from engine.matching.search.candidates import EXACT_PEOPLE_MAX, Seekers, candidates_from_lists, exact_lists
from engine.matching.search.coded import coded
from engine.matching.search.rule_book import RuleBook
from schemas.frozen import Frozen
from schemas.terms.codes import Matcher

BLOCKING_GAIN: Final = 100
"""A pair blocks when both would gain more than that many points."""


class RoundTask(Frozen, kw_only=True):
    """What a round asks a chooser."""

    book: RuleBook
    seekers: Seekers
    room: Sequence[int]
    """By position: how many pairs each person may still get; zero outside the pool."""
    locked: frozenset[tuple[int, int]]
    """Pairs that are settled, lower position first; their room is gone."""
    served: frozenset[int]
    """Positions of people who have a pair already."""
    first_pair_first: bool
    matcher: Matcher
    exact_people_max: int = EXACT_PEOPLE_MAX
    """The largest pool in which everybody is compared with everybody; rounds leave it as it is."""


class ChosenPairs(Frozen, kw_only=True):
    """What a chooser answers."""

    pairs: tuple[tuple[int, int], ...]
    """Positions, lower first, in order; without the locked ones."""
    option_counts: Sequence[int]
    """By position."""
    worthy_counts: Sequence[int]
    """By position."""
    total: int
    """Weight of the pairs, bonuses included."""
    bound: int
    """No other choice in the round's phases weighs more."""
    blocking_pairs_count: int
    """Pairs not chosen in which both would gain more than BLOCKING_GAIN points."""


class Chooser(Protocol):
    """Something that computes choices."""

    def __call__(self, task: RoundTask, /) -> ChosenPairs:
        """Choose the pairs of a round."""


class MatcherMissing(LookupError):
    """The policy asks for a matcher that isn't installed here; the round can't be held on this machine."""


def choose_pairs(task: RoundTask, *, heaviest: HeaviestMatching = heaviest_matching) -> ChosenPairs:
    """Choose the pairs of a round with nothing but the standard library.

    Args:
        task: what the round asks.
        heaviest: another way to solve small components with odd cycles; every way gives the same pairs.
    Raises:
        MatcherMissing: for the exact matcher, which is an optional extra.
    """
    if task.matcher is not Matcher.AUCTION:
        raise MatcherMissing(
            "matcher: exact needs OR-tools; install bothways[exact] on every machine of the engine, or set matcher: auction"
        )
    if len(task.seekers.positions) <= task.exact_people_max:
        lists = exact_lists(task.book, task.seekers, task.seekers.positions)
    else:
        lists = bounded_lists(task.book, task.seekers, coded(task.book, task.seekers))
    found = candidates_from_lists(task.book, task.seekers, lists)
    edges = [edge for edge in found.edges if (edge.lo, edge.hi) not in task.locked]
    assignment = _assigned(edges, task, heaviest)
    return ChosenPairs(
        pairs=tuple((edge.lo, edge.hi) for edge in assignment.chosen),
        option_counts=found.option_counts,
        worthy_counts=found.worthy_counts,
        total=assignment.total,
        bound=assignment.bound,
        blocking_pairs_count=blocking_pairs_count(edges, assignment.chosen, task.room),
    )


_in_use: list[Chooser] = [choose_pairs]


def use(chooser: Chooser) -> None:
    """Let rounds of this process be computed by another chooser; a runtime says so at its start. No result depends on it."""
    _in_use[0] = chooser


def in_use() -> Chooser:
    """Return what computes the rounds of this process."""
    return _in_use[0]


def colourings_of(book: RuleBook) -> tuple[tuple[bool, ...], ...]:
    """Cut the people of a round in two, in the ways that the assignment needs."""
    return colourings_by([member.band for member in book.members], book.ties)


def phases(*, first_pair_first: bool) -> Iterator[bool]:
    """Say of each phase whether it serves people without a pair only.

    In the first phase people without a pair take one each. Whoever is still without one may then use the further room of the others. The
    last phase gives out what room is left.
    """
    yield from (True, True, False) if first_pair_first else (False,)


def _assigned(edges: Sequence[Edge], task: RoundTask, heaviest: HeaviestMatching) -> Assignment:
    colourings = colourings_of(task.book)
    left = list(task.room)
    served = set(task.served)
    chosen: list[Edge] = []
    total = bound = 0
    for is_first_pair_phase in phases(first_pair_first=task.first_pair_first):
        if is_first_pair_phase:
            offered = [edge for edge in edges if edge.lo not in served or edge.hi not in served]
            allowed = [units if position in served else min(units, 1) for position, units in enumerate(left)]
        else:
            taken = set(chosen)
            offered = [edge for edge in edges if edge not in taken]
            allowed = left
        part = assign(offered, allowed, colourings, heaviest)
        for edge in part.chosen:
            left[edge.lo] -= 1
            left[edge.hi] -= 1
            served |= {edge.lo, edge.hi}
        chosen += part.chosen
        total += part.total
        bound += part.bound
    assert min(left, default=0) >= 0, "nobody gets more pairs than room"
    return Assignment(chosen=tuple(sorted(chosen)), total=total, bound=bound)


def blocking_pairs_count(edges: Sequence[Edge], chosen: Sequence[Edge], room: Sequence[int]) -> int:
    """Count pairs that both people would prefer by far to the worst they got in this round, or to nothing."""
    left = list(room)
    worst: dict[int, int] = {}
    for edge in chosen:
        for position in (edge.lo, edge.hi):
            left[position] -= 1
            worst[position] = min(edge.score, worst.get(position, edge.score))
    given_up = [0 if left[position] > 0 else worst.get(position) for position in range(len(room))]
    taken = set(chosen)
    blocking_count = 0
    for edge in edges:
        loss_lo, loss_hi = given_up[edge.lo], given_up[edge.hi]
        if loss_lo is None or loss_hi is None or edge in taken:
            continue
        blocking_count += edge.score - max(loss_lo, loss_hi) > BLOCKING_GAIN
    return blocking_count
