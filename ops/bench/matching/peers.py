"""The same people and scores through what one would pick instead, where it is installed: PyPI's `mentor-match` or `matching`.

Both call their package `matching`, so only one of them can be installed at a time. Scores are computed before and looked up, which
flatters both.
"""

import importlib
import importlib.util
import sys
import time
from typing import Any

from engine.domain.eligibility import PoolMember, RoundContext
from engine.domain.scoring import topic_weights
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import OPEN, held, told, warm_up

GAP_BAND = 2


def run(sizes: list[int]) -> None:
    """Match juniors with seniors, one pair each."""
    warm_up()
    for size in sizes or (500, 1_000):
        pool = people(size, room_max=1)
        policy = OPEN.model_copy(update={"first_pair_first": False, "experience_gap_min": 2})
        told("this engine", size, held(pool, policy))
        scores = _scores(pool)
        for name, solve in (("matching.games", _hospital_resident), ("matching.process", _mentor_match)):
            if importlib.util.find_spec("matching") is None or importlib.util.find_spec(name) is None:
                print(f"{name} is not installed: skipped")
                continue
            begin = time.perf_counter()
            pairs, total = solve(scores)
            print(f"{name:14} {size:>9,} {time.perf_counter() - begin:8.2f} s wall {pairs:>8,} pairs  total {total:,}", flush=True)


def _scores(pool: list[PoolMember]) -> dict[tuple[int, int], int]:
    """The score of every junior with every senior, as the engine would give it."""
    from engine.domain.eligibility import bar_between

    policy = OPEN.model_copy(update={"experience_gap_min": 2})
    context = RoundContext.of(policy, week_of=AT.date(), topic_weights=topic_weights((member.wants for member in pool), FAMILIES))
    juniors = [at for at, member in enumerate(pool) if (member.band or 0) < GAP_BAND]
    seniors = [at for at, member in enumerate(pool) if (member.band or 0) >= GAP_BAND]
    return {
        (junior, senior): context.score(pool[junior], pool[senior])
        for junior in juniors
        for senior in seniors
        if bar_between(pool[junior], pool[senior], context) is None
    }


def _hospital_resident(scores: dict[tuple[int, int], int]) -> tuple[int, int]:
    """Stable pairs by preference."""
    games: Any = importlib.import_module("matching.games")
    juniors: dict[str, list[str]] = {}
    seniors: dict[str, list[str]] = {}
    for junior, senior in sorted(scores, key=lambda pair: -scores[pair]):
        juniors.setdefault(f"j{junior}", []).append(f"s{senior}")
        seniors.setdefault(f"s{senior}", []).append(f"j{junior}")
    sys.setrecursionlimit(1_000_000)  # it copies linked players and fails at 500 people otherwise
    game: Any = games.HospitalResident.create_from_dictionaries(juniors, seniors, dict.fromkeys(seniors, 1))
    found = game.solve()
    pairs = [(int(str(resident)[1:]), int(str(hospital)[1:])) for hospital, residents in found.items() for resident in residents]
    return len(pairs), sum(scores[pair] for pair in pairs)


class _Looked:
    """A rule of mentor-match that gives the engine's score."""

    def __init__(self, scores: dict[tuple[int, int], int]) -> None:
        self._scores = scores

    def apply(self, match: Any) -> int:
        """Say what a pair is worth."""
        return self._scores.get((int(match.mentee.email), int(match.mentor.email)), 0)


def _mentor_match(scores: dict[tuple[int, int], int]) -> tuple[int, int]:
    """One of its rounds."""
    mentor: Any = importlib.import_module("matching.mentor")
    mentee: Any = importlib.import_module("matching.mentee")
    process: Any = importlib.import_module("matching.process")
    juniors = [mentee.Mentee(grade=0, email=str(each)) for each in sorted({junior for junior, _ in scores})]
    seniors = [mentor.Mentor(grade=1, email=str(each)) for each in sorted({senior for _, senior in scores})]
    process.process_data(seniors, juniors, [[_Looked(scores)]])
    pairs = [(int(junior.email), int(senior.email)) for junior in juniors for senior in junior.mentors]
    worth = [scores[pair] for pair in pairs if pair in scores]
    return len(worth), sum(worth)
