"""The broker of a test run: one for all tests, started by the first that asks, gone with the process that asked.

It hangs on a pipe: when the test run ends, however it ends, the pipe closes and the broker with it.
"""

import atexit
import importlib
import importlib.util
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ops.kafka.jars import missing_tools

REQUIRED: Final = "BOTHWAYS_REQUIRE_KAFKA"
STOP_SECONDS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class NoBroker:
    """Why there can be no broker here."""

    reason: str


@cache
def why_none() -> NoBroker | None:
    """Say why there can be no broker here; None where there can be one, and then the client libraries are imported.

    Raises:
        RuntimeError: BOTHWAYS_REQUIRE_KAFKA is set and there can be none.
    """
    lack = missing_tools()
    if lack is None and importlib.util.find_spec("aiokafka") is None:
        lack = "the kafka extra is not installed"
    if lack is not None:
        if os.environ.get(REQUIRED) == "1":
            raise RuntimeError(f"{REQUIRED}=1, but {lack}")
        return NoBroker(lack)
    with warnings.catch_warnings():  # kafka-python 3.0.12 reads its schemas by a deprecated call, once, on import
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("kafka.admin")
    return None


@cache
def shared_broker() -> str | NoBroker:
    """Return the address of the test run's broker, or why there is none.

    Raises:
        RuntimeError: BOTHWAYS_REQUIRE_KAFKA is set and there is none, or it did not start.
    """
    lack = why_none()
    if lack is not None:
        return lack
    process = subprocess.Popen(
        [sys.executable, "-m", "ops.kafka", "hold"],
        cwd=Path(__file__).parent.parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    address = process.stdout.readline().decode().strip()
    if not address:
        raise RuntimeError("the broker did not start")

    def stop() -> None:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        process.wait(STOP_SECONDS_MAX)

    atexit.register(stop)
    return address
