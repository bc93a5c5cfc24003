"""A topic of the bus as lines, for people and pipes: committed records only, by kafka-python."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from engine.runtimes.kafka.broker.connection import admin_options, knock, unavailable
from engine.runtimes.kafka.broker.topics import ANSWER_MS_MAX
from engine.runtimes.kafka.broker.wire import key_text
from engine.runtimes.kafka.folds.folding import TopicMissing
from engine.runtimes.kafka.settings import KafkaSettings
from schemas.codec import CONTENT_TYPE_HEADER, HEADER_PREFIX, encode_structured
from schemas.topics import DEAD_LETTER_PREFIX

POLL_MS: Final = 300


def tail_topic(settings: KafkaSettings, name: str, *, start: int = 0, is_followed: bool = False) -> Iterator[bytes]:
    """Yield the committed records of a topic as lines, by partition and offset; then, if asked, what comes.

    Args:
        start: offset to begin at in every partition.
    Raises:
        NotAdmitted: the broker, or its certificate, is refused.
        BrokerUnavailable: nobody answers.
        TopicMissing: no such topic.
    """
    knock(settings)
    try:
        consumer = KafkaConsumer(
            **admin_options(settings),
            isolation_level="read_committed",
            group_id=None,
            enable_auto_commit=False,
            bootstrap_timeout_ms=ANSWER_MS_MAX,
        )
    except (KafkaError, OSError, TimeoutError) as error:
        raise unavailable(settings, error) from error
    try:
        topic = settings.topic(name)
        places = [TopicPartition(topic, partition) for partition in sorted(consumer.partitions_for_topic(topic) or ())]
        if not places:
            raise TopicMissing(topic=topic)
        consumer.assign(places)
        beginnings, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, min(max(start, beginnings[place]), ends[place]))
        while is_followed or any(consumer.position(place) < ends[place] for place in places):
            for _, records in sorted(consumer.poll(timeout_ms=POLL_MS).items()):
                for record in records:
                    yield line_of(name, record.key, record.value, record.headers)
    finally:
        consumer.close()


def line_of(name: str, key: bytes | None, value: bytes | None, headers: Any) -> bytes:
    """Write one record: a structured CloudEvent, a tombstone, or a dead letter with its bytes."""
    if name.startswith(DEAD_LETTER_PREFIX):
        texts = {header: None if content is None else content.decode(errors="replace") for header, content in headers}
        letter = {"key": key_text(key), "headers": texts, "value_base64": base64.b64encode(value or b"").decode()}
        return json.dumps(letter, ensure_ascii=False).encode("utf-8", "replace")
    if value is None:
        return json.dumps({"key": key_text(key), "tombstone": True}, ensure_ascii=False).encode("utf-8", "replace")
    attributes: dict[str, str | int] = {}
    for header, content in headers:
        if content is not None and header.startswith(HEADER_PREFIX):
            attributes[header.removeprefix(HEADER_PREFIX)] = content.decode(errors="replace")
        elif content is not None and header == CONTENT_TYPE_HEADER:
            attributes["datacontenttype"] = content.decode(errors="replace")
    sequence = str(attributes.get("sequence", ""))
    if sequence.isdigit():
        attributes["sequence"] = int(sequence)
    return encode_structured(attributes, value)
