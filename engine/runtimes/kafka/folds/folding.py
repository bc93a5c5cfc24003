"""What a task does with records, without I/O: records in, a pending unit out.

A fold never awaits, and looks at no clock but to say how long something took. Everything that it gathers between two calls of
`take_pending` becomes visible in one transaction: changelog rows, the position, outputs, dead letters and hops, or none of them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from engine.core.dead_letters import DeadLetter
from engine.core.effects import Headers, Note
from engine.core.execution import Outcome, Output
from engine.errors import FatalError
from engine.runtimes.kafka.broker.partitioning import partition_of
from engine.runtimes.kafka.broker.wire import Wired, key_bytes
from schemas.codec import encode_binary


class Fetched(Protocol):
    """What a fold reads of a consumed record; aiokafka's `ConsumerRecord` is one."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Partitions:
    """How many partitions each topic has; names are those of the cluster, prefix included."""

    def __init__(self, counts: dict[str, int], prefix: str = "") -> None:
        self._counts = {name: count for name, count in counts.items() if name.startswith(prefix)}
        self._prefix = prefix

    def place(self, name: str, key: bytes | None, otherwise: int) -> tuple[str, int]:
        """Return the topic and partition of a record.

        Args:
            name: of the topic, without the prefix.
            otherwise: counts where there is no key.
        """
        topic = self._prefix + name
        count = self._counts.get(topic)
        if count is None:
            raise TopicMissing(topic=topic)
        return topic, partition_of(key, count) if key is not None else otherwise % count

    def count(self, name: str) -> int:
        """Return how many partitions a topic has; `name` without the prefix."""
        return self._counts[self._prefix + name]


@dataclass(kw_only=True, eq=False)
class TopicMissing(FatalError):
    """A topic that the engine writes to is not there. The worker stops before it commits anything."""

    topic: str
    template = "The topic {topic} does not exist. Run `bothways topics create`, then start the worker again."


@dataclass(slots=True, kw_only=True)
class Pending:
    """What one transaction will make visible."""

    records: dict[tuple[str, int], list[Wired]] = field(default_factory=dict)
    """(topic, partition) → records in order."""
    position: int
    """The next offset to read of the source."""
    records_count: int
    """How many source records are in it."""
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(topic, code) of the dead letters."""
    ages: list[float] = field(default_factory=list)
    """Of each external event, the seconds from when it happened to when it was received."""


class Outbox:
    """Gathers what leaves, by topic and partition, in order."""

    def __init__(self, partitions: Partitions, partition: int) -> None:
        self.records: dict[tuple[str, int], list[Wired]] = {}
        self.refusals: Counter[tuple[str, str]] = Counter()
        self._partitions = partitions
        self._partition = partition

    def add(self, topic: str, record: Wired) -> None:
        """Append a record to the partition of its key."""
        place = self._partitions.place(topic, record.key, self._partition)
        self.records.setdefault(place, []).append(record)

    def publish(self, output: Output) -> None:
        """Append an event in binary mode; a tombstone keeps its attributes and has no value."""
        if output.data is None:
            headers, _ = encode_binary(output.attributes, b"")
            self.add(output.topic, Wired(key_bytes(output.key), None, [header for header in headers if header[0] != "content-type"]))
            return
        headers, value = encode_binary(output.attributes, output.data)
        self.add(output.topic, Wired(key_bytes(output.key), value, list(headers)))

    def refuse(self, letter: DeadLetter) -> None:
        """Append a dead letter with its original bytes."""
        self.add(letter.topic, Wired(key_bytes(letter.key), letter.value, list(letter.headers)))
        self.refusals[(letter.topic, letter.code.value)] += 1


class Fold(Protocol):
    """One task's logic."""

    position: int
    """The next offset to read."""

    def take(self, record: Fetched) -> None:
        """Fold one record. Records before `position` were folded already and change nothing."""

    def take_pending(self) -> Pending:
        """Hand over what has gathered since the last call."""

    @property
    def pending_count(self) -> int:
        """How many records have gathered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a changelog partition said of its source."""

    offset: int
    partitions: int


@runtime_checkable
class KeptFold(Fold, Protocol):
    """A fold whose rows and position are kept in a changelog."""

    def restore(self, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Take over a record of the changelog."""

    @property
    def restored(self) -> Restored | None:
        """What the changelog said; None on a partition that was never committed."""


def headers_of(record: Fetched) -> Headers:
    """Return a record's headers as the core reads them."""
    return tuple(record.headers)
