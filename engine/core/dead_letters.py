"""Dead letters: external records that could not be used, with everything needed to look at them and to send them again."""

import hashlib
from typing import Final

from engine.core.effects import Headers, Origin
from engine.core.identity import derived_id
from schemas.frozen import Frozen
from schemas.terms.codes import ErrorCode
from schemas.topics import DEAD_LETTER_PREFIX, dead_letter_topic

CODE_HEADER: Final = "x-error-code"
_ADDED_PREFIX: Final = "__dlq."


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
    """Address a refused record to its dead-letter topic, bytes and headers kept, in the broker's dialect of headers.

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
        ("__dlq.errors.message", message.encode()),
        (CODE_HEADER, code.value.encode()),
    )
    return DeadLetter(topic=dead_letter_topic(topic).name, key=origin.key, value=origin.value, headers=headers, code=code)


def is_added(header: str) -> bool:
    """Say whether a header of a dead letter was added by refusing it, so that a redrive drops it."""
    return header == CODE_HEADER or header.startswith(_ADDED_PREFIX)
