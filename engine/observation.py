"""From transitions to metrics: what every runtime counts in the same way.

A runtime hands over each transition right after the step that made it, and each input with what became of it. What is about one process
alone (commits, timers, rows) it measures itself.

Time: durations come from a monotonic clock and are nowhere but in metrics.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from engine.domain.messages import NudgeOutcome
from engine.domain.pairing import Pairing
from engine.effects import Note, Row
from engine.execution import Outcome, Transition
from engine.processors.tables import PAIRINGS
from engine.telemetry import PREFIX, Telemetry
from schemas.codes import PairingState
from schemas.fields import parse_instant
from schemas.pairing import PairingCompleted, PairingEnded
from schemas.registry import INPUT_TYPES
from schemas.round import RoundCompleted
from schemas.topics import PAIRINGS as PAIRINGS_TOPIC
from schemas.topics import topic_of_type

NO_OPTION_AT_ALL: Final = "other"
"""Of `waiting_people`: somebody was there, but others were chosen, or nobody was good enough yet."""


class _Head(msgspec.Struct):
    """As much of an input as its metrics need; anything else about it is intake's to judge."""

    type: str = ""
    time: str = ""


_read_head: Final = msgspec.json.Decoder(_Head).decode
_read_json: Final = msgspec.json.Decoder().decode


def told_by(transition: Transition) -> Iterator[Note]:
    """Say what a transition adds to the figures of pairings and nudges, wherever it was made."""
    for output in transition.outputs:
        if output.topic != PAIRINGS_TOPIC.name or output.data is None:
            continue
        type_ = str(output.attributes["type"])
        yield Note("bothways_pairings_total", labels={"transition": type_.split(".")[2]})
        if type_ in {PairingCompleted.TYPE, PairingEnded.TYPE}:
            ratio = _read_json(output.data)["reciprocity_ratio"]
            if ratio is not None:
                yield Note("bothways_reciprocity_ratio", ratio)
    for hop in transition.hops:
        if isinstance(hop.payload, NudgeOutcome):
            outcome = hop.payload.outcome.partition(":")[0]
            yield Note("bothways_nudges_total", labels={"key": hop.payload.key.value, "outcome": outcome})


def rounds_in(transition: Transition) -> Iterator[dict[str, Any]]:
    """Yield what a transition reports of rounds."""
    for output in transition.outputs:
        if output.data is not None and output.attributes["type"] == RoundCompleted.TYPE:
            yield _read_json(output.data)


def waiting_after(report: Mapping[str, Any]) -> dict[str, int]:
    """Return how many people a round left without a proposal, by reason."""
    reasons: dict[str, int] = report["no_option_by_reason"]
    return {**reasons, NO_OPTION_AT_ALL: report["waiting"] - sum(reasons.values())}


def has_active(row: Row | None) -> bool:
    """Say whether a row of the table of pairings is a pair that is active."""
    return isinstance(row, Pairing) and row.state is PairingState.ACTIVE


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
        for report in rounds_in(transition):
            self._round_held(report, seconds)
        for note in (*transition.notes, *told_by(transition)):
            self.telemetry.record(note.metric, note.value, note.labels)
        self._count_active(transition)

    def _count_active(self, transition: Transition) -> None:
        is_changed = False
        for (table, key), row in transition.changes.items():
            if table == PAIRINGS:
                is_changed = True
                (self._active.add if has_active(row) else self._active.discard)(key)
        if is_changed:
            self.telemetry.set(PREFIX + "active_pairings", len(self._active))

    def _round_held(self, report: dict[str, Any], seconds: float) -> None:
        self.telemetry.observe(PREFIX + "round_seconds", seconds)
        if report["dry_run"]:
            return
        self.telemetry.set(PREFIX + "round_optimal_ratio", report["optimal_ratio"])
        told_before = self._waiting.get(report["programme_id"], {})
        self._waiting[report["programme_id"]] = waiting_after(report)
        waiting = Counter[str]()
        for counts in self._waiting.values():
            waiting.update(counts)
        for reason in {*waiting, *told_before}:
            self.telemetry.set(PREFIX + "waiting_people", waiting[reason], reason=reason)

    def input_taken(self, value: bytes, outcome: Outcome, *, received_at: datetime, at: datetime | None, seconds: float) -> None:
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
        self.telemetry.count(PREFIX + "events_total", type=head.type, outcome=outcome.value)
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
            self.telemetry.set(PREFIX + "last_processed_timestamp_seconds", at.timestamp(), topic=topic)
