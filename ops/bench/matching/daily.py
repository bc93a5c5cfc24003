"""A day later: one person in a hundred comes, goes or is freed; only people with room are matched, and what is held stays."""

import random
import statistics
import time
from collections import Counter

from engine.matching.compiled import standby
from engine.matching.pool import PoolMember
from engine.matching.what_if import drift_ratio, unpaired
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import OPEN, held, told, warm_up
from schemas.frozen import replace
from schemas.terms.ids import PersonId

LEAVE_SHARE = 0.004
JOIN_SHARE = 0.004
END_SHARE = 0.002
QUESTIONS = 1_000
"""People asked about, at least, where there are as many."""


def run(sizes: list[int]) -> None:
    """Hold a first round, churn, hold the next, and compare it with matching everybody anew."""
    warm_up()
    for size in sizes or (10_000, 100_000):
        draws = random.Random(5)
        everybody = people(size)
        draws.shuffle(everybody)
        joining, present = everybody[: int(JOIN_SHARE * size)], everybody[int(JOIN_SHARE * size) :]
        first = held(present)
        told("first round", size, first)
        leaving = {member.person_id for member in draws.sample(present, k=int(LEAVE_SHARE * size))}
        live = {
            proposal.person_ids: proposal.score
            for proposal in first.result.proposals
            if not leaving & set(proposal.person_ids) and draws.random() >= END_SHARE
        }
        members = _with_pairs([member for member in (*present, *joining) if member.person_id not in leaving], set(live))
        second = held(members, ordinal=2)
        told("daily round", size, second)
        kept = live | {proposal.person_ids: proposal.score for proposal in second.result.proposals}
        assert len(kept) == len(live) + len(second.result.proposals), "no pair is proposed twice"
        anew = held([unpaired(member) for member in members], ordinal=2)
        told("all anew", size, anew)
        broken = len(set(live) - {proposal.person_ids for proposal in anew.result.proposals})
        print(
            f"daily          {size:>9,} kept and new {drift_ratio(kept, anew.result):.3%} of all anew, "
            f"which breaks {broken:,} of {len(live):,}",
            flush=True,
        )
        _one_at_a_time("with room after churn", members, size)
        _one_at_a_time("all have room", everybody, size)


def run_partner(sizes: list[int]) -> None:
    """Ask for single people's partners alone, in a pool where all have room."""
    for size in sizes or (10_000, 100_000):
        _one_at_a_time("all have room", people(size), size)


def _with_pairs(members: list[PoolMember], live: set[tuple[PersonId, PersonId]]) -> list[PoolMember]:
    partners: dict[PersonId, set[PersonId]] = {}
    for first, second in live:
        partners.setdefault(first, set()).add(second)
        partners.setdefault(second, set()).add(first)
    used = Counter({person_id: len(others) for person_id, others in partners.items()})
    return [
        replace(
            member,
            room=max(0, member.room - used[member.person_id]),
            live_count=used[member.person_id],
            partner_ids=frozenset(partners.get(member.person_id, ())),
        )
        for member in members
    ]


def _one_at_a_time(name: str, members: list[PoolMember], size: int) -> None:
    begin = time.perf_counter()
    kept = standby(members, OPEN, round_ordinal=2, at=AT, topic_catalogue=FAMILIES)
    free = sorted(member.person_id for member in members if member.room > 0)
    kept.best_partner(free[0])
    ready_seconds = time.perf_counter() - begin
    taken = []
    for person_id in free[:: max(1, len(free) // QUESTIONS)]:
        begin = time.perf_counter()
        kept.best_partner(person_id)
        taken.append(1_000 * (time.perf_counter() - begin))
    print(
        f"best partner   {size:>9,} {name} ({len(free):,}): median {statistics.median(taken):.2f} ms, most {max(taken):.2f} ms of "
        f"{len(taken):,}; made ready in {ready_seconds:.2f} s",
        flush=True,
    )
