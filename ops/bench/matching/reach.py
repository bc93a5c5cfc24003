"""How many people could have had a pair at all in the fairness part, where two bands must lie between and seniors are scarce.

Two answers frame what the rule reaches. A flow through all twelve rounds at once bounds it: every unit of room holds as many pairs as fit
into twelve rounds, one after the other, and scores don't count. An oracle plays round by round and lets people who never had a pair come
before everything else, by minimum-cost flow: what could be had by a rule that looks at nothing but this.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from engine.matching.assigning.choosing import Chooser, ChosenPairs, RoundTask
from engine.matching.compiled import choose_pairs
from engine.matching.pool import PoolMember
from ops.bench.matching.fairness import PAIRS_LAST, ROUNDS, Played, played
from ops.bench.matching.people import people
from ops.bench.matching.quality import SENIOR_BAND, feasible
from ops.bench.matching.rounds import OPEN, warm_up
from schemas.frozen import replace
from schemas.terms.codes import Matcher
from schemas.terms.ids import PersonId

NEVER_BONUS = 5_000
"""More than any score with the bonuses of waiting."""
RAISED = 100
"""A wait_bonus of that is tried as well: twice the default."""
PAIRS_PER_UNIT = ROUNDS // PAIRS_LAST


def run(sizes: list[int]) -> None:
    """Play by the rule and by the oracle, and bound both."""
    warm_up()
    policy = OPEN.model_copy(update={"experience_gap_min": SENIOR_BAND})
    for size in sizes or (10_000,):
        pool = people(size)
        partners: dict[int, list[int]] = defaultdict(list)
        for lo, hi, _score in feasible(pool, policy):
            partners[lo].append(hi)
            partners[hi].append(lo)
        bound = sum(_covered(pool, partners, is_senior=is_senior) for is_senior in (False, True))
        print(
            f"reach          {size:>9,} {len(partners):,} people have an option; a flow bounds those with a pair at {bound:,}", flush=True
        )
        _told("by the rule", size, played(pool, policy), pool, partners)
        _told(f"with wait_bonus {RAISED}", size, played(pool, policy.model_copy(update={"wait_bonus": RAISED})), pool, partners)
        _told("by the oracle", size, played(pool, policy, _oracle), pool, partners)


def _oracle(met: set[PersonId]) -> Chooser:
    def chosen(task: RoundTask) -> ChosenPairs:
        bonuses = [
            bonus + NEVER_BONUS * (member.person_id not in met)
            for bonus, member in zip(task.seekers.bonuses, task.book.members, strict=True)
        ]
        return choose_pairs(replace(task, seekers=replace(task.seekers, bonuses=bonuses), matcher=Matcher.EXACT))

    return chosen


def _told(name: str, size: int, found: Played, pool: Sequence[PoolMember], partners: dict[int, list[int]]) -> None:
    """Print who never had a pair, how many options they had and how sought after these are."""
    never = [position for position in sorted(partners) if pool[position].person_id not in found.met]
    sought = {position: len(others) / (PAIRS_PER_UNIT * pool[position].room) for position, others in partners.items()}
    print(
        f"reach          {size:>9,} {name}: {len(never):,} of those with an option never had a pair, {len(found.never):,} of them were "
        f"told that others got theirs; total score {found.total:,}",
        flush=True,
    )
    for group, positions in (("never", never), ("everybody", sorted(partners))):
        juniors = [position for position in positions if (pool[position].band or 0) < SENIOR_BAND]
        if juniors:
            bands = dict(sorted(Counter(pool[position].band for position in positions).items(), key=str))
            options = statistics.quantiles([len(partners[position]) for position in juniors] * 2, n=4)
            least = statistics.median(min(sought[other] for other in partners[position]) for position in juniors)
            print(
                f"  {group}: bands {bands}; juniors' options, quartiles {options}; people for one pair of the least sought-after "
                f"option, median {least:.1f}",
                flush=True,
            )


def _covered(pool: Sequence[PoolMember], partners: dict[int, list[int]], *, is_senior: bool) -> int:
    """Bound how many people of one side may have a pair: one each, while the other side's room lasts."""
    from ortools.graph.python import max_flow

    network = max_flow.SimpleMaxFlow()
    source, sink = len(pool), len(pool) + 1
    side = [position for position in partners if ((pool[position].band or 0) >= SENIOR_BAND) is is_senior]
    other_side = [position for position in partners if ((pool[position].band or 0) >= SENIOR_BAND) is not is_senior]
    tails = [source] * len(side) + [position for position in side for _ in partners[position]] + other_side
    heads = side + [other for position in side for other in partners[position]] + [sink] * len(other_side)
    room = [1] * (len(tails) - len(other_side)) + [PAIRS_PER_UNIT * pool[position].room for position in other_side]
    network.add_arcs_with_capacity(np.array(tails, np.int32), np.array(heads, np.int32), np.array(room, np.int64))
    status = network.solve(source, sink)
    assert status == network.OPTIMAL, status
    return int(network.optimal_flow())
