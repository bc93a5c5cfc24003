"""What the handlers stand on: the service that writes, and the data directory beside it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from engine.errors import ServiceBusy, ServiceStopped
from engine.runtimes.embedded.answers import InputAnswer
from engine.runtimes.embedded.lines import Line
from engine.runtimes.embedded.observation import ObservedEngine
from engine.runtimes.embedded.reading.reader import Reader
from engine.runtimes.embedded.service import Service
from engine.telemetry import Telemetry
from engine.web.answering.arrivals import Arrivals
from engine.web.guarding.problems import Problem
from schemas.terms.http import ProblemCode

ANSWER_SECONDS_MAX: Final = 60.0
"""How long a request waits for the engine."""
READERS_MAX: Final = 4
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One running engine."""

    service: Service
    data_dir: Path
    telemetry: Telemetry
    readers: CapacityLimiter
    arrivals: Arrivals

    async def submit(self, lines: Sequence[Line]) -> list[InputAnswer]:
        """Hand lines over. Returns what became of each, after the commit.

        Raises:
            Problem: they were not taken, or nobody knows.
        """
        return await self._answered(lambda: asyncio.wrap_future(self.service.submit(lines)))

    async def call(self, work: Callable[[ObservedEngine], T]) -> T:
        """Have something done between two inputs. Returns what it returned, after the commit.

        Raises:
            Refused: it can't be done. Problem: it was not done, or nobody knows.
        """
        return await self._answered(lambda: asyncio.wrap_future(self.service.call(work)))

    async def read(self, look: Callable[[Reader], T]) -> T:
        """Look at what is committed, beside the writer."""

        def opened() -> T:
            with Reader(self.data_dir) as reader:
                return look(reader)

        return await to_thread.run_sync(opened, limiter=self.readers)

    async def _answered(self, ask: Callable[[], "asyncio.Future[T]"]) -> T:
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await ask()
        except ServiceBusy:
            raise Problem(ProblemCode.BUSY, headers={"retry-after": "1"}) from None
        except ServiceStopped:
            raise Problem(ProblemCode.STOPPING) from None
        except TimeoutError:
            raise Problem(ProblemCode.ANSWER_UNKNOWN) from None
