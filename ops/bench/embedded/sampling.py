"""Where the time goes: a profile by sampling, cheap enough not to bend what it measures.

A timer interrupts the run every millisecond. The time since the last interruption is booked on the innermost place of the project that
was running; code of libraries and of the interpreter counts for whoever called it. Python handles an interruption only when a call into C
returns, so a long commit gets all of its time, however many interruptions it swallowed.
"""

import signal
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from types import FrameType, TracebackType
from typing import Final, Self, TypeVar

K = TypeVar("K", bound=str)

INTERVAL_SECONDS: Final = 0.001
ROOT: Final = str(Path(__file__).parents[3]) + "/"


class Area(StrEnum):
    """What a stretch of time was spent on."""

    DECODE = "decode"
    INTAKE = "intake"
    STEP = "step and processors"
    ROWS = "rows in memory"
    TIMERS = "timers"
    ENCODE = "encode"
    READS = "SQLite reads"
    WRITES = "SQLite writes"
    COMMITS = "commits and checkpoints"
    OTHER = "loop and other"


Rule = tuple[str, frozenset[str], Area]
"""A path's beginning, the functions that are meant (none: all of them), the area."""

_ANY: Final[frozenset[str]] = frozenset()
RULES: Final[tuple[Rule, ...]] = (
    ("engine/runtimes/embedded/database.py", frozenset({"commit"}), Area.COMMITS),
    ("engine/runtimes/embedded/open_file.py", frozenset({"read"}), Area.READS),
    ("engine/runtimes/embedded/open_file.py", frozenset({"write_many", "begin"}), Area.WRITES),
    ("engine/runtimes/embedded/rows/stored_tables.py", frozenset({"first_timers"}), Area.TIMERS),
    ("engine/runtimes/embedded/rows/stored_tables.py", frozenset({"write"}), Area.ENCODE),
    ("engine/runtimes/embedded/rows/stored_tables.py", _ANY, Area.READS),
    ("engine/runtimes/embedded/rows/stage_rows.py", _ANY, Area.ROWS),
    ("engine/runtimes/embedded/rows/near_timers.py", _ANY, Area.TIMERS),
    ("engine/core/timers.py", _ANY, Area.TIMERS),
    ("engine/runtimes/embedded/log/output_log.py", _ANY, Area.ENCODE),
    ("engine/runtimes/embedded/log/input_log.py", _ANY, Area.ENCODE),
    ("schemas/codec.py", frozenset({"encode_structured"}), Area.ENCODE),
    ("schemas/base.py", frozenset({"data_json"}), Area.ENCODE),
    ("schemas/codec.py", _ANY, Area.DECODE),
    ("schemas/text/strict_json.py", _ANY, Area.DECODE),
    ("engine/core/intake.py", _ANY, Area.INTAKE),
    ("engine/core/dead_letters.py", _ANY, Area.INTAKE),
    ("engine/programme/", _ANY, Area.STEP),
    ("engine/core/execution.py", _ANY, Area.STEP),
    ("engine/", frozenset({"ingest", "_offered", "_unit_done", "_settle"}), Area.OTHER),
)
"""The first rule that fits decides; a place that none fits counts for its caller."""


def area_of(path: str, function: str) -> Area | None:
    """Return the area of a place, or None where its caller's counts.

    Args:
        path: from the project's root on.
    """
    for beginning, functions, area in RULES:
        if path.startswith(beginning) and (not functions or function in functions):
            return area
    return None


@dataclass(slots=True)
class Profile:
    """Seconds by area, by function and by line. A context manager around the run."""

    areas: defaultdict[Area, float] = field(default_factory=lambda: defaultdict(float))
    functions: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    lines: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _last: float = 0.0

    def __enter__(self) -> Self:
        signal.signal(signal.SIGALRM, self._interrupted)
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, INTERVAL_SECONDS, INTERVAL_SECONDS)
        self._last = perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

    @property
    def seconds(self) -> float:
        """All time that was booked."""
        return sum(self.areas.values())

    def _interrupted(self, _: int, frame: FrameType | None) -> None:
        now = perf_counter()
        elapsed, self._last = now - self._last, now
        area: Area | None = None
        is_innermost = True
        while frame is not None and area is None:
            code = frame.f_code
            if code.co_filename.startswith(ROOT) and "/.venv/" not in code.co_filename:
                path = code.co_filename.removeprefix(ROOT)
                if is_innermost:
                    self.functions[f"{path}:{code.co_name}"] += elapsed
                    self.lines[f"{path}:{frame.f_lineno}"] += elapsed
                    is_innermost = False
                area = area_of(path, code.co_name)
            frame = frame.f_back
        self.areas[area or Area.OTHER] += elapsed


def most(seconds: Mapping[K, float], limit: int) -> dict[K, float]:
    """Return the largest entries, largest first; equal ones by name."""
    return dict(sorted(seconds.items(), key=lambda entry: (-entry[1], entry[0]))[:limit])
