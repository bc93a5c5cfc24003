"""Which years are played, what one came to, and which ones failed before."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulation.watching.invariants import Watch
from tests.simulation.watching.watch import played

FAILED_BEFORE: Final = Path(__file__).parent / "seeds.txt"
SEEDS: Final = range(1, 4)
"""Of a test run; `make soak` begins behind them."""
PEOPLE_COUNT: Final = 48
SHOWN_MAX: Final = 12
"""Violations shown of one year; the first ones cause most of the others."""


@dataclass(frozen=True, slots=True, order=True)
class Year:
    """What a simulated year is a function of."""

    seed: int
    people: int
    months: int

    def __str__(self) -> str:
        return f"{self.seed} {self.people} {self.months}"


def failed_before() -> tuple[Year, ...]:
    """Return the years of seeds.txt: seed, people and months, one year a line; `#` begins a remark."""
    lines = (line.partition("#")[0].split() for line in FAILED_BEFORE.read_text(encoding="utf-8").splitlines())
    return tuple(Year(*map(int, words)) for words in lines if words)


def finding(year: Year) -> str:
    """Play a year and say what broke; empty when nothing did."""
    watch = Watch()
    played(year.people, year.seed, year.months, watch)
    if not watch.found:
        return ""
    counts = Counter(violation.invariant for violation in watch.found)
    shown = [f"{violation.at:%Y-%m-%dT%H:%M:%SZ} {violation.invariant}: {violation.what}" for violation in watch.found[:SHOWN_MAX]]
    return "\n".join((f"seed, people, months = {year}", str(dict(counts)), *shown))
