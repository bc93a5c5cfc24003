"""What an erasure leaves of somebody: nothing that names them (engine/processors/erasure.py)."""

import json
from datetime import UTC, datetime
from typing import Any

from engine.effects import Origin, Record, StageName
from engine.execution import Transition, step
from engine.processors.intake import Intaken, intake
from engine.testing import TopologyDriver
from engine.topology import build
from tests import builders

JAN_8 = datetime(2025, 1, 8, 9, tzinfo=UTC)


def stepped(driver: TopologyDriver, event: dict[str, Any]) -> Transition:
    """Return what one event comes to at its own key, without its hops."""
    taken = intake(Origin(topic="", value=json.dumps(event).encode(), headers=(("content-type", b"application/cloudevents+json"),)), JAN_8)
    assert isinstance(taken, Intaken)
    record = Record(stage=taken.stage, key=taken.key, id=taken.event.id, at=JAN_8, payload=taken.event, origin=taken.origin)
    return step(build().stages[StageName.PEOPLE], driver.rows(StageName.PEOPLE), record, salt=b"test")


def test_a_runtime_hears_whom_to_forget() -> None:
    """An erasure names its person to the runtime, known here or not; nothing else does."""
    driver = TopologyDriver()

    assert ("ann",) == stepped(driver, builders.erased("ann", JAN_8)).forgotten
    assert () == stepped(driver, builders.departed("ann", JAN_8)).forgotten
