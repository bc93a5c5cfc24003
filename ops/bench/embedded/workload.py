"""What is ingested: the same lines for every side, made before any clock starts."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine.simulation.load import LOAD_SOURCE, hires, mixed_events
from engine.simulation.observed import Json, full_type

SEED: Final = 1
MIXED_PEOPLE: Final = 500
"""Bounds the state, so that only the history grows with the number of events."""


def mixed_lines(count: int) -> list[bytes]:
    """HR, participation, programme and nudge-feedback events of one programme."""
    return [line_of(event) for event in mixed_events(count, SEED, MIXED_PEOPLE)]


def hire_lines(count: int) -> list[bytes]:
    """Hires alone: each changes one person's row and publishes nothing."""
    return [line_of(event) for event in hires(count, SEED)]


def programme_lines(count: int) -> list[bytes]:
    """New programmes: each changes one row and publishes exactly one event."""
    return [line_of(_programme(number)) for number in range(count)]


def write_mixed(file: Path, count: int) -> None:
    """Write mixed events without holding them."""
    _write(file, mixed_events(count, SEED, MIXED_PEOPLE))


def write_hires(file: Path, count: int) -> None:
    """Write hires."""
    _write(file, hires(count, SEED))


def line_of(event: Json) -> bytes:
    """One structured event as one line, without its end."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def _programme(number: int) -> Json:
    programme_id = f"load-{number}"
    return {
        "specversion": "1.0",
        "id": f"programme-{number}",
        "source": LOAD_SOURCE,
        "type": full_type("programme.created"),
        "time": "2025-01-06T09:00:00Z",
        "subject": programme_id,
        "actor": "urn:bothways:bench",
        "data": {"programme_id": programme_id, "name": "Load", "policy": {}},
    }


def _write(file: Path, events: Iterable[Json]) -> None:
    with file.open("wb") as stream:
        for event in events:
            stream.write(line_of(event) + b"\n")
