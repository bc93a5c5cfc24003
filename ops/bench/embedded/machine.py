"""Facts about the machine that a figure needs beside it; no names of hosts, people or paths."""

import os
import platform
import sys
from pathlib import Path
from typing import Final

from engine.runtimes.embedded.database import Database

MEMORY_FILE_SYSTEMS: Final = frozenset({"tmpfs", "ramfs"})
"""Where a commit costs nothing; figures from there would be about something else."""


def facts(directory: Path) -> dict[str, str | int | float | None]:
    """Return what the figures depend on.

    Args:
        directory: where the data directories will be; its file system is named.
    """
    return {
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "cpu": _cpu(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": _sqlite(directory),
        "file_system": file_system(directory),
        "load_average": round(os.getloadavg()[0], 2),
    }


def file_system(directory: Path) -> str:
    """Name the type of the file system that a directory is on; `unknown` where the kernel keeps no list."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return "unknown"
    here = directory.resolve()
    rows = [line.split() for line in mounts.read_text().splitlines()]
    found = [(len(row[4]), number, row[row.index("-") + 1]) for number, row in enumerate(rows) if here.is_relative_to(row[4])]
    return max(found)[2] if found else "unknown"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _sqlite(directory: Path) -> str:
    database = Database(directory / "version")
    try:
        return str(database.read("SELECT sqlite_version()")[0][0])
    finally:
        database.close()
