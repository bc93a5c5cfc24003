"""The peer DBOS: one durable workflow per hire with one step, whose result is the output; the system database is SQLite.

The workflow's id is the event's, which is how its guide makes event processing idempotent. Workflows are called one after another: with
SQLite there is one writer, and a queue would add its polling. Everything else is the default.

Source: DBOS 3.4, guides on workflows, steps and event processing.
"""

import json
from pathlib import Path
from typing import Any

from ops.bench.embedded.sample import Elapsed, Stopwatch


def run(lines: list[bytes], work_dir: Path) -> tuple[Elapsed, int]:
    """Run a workflow for every line. Returns the time and how many outputs there are.

    Raises:
        ModuleNotFoundError: the library is not installed.
    """
    from dbos import DBOS, DBOSConfig, SetWorkflowID  # type: ignore[import-not-found, unused-ignore]

    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": f"sqlite:///{work_dir / 'dbos.sqlite'}",
        "log_level": "ERROR",
    }
    DBOS(config=config)

    @DBOS.step()  # type: ignore[untyped-decorator, unused-ignore]
    def welcome(facts: dict[str, Any]) -> dict[str, str]:
        return {"type": "welcome.sent", "person_id": facts["person_id"]}

    @DBOS.workflow()  # type: ignore[untyped-decorator, unused-ignore]
    def hire(facts: dict[str, Any]) -> dict[str, str]:
        output: dict[str, str] = welcome(facts)
        return output

    DBOS.launch()
    try:
        outputs = 0
        watch = Stopwatch()
        for line in lines:
            event = json.loads(line)
            with SetWorkflowID(event["id"]):
                outputs += hire(event["data"])["type"] == "welcome.sent"
        return watch.elapsed(), outputs
    finally:
        DBOS.destroy()
