"""The thin shell: an aiokafka consumer in the group, and nothing else around the tasks.

The fallback for the day on which a Faust release breaks what `faust_shell` builds on, and the lighter of the two.
"""

import asyncio
import signal
import time
from typing import ClassVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import NoOffsetForPartitionError

from engine.runtimes.kafka.broker.consuming import FETCHED_RECORDS_MAX, consumer_options
from engine.runtimes.kafka.broker.doubt import leaving_on_doubt
from engine.runtimes.kafka.task import BACKLOG_RECORDS_MAX
from engine.runtimes.kafka.tasks import MEASURE_SECONDS, TICK_SECONDS_MAX, Installation, Tasks


class ThinWorker(ConsumerRebalanceListener):  # type: ignore[misc] # the library ships no types
    """One worker of the group."""

    tasks_type: ClassVar[type[Tasks]] = Tasks

    def __init__(self, installation: Installation) -> None:
        self.tasks = self.tasks_type(installation)
        self._settings = installation.settings
        self._stopping = asyncio.Event()
        self._consumer = AIOKafkaConsumer(
            **consumer_options(installation.settings), partition_assignment_strategy=(StickyPartitionAssignor,)
        )
        self._paused: set[TopicPartition] = set()
        self._opening: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Join the group and work until told to stop; then drain, leave the group and return."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        with leaving_on_doubt():
            self._consumer.subscribe([self._settings.topic(name) for name in self.tasks.sources], listener=self)
            await self._consumer.start()
            await self._work()
            if self._opening is not None:
                self._opening.cancel()
            await self.tasks.revoke(list(self.tasks.by_source))  # before the group deals them to another worker, who would fence this one
            await self._consumer.stop()
            await self.tasks.close()

    async def _work(self) -> None:
        tick_ms = int(1000 * min(TICK_SECONDS_MAX, self._settings.commit_seconds / 4))
        measured = 0.0
        while not self._stopping.is_set():
            try:
                fetched = await self._consumer.getmany(timeout_ms=tick_ms, max_records=FETCHED_RECORDS_MAX)
            except NoOffsetForPartitionError:
                await asyncio.sleep(tick_ms / 1000)
                continue  # a new partition of the group, before its task has said where to read
            for source, records in fetched.items():
                task = self.tasks.by_source.get(source)
                if task is not None:
                    task.offer(records)
            await asyncio.sleep(0)
            self.tasks.tick()
            self._hold_back()
            if time.monotonic() - measured > MEASURE_SECONDS:
                measured = time.monotonic()
                self.tasks.measure(self._consumer.highwater)

    def _hold_back(self) -> None:
        """Fetch nothing for tasks that are behind, so that memory stays bounded."""
        crowded = set(self.tasks.crowded())
        for source in crowded - self._paused:
            self._consumer.pause(source)
            self._paused.add(source)
        for source in list(self._paused - crowded):
            task = self.tasks.by_source.get(source)
            if task is None or task.is_closed:
                self._paused.discard(source)
            elif task.backlog_count < BACKLOG_RECORDS_MAX // 4:
                self._consumer.resume(source)
                self._paused.discard(source)

    async def on_partitions_revoked(self, revoked: "set[TopicPartition]") -> None:
        """Finish and commit before another worker may own them."""
        with leaving_on_doubt():
            if self._opening is not None:
                await asyncio.wait([self._opening])
            await self.tasks.revoke(revoked)

    async def on_partitions_assigned(self, assigned: "set[TopicPartition]") -> None:
        """Begin to open what is new. It is not waited for: until this returns the group hears no heartbeat, and a restore may take long."""
        self._opening = asyncio.ensure_future(self._open(assigned))

    async def _open(self, assigned: set[TopicPartition]) -> None:
        """Open tasks, then read everything from where its task says."""
        with leaving_on_doubt(is_cancellable=True):
            self._paused.clear()
            for source, position in (await self.tasks.assign(assigned, _Positions(self._consumer))).items():
                self._consumer.seek(source, position)
            self.tasks.begin()


class _Positions:
    """What the broker says about positions."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def committed(self, source: TopicPartition) -> int | None:
        committed: int | None = await self._consumer.committed(source)
        return committed

    async def bounds(self, source: TopicPartition) -> tuple[int, int]:
        beginning = await self._consumer.beginning_offsets([source])
        end = await self._consumer.end_offsets([source])
        return beginning[source], end[source]
