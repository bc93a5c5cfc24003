"""Runs of the faulty engine (tests/recovery/faulty_engine.py), several processes side by side."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import pytest

ROOT: Final = Path(__file__).parents[2]
LIBRARY_SOURCE: Final = Path(__file__).with_name("crash.c")
PROCESSES_COUNT: Final = max(1, min(4, os.cpu_count() or 1))

Answer = dict[str, Any]
T = TypeVar("T")


def fault_library(directory: Path) -> Path:
    """Compile the preload library, or skip the test where that can't be done."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler on PATH (or not Linux): crash points need a small preload library; install gcc")
    library = directory / "crash.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(LIBRARY_SOURCE), "-ldl", "-lrt"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"the preload library does not compile here: {built.stderr.strip().splitlines()[-1]}")
    return library


class FaultyEngine:
    """One process that forks a run for each order."""

    def __init__(self, library: Path | None = None, **environment: str) -> None:
        preload = {} if library is None else {"LD_PRELOAD": str(library)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.recovery.faulty_engine"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environment, **preload},
        )

    def run(self, data_dir: Path, **order: Any) -> Answer:
        """Run once; returns when that run has ended, one way or another."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"data_dir": str(data_dir), **order}) + "\n")
        self._process.stdin.flush()
        answer: Answer = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


class FaultyEngines:
    """As many processes as there are processors."""

    def __init__(self, engines: list[FaultyEngine]) -> None:
        self._free: SimpleQueue[FaultyEngine] = SimpleQueue()
        for engine in engines:
            self._free.put(engine)

    def run(self, data_dir: Path, **order: Any) -> Answer:
        """Run on whichever process is free."""
        engine = self._free.get()
        try:
            return engine.run(data_dir, **order)
        finally:
            self._free.put(engine)

    def each(self, case: Callable[[T], str | None], items: Iterable[T]) -> list[str]:
        """Try every item side by side. Returns what the cases complained of."""
        with ThreadPoolExecutor(PROCESSES_COUNT) as pool:
            return [complaint for complaint in pool.map(case, items) if complaint is not None]


@contextmanager
def faulty_engines(library: Path) -> Iterator[FaultyEngines]:
    """Start the processes, and end them."""
    with ExitStack() as stack:
        engines = [FaultyEngine(library) for _ in range(PROCESSES_COUNT)]
        for engine in engines:
            stack.callback(engine.close)
        yield FaultyEngines(engines)
