"""Pools as nobody wants them: everybody gets an answer with a reason, in bounded time and memory, by the plain way too."""

import time
from collections.abc import Iterator
from typing import Final

from engine.matching.assigning.choosing import choose_pairs
from engine.matching.pool import PoolMember
from engine.matching.round import hold_round
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import held, warm_up
from schemas.frozen import replace
from schemas.terms.policy import Policy

PLAIN_PEOPLE_MAX: Final = 2_000
"""Above that the quickest way alone is timed."""


def run(sizes: list[int]) -> None:
    """Hold a round of each odd pool, plainly and as the machine likes."""
    warm_up()
    for size in sizes or (2_000, 20_000):
        for name, pool in odd_pools(size):
            quick = held(pool, Policy())
            result, plain_seconds = quick.result, "-"
            if size <= PLAIN_PEOPLE_MAX:
                begin = time.process_time()
                plain = hold_round(pool, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES, chooser=choose_pairs)
                plain_seconds = f"{time.process_time() - begin:.2f} s"
                assert plain == result
            reasons = {str(code): count for code, count in result.no_option_by_reason.items()}
            print(
                f"odd {name:22} {len(pool):>7,} plain {plain_seconds} cpu, quickest {quick.cpu_seconds:.2f} s cpu, "
                f"{quick.memory_mb_max:,} MB, {len(result.proposals):,} pairs, ratio {result.certificate.ratio:.4f}, no option: {reasons}",
                flush=True,
            )


def odd_pools(size: int) -> Iterator[tuple[str, list[PoolMember]]]:
    """Make the pools, each with its name."""
    pool = people(size)
    ids = [member.person_id for member in pool]
    topics = sorted(FAMILIES)
    plain = PoolMember(person_id=ids[0], offers=(("python", 3), ("strategy", 3)), wants=(("python", 2, 0), ("strategy", 2, 1)))
    all_round = replace(plain, offers=tuple((topic, 3) for topic in topics), wants=tuple((topic, 2, 1) for topic in topics))
    yield "empty", []
    yield "one person", pool[:1]
    yield "everybody alike", [replace(plain, person_id=person_id) for person_id in ids]
    yield "all ties, all differ", [replace(plain, person_id=person_id, department=f"d{person_id}") for person_id in ids]
    yield "300 all-round", [replace(all_round, person_id=each.person_id) if at < 300 else each for at, each in enumerate(pool)]
    yield "one hub", [replace(all_round, person_id=ids[0], room=5), *(replace(each, offers=(("python", 3),)) for each in pool[1:])]
    yield "all offer the same", [replace(each, offers=(("python", 3),)) for each in pool]
    yield "nobody offers anything", [replace(each, offers=()) for each in pool]
    yield "nobody has room", [replace(each, room=0) for each in pool]
    if size <= 2_000:
        yield "all exclude all", [replace(each, excluded=frozenset(ids) - {each.person_id}) for each in pool]
    yield "one manager", [replace(each, line=(ids[0],), manager_id=ids[0]) for each in pool]
    yield "no common language", [replace(each, languages=frozenset({f"l{at}"})) for at, each in enumerate(pool)]
    yield "tongues of 200", [replace(each, languages=frozenset({f"l{at // 200}"})) for at, each in enumerate(pool)]
