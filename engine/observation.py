"""From transitions to metrics: what every runtime counts in the same way.

A runtime hands over each transition right after the step that made it, and each input with what became of it. What is about one process
alone (commits, timers, rows) it measures itself.

Time: durations come from a monotonic clock and are nowhere but in metrics.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from engine.core.effects import Note
from engine.core.execution import Outcome, Transition
from engine.figures import Figures
from engine.programme.tables import PAIRINGS
from engine.telemetry import METRIC_PREFIX, Telemetry
from schemas.events.nudge import NudgeSuppressed
from schemas.events.pairing import PairingCompleted, PairingEnded
from schemas.registry import INPUT_TYPES
from schemas.text.fields import parse_instant
from schemas.topics import PAIRINGS as PAIRINGS_TOPIC
from schemas.topics import topic_of_type


class _Head(msgspec.Struct):
    """As much of an input as its metrics need; anything else about it is intake's to judge."""

    type: str = ""
    time: str = ""


_read_head: Final = msgspec.json.Decoder(_Head).decode
_read_json: Final = msgspec.json.Decoder().decode


def told_by(transition: Transition) -> Iterator[Note]:
    """Say what a transition adds to the figures of pairings and nudges, wherever it was made."""
    for output in transition.outputs:
        type_ = str(output.attributes["type"])
        if type_ == NudgeSuppressed.TYPE and output.data is not None:
            # Counted as the day ends, like it is published: at the instant itself the metric would say whose act it follows.
            yield Note("bothways_nudges_total", labels={"key": _read_json(output.data)["key"], "outcome": "suppressed"})
        if output.topic != PAIRINGS_TOPIC.name or output.data is None:
            continue
        yield Note("bothways_pairings_total", labels={"transition": type_.split(".")[2]})
        if type_ in {PairingCompleted.TYPE, PairingEnded.TYPE}:
            ratio = _read_json(output.data)["reciprocity_ratio"]
            if ratio is not None:
                yield Note("bothways_reciprocity_ratio", ratio)


class Observer:
    """Turns transitions into metrics."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self._figures = Figures()
        self._step_began_at = time.monotonic()

    def found_active(self, pairing_ids: set[str]) -> None:
        """Begin with the pairings that are active already."""
        self._figures.found_active(pairing_ids)
        self.telemetry.set(METRIC_PREFIX + "active_pairings", self._figures.active_count)

    def unit_begins(self) -> None:
        """Start the clock of the next step; each further step of the unit counts from the one before."""
        self._step_began_at = time.monotonic()

    def transition(self, transition: Transition) -> None:
        """Take one transition, right after the step that made it."""
        now = time.monotonic()
        seconds, self._step_began_at = now - self._step_began_at, now
        for letter in transition.dead_letters:
            self.telemetry.count(METRIC_PREFIX + "dead_letters_total", topic=letter.topic, code=letter.code.value)
        rounds = tuple(self._figures.applied(transition, seconds))
        for note in (*transition.notes, *told_by(transition), *rounds):
            self.telemetry.record(note.metric, note.value, note.labels)
        if any(table == PAIRINGS.name for table, _ in transition.changes):
            self.telemetry.set(METRIC_PREFIX + "active_pairings", self._figures.active_count)
        for reason, count in self._figures.waiting.items() if rounds else ():
            self.telemetry.set(METRIC_PREFIX + "waiting_people", count, reason=reason)

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
        self.telemetry.count(METRIC_PREFIX + "events_total", type=head.type, outcome=outcome.value)
        self.telemetry.observe(METRIC_PREFIX + "event_processing_seconds", seconds)
        if head.type not in INPUT_TYPES:
            return
        try:
            age = (received_at - parse_instant(head.time)).total_seconds()
        except ValueError:
            return
        self.telemetry.observe(METRIC_PREFIX + "event_age_seconds", max(0.0, age))
        if at is not None:
            topic = topic_of_type(head.type).name
            self.telemetry.set(METRIC_PREFIX + "last_processed_timestamp_seconds", at.timestamp(), topic=topic)
