"""All tasks of one worker: opened when partitions are assigned, parked when they are revoked, committed and ticked in between.

Used in the same way by both shells, which bring a consumer and a group.

Assigned: a parked task is kept if nobody has moved its position since (had somebody else been the owner, the old epoch could not commit);
everything else is opened anew. Revoked: finish, commit, park; a round that is in its thread goes on there, for it may come back. Lost for
good: close; a round is dropped.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Final, Protocol

import structlog
from aiokafka import TopicPartition

from engine.core.cascade import TimeMode
from engine.core.effects import StageName
from engine.core.stage import Topology
from engine.errors import FatalError
from engine.runtimes.kafka.broker.doubt import leaving_on_doubt
from engine.runtimes.kafka.folds.folding import Fetched, KeptFold, Partitions, Pending
from engine.runtimes.kafka.folds.intake_fold import INBOX_OF, IntakeFold
from engine.runtimes.kafka.folds.recovery import recover
from engine.runtimes.kafka.folds.stage_fold import CHANGELOG_OF, StageFold
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.task import BACKLOG_RECORDS_MAX, PartitionTask, TaskSpec
from engine.telemetry import Telemetry
from schemas.envelope import SOURCE
from schemas.topics import INPUT_TOPICS

STAGE_OF: Final = {topic.name: stage for stage, topic in INBOX_OF.items()}
SOURCES: Final = (*(topic.name for topic in INPUT_TOPICS), *STAGE_OF)
"""Everything that a worker consumes, without the prefix."""
ROUND_REQUESTED: Final = b"bothways.round.requested.v1"
TICK_SECONDS_MAX: Final = 0.02
"""How often a shell lets time pass, at least."""
MEASURE_SECONDS: Final = 5.0
"""How often a shell has the gauges set."""
DUE_COUNTED_MAX: Final = 1_000
OPENED_AT_ONCE_MAX: Final = 16
"""Tasks that fence and restore at the same time."""

_log = structlog.get_logger()


@dataclass(kw_only=True, eq=False)
class PositionLost(FatalError):
    """The log no longer holds what comes next, or is another log. The worker stops; going on would lose or repeat inputs."""

    topic: str
    partition: int
    position: int
    beginning: int
    end: int
    template = (
        "{topic}/{partition}: the next record to read is {position}, but the topic holds {beginning} to {end}. Records expired unread "
        "or the topic was made again; restore the topic, or reset the installation as the runbook kafka-position-lost says."
    )


@dataclass(kw_only=True, eq=False)
class PartitionsChanged(FatalError):
    """An inbox has another number of partitions than its state was written for. The worker stops: keys would change owners."""

    topic: str
    found: int
    expected: int
    template = (
        "{topic} has {found} partitions, its state was written for {expected}. Make it anew with {expected}; see `bothways topics check`."
    )


class Positions(Protocol):
    """What tasks ask of the shell's consumer."""

    async def committed(self, source: TopicPartition) -> int | None:
        """Return the group's committed offset."""

    async def bounds(self, source: TopicPartition) -> tuple[int, int]:
        """Return the first offset that the partition holds, and the one after its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What every task of one worker has in common."""

    settings: KafkaSettings
    topology: Topology
    salt: bytes
    mode: TimeMode
    partitions: Partitions
    source: str = SOURCE
    telemetry: Telemetry | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


class _Gauges:
    """What one look at all tasks adds up to. What nobody here owns any more is zero, or its last figure would stay."""

    def __init__(self, sources: Iterable[str], topology: Topology, reasons: Iterable[str]) -> None:
        self.lags = Counter(dict.fromkeys(sources, 0))
        self.rows = Counter({name: 0 for stage in topology.stages.values() for name in stage.tables})
        self.waiting = Counter(dict.fromkeys(reasons, 0))
        self.due = self.active = 0
        self.last: dict[str, list[tuple[bool, datetime]]] = {}
        """By topic, for each partition whether records of an inbox wait there, and the time of the last that was handled."""

    def tell(self, telemetry: Telemetry) -> None:
        """Set the gauges."""
        for name, lag in self.lags.items():
            telemetry.set("bothways_consumer_lag_records", lag, topic=name)
        for table, count in self.rows.items():
            telemetry.set("bothways_table_rows", count, table=table)
        for reason, count in self.waiting.items():
            telemetry.set("bothways_waiting_people", count, reason=reason)
        for name, moments in self.last.items():
            behind = [at for waits, at in moments if waits]
            at = min(behind) if behind else max(at for _, at in moments)
            telemetry.set("bothways_last_processed_timestamp_seconds", at.timestamp(), topic=name)
        telemetry.set("bothways_timers_due", self.due)
        telemetry.set("bothways_active_pairings", self.active)


class Tasks:
    """The tasks of one worker, by source partition."""

    task_type: ClassVar[type[PartitionTask]] = PartitionTask
    """What carries a unit; a drill puts a defective one here to see it caught."""

    sources: ClassVar[tuple[str, ...]] = SOURCES
    """What is consumed, without the prefix."""
    changelogs: ClassVar[tuple[str, ...]] = tuple(topic.name for topic in CHANGELOG_OF.values())

    def __init__(self, installation: Installation) -> None:
        self.by_source: dict[TopicPartition, PartitionTask] = {}
        self.of = installation
        self._left: list[PartitionTask] = []
        self._reasons: set[str] = set()
        """Why people waited so far: a gauge that nobody sets again would keep its last figure."""
        self._changing = asyncio.Lock()
        self._opening = asyncio.Semaphore(OPENED_AT_ONCE_MAX)

    async def assign(self, assigned: Iterable[TopicPartition], positions: Positions) -> dict[TopicPartition, int]:
        """Own exactly these partitions. Returns where to read each from; they take nothing until `begin`."""
        wanted = set(assigned)
        async with self._changing:
            started = time.monotonic()
            lost = [source for source in self.by_source if source not in wanted]
            await asyncio.gather(*(self._close(self.by_source.pop(source)) for source in lost))
            found = await asyncio.gather(*(self._own(source, positions) for source in sorted(wanted)))
            _log.info("partitions_assigned", count=len(wanted), seconds=round(time.monotonic() - started, 2))
            return dict(zip(sorted(wanted), found, strict=True))

    def begin(self) -> None:
        """Take records from now on. The shell has just told its consumer where to read.

        A consumer reads as soon as partitions are assigned, from where the group was told, and nobody takes that: what came after it would
        follow a gap.
        """
        for task in self.by_source.values():
            task.is_closed = False

    @property
    def is_at_work(self) -> bool:
        """Whether threads of closed tasks still compute something, for nobody."""
        return any(task.is_at_work for task in self._left)

    async def revoke(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish and commit what was read of these partitions, and take nothing more."""
        async with self._changing:
            await asyncio.gather(*(self.by_source[source].park() for source in revoked if source in self.by_source))

    async def close(self) -> None:
        """Drain everything."""
        async with self._changing:
            await asyncio.gather(*(self._close(task) for task in self.by_source.values()))
            self.by_source.clear()

    def tick(self) -> None:
        """Let time pass: ask for ticks where rows are due, commit where it is due."""
        now = time.monotonic()
        wall = self.of.clock()
        for task in self.by_source.values():
            if task.is_closed:
                continue
            if self.of.mode is TimeMode.WALL and not task.is_folding and isinstance(task.fold, StageFold):
                task.fold.ask_tick(wall)
            task.commit_if_due(now)

    def measure(self, end_of: Callable[[TopicPartition], int | None]) -> None:
        """Set the gauges: lag and engine time by topic, rows by table, pairs and people who wait.

        Args:
            end_of: the end of a source's log as the consumer last heard of it.
        """
        telemetry = self.of.telemetry
        if telemetry is None:
            return
        seen = _Gauges(self.sources, self.of.topology, self._reasons)
        for source, task in self.by_source.items():
            name = source.topic.removeprefix(self.of.settings.prefix)
            fold = task.fold
            lag = max(0, (end_of(source) or 0) - fold.position - 1)  # the last commit's marker takes an offset too
            seen.lags[name] += lag
            if isinstance(fold, (StageFold, IntakeFold)) and fold.last_at is not None:
                seen.last.setdefault(name, []).append((lag > 0 and name in STAGE_OF, fold.last_at))
            if isinstance(fold, StageFold):
                seen.rows.update(fold.rows.counts)
                seen.due += 0 if task.is_folding else len(fold.rows.timers.due(self.of.clock(), DUE_COUNTED_MAX))
                if fold.figures is not None:
                    seen.active += fold.figures.active_count
                    seen.waiting.update(fold.figures.waiting)
        seen.tell(telemetry)
        self._reasons |= seen.waiting.keys()

    def crowded(self) -> list[TopicPartition]:
        """Return the sources whose tasks can't keep up for now; the shell stops fetching them."""
        return [source for source, task in self.by_source.items() if task.backlog_count > BACKLOG_RECORDS_MAX]

    async def _close(self, task: PartitionTask) -> None:
        await task.close()
        self._left = [left for left in (*self._left, task) if left.is_at_work]

    async def _own(self, source: TopicPartition, positions: Positions) -> int:
        async with self._opening:
            with leaving_on_doubt(*source, is_cancellable=True):
                parked = self.by_source.get(source)
                if parked is not None:
                    if parked.committed_position == (await positions.committed(source) or 0):
                        return parked.fold.position
                    await self._close(parked)
                task = self.task_of(source)
                await asyncio.wait_for(task.open(), self.of.settings.timeout_seconds)
                await self._restore(task, positions)
                self.by_source[source] = task
                return task.fold.position

    async def _restore(self, task: PartitionTask, positions: Positions) -> None:
        source, fold = task.spec.source, task.fold
        if isinstance(fold, KeptFold):
            assert task.spec.changelog is not None
            started = time.monotonic()
            count = await recover(self.of.settings, task.spec.changelog, source.partition, fold.restore)
            if self.of.telemetry is not None:
                self.of.telemetry.observe("bothways_restore_seconds", time.monotonic() - started)
            _log.info("rows_restored", topic=source.topic, partition=source.partition, count=count)
            expected = fold.restored.partitions if fold.restored is not None else 0
            found = self.of.partitions.count(source.topic.removeprefix(self.of.settings.prefix))
            if expected and expected != found:
                raise PartitionsChanged(topic=source.topic, found=found, expected=expected)
            position = fold.position if fold.restored is not None else None
        else:
            position = await positions.committed(source)
        beginning, end = await positions.bounds(source)
        if position is None:
            position = beginning
        elif not beginning <= position <= end:
            raise PositionLost(topic=source.topic, partition=source.partition, position=position, beginning=beginning, end=end)
        task.start_from(position)

    def task_of(self, source: TopicPartition) -> PartitionTask:
        """Make the task of a source, not opened yet."""
        of = self.of
        name = source.topic.removeprefix(of.settings.prefix)
        stage_name = STAGE_OF.get(name)
        if stage_name is None:
            spec = TaskSpec(name=f"intake.{name}", source=source, on_commit=self.told)
            fold = IntakeFold(name, source.partition, of.partitions, mode=of.mode, clock=of.clock)
            return self.task_type(spec, fold, of.settings)
        spec = TaskSpec(
            name=stage_name.value,
            source=source,
            changelog=of.settings.topic(CHANGELOG_OF[stage_name].name),
            on_commit=self.told,
            is_long=_may_match if stage_name is StageName.PROGRAMMES else _never,
        )
        stage_fold = StageFold(of.topology.stages[stage_name], source.partition, of.partitions, salt=of.salt, source=of.source)
        return self.task_type(spec, stage_fold, of.settings)

    def told(self, pending: Pending, seconds: float) -> None:
        """Count what became visible."""
        telemetry = self.of.telemetry
        if telemetry is None:
            return
        telemetry.observe("bothways_commit_seconds", seconds)
        for (type_, outcome), count in pending.outcomes.items():
            telemetry.count("bothways_events_total", count, type=type_, outcome=outcome)
        for (topic, code), count in pending.refusals.items():
            telemetry.count("bothways_dead_letters_total", count, topic=topic, code=code)
        for age in pending.ages:
            telemetry.observe("bothways_event_age_seconds", max(0.0, age))
        for note in pending.notes:
            telemetry.record(note.metric, note.value, note.labels)


def _never(_: Fetched) -> bool:
    return False


def _may_match(record: Fetched) -> bool:
    """Say whether a record may start a round: a tick may, and a request does."""
    headers = record.headers
    if not headers or headers[0][1] == b"tick":
        return True
    if headers[0][1] != b"event":
        return False
    said = (record.value, *(value for _, value in headers[3:]))
    return any(ROUND_REQUESTED in (value or b"") for value in said)
