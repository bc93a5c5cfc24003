"""A worker that takes its time, for the drill that must not mind: `python -m ops.kafka.slowed worker …`, as the worker otherwise.

A round sleeps before it is computed, as a very large one would compute; a restore sleeps before it reads, as a very large one would read.
How long, and for how long the group waits for a member that has to give back, stand in environment variables.
"""

import asyncio
import os
import sys
import time
from typing import Any, Final

from engine.cli.running import kafka
from engine.matching import compiled
from engine.matching.assigning.choosing import ChosenPairs, RoundTask
from engine.runtimes.kafka import faust_shell, tasks
from engine.runtimes.kafka.broker import consuming
from engine.runtimes.kafka.folds import recovery

ROUND_SECONDS: Final = "SLOWED_ROUND_SECONDS"
RESTORE_SECONDS: Final = "SLOWED_RESTORE_SECONDS"
REBALANCE_SECONDS: Final = "SLOWED_REBALANCE_SECONDS"

_choose: Final = compiled.choose_pairs
_recover: Final = recovery.recover


def _chosen(task: RoundTask, **more: Any) -> ChosenPairs:
    time.sleep(float(os.environ.get(ROUND_SECONDS, "0")))
    return _choose(task, **more)


async def _recovered(*arguments: Any) -> int:
    await asyncio.sleep(float(os.environ.get(RESTORE_SECONDS, "0")))
    return await _recover(*arguments)


if __name__ == "__main__":
    vars(compiled)["choose"] = _chosen
    vars(tasks)["recover"] = _recovered
    for module in (consuming, faust_shell):
        vars(module)["REBALANCE_SECONDS_MAX"] = float(os.environ[REBALANCE_SECONDS])
    sys.exit(kafka.main())
