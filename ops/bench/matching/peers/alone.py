"""This engine's matcher alone, on scores from a file: what a peer is given, with nothing of rules, scoring and reasons.

    python -m ops.bench.matching.peers.alone SCORES

Reads what peer_run reads and prints what it prints, and which part of the time went into making arrays of the scores. Compiled code is
loaded before, as the peers' modules are; each time is the median of several.
"""

import json
import statistics
import sys
import time
from itertools import chain
from pathlib import Path

import numpy as np

from engine.matching.compiled.assignment import Graph, assign
from engine.matching.compiled.choosing import graph_of
from engine.matching.ties import person_tie
from ops.bench.matching.peers.peer_run import Scores, memory_mb
from schemas.terms.ids import PersonId

TIMES = 7


def graph(scores: Scores) -> Graph:
    """Lay scored pairs out as the matcher wants them; people who are nowhere in them have no edge."""
    ends = np.fromiter(chain.from_iterable(scores), np.int32, 2 * len(scores)).reshape(-1, 2)
    weight = np.fromiter(scores.values(), np.int32, len(scores))
    lo, hi = ends.min(axis=1), ends.max(axis=1)
    order = np.argsort(lo.astype(np.int64) << 32 | hi)
    lo, hi, weight = lo[order], hi[order], weight[order]
    places = np.array([person_tie(PersonId(str(person)), 1) for person in range(int(hi.max()) + 1)], np.uint64)
    return graph_of(lo, hi, weight, weight, places)


def matched(found: Graph) -> list[tuple[int, int]]:
    """Choose one pair for each person; the graph has two sides, so no colouring is needed."""
    people_count = int(found.hi.max()) + 1
    chosen, _bound = assign(found, np.arange(len(found.lo), dtype=np.int32), np.ones(people_count, np.int64), ())
    return list(zip(found.lo[chosen].tolist(), found.hi[chosen].tolist(), strict=True))


def main(path: str) -> None:
    """Match and print."""
    scores = {(junior, senior): score for junior, senior, score in json.loads(Path(path).read_text())}
    pairs = matched(graph(scores))
    arrays, all_together = [], []
    for _ in range(TIMES):
        begin = time.perf_counter()
        found = graph(scores)
        arrays.append(time.perf_counter() - begin)
        pairs = matched(found)
        all_together.append(time.perf_counter() - begin)
    total = sum(scores[pair] if pair in scores else scores[pair[::-1]] for pair in pairs)
    figures = {
        "seconds": statistics.median(all_together),
        "arrays_seconds": statistics.median(arrays),
        "pairs": len(pairs),
        "total": total,
        "memory_mb": memory_mb(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
