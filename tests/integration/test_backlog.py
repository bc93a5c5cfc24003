"""Two years of history taken into a fresh installation, seen from outside: everything is there, and nobody is told about the past."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, Final

import pytest

from engine.core.effects import StageName
from engine.programme import tables
from engine.programme.people.tables import PEOPLE, REPORTS
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.settings import Settings
from engine.simulation.year import ProgrammeYear
from engine.testing import TopologyDriver
from schemas.text.fields import instant_text
from tests.integration.command_line import Bothways
from tests.simulation.watching.watch import play

PEOPLE_COUNT: Final = 30
MONTHS: Final = 24
SALT: Final = "test"
"""Of the engine that the history was lived with: the names of pairings in it follow from it."""
SETTLED: Final = (
    *((StageName.PROGRAMMES, table) for table in (tables.PROGRAMMES, tables.PARTICIPANTS, tables.PAIRINGS, tables.BARS)),
    *((StageName.PEOPLE, table) for table in (PEOPLE, REPORTS)),
)
"""Tables in which no nudge leaves a trace."""
PUBLISHED: Final = ("mentorship.pairings.v1", "mentorship.pairing-state.v1")

pytestmark = pytest.mark.slow


class Backlog:
    """What two installations made of the same history: one bounded at its end, one not."""

    def __init__(self, directory: Path) -> None:
        year = ProgrammeYear(people=PEOPLE_COUNT, seed=1, months=MONTHS)
        events = [event for _, batch in play(TopologyDriver(), year) for event in batch]
        file = directory / "history.jsonl"
        file.write_text("".join(f"{json.dumps(event)}\n" for event in events))
        self.emit_from = instant_text(year.end_at + timedelta(seconds=1))
        self.later = instant_text(year.end_at + timedelta(days=60))
        self.bounded, self.unbounded = (Bothways(data=directory / name, salt=SALT) for name in ("bounded", "unbounded"))
        self.taken = self.bounded("ingest", str(file), "--emit-from", self.emit_from, "--json").json
        self.taken_unbounded = self.unbounded("ingest", str(file), "--json").json
        self.at_the_end = {bothways: (nudges(bothways), suppressed(bothways)) for bothways in (self.bounded, self.unbounded)}


def nudges(bothways: Bothways) -> Counter[str]:
    """How many nudges were requested and cancelled."""
    return Counter(event["type"] for event in bothways("tail", "mentorship.nudges.v1").lines)


def suppressed(bothways: Bothways) -> Counter[str]:
    """How many nudges were held back, by reason."""
    events = bothways("tail", "mentorship.audit.v1").lines
    return Counter(event["data"]["reason"] for event in events if event["type"] == "bothways.nudge.suppressed.v1")


def taken_but_for_nudges(taken: dict[str, Any]) -> dict[str, Any]:
    """Return the counts as if every nudge that somebody reported on had been asked for: without a bound a ration may choose others."""
    unknown = taken["codes"].get("unknown_nudge", 0)
    codes = {code: count for code, count in taken["codes"].items() if code != "unknown_nudge"}
    return {**taken, "accepted": taken["accepted"] + unknown, "dead_lettered": taken["dead_lettered"] - unknown, "codes": codes}


def settled(bothways: Bothways) -> dict[str, Any]:
    """Return every row that nudges don't touch."""
    with EmbeddedEngine(bothways.data, Settings.model_validate({"salt": SALT})) as engine:
        return {table.name: dict(engine.scan(stage, table)) for stage, table in SETTLED}


@pytest.fixture(scope="module")
def backlog(tmp_path_factory: pytest.TempPathFactory) -> Backlog:
    """Take the history twice, once for all tests."""
    return Backlog(tmp_path_factory.mktemp("backlog"))


def test_a_bounded_backlog_asks_nobody_and_recalls_nothing(backlog: Backlog) -> None:
    """Not one nudge leaves for the past; each that would have is on the audit topic, reason `backfill`."""
    sent, held_back = backlog.at_the_end[backlog.bounded]

    assert Counter() == sent
    assert held_back["backfill"] > 500


def test_the_default_has_no_bound(backlog: Backlog) -> None:
    """Without `--emit-from` history is played as it was, nudges included."""
    sent, held_back = backlog.at_the_end[backlog.unbounded]

    assert sent["bothways.nudge.requested.v1"] > 500
    assert 0 == held_back["backfill"]


def test_the_bound_changes_nothing_but_nudges(backlog: Backlog) -> None:
    """Pairings, byte for byte, and every table but the ledgers of nudges are those of a run without the bound."""
    assert taken_but_for_nudges(backlog.taken) == taken_but_for_nudges(backlog.taken_unbounded)
    for topic in PUBLISHED:
        assert backlog.unbounded("tail", topic).out == backlog.bounded("tail", topic).out
    assert settled(backlog.unbounded) == settled(backlog.bounded)


def test_after_the_bound_nudges_leave_again(backlog: Backlog, tmp_path: Path) -> None:
    """The bound is an instant, not a switch: what comes after it is told, and nothing of what came before."""
    going_on = Bothways(data=tmp_path / "data", salt=SALT)
    copytree(backlog.bounded.data, going_on.data)

    assert 0 == going_on("tick", "--to", backlog.later).code

    events = going_on("tail", "mentorship.nudges.v1").lines
    assert events
    assert backlog.emit_from <= min(event["time"] for event in events)
