"""The whole engine on Kafka: how many events a worker takes, what one costs and where, and how fast rows come back.

Load: the mix of `engine.simulation.load`, there before the workers start. Rate: events over the time from the first to the last record that
the workers wrote, by their clocks. Processor time: of the workers, from the assignment of partitions until nothing moves.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.core.cascade import TimeMode
from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.broker.topics import KAFKA_TOPICS, TopicAdmin
from engine.runtimes.kafka.folds.data_time import DataTimeDriver
from engine.runtimes.kafka.folds.folding import Partitions
from engine.runtimes.kafka.folds.intake_fold import IntakeFold
from engine.runtimes.kafka.folds.stage_fold import StageFold
from engine.runtimes.kafka.settings import KafkaSettings
from engine.simulation.load import mixed_events
from engine.topology import build
from ops.bench.kafka.latency import latency
from ops.kafka.chaos import environment_of
from ops.kafka.verification import Findings, Log, read_log
from ops.kafka.workers import Workers
from schemas.topics import INPUT_TOPICS, INTERNAL_TOPICS, PEOPLE_INBOX, PROGRAMMES_INBOX

SALT: Final = "bench"
EVENTS: Final = 20_000
PEOPLE: Final = 1_000
KEYS_TIMES: Final = 100
"""How many times the people of the usual load."""
PUBLISHED_AT_ONCE: Final = 2_000
COUNTED: Final = 0.95
"""The last records wait for timers, not for the worker; the rate is that of the rest."""
STILL_SECONDS: Final = 2.5
"""Longer than a task waits until it tells the group where it is."""
RUN_SECONDS_MAX: Final = 300.0
INBOXES: Final = frozenset({PEOPLE_INBOX.name, PROGRAMMES_INBOX.name})
Json = dict[str, Any]


def installation(brokers: str, name: str, **more: Any) -> KafkaSettings:
    """Make the topics of a new installation."""
    own = f"{name}{time.time_ns() // 1_000_000}"
    settings = KafkaSettings(brokers=brokers, app=own, prefix=f"{own}.", partitions=4, replication=1, **more)
    with TopicAdmin(settings) as admin:
        admin.create()
    return settings


async def loaded(settings: KafkaSettings, events: Iterable[Json]) -> int:
    """Publish events before any worker runs. Returns how many."""
    count = 0
    left = iter(events)
    async with DataTimeDriver(settings) as driver:
        while batch := list(islice(left, PUBLISHED_AT_ONCE)):
            count += len(batch)
            await driver.publish(batch)
    return count


class Meter:
    """What the workers write, from when this was made."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._places = [
            TopicPartition(settings.topic(topic.name), part) for topic in INTERNAL_TOPICS for part in range(settings.partitions)
        ]
        self._starts: dict[TopicPartition, int] = asyncio.run(self._ends())

    def wait(self, workers: Workers, count: int) -> float:
        """Wait until nothing more is written. Returns the workers' processor time until then, in seconds."""
        return asyncio.run(self._wait(workers, count))

    def written(self) -> tuple[list[int], int]:
        """Return the instants of all records, sorted, in milliseconds, and how many of them are the inboxes'."""
        return asyncio.run(self._written())

    async def _ends(self) -> dict[TopicPartition, int]:
        async with AIOKafkaConsumer(**client_options(self._settings), isolation_level="read_committed") as reader:
            ends: dict[TopicPartition, int] = await reader.end_offsets(self._places)
            return ends

    async def _wait(self, workers: Workers, count: int) -> float:
        """Ask seldom, and only for ends, so that the asking costs little."""
        async with AIOKafkaConsumer(**client_options(self._settings), isolation_level="read_committed") as reader:
            seen, moved, seconds = dict(self._starts), time.monotonic(), 0.0
            deadline = moved + RUN_SECONDS_MAX
            while time.monotonic() < deadline:
                ends = await reader.end_offsets(self._places)
                if ends != seen:
                    seen, moved, seconds = ends, time.monotonic(), cpu_seconds(workers, count)
                elif seen != self._starts and time.monotonic() - moved > STILL_SECONDS:
                    return seconds
                await asyncio.sleep(0.25)
        raise RuntimeError(f"the workers did not come to rest within {RUN_SECONDS_MAX:.0f} s")

    async def _written(self) -> tuple[list[int], int]:
        stamps, handled = [], 0
        ends = await self._ends()
        options = client_options(self._settings)
        async with AIOKafkaConsumer(**options, isolation_level="read_committed", max_partition_fetch_bytes=8 << 20) as reader:
            reader.assign(self._places)
            for place, start in self._starts.items():
                reader.seek(place, start)
            while any([await reader.position(place) < ends[place] for place in self._places]):
                for place, records in (await reader.getmany(timeout_ms=200, max_records=10_000)).items():
                    stamps += [record.timestamp for record in records]
                    handled += len(records) if place.topic.removeprefix(self._settings.prefix) in INBOXES else 0
        return sorted(stamps), handled


def cpu_seconds(workers: Workers, count: int) -> float:
    """Return the processor time of so many workers."""
    return sum(workers.cpu_seconds(number) for number in range(count))


def throughput(settings: KafkaSettings, shell: str, events: Iterable[Json], workers_count: int = 1) -> Json:
    """Let so many workers take a load that is there already. Says how they came by their rows, too."""
    count = asyncio.run(loaded(settings, events))
    meter = Meter(settings)
    log = Path(tempfile.mkstemp(prefix="bothways-bench.")[1])
    with Workers(workers_count, environment_of(settings, SALT), log, carrier=shell) as workers:
        while log.read_bytes().count(b"partitions_assigned") < workers_count:
            time.sleep(0.05)
        start_seconds = cpu_seconds(workers, workers_count)
        used_seconds = meter.wait(workers, workers_count) - start_seconds
        memory_mib = max(workers.memory_mib(number) for number in range(workers_count))
    stamps, handled = meter.written()
    span = (stamps[int(len(stamps) * COUNTED)] - stamps[0]) / 1000 / COUNTED
    return {
        "workers": workers_count,
        "events": count,
        "stage_records": handled,
        "events_per_second": round(count / span),
        "stage_records_per_second": round(handled / span),
        "cpu_micros_per_event": round(1e6 * used_seconds / count),
        "start_cpu_seconds": round(start_seconds, 1),
        "memory_mib": round(memory_mib),
        "restored": restored(log),
    }


def restored(log: Path) -> Json | None:
    """Read from a worker's log how fast its rows came back; None where there were none."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    rows = sum(line["count"] for line in lines if line["event"] == "rows_restored")
    seconds = max((line["seconds"] for line in lines if line["event"] == "partitions_assigned"), default=0.0)
    if not rows or not seconds:
        return None
    return {"changelog_records": rows, "seconds": seconds, "records_per_second": round(rows / seconds)}


def restore(settings: KafkaSettings, shell: str) -> Json | None:
    """Start a worker on what the last one left, and read how fast it was ready."""
    log = Path(tempfile.mkstemp(prefix="bothways-bench.")[1])
    with Workers(1, environment_of(settings, SALT), log, carrier=shell):
        deadline = time.monotonic() + 60
        while b"partitions_assigned" not in log.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
    return restored(log)


def costs(settings: KafkaSettings) -> Json:
    """Fold what is in the topics once more in this process, and tell where the time goes, in microseconds."""
    log: Log = asyncio.run(read_log(settings, [topic.name for topic in KAFKA_TOPICS], Findings()))
    with TopicAdmin(settings) as admin:
        partitions = Partitions(admin.partition_counts(), settings.prefix)
    found: Json = {}
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


def scaling(brokers: str, shell: str, scale: float) -> None:
    """More workers for one load; then many times the people, the same changes."""
    for count in (1, 2):
        report = throughput(installation(brokers, "bench"), shell, mixed_events(int(EVENTS * scale), 1, PEOPLE), count)
        print(json.dumps({"shell": shell, "workers": report}), flush=True)
    for times in (1, int(KEYS_TIMES * min(1.0, scale))):
        settings, people = installation(brokers, "keys"), PEOPLE * times
        opening, changes = 1 + 2 * people, int(EVENTS * scale)
        events = mixed_events(opening + changes, 1, people)
        opened = throughput(settings, shell, islice(events, opening))
        print(json.dumps({"shell": shell, "people": people, "opening": opened}), flush=True)
        print(json.dumps({"shell": shell, "people": people, "changes": throughput(settings, shell, events)}), flush=True)


def main(brokers: str, what: str, shell: str, scale: float) -> None:
    """Measure and print a line for each figure."""
    if what == "scaling":
        scaling(brokers, shell, scale)
        return
    settings = installation(brokers, "bench")
    report = throughput(settings, shell, mixed_events(int(EVENTS * scale), 1, int(PEOPLE * min(1.0, scale))))
    print(json.dumps({"shell": shell, "throughput": report}), flush=True)
    print(json.dumps({"restore": restore(settings, shell)}), flush=True)
    print(json.dumps({"cpu_micros": costs(settings)}), flush=True)
    print(json.dumps({"latency": latency(installation(brokers, "late"), SALT, shell, scale)}), flush=True)
