"""How good the pairs are: against flow on the same candidates, against every pair there is, and the bounded index against exact lists."""

from collections.abc import Sequence
from typing import Any

from engine.matching.pool import PoolMember, RoundContext
from engine.matching.scoring import topic_weights
from engine.matching.search.kinds import Kinds
from engine.matching.search.rule_book import RuleBook
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import OPEN, held, told, warm_up
from schemas.terms.codes import Matcher
from schemas.terms.policy import Policy

KINDS_OF_GRAPHS = (("two sides", 2), ("any two", 0))
"""With two bands between, a graph has two sides and flow is the optimum; otherwise it is a bound."""
SENIOR_BAND = 2


def run(sizes: list[int]) -> None:
    """Solve the same graph by auction and by flow: two bands apart (two sides, so flow is exact), then any two people."""
    warm_up()
    for size in sizes or (2_000, 10_000, 50_000):
        pool = people(size)
        for name, gap in KINDS_OF_GRAPHS:
            policy = OPEN.model_copy(update={"experience_gap_min": gap, "first_pair_first": False})
            auctioned = held(pool, policy)
            exact = held(pool, policy.model_copy(update={"matcher": Matcher.EXACT}))
            told(f"{name}, auction", size, auctioned)
            told(f"{name}, flow", size, exact)
            best = exact.result.certificate.bound
            share = auctioned.result.certificate.total / best
            print(f"{name:14} {size:>9,} auction is {share:.4%} of the optimum (flow's bound {best:,})", flush=True)


def run_bounded(sizes: list[int]) -> None:
    """Choose from bounded lists and from exact ones."""
    warm_up()
    for size in sizes or (20_000, 100_000):
        pool = people(size)
        bounded, exact = held(pool, exact_people_max=0), held(pool, exact_people_max=size)
        told("bounded", size, bounded)
        told("exact lists", size, exact)
        share = bounded.result.certificate.total / exact.result.certificate.total
        print(f"bounded        {size:>9,} {share:.3%} of the total on exact lists", flush=True)


def run_whole(sizes: list[int]) -> None:
    """Compare rounds with the best choice among all feasible pairs, not the kept ones alone."""
    warm_up()
    for size in sizes or (2_000, 10_000):
        pool = people(size)
        for name, gap in KINDS_OF_GRAPHS:
            policy = OPEN.model_copy(update={"experience_gap_min": gap, "first_pair_first": False})
            certificate = held(pool, policy).result.certificate
            pairs_count, best = _best_of_all(pool, policy)
            print(
                f"{name:14} {size:>9,} {certificate.total / best:.4%} of the {'optimum' if gap else 'bound'} over all {pairs_count:,} "
                f"feasible pairs ({best:,})",
                flush=True,
            )


def _best_of_all(pool: Sequence[PoolMember], policy: Policy) -> tuple[int, int]:
    """Count the feasible pairs and bound what any choice of them weighs: the optimum in two sides, else half of the double cover's."""
    import numpy as np

    from engine.matching.compiled.assignment import Graph
    from engine.matching.compiled.exact_matcher import across, cover

    rows = feasible(pool, policy)
    rows.sort(key=lambda row: -row[2])
    lo, hi, weight = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    room = np.array([member.room for member in pool], np.int64)
    graph, numbers = Graph(lo, hi, weight, weight, np.zeros(len(rows), np.uint64)), np.arange(len(rows))
    if policy.experience_gap_min < SENIOR_BAND:
        return len(rows), cover(graph, numbers, room)[2] // 2
    side: Any = np.array([(member.band or 0) >= SENIOR_BAND for member in pool])
    return len(rows), across(graph, numbers, side, room)[1]


def feasible(pool: Sequence[PoolMember], policy: Policy) -> list[tuple[int, int, int]]:
    """List (lower position, higher position, score) of all pairs that rules and reserve allow, by the plain way."""
    context = RoundContext.of(policy, week_of=AT.date(), topic_weights=topic_weights((member.wants for member in pool), FAMILIES))
    book = RuleBook(pool, context, 1)
    nothing = [0] * len(pool)
    kinds = Kinds(book, range(len(pool)), nothing, nothing)
    barred = [kinds.related[position] | kinds.peers(position) for position in range(len(pool))]
    return [
        (min(one, two), max(one, two), score)
        for kind, other, score in kinds.scored_pairs()
        if score >= policy.reserve_floor
        for one in kinds.people[kind]
        for two in kinds.people[other]
        if two not in barred[one] and (kind != other or one < two)
    ]
