"""What a real worker answers on /metrics, held against the catalogue and the alerts."""

import asyncio
import json
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.tasks import MEASURE_SECONDS
from engine.telemetry import METRICS
from ops.kafka.broker import free_port
from ops.kafka.workers import Workers
from ops.prometheus.expressions import MADE_BY_SCRAPES, metrics_in
from ops.prometheus.promtool import RULES
from tests.builders import answered, enrolled, hired, offer, programme_created, round_requested, want
from tests.contract.runtimes import SALT

pytestmark = pytest.mark.integration

AT: Final = "2025-01-06T09:00:00Z"
OPENING: Final = (
    programme_created(AT, policy={"reserve_start": 0, "reserve_floor": 0, "holdout_percent": 0, "round_every_days": 0, "k_min": 1}),
    *(hired(name, AT, job_level=14) for name in ("ann", "bob", "eve")),
)
ENROLMENTS: Final = (
    enrolled("ann", AT),
    enrolled("bob", AT, offers=[offer("strategy")], wants=[want("python")]),
    enrolled("eve", AT, offers=[offer("wellbeing")], wants=[want("inclusion")]),
)
NOTHING_TO_COUNT: Final = {
    "bothways_event_processing_seconds",
    "bothways_consumer_lag_records",
    "bothways_conflict_exposure_seconds_total",
    "bothways_reciprocity_ratio",
    "bothways_line_cycles_total",
    "bothways_invariant_violations_total",
    "bothways_erasures_pending",
    "bothways_http_requests_total",
    "bothways_http_refusals_total",
    "bothways_http_request_seconds",
}
"""What this story gives no cause for, and what no worker measures: it answers no HTTP, and has no write-ahead log."""


async def lived(settings: KafkaSettings) -> None:
    """Let two people become a pair and a third one wait, refuse a line, and let days pass."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver

    async with DataTimeDriver(settings) as driver:
        for batch in (OPENING, ENROLMENTS, (round_requested("2025-01-06T10:00:00Z"),)):
            await driver.offer_all(batch)
        proposed = next(record for record in driver.outputs if record.topic == "mentorship.pairings.v1")
        about: dict[str, Any] = json.loads(proposed.value or b"{}")
        later = "2025-01-06T11:00:00Z"
        await driver.offer_all([answered(name, later, about["pairing_id"]) for name in ("ann", "bob")])
        await driver.offer_all([answered("ann", later, "nowhere.0123456789abcdef")])
        await driver.tick(datetime(2025, 1, 20, tzinfo=UTC))


@pytest.mark.parametrize("shell", ["thin", "faust"])
def test_worker_measures_what_the_list_says(made: KafkaSettings, log: Path, shell: str) -> None:
    """After a few days of a programme every metric but those without a cause has something in it; no alert asks for a series in vain."""
    from ops.kafka.chaos import environment_of

    port = free_port()
    with Workers(1, environment_of(made, SALT) | {"BOTHWAYS_TIME": "data"}, log, carrier=shell, arguments=("--metrics-port", str(port))):
        asyncio.run(lived(made))
        time.sleep(1.5 * MEASURE_SECONDS)
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()

    values: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values[sample.name] += sample.value
    alerts = [rule["expr"] for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
    empty = {metric.name for metric in METRICS if not any(values[metric.name + suffix] for suffix in ("", "_count"))}
    assert NOTHING_TO_COUNT == empty
    assert set() == {name for expression in alerts for name in metrics_in(expression)} - values.keys() - MADE_BY_SCRAPES
