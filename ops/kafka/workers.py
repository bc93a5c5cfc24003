"""Workers as a supervisor keeps them: started, restarted after a while when they end, signalled, drained. Own children only, by pid."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).parent.parent.parent
BACK_OFF_SECONDS: Final = 0.5
DRAIN_SECONDS_MAX: Final = 90.0
"""A worker drains within seconds where the processor is its own; one that hangs is killed after this."""


@dataclass(slots=True, kw_only=True)
class Child:
    """One worker process."""

    process: "subprocess.Popen[bytes]"
    started: float
    ended: float | None = None


class Workers:
    """So many workers with one environment."""

    def __init__(
        self,
        count: int,
        environment: Mapping[str, str],
        log: Path,
        *,
        carrier: str = "thin",
        module: str = "engine.cli.running.kafka",
        arguments: Sequence[str] = (),
    ) -> None:
        self.exits: Counter[int] = Counter()
        self.started_count = 0
        self.wanted = count
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")} | dict(environment)
        self._command = [sys.executable, "-m", module, "worker", "--shell", carrier, *arguments]
        self._log = log
        self._children: dict[int, Child] = {}

    def __enter__(self) -> Self:
        self.keep()
        return self

    def __exit__(self, *_: object) -> None:
        self.drain()

    @property
    def live(self) -> list[int]:
        """Numbers of the workers that run."""
        return [number for number, child in self._children.items() if child.process.poll() is None]

    def keep(self) -> None:
        """Start what is missing, and what ended a while ago."""
        now = time.monotonic()
        for number in range(self.wanted):
            child = self._children.get(number)
            if child is not None and child.process.poll() is None:
                continue
            if child is not None and child.ended is None:
                child.ended = now
                self.exits[child.process.returncode] += 1
            if child is None or now - (child.ended or now) >= BACK_OFF_SECONDS:
                self._children[number] = self._start(now)

    def age(self, number: int) -> float:
        """Return for how long a worker has run, in seconds."""
        return time.monotonic() - self._children[number].started

    def send(self, number: int, which: signal.Signals) -> int:
        """Send a signal to one worker. Returns its pid."""
        process = self._children[number].process
        process.send_signal(which)
        return process.pid

    def cpu_seconds(self, number: int = 0) -> float:
        """Return the processor time that a worker has used."""
        fields = Path(f"/proc/{self._children[number].process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self, number: int = 0) -> float:
        """Return the most memory that a worker has held."""
        lines = Path(f"/proc/{self._children[number].process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    def drain(self) -> Counter[int]:
        """Ask all to end, wait, and count how they ended."""
        for child in self._children.values():
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGCONT)
                child.process.send_signal(signal.SIGTERM)
        ends: Counter[int] = Counter()
        deadline = time.monotonic() + DRAIN_SECONDS_MAX
        for child in self._children.values():
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            ends[child.process.returncode] += 1
        self._children.clear()
        return ends

    def _start(self, now: float) -> Child:
        self.started_count += 1
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        return Child(process=process, started=now)
