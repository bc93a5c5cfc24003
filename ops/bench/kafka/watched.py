"""A worker that says when the group heard from it: `python -m ops.bench.kafka.watched worker …`, as `engine.cli.running.kafka` otherwise.

Each answered heartbeat becomes a line of JSON on standard error, with the seconds of this machine's monotonic clock.
"""

import json
import os
import sys
import time
from typing import Any, Final

from aiokafka.consumer.group_coordinator import GroupCoordinator

from engine.cli.running.kafka import main

METRICS_PORT: Final = "WATCHED_METRICS_PORT"
"""Names the environment variable with the port of /metrics."""
_answered: Final = GroupCoordinator._do_heartbeat  # noqa: SLF001 - only the library knows when the group answered


async def _said(coordinator: Any) -> Any:
    is_heard = await _answered(coordinator)
    print(json.dumps({"event": "heartbeat", "heard": bool(is_heard), "monotonic": time.monotonic()}), file=sys.stderr, flush=True)
    return is_heard


if __name__ == "__main__":
    GroupCoordinator._do_heartbeat = _said  # noqa: SLF001
    sys.argv += ["--metrics-port", os.environ[METRICS_PORT]]
    sys.exit(main())
