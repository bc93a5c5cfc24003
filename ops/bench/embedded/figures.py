"""Figures of repeated runs: medians and extremes, never means, because one disturbed run moves a mean and not a median."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What repeated runs gave."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Summarise one value per run."""
        assert values, "a spread of nothing"
        return cls(median=median(values), low=min(values), high=max(values))


def rates(events: int, seconds: Sequence[float]) -> Spread:
    """Events per second of each run."""
    return Spread.of([events / each for each in seconds])


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """One ratio per round, then their spread: both runs of a round met the same weather on the machine.

    Args:
        numerators: one figure per round.
        denominators: the same rounds, the same order.
    """
    return Spread.of([above / below for above, below in zip(numerators, denominators, strict=True)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a ratio or duration should come to."""

    bound: float
    is_floor: bool = True
    """At least the bound, or else at most."""

    def is_met_by(self, value: float) -> bool:
        """Compare, the bound itself included."""
        return value >= self.bound if self.is_floor else value <= self.bound
