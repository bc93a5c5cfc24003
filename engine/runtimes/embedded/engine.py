"""The embedded engine: the loop over one data directory, for commands, the server and the simulator.

In data time an input is stamped by its own time, a command by the last `at`, and timers fire on the way; in wall time, that of a service,
the clock stamps both. Many inputs share a commit, and nothing is reported before its commit returned.

One thread at a time uses an engine; the server puts its calls in a row.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import msgspec

from engine.core.cascade import Cascade, Heard, OutcomeCounts, TimeMode
from engine.core.dead_letters import MESSAGE_HEADER, redriven
from engine.core.effects import Headers, Note, Origin, Rows, StageName
from engine.core.execution import Outcome, Transition
from engine.core.identity import derived_id
from engine.core.stage import Topology
from engine.core.table import RowT, Table
from engine.runtimes.embedded.answers import InputAnswer
from engine.runtimes.embedded.database import WAL_BYTES_MAX, Database
from engine.runtimes.embedded.erasing.erasure import named_counts
from engine.runtimes.embedded.erasing.salts import is_salted
from engine.runtimes.embedded.lines import InBatches, Line, batches_of
from engine.runtimes.embedded.log.stored_outputs import StoredOutput
from engine.runtimes.embedded.proof import fingerprints
from engine.runtimes.embedded.proof.verification import Verification, verification
from engine.runtimes.embedded.rows.facts import put_facts
from engine.runtimes.embedded.sources import settle_source, source_of
from engine.runtimes.embedded.store import SqliteStore
from engine.settings import Settings
from schemas.codec import STRUCTURED_HEADERS
from schemas.text.fields import instant_text
from schemas.topics import DEAD_LETTER_PREFIX, DLQ_TIMERS

COMMIT_BYTES_MAX: Final = 4 * 1024 * 1024
COMMIT_CHANGES_MAX: Final = 20_000
"""Row changes in one transaction; bounds memory when single units are large."""
WALL_TICKS_MAX: Final = 100
"""Ticks of one call in wall time; the rest wait for the next."""
ERASURE_SECONDS_MAX: Final = 6.0
"""How long a command waits for readers that still see what it erased, longer than they may take; a service tries again with each tick."""
COMMAND_SOURCE: Final = "urn:bothways:cli"

_canonical: Final = msgspec.json.Encoder(order="sorted").encode


class EmbeddedEngine:
    """One open data directory. A context manager: leaving it commits, unless an error is on its way out."""

    store_type: ClassVar[type[SqliteStore]] = SqliteStore
    """What keeps its state; tests put a defective one here to see it caught."""

    def __init__(
        self,
        data_dir: Path,
        settings: Settings,
        *,
        topology: Topology | None = None,
        own_salt: bytes | None = None,
        mode: TimeMode = TimeMode.DATA,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_notes: Callable[[Sequence[Note]], None] | None = None,
        is_served: bool = False,
        wal_bytes_max: int = WAL_BYTES_MAX,
    ) -> None:
        """Open the directory, or make it.

        Args:
            topology: the one of `engine.topology.build` if absent.
            own_salt: what a new directory keeps as its own instead of drawing one.
            mode: what stamps inputs and commands.
            clock: stamps `received_at`, which moves nothing in data time.
            on_notes: gets the metric notes of every commit.
            is_served: others reach it through the socket of the directory, which `listener` then is.
        Raises:
            StoreInUse, NewerData, OtherRules, CorruptState, StoreFailed, InvalidSettings: one line for the operator; the process stops.
        """
        self.topology = topology or built()
        self.data_dir = data_dir
        self._database = Database(data_dir, is_served=is_served, wal_bytes_max=wal_bytes_max)
        self.listener = self._database.listener
        self._settings = settings
        self._clock = clock
        self._mode = mode
        self._readers_seconds = 0.0 if mode is TimeMode.WALL else ERASURE_SECONDS_MAX
        self._units_count = 0
        try:
            self._store = self._settled_store(own_salt, on_notes)
            self._store.erasures.finish(self._readers_seconds)
        except BaseException:
            self._database.close()
            raise
        self._cascade = Cascade(self.topology, self._store, salt=self.salt, source=source_of(self._database))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the directory; what was not committed is gone."""
        self._database.close()

    @property
    def last_at(self) -> datetime | None:
        """Engine time: the `at` of the last thing that moved it."""
        return self._store.last_at

    def now(self) -> datetime:
        """Return what the clock says."""
        return self._clock()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever logged here."""
        return self._store.log.next_position == 0

    @property
    def is_erasure_pending(self) -> bool:
        """Whether bytes of somebody who is erased may still be in the files: a reader sees them, or the next tick is to come."""
        return self._store.erasures.are_pending

    @property
    def log_position(self) -> int:
        """The position that the next log entry gets."""
        return self._store.log.next_position

    @property
    def salt(self) -> bytes:
        """The salt of the hashes that stand for people."""
        return self._store.salt

    def observe(self, on_transition: Callable[[Transition], None]) -> None:
        """Hand every transition to an observer as it is taken over, in order, before it is durable."""
        self._store.on_transition = on_transition

    def ingest(
        self,
        lines: Iterable[Line | bytes] | InBatches,
        *,
        emit_from: datetime | None = None,
        on_progress: Callable[[OutcomeCounts], None] | None = None,
    ) -> OutcomeCounts:
        """Take lines in data time, then fire everything that is due at the last one's `at`.

        Args:
            lines: those that are there at once are read before the first is handled; no more is waited for.
            emit_from: nudges of an earlier `at` are recorded as suppressed.
            on_progress: is called after each commit with what is durable.
        """
        tally = OutcomeCounts()
        if emit_from is not None:
            self.bound_emission(emit_from)
        for batch in batches_of(lines):
            heard = [self._heard(line) for line in batch]
            self._store.look_ahead(heard)
            for one in heard:
                tally.counts[self._offered(one)] += 1
                if self._units_count == 0 and on_progress is not None:
                    on_progress(tally)
        self._settle()
        if on_progress is not None:
            on_progress(tally)
        return tally

    def bound_emission(self, emit_from: datetime) -> None:
        """Record that nudges of an earlier `at` are to be suppressed, unless that is so already. The caller commits."""
        if emit_from != self._store.log.latest_bound():
            self._cascade.bound_emission(emit_from)
            self._units_count += 1

    def command_at(self) -> datetime:
        """Return the instant at which a command acts that has no time of its own: the last `at`, in wall time now, after what is due."""
        now = self._clock().replace(microsecond=0)
        if self._mode is TimeMode.DATA:
            return self._store.last_at or now
        at = max(now, self._store.last_at or now)
        self._fire_overdue(at)
        return at

    def command(self, type_: str, data: Mapping[str, Any], *, actor: str | None = None, at: datetime | None = None) -> InputAnswer:
        """Do a command that has no time of its own. Returns when its hops are drained and nothing is due.

        Args:
            type_: full event type.
            actor: who acts; the command line itself where nobody is named.
            at: what `command_at` said before, where something was looked at in between.
        """
        answer = self._commanded(type_, data, actor, at or self.command_at())
        self._settle()
        return answer

    def commands(self, type_: str, each: Iterable[Mapping[str, Any]]) -> Iterator[InputAnswer]:
        """Do many commands of one type like `command`, with shared commits. The answers are true once the last one was yielded."""
        for data in each:
            yield self._commanded(type_, data, None, self.command_at())
        self._settle()

    def named_counts(self, person_id: str) -> dict[str, int]:
        """Count the rows of each table, and the records of the log and of each topic, that name a person."""
        self._finish()
        return named_counts(self._database, person_id)

    def redrive(self, letter: StoredOutput) -> InputAnswer:
        """Send the record behind a dead letter through intake again, at the last `at`, in wall time now.

        What is still wrong is refused again and adds nothing; what was taken meanwhile is a repetition.
        """
        assert letter.value is not None, "a dead letter has the bytes of its record"
        origin = redriven(letter.topic, letter.key, letter.value, letter.headers)
        answer = self._answered(origin, self._clock())
        self._settle()
        return answer

    def tick(self, to: datetime) -> int:
        """Move data time forward, firing every timer on the way. Into the past is a no-op. Returns how many ticks were logged."""
        before = self._store.log.next_position
        if self._store.last_at is not None and to <= self._store.last_at:
            return 0
        self._advance(to)
        if self._store.last_at is None or self._store.last_at < to:
            self._cascade.tick(to.replace(microsecond=0))
        self._finish()
        return self._store.log.next_position - before

    def offer(self, value: bytes, received_at: datetime, *, headers: Headers = STRUCTURED_HEADERS) -> InputAnswer:
        """Take one record by the clock, after what was due before it. The caller commits, then answers its producer.

        Args:
            headers: of the record; by default it is structured JSON.
        """
        assert self._mode is TimeMode.WALL
        return self._answered(Origin(topic="", value=value, headers=headers), received_at)

    def tick_wall(self, now: datetime) -> bool:
        """Fire what is due by the clock, all of it at `now`. Commits, and finishes erasures. Returns whether more is due."""
        is_more_due = self._fire_overdue(now)
        self._finish()
        return is_more_due

    def commit(self) -> None:
        """Make everything taken so far durable. An erasure in it is finished at the next tick, or at the end of the command."""
        self._store.commit()
        self._units_count = 0

    def rows(self, stage: StageName) -> Rows:
        """Return the read view of one stage, for what computes without changing anything."""
        return self._store.rows(stage)

    def row(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""
        return self._store.rows(stage).get(table, key)

    def scan(self, stage: StageName, table: Table[RowT], prefix: str = "") -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""
        return self._store.rows(stage).scan(table, prefix)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that has had an output, dead-letter topics included."""
        return self._store.outputs.topics

    def outputs(self, topic: str, start: int = 0, limit: int | None = None) -> Iterator[StoredOutput]:
        """Yield committed records of a topic from a position on; positions may have gaps."""
        return self._store.outputs.read(topic, start, limit)

    def dead_letters(self) -> Iterator[StoredOutput]:
        """Yield every dead letter, by topic, oldest first."""
        for topic in self.topics:
            if topic.startswith(DEAD_LETTER_PREFIX):
                yield from self.outputs(topic)

    def verify(self, *, on_progress: Callable[[int, int], None] | None = None) -> Verification:
        """Replay the log, from the snapshot on if there is one, into a fresh store and compare everything.

        Args:
            on_progress: is called with (entries replayed, entries in all).
        """
        self._finish()
        return verification(self._database, self.topology, salt=self.salt, on_progress=on_progress)

    def _commanded(self, type_: str, data: Mapping[str, Any], actor: str | None, at: datetime) -> InputAnswer:
        position = self._store.log.next_position
        event = {
            "specversion": "1.0",
            "id": derived_id("command", type_, _canonical(data).decode(), position),
            "source": COMMAND_SOURCE,
            "type": type_,
            "time": instant_text(at),
            "sequence": position,  # of two commands at one instant the later one is later
            "actor": actor or COMMAND_SOURCE,
            "data": data,
        }
        return self._answered(Origin(topic="", value=_canonical(event), headers=STRUCTURED_HEADERS), at)

    def _heard(self, line: Line) -> Heard:
        return self._cascade.read(Origin(topic="", value=line.value, headers=line.headers, position=line.number), self._clock())

    def _offered(self, heard: Heard) -> Outcome:
        if self._store.erasures.come_before(heard.origin):
            self._finish()
        if self._mode is TimeMode.WALL:
            self._fire_overdue(heard.received_at)
        outcome = Outcome.APPLIED
        for of_unit in self._cascade.offer(heard, self._mode):
            outcome = of_unit  # the last unit is the input's own
            self._unit_done()
        return outcome

    def _answered(self, origin: Origin, received_at: datetime) -> InputAnswer:
        self._store.take_refusal()
        self._store.take_decline()
        outcome = self._offered(self._cascade.read(origin, received_at))
        letter, refusal = self._store.take_refusal(), self._store.take_decline()
        if outcome is Outcome.REFUSED:
            return InputAnswer(outcome=outcome, refusal=refusal)
        if outcome is not Outcome.DEAD_LETTERED or letter is None or letter.topic == DLQ_TIMERS.name:
            return InputAnswer(outcome=outcome)
        message = dict(letter.headers).get(MESSAGE_HEADER) or b""
        return InputAnswer(outcome=outcome, code=letter.code, message=message.decode())

    def _unit_done(self) -> None:
        self._units_count += 1
        if (
            self._units_count >= self._settings.commit_events_max
            or self._store.unwritten_bytes >= COMMIT_BYTES_MAX
            or self._store.changes_count >= COMMIT_CHANGES_MAX
        ):
            self.commit()

    def _fire_overdue(self, now: datetime) -> bool:
        """Fire what is due by the clock, at most WALL_TICKS_MAX ticks of it. Returns whether more is due."""
        at = now.replace(microsecond=0)
        if self._store.last_at is not None:
            at = max(at, self._store.last_at)
        for _ in range(WALL_TICKS_MAX):
            due_at = self._store.earliest_wake()
            if due_at is None or due_at > at:
                return False
            self._cascade.tick(at)
            self._unit_done()
        return True

    def _advance(self, to: datetime) -> None:
        for _ in self._cascade.advance(to):
            self._unit_done()

    def _settle(self) -> None:
        """Fire what is due at the last `at`, in wall time a bounded number of it, then commit."""
        if self._store.last_at is not None and self._mode is TimeMode.WALL:
            self._fire_overdue(self._store.last_at)
        elif self._store.last_at is not None:
            self._advance(self._store.last_at)
        self._finish()

    def _finish(self) -> None:
        """Commit, then finish the erasures in it, as far as readers let it."""
        self.commit()
        self._store.erasures.finish(self._readers_seconds)

    def _settled_store(self, own_salt: bytes | None, on_notes: Callable[[Sequence[Note]], None] | None) -> SqliteStore:
        """Open the store; a new directory first remembers its salt and which version wrote it."""
        rules = fingerprints.own(self.topology)
        is_new = not is_salted(self._database)
        if not is_new:
            fingerprints.settle(self._database, rules)
        store = self.store_type(self._database, self.topology, given_salt=self._settings.salt_bytes(), own_salt=own_salt, on_notes=on_notes)
        settle_source(store.database, self._settings.source, is_new=is_new)
        if is_new:
            put_facts(store.database, rules.items())
            store.commit()
        return store


def built() -> Topology:
    """Return the topology of this version, with the compiled way to choose pairs where it is installed."""
    from engine.matching import compiled
    from engine.matching.assigning import choosing
    from engine.topology import build

    choosing.use(compiled.choose_pairs)
    return build()
