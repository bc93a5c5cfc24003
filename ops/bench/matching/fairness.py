"""Twelve rounds in which pairs last three: who is never matched, and what the waiting bonus and first pairs cost."""

from collections import Counter
from dataclasses import replace

from engine.domain.eligibility import PoolMember
from ops.bench.matching.people import people
from ops.bench.matching.rounds import OPEN, held, warm_up
from schemas.codes import EligibilityCode, UnmatchedCode
from schemas.ids import PersonId
from schemas.policy import Policy

ROUNDS = 12
PAIRS_LAST = 3


def run(sizes: list[int]) -> None:
    """Play twelve rounds with and without what serves those who wait; with two bands between, seniors are scarce."""
    warm_up()
    for size in sizes or (10_000,):
        for gap in (0, 2):
            policy = OPEN.model_copy(update={"experience_gap_min": gap})
            plain, plain_never = _played(people(size), policy.model_copy(update={"wait_bonus": 0, "first_pair_first": False}))
            fair, fair_never = _played(people(size), policy)
            print(
                f"fairness       {size:>9,} gap {gap}: never matched although feasible: {fair_never:,} "
                f"(without the rules {plain_never:,}); price {1 - fair / plain:.2%} of the total score",
                flush=True,
            )


def _played(everybody: list[PoolMember], policy: Policy) -> tuple[int, int]:
    past: dict[PersonId, set[PersonId]] = {member.person_id: set() for member in everybody}
    waited: Counter[PersonId] = Counter()
    ends: list[tuple[int, tuple[PersonId, PersonId]]] = []
    met: set[PersonId] = set()
    feasible: set[PersonId] = set()
    total = 0
    for ordinal in range(1, ROUNDS + 1):
        ends = [(until, pair) for until, pair in ends if until > ordinal]
        used = Counter(person_id for _, pair in ends for person_id in pair)
        result = held([_today(member, past, used, waited) for member in everybody], policy, ordinal=ordinal).result
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
                feasible.add(left_out.person_id)
    return total, len(feasible - met)


def _today(member: PoolMember, past: dict[PersonId, set[PersonId]], used: Counter[PersonId], waited: Counter[PersonId]) -> PoolMember:
    return replace(
        member,
        bars=dict.fromkeys(sorted(past[member.person_id]), EligibilityCode.PAST_PARTNER),
        room=max(0, member.room - used[member.person_id]),
        live_count=used[member.person_id],
        rounds_waited=waited[member.person_id],
        waiting_days=30,
    )
