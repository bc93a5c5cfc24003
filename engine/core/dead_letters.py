"""Dead letters: external records that could not be used.

They hold everything that is needed to look at them and to send them again.
"""

import hashlib
from typing import Final

from engine.core.effects import Headers, Origin
from engine.core.identity import derived_id
from schemas.frozen import Frozen
from schemas.terms.codes import ErrorCode
from schemas.topics import DEAD_LETTER_PREFIX, DLQ_INGEST, INPUT_TOPICS, dead_letter_topic

CODE_HEADER: Final = "x-error-code"
MESSAGE_HEADER: Final = "__dlq.errors.message"
REDRIVE_HEADER: Final = "x-redrive-count"
"""Of a record that is sent again: how often that has been done."""
_ADDED_PREFIX: Final = "__dlq."
_SENT_AGAIN: Final = frozenset({DLQ_INGEST.name, *(dead_letter_topic(topic.name).name for topic in INPUT_TOPICS)})


class DeadLetter(Frozen, kw_only=True):
    """One refused record on its dead-letter topic."""

    topic: str
    key: str | None
    value: bytes
    headers: Headers
    code: ErrorCode

    @property
    def id(self) -> str:
        """The same topic, code and bytes are stored once, however often they are read."""
        return derived_id("dead_letter", self.topic, self.code, hashlib.blake2b(self.value, digest_size=16).hexdigest())


def dead_letter(origin: Origin, code: ErrorCode, message: str) -> DeadLetter:
    """Address a refused record to its dead-letter topic.

    Bytes and headers are kept. The headers that are added follow the broker's dialect.

    Args:
        message: says what is wrong in the operator's words; never holds a value of the payload.
    """
    # A line of a file is placed by its code already; the headers still name the topic that it was meant for.
    topic = origin.topic.removeprefix(DEAD_LETTER_PREFIX)
    headers = (
        *origin.headers,
        ("__dlq.errors.topic", topic.encode()),
        ("__dlq.errors.partition", b"%d" % origin.partition),
        ("__dlq.errors.offset", b"%d" % origin.position),
        ("__dlq.errors.group", b"bothways"),
        ("__dlq.errors.delivery.count", b"%d" % (origin.redrive_count + 1)),
        (MESSAGE_HEADER, message.encode()),
        (CODE_HEADER, code.value.encode()),
    )
    return DeadLetter(topic=dead_letter_topic(topic).name, key=origin.key, value=origin.value, headers=headers, code=code)


def redrive_count(headers: Headers) -> int:
    """Return how often a record was sent again.

    0 where no header says so, or where it can't be read.
    """
    found = [value for name, value in headers if name == REDRIVE_HEADER and value is not None]
    return int(found[-1]) if found and found[-1].isdigit() and len(found[-1]) < 4 else 0


def as_it_came(headers: Headers) -> Headers:
    """Return the headers of a dead letter without those that refusing it added."""
    return tuple((name, value) for name, value in headers if name != CODE_HEADER and not name.startswith(_ADDED_PREFIX))


def may_come_back(topic: str) -> bool:
    """Say whether dead letters of a topic can be sent again.

    Those of timers and inboxes are the engine's own.
    """
    return topic in _SENT_AGAIN


def redriven(topic: str, key: str | None, value: bytes, headers: Headers) -> Origin:
    """Return the record behind a dead letter as it is sent again: as it came, and counted.

    Args:
        topic: of the dead letter; one for which `may_come_back`.
    """
    assert may_come_back(topic), topic
    own = tuple(header for header in as_it_came(headers) if header[0] != REDRIVE_HEADER)
    count = redrive_count(headers) + 1
    came_on = "" if topic == DLQ_INGEST.name else topic.removeprefix(DEAD_LETTER_PREFIX)
    return Origin(topic=came_on, key=key, value=value, headers=(*own, (REDRIVE_HEADER, b"%d" % count)), redrive_count=count)
