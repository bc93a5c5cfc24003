"""What the metrics see of an engine: every transition as it is taken over, every input, every commit.

`Observer.transition` reads nothing but transitions, so any runtime that has them can hand them over. The rest is about one process: how
long a commit took, how late timers fire, how many rows there are.

Time: durations come from a monotonic clock and are nowhere but in metrics.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec

from engine.domain.messages import NudgeOutcome
from engine.domain.pairing import Pairing
from engine.effects import StageName
from engine.execution import Output, Transition
from engine.processors.tables import PAIRINGS
from engine.runtimes.embedded.engine import Answer, EmbeddedEngine
from engine.runtimes.embedded.layout import seconds_from
from engine.runtimes.embedded.store import SqliteStore
from engine.telemetry import PREFIX, Telemetry
from schemas.codes import PairingState
from schemas.fields import parse_instant
from schemas.pairing import PairingCompleted, PairingEnded
from schemas.registry import INPUT_TYPES
from schemas.round import RoundCompleted
from schemas.topics import PAIRINGS as PAIRINGS_TOPIC
from schemas.topics import topic_of_type

DUE_COUNTED_MAX: Final = 1_000
"""Timers that are due are counted per stage up to this many."""
NO_OPTION_AT_ALL: Final = "other"
"""Of `waiting_people`: somebody was there, but others were chosen, or nobody was good enough yet."""

_ROW_COUNTS: Final = "SELECT name, count(*) FROM rows GROUP BY name"


class _Head(msgspec.Struct):
    """As much of an input as its metrics need; anything else about it is intake's to judge."""

    type: str = ""
    time: str = ""


_read_head: Final = msgspec.json.Decoder(_Head).decode
_read_json: Final = msgspec.json.Decoder().decode


class Observer:
    """Turns transitions into metrics."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self._active: set[str] = set()
        self._waiting: dict[str, dict[str, int]] = {}
        self._step_began_at = time.monotonic()

    def found_active(self, pairing_ids: set[str]) -> None:
        """Begin with the pairings that are active already."""
        self._active |= pairing_ids
        self.telemetry.set(PREFIX + "active_pairings", len(self._active))

    def unit_begins(self) -> None:
        """Start the clock of the next step; each further step of the unit counts from the one before."""
        self._step_began_at = time.monotonic()

    def transition(self, transition: Transition) -> None:
        """Take one transition, right after the step that made it."""
        now = time.monotonic()
        seconds, self._step_began_at = now - self._step_began_at, now
        for letter in transition.dead_letters:
            self.telemetry.count(PREFIX + "dead_letters_total", topic=letter.topic, code=letter.code.value)
        for output in transition.outputs:
            self._published(output, seconds)
        for hop in transition.hops:
            if isinstance(hop.payload, NudgeOutcome):
                outcome = hop.payload.outcome.partition(":")[0]
                self.telemetry.count(PREFIX + "nudges_total", key=hop.payload.key.value, outcome=outcome)
        for note in transition.notes:
            self.telemetry.record(note.metric, note.value, note.labels)
        self._count_active(transition)

    def _count_active(self, transition: Transition) -> None:
        is_changed = False
        for (table, key), row in transition.changes.items():
            if table == PAIRINGS:
                is_changed = True
                is_active = isinstance(row, Pairing) and row.state is PairingState.ACTIVE
                (self._active.add if is_active else self._active.discard)(key)
        if is_changed:
            self.telemetry.set(PREFIX + "active_pairings", len(self._active))

    def _published(self, output: Output, seconds: float) -> None:
        if output.data is None:
            return
        type_ = str(output.attributes["type"])
        if output.topic == PAIRINGS_TOPIC.name:
            self.telemetry.count(PREFIX + "pairings_total", transition=type_.split(".")[2])
        if type_ in {PairingCompleted.TYPE, PairingEnded.TYPE}:
            ratio = _read_json(output.data)["reciprocity_ratio"]
            if ratio is not None:
                self.telemetry.observe(PREFIX + "reciprocity_ratio", ratio)
        elif type_ == RoundCompleted.TYPE:
            self._round_held(_read_json(output.data), seconds)

    def _round_held(self, report: dict[str, Any], seconds: float) -> None:
        self.telemetry.observe(PREFIX + "round_seconds", seconds)
        if report["dry_run"]:
            return
        self.telemetry.set(PREFIX + "round_optimal_ratio", report["optimal_ratio"])
        reasons: dict[str, int] = report["no_option_by_reason"]
        told_before = self._waiting.get(report["programme_id"], {})
        self._waiting[report["programme_id"]] = {**reasons, NO_OPTION_AT_ALL: report["waiting"] - sum(reasons.values())}
        waiting = Counter[str]()
        for counts in self._waiting.values():
            waiting.update(counts)
        for reason in {*waiting, *told_before}:
            self.telemetry.set(PREFIX + "waiting_people", waiting[reason], reason=reason)

    def input_taken(self, value: bytes, answer: Answer, *, received_at: datetime, at: datetime | None, seconds: float) -> None:
        """Take what became of one input.

        Args:
            value: the record, structured JSON if it is any good.
            at: engine time after it.
            seconds: how long it took, without the commit.
        """
        try:
            head = _read_head(value)
        except msgspec.MsgspecError:
            head = _Head()
        self.telemetry.count(PREFIX + "events_total", type=head.type, outcome=answer.outcome.value)
        self.telemetry.observe(PREFIX + "event_processing_seconds", seconds)
        if head.type not in INPUT_TYPES:
            return
        try:
            age = (received_at - parse_instant(head.time)).total_seconds()
        except ValueError:
            return
        self.telemetry.observe(PREFIX + "event_age_seconds", max(0.0, age))
        if at is not None:
            topic = topic_of_type(head.type).name
            self.telemetry.set(PREFIX + "last_processed_timestamp_seconds", seconds_from(at), topic=topic)


class TimedStore(SqliteStore):
    """A store that says how long its commits took."""

    on_commit: Callable[[float], None] | None = None

    def commit(self) -> None:
        """Commit; time it unless there was nothing to write."""
        is_idle = self.changes_count == 0 and self.unwritten_bytes == 0
        began_at = time.monotonic()
        super().commit()
        if self.on_commit is not None and not is_idle:
            self.on_commit(time.monotonic() - began_at)


class ObservedEngine(EmbeddedEngine):
    """An engine whose figures can be looked at while it runs."""

    store_type: ClassVar[type[SqliteStore]] = TimedStore

    def observed_by(self, observer: Observer) -> None:
        """Show an observer what there is already, and let it hear of every commit; transitions are handed over with `observe`."""
        assert isinstance(self._store, TimedStore)
        telemetry = observer.telemetry
        rows = self.scan(StageName.PROGRAMMES, PAIRINGS)
        observer.found_active({key for key, row in rows if row.state is PairingState.ACTIVE})
        self._store.on_commit = lambda seconds: telemetry.observe(PREFIX + "commit_seconds", seconds)

    @property
    def next_wake_at(self) -> datetime | None:
        """The earliest timer."""
        return self._store.earliest_wake()

    def due_count(self, at: datetime) -> int:
        """Count the timers that are due, each stage up to DUE_COUNTED_MAX."""
        return sum(len(self._store.due(stage, at, DUE_COUNTED_MAX)) for stage in StageName)

    def row_counts(self) -> dict[str, int]:
        """Count the rows of each table. Reads all of their keys, so it isn't for every second."""
        return dict(self._database.read(_ROW_COUNTS))
