"""Waiting for records that are still to come: one look for all who wait, and none while nobody does."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from anyio import CapacityLimiter, to_thread

from engine.runtimes.embedded.log.stored_outputs import next_positions
from engine.runtimes.embedded.reading.access import opened_file

LOOK_SECONDS: Final = 0.1


class Arrivals:
    """Knows where each topic ends."""

    def __init__(self, data_dir: Path, readers: CapacityLimiter) -> None:
        self._data_dir = data_dir
        self._readers = readers
        self._ends: dict[str, int] = {}
        self._looked = asyncio.Condition()
        self._waiting_count = 0
        self._looking: asyncio.Task[None] | None = None

    async def end_beyond(self, topic: str, position: int, seconds: float) -> int | None:
        """Wait until a topic goes beyond a position. Returns where it ends by then, or None where it doesn't in that time."""
        self._waiting_count += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), self._looked:
                    await self._looked.wait_for(lambda: self._ends.get(topic, 0) > position)
                    return self._ends[topic]
        finally:
            self._waiting_count -= 1
        return None

    async def _look(self) -> None:
        while self._waiting_count:
            ends = await to_thread.run_sync(self._read, limiter=self._readers)
            async with self._looked:
                self._ends = ends
                self._looked.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    def _read(self) -> dict[str, int]:
        with opened_file(self._data_dir) as file:
            return next_positions(file)
