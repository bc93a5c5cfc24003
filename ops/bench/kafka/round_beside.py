"""What the rest of a worker notices of a long round: heartbeats, /metrics, and the events of other programmes.

One worker, one programme of many people in one partition, small programmes in the others. While the large round is computed and committed,
/metrics is read twice a second and a command goes to each small programme five times a second; its entry on the audit topic says when it
was done. The longest silence of each is printed, and whether the group ever dealt its partitions anew.

Seen on two cores that broker, worker and this program shared; `session_seconds` 10, a heartbeat every 2.5 s when nothing goes on:

    people   computed by      asked to published   between heartbeats   /metrics   another programme's command
    20,000   standard library              91 s                2.9 s      0.6 s          3.1 s
    20,000   extra `fast`                  32 s                2.9 s      0.3 s          4.2 s
    20,000   extra `fast`, Faust           16 s                3.0 s      0.1 s          4.4 s
    100,000  extra `fast`                  90 s                3.0 s      0.4 s          4.8 s

There each task folded for 20 ms a turn. With one turn for all of them together (engine/runtimes/kafka/task.py), one run each:

    20,000   extra `fast`, 8 ms            13 s                2.7 s      0.1 s          2.3 s
    20,000   the same, Faust               13 s                2.7 s      0.1 s          4.2 s
    20,000   extra `fast`, 4 ms            12 s                2.5 s      0.1 s          1.3 s
    20,000   the same, Faust               13 s                2.6 s      0.1 s          3.0 s

8 ms are in use: with 4 some 5 % fewer events a second were folded.

Partitions were dealt once in every run. The long commands come right after the round, when its nudges keep all partitions busy.
"""

import asyncio
import contextlib
import json
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from engine.matching.pool import PoolMember
from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.broker.publishing import addressed
from engine.runtimes.kafka.broker.topics import TopicAdmin
from engine.runtimes.kafka.folds.folding import Partitions
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.tasks import MEASURE_SECONDS
from ops.bench.kafka.engine import SALT, installation, loaded
from ops.bench.kafka.watched import METRICS_PORT
from ops.bench.matching.people import people
from ops.kafka.broker import free_port
from ops.kafka.chaos import environment_of
from ops.kafka.workers import Workers
from schemas.topics import AUDIT, INSIGHTS, PROGRAMMES_INBOX

PEOPLE: Final = 20_000
LARGE: Final = "large"
SCRAPE_SECONDS: Final = 0.5
COMMAND_SECONDS: Final = 0.2
SETTLED_SECONDS: Final = 2 * MEASURE_SECONDS
COUNTS: Final = ("bothways_events_total{", "bothways_table_rows{")
LOAD_SECONDS_MAX: Final = 900.0
ROUND_SECONDS_MAX: Final = 600.0
AFTER_SECONDS: Final = 5.0
HEARTBEAT: Final = '{"event": "heartbeat"'
Json = dict[str, Any]


def main(brokers: str, shell: str, scale: float) -> None:
    """Measure and print one line."""
    print(json.dumps({"shell": shell, "round_beside": measured(brokers, shell, int(PEOPLE * scale))}), flush=True)


def measured(brokers: str, shell: str, size: int) -> Json:
    """Hold a round of so many people beside other work."""
    settings = installation(brokers, "beside")
    log = Path(tempfile.mkstemp(prefix="bothways-beside.")[1])
    port = free_port()
    with TopicAdmin(settings) as admin:
        partitions = Partitions(admin.partition_counts(), settings.prefix)
    small = _small_programmes(partitions)
    asyncio.run(loaded(settings, _opening(size, small)))
    environment = environment_of(settings, SALT) | {METRICS_PORT: str(port)}
    with Workers(1, environment, log, carrier=shell, module="ops.bench.kafka.watched") as workers:
        taken_seconds = _settled(port, workers)
        found = asyncio.run(_Watch(settings, partitions, small, port).held())
        survived = len(workers.live) == 1
    return {
        "people": size,
        "load_seconds": round(taken_seconds, 1),
        **found,
        "longest_heartbeat_gap_seconds": _longest_gap(_heartbeats(log)),
        "assignments": log.read_bytes().count(b"partitions_assigned"),
        "worker_lived_on": survived,
    }


def _small_programmes(partitions: Partitions) -> list[str]:
    """Name a programme for each partition but that of the large one, on whose topics committed records wait for its transaction."""
    by_partition: dict[int, str] = {}
    for number in range(1, 200):
        name = f"small-{number}"
        by_partition.setdefault(partitions.place(PROGRAMMES_INBOX.name, name.encode(), 0)[1], name)
    by_partition.pop(partitions.place(PROGRAMMES_INBOX.name, LARGE.encode(), 0)[1], None)
    return sorted(by_partition.values())


def _opening(size: int, small: list[str]) -> Iterator[Json]:
    quiet = {"round_every_days": 0, "holdout_percent": 100}
    for name in (LARGE, *small):
        yield _event(f"p-{name}", "programme.created", {"programme_id": name, "policy": quiet})
    everybody = people(size)
    for member in everybody:
        yield _event(f"h-{member.person_id}", "hr.hired", _hired(member), subject=member.person_id)
    for member in everybody:
        yield _event(f"e-{member.person_id}", "participation.enrolled", _enrolled(member), actor=member.person_id, subject=member.person_id)


def _hired(member: PoolMember) -> Json:
    data = {"person_id": member.person_id, "effective_on": "2020-01-01", "department": member.department, "timezone": member.timezone}
    return data if member.manager_id is None else {**data, "manager_id": member.manager_id}


def _enrolled(member: PoolMember) -> Json:
    return {
        "person_id": member.person_id,
        "programme_id": LARGE,
        "offers": [{"topic": topic, "level": level} for topic, level in member.offers],
        "wants": [{"topic": topic, "importance": importance, "own_level": own} for topic, importance, own in member.wants],
        "experience_band": member.band,
        "hours": [{"weekday": day, "from": start, "to": end} for day, start, end in member.hours],
        "languages": sorted(member.languages),
        "capacity": member.room,
        "exclude": sorted(member.excluded),
    }


def _event(id_: str, type_: str, data: Json, *, actor: str = "bench", **more: str) -> Json:
    envelope = {"specversion": "1.0", "id": id_, "source": "urn:bothways:bench", "type": f"bothways.{type_}.v1"}
    return {**envelope, "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "actor": actor, **more, "data": data}


def _scraped(port: int) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return None


def _settled(port: int, workers: Workers) -> float:
    """Wait until the worker has taken everything: its counts stand still for longer than the gauges need. Returns the seconds.

    Raises:
        RuntimeError: the worker ended, or needs too long.
    """
    started = still_since = time.monotonic()
    last: list[str] = []
    while workers.live and time.monotonic() - started < LOAD_SECONDS_MAX:
        lines = [line for line in (_scraped(port) or "").splitlines() if line.startswith(COUNTS)]
        if not lines or lines != last:
            last, still_since = lines, time.monotonic()
        elif time.monotonic() - still_since > SETTLED_SECONDS:
            return still_since - started
        time.sleep(SCRAPE_SECONDS)
    raise RuntimeError(f"the load was not taken within {LOAD_SECONDS_MAX:.0f} s, or the worker ended")


class _Watch:
    """The round, and everything that goes on beside it."""

    def __init__(self, settings: KafkaSettings, partitions: Partitions, small: list[str], port: int) -> None:
        self._settings = settings
        self._partitions = partitions
        self._small = small
        self._port = port
        self._sent: dict[str, deque[float]] = defaultdict(deque)
        self._waits: list[float] = []
        self._scrapes: list[float] = []
        self._completed: float | None = None
        self._is_completed = asyncio.Event()

    async def held(self) -> Json:
        """Ask for the round, keep everything else going until a while after it, and say what was noticed."""
        producer = AIOKafkaProducer(**client_options(self._settings), acks="all")
        await producer.start()
        beside = [asyncio.ensure_future(work) for work in (self._read(), self._scrape(), self._command(producer))]
        await asyncio.sleep(AFTER_SECONDS)
        before = {"longest_command_seconds": _longest(self._waits), "longest_scrape_seconds": _longest(self._scrapes)}
        self._waits.clear()
        self._scrapes.clear()
        asked = time.monotonic()
        await self._publish(producer, _event("round", "round.requested", {"programme_id": LARGE}))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_completed.wait(), ROUND_SECONDS_MAX)
        await asyncio.sleep(AFTER_SECONDS)
        for task in beside:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await producer.stop()
        unanswered = sum(time.monotonic() - sent > AFTER_SECONDS for waiting in self._sent.values() for sent in waiting)
        return {
            "round_seconds": None if self._completed is None else round(self._completed - asked, 1),
            "before": before,
            "commands": len(self._waits),
            "unanswered": unanswered,
            "longest_command_seconds": _longest(self._waits),
            "longest_scrape_seconds": _longest(self._scrapes),
        }

    async def _publish(self, producer: AIOKafkaProducer, event: Json) -> None:
        topic, record = addressed(msgspec.json.encode(event))
        name, partition = self._partitions.place(topic, record.key, 0)
        await (await producer.send(name, record.value, key=record.key, headers=record.headers, partition=partition))

    async def _command(self, producer: AIOKafkaProducer) -> None:
        number = 0
        while True:
            kind = "programme.paused" if number % 2 == 0 else "programme.resumed"
            for name in self._small:
                self._sent[name].append(time.monotonic())
                await self._publish(producer, _event(f"{name}-{number}", kind, {"programme_id": name}))
            number += 1
            await asyncio.sleep(COMMAND_SECONDS)

    async def _scrape(self) -> None:
        while True:
            started = time.monotonic()
            await asyncio.to_thread(_scraped, self._port)
            self._scrapes.append(time.monotonic() - started)
            await asyncio.sleep(SCRAPE_SECONDS)

    async def _read(self) -> None:
        reader = AIOKafkaConsumer(**client_options(self._settings), isolation_level="read_committed", fetch_max_wait_ms=50)
        await reader.start()
        topics = [self._settings.topic(topic.name) for topic in (AUDIT, INSIGHTS)]
        reader.assign([TopicPartition(topic, part) for topic in topics for part in await _partitions_of(reader, topic)])
        await reader.seek_to_end()
        try:
            while True:
                for records in (await reader.getmany(timeout_ms=100)).values():
                    for record in records:
                        self._heard(dict(record.headers), (record.key or b"").decode())
        finally:
            await reader.stop()

    def _heard(self, headers: dict[str, bytes], key: str) -> None:
        """Take an answer: of one programme they come in the order of its commands."""
        now = time.monotonic()
        if headers.get("ce_type") == b"bothways.round.completed.v1":
            self._completed = now
            self._is_completed.set()
        if headers.get("ce_type", b"").startswith(b"bothways.command.") and self._sent[key]:
            self._waits.append(now - self._sent[key].popleft())


async def _partitions_of(reader: AIOKafkaConsumer, topic: str) -> list[int]:
    await reader._client.force_metadata_update()  # noqa: SLF001 - the first question about a topic has no public form
    return sorted(reader.partitions_for_topic(topic) or ())


def _longest(waits: list[float]) -> float:
    return round(max(waits, default=0.0), 2)


def _heartbeats(log: Path) -> list[float]:
    found = (json.loads(line[line.index(HEARTBEAT) :]) for line in log.read_text(errors="replace").splitlines() if HEARTBEAT in line)
    return [beat["monotonic"] for beat in found if beat["heard"]]


def _longest_gap(moments: list[float]) -> float:
    return round(max((later - earlier for earlier, later in pairwise(moments)), default=0.0), 2)
