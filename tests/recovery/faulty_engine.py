"""A process that runs the embedded engine and lets it be killed: start it once, and each run is a fork of it.

Reads runs from standard input, one JSON object a line, and answers each with one: how the run ended, how many calls it made, and, when it
came to its end, the digests of what it left. A fork costs milliseconds where a start costs half a second.
"""

import ctypes
import gc
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from engine.errors import EngineError
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.log.output_log import OutputLog
from engine.runtimes.embedded.proof.verification import digests
from engine.runtimes.embedded.rows.facts import put_facts
from engine.runtimes.embedded.store import SqliteStore
from engine.settings import Settings
from engine.simulation.load import mixed_events
from engine.topology import build
from tests.recovery.toy import CANARY, START, erased, hired, lines_about, toy, toy_lines
from tests.topology.stories.erasure_story import PAT, named_everywhere

ENGINE_STOPPED: Final = 9
"""Exit status of a run that ended in an error of ours."""
KINDS: Final = {"kill": 0, "torn": 1, "eio": 2, "enospc": 3}


class TwoTransactions(SqliteStore):
    """The classic bug: what was decided is committed before what was published."""

    def commit(self) -> None:
        """Commit rows, log and marks; then outputs."""
        waiting, self.outputs = self.outputs, OutputLog(self.database, Gone(self.database, self.salt))
        super().commit()
        put_facts(self.database, waiting.write().items())
        if self.database.connection.in_transaction:
            self.database.commit()
        self.outputs = waiting


class PlantedEngine(EmbeddedEngine):
    """The engine with the bug."""

    store_type = TwoTransactions


def run(
    data_dir: Path,
    *,
    lines_count: int,
    commit_events: int,
    is_planted: bool = False,
    is_whole: bool = False,
    is_erasing: bool = False,
    is_verified: bool = False,
) -> dict[str, Any]:
    """Take lines, advance some days, and digest what is there.

    Args:
        is_whole: run the topology of Bothways over a synthetic organisation, instead of the toy.
        is_erasing: somebody is told of on the way, in every role, and erased.
        is_verified: replay what is there; the answer's `findings` say how it differs.
    """
    kind = PlantedEngine if is_planted else EmbeddedEngine
    settings = Settings.model_validate({"salt": "of the toy", "commit_events_max": commit_events})
    arrived_at = datetime(2026, 1, 1, tzinfo=UTC)
    topology = build() if is_whole else toy()
    lines = whole_lines(lines_count) if is_whole else toy_lines(lines_count)
    if is_erasing:
        lines = everything_said() if is_whole else with_an_erasure(list(lines))
    days = 42 if is_whole else 6 + lines_count // 72
    with kind(data_dir, settings, topology=topology, clock=lambda: arrived_at, wal_bytes_max=96 * 1024) as engine:
        engine.ingest(lines)
        engine.tick(datetime(2025, 1, 6, tzinfo=UTC) + timedelta(days=days))
        findings = engine.verify().findings if is_verified else ()
    database = Database(data_dir)
    found = digests(database)
    damage = database.check_integrity()
    database.close()
    kept = {path.name: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    leaks = [name for name, content in kept.items() if any(erased_id.encode() in content for erased_id in (CANARY, PAT))]
    return {"digests": found, "damage": damage, "findings": findings, "leaks": leaks}


def with_an_erasure(lines: list[bytes]) -> list[bytes]:
    """Tell of somebody in the first third of the lines, and erase the same person after the second."""
    third = len(lines) // 3
    told, gone = lines_about(CANARY, START), erased(CANARY, START + timedelta(days=1))
    return [*lines[:third], *told, *lines[third : 2 * third], gone, *lines[2 * third :]]


@cache
def everything_said() -> list[bytes]:
    """A programme in which one person has every role there is, and is erased; a line that nobody can read; somebody else afterwards."""
    story = named_everywhere()
    told = [entry.origin.value for entry in story.store.log if entry.origin is not None]
    late = story.now + timedelta(days=1)
    return [*told, b'{"who": "%s"' % PAT.encode(), erased(PAT, late), *(hired(number, at=late) for number in range(8))]


def whole_lines(count: int) -> Iterator[bytes]:
    """A programme, its people and a mix of events."""
    return (json.dumps(event).encode() for event in mixed_events(count, seed=1, people=max(2, count // 5)))


def main() -> None:
    """Serve runs until standard input ends."""
    faults = ctypes.CDLL(None) if "LD_PRELOAD" in os.environ else None
    with TemporaryDirectory() as directory:  # builds the models once, for all forks
        run(Path(directory) / "data", lines_count=20, commit_events=20)
    everything_said()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            os._exit(_forked(order, faults, writing))
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        print(json.dumps({"exit": os.waitstatus_to_exitcode(status), **json.loads(text or "{}")}), flush=True)


def _forked(order: dict[str, Any], faults: Any, answer: int) -> int:
    if faults is not None and order.get("kill_after_seconds") is not None:
        faults.fault_kill_after(ctypes.c_double(order["kill_after_seconds"]))
    if faults is not None:
        faults.fault_arm(ctypes.c_long(order.get("at", 0)), KINDS[order.get("kind", "kill")])
    try:
        result = run(
            Path(order["data_dir"]),
            lines_count=order["lines_count"],
            commit_events=order["commit_events"],
            is_planted=order.get("is_planted", False),
            is_whole=order.get("is_whole", False),
            is_erasing=order.get("is_erasing", False),
            is_verified=order.get("is_verified", False),
        )
    except EngineError as error:
        os.write(answer, json.dumps({"error": type(error).__name__, "message": str(error)}).encode())
        return ENGINE_STOPPED
    facts = {} if faults is None else {"calls_count": faults.fault_count(), "was_hit": bool(faults.fault_was_hit())}
    os.write(answer, json.dumps({**result, **facts}).encode())
    return 0


if __name__ == "__main__":
    main()
