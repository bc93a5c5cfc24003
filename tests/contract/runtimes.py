"""The runtimes behind one face: lines in, time forward, outputs and dead letters per key."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from engine.core.dead_letters import CODE_HEADER
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.rows.mentions import Mentions
from engine.settings import Settings
from engine.testing import TopologyDriver
from schemas.topics import DEAD_LETTER_PREFIX
from tests.builders import StructuredEvent

SALT = "contract"
Published = dict[tuple[str, str | None], list[dict[str, Any]]]
"""(topic, key) → what was published under it, in order, as structured events."""


class Runtime(Protocol):
    """What the suite asks of a runtime."""

    keeps_erased: bool
    """Whether what was published before an erasure stays, names and all."""

    def pipe(self, *events: StructuredEvent | bytes) -> None:
        """Take events in data time."""

    def advance(self, to: datetime) -> None:
        """Move data time forward."""

    def published(self) -> Published:
        """Return everything published."""

    def refused(self) -> Counter[tuple[str, str]]:
        """Count the dead letters by (topic, code)."""


def line(event: StructuredEvent | bytes) -> bytes:
    """Return an event as one line."""
    return event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()


class MemoryRuntime:
    """The driver of the topology tests."""

    keeps_erased = True

    def __init__(self) -> None:
        self._driver = TopologyDriver(salt=SALT.encode())

    def pipe(self, *events: StructuredEvent | bytes) -> None:
        """Take events."""
        for event in events:
            self._driver.pipe(line(event))

    def advance(self, to: datetime) -> None:
        """Move time."""
        self._driver.advance(to)

    def published(self) -> Published:
        """Return everything published."""
        found: Published = defaultdict(list)
        for output, event in zip(self._driver.store.outputs, self._driver.read(), strict=True):
            found[(output.topic, output.key)].append(event)
        return dict(found)

    def refused(self) -> Counter[tuple[str, str]]:
        """Count the dead letters."""
        return Counter((letter.topic, letter.code.value) for letter in self._driver.dead_letters())


class EmbeddedRuntime:
    """The engine over one data directory."""

    keeps_erased = False

    def __init__(self, directory: Path) -> None:
        self._engine = EmbeddedEngine(directory / "data", Settings(salt=SALT))

    def __enter__(self) -> Self:
        self._engine.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._engine.__exit__(kind, error, trace)

    def pipe(self, *events: StructuredEvent | bytes) -> None:
        """Take events; nothing is settled after them, so that what is due at the same instant fires with the next."""
        for event in events:
            self._engine.ingest([line(event)])

    def advance(self, to: datetime) -> None:
        """Move time."""
        self._engine.tick(to)

    def published(self) -> Published:
        """Return everything published."""
        found: Published = defaultdict(list)
        for topic in self._engine.topics:
            if not topic.startswith(DEAD_LETTER_PREFIX):
                for output in self._engine.outputs(topic):
                    body = {"key": output.key, "tombstone": True} if output.value is None else json.loads(output.value)
                    found[(topic, output.key)].append(body)
        return dict(found)

    def refused(self) -> Counter[tuple[str, str]]:
        """Count the dead letters."""
        return Counter((letter.topic, (dict(letter.headers)[CODE_HEADER] or b"").decode()) for letter in self._engine.dead_letters())


def reference(*steps: StructuredEvent | bytes | datetime) -> Published:
    """Return what the in-memory loop publishes for events and instants in turn."""
    memory = MemoryRuntime()
    play(memory, *steps)
    return memory.published()


def without(published: Published, person_id: str) -> Published:
    """Return what is left when every event that names a person is gone."""
    mentions = Mentions([person_id])
    kept = {place: [event for event in events if not mentions.in_bytes(json.dumps(event).encode())] for place, events in published.items()}
    return {(topic, key): events for (topic, key), events in kept.items() if events and key != person_id}


def play(runtime: Runtime, *steps: StructuredEvent | bytes | datetime) -> None:
    """Give a runtime events and instants in turn."""
    for step in steps:
        if isinstance(step, datetime):
            runtime.advance(step)
        else:
            runtime.pipe(step)
