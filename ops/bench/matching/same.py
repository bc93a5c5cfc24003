"""The same people in another order, another process, another way of computing: the same result, byte for byte.

Each round is held by a process of its own with another hash seed; a digest of all that it found out is compared.
"""

import os
import random
import subprocess
import sys
import time
from hashlib import blake2b
from typing import Final

from engine.matching.assigning.choosing import choose_pairs as choose_plainly
from engine.matching.compiled import choose_pairs
from engine.matching.round import RoundResult, hold_round
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import OPEN, warm_up

PLAIN_PEOPLE_MAX: Final = 5_000
"""Above that the standard library alone takes minutes."""
SEEDS: Final = (0, 1, 2)


def run(sizes: list[int]) -> None:
    """Hold each round in several processes and compare."""
    warm_up()
    for size in sizes or (2_000, 5_000, 100_000):
        ways = ("plain", "quickest") if size <= PLAIN_PEOPLE_MAX else ("quickest",)
        found: dict[str, list[str]] = {}
        for way in ways:
            for seed in SEEDS:
                begin = time.perf_counter()
                command = [sys.executable, "-m", "ops.bench.matching.same", str(size), str(seed), way]
                environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
                answer = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout.strip()
                found.setdefault(answer, []).append(f"{way}/{seed} {time.perf_counter() - begin:.1f} s")
        assert len(found) == 1, found
        (digest, runs), *_ = found.items()
        print(f"same           {size:>9,} {len(runs)} of {len(ways) * len(SEEDS)} runs gave {digest} ({', '.join(runs)})", flush=True)


def _digest(result: RoundResult) -> str:
    """Hash everything that a round found out."""
    digest = blake2b(digest_size=8)
    for each in (*result.proposals, *result.unmatched, *result.refused_locks, result.certificate, dict(result.topic_weights)):
        digest.update(repr(each).encode())
    return digest.hexdigest()


def _held(size: int, seed: int, way: str) -> str:
    members = people(size)
    random.Random(seed).shuffle(members)
    chooser = choose_plainly if way == "plain" else choose_pairs
    return _digest(hold_round(members, OPEN, round_ordinal=1, at=AT, topic_catalogue=FAMILIES, chooser=chooser))


if __name__ == "__main__":
    print(_held(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
