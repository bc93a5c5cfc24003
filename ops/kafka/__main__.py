"""`python -m ops.kafka start|stop|status`, and `hold`: a broker that ends with whoever started it."""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from ops.kafka.broker import STOP_SECONDS_MAX, Broker, is_alive
from ops.kafka.jars import ToolMissing, cache_dir

STATE: Final = "kafka.json"


def _state_file() -> Path:
    return cache_dir() / STATE


def _running() -> dict[str, str | int] | None:
    """Return what `start` wrote, while that process lives."""
    file = _state_file()
    if not file.exists():
        return None
    state: dict[str, str | int] = json.loads(file.read_text())
    return state if is_alive(int(state["pid"])) else None


def start() -> int:
    """Start a broker that goes on after this command; print its address."""
    running = _running()
    if running is None:
        broker = Broker(Path(tempfile.mkdtemp(prefix="bothways-kafka.")))
        broker.start()
        running = {"pid": broker.pid or 0, "address": broker.address, "directory": str(broker.directory)}
        _state_file().write_text(json.dumps(running))
    print(running["address"])
    return 0


def stop() -> int:
    """Stop the broker that `start` started and remove its data."""
    running = _running()
    if running is None:
        print("no broker runs")
        return 0
    pid = int(running["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(str(running["directory"]), ignore_errors=True)
    _state_file().unlink(missing_ok=True)
    print(f"stopped {running['address']}")
    return 0


def status() -> int:
    """Print the address of the broker that runs; exit 1 when none does."""
    running = _running()
    print(f"runs at {running['address']} (pid {running['pid']}, data in {running['directory']})" if running else "no broker runs")
    return 0 if running else 1


def hold() -> int:
    """Run a broker until standard input ends, which it does when the process that holds the other end goes, however it goes."""
    with tempfile.TemporaryDirectory(prefix="bothways-kafka.", ignore_cleanup_errors=True) as directory:
        broker = Broker(Path(directory))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            broker.start()
            print(broker.address, flush=True)
            sys.stdin.buffer.read()
        finally:
            broker.kill()
    return 0


COMMANDS: Final = {"start": start, "stop": stop, "status": status, "hold": hold}


def main(arguments: list[str]) -> int:
    """Do one command. Returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print("usage: python -m ops.kafka start|stop|status|hold", file=sys.stderr)
        return 2
    try:
        return COMMANDS[arguments[0]]()
    except (ToolMissing, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
