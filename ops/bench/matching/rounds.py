"""Rounds held and timed: what every part of the benchmark does."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.matching.assigning.choosing import ChosenPairs, RoundTask
from engine.matching.compiled import choose_pairs
from engine.matching.pool import PoolMember
from engine.matching.round import RoundResult, hold_round
from ops.bench.matching.peers.peer_run import memory_mb
from ops.bench.matching.people import AT, FAMILIES, people
from schemas.frozen import replace
from schemas.terms.policy import Policy

OPEN: Policy = Policy(reserve_start=250)
"""A first round after a long wait: the reserve at its floor, so that nearly everybody can be matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A round and what it took."""

    result: RoundResult
    wall_seconds: float
    cpu_seconds: float
    memory_mb_max: int


def held(
    members: Sequence[PoolMember],
    policy: Policy = OPEN,
    *,
    exact_people_max: int | None = None,
    ordinal: int = 1,
) -> Timed:
    """Hold a round; the size from which the index is bounded may be set, to compare."""

    def chosen(task: RoundTask) -> ChosenPairs:
        if exact_people_max is None:
            return choose_pairs(task)
        return choose_pairs(replace(task, exact_people_max=exact_people_max))

    wall, cpu = time.perf_counter(), time.process_time()
    result = hold_round(members, policy, round_ordinal=ordinal, at=AT, topic_catalogue=FAMILIES, chooser=chosen)
    return Timed(
        result=result,
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        memory_mb_max=memory_mb(),
    )


def warm_up() -> None:
    """Compile, or load what was compiled before."""
    held(people(1_600, 99))
    held(people(1_600, 99), exact_people_max=0)


def told(name: str, size: int, run: Timed) -> None:
    """Print one line."""
    certificate = run.result.certificate
    print(
        f"{name:14} {size:>9,} {run.wall_seconds:8.2f} s wall {run.cpu_seconds:8.2f} s cpu {run.memory_mb_max:>6,} MB "
        f"{len(run.result.proposals):>8,} pairs  ratio {certificate.ratio:.5f}  left out {run.result.waiting_count:,}",
        flush=True,
    )
