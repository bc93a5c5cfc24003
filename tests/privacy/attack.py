"""The attacker: a program that reads all public topics of a history and its report, and guesses its secret by one strategy a channel.

It knows the whole history but the secret and the salt. So it plays every possible truth with a salt of its own, looks at one channel of
each, and takes the truth whose view is nearest to the one that was published; where several are alike it tosses a coin. It must do no
better than chance. That it can see is shown by planted leaks: one for each channel, written into the same views.

Run as `python -m tests.privacy.attack [SECRETS]`: 1,000 secrets of each kind by default.
"""

import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.privacy.channels import CHANNELS, LEAKS, Bag
from tests.privacy.secrets import KINDS, Secret
from tests.privacy.world import View

CONFIDENCE: Final = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One secret: what was published, what the attacker plays, and the truth."""

    seed: int
    truth: int
    published: View
    played: tuple[View, ...]
    """By truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one strategy came to against one kind of secret."""

    kind: str
    channel: str
    hits: int
    guesses: int
    informed: int
    """Guesses that were no toss of a coin."""
    chance: float

    @property
    def interval(self) -> tuple[float, float]:
        """The exact interval of the share of hits."""
        return exact_interval(self.hits, self.guesses)

    @property
    def is_better_than_chance(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.interval[0] > self.chance


def cases(kind: Secret, count: int) -> Iterator[Case]:
    """Play so many secrets of a kind."""
    for seed in range(count):
        truth = random.Random(f"{kind.name}/{seed}").randrange(kind.truths)  # noqa: S311 - a history, not a key
        published = kind.play(seed, f"salt of {seed}".encode(), truth)
        played = tuple(kind.play(seed, b"of the attacker", guess) for guess in range(kind.truths))
        yield Case(seed=seed, truth=truth, published=published, played=played)


def scores(kind: Secret, found: Iterable[Case], *, is_planted: bool = False) -> list[Score]:
    """Let every strategy guess every secret, with the leak of its own channel planted if asked for."""
    hits: Counts = dict.fromkeys(CHANNELS, 0)
    informed: Counts = dict.fromkeys(CHANNELS, 0)
    guesses = 0
    for case in found:
        guesses += 1
        for channel in CHANNELS:
            guess, is_informed = guessed(case, channel, is_planted=is_planted)
            hits[channel] += guess == case.truth
            informed[channel] += is_informed
    return [
        Score(kind=kind.name, channel=name, hits=hits[name], guesses=guesses, informed=informed[name], chance=1 / kind.truths)
        for name in CHANNELS
    ]


Counts = dict[str, int]


def guessed(case: Case, channel: str, *, is_planted: bool) -> tuple[int, bool]:
    """Guess by one channel. Returns the guess, and whether it was more than a toss of a coin."""
    read = CHANNELS[channel]

    def seen(view: View, truth: int) -> Bag:
        return read(LEAKS[channel](view, truth) if is_planted else view)

    published = seen(case.published, case.truth)
    distances = [_distance(published, seen(view, truth)) for truth, view in enumerate(case.played)]
    nearest = [truth for truth, distance in enumerate(distances) if distance == min(distances)]
    coin = random.Random(f"{case.seed}/{channel}")  # noqa: S311 - a coin, not a key
    return coin.choice(nearest), len(nearest) < len(distances)


def _distance(one: Bag, other: Bag) -> int:
    return ((one - other) + (other - one)).total()


def exact_interval(hits: int, count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact binomial interval (Clopper and Pearson, 1934) of a share."""
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _root(lambda share: _at_least(hits, count, share) - tail)
    high = 1.0 if hits == count else _root(lambda share: _at_least(hits + 1, count, share) - (1 - tail))
    return low, high


def _at_least(hits: int, count: int, share: float) -> float:
    """Return the probability of so many hits or more."""
    log_share, log_rest = math.log(share), math.log1p(-share)
    logs = (
        math.lgamma(count + 1) - math.lgamma(n + 1) - math.lgamma(count - n + 1) + n * log_share + (count - n) * log_rest
        for n in range(hits, count + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))


def _root(grows: Callable[[float], float]) -> float:
    low, high = 1e-9, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if grows(middle) > 0 else (middle, high)
    return (low + high) / 2


def attacked(kind: Secret, count: int) -> list[tuple[Score, Score]]:
    """Attack one kind of secret. Returns what each strategy came to, and what it came to against its planted leak."""
    played = list(cases(kind, count))
    return list(zip(scores(kind, played), scores(kind, played, is_planted=True), strict=True))


def _attacked_by_number(number: int, count: int) -> list[tuple[Score, Score]]:
    return attacked(KINDS[number], count)


def main(arguments: list[str]) -> int:
    """Attack, print each strategy's share with its interval, and fail where one does better than chance or misses its planted leak."""
    count = int(arguments[0]) if arguments else 1_000
    failures = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(_attacked_by_number, range(len(KINDS)), [count] * len(KINDS)):
            for score, planted in found:
                is_wrong = score.is_better_than_chance or not planted.is_better_than_chance
                failures += is_wrong
                print(_line(score, planted, is_wrong=is_wrong), flush=True)
    print(f"{count} secrets of each kind: {failures or 'no'} leaks")
    return 1 if failures else 0


def _line(score: Score, planted: Score, *, is_wrong: bool) -> str:
    low, high = score.interval
    share, seen = score.hits / score.guesses, planted.hits / planted.guesses
    told = f"{share:6.1%} [{low:.3f}, {high:.3f}], chance {score.chance:.2f}; {score.informed} no toss of a coin; planted {seen:.0%}"
    return f"{'LEAK' if is_wrong else 'ok  '} {score.kind:25} {score.channel:14}{told}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
