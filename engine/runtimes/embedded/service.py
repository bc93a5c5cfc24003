"""The engine in wall time: one writer that everybody on this machine shares.

One thread owns the engine and runs the loop. Everybody else, on any thread, asks through this interface:

    submit(lines)   a Future of what became of each line
    call(work)      a Future of what `work(engine)` returned: a command of several steps, undisturbed by others
    reader()        the committed state, for the calling thread alone and beside the writer; `look()` a private copy of it
    follow(feed)    lines of a source that goes on, from a thread of its own
    health()        whether the loop turns; `stop()` ends it

A Future is done after the commit that holds the answer, never before. The loop:

    1. wait for a request, at most until the next tick;
    2. do it, and those behind it, until none waits, enough was taken or the first one has waited long enough;
    3. commit once for all of them, then answer each;
    4. once a second fire what is due, which commits as well.

If the process dies anywhere, what was answered stands, and what was not is unknown to whoever asked: sent again, the marks make what was
committed a no-op. The queue is bounded: beyond it a request is refused at once (`ServiceBusy`), so that memory is. Told to stop, the loop
finishes what waits, commits, answers and returns.

Source: guarantees.P1, guarantees.P2, guarantees.P10, guarantees.S10, guarantees.S40.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from sqlite3 import sqlite_version
from threading import Lock, Thread
from typing import Any, Final, TypeVar

import structlog

from engine.core.cascade import OutcomeCounts
from engine.core.execution import Transition
from engine.errors import EngineError, Refused, ServiceBusy, ServiceStopped
from engine.observation import Observer
from engine.runtimes.embedded.answers import InputAnswer
from engine.runtimes.embedded.following import LOOK_SECONDS, Follower
from engine.runtimes.embedded.lines import Line
from engine.runtimes.embedded.observation import ObservedEngine
from engine.runtimes.embedded.proof.fingerprints import own_version
from engine.runtimes.embedded.reading.look import Look
from engine.runtimes.embedded.reading.reader import Reader
from engine.settings import Settings
from engine.telemetry import METRIC_PREFIX

TICK_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 1.0
"""How long a source may take to hand over what it has read, once the loop is told to stop."""
STALE_SECONDS: Final = 10.0
"""A loop that has not turned for so long is not well."""
WAITING_LINES_MAX: Final = 10_000
WAITING_BYTES_MAX: Final = 32 * 1024 * 1024
COUNT_SHARE: Final = 100
"""Counting rows may take one part in so many of the time."""

T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the loop is."""

    is_ready: bool
    """It owns its data and takes requests."""
    is_stopping: bool
    seconds_since_turn: float

    @property
    def is_well(self) -> bool:
        """Whether it turns."""
        return self.seconds_since_turn < STALE_SECONDS


@dataclass(slots=True)
class _Request:
    work: Callable[[], Any]
    future: Future[Any]
    lines_count: int = 1
    bytes_count: int = 0


class Service:
    """The loop and its door."""

    def __init__(self, engine: ObservedEngine, observer: Observer, settings: Settings) -> None:
        """Prepare it; `run` begins.

        Args:
            engine: in wall time.
        """
        self.tally = OutcomeCounts()
        """What became of lines, as far as it is durable."""
        self._engine = engine
        self._observer = observer
        self._commit_events_max = settings.commit_events_max
        self._commit_seconds_max = settings.commit_seconds_max
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._lock = Lock()
        self._waiting_lines = 0
        self._waiting_bytes = 0
        self._feeds: list[_FollowingThread] = []
        self._undone: deque[tuple[_Request, Any]] = deque()
        self._uncounted: list[Callable[[], None]] = []
        self._is_ready = self._is_stopping = self._is_over = False
        self._turned_at = time.monotonic()
        self._next_tick = self._next_count = 0.0

    def submit(self, lines: Sequence[Line]) -> Future[list[InputAnswer]]:
        """Take lines, in this order. The Future holds what became of each, once all of them are durable.

        Raises:
            ServiceBusy: too much waits already; none of them was taken. ServiceStopped: nothing is taken any more.
        """
        bytes_count = sum(len(line.value) for line in lines)
        return self._asked(_Request(lambda: [self._take(line) for line in lines], Future(), len(lines), bytes_count))

    def call(self, work: Callable[[ObservedEngine], T]) -> Future[T]:
        """Do something with the engine on the loop's thread. The Future holds what it returned, once what it did is durable.

        Args:
            work: may raise `Refused`, which the Future then holds; any other error stops the service.
        Raises:
            ServiceBusy, ServiceStopped: as `submit`.
        """
        return self._asked(_Request(lambda: work(self._engine), Future()))

    def reader(self) -> Reader:
        """Open the committed state to read it on the calling thread; a context manager, to be left within seconds. Waits for nobody."""
        return Reader(self._engine.data_dir)

    def look(self) -> Look:
        """Copy the committed state, for what reads much or long; a context manager. Takes time in proportion, of the calling thread."""
        return Look(self._engine.data_dir, self._engine.topology)

    def follow(self, feed: Follower) -> None:
        """Take the lines of a source as they come, each chunk once the one before is durable."""
        follower = _FollowingThread(self, feed)
        self._feeds.append(follower)
        follower.start()

    def health(self) -> Health:
        """Say how the loop is; answers on any thread, also while the loop is busy."""
        since = time.monotonic() - self._turned_at
        return Health(is_ready=self._is_ready, is_stopping=self._is_stopping, seconds_since_turn=since)

    @property
    def last_at(self) -> datetime | None:
        """Engine time, as it is now; on any thread."""
        return self._engine.last_at

    @property
    def is_stopping(self) -> bool:
        """Whether the loop was told to finish."""
        return self._is_stopping

    def stop(self) -> None:
        """Ask the loop to finish. Safe to call on any thread, and from a signal handler: it takes no lock."""
        self._is_stopping = True
        self._queue.put(None)

    def run(self) -> None:
        """Serve until told to stop.

        Raises:
            EngineError: nothing can be committed any more; the process ends.
            OSError: a source can't be read any more. What it gave before is kept.
        """
        _log.info("started", at=self._engine.last_at, version=own_version(), sqlite=sqlite_version)
        self._engine.observed_by(self._observer)
        self._engine.observe(self._noticed)
        self._is_ready = True
        _log.info("ready", at=self._engine.last_at)
        try:
            while not self._is_stopping:
                self._turn(max(0.0, self._next_tick - time.monotonic()))
            self._drain()
        except EngineError:
            _log.exception("commit_failed", at=self._engine.last_at)
            raise
        finally:
            self._is_ready = False
            self._turn_away()
        tally = self.tally
        _log.info("stopped", accepted=tally.accepted, duplicates=tally.duplicates, dead_lettered=tally.dead_lettered)
        for feed in self._feeds:
            if feed.failure is not None:
                raise feed.failure

    def _asked(self, request: _Request) -> Future[Any]:
        with self._lock:
            if self._is_over:
                raise ServiceStopped
            lines, bytes_count = self._waiting_lines + request.lines_count, self._waiting_bytes + request.bytes_count
            if self._waiting_lines and (lines > WAITING_LINES_MAX or bytes_count > WAITING_BYTES_MAX):
                raise ServiceBusy
            self._waiting_lines, self._waiting_bytes = lines, bytes_count
            self._queue.put(request)
        return request.future

    def _turn(self, patience_seconds: float) -> None:
        """Do what waits, or wait for it; then let time pass."""
        self._turned_at = time.monotonic()
        try:
            request = self._queue.get(timeout=patience_seconds)
        except Empty:
            request = None
        if request is not None:
            self._do_all(request)
        if time.monotonic() >= self._next_tick:
            self._tick()
        if time.monotonic() >= self._next_count:
            self._count_rows()

    def _do_all(self, request: _Request | None) -> None:
        """Do a request and those behind it, commit them together, then answer them."""
        until, lines_count = time.monotonic() + self._commit_seconds_max, 0
        while request is not None:
            self._do(request)
            lines_count += request.lines_count
            if lines_count >= self._commit_events_max or time.monotonic() >= until:
                break
            try:
                request = self._queue.get_nowait()
            except Empty:
                break
        self._engine.commit()
        for count in self._uncounted:
            count()
        self._uncounted.clear()
        while self._undone:
            done, result = self._undone.popleft()
            self._leave(done)
            if isinstance(result, Refused):
                done.future.set_exception(result)
            else:
                done.future.set_result(result)

    def _do(self, request: _Request) -> None:
        if not request.future.set_running_or_notify_cancel():
            self._leave(request)
            return
        self._observer.unit_begins()
        try:
            self._undone.append((request, request.work()))
        except Refused as refused:
            self._undone.append((request, refused))
        except BaseException as error:
            request.future.set_exception(error)
            raise

    def _leave(self, request: _Request) -> None:
        with self._lock:
            self._waiting_lines -= request.lines_count
            self._waiting_bytes -= request.bytes_count

    def _take(self, line: Line) -> InputAnswer:
        received_at = self._engine.now()
        began_at = self._turned_at = time.monotonic()
        answer = self._engine.offer(line.value, received_at, headers=line.headers)
        seconds, at = time.monotonic() - began_at, self._engine.last_at
        self._uncounted.append(lambda: self._count(line, answer, received_at, at, seconds))
        return answer

    def _count(self, line: Line, answer: InputAnswer, received_at: datetime, at: datetime | None, seconds: float) -> None:
        """Count an input, after its commit: what is counted is kept."""
        self._observer.input_taken(line.value, answer.outcome, received_at=received_at, at=at, seconds=seconds)
        self.tally.counts[answer.outcome] += 1

    def _noticed(self, transition: Transition) -> None:
        self._observer.transition(transition)
        for letter in transition.dead_letters:
            _log.warning("dead_letter", topic=letter.topic, code=letter.code)

    def _drain(self) -> None:
        """Take what the sources have read, and finish what waits."""
        until = time.monotonic() + DRAIN_SECONDS
        while any(feed.is_alive() for feed in self._feeds) and (left := until - time.monotonic()) > 0:
            self._turn(min(left, LOOK_SECONDS))
        with self._lock:
            self._is_over = True
        while not self._queue.empty():
            self._turn(0)
        self._engine.commit()

    def _turn_away(self) -> None:
        """Tell whoever still waits that there will be no answer: after a failure what became of it is unknown."""
        with self._lock:
            self._is_over = True
        waiting = [request for request, _ in self._undone]
        while not self._queue.empty():
            request = self._queue.get()
            if request is not None and request.future.set_running_or_notify_cancel():
                waiting.append(request)
        for request in waiting:
            request.future.set_exception(ServiceStopped())

    def _tick(self) -> None:
        at, telemetry = self._engine.now(), self._observer.telemetry
        due_at = self._engine.next_wake_at
        if due_at is not None and due_at <= at:
            telemetry.observe(METRIC_PREFIX + "timer_lateness_seconds", (at - due_at).total_seconds())
        self._observer.unit_begins()
        is_more_due = self._engine.tick_wall(at)
        telemetry.set(METRIC_PREFIX + "erasures_pending", self._engine.is_erasure_pending)
        telemetry.set(METRIC_PREFIX + "timers_due", self._engine.due_count(at) if is_more_due else 0)
        self._next_tick = time.monotonic() + (0.0 if is_more_due else TICK_SECONDS)

    def _count_rows(self) -> None:
        began_at = time.monotonic()
        telemetry, counts = self._observer.telemetry, self._engine.row_counts()
        for table in telemetry.known[METRIC_PREFIX + "table_rows"]["table"] | counts.keys():  # a table without rows is not among the counts
            telemetry.set(METRIC_PREFIX + "table_rows", counts.get(table, 0), table=table)
        ended_at = time.monotonic()
        self._next_count = ended_at + max(15.0, COUNT_SHARE * (ended_at - began_at))


class _FollowingThread(Thread):
    """Hands the lines of one source to the service. A daemon: a source that blocks for ever holds nobody up."""

    def __init__(self, service: Service, feed: Follower) -> None:
        super().__init__(name="feed", daemon=True)
        self.failure: OSError | None = None
        """Why the source can't be read any more."""
        self._service = service
        self._feed = feed

    def run(self) -> None:
        """Read until the source or the service is over."""
        try:
            while not self._feed.is_over and not self._service.is_stopping:
                lines = self._feed.read(LOOK_SECONDS)
                if lines and not self._is_handed_over(lines):
                    return
            if self._feed.is_over:
                _log.info("input_ended")
        except OSError as error:
            self.failure = error
            self._service.stop()
        finally:
            self._feed.close()

    def _is_handed_over(self, lines: list[Line]) -> bool:
        """Hand lines over, waiting where much waits already. Returns whether they are durable."""
        while True:
            try:
                self._service.submit(lines).result()
            except ServiceBusy:
                time.sleep(LOOK_SECONDS)
            except EngineError:
                return False  # the service has stopped and says why itself
            else:
                return True
