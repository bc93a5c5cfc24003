"""Many sessions of one pair: what each costs, in the engine and without the commit, from the first to those that no longer count."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from engine.programme.sessions.meetings import SESSIONS_MAX
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.settings import Settings
from engine.simulation.load import LOAD_SOURCE
from engine.simulation.observed import Json, full_type
from ops.bench.embedded.workload import line_of

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
PEOPLE: Final = ("ann", "bob")
TEACHES: Final = {"ann": "strategy", "bob": "python"}
EVERY: Final = timedelta(hours=2)
SETTLED_AFTER: Final = 10
"""The first sessions make the rows that all others only change."""
EVENTS_PER_COMMIT: Final = 500


def seconds_of_sessions(count: int, data_dir: Path) -> list[float]:
    """Take so many sessions of one pair, and return how long each took."""
    taken: list[float] = []
    with EmbeddedEngine(data_dir, Settings()) as engine:
        pairing_id = _paired(engine)
        for number, event in enumerate(_sessions(count, pairing_id)):
            value, at = line_of(event), datetime.fromisoformat(event["time"])
            started = perf_counter()
            engine.offer(value, at)
            taken.append(perf_counter() - started)
            if number % EVENTS_PER_COMMIT == 0:
                engine.commit()
        engine.commit()
    return taken


def _paired(engine: EmbeddedEngine) -> str:
    """Let two people be a pair."""
    policy = {"round_every_days": 0, "sessions_planned": SESSIONS_MAX, "term_days": 3_000, "stall_days": 366, "holdout_percent": 0}
    _offered(engine, "programme.created", {"programme_id": "bench", "policy": policy}, "urn:bothways:bench")
    for person_id in PEOPLE:
        _offered(engine, "hr.hired", {"person_id": person_id, "effective_on": "2025-01-01"})
        other = next(topic for one, topic in TEACHES.items() if one != person_id)
        profile = {"offers": [{"topic": TEACHES[person_id], "level": 3}], "wants": [{"topic": other, "importance": 3, "own_level": 0}]}
        _offered(engine, "participation.enrolled", {"person_id": person_id, "programme_id": "bench", **profile}, person_id)
    _offered(engine, "round.requested", {"programme_id": "bench"}, "urn:bothways:bench")
    engine.commit()
    proposed = next(iter(engine.outputs("mentorship.pairings.v1"))).value
    assert proposed is not None, "a round of two who fit proposes them"
    pairing_id: str = json.loads(proposed)["data"]["pairing_id"]
    for person_id in PEOPLE:
        answer = {"person_id": person_id, "pairing_id": pairing_id, "proposal_version": 1, "answer": "accept"}
        _offered(engine, "pairing.answered", answer, person_id)
    return pairing_id


def _sessions(count: int, pairing_id: str) -> Iterator[Json]:
    for number in range(count):
        began_at = START + (number + 1) * EVERY
        data = {
            "session_id": f"s{number}",
            "pairing_id": pairing_id,
            "started_at": _text(began_at),
            "duration_minutes": 60,
            "exchanges": [{"topic": topic, "taught_by": person_id} for person_id, topic in TEACHES.items()],
            "evidence": "calendar",
        }
        yield _event("session.completed", data, began_at + timedelta(hours=1))


def _offered(engine: EmbeddedEngine, type_: str, data: dict[str, Any], actor: str | None = None) -> None:
    engine.offer(line_of(_event(type_, data, START, actor)), START)


def _event(type_: str, data: dict[str, Any], at: datetime, actor: str | None = None) -> Json:
    named = "/".join(str(data[name]) for name in ("session_id", "person_id", "programme_id") if name in data)
    event = {
        "specversion": "1.0",
        "id": f"{type_}/{named}",
        "source": LOAD_SOURCE,
        "type": full_type(type_),
        "time": _text(at),
        "data": data,
    }
    return event if actor is None else {**event, "actor": actor}


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
