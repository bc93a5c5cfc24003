"""Reading one changelog partition whole: committed records only, in bulk, from its beginning to the end it has now."""

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.settings import KafkaSettings

RECOVERY_FETCH_BYTES = 8 * 1024 * 1024

Restore = Callable[[bytes, bytes | None, tuple[tuple[str, bytes | None], ...]], None]


async def recover(settings: KafkaSettings, topic: str, partition: int, restore: Restore) -> int:
    """Hand every committed record of a changelog partition to `restore`, oldest first.

    Order: the caller has fenced the partition's previous owner before, so the end asked for here is the last.
    Returns: how many records there were.
    """
    place = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        group_id=None,
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=RECOVERY_FETCH_BYTES,
        fetch_max_bytes=2 * RECOVERY_FETCH_BYTES,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    count = 0
    try:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=100, max_records=5_000)).values():
                for record in records:
                    restore(record.key, record.value, record.headers)
                count += len(records)
    finally:
        await consumer.stop()
    return count
