"""How a worker consumes, whatever carries it."""

from typing import Any, Final

from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.settings import KafkaSettings

FETCH_BYTES: Final = 2 * 1024 * 1024
FETCHED_RECORDS_MAX: Final = 2_000
METADATA_MS_MAX: Final = 5_000
"""A broker that has just started tells of too few partitions; the group must not stay with what it dealt out then."""
POLL_SECONDS_MAX: Final = 300.0
REBALANCE_SECONDS_MAX: Final = 60.0


def consumer_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return what the group's consumer is built with: committed records only, no commits of its own, never a jump to another offset."""
    return {
        **client_options(settings),
        "group_id": settings.app,
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "session_timeout_ms": int(settings.session_seconds * 1000),
        "heartbeat_interval_ms": int(settings.session_seconds * 250),
        "max_poll_interval_ms": int(POLL_SECONDS_MAX * 1000),
        "rebalance_timeout_ms": int(REBALANCE_SECONDS_MAX * 1000),
        "request_timeout_ms": max(15_000, int(settings.session_seconds * 1500)),
        "max_partition_fetch_bytes": FETCH_BYTES,
        "max_poll_records": FETCHED_RECORDS_MAX,
        "fetch_max_wait_ms": 50,
        "metadata_max_age_ms": METADATA_MS_MAX,
    }
