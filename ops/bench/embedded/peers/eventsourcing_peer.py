"""The peer `eventsourcing`: a system of two applications on SQLite, run in one thread, as its tutorial on systems builds one.

People records each hire as a new aggregate; Welcomes, a process application, follows People's notification log and answers each hire with
one new aggregate, saved together with its position in that log: two commits per event, each as durable as SQLite's default makes it (the
library sets WAL; FULL is SQLite's own default). No aggregate is ever loaded, nothing is validated, there are no timers and no marks: the
least that the library does for such work.

Source: eventsourcing 9.5, docs/topics/tutorial/part4 and docs/topics/system.
"""

import json
from pathlib import Path

from ops.bench.embedded.sample import Elapsed, Stopwatch


def run(lines: list[bytes], work_dir: Path) -> tuple[Elapsed, int]:
    """Record every line. Returns the time and how many outputs there are.

    Raises:
        ModuleNotFoundError: the library is not installed.
    """
    from ops.bench.embedded.peers import eventsourcing_system as system

    with system.started(work_dir) as (people, welcomes):
        watch = Stopwatch()
        for line in lines:
            people.hire(json.loads(line)["data"])
        elapsed = watch.elapsed()
        return elapsed, welcomes.count()
