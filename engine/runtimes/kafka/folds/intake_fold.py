"""Intake as a task: one partition of an external topic in, inboxes and dead letters out. It keeps no rows.

Its position is the group's committed offset, written by the same transaction as what it made. Should the group's offsets ever be lost, the
partition is read again from its beginning: the owners' marks make that a no-op for 90 days, longer than the topic keeps a record.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from engine.core.cascade import TimeMode
from engine.core.dead_letters import DeadLetter, redrive_count
from engine.core.effects import Origin, StageName
from engine.core.execution import Outcome
from engine.core.intake import intake
from engine.runtimes.kafka.broker.wire import encode_event, key_text
from engine.runtimes.kafka.folds.folding import Fetched, Outbox, Partitions, Pending, headers_of
from schemas.topics import PEOPLE_INBOX, PROGRAMMES_INBOX

INBOX_OF = {StageName.PEOPLE: PEOPLE_INBOX, StageName.PROGRAMMES: PROGRAMMES_INBOX}


class IntakeFold:
    """Reads external records of one partition."""

    def __init__(self, topic: str, partition: int, partitions: Partitions, *, mode: TimeMode, clock: Callable[[], datetime]) -> None:
        """Start at offset 0.

        Args:
            topic: name without the prefix.
            clock: stamps `received_at`, once per record, at the edge.
        """
        self.position = 0
        self._topic = topic
        self._partition = partition
        self._partitions = partitions
        self._mode = mode
        self._clock = clock
        self._outbox = Outbox(partitions, partition)
        self._outcomes: Counter[tuple[str, Outcome]] = Counter()
        self._count = 0
        self._ages: list[float] = []
        self.last_at = clock()
        """When the last record was received; before the first one, when this task began."""

    @property
    def pending_count(self) -> int:
        """How many records have gathered."""
        return self._count

    def take(self, record: Fetched) -> None:
        """Send one record to its owner's inbox, or to the dead letters; a tombstone says nothing here."""
        if record.offset < self.position:
            return
        self.position = record.offset + 1
        self._count += 1
        if record.value is None:
            return
        headers = headers_of(record)
        origin = Origin(
            topic=self._topic,
            key=key_text(record.key),
            value=record.value,
            headers=headers,
            position=record.offset,
            partition=record.partition,
            redrive_count=redrive_count(headers),
        )
        received_at = self.last_at = self._clock()
        taken = intake(origin, received_at)
        if isinstance(taken, DeadLetter):
            self._outbox.refuse(taken)
            self._outcomes[("", Outcome.DEAD_LETTERED)] += 1
        elif taken is not None:
            self._ages.append((received_at - taken.event.time).total_seconds())
            at = received_at if self._mode is TimeMode.WALL else taken.event.time
            wired = encode_event(taken.key, taken.event, at, taken.origin, received_at)
            self._outbox.add(INBOX_OF[taken.stage].name, wired)

    def take_pending(self) -> Pending:
        """Hand over what has gathered since the last call."""
        pending = Pending(
            records=self._outbox.records,
            position=self.position,
            records_count=self._count,
            outcomes=self._outcomes,
            refusals=self._outbox.refusals,
            ages=self._ages,
        )
        self._ages = []
        self._outbox = Outbox(self._partitions, self._partition)
        self._outcomes = Counter()
        self._count = 0
        return pending
