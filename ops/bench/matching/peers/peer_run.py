"""One peer matches people by scores from a file: started with the interpreter of that peer's environment, which has nothing of ours.

    python peer_run.py NAME SCORES

SCORES holds [junior, senior, score] for every feasible pair. Prints seconds, pairs, total and peak memory as JSON. Both peers call their
package `matching`, so each has an environment of its own.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Scores = dict[tuple[int, int], int]


def hospital_resident(scores: Scores) -> list[tuple[int, int]]:
    """Stable pairs by preference, from PyPI's `matching`."""
    games: Any = importlib.import_module("matching.games")
    juniors: dict[str, list[str]] = {}
    seniors: dict[str, list[str]] = {}
    for junior, senior in sorted(scores, key=lambda pair: -scores[pair]):
        juniors.setdefault(f"j{junior}", []).append(f"s{senior}")
        seniors.setdefault(f"s{senior}", []).append(f"j{junior}")
    sys.setrecursionlimit(1_000_000)  # it copies linked players and fails at 500 people otherwise
    game: Any = games.HospitalResident.create_from_dictionaries(juniors, seniors, dict.fromkeys(seniors, 1))
    found = game.solve()
    return [(int(str(resident)[1:]), int(str(hospital)[1:])) for hospital, residents in found.items() for resident in residents]


class Looked:
    """A rule of mentor-match that gives the engine's score."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores

    def apply(self, match: Any) -> int:
        """Say what a pair is worth."""
        return self._scores.get((int(match.mentee.email), int(match.mentor.email)), 0)


def mentor_match(scores: Scores) -> list[tuple[int, int]]:
    """Pairs of one round of PyPI's `mentor-match`."""
    mentor: Any = importlib.import_module("matching.mentor")
    mentee: Any = importlib.import_module("matching.mentee")
    process: Any = importlib.import_module("matching.process")
    juniors = [mentee.Mentee(grade=0, email=str(each)) for each in sorted({junior for junior, _ in scores})]
    seniors = [mentor.Mentor(grade=1, email=str(each)) for each in sorted({senior for _, senior in scores})]
    process.process_data(seniors, juniors, [[Looked(scores)]])
    pairs = [(int(junior.email), int(senior.email)) for junior in juniors for senior in junior.mentors]
    return [pair for pair in pairs if pair in scores]


SOLVERS: dict[str, Callable[[Scores], list[tuple[int, int]]]] = {"mentor-match": mentor_match, "matching": hospital_resident}


def memory_mb(field: str = "VmHWM") -> int:
    """Read a figure of this process from the kernel: VmRSS now, VmHWM the most there ever was.

    Of its own, which getrusage doesn't tell apart from what it was forked from.
    """
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith(field))


def main(name: str, path: str) -> None:
    """Match and print."""
    scores = {(junior, senior): score for junior, senior, score in json.loads(Path(path).read_text())}
    begin = time.perf_counter()
    pairs = SOLVERS[name](scores)
    seconds = time.perf_counter() - begin
    total = sum(scores[pair] for pair in pairs)
    print(json.dumps({"seconds": seconds, "pairs": len(pairs), "total": total, "memory_mb": memory_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
