"""A worker that takes its time, for the drill that must not mind: `python -m ops.kafka.slowed worker …`, as the worker otherwise.

A round says that it has begun and goes on only when it is let, as a very large one would compute; a restore sleeps before it reads, as a
very large one would read. Where the round says so, for how long the restore sleeps, and for how long the group waits for a member that
has to give back, stand in environment variables.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from engine.cli.running import kafka
from engine.matching import compiled
from engine.matching.assigning.choosing import ChosenPairs, RoundTask
from engine.runtimes.kafka import faust_shell, tasks
from engine.runtimes.kafka.broker import consuming
from engine.runtimes.kafka.folds import recovery

ROUND_DIRECTORY: Final = "SLOWED_ROUND_DIRECTORY"
BEGUN: Final = "round-begun"
"""In that directory: a round has begun."""
LET: Final = "round-let"
"""In that directory: rounds may go on."""
RESTORE_SECONDS: Final = "SLOWED_RESTORE_SECONDS"
REBALANCE_SECONDS: Final = "SLOWED_REBALANCE_SECONDS"

_choose: Final = compiled.choose_pairs
_recover: Final = recovery.recover


def _chosen(task: RoundTask, **more: Any) -> ChosenPairs:
    if directory := os.environ.get(ROUND_DIRECTORY):
        Path(directory, BEGUN).touch()
        while not Path(directory, LET).exists():
            time.sleep(0.05)
    return _choose(task, **more)


async def _recovered(*arguments: Any) -> int:
    await asyncio.sleep(float(os.environ.get(RESTORE_SECONDS, "0")))
    return await _recover(*arguments)


def _replace(module: ModuleType, name: str, other: object) -> None:
    """Put something else in the place of what a module has under a name; a name that moved away would slow nothing, unseen."""
    assert name in vars(module), f"{module.__name__} has no {name}"
    vars(module)[name] = other


if __name__ == "__main__":
    _replace(compiled, "choose_pairs", _chosen)
    _replace(tasks, "recover", _recovered)
    for module in (consuming, faust_shell):
        _replace(module, "REBALANCE_SECONDS_MAX", float(os.environ[REBALANCE_SECONDS]))
    sys.exit(kafka.main())
