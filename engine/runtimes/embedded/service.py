"""The engine in wall time: follows a source, ticks by the clock, and stops when told to.

One loop, one thread:

    1. wait for lines, at most until the next tick or until what was taken has to be committed;
    2. offer each line; its `at` is the clock's;
    3. commit when enough was taken or it has waited long enough;
    4. once a second fire what is due, which commits as well.

If the process dies anywhere, what was committed stands and the rest is read again from the source; the marks make what is read twice a
no-op. A producer that needs to know does not write to a file. Told to stop, the loop finishes what it has read, commits and returns.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from engine.core.cascade import Tally
from engine.core.execution import Transition
from engine.errors import EngineError
from engine.observation import Observer
from engine.runtimes.embedded.following import Feed
from engine.runtimes.embedded.lines import Line
from engine.runtimes.embedded.observation import ObservedEngine
from engine.settings import Settings
from engine.telemetry import PREFIX

TICK_SECONDS: Final = 1.0
STOP_SECONDS: Final = 0.2
"""How long a wait may last before the loop looks whether it is to stop."""
COUNT_SHARE: Final = 100
"""Counting rows may take one part in so many of the time."""

_log = structlog.get_logger()


class Service:
    """The loop."""

    def __init__(
        self,
        engine: ObservedEngine,
        observer: Observer,
        feed: Feed,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.tally = Tally()
        self._engine = engine
        self._observer = observer
        self._feed = feed
        self._commit_seconds_max = settings.commit_seconds_max
        self._clock = clock
        self._is_stopping = False
        self._taken_since: float | None = None
        self._next_tick = 0.0
        self._next_count = 0.0

    def stop(self) -> None:
        """Ask the loop to finish; safe to call from a signal handler."""
        self._is_stopping = True

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            EngineError: nothing can be committed any more; the process ends.
        """
        _log.info("started", at=self._engine.last_at)
        self._engine.observed_by(self._observer)
        self._engine.observe(self._noticed)
        was_over = self._feed.is_over
        _log.info("ready", at=self._engine.last_at)
        try:
            while not self._is_stopping:
                self._take(self._feed.read(self._patience()))
                self._pass_time()
                if self._feed.is_over and not was_over:
                    was_over = True
                    _log.info("input_ended")
            self._engine.commit()
        except EngineError:
            _log.exception("commit_failed", at=self._engine.last_at)
            raise
        finally:
            self._feed.close()
        tally = self.tally
        _log.info("stopped", accepted=tally.accepted, duplicates=tally.duplicates, dead_lettered=tally.dead_lettered)

    def _noticed(self, transition: Transition) -> None:
        self._observer.transition(transition)
        for letter in transition.dead_letters:
            _log.warning("dead_letter", topic=letter.topic, code=letter.code)

    def _patience(self) -> float:
        """Say how long the loop may wait now."""
        now = time.monotonic()
        until = min(self._next_tick, now + STOP_SECONDS)
        if self._taken_since is not None:
            until = min(until, self._taken_since + self._commit_seconds_max)
        return max(0.0, until - now)

    def _take(self, lines: list[Line]) -> None:
        for line in lines:
            received_at = self._clock()
            began_at = time.monotonic()
            self._taken_since = self._taken_since or began_at
            self._observer.unit_begins()
            answer = self._engine.offer(line.value, received_at, headers=line.headers)
            seconds = time.monotonic() - began_at
            self._observer.input_taken(line.value, answer.outcome, received_at=received_at, at=self._engine.last_at, seconds=seconds)
            self.tally.counts[answer.outcome] += 1
            if began_at + seconds >= self._next_tick:
                self._pass_time()

    def _pass_time(self) -> None:
        """Commit and tick, where it is time for either."""
        now = time.monotonic()
        if self._taken_since is not None and now - self._taken_since >= self._commit_seconds_max:
            self._engine.commit()
            self._taken_since = None
        if now >= self._next_tick:
            self._tick()
        if now >= self._next_count:
            self._count_rows()

    def _tick(self) -> None:
        at, telemetry = self._clock(), self._observer.telemetry
        due_at = self._engine.next_wake_at
        if due_at is not None and due_at <= at:
            telemetry.observe(PREFIX + "timer_lateness_seconds", (at - due_at).total_seconds())
        self._observer.unit_begins()
        is_more_due = self._engine.tick_wall(at)
        self._taken_since = None
        telemetry.set(PREFIX + "timers_due", self._engine.due_count(at) if is_more_due else 0)
        self._next_tick = time.monotonic() + (0.0 if is_more_due else TICK_SECONDS)

    def _count_rows(self) -> None:
        began_at = time.monotonic()
        telemetry, counts = self._observer.telemetry, self._engine.row_counts()
        for table in telemetry.known[PREFIX + "table_rows"]["table"] | counts.keys():  # a table without rows is not among the counts
            telemetry.set(PREFIX + "table_rows", counts.get(table, 0), table=table)
        ended_at = time.monotonic()
        self._next_count = ended_at + max(15.0, COUNT_SHARE * (ended_at - began_at))
