"""The whole engine on Kafka: how many events a worker takes, what one costs and where, how long a nudge needs, how fast rows come back.

Load: the mix of `ops.simulation.load`. Rate: events over the time from the first to the last record that the worker wrote, by its clock.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from engine.cascade import TimeMode
from engine.domain.outreach import SETTLE
from engine.runtimes.kafka.data_time import DataTimeDriver
from engine.runtimes.kafka.folding import Partitions
from engine.runtimes.kafka.intake_fold import IntakeFold
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.stage_fold import StageFold
from engine.runtimes.kafka.topics import KAFKA_TOPICS, TopicAdmin
from engine.topology import build
from ops.kafka.chaos import environment_of
from ops.kafka.verification import Findings, Log, read_log
from ops.kafka.workers import Workers
from ops.simulation.load import mixed_events
from schemas.topics import INPUT_TOPICS, INTERNAL_TOPICS, NUDGES, PEOPLE_INBOX, PROGRAMMES_INBOX

SALT: Final = "bench"
EVENTS: Final = 20_000
PEOPLE: Final = 1_000
NUDGED_PER_SECOND: Final = 500
NUDGED_SECONDS: Final = 8
PUBLISHED_AT_ONCE: Final = 2_000
COUNTED: Final = 0.95
"""The last records wait for timers, not for the worker; the rate is that of the rest."""


def installation(brokers: str, name: str, **more: Any) -> KafkaSettings:
    """Make the topics of a new installation."""
    own = f"{name}{time.time_ns() // 1_000_000}"
    settings = KafkaSettings(brokers=brokers, app=own, prefix=f"{own}.", partitions=4, replication=1, **more)
    with TopicAdmin(settings) as admin:
        admin.create()
    return settings


async def loaded(settings: KafkaSettings, events: Iterator[dict[str, Any]]) -> int:
    """Publish events before any worker runs. Returns how many."""
    count = 0
    async with DataTimeDriver(settings) as driver:
        batch = []
        for event in events:
            batch.append(event)
            count += 1
            if len(batch) == PUBLISHED_AT_ONCE:
                await driver.publish(batch)
                batch = []
        await driver.publish(batch)
    return count


async def quiet(settings: KafkaSettings) -> None:
    """Wait until everything is handled, asking seldom, so that the asking costs little."""
    async with DataTimeDriver(settings) as driver:
        while True:
            try:
                await driver.quiet(2.0)
            except RuntimeError:
                await asyncio.sleep(0.5)
                continue
            if driver.handled_count:
                return


def throughput(brokers: str, shell: str, scale: float, workers_count: int = 1) -> tuple[dict[str, Any], KafkaSettings, Path]:
    """Let so many workers take a load that is there already."""
    settings = installation(brokers, "bench")
    count = asyncio.run(loaded(settings, mixed_events(int(EVENTS * scale), 1, int(PEOPLE * min(1.0, scale)))))
    log = Path(tempfile.mkstemp(prefix="bothways-bench.")[1])
    workers = Workers(workers_count, environment_of(settings, SALT), log, carrier=shell)
    workers.keep()
    while log.read_bytes().count(b"partitions_assigned") < workers_count:
        time.sleep(0.05)
    start_seconds = sum(workers.cpu_seconds(number) for number in range(workers_count))
    asyncio.run(quiet(settings))
    cpu_seconds = sum(workers.cpu_seconds(number) for number in range(workers_count)) - start_seconds
    workers.drain()
    written = asyncio.run(read_log(settings, [topic.name for topic in INTERNAL_TOPICS], Findings()))
    stamps = sorted(record.timestamp for records in written.values() for record in records)
    span = (stamps[int(len(stamps) * COUNTED)] - stamps[0]) / 1000 / COUNTED
    handled = sum(len(records) for (topic, _), records in written.items() if topic in {PEOPLE_INBOX.name, PROGRAMMES_INBOX.name})
    report = {
        "workers": workers_count,
        "events": count,
        "stage_records": handled,
        "events_per_second": round(count / span),
        "stage_records_per_second": round(handled / span),
        "cpu_micros_per_event": round(1e6 * cpu_seconds / count),
        "start_cpu_seconds": round(start_seconds, 1),
    }
    return report, settings, log


def costs(settings: KafkaSettings) -> dict[str, Any]:
    """Fold what is in the topics once more in this process, and tell where the time goes, in microseconds."""
    log: Log = asyncio.run(read_log(settings, [topic.name for topic in KAFKA_TOPICS], Findings()))
    with TopicAdmin(settings) as admin:
        partitions = Partitions(admin.partition_counts(), settings.prefix)
    found: dict[str, Any] = {}
    inputs = [(name, part, records) for (name, part), records in log.items() if name in {topic.name for topic in INPUT_TOPICS}]
    started = time.process_time()
    for name, part, records in inputs:
        intake = IntakeFold(name, part, partitions, mode=TimeMode.WALL, clock=lambda: datetime.now(UTC))
        for record in records:
            intake.take(record)
        intake.take_pending()
    found["intake_per_event"] = round(1e6 * (time.process_time() - started) / max(1, sum(len(records) for *_, records in inputs)), 1)
    for stage, inbox in zip(build().stages.values(), (PEOPLE_INBOX, PROGRAMMES_INBOX), strict=True):
        count, folding, packing = 0, 0.0, 0.0
        for (name, part), records in log.items():
            if name == inbox.name:
                fold = StageFold(stage, part, partitions, salt=SALT.encode())
                for start in range(0, len(records), 500):
                    begun = time.process_time()
                    for record in records[start : start + 500]:
                        fold.take(record)
                    folded = time.process_time()
                    fold.take_pending()
                    folding += folded - begun
                    packing += time.process_time() - folded
                count += len(records)
        found[f"{stage.name}_fold_per_record"] = round(1e6 * folding / max(1, count), 1)
        found[f"{stage.name}_rows_per_record"] = round(1e6 * packing / max(1, count), 1)
    return found


def restore(settings: KafkaSettings, shell: str, log: Path) -> dict[str, Any]:
    """Start a worker on what the last one left, and read how fast it was ready."""
    log.write_bytes(b"")
    with Workers(1, environment_of(settings, SALT), log, carrier=shell):
        deadline = time.monotonic() + 60
        while b"partitions_assigned" not in log.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    rows = sum(line["count"] for line in lines if line["event"] == "rows_restored")
    seconds = max((line["seconds"] for line in lines if line["event"] == "partitions_assigned"), default=0.0)
    return {"changelog_records": rows, "seconds": seconds, "records_per_second": round(rows / seconds) if seconds else None}


def latency(brokers: str, shell: str, scale: float, **more: Any) -> dict[str, Any]:
    """Nominate people at a steady rate, each of whom is invited a minute later, and time every invitation beyond that minute.

    Everybody of one second is due at one instant, so this is the latency of bursts: the tick, the step and one transaction.
    """
    settings = installation(brokers, "late", **more)
    people = int(NUDGED_PER_SECOND * NUDGED_SECONDS * scale)
    log = Path(tempfile.mkstemp(prefix="bothways-bench.")[1])
    with Workers(1, environment_of(settings, SALT), log, carrier=shell):
        waits = asyncio.run(_nudged(settings, people))
    waits.sort()
    return {
        "nominated": people,
        "nudged": len(waits),
        "p50_ms": round(1000 * statistics.median(waits)) if waits else None,
        "p99_ms": round(1000 * waits[int(len(waits) * 0.99)]) if waits else None,
    }


async def _nudged(settings: KafkaSettings, people: int) -> list[float]:
    now = datetime.now(UTC)
    policy = {"quiet_from": "08:00", "quiet_to": "08:00", "quiet_weekends": False, "holdout_percent": 0, "round_every_days": 0}
    policy |= {"nudge_storm_per_day": 1_000_000}
    sent: dict[str, float] = {}
    waits: list[float] = []
    async with DataTimeDriver(settings) as driver:
        await driver.offer_all([_event("p", "programme.created", now, {"programme_id": "late", "policy": policy})])
        hired_on = (now - timedelta(days=200)).date().isoformat()
        names = [f"p-{n}" for n in range(people + 200)]
        await driver.offer_all(_event(f"h-{name}", "hr.hired", now, {"person_id": name, "effective_on": hired_on}) for name in names)
        for place, name in enumerate(names[:200]):  # warm, and not counted
            await driver.publish([_event(f"n-{name}", "participation.nominated", now, {"person_id": name, "programme_id": "late"})])
            if place % 50 == 49:
                await driver.quiet()
        driver.take_outputs()
        reading = asyncio.ensure_future(_read_nudges(driver, sent, waits, people))
        started = time.monotonic()
        for place, name in enumerate(names[200:]):
            await asyncio.sleep(max(0.0, started + place / NUDGED_PER_SECOND - time.monotonic()))
            sent[name] = time.time()
            nominated = {"person_id": name, "programme_id": "late"}
            await driver.publish_soon(_event(f"n-{name}", "participation.nominated", now, nominated))
        await asyncio.wait([reading], timeout=SETTLE.total_seconds() + 20)
        reading.cancel()
    return waits


def due_at(sent_at: float) -> float:
    """When an intent of that instant is due: whole seconds, after the minute in which intents gather."""
    return int(sent_at) + SETTLE.total_seconds()


async def _read_nudges(driver: DataTimeDriver, sent: dict[str, float], waits: list[float], people: int) -> None:
    while len(waits) < people:
        await driver.read_on()
        now = time.time()
        fresh = [output.key for output in driver.take_outputs() if output.topic == NUDGES.name and output.key is not None]
        waits.extend(now - due_at(sent.pop(key)) for key in fresh if key in sent)
        await asyncio.sleep(0.002)


def _event(id_: str, type_: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    envelope = {"specversion": "1.0", "id": id_, "source": "urn:bothways:bench", "type": f"bothways.{type_}.v1"}
    return {**envelope, "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "actor": "bench", "data": data}


def main(brokers: str, what: str, shell: str, scale: float) -> None:
    """Measure and print a line for each figure."""
    if what == "scaling":
        for count in (1, 2):
            report, _, _ = throughput(brokers, shell, scale, count)
            print(json.dumps({"throughput": report}), flush=True)
        return
    report, settings, log = throughput(brokers, shell, scale)
    print(json.dumps({"shell": shell, "throughput": report}), flush=True)
    print(json.dumps({"restore": restore(settings, shell, log)}), flush=True)
    print(json.dumps({"cpu_micros": costs(settings)}), flush=True)
    print(json.dumps({"latency": latency(brokers, shell, scale)}), flush=True)
