"""A small programme, played in memory from a seed and a secret; and all that a reader of the public topics gets of it."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from engine.core.cascade import Cascade, TimeMode
from engine.core.dead_letters import DeadLetter
from engine.core.effects import Origin, Rows, StageName
from engine.core.table import RowT, Table
from engine.report.reading import report_page
from engine.testing import FAR_FUTURE, MemoryStore
from engine.topology import build
from schemas.codec import encode_structured
from tests import builders
from tests.builders import StructuredEvent, offer, want

PUBLIC_TOPICS: Final = (
    "mentorship.pairings.v1",
    "mentorship.pairing-state.v1",
    "mentorship.nudges.v1",
    "mentorship.insights.v1",
    "mentorship.audit.v1",
)
START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
POLICY: Final[dict[str, Any]] = {"holdout_percent": 0, "reserve_start": 0, "reserve_floor": 0, "reserve_first_round": 0}
NAMES: Final = ("ada", "ben", "cleo", "dora", "emil", "finn", "gwen", "hugo")
TOPOLOGY: Final = build()

REPORT: Final = "report"
"""The topic and type of the page in a view."""

View = list[dict[str, Any]]
"""The public events in the order of their topics, each with its topic; the report comes last."""


@dataclass(frozen=True, slots=True)
class _Record:
    value: bytes | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What the report reads of an engine in memory."""

    store: MemoryStore

    @property
    def last_at(self) -> datetime | None:
        return self.store.last_at

    def rows(self, stage: StageName) -> Rows:
        return self.store.rows(stage)

    def scan(self, stage: StageName, table: Table[RowT], prefix: str = "") -> Iterator[tuple[str, RowT]]:
        return iter(self.store.rows(stage).scan(table, prefix))

    def outputs(self, topic: str) -> Iterator[_Record]:
        return (
            _Record(value=None if output.data is None else encode_structured(output.attributes, output.data))
            for output in self.store.outputs
            if output.topic == topic
        )

    def dead_letters(self) -> Iterator[DeadLetter]:
        return iter(self.store.dead_letters.values())


class World:
    """One history. Everything random about it but the secret follows from the seed."""

    def __init__(self, seed: int, salt: bytes, **policy: Any) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a history, not a key
        self.now = START
        self.store = MemoryStore()
        self._cascade = Cascade(TOPOLOGY, self.store, salt=salt)
        self.names = self.random.sample(NAMES, len(NAMES))
        self.tell(builders.programme_created(self.now, policy={**POLICY, **policy}))

    def tell(self, event: StructuredEvent) -> None:
        """Take an event."""
        origin = Origin(topic="", value=json.dumps(event).encode(), headers=(("content-type", b"application/cloudevents+json"),))
        for _ in self._cascade.offer(self._cascade.read(origin, FAR_FUTURE), TimeMode.DATA):
            pass

    def after(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)
        for _ in self._cascade.advance(self.now):
            pass

    def some_minutes(self) -> None:
        """Let an hour or less pass, as the seed has it."""
        self.after(minutes=self.random.randint(1, 60))

    def joins(self, person_id: str, teaches: str, learns: str, **data: Any) -> None:
        """Hire and enrol somebody."""
        self.tell(builders.hired(person_id, self.now))
        self.tell(builders.enrolled(person_id, self.now, offers=[offer(teaches, 3)], wants=[want(learns)], **data))

    def couple(self, first: str, second: str) -> None:
        """Let two join who fit each other."""
        self.joins(first, "strategy", "python")
        self.joins(second, "python", "strategy")

    def pairing_of(self, *people: str) -> str:
        """Return the id of the last proposal between two people."""
        bodies = [event["data"] for event in self.view() if event["type"] == "bothways.pairing.proposed.v1"]
        found = [body["pairing_id"] for body in bodies if sorted(side["person_id"] for side in body["people"]) == sorted(people)]
        return str(found[-1])

    def live_pair(self, first: str, second: str) -> str:
        """Let two join, be proposed and accept; return the pairing."""
        self.couple(first, second)
        self.after(days=1)
        pairing_id = self.pairing_of(first, second)
        for person_id in sorted((first, second)):
            self.tell(builders.answered(person_id, self.now, pairing_id))
        return pairing_id

    def view(self) -> View:
        """Return what a reader of all public topics and of the report gets."""
        page = report_page(_Look(self.store))
        report = {"topic": REPORT, "type": REPORT, "subject": REPORT, "data": json.loads(msgspec.json.encode(page))}
        return [*self._published(), report]

    def _published(self) -> View:
        return [
            {"topic": output.topic, **json.loads(encode_structured(output.attributes, output.data))}
            if output.data is not None
            else {"topic": output.topic, "type": "tombstone", "subject": output.key, "data": {}}
            for topic in PUBLIC_TOPICS
            for output in self.store.outputs
            if output.topic == topic
        ]


def events_of(view: Iterable[dict[str, Any]], type_: str) -> list[dict[str, Any]]:
    """Return the events of a type, in short form."""
    return [event for event in view if event["type"] == f"bothways.{type_}.v1"]
