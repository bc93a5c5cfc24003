"""When a task commits, whom it tells, and from when it takes records (engine/runtimes/kafka/task.py, tasks.py)."""

import asyncio
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from aiokafka import TopicPartition

from engine.core.cascade import TimeMode
from engine.core.stage import Topology
from engine.runtimes.kafka.folds.folding import Fetched, Partitions, Pending
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.task import Batch, PartitionTask, TaskSpec
from engine.runtimes.kafka.tasks import Installation, Tasks

SOURCE = TopicPartition("people-inbox", 0)


@dataclass(slots=True)
class Sent:
    """One consumed record."""

    offset: int
    topic: str = SOURCE.topic
    partition: int = SOURCE.partition
    key: bytes | None = None
    value: bytes | None = b""
    headers: Sequence[tuple[str, bytes | None]] = ()


class Counted:
    """A fold that counts."""

    def __init__(self) -> None:
        self.position = 0
        self.pending_count = 0
        self.has_folded = asyncio.Event()

    def take(self, record: Fetched) -> None:
        """Count a record that is new."""
        if record.offset >= self.position:
            self.position = record.offset + 1
            self.pending_count += 1
            self.has_folded.set()

    def take_pending(self) -> Pending:
        """Hand over the count."""
        pending = Pending(position=self.position, records_count=self.pending_count)
        self.pending_count = 0
        return pending


class Waiting(Counted):
    """A fold that takes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = threading.Event()

    def take(self, record: Fetched) -> None:
        """Wait in the thread, then count."""
        self.may_end.wait(30)
        self.position = record.offset + 1
        self.pending_count += 1


class Unsent(PartitionTask):
    """A task whose transactions reach nobody; says what each would have made visible."""

    def __init__(self, spec: TaskSpec, fold: Counted, settings: KafkaSettings) -> None:
        self.has_committed, self.has_folded = asyncio.Event(), fold.has_folded
        spec.on_commit = lambda *_: self.has_committed.set()
        super().__init__(spec, fold, settings)
        self.committed: list[int] = []
        self.told: list[int] = []

    async def open(self) -> None:
        """Nobody is fenced."""

    async def park_when_done(self) -> None:
        """Park once everything offered is folded."""
        while self._pump is not None:
            await asyncio.wait([self._pump])
        await self.park()

    def _packed(self, pending: Pending) -> list[Batch]:
        assert not pending.records
        return []

    async def _transact(self, position: int, batches: list[Batch], *, is_told: bool) -> None:
        assert not batches
        self.committed.append(position)
        if is_told:
            self.told.append(position)


class Absent:
    """A broker that holds nothing yet."""

    async def committed(self, source: TopicPartition) -> int | None:
        """Nobody ever committed."""
        del source
        return None

    async def bounds(self, source: TopicPartition) -> tuple[int, int]:
        """The partition is empty."""
        del source
        return 0, 0


class UnsentTasks(Tasks):
    """Tasks that reach nobody."""

    def task_of(self, source: TopicPartition) -> PartitionTask:
        """Make one without rows."""
        return Unsent(TaskSpec(name="people", source=source), Counted(), self.of.settings)


def begun(changelog: str | None = None, records_max: int = 2_000) -> Unsent:
    """Return a task that has started at 0 and takes records. Its commit interval is longer than any test."""
    settings = KafkaSettings(commit_seconds=10, commit_records_max=records_max)
    task = Unsent(TaskSpec(name="people", source=SOURCE, changelog=changelog), Counted(), settings)
    task.start_from(0)
    task.is_closed = False
    return task


async def offered(task: Unsent, offset: int) -> None:
    """Offer a record that is due at once, and wait for its commit."""
    task.has_committed.clear()
    task.offer([Sent(offset)])
    await task.has_committed.wait()


def test_record_that_comes_alone_is_committed_at_once() -> None:
    """A task that has nothing more to fold does not sit out the commit interval."""

    async def story() -> Unsent:
        task = begun()
        await offered(task, 0)
        return task

    assert [1] == asyncio.run(story()).committed


def test_record_that_follows_soon_gathers_until_the_task_parks() -> None:
    """Two commits begin at least half a commit interval apart, and giving a partition back waits for neither."""

    async def story() -> list[int]:
        task = begun()
        await offered(task, 0)
        task.has_folded.clear()
        task.offer([Sent(1)])
        await task.has_folded.wait()
        gathering = list(task.committed)
        await task.park()
        return [*gathering, -1, *task.committed]

    assert [1, -1, 1, 2] == asyncio.run(story())


@pytest.mark.parametrize(("changelog", "committed", "told"), [(None, [1, 2], [1, 2]), ("people-changelog", [1, 2, 2], [1, 2])])
def test_group_is_told_when_it_has_to_know(changelog: str | None, committed: list[int], told: list[int]) -> None:
    """A task with rows tells the group once a second, and at the latest when it parks; one without tells it every time."""

    async def story() -> Unsent:
        task = begun(changelog, records_max=1)
        await offered(task, 0)
        await offered(task, 1)
        await task.park()
        return task

    task = asyncio.run(story())

    assert (committed, told) == (task.committed, task.told)


def test_nothing_is_taken_before_the_consumer_reads_from_the_right_place() -> None:
    """What a consumer reads between an assignment and its seek follows a gap; a task takes it neither when new nor when kept."""

    async def story() -> list[int]:
        installation = Installation(
            settings=KafkaSettings(), topology=Topology(stages={}), salt=b"", mode=TimeMode.DATA, partitions=Partitions({})
        )
        tasks = UnsentTasks(installation)
        taken = []
        for _ in range(2):
            await tasks.assign([SOURCE], Absent())
            task = tasks.by_source[SOURCE]
            task.offer([Sent(7)])
            await asyncio.sleep(0)
            taken.append(task.fold.position)
            tasks.begin()
            await tasks.revoke([SOURCE])
        return taken

    assert [0, 0] == asyncio.run(story())


def long_begun() -> tuple[Unsent, Waiting]:
    """Return a task with one record in its thread, and the fold that holds it there."""
    fold = Waiting()
    spec = TaskSpec(name="programmes", source=SOURCE, changelog="programmes-changelog", is_long=lambda _: True, aside_awaited_seconds=0.1)
    task = Unsent(spec, fold, KafkaSettings(commit_seconds=10))
    task.start_from(0)
    task.is_closed = False
    task.offer([Sent(0)])
    return task, fold


def test_task_whose_partition_comes_back_goes_on_with_its_long_record() -> None:
    """Giving a partition back does not wait for a thread: the group hears how far the task is without it, and the commit follows later."""

    async def story() -> list[list[int]]:
        task, fold = long_begun()
        await asyncio.wait_for(task.park(), 5)
        parked = list(task.committed)
        fold.may_end.set()
        await asyncio.sleep(0.2)
        held = list(task.committed)
        task.has_committed.clear()
        task.is_closed = False
        await asyncio.wait_for(task.has_committed.wait(), 5)
        return [parked, held, task.committed]

    assert [[0], [0], [0, 1]] == asyncio.run(story())


def test_task_whose_partition_is_gone_throws_away_what_its_thread_finds() -> None:
    """Closed in the middle of a long record, a task commits nothing of it: the next owner does the work again."""

    async def story() -> tuple[bool, list[int], bool]:
        task, fold = long_begun()
        await asyncio.wait_for(task.close(), 5)
        was_at_work = task.is_at_work
        fold.may_end.set()
        await asyncio.sleep(0.2)
        return was_at_work, task.committed, fold.pending_count == 1

    assert (True, [0], True) == asyncio.run(story())


def test_long_record_that_ends_in_time_is_committed_before_its_partition_goes() -> None:
    """What ends while a task waits to give its partition back is committed with it."""

    async def story() -> list[int]:
        task, fold = long_begun()
        task.spec.aside_awaited_seconds = 10.0
        parking = asyncio.ensure_future(task.park())
        await asyncio.sleep(0.1)
        fold.may_end.set()
        await asyncio.wait_for(parking, 5)
        return task.committed

    assert [1] == asyncio.run(story())


class Slow(Counted):
    """A fold whose records take a millisecond each; says whose they were."""

    def __init__(self, name: str, told: list[str]) -> None:
        super().__init__()
        self._name = name
        self._told = told

    def take(self, record: Fetched) -> None:
        """Take long."""
        time.sleep(0.001)
        self._told.append(self._name)
        super().take(record)


def test_tasks_that_fold_at_the_same_time_share_a_turn() -> None:
    """However many tasks have work, whoever waits for the broker gets a turn every few milliseconds; no task waits for another's end."""

    async def story() -> list[str]:
        told: list[str] = []
        tasks = [Unsent(TaskSpec(name=name, source=SOURCE), Slow(name, told), KafkaSettings(commit_seconds=10)) for name in "ab"]
        for task in tasks:
            task.start_from(0)
            task.is_closed = False
            task.offer([Sent(offset) for offset in range(40)])
        for task in tasks:
            await task.park_when_done()
        return told

    runs = [len(list(run)) for _, run in itertools.groupby(asyncio.run(story()))]

    assert 80 == sum(runs)
    assert max(runs) <= 10
    assert 0 == PartitionTask.pumps_count
