"""Twelve rounds in which pairs last three: who is never matched, and what the waiting bonus and first pairs cost."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from engine.matching.assigning.choosing import Chooser
from engine.matching.compiled import choose_pairs
from engine.matching.pool import PoolMember
from engine.matching.round import hold_round
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import OPEN, warm_up
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, UnmatchedCode
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

ROUNDS = 12
PAIRS_LAST = 3


GAPS = (0, 1, 2)
"""A mutual programme asks for none by default, the directed tracks for one; with two, seniors are scarce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of twelve rounds."""

    total: int
    met: frozenset[PersonId]
    wanting: frozenset[PersonId]
    """Whoever was told in some round that others got the options."""

    @property
    def never(self) -> frozenset[PersonId]:
        """Whoever could have had a pair and never got one."""
        return self.wanting - self.met


def run(sizes: list[int]) -> None:
    """Play twelve rounds with and without what serves those who wait."""
    warm_up()
    for size in sizes or (10_000,):
        for gap in GAPS:
            policy = OPEN.model_copy(update={"experience_gap_min": gap})
            plain = played(people(size), policy.model_copy(update={"wait_bonus": 0, "first_pair_first": False}))
            fair = played(people(size), policy)
            print(
                f"fairness       {size:>9,} gap {gap}: never matched although feasible: {len(fair.never):,} "
                f"(without the rules {len(plain.never):,}); price {1 - fair.total / plain.total:.2%} of the total score",
                flush=True,
            )


def played(
    everybody: list[PoolMember], policy: Policy, chooser_for: Callable[[set[PersonId]], Chooser] = lambda _met: choose_pairs
) -> Played:
    """Hold the rounds.

    Args:
        everybody: the pool.
        policy: of all rounds.
        chooser_for: makes what chooses the pairs of a round, given who had a pair before.
    """
    past: dict[PersonId, set[PersonId]] = {member.person_id: set() for member in everybody}
    waited: Counter[PersonId] = Counter()
    ends: list[tuple[int, tuple[PersonId, PersonId]]] = []
    met: set[PersonId] = set()
    wanting: set[PersonId] = set()
    total = 0
    for ordinal in range(1, ROUNDS + 1):
        ends = [(until, pair) for until, pair in ends if until > ordinal]
        used = Counter(person_id for _, pair in ends for person_id in pair)
        members = [_today(member, past, used, waited) for member in everybody]
        result = hold_round(members, policy, round_ordinal=ordinal, at=AT, topic_catalogue=FAMILIES, chooser=chooser_for(met))
        total += result.total_score
        for proposal in result.proposals:
            first, second = proposal.person_ids
            past[first].add(second)
            past[second].add(first)
            ends.append((ordinal + PAIRS_LAST, (first, second)))
            met |= {first, second}
            waited[first] = waited[second] = 0
        for left_out in result.unmatched:
            if left_out.is_in_pool and not used[left_out.person_id]:
                waited[left_out.person_id] += 1
            if left_out.code is UnmatchedCode.OPTIONS_TAKEN:
                wanting.add(left_out.person_id)
    return Played(total=total, met=frozenset(met), wanting=frozenset(wanting))


def _today(member: PoolMember, past: dict[PersonId, set[PersonId]], used: Counter[PersonId], waited: Counter[PersonId]) -> PoolMember:
    return replace(
        member,
        bars=dict.fromkeys(sorted(past[member.person_id]), EligibilityCode.PAST_PARTNER),
        room=max(0, member.room - used[member.person_id]),
        live_count=used[member.person_id],
        rounds_waited=waited[member.person_id],
        waiting_days=30,
    )
