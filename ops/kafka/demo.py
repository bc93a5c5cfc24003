"""The programme year over a real broker: broker, topics, two workers, a year in days, the summary, and the proof from the topics.

`python -m ops.kafka.demo [--people 300] [--months 12] [--shell faust]`. Workers run in data time. Each day what people do is published in
the order in which it depends on each other, then the day passes hour by hour: a timer fires at the end of its hour, and what people do
comes before the day's timers, so figures differ a little from those of `bothways demo`, where every timer fires at its own instant.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from engine.cli.running.demo_summary import print_summary
from engine.runtimes.kafka.broker.topics import TopicAdmin
from engine.runtimes.kafka.broker.wire import key_bytes
from engine.runtimes.kafka.folds.data_time import BusRecord, DataTimeDriver
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.tailing import line_of
from engine.simulation.summary import summarise
from engine.simulation.year import START_AT, ProgrammeYear
from ops.kafka.broker import Broker
from ops.kafka.chaos import environment_of
from ops.kafka.verification import verified
from ops.kafka.workers import Workers
from schemas.topics import DEAD_LETTER_PREFIX, HR_PEOPLE, NUDGE_FEEDBACK, PARTICIPATION, PROGRAMMES, SESSIONS, topic_of_type

SALT: Final = "demo"
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
SUPERVISE_SECONDS: Final = 1.0
PHASES: Final = (PROGRAMMES, HR_PEOPLE, PARTICIPATION, SESSIONS, NUDGE_FEEDBACK)
"""Topics are not ordered among each other; a day's events are published in this order, with quiet in between."""


def main(arguments: list[str]) -> int:
    """Play, print the summary and the verdict. Returns 0 when the topics prove everything happened once."""
    parser = argparse.ArgumentParser(prog="python -m ops.kafka.demo")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shell", choices=("faust", "thin"), default="faust")
    given = parser.parse_args(arguments)
    for name in ("aiokafka", "kafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="bothways-kafka-demo.", ignore_cleanup_errors=True) as directory:
        broker = Broker(Path(directory))
        broker.start()
        try:
            year = ProgrammeYear(given.people, given.seed, given.months)
            return play(year, broker.address, Path(directory), shell=given.shell)
        finally:
            broker.stop()


def play(year: ProgrammeYear, address: str, directory: Path, *, shell: str = "faust", partitions: int = 2) -> int:
    """Play a year on a broker with two workers."""
    name = f"demo{time.time_ns() // 1_000_000}"
    settings = KafkaSettings(brokers=address, app=name, prefix=f"{name}.", partitions=partitions, replication=1, commit_seconds=0.005)
    with TopicAdmin(settings) as admin:
        admin.create()
    started = time.monotonic()
    environment = environment_of(settings, SALT) | {"BOTHWAYS_TIME": "data"}
    with Workers(2, environment, directory / "workers.log", carrier=shell) as workers:
        records = asyncio.run(_supervised(_played(year, settings), workers))
    seconds = time.monotonic() - started
    events = [json.loads(_line(record)) for record in records if not record.topic.startswith(DEAD_LETTER_PREFIX)]
    summary = summarise((event for event in events if "type" in event), year.organisation)
    print_summary(
        summary, title=f"a programme year over Kafka, to {year.end_at:%Y-%m-%d}", done=f"{len(events):,} published", seconds=seconds
    )
    print(f"dead letters    {len(records) - len(events)}")
    findings = asyncio.run(verified(settings, SALT.encode()))
    counts = ", ".join(f"{count} {what}" for what, count in sorted(findings.counts.items()))
    verdict = "every record happened once" if findings.is_exact else f"DIFFERENCES: {dict(findings.problems)} {findings.examples}"
    print(f"replayed from the topics ({counts}): {verdict}")
    return 0 if findings.is_exact else 1


async def _supervised(playing: Coroutine[Any, Any, list[BusRecord]], workers: Workers) -> list[BusRecord]:
    """Start workers again that left in doubt, as a supervisor does, while the year is played."""
    task = asyncio.create_task(playing)
    while not task.done():
        workers.keep()
        await asyncio.wait((task,), timeout=SUPERVISE_SECONDS)
    return task.result()


async def _played(year: ProgrammeYear, settings: KafkaSettings) -> list[BusRecord]:
    async with DataTimeDriver(settings) as driver:
        at = START_AT
        await _day(driver, year.start_events())
        while at < year.end_at:
            at = min(at + DAY, year.end_at)
            published = [json.loads(_line(record)) for record in driver.take_outputs() if not record.topic.startswith(DEAD_LETTER_PREFIX)]
            await _day(driver, year.events_until(at, [event for event in published if "type" in event]))
            await driver.pass_until(at, HOUR)
            _show(at.date().isoformat(), len(driver.outputs))
        return list(driver.outputs)


async def _day(driver: DataTimeDriver, events: Iterable[dict[str, Any]]) -> None:
    for phase in _phases(list(events)):
        await driver.offer_all(phase)


def _phases(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Part a day's events by topic; what somebody says of a session comes after the sessions."""
    by_topic = {topic: [event for event in events if topic_of_type(event["type"]) is topic and not _is_feedback(event)] for topic in PHASES}
    by_topic[NUDGE_FEEDBACK] += [event for event in events if _is_feedback(event)]
    yield from (phase for phase in by_topic.values() if phase)


def _is_feedback(event: dict[str, Any]) -> bool:
    return str(event["type"]).startswith("bothways.feedback.")


def _line(record: BusRecord) -> bytes:
    return line_of(record.topic, key_bytes(record.key), record.value, record.headers)


def _show(day: str, count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{day}  {count} published", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
