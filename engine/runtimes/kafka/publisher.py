"""A file onto the bus, whole: acknowledged by every replica, each line once.

Publishing a file again is harmless: its events are repetitions, which their owners know.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from engine.core.effects import Record, StageName
from engine.core.identity import derived_id
from engine.programme.messages import EmissionBounded
from engine.runtimes.kafka.broker.connection import RECORD_BYTES_MAX, client_options, unavailable
from engine.runtimes.kafka.broker.publishing import addressed
from engine.runtimes.kafka.broker.topics import TopicAdmin
from engine.runtimes.kafka.broker.wire import Wired, encode_hop, instant_of_seconds
from engine.runtimes.kafka.folds.folding import Partitions
from engine.runtimes.kafka.settings import KafkaSettings
from schemas.text.fields import instant_text
from schemas.topics import DEAD_LETTER_PREFIX, PEOPLE_INBOX

UNACKNOWLEDGED_MAX: Final = 2_000
START_SECONDS_MAX: Final = 12.0


def emission_bounds(partitions: Partitions, emit_from: datetime, at: datetime | None = None) -> list[Wired]:
    """Return the control record that each partition of the people stage has to get, in order of partition."""
    id_ = derived_id("control", "emit_from", instant_text(emit_from))
    bounded = EmissionBounded(emit_from=emit_from)
    hop = Record(stage=StageName.PEOPLE, key="", id=id_, at=at or instant_of_seconds(0), payload=bounded)
    return [encode_hop(hop)] * partitions.count(PEOPLE_INBOX.name)


@dataclass(slots=True, kw_only=True)
class LineCounts:
    """How many lines went where."""

    published: int = 0
    dead_lettered: int = 0
    """Lines that are no event of a known type."""


def publish_lines(settings: KafkaSettings, lines: Iterable[bytes], *, emit_from: datetime | None = None) -> LineCounts:
    """Append every line that is not blank to the topic that it belongs to. Returns once the brokers have them all.

    Args:
        emit_from: tell every partition of the people stage first that nudges of an earlier `at` are to be suppressed.
    Raises:
        BrokerUnavailable: nobody answers, or not any more; publish the file again.
        TopicMissing: a topic is not there.
    """
    with TopicAdmin(settings) as admin:
        partitions = Partitions(admin.partition_counts(), settings.prefix)
    try:
        return asyncio.run(_publish(settings, partitions, lines, emit_from))
    except (KafkaError, OSError, TimeoutError) as error:
        raise unavailable(settings, error) from error


async def _publish(settings: KafkaSettings, partitions: Partitions, lines: Iterable[bytes], emit_from: datetime | None) -> LineCounts:
    done = LineCounts()
    producer = AIOKafkaProducer(
        **client_options(settings), acks="all", enable_idempotence=True, linger_ms=5, max_request_size=RECORD_BYTES_MAX
    )
    try:
        await asyncio.wait_for(producer.start(), START_SECONDS_MAX)
        for partition, bound in enumerate(() if emit_from is None else emission_bounds(partitions, emit_from)):
            topic = settings.topic(PEOPLE_INBOX.name)
            await producer.send_and_wait(topic, bound.value, key=bound.key, headers=bound.headers, partition=partition)
        waiting: deque[asyncio.Future[object]] = deque()
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            name, record = addressed(line.rstrip(b"\r\n"))
            topic, partition = partitions.place(name, record.key, number)
            waiting.append(await producer.send(topic, record.value, key=record.key, headers=record.headers, partition=partition))
            if name.startswith(DEAD_LETTER_PREFIX):
                done.dead_lettered += 1
            else:
                done.published += 1
            while len(waiting) > UNACKNOWLEDGED_MAX:
                await waiting.popleft()
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()
    return done
