"""One stage in one partition: inbox records in; rows, hops, outputs and dead letters out, through the step that every runtime shares.

The changelog row `@position` holds the next offset and the partition's engine time. It is written in the same transaction as the rows, so
rows and position are one cut by construction.

Time: `at` of a record is what its sender asked for, but never before the partition's last. What is refused or repeated moves nothing.
"""

import time
from collections import Counter
from datetime import datetime
from typing import Final

import msgspec

from engine.core.cascade import TIMERS_PER_TICK_MAX
from engine.core.dead_letters import dead_letter
from engine.core.effects import Note, Origin, Record, Rows, StageName
from engine.core.execution import TAKEN, Outcome, Transition, fire, step, unpublishable
from engine.core.identity import salt_of
from engine.core.stage import Stage
from engine.figures import Figures
from engine.observation import told_by
from engine.runtimes.kafka.broker.connection import RECORD_BYTES_MAX
from engine.runtimes.kafka.broker.wire import (
    Tick,
    Unreadable,
    Wired,
    decode_inbox,
    encode_hop,
    encode_tick,
    instant_of_seconds,
    key_text,
    whole_seconds_of,
)
from engine.runtimes.kafka.folds.folding import Fetched, Outbox, Partitions, Pending, Restored, headers_of
from engine.runtimes.kafka.folds.intake_fold import INBOX_OF
from engine.runtimes.kafka.folds.rows import PartitionRows
from schemas.envelope import SOURCE, Event
from schemas.frozen import replace
from schemas.terms.codes import ErrorCode
from schemas.topics import PEOPLE_CHANGELOG, PROGRAMMES_CHANGELOG

CHANGELOG_OF: Final = {StageName.PEOPLE: PEOPLE_CHANGELOG, StageName.PROGRAMMES: PROGRAMMES_CHANGELOG}
POSITION_KEY: Final = b"@position"
WAKE_HEADER: Final = "bw_wake"


OUTPUT_BYTES_MAX: Final = RECORD_BYTES_MAX - 64 * 1024
"""The largest body of an event; its attributes take the rest of a record. A dry round of tens of thousands of people is larger."""


class Position(msgspec.Struct, omit_defaults=True):
    """The row `@position` of a changelog partition."""

    offset: int
    """The next offset to read of the inbox."""
    at: int | None = None
    """The partition's engine time, seconds since 1970."""
    partitions: int = 0
    """How many partitions the inbox had; another number would give keys other owners."""


_encode: Final = msgspec.json.Encoder().encode
_decode_position: Final = msgspec.json.Decoder(Position).decode


def published_whole(rows: Rows, record: Record, transition: Transition, salt: bytes, bytes_max: int = OUTPUT_BYTES_MAX) -> Transition:
    """Return a record's transition, or its refusal where a topic would not take what it publishes.

    A broker would refuse the whole transaction, and the worker after every start.
    """
    largest = max(transition.outputs, key=lambda output: len(output.data or b""), default=None)
    if largest is None or len(largest.data or b"") <= bytes_max or not isinstance(record.payload, Event):
        return transition
    what = largest.attributes["type"]
    return unpublishable(rows, record, f"its {what} has {len(largest.data or b'')} bytes, and a topic takes {bytes_max}", salt)


class StageFold:
    """Rows and logic of one stage in one partition."""

    def __init__(
        self,
        stage: Stage,
        partition: int,
        partitions: Partitions,
        *,
        salt: bytes,
        source: str = SOURCE,
        output_bytes_max: int = OUTPUT_BYTES_MAX,
    ) -> None:
        self.rows = PartitionRows(stage)
        self.position = 0
        self.last_at: datetime | None = None
        self.restored: Restored | None = None
        """What the changelog said; None on a partition that was never committed."""
        self._stage = stage
        self._partition = partition
        self._partitions = partitions
        self._salt = salt_of(salt, source)
        self._source = source
        self._output_bytes_max = output_bytes_max
        self.figures = Figures() if stage.name is StageName.PROGRAMMES else None
        self._inbox = INBOX_OF[stage.name].name
        self._changelog = CHANGELOG_OF[stage.name].name
        self._outbox = Outbox(partitions, partition)
        self._outcomes: Counter[tuple[str, Outcome]] = Counter()
        self._notes: list[Note] = []
        self._count = 0
        self._tick_asked: datetime | None = None
        self._is_stale = False

    @property
    def pending_count(self) -> int:
        """How many records have gathered; an own tick counts as one."""
        return self._count + self._is_stale

    def restore(self, key: bytes, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]) -> None:
        """Take over a record of the changelog."""
        if key == POSITION_KEY:
            assert value is not None
            found = _decode_position(value)
            self.restored = Restored(offset=found.offset, partitions=found.partitions)
            self.position = found.offset
            self.last_at = None if found.at is None else instant_of_seconds(found.at)
            return
        table, _, name = key.decode("utf-8", "surrogateescape").partition("/")
        wake = headers[0][1] if headers else None
        self.rows.restore(table, name, value, None if wake is None else instant_of_seconds(int(wake)))
        if self.figures is not None:
            self.figures.restored(table, name, value)

    def take(self, record: Fetched) -> None:
        """Fold one inbox record."""
        if record.offset < self.position:
            return
        self.position = record.offset + 1
        self._count += 1
        headers = headers_of(record)
        try:
            found = decode_inbox(self._stage.name, record.key, record.value, headers)
        except Unreadable as problem:
            self._refuse_foreign(record, str(problem))
            return
        if isinstance(found, Tick):
            self._tick(found)
        else:
            self._record(found)

    def ask_tick(self, now: datetime) -> bool:
        """Append a tick to the own inbox if a row is due by the clock and no tick of ours is on its way. Returns whether one was."""
        if self._tick_asked is not None:
            return False
        due_at = self.rows.timers.earliest()
        at = now.replace(microsecond=0)
        if self.last_at is not None and at < self.last_at:
            at = self.last_at
        if due_at is None or due_at > at:
            return False
        topic, _ = self._partitions.place(self._inbox, b"", 0)
        self._outbox.records.setdefault((topic, self._partition), []).append(encode_tick(Tick(at=at)))
        self._tick_asked = at
        self._is_stale = True
        return True

    def take_pending(self) -> Pending:
        """Hand over what has gathered since the last call, the changed rows and the position included."""
        records = self._outbox.records
        changes = [
            Wired(
                f"{table}/{key}".encode("utf-8", "surrogateescape"),
                value,
                [] if wake_at is None else [(WAKE_HEADER, b"%d" % whole_seconds_of(wake_at))],
            )
            for table, key, value, wake_at in self.rows.take_changes()
        ]
        place = Position(
            offset=self.position,
            at=None if self.last_at is None else whole_seconds_of(self.last_at),
            partitions=self._partitions.count(self._inbox),
        )
        topic, _ = self._partitions.place(self._changelog, None, 0)
        records[(topic, self._partition)] = [*changes, Wired(POSITION_KEY, _encode(place), [])]
        pending = Pending(
            records=records,
            position=self.position,
            records_count=self._count,
            outcomes=self._outcomes,
            notes=self._notes,
            refusals=self._outbox.refusals,
        )
        self._outbox = Outbox(self._partitions, self._partition)
        self._outcomes = Counter()
        self._notes = []
        self._count = 0
        self._is_stale = False
        return pending

    def _record(self, asked: Record) -> None:
        at = self._never_back(asked.at)
        record = asked if at == asked.at else replace(asked, at=at)
        began_at = time.monotonic()
        transition = step(self._stage, self.rows, record, salt=self._salt, source=self._source)
        if transition.outputs:
            transition = published_whole(self.rows, record, transition, self._salt, self._output_bytes_max)
        if isinstance(record.payload, Event):
            self._outcomes[(record.payload.type, transition.outcome)] += 1
        if transition.outcome in TAKEN:
            self.last_at = at
        self._apply(transition, began_at)

    def _tick(self, tick: Tick) -> None:
        at = self.last_at = self._never_back(tick.at)
        if self._tick_asked is not None and tick.at >= self._tick_asked:
            self._tick_asked = None
        limit = TIMERS_PER_TICK_MAX if tick.limit is None else tick.limit
        due = [tick.row] if tick.row is not None else self.rows.timers.due(at, limit)
        for table, key in due:
            wake_at = self.rows.timers.wake_at(table, key)
            if wake_at is not None and wake_at <= at:  # an earlier row of this tick may have seen to it
                self._notes.append(Note("bothways_timer_lateness_seconds", (at - wake_at).total_seconds()))
                began_at = time.monotonic()
                self._apply(fire(self._stage, self.rows, table, key, at=at, salt=self._salt, source=self._source), began_at)

    def _apply(self, transition: Transition, began_at: float) -> None:
        rows, outbox = self.rows, self._outbox
        for (table, key), row in transition.changes.items():
            rows.put(table, key, row)
        if transition.timer_cleared is not None:
            rows.clear_timer(*transition.timer_cleared)
        for hop in transition.hops:
            outbox.add(INBOX_OF[hop.stage].name, encode_hop(hop))
        for output in transition.outputs:
            outbox.publish(output)
        for letter in transition.dead_letters:
            outbox.refuse(letter)
        self._notes.extend(transition.notes)
        self._notes.extend(told_by(transition))
        if self.figures is not None:
            self._notes.extend(self.figures.applied(transition, time.monotonic() - began_at))

    def _never_back(self, at: datetime) -> datetime:
        at = at.replace(microsecond=0)
        return at if self.last_at is None or at > self.last_at else self.last_at

    def _refuse_foreign(self, record: Fetched, problem: str) -> None:
        """Nobody but this engine writes to an inbox; what somebody wrote all the same is kept for a look, and the rest goes on."""
        origin = Origin(
            topic=self._inbox,
            key=key_text(record.key),
            value=record.value or b"",
            headers=headers_of(record),
            position=record.offset,
            partition=record.partition,
        )
        self._outbox.refuse(dead_letter(origin, ErrorCode.MALFORMED, f"not a record of an inbox: {problem}"))
