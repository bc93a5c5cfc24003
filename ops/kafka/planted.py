"""A worker with a bug, for the drill that must notice it: what it consumed is committed before what it made.

The classic mistake. Killed in between, its outputs and hops are lost for good, and nothing in the worker's own log says so.
"""

import asyncio
import sys

from engine.cli.running import kafka
from engine.runtimes.kafka.task import Batch, PartitionTask
from engine.runtimes.kafka.tasks import Tasks

WINDOW_SECONDS = 0.15


class EarlyTask(PartitionTask):
    """Commits the position and the rows first, and the rest in a transaction of its own."""

    async def _transact(self, position: int, batches: list[Batch], *, is_told: bool) -> None:
        own = [batch for batch in batches if batch[0].endswith("-changelog.v1")]
        rest = [batch for batch in batches if batch not in own]
        await super()._transact(position, own, is_told=is_told)
        if rest:
            await asyncio.sleep(WINDOW_SECONDS)
            await super()._transact(position, rest, is_told=is_told)


if __name__ == "__main__":
    Tasks.task_type = EarlyTask
    sys.exit(kafka.main())
