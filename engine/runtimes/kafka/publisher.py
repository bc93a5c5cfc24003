"""A file onto the bus, whole: acknowledged by every replica, each line once.

Publishing a file again is harmless: its events are repetitions, which their owners know.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from engine.runtimes.kafka.connection import RECORD_BYTES_MAX, client_options, unavailable
from engine.runtimes.kafka.folding import Partitions
from engine.runtimes.kafka.publishing import addressed
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.topics import TopicAdmin
from schemas.topics import DEAD_LETTER_PREFIX

UNACKNOWLEDGED_MAX: Final = 2_000
START_SECONDS_MAX: Final = 12.0


@dataclass(slots=True, kw_only=True)
class Published:
    """How many lines went where."""

    published: int = 0
    dead_lettered: int = 0
    """Lines that are no event of a known type."""


def publish(settings: KafkaSettings, lines: Iterable[bytes]) -> Published:
    """Append every line that is not blank to the topic that it belongs to. Returns once the brokers have them all.

    Raises:
        BrokerUnavailable: nobody answers, or not any more; publish the file again.
        TopicMissing: a topic is not there.
    """
    with TopicAdmin(settings) as admin:
        partitions = Partitions(admin.partition_counts(), settings.prefix)
    try:
        return asyncio.run(_publish(settings, partitions, lines))
    except (KafkaError, OSError, TimeoutError) as error:
        raise unavailable(settings, error) from error


async def _publish(settings: KafkaSettings, partitions: Partitions, lines: Iterable[bytes]) -> Published:
    done = Published()
    producer = AIOKafkaProducer(
        **client_options(settings), acks="all", enable_idempotence=True, linger_ms=5, max_request_size=RECORD_BYTES_MAX
    )
    await asyncio.wait_for(producer.start(), START_SECONDS_MAX)
    try:
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
