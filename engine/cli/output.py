"""What commands print: tables for people on standard output, JSON for programs, progress and errors on standard error."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

PIPE_COLUMNS: Final = 140
"""Width of tables that go into a file or a pipe, where nobody says how wide it is."""
BAR_AFTER_SECONDS: Final = 0.5
BAR_EVERY_SECONDS: Final = 0.1


def say_error(line: str) -> None:
    """Say in one line what is wrong."""
    print(f"bothways: {' '.join(line.split())}", file=sys.stderr)


def print_json(value: object) -> None:
    """Print one JSON object on one line."""
    print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def console() -> "Console":
    """Return where tables go: plain text unless standard output is a terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_COLUMNS
    return Console(markup=False, highlight=False, emoji=False, width=width, soft_wrap=False)


def print_facts(title: str, facts: Iterable[tuple[str, object]]) -> None:
    """Print names with their values, one per line; facts without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 3))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for name, value in facts:
        if value is not None and value != "":
            grid.add_row(name, Text(str(value)))
    out = console()
    if title:
        out.print(title, style="bold")
    out.print(grid)


def print_table(
    columns: Iterable[str], rows: Iterable[Iterable[object]], *, title: str | None = None, right: frozenset[str] = frozenset()
) -> None:
    """Print rows under their column names.

    Args:
        right: columns of numbers.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console().print(table)


def counts_written(counts: Mapping[str, int]) -> str:
    """Write counts as `7 of this · 2 of that`, the largest first."""
    return " · ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def duration(seconds: float) -> str:
    """Write how long something took."""
    return f"{seconds:.2f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))


class ProgressBar:
    """A progress bar on standard error, there only on a terminal and only once something takes a while. A context manager."""

    def __init__(self, what: str, total: float | None = None) -> None:
        """Prepare it.

        Args:
            what: in a word or two.
            total: how much there is to do, in any unit; None where nobody knows.
        """
        self._what = what
        self._total = total
        self._started_at = time.monotonic()
        self._shown_at = 0.0
        self._is_wanted = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._timer: threading.Timer | None = None
        self._text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._started_at

    @property
    def is_due(self) -> bool:
        """Whether an update would be shown now; asks nothing of anybody, so it may be asked often."""
        return self._is_wanted and self.seconds > BAR_AFTER_SECONDS and time.monotonic() - self._shown_at > BAR_EVERY_SECONDS

    def show(self, done: float | None, text: str = "", total: float | None = None) -> None:
        """Show how far it is.

        Args:
            done: in the unit of the total.
            text: the numbers that matter now.
            total: a total that has become known.
        """
        if not self.is_due:
            return
        self._shown_at = time.monotonic()
        if self._bar is None or self._task is None:
            self._bar, self._task = self._begun()
        self._total = total if total is not None else self._total
        self._bar.update(self._task, completed=done or 0, total=self._total, text=text)

    def pulse(self, text: str = "") -> None:
        """Show that work goes on, where it can't say how far it is: a moving bar and the time, from a thread of its own.

        Args:
            text: what is being done now.
        """
        self._text = text
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, text=text)
        elif self._is_wanted and self._timer is None:
            self._timer = threading.Timer(BAR_AFTER_SECONDS, self._pulsed)
            self._timer.daemon = True
            self._timer.start()

    def _pulsed(self) -> None:
        self._bar, self._task = self._begun()

    def _begun(self) -> tuple["Progress", "TaskID"]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.fields[text]}", style="dim", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            refresh_per_second=8,
        )
        bar.start()
        return bar, bar.add_task(self._what, total=self._total, text=self._text)


def plain(value: object) -> Any:
    """Turn rows' values into what JSON has: instants in whole seconds UTC, days as text, codes as text, tuples as lists."""
    from datetime import date, datetime
    from enum import Enum

    from schemas.text.fields import instant_text

    match value:
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case Mapping():
            return {str(plain(name)): plain(each) for name, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case _:
            return value
