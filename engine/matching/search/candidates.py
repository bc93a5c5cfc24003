"""Whom each person might be paired with: the heaviest options of everybody, exactly.

Decides: how many options each person has, which are kept for the assignment.
Never knows: why a bonus is given (matching/round), who gets whom (assigning/assignment).

How: pairs of kinds are scored (search/kinds) and lie, heaviest first, in one row for each kind. Each person walks the row of its kind,
passes over whoever a personal rule bars, and stops when its list is full and its options are counted. Of options of one weight a person
keeps those that follow its own place on the ring of ties (matching/ties).

Invariants
    search.C1  Without limits, the pairs found are those that eligibility.bar_between does not bar, with the score of RoundContext.
    search.C2  An edge is there if it is among the CANDIDATES_MAX heaviest of either of its two people.
    search.C3  Order of the input never matters: members are sorted by id, ties go by hashes of the ids and the round.
    search.C4  Options are counted up to OPTIONS_COUNTED_MAX: that number says "at least".

Limits: work grows with the square of the number of kinds; above EXACT_PEOPLE_MAX search/bounded takes over, in the same rounds on every
machine, because the size of the pool alone decides.

Source: measured in ops/bench/matching: at 10,000 people 48 options each keep 99.95 % of what all pairs allow, 32 keep 99.89 %.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from engine.matching.assigning.assignment import Edge
from engine.matching.reserve import needed_score
from engine.matching.search.kinds import Kinds
from engine.matching.search.rule_book import RuleBook
from engine.matching.ties import WORD, pair_tie, ring_start
from schemas.frozen import Frozen

CANDIDATES_MAX: Final = 48
OPTIONS_COUNTED_MAX: Final = 100
EXACT_PEOPLE_MAX: Final = 50_000

_ROW_TRIMMED_AT: Final = 4_096
_SHIFT: Final = 32
_KIND: Final = (1 << _SHIFT) - 1


class Option(NamedTuple):
    """One of a person's options. Options in order: the heaviest first, then the nearest on the ring, then by position."""

    lightness: int
    """The weight, negated."""
    distance: int
    other: int
    score: int


class Seekers(Frozen, kw_only=True):
    """The people for whom a round looks, and what their pairs must reach."""

    positions: Sequence[int]
    """Ascending."""
    bonuses: Sequence[int]
    """By position: weight added to each of a person's pairs in the assignment."""
    reserves: Sequence[int]
    """By position: what the person's pairs must reach (matching/reserve)."""


class Candidates(Frozen, kw_only=True):
    """What a pool offers."""

    edges: tuple[Edge, ...]
    """In order of (lo, hi)."""
    option_counts: Sequence[int]
    """By position: eligible partners, whether or not the pair reaches the reserve; at most OPTIONS_COUNTED_MAX."""
    worthy_counts: Sequence[int]
    """By position: options kept for the assignment; at most CANDIDATES_MAX."""


class Barred(NamedTuple):
    """Everybody whom a personal rule keeps from one person."""

    related: AbstractSet[int]
    peers: frozenset[int]
    """People under one manager; one set for all of them."""


@dataclass(slots=True, kw_only=True)
class Lists:
    """The kept options of each person, before they are joined."""

    kept: dict[int, list[Option]]
    option_counts: dict[int, int]


def candidates(book: RuleBook, seekers: Seekers) -> Candidates:
    """Find the eligible pairs of everybody in the pool and keep the heaviest of each person."""
    return candidates_from_lists(book, seekers, exact_lists(book, seekers, seekers.positions))


def exact_lists(book: RuleBook, seekers: Seekers, people: Sequence[int], kinds: Kinds | None = None) -> Lists:
    """List the heaviest options of some of the seekers among all seekers.

    Args:
        people: positions, ascending; all of `seekers` or a few.
        kinds: of all seekers, if they are known already.
    """
    kinds = kinds or Kinds(book, seekers.positions, seekers.bonuses, seekers.reserves)
    barred = {person: Barred(kinds.related[person], kinds.peers(person)) for person in people}
    wanted = sorted({kinds.kind_by_seeker[person] for person in people})
    needed = dict.fromkeys(wanted, 0)
    for person in people:
        kind = kinds.kind_by_seeker[person]
        needed[kind] = max(needed[kind], len(barred[person].related) + len(barred[person].peers))
    rows = _Rows(kinds, {kind: OPTIONS_COUNTED_MAX + CANDIDATES_MAX + count for kind, count in needed.items()})
    if len(people) == len(seekers.positions):
        for first, second, score in kinds.scored_pairs():
            rows.add(first, second, score)
            if first != second:
                rows.add(second, first, score)
    else:
        for kind in wanted:
            for _, other, score in kinds.scored_of(kind):
                rows.add(kind, other, score)
    found = Lists(kept={}, option_counts={})
    for kind in wanted:
        row = rows.take(kind)
        for person in kinds.people[kind]:
            if person in barred:
                start = ring_start(book.ties[person])
                found.kept[person], found.option_counts[person] = _walk(kinds, kind, row, barred[person], start)
    return found


class _Rows:
    """The scored pairs of each kind as integers: weight without the asker's own bonus, then the other kind."""

    def __init__(self, kinds: Kinds, entries_needed: Mapping[int, int]) -> None:
        self._kinds = kinds
        self._needed = entries_needed
        self._rows = {kind: array("q") for kind in entries_needed}
        self._trim_at = {kind: max(_ROW_TRIMMED_AT, 2 * needed) for kind, needed in entries_needed.items()}

    def add(self, kind: int, other: int, score: int) -> None:
        """Note a pair; one below the reserve weighs nothing, so that it counts as an option and is never kept."""
        kinds = self._kinds
        has_weight = score + kinds.bonuses[kind] + kinds.bonuses[other] > 0
        is_worthy = has_weight and score >= needed_score(kinds.reserves[kind], kinds.reserves[other])
        row = self._rows[kind]
        row.append((score + kinds.bonuses[other] + 1 if is_worthy else 0) << _SHIFT | other)
        if len(row) >= self._trim_at[kind]:
            heaviest = sorted(row, reverse=True)
            lightest_needed = heaviest[self._needed[kind] - 1] >> _SHIFT
            end = self._needed[kind]
            while end < len(heaviest) and heaviest[end] >> _SHIFT == lightest_needed:
                end += 1
            self._rows[kind] = array("q", heaviest[:end])
            self._trim_at[kind] = max(_ROW_TRIMMED_AT, 2 * end)

    def take(self, kind: int) -> list[int]:
        """Return a row, heaviest first, and forget it."""
        row = sorted(self._rows[kind], reverse=True)
        self._rows[kind] = array("q")
        return row


def _walk(kinds: Kinds, kind: int, row: Sequence[int], barred: Barred, start: int) -> tuple[list[Option], int]:
    """Collect one person's heaviest options and count all of them.

    Args:
        row: of the person's kind.
        barred: everybody whom a personal rule bars.
        start: the person's start on the ring.
    """
    own_bonus = kinds.bonuses[kind]
    collected: list[Option] = []
    options_count = 0
    kept_weight = -1
    for entry in row:
        other_kind, heaviness = entry & _KIND, entry >> _SHIFT
        is_kept = heaviness > 0 and (len(collected) < CANDIDATES_MAX or heaviness == kept_weight)
        if not is_kept and options_count >= OPTIONS_COUNTED_MAX:
            break
        kept_here = 0
        for distance, other in _from(kinds, other_kind, start):
            if other in barred.related or other in barred.peers:
                continue
            options_count += 1
            if is_kept and kept_here < CANDIDATES_MAX:
                kept_here += 1
                kept_weight = heaviness
                weight = heaviness - 1 + own_bonus
                collected.append(Option(-weight, distance, other, heaviness - 1 - kinds.bonuses[other_kind]))
            elif options_count >= OPTIONS_COUNTED_MAX:
                break
    collected.sort()
    return collected[:CANDIDATES_MAX], min(options_count, OPTIONS_COUNTED_MAX)


def _from(kinds: Kinds, kind: int, start: int) -> Iterable[tuple[int, int]]:
    """The people of a kind with their distance on the ring, nearest first."""
    people, ring = kinds.people[kind], kinds.rings[kind]
    if len(people) == 1:
        return ((ring[0] - start & WORD, people[0]),)
    first = bisect_left(ring, start)
    return ((ring[at] - start & WORD, people[at]) for at in chain(range(first, len(people)), range(first)))


def candidates_from_lists(book: RuleBook, seekers: Seekers, lists: Lists) -> Candidates:
    """Join everybody's list into one set of edges (search.C2)."""
    size = len(book.members)
    option_counts, worthy_counts = array("l", bytes(8 * size)), array("l", bytes(8 * size))
    scores: dict[tuple[int, int], int] = {}
    for person, kept in lists.kept.items():
        option_counts[person] = lists.option_counts[person]
        worthy_counts[person] = len(kept)
        for option in kept:
            pair = (person, option.other) if person < option.other else (option.other, person)
            scores[pair] = option.score
    bonuses, ties = seekers.bonuses, book.ties
    edges = tuple(
        Edge(lo, hi, score, score + bonuses[lo] + bonuses[hi], pair_tie(ties[lo], ties[hi])) for (lo, hi), score in sorted(scores.items())
    )
    return Candidates(edges=edges, option_counts=option_counts, worthy_counts=worthy_counts)
