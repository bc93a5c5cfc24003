"""What one run gave, and how it travels: a run is a process of its own that prints one JSON object.

A process per run keeps caches, the allocator and other libraries' threads of one side away from the next, and makes the peak of its memory
its own. Nothing but the standard library is imported here, because the peers run in an environment of their own.
"""

import json
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """How long something took."""

    seconds: float
    """By the wall."""
    cpu_seconds: float
    """Of this process, all threads; other processes on the machine hardly move it."""


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = perf_counter(), process_time()

    def elapsed(self) -> Elapsed:
        """Read it."""
        return Elapsed(seconds=perf_counter() - self._wall, cpu_seconds=process_time() - self._cpu)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run gave."""

    events: int
    seconds: float
    """From the first line to the last commit."""
    cpu_seconds: float
    outputs: int
    """Records published."""
    peak_rss_bytes: int
    data_bytes: int
    """Size of the databases when closed."""
    version: str
    """Of the side that ran."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Write one line."""
        return json.dumps(asdict(self))


def peak_rss_bytes() -> int:
    """Return the most memory that this process has had.

    `ru_maxrss` would count the parent's peak too, since it outlives `exec`; the kernel's own mark for this address space does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
