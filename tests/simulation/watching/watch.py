"""A driver that is looked at after every unit, and a simulated year played through it.

A unit is one input with its hops, or one tick with its hops: nothing between two units can be seen from outside.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from engine.core.cascade import TimeMode
from engine.core.dead_letters import DeadLetter
from engine.core.execution import Outcome, Output
from engine.simulation.year import DEFAULT_PROGRAMMES, START_AT, ProgrammePlan, ProgrammeYear
from engine.testing import FAR_FUTURE, TopologyDriver

Json = dict[str, Any]
Watcher = Callable[["Unit"], None]
STEP: Final = timedelta(hours=12)
"""How often simulated people read what is new: finer costs time and shows little more."""


class Unit:
    """What one unit did."""

    __slots__ = ("at", "event", "letters", "outcome", "outputs")

    def __init__(self, *, at: datetime, event: Json | None, outcome: Outcome, outputs: list[Json], letters: list[DeadLetter]) -> None:
        self.at = at
        self.event = event
        """The input; None for a tick."""
        self.outcome = outcome
        self.outputs = outputs
        """Structured, `data` parsed, and the topic besides."""
        self.letters = letters


def read_output(output: Output) -> Json:
    """Return an output as a structured CloudEvent that also names its topic and key."""
    body = None if output.data is None else json.loads(output.data)
    return {**output.attributes, "topic": output.topic, "key": output.key, "data": body}


class WatchedDriver(TopologyDriver):
    """A driver that shows every unit to a watcher before the next begins."""

    def __init__(self, watcher: Watcher | None = None) -> None:
        super().__init__()
        self.watcher = watcher
        self._outputs_seen = 0
        self._letters_seen = 0

    def pipe(self, *events: Mapping[str, Any] | bytes, received_at: datetime = FAR_FUTURE) -> Outcome:
        """Take events, and show the units before each as ticks."""
        outcome = Outcome.APPLIED
        for event in events:
            value = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
            logged = len(self.store.log)
            for outcome in self._cascade.offer(self._cascade.read(self._origin(value), received_at), TimeMode.DATA):
                is_tick = len(self.store.log) > logged and self.store.log[-1].kind == "tick"
                logged = len(self.store.log)
                self._show(None if is_tick else json.loads(value), outcome)
            self.tally.counts[outcome] += 1
        return outcome

    def advance(self, to: datetime) -> None:
        """Move data time forward, and show each tick."""
        for _ in self._cascade.advance(to):
            self._show(None, Outcome.APPLIED)
        if self.store.last_at is None or to > self.store.last_at:
            self._cascade.tick(to)
            self._show(None, Outcome.APPLIED)

    def _show(self, event: Json | None, outcome: Outcome) -> None:
        outputs = self.store.outputs[self._outputs_seen :]
        letters = list(self.store.dead_letters.values())[self._letters_seen :]
        self._outputs_seen, self._letters_seen = len(self.store.outputs), len(self.store.dead_letters)
        if self.watcher is not None and self.store.last_at is not None:
            shown = [read_output(output) for output in outputs]
            self.watcher(Unit(at=self.store.last_at, event=event, outcome=outcome, outputs=shown, letters=letters))


def play(driver: TopologyDriver, year: ProgrammeYear) -> Iterator[tuple[datetime, list[Json]]]:
    """Play a year through a driver.

    Yields: after each step, where the clock stands and the events that were piped.
    """
    events = year.start_events()
    driver.pipe(*events)
    now, read = START_AT, 0
    yield now, events
    while now < year.end_at:
        now = min(now + STEP, year.end_at)
        news = [read_output(output) for output in driver.store.outputs[read:] if output.data is not None]
        read = len(driver.store.outputs)
        events = year.events_until(now, news)
        driver.pipe(*events)
        driver.advance(now)
        yield now, events


def played(
    people: int, seed: int, months: int, watcher: Watcher | None = None, programmes: Sequence[ProgrammePlan] = DEFAULT_PROGRAMMES
) -> TopologyDriver:
    """Play a whole year at once."""
    driver = WatchedDriver(watcher)
    exhaust(play(driver, ProgrammeYear(people=people, seed=seed, months=months, programmes=programmes)))
    return driver


def exhaust(steps: Iterable[object]) -> None:
    """Go through something for what it does on the way."""
    for _ in steps:
        pass


@cache
def half_year() -> tuple[Unit, ...]:
    """Return the units of a simulated half year."""
    units: list[Unit] = []
    played(40, 2, 6, units.append)
    return tuple(units)
