"""What is changed inside Faust, all of it, each with the place in faust-streaming 0.15.3 and the reason.

Faust keeps the worker, the group, the assignor, agents, streams and table declarations. It must not commit, and must not restore tables:
the unit of work does both. The version is pinned exactly, and the chaos run is repeated before it moves.

    replaced                                  place                          why                                              fragility
    ConsumerThread._create_worker_consumer    transport/drivers/aiokafka.py  committed records only; our TLS and SASL         high
    ConsumerThread.crash                      mode/services.py               a crash ends the process, without a clean-up     low
    ConsumerThread._hear_refusals             added                          a group that refuses us before it assigns us     low
    Consumer._new_consumer_thread             transport/drivers/aiokafka.py  installs that thread                             low
    Consumer._getmany                         transport/consumer.py          one stream event a batch; a gap is noticed       medium
    Consumer.perform_seek                     transport/consumer.py          read from where the tasks say                    low
    Consumer._commit_handler                  transport/consumer.py          Faust never commits                              medium
    Consumer.verify_all_partitions_active     transport/consumer.py          its watchdog counts acks, and there are none     medium
    Recovery._restart_recovery                tables/recovery.py             fence first, then restore in bulk; the stock     highest
                                                                             one never ends on a transactional changelog
    TableManager.recovery                     tables/manager.py              installs it                                      low
    Table.on_key_set, on_key_del              tables/table.py                rows change only inside a step                   low
"""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import NoOffsetForPartitionError
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from mode import Service

from engine.runtimes.kafka.broker.doubt import leave, leaving_on_doubt
from engine.runtimes.kafka.folds.folding import Fetched

TRANSPORT: Final = "bothways"
"""Scheme of the broker's address that selects the transport below."""
REFUSAL_HEARD_SECONDS: Final = 1.0
"""How soon a refusal of the group ends the worker."""


class FaustBatch:
    """Records fetched together from one partition, dressed as the one record that a Faust stream carries."""

    __slots__ = ("offset", "partition", "timestamp", "topic", "value")
    timestamp_type: ClassVar[int] = 0
    headers: ClassVar[tuple[()]] = ()
    key: ClassVar[None] = None
    checksum: ClassVar[None] = None
    serialized_key_size: ClassVar[int] = 0
    serialized_value_size: ClassVar[int] = 0

    def __init__(self, source: Any, records: Sequence[Any], before: int | None) -> None:
        self.topic = source.topic
        self.partition = source.partition
        self.offset = records[-1].offset
        self.timestamp = records[-1].timestamp
        self.value: tuple[int | None, Sequence[Fetched]] = (before, records)
        """The last offset of the batch before, None for the first after a seek; then the records."""


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc] # the library ships no types
    """Builds the consumer that the tasks need."""

    async def crash(self, reason: BaseException) -> None:
        """Leave at once: a worker without its consumer owns nothing, and Faust would take seconds to find out."""
        leave(reason)

    @Service.task  # type: ignore[untyped-decorator] # the library ships no types
    async def _hear_refusals(self) -> None:
        """Leave when the group refuses us: before the first assignment nobody fetches, so nobody else would ever hear of it."""
        while not self.should_stop:
            await self.sleep(REFUSAL_HEARD_SECONDS)
            if self._consumer is not None and not self.should_stop:
                with leaving_on_doubt(is_cancellable=True):
                    self._consumer._coordinator.check_errors()  # noqa: SLF001 - what aiokafka's own `getmany` begins with

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        del transport  # names the brokers, and so do our options
        self._assignor = self.app.assignor
        return AIOKafkaConsumer(**self.app.consumer_options, partition_assignment_strategy=[self._assignor])


class Consumer(driver.Consumer):  # type: ignore[misc] # the library ships no types
    """Hands batches over whole and leaves positions to the tasks."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: Any, timeout: float) -> dict[Any, list[FaustBatch]]:  # noqa: ASYNC109 - Faust's signature
        # Right after an assignment the changelogs are active for a moment; they have no committed offset, and asking for them would end
        # the worker. The tasks read them by themselves.
        sources = {place for place in active_partitions or () if not self._is_changelog_tp(place)}
        if not sources:
            await self.sleep(timeout)
            return {}
        last: dict[Any, int] = self.__dict__.setdefault("_last_offsets", {})
        batches = {}
        try:
            fetched = await super()._getmany(sources, timeout)
        except NoOffsetForPartitionError:
            await self.sleep(timeout)  # a partition of which nothing was ever read, before its task has said where to begin
            return {}
        for source, records in fetched.items():
            if records:
                batches[source] = [FaustBatch(source, records, last.get(source))]
                last[source] = records[-1].offset
        return batches

    async def perform_seek(self) -> None:
        """Read from where the tasks say; what comes first after it follows nothing."""
        self.__dict__.setdefault("_last_offsets", {}).clear()
        for source, position in self.app.positions.items():
            await self.seek(source, position)

    @Service.task  # type: ignore[untyped-decorator] # the library ships no types
    async def _commit_handler(self) -> None:
        await self.wait_for_stopped(asyncio.Event())

    async def verify_all_partitions_active(self) -> None:
        """Say nothing: a task that hangs ends the process by its own limit."""


class Transport(driver.Transport):  # type: ignore[misc] # the library ships no types
    """Faust's transport with the consumer above."""

    Consumer = Consumer


TRANSPORTS.aliases[TRANSPORT] = f"{__name__}:Transport"


class StageTable(faust.Table):  # type: ignore[misc] # the library ships no types
    """Declares a changelog, so that the assignor keeps it beside its inbox. Never written to."""

    def on_key_set(self, key: Any, value: Any) -> None:
        """Refuse a write from outside."""
        del key, value
        raise AssertionError("rows change only inside a step")

    def on_key_del(self, key: Any) -> None:
        """Refuse a write from outside."""
        del key
        raise AssertionError("rows change only inside a step")


class TaskRecovery(Recovery):  # type: ignore[misc] # the library ships no types
    """Opens tasks in the place where Faust restores tables."""

    @Service.task  # type: ignore[untyped-decorator] # the library ships no types
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                return
            self.signal_recovery_start.clear()
            generation = self._generation_id
            self._set_recovery_started()
            with leaving_on_doubt(is_cancellable=True):
                await self.app.assign_tasks(generation)
                try:
                    await self.on_recovery_completed(generation)
                except RebalanceAgain:
                    continue


class TaskTableManager(TableManager):  # type: ignore[misc] # the library ships no types
    """Faust's tables with the recovery above."""

    @property
    def recovery(self) -> TaskRecovery:
        """Opens tasks."""
        if self._recovery is None:  # type: ignore[has-type] # the library ships no types
            self._recovery = TaskRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        recovery: TaskRecovery = self._recovery
        return recovery


def partition_name(place: Any) -> TopicPartition:
    """Return Faust's or aiokafka's name of a partition as the tasks' own."""
    return TopicPartition(place.topic, place.partition)
