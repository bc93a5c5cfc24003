"""Lines of a file onto the bus: each event in binary mode on the topic that its type belongs to.

What is no event of a known type can't be addressed; it goes to `dlq.ingest`, as when a file is ingested. Everything else is judged by
intake, which sees the same content as in the file.
"""

from typing import Any

import msgspec

from engine.core.dead_letters import dead_letter
from engine.core.effects import Origin
from engine.runtimes.kafka.broker.wire import TAKEN_BEFORE, Wired, key_bytes
from schemas.codec import STRUCTURED_HEADERS, Rejected, decode_structured, encode_binary
from schemas.registry import INPUT_TYPES
from schemas.text.strict_json import Malformed, TooLarge, decode_json
from schemas.topics import DLQ_INGEST, topic_of_type


def addressed(line: bytes) -> tuple[str, Wired]:
    """Return the topic of a line and the record to append to it."""
    try:
        event = decode_json(line)
    except (Malformed, TooLarge):
        event = None
    type_ = event.get("type") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(type_, str) or type_ not in INPUT_TYPES:
        return _refused(line)
    topic = topic_of_type(type_)
    data = event.get("data")
    attributes = {name: value for name, value in event.items() if name != "data" and value is not None}
    fields: dict[str, Any] = data if isinstance(data, dict) else {}
    key = fields.get(topic.key or "") or event.get("subject") or event.get("id")
    key_ = key.encode() if isinstance(key, str) else None
    if not isinstance(data, dict) or attributes.get("specversion") != "1.0" or not all(type(v) in {str, int} for v in attributes.values()):
        return topic.name, Wired(key_, line, list(STRUCTURED_HEADERS))
    headers, value = encode_binary(attributes, msgspec.json.encode(data))
    return topic.name, Wired(key_, value, list(headers))


def _refused(line: bytes) -> tuple[str, Wired]:
    rejected = decode_structured(line, TAKEN_BEFORE)
    assert isinstance(rejected, Rejected), "known types are addressed"
    origin = Origin(topic=DLQ_INGEST.name, value=line, headers=STRUCTURED_HEADERS)
    letter = dead_letter(origin, rejected.code, rejected.message)
    return letter.topic, Wired(key_bytes(letter.key), letter.value, list(letter.headers))
