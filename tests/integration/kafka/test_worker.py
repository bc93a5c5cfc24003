"""Workers as processes: what they need to start, how they end, how they take over."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from engine.matching import compiled
from engine.runtimes.kafka.settings import KafkaSettings
from tests.builders import enrolled, hired, offer, programme_created, round_requested, want
from tests.contract.runtimes import SALT

pytestmark = pytest.mark.integration

ROOT: Final = Path(__file__).parent.parent.parent.parent
FAILS_WITHIN_SECONDS: Final = 15.0
AT: Final = "2025-01-06T09:00:00Z"
EVENTS: Final = (
    programme_created(AT, policy={"reserve_start": 0, "reserve_floor": 0, "holdout_percent": 0}),
    hired("ann", AT),
    hired("bob", AT),
)
ENROLMENTS: Final = (enrolled("ann", AT), enrolled("bob", AT))


def started(settings: KafkaSettings, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a worker that should not come up."""
    from ops.kafka.chaos import environment_of

    own: Mapping[str, str] = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")}
    environment = {**own, **environment_of(settings, SALT), **more}
    return subprocess.run(
        [sys.executable, "-m", "engine.cli.running.kafka", "worker", "--shell", "thin"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=FAILS_WITHIN_SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        ({"brokers": "127.0.0.1:1"}, {}, "The broker 127.0.0.1:1 can't be reached"),
        ({"prefix": "nowhere."}, {}, "The topic nowhere.hr.people.v1 is missing"),
        ({"partitions": 3}, {}, "the number is fixed for the life of an installation"),
        ({}, {"BOTHWAYS_SALT": ""}, "BOTHWAYS_SALT: is needed on Kafka"),
        ({}, {"BOTHWAYS_KAFKA_SECURITY": "sasl_ssl"}, "BOTHWAYS_KAFKA_SECURITY: asks for credentials"),
        ({}, {"BOTHWAYS_KAFKA_BROKER": "x:1"}, "BOTHWAYS_KAFKA_BROKER: there is no such setting"),
        ({"brokers": "127.0.0.1"}, {}, "BOTHWAYS_KAFKA_BROKERS: must be addresses (host:port)"),
        ({"brokers": "127.0.0.1:9092,b:abc"}, {}, "BOTHWAYS_KAFKA_BROKERS: must be addresses (host:port)"),
    ],
    ids=["unreachable", "no topics", "partitions", "no salt", "no credentials", "misspelt", "no port", "no number"],
)
def test_start_fails_with_one_line(made: KafkaSettings, change: dict[str, object], more: dict[str, str], says: str) -> None:
    """Whatever is wrong at start is said in one line within 15 seconds, with exit code 1."""
    done = started(made.model_copy(update=change), **more)

    assert 1 == done.returncode
    assert says in done.stderr
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr


@pytest.mark.parametrize("shell", ["thin", "faust"])
def test_worker_drains_and_leaves_nothing_open(made: KafkaSettings, log: Path, shell: str) -> None:
    """Told to stop, a worker commits what it has read, leaves the group and ends with 0; the verifier finds nothing wrong."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver
    from ops.kafka.chaos import environment_of
    from ops.kafka.verification import verified
    from ops.kafka.workers import Workers

    async def feed() -> int:
        async with DataTimeDriver(made) as driver:
            for batch in (EVENTS, ENROLMENTS, (round_requested("2025-01-06T10:00:00Z"),)):
                await driver.offer_all(batch)
            return len(driver.outputs)

    workers = Workers(1, environment_of(made, SALT), log, carrier=shell)
    workers.keep()
    outputs_count = asyncio.run(feed())
    ends = workers.drain()

    findings = asyncio.run(verified(made, SALT.encode()))
    assert {0: 1} == ends, log.read_text()[-2000:]
    assert {} == findings.problems, findings.examples
    assert findings.counts["outputs"] == outputs_count > 0


def test_frozen_worker_is_fenced(made: KafkaSettings, log: Path) -> None:
    """A worker that slept past its session can't commit any more: it ends with 70, and nothing of it is visible (guarantees.S23)."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver
    from ops.kafka.chaos import environment_of
    from ops.kafka.verification import verified
    from ops.kafka.workers import Workers

    environment = environment_of(made.model_copy(update={"commit_seconds": 0.5}), SALT)
    sleeper, heir = (Workers(1, environment, log.with_name(name), carrier="thin") for name in ("sleeper.log", "heir.log"))

    async def story() -> None:
        async with DataTimeDriver(made) as driver:
            sleeper.keep()
            await driver.offer_all(EVENTS)
            await driver.publish(ENROLMENTS)
            sleeper.send(0, signal.SIGSTOP)
            heir.keep()
            await driver.quiet()
            await driver.offer_all([hired("eve", AT)])
            sleeper.send(0, signal.SIGCONT)
            await driver.offer_all([hired("max", AT)])

    asyncio.run(story())
    deadline = time.monotonic() + 30
    while sleeper.live and time.monotonic() < deadline:
        time.sleep(0.2)
    sleeper_ends, heir_ends = sleeper.drain(), heir.drain()

    findings = asyncio.run(verified(made, SALT.encode()))
    assert {} == findings.problems, findings.examples
    assert {0: 1} == heir_ends
    assert set(sleeper_ends) <= {0, 70}


def test_foreign_record_in_an_inbox_is_kept_and_passed(made: KafkaSettings, log: Path) -> None:
    """What nobody of us wrote goes to the inbox's dead letters, and the records behind it are handled."""
    from kafka import KafkaProducer

    from engine.runtimes.kafka.folds.data_time import DataTimeDriver
    from ops.kafka.chaos import environment_of
    from ops.kafka.workers import Workers

    producer = KafkaProducer(bootstrap_servers=made.brokers)
    producer.send(made.topic("bothways.people-inbox.v1"), b"not ours", key=b"ann", partition=0).get(10)
    producer.close()

    async def feed() -> list[tuple[str, bytes | None]]:
        async with DataTimeDriver(made) as driver:
            await driver.offer_all(EVENTS)
            return [(record.topic, record.value) for record in driver.outputs if record.topic.startswith("dlq.")]

    with Workers(1, environment_of(made, SALT), log, carrier="thin"):
        letters = asyncio.run(feed())

    assert [("dlq.bothways.people-inbox.v1", b"not ours")] == letters


@pytest.mark.skipif(not compiled.has_ortools(), reason="needs the extra `exact` (OR-tools)")
def test_round_of_a_worker_takes_the_matcher_of_the_policy(made: KafkaSettings, log: Path) -> None:
    """What is installed beside a worker computes its rounds: `matcher: exact` proposes, and no timer or record ends as a dead letter."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver
    from ops.kafka.chaos import environment_of
    from ops.kafka.workers import Workers

    exact = programme_created(AT, policy={"reserve_start": 0, "reserve_floor": 0, "holdout_percent": 0, "matcher": "exact"})
    bob = enrolled("bob", AT, offers=[offer("strategy")], wants=[want("python")])

    async def feed() -> list[str]:
        async with DataTimeDriver(made) as driver:
            for batch in ((exact, *EVENTS[1:]), (ENROLMENTS[0], bob), (round_requested("2025-01-06T10:00:00Z"),)):
                await driver.offer_all(batch)
            return [record.topic for record in driver.outputs]

    with Workers(1, environment_of(made, SALT), log, carrier="thin"):
        topics = asyncio.run(feed())

    assert "mentorship.pairings.v1" in topics, log.read_text()[-2000:]
    assert [] == [topic for topic in topics if topic.startswith("dlq.")]
