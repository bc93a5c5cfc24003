"""A service as a process of its own, and what it said."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent.parent
SECONDS: Final = 60


@contextmanager
def service(data_dir: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start `bothways serve` and wait until it is ready; it is told to stop when this is left, unless it has ended."""
    argv = [sys.executable, "-m", "engine", "serve", "--port", "0", *arguments, "--data", str(data_dir)]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if '"ready"' in line:
                    break
            else:
                raise AssertionError("".join(said))
            yield process
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=SECONDS)
        finally:
            process.kill()
