"""The loop of one process: an input and all that follows from it, then the next.

Both in-process runtimes (the embedded one and `TopologyDriver`) are this loop over a store of their own. An input is a unit: intake, its
step, and every hop that follows, first in first out; a tick is a unit: due rows of `people`, their hops, then due rows of `programmes`,
their hops. A store may put many units into one transaction, never half a unit.

Time: in data time an input is stamped `max(last at, its own time)` and every timer due before it fires first, each at its own
instant; in wall time it is stamped `max(last at, received_at)` and ticks come from the clock. A refused or repeated input moves nothing.

Source: decision 0002 (one core, two runtimes).
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol

from engine.core.dead_letters import DeadLetter
from engine.core.effects import Origin, Record, Rows, StageName
from engine.core.execution import TAKEN, Outcome, Transition, fire, repeated, step
from engine.core.identity import derived_id, salt_of
from engine.core.intake import Intaken, intake
from engine.core.marks import Mark, mark_of
from engine.core.stage import Topology
from engine.errors import CorruptState
from engine.programme.messages import EmissionBounded
from schemas.codec import is_whole, known_only
from schemas.envelope import SOURCE
from schemas.frozen import Frozen, replace
from schemas.text.fields import instant_text

TIMERS_PER_TICK_MAX: Final = 1_000
"""Bounds one unit; what is left fires on the next tick at the same instant."""

BEFORE_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The `at` of a control record that comes before anything else."""

CONTENT_HEADER: Final = "x-content"
"""The hash of the content as it came, of an event that the log doesn't keep whole.

It is made by codec.content_hash.
"""

STAGE_ORDER: Final = (StageName.PEOPLE, StageName.PROGRAMMES)


class TimeMode(StrEnum):
    """Which clock stamps `at`."""

    DATA = "data"
    WALL = "wall"


class EntryKind(StrEnum):
    """What a log entry is."""

    EVENT = "event"
    TICK = "tick"
    CONTROL = "control"


class Entry(Frozen, kw_only=True):
    """One line of the log: enough to do it again."""

    kind: EntryKind
    at: datetime
    received_at: datetime | None = None
    origin: Origin | None = None
    emit_from: datetime | None = None
    """Of a control record: nudges of an earlier `at` are suppressed."""


class Heard(Frozen, kw_only=True):
    """An external record, read as far as that needs no row.

    Many may be read before the first is handled.
    """

    origin: Origin
    received_at: datetime
    taken: Intaken | DeadLetter | None
    mark: Mark | None = None
    """Of an event."""


class Store(Protocol):
    """What the loop needs of a store. Everything between two calls of `unit_done` is one unit."""

    last_at: datetime | None

    def rows(self, stage: StageName) -> Rows:
        """Return the read view of one stage."""

    def apply(self, stage: StageName, transition: Transition) -> None:
        """Take over a step's changes, outputs and dead letters."""

    @property
    def is_refusal_known(self) -> bool:
        """Whether the last refusal was a repeated refusal of circumstance.

        Its dead letter was there before, or was removed by an erasure.
        """

    def append(self, entry: Entry) -> None:
        """Append to the log."""

    def earliest_wake(self) -> datetime | None:
        """Return the smallest `wake_at` of any row of any stage."""

    def due(self, stage: StageName, at: datetime, limit: int) -> list[tuple[str, str]]:
        """Return up to `limit` rows of one stage that are due at an instant.

        They are (table, key) with `wake_at <= at`, in (wake_at, table, key) order.
        """


@dataclass(slots=True)
class OutcomeCounts:
    """What became of inputs. The four counts are disjoint."""

    counts: Counter[Outcome] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Inputs that were applied, or were about somebody erased and left no trace."""
        return self.counts[Outcome.APPLIED] + self.counts[Outcome.IGNORED]

    @property
    def duplicates(self) -> int:
        """Inputs seen before."""
        return self.counts[Outcome.DUPLICATE]

    @property
    def refused(self) -> int:
        """Commands that were heard, and not carried out."""
        return self.counts[Outcome.REFUSED]

    @property
    def dead_lettered(self) -> int:
        """Inputs refused at intake or later."""
        return self.counts[Outcome.DEAD_LETTERED]


class Cascade:
    """Runs a topology over a store, one unit at a time."""

    def __init__(self, topology: Topology, store: Store, *, salt: bytes, source: str = SOURCE) -> None:
        self._topology = topology
        self._store = store
        self._salt = salt_of(salt, source)
        self._source = source

    def read(self, origin: Origin, received_at: datetime) -> Heard:
        """Read one external record; it changes nothing before it is offered."""
        taken = intake(origin, received_at)
        mark = mark_of(taken.event, taken.origin.redrive_count, self._salt) if isinstance(taken, Intaken) else None
        return Heard(origin=origin, received_at=received_at, taken=taken, mark=mark)

    def offer(self, heard: Heard, mode: TimeMode) -> Iterator[Outcome]:
        """Take one external record: first the units that are due before it, then its own.

        Yields: once after each unit, so that the caller may commit between them; the last value is the record's own outcome,
            earlier ones are `APPLIED` ticks.
        """
        taken, received_at, mark = heard.taken, heard.received_at, heard.mark
        if isinstance(taken, DeadLetter):
            self._store.apply(StageName.PEOPLE, Transition(outcome=Outcome.DEAD_LETTERED, dead_letters=[taken]))
            yield Outcome.DEAD_LETTERED
            return
        if taken is None:
            yield Outcome.APPLIED
            return
        record = _record(taken, taken.event.time)
        assert mark is not None, "an event has a mark"
        known = repeated(self._store.rows(taken.stage), record, mark)
        if known is not None:
            self._store.apply(taken.stage, known)
            yield known.outcome
            return
        wanted = taken.event.time if mode is TimeMode.DATA else received_at
        at = self._stamped(wanted)
        if mode is TimeMode.DATA:
            for _ in self.advance(at):
                yield Outcome.APPLIED
        yield self._handle(record if record.at == at else replace(record, at=at), received_at, unseen=mark)

    def advance(self, to: datetime) -> Iterator[datetime]:
        """Fire every timer due up to `to`, each at its own instant, in data time.

        Yields the `at` of each tick.
        """
        while (due_at := self._store.earliest_wake()) is not None and due_at <= to:
            at = self._stamped(due_at)
            self.tick(at)
            yield at

    def tick(self, at: datetime) -> None:
        """Log a tick and fire the rows that are due at it, a bounded number per stage.

        A stage that may have more to do keeps the next one waiting for the next tick: programmes judge when everybody's facts are there.
        """
        self._store.append(Entry(kind=EntryKind.TICK, at=at))
        self._store.last_at = at
        for stage in STAGE_ORDER:
            due = self._store.due(stage, at, TIMERS_PER_TICK_MAX)
            unfired = {(table, key) for table, key in due if not self._fire(stage, table, key, at)}
            if unfired:
                self._assert_seen_to(stage, unfired, at)
            if len(due) == TIMERS_PER_TICK_MAX:
                return

    def bound_emission(self, emit_from: datetime, at: datetime | None = None) -> None:
        """Log from when on nudges leave, and tell the people stage.

        Those of an earlier `at` than `emit_from` are suppressed. Moves no time.

        Args:
            at: of the logged record in a replay; the last `at` otherwise.
        """
        at = at or self._store.last_at or BEFORE_ALL
        id_ = derived_id("control", "emit_from", instant_text(emit_from))
        self._drain(Record(stage=StageName.PEOPLE, key="", id=id_, at=at, payload=EmissionBounded(emit_from=emit_from)))
        self._store.append(Entry(kind=EntryKind.CONTROL, at=at, emit_from=emit_from))

    def replay(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Do logged entries again, each at its logged `at`."""
        for entry in entries:
            if entry.kind is EntryKind.TICK:
                self.tick(entry.at)
            elif entry.kind is EntryKind.CONTROL:
                assert entry.emit_from is not None
                self.bound_emission(entry.emit_from, entry.at)
            else:
                assert entry.origin is not None and entry.received_at is not None
                taken = intake(entry.origin, entry.received_at)
                assert isinstance(taken, Intaken), "only what intake took is logged"
                self._handle(_as_it_came(_record(taken, entry.at)), entry.received_at)
            yield entry

    def _stamped(self, wanted: datetime) -> datetime:
        whole = wanted.replace(microsecond=0)
        last_at = self._store.last_at
        return whole if last_at is None or whole > last_at else last_at

    def _handle(self, record: Record, received_at: datetime, *, unseen: Mark | None = None) -> Outcome:
        """Handle an input.

        Args:
            unseen: the mark of one that is new; None in a replay.
        """
        outcome = self._drain(record, unseen)
        if outcome in {Outcome.IGNORED, Outcome.DUPLICATE}:
            return outcome
        if outcome is Outcome.DEAD_LETTERED and self._store.is_refusal_known:
            return outcome  # refused before for the same circumstance, it leaves no mark and adds nothing, also after an erasure
        origin = _kept(record) if unseen is not None and outcome in TAKEN else record.origin
        self._store.append(Entry(kind=EntryKind.EVENT, at=record.at, received_at=received_at, origin=origin))
        if outcome in TAKEN:
            self._store.last_at = record.at
        return outcome

    def _fire(self, stage: StageName, table: str, key: str, at: datetime) -> bool:
        """Fire one row.

        Returns: False when it isn't due any more, because an earlier row of this tick has already seen to it.
        """
        rows, of = self._store.rows(stage), self._topology.stages[stage]
        row = rows.get(of.tables[table], key)
        if row is None or row.wake_at is None or row.wake_at > at:
            return False
        transition = fire(of, rows, table, key, at=at, salt=self._salt, source=self._source)
        self._store.apply(stage, transition)
        for hop in transition.hops:
            self._drain(hop)
        return True

    def _assert_seen_to(self, stage: StageName, unfired: set[tuple[str, str]], at: datetime) -> None:
        """Stop if a timer without a row is still there.

        Time would stand still in front of it for ever.

        Raises:
            CorruptState: what is kept about the timer contradicts its row.
        """
        for table, key in self._store.due(stage, at, TIMERS_PER_TICK_MAX):
            if (table, key) in unfired:
                raise CorruptState(path="The data directory", reason=f"a timer of {table} that no row has")

    def _drain(self, first: Record, unseen: Mark | None = None) -> Outcome:
        """Handle a record and all hops that follow, first in first out.

        Returns the outcome of the external record behind them.
        """
        waiting = deque((first,))
        outcome = Outcome.APPLIED
        while waiting:
            record = waiting.popleft()
            stage = self._topology.stages[record.stage]
            rows, mark = self._store.rows(record.stage), unseen if record is first else None
            transition = step(stage, rows, record, salt=self._salt, source=self._source, unseen=mark)
            self._store.apply(record.stage, transition)
            waiting.extend(transition.hops)
            if record is first or record.origin is not None:
                outcome = transition.outcome if transition.outcome is not Outcome.APPLIED else outcome
        return outcome


def _record(taken: Intaken, at: datetime) -> Record:
    return Record(stage=taken.stage, key=taken.key, id=taken.event.id, at=at, payload=taken.event, origin=taken.origin)


def _kept(record: Record) -> Origin:
    """Return what the log keeps of an event that was taken.

    It keeps nothing unknown or used up, but a hash of what the event said with that.
    """
    event, origin = record.event, record.origin
    assert origin is not None, "an input came from somewhere"
    if not event.has_unknown and is_whole(origin.headers):
        return origin
    value, headers = known_only(event.data, origin.value, origin.headers)
    return replace(origin, value=value, headers=(*headers, (CONTENT_HEADER, event.content.encode())))


def _as_it_came(record: Record) -> Record:
    """Give a logged event the hash that it had when it was taken."""
    said = dict(record.origin.headers if record.origin else ()).get(CONTENT_HEADER)
    return record if said is None else replace(record, payload=replace(record.event, content=said.decode()))
