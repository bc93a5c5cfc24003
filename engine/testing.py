"""TopologyDriver: the whole topology in memory, for tests and dry runs.

Pipe records in, advance time, read outputs and tables. It runs the same loop, the same steps and the same rules as the runtimes;
what it leaves out is durability and the wire: nothing is encoded to rows on a disk, and nothing survives the object. Time is data time.
Settings of brokers and files have no effect here.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from engine.core.cascade import Cascade, Entry, OutcomeCounts, TimeMode
from engine.core.dead_letters import DeadLetter, redriven
from engine.core.effects import Note, Origin, Rows, StageName
from engine.core.execution import Outcome, Output, Transition
from engine.core.stage import Topology
from engine.core.table import Row, RowT, Table
from engine.core.timers import TimerIndex
from engine.topology import build
from schemas.codec import encode_structured
from schemas.envelope import SOURCE
from schemas.terms.ids import PersonId

FAR_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
"""The default `received_at` of a driver: no event of a test is from the future unless the test says so."""


class MemoryRows:
    """Rows of one stage in a dictionary."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Row]] = {}

    def get(self, table: Table[RowT], key: str) -> RowT | None:
        """Return the row, or None."""
        return cast("RowT | None", self.tables.get(table.name, {}).get(key))

    def scan(self, table: Table[RowT], prefix: str) -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) in key order. O(rows of the table): good enough for tests."""
        rows = cast("dict[str, RowT]", self.tables.get(table.name, {}))
        for key in sorted(key for key in rows if key.startswith(prefix)):
            yield key, rows[key]


class MemoryStore:
    """A store that forgets everything when it goes."""

    def __init__(self) -> None:
        self.last_at: datetime | None = None
        self.is_refusal_known = False
        self.log: list[Entry] = []
        self.outputs: list[Output] = []
        self.dead_letters: dict[str, DeadLetter] = {}
        self.notes: list[Note] = []
        self.forgotten: list[PersonId] = []
        self._rows = {stage: MemoryRows() for stage in StageName}
        self._timers = {stage: TimerIndex() for stage in StageName}

    def rows(self, stage: StageName) -> MemoryRows:
        """Return the rows of one stage."""
        return self._rows[stage]

    def apply(self, stage: StageName, transition: Transition) -> None:
        """Take over a step's changes."""
        for (table, key), row in transition.changes.items():
            rows = self._rows[stage].tables.setdefault(table, {})
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
            self._timers[stage].set(table, key, row.wake_at if row is not None else None)
        if transition.timer_cleared is not None:
            self._timers[stage].set(*transition.timer_cleared, None)
        self.outputs.extend(transition.outputs)
        self.notes.extend(transition.notes)
        self.forgotten.extend(transition.forgotten)
        for letter in transition.dead_letters:
            self.is_refusal_known = letter.id in self.dead_letters and not transition.is_remembered
            self.dead_letters.setdefault(letter.id, letter)

    def append(self, entry: Entry) -> None:
        """Append to the log."""
        self.log.append(entry)

    def earliest_wake(self) -> datetime | None:
        """Return the smallest `wake_at`."""
        wakes = [wake for index in self._timers.values() if (wake := index.earliest()) is not None]
        return min(wakes, default=None)

    def due(self, stage: StageName, at: datetime, limit: int) -> list[tuple[str, str]]:
        """Return what is due in one stage."""
        return self._timers[stage].due(at, limit)


class TopologyDriver:
    """The topology under test."""

    def __init__(self, topology: Topology | None = None, *, salt: bytes = b"test", source: str = SOURCE) -> None:
        self.store = MemoryStore()
        self.tally = OutcomeCounts()
        self._cascade = Cascade(topology or build(), self.store, salt=salt, source=source)

    def pipe(self, *events: Mapping[str, Any] | bytes, received_at: datetime = FAR_FUTURE) -> Outcome:
        """Take events (structured CloudEvents as mappings, or raw bytes) in data time. Returns the last one's outcome."""
        outcome = Outcome.APPLIED
        for event in events:
            value = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
            *_, outcome = self._cascade.offer(self._cascade.read(self._origin(value), received_at), TimeMode.DATA)
            self.tally.counts[outcome] += 1
        return outcome

    def redrive(self, letter: DeadLetter, *, received_at: datetime = FAR_FUTURE) -> Outcome:
        """Send the record behind a dead letter through intake again."""
        origin = redriven(letter.topic, letter.key, letter.value, letter.headers)
        *_, outcome = self._cascade.offer(self._cascade.read(origin, received_at), TimeMode.DATA)
        return outcome

    def advance(self, to: datetime) -> None:
        """Move data time forward, firing every timer on the way."""
        for _ in self._cascade.advance(to):
            pass
        if self.store.last_at is None or to > self.store.last_at:
            self._cascade.tick(to)

    def read(self, topic: str | None = None, type_: str | None = None) -> list[dict[str, Any]]:
        """Return published events as structured CloudEvents, oldest first; `type_` in short form (`pairing.proposed`)."""
        wanted = None if type_ is None else f"bothways.{type_}.v1"
        return [
            json.loads(encode_structured(output.attributes, output.data))
            if output.data is not None
            else {"key": output.key, "tombstone": True}
            for output in self.store.outputs
            if (topic is None or output.topic == topic) and (wanted is None or output.attributes["type"] == wanted)
        ]

    def dead_letters(self) -> list[DeadLetter]:
        """Return the dead letters, oldest first."""
        return list(self.store.dead_letters.values())

    def rows(self, stage: StageName) -> Rows:
        """Return the rows of one stage."""
        return self.store.rows(stage)

    def row(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""
        return self.store.rows(stage).get(table, key)

    @staticmethod
    def _origin(value: bytes) -> Origin:
        return Origin(topic="", value=value, headers=(("content-type", b"application/cloudevents+json"),))
