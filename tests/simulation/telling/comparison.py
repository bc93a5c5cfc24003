"""Where the engine's tables and the naive model differ, in words."""

from collections.abc import Iterable, Iterator
from typing import Any

from engine.core.effects import StageName
from engine.programme import tables
from engine.programme.people import tables as people_tables
from engine.testing import TopologyDriver
from tests.model import ledger
from tests.model.programme import Model
from tests.model.standing import ERASED, LIVE


def differences(driver: TopologyDriver, model: Model, people: Iterable[str]) -> list[str]:
    """Return every difference; none when the two agree."""
    return [*_of_people(driver, model, people), *_of_participants(driver, model), *_of_pairs(driver, model)]


def _of_people(driver: TopologyDriver, model: Model, people: Iterable[str]) -> Iterator[str]:
    for person_id in people:
        row = driver.row(StageName.PEOPLE, people_tables.PEOPLE, person_id)
        engine: dict[str, Any] = {"employment": "unknown", "manager": None, "line": [], "department": None}
        if row is not None:
            says = row.attributes
            engine = {"employment": str(row.employment), "manager": says.manager_id, "line": list(row.line), "department": says.department}
        expected = {
            "employment": model.people.employment(person_id),
            "manager": model.people.attribute(person_id, "manager_id"),
            "line": model.people.line(person_id),
            "department": model.people.attribute(person_id, "department"),
        }
        yield from _named(person_id, engine, expected)


def _of_participants(driver: TopologyDriver, model: Model) -> Iterator[str]:
    """Compare who takes part; in a closed programme nothing moves any more, and nothing hangs on it."""
    rows = driver.rows(StageName.PROGRAMMES).scan(tables.PARTICIPANTS, "")
    engine = {
        (row.programme_id, row.person_id): {"capacity": row.profile.capacity, "pauses": row.status == "paused"}
        for _, row in rows
        if row.status in {"enrolled", "paused"} and row.programme_id not in model.closed
    }
    expected = {
        where: {"capacity": kept["capacity"], "pauses": bool(kept["paused"])}
        for where, kept in model.enrolled.items()
        if where[0] not in model.closed
    }
    yield from _named("enrolments", engine, expected)


def _of_pairs(driver: TopologyDriver, model: Model) -> Iterator[str]:
    rows = dict(driver.rows(StageName.PROGRAMMES).scan(tables.PAIRINGS, ""))
    published: dict[str, Any] = {}
    codes: dict[str, str] = {}
    for event in driver.read("mentorship.pairing-state.v1"):
        if "tombstone" not in event:
            published[event["data"]["pairing_id"]] = event["data"]
    for event in driver.read("mentorship.pairings.v1"):
        if "code" in event["data"]:
            codes[event["data"]["pairing_id"]] = event["data"]["code"]
    if set(rows) != set(model.pairs):
        yield f"pairings: engine {sorted(rows)}, model {sorted(model.pairs)}"
        return
    for pairing_id, pair in model.pairs.items():
        row, says = rows[pairing_id], published[pairing_id]
        engine = {
            "state": str(row.state),
            "published": says["state"],
            "since": row.since,
            "term": says["term"],
            "track": says["track"],
            "code": codes.get(pairing_id),
            "sessions": says["sessions_count"],
            "taught": says["taught_count"],
        }
        expected = {
            "state": pair["state"],
            "published": pair["state"],
            "since": pair["since"],
            "term": pair["term"],
            "track": pair["track"],
            "code": pair["code"],
            "sessions": ledger.sessions_count(pair["sessions"]),
            "taught": ledger.taught(pair["sessions"], pair["people"]),
        }
        if ERASED in pair["people"]:
            kept = ("state", "since", "code")  # the rest was published before, or is nobody's business any more
            engine, expected = ({name: says[name] for name in kept} for says in (engine, expected))
        yield from _named(f"{pairing_id} {pair['people']}", engine, expected)
        open_to = {who for who in pair["people"] if pairing_id in _open_to(driver, pair["programme_id"], who)}
        if open_to != (set(pair["people"]) if pair["state"] in LIVE | {"proposed"} else set()):
            yield f"{pairing_id} is {pair['state']} and takes room of {sorted(open_to)}"


def _open_to(driver: TopologyDriver, programme_id: str, person_id: str) -> tuple[str, ...]:
    row = driver.row(StageName.PROGRAMMES, tables.PARTICIPANTS, f"{programme_id}/{person_id}")
    return row.pairing_ids if row is not None else ()


def _named(whose: str, engine: Any, expected: Any) -> Iterator[str]:
    if engine != expected:
        names = sorted({*engine, *expected}, key=str)
        odd = [f"{name}: engine {engine.get(name)}, model {expected.get(name)}" for name in names if engine.get(name) != expected.get(name)]
        yield f"{whose}: {'; '.join(odd)}"
