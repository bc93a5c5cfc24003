"""Data time over a real broker: a driver that gives workers their inputs and their ticks, as the in-process loop does.

Workers run with BOTHWAYS_TIME=data: an event asks for its own time as `at`, and nobody ticks but the driver. The driver reads everything
back, committed records only: inboxes, positions and timers from the changelogs, outputs. So it knows when the installation is quiet (every
record handled, no hop on its way) and what is due next.

Exact mode (`offer`, `advance`) fires one row at a time and waits in between, in the order of core/cascade; the outputs are those of the
other runtimes, ids included. Coarse mode (`offer_all`, `tick`) lets a whole step pass at once.

Quiet means: intake has passed every event on or refused it, each stage's `@position` lies behind its inbox's last record, and no record
of an inbox belongs to an open transaction (the end that a read-uncommitted client sees is the end that we have read).
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord

from engine.core.cascade import STAGE_ORDER, TIMERS_PER_TICK_MAX
from engine.core.effects import Origin, StageName
from engine.core.intake import Intaken, intake
from engine.core.timers import TimerIndex
from engine.runtimes.kafka.broker.connection import RECORD_BYTES_MAX, client_options
from engine.runtimes.kafka.broker.publishing import addressed
from engine.runtimes.kafka.broker.topics import KAFKA_TOPICS, TopicAdmin
from engine.runtimes.kafka.broker.wire import TAKEN_BEFORE, Tick, Wired, encode_tick, instant_of_seconds, key_text, place_behind
from engine.runtimes.kafka.folds.folding import Partitions
from engine.runtimes.kafka.folds.intake_fold import INBOX_OF
from engine.runtimes.kafka.folds.stage_fold import CHANGELOG_OF, POSITION_KEY, WAKE_HEADER, Position
from engine.runtimes.kafka.publisher import emission_bounds
from engine.runtimes.kafka.settings import KafkaSettings
from schemas.codec import STRUCTURED_HEADERS
from schemas.topics import DEAD_LETTER_PREFIX, INPUT_TOPICS, Direction

QUIET_SECONDS_MAX: Final = 120.0
_decode_position: Final = msgspec.json.Decoder(Position).decode


class NeverQuiet(RuntimeError):
    """Records are left unhandled: no worker runs, or one of them hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusRecord:
    """One record of an output or dead-letter topic."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(slots=True)
class _Seen:
    """What the driver has read so far."""

    timers: dict[tuple[StageName, int], TimerIndex] = field(default_factory=dict)
    at: dict[tuple[StageName, int], datetime] = field(default_factory=dict)
    handled: dict[tuple[StageName, int], int] = field(default_factory=dict)
    """Per inbox partition, the next offset that its owner reads."""
    last: dict[tuple[StageName, int], int] = field(default_factory=dict)
    """Per inbox partition, the offset of its last record."""
    passed: set[tuple[str, int, int]] = field(default_factory=set)
    """(topic, partition, offset) of external records that intake is done with."""
    outputs: list[BusRecord] = field(default_factory=list)


class DataTimeDriver:
    """Inputs, ticks and outputs of one installation in data time. An async context manager."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        with TopicAdmin(settings) as admin:
            self._partitions = Partitions(admin.partition_counts(), settings.prefix)
        self._stage_topics = {
            settings.topic(topic.name): (stage, role)
            for role, by_stage in (("inbox", INBOX_OF), ("changelog", CHANGELOG_OF))
            for stage, topic in by_stage.items()
        }
        self._seen = _Seen()
        self._awaited: set[tuple[str, int, int]] = set()
        self._taken = 0
        self._offered: set[tuple[str, str]] = set()

    async def __aenter__(self) -> Self:
        options = client_options(self._settings)
        self._producer = AIOKafkaProducer(**options, acks="all", enable_idempotence=True, max_request_size=RECORD_BYTES_MAX)
        self._reader = AIOKafkaConsumer(**options, isolation_level="read_committed", fetch_max_wait_ms=20)
        self._ends = AIOKafkaConsumer(**options, isolation_level="read_uncommitted")
        for client in (self._producer, self._reader, self._ends):
            await client.start()
        read = [topic for topic in KAFKA_TOPICS if topic.direction is not Direction.IN]
        self._inboxes = self._places(topic.name for topic in INBOX_OF.values())
        self._reader.assign(self._places(topic.name for topic in read))
        await self._reader.seek_to_beginning()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in (self._producer, self._reader, self._ends):
            await client.stop()

    @property
    def last_at(self) -> datetime | None:
        """Engine time: the latest of any partition."""
        return max(self._seen.at.values(), default=None)

    @property
    def handled_count(self) -> int:
        """How far all stages have come, in offsets; grows while workers work."""
        return sum(self._seen.handled.values())

    @property
    def outputs(self) -> list[BusRecord]:
        """Everything published and refused so far; in order within a partition."""
        return self._seen.outputs

    def take_outputs(self) -> list[BusRecord]:
        """Return what was published since this was last called."""
        fresh = self._seen.outputs[self._taken :]
        self._taken = len(self._seen.outputs)
        return fresh

    async def offer(self, line: bytes) -> None:
        """Take one line: first everything that is due before it, unless it will be refused or is a repetition; then the line.

        Returns when all is quiet.
        """
        origin = Origin(topic="", value=line, headers=STRUCTURED_HEADERS)
        taken = intake(origin, TAKEN_BEFORE)
        if isinstance(taken, Intaken):
            name = (taken.event.source, taken.event.id)
            if name not in self._offered:
                self._offered.add(name)
                await self._make_way(taken.event.time.replace(microsecond=0))
        await self.publish([line])
        await self.quiet()

    async def _make_way(self, at: datetime) -> None:
        if self.last_at is not None and at < self.last_at:
            await self._move(self.last_at)
        else:
            await self.advance(at)

    async def offer_all(self, events: Iterable[bytes | Mapping[str, Any]]) -> None:
        """Publish events to their topics and wait until all is quiet."""
        await self.publish(events)
        await self.quiet()

    async def publish(self, events: Iterable[bytes | Mapping[str, Any]]) -> None:
        """Publish events to their topics. Returns when the broker has them. Those of one key on one topic keep their order."""
        deliveries = [await self.publish_soon(event) for event in events]
        for topic, delivery in deliveries:
            done = await delivery
            if not topic.startswith(DEAD_LETTER_PREFIX):
                self._awaited.add((topic, done.partition, done.offset))

    async def publish_soon(self, event: bytes | Mapping[str, Any]) -> tuple[str, asyncio.Future[Any]]:
        """Publish one event without waiting for the broker. Returns its topic and the delivery."""
        topic, record = addressed(event if isinstance(event, bytes) else msgspec.json.encode(event))
        name, partition = self._partitions.place(topic, record.key, 0)
        return topic, await self._producer.send(name, record.value, key=record.key, headers=record.headers, partition=partition)

    async def read_on(self) -> None:
        """Read what has become visible since."""
        for records in (await self._reader.getmany(timeout_ms=2, max_records=5_000)).values():
            for record in records:
                self._read(record)

    async def advance(self, to: datetime) -> None:
        """Fire every timer due up to `to`, each row at its own instant, in the order of the in-process loop."""
        while (due_at := self._earliest()) is not None and due_at <= to:
            at = due_at if self.last_at is None else max(due_at, self.last_at)
            for stage in STAGE_ORDER:
                due = self._due(stage, at)
                for table, key, partition in due:
                    await self._append(stage, partition, encode_tick(Tick(at=at, row=(table, key))))
                    await self.quiet()
                if len(due) == TIMERS_PER_TICK_MAX:
                    break

    async def tick(self, to: datetime) -> None:
        """Let time pass to `to` in every partition; what is due fires there, late rows at `to`."""
        while True:
            for stage in STAGE_ORDER:
                for partition in range(self._count(stage)):
                    await self._append(stage, partition, encode_tick(Tick(at=to)))
                await self.quiet()
            due_at = self._earliest()
            if due_at is None or due_at > to:
                return

    async def pass_until(self, to: datetime, step: timedelta) -> None:
        """Let time pass in steps, as a clock would; a step in which nothing is due needs no tick, and the last one is always told."""
        at = self.last_at or to
        while at < to:
            at = min(at + step, to)
            due_at = self._earliest()
            if at == to or (due_at is not None and due_at <= at):
                await self.tick(at)

    async def bound_emission(self, emit_from: datetime) -> None:
        """Tell every partition of the people stage that nudges of an earlier `at` are to be suppressed."""
        for partition, bound in enumerate(emission_bounds(self._partitions, emit_from, self.last_at)):
            await self._append(StageName.PEOPLE, partition, bound)
        await self.quiet()

    async def quiet(self, seconds_max: float = QUIET_SECONDS_MAX) -> None:
        """Read on until everything is handled and nothing is on its way.

        Raises:
            NeverQuiet: not within the time given.
        """
        deadline = time.monotonic() + seconds_max
        while True:
            await self.read_on()
            if self._is_handled() and await self._is_read():
                self._awaited.clear()
                self._seen.passed.clear()
                return
            if time.monotonic() > deadline:
                raise NeverQuiet(f"after {seconds_max:.0f} s; waits for {sorted(self._awaited - self._seen.passed)[:3]}")

    def _is_handled(self) -> bool:
        seen = self._seen
        return self._awaited <= seen.passed and all(seen.handled.get(place, 0) > offset for place, offset in seen.last.items())

    async def _is_read(self) -> bool:
        ends = await self._ends.end_offsets(self._inboxes)
        positions = await asyncio.gather(*(self._reader.position(place) for place in self._inboxes))
        return all(ends[place] <= position for place, position in zip(self._inboxes, positions, strict=True))

    def _read(self, record: ConsumerRecord) -> None:
        of = self._stage_topics.get(record.topic)
        name = record.topic.removeprefix(self._settings.prefix)
        if of is None:
            headers = tuple(record.headers)
            self._seen.outputs.append(
                BusRecord(
                    topic=name,
                    partition=record.partition,
                    offset=record.offset,
                    key=key_text(record.key),
                    value=record.value,
                    headers=headers,
                )
            )
            if name.startswith(DEAD_LETTER_PREFIX):
                self._note_refused(dict(headers))
            return
        stage, role = of
        place = (stage, record.partition)
        if role == "inbox":
            self._seen.last[place] = record.offset
            external = place_behind(tuple(record.headers))
            if external is not None:
                self._seen.passed.add(external)
        elif record.key == POSITION_KEY:
            position = _decode_position(record.value)
            self._seen.handled[place] = position.offset
            if position.at is not None:
                self._seen.at[place] = instant_of_seconds(position.at)
        else:
            table, _, key = record.key.decode("utf-8", "surrogateescape").partition("/")
            wake = dict(record.headers).get(WAKE_HEADER) if record.value is not None else None
            timers = self._seen.timers.setdefault(place, TimerIndex())
            timers.set(table, key, None if wake is None else instant_of_seconds(int(wake)))

    def _note_refused(self, headers: dict[str, bytes | None]) -> None:
        topic, partition, offset = (headers.get(f"__dlq.errors.{name}") for name in ("topic", "partition", "offset"))
        if topic is not None and partition is not None and offset is not None and topic.decode() in {known.name for known in INPUT_TOPICS}:
            self._seen.passed.add((topic.decode(), int(partition), int(offset)))

    def _earliest(self) -> datetime | None:
        return min((due_at for timers in self._seen.timers.values() if (due_at := timers.earliest()) is not None), default=None)

    def _due(self, stage: StageName, at: datetime) -> list[tuple[str, str, int]]:
        found = []
        for (of, partition), timers in self._seen.timers.items():
            if of is stage:
                for table, key in timers.due(at, TIMERS_PER_TICK_MAX):
                    found.append((timers.wake_at(table, key), table, key, partition))
        return [(table, key, partition) for _, table, key, partition in sorted(found)[:TIMERS_PER_TICK_MAX]]

    async def _move(self, at: datetime) -> None:
        """Bring every partition to `at`, so that an event that comes late is late everywhere."""
        for stage in STAGE_ORDER:
            for partition in range(self._count(stage)):
                if self._seen.at.get((stage, partition)) != at:
                    await self._append(stage, partition, encode_tick(Tick(at=at, limit=0)))
        await self.quiet()

    async def _append(self, stage: StageName, partition: int, record: Wired) -> None:
        topic = self._settings.topic(INBOX_OF[stage].name)
        await (await self._producer.send(topic, record.value, key=record.key, headers=record.headers, partition=partition))
        # The send waits for the broker, so `quiet` can't miss it.

    def _count(self, stage: StageName) -> int:
        return self._partitions.count(INBOX_OF[stage].name)

    def _places(self, names: Iterable[str]) -> list[TopicPartition]:
        return [
            TopicPartition(self._settings.topic(name), partition) for name in names for partition in range(self._partitions.count(name))
        ]
