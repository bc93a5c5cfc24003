"""A round that takes longer than the group waits for anybody: workers join, leave and lose the broker meanwhile, and it happens once."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from engine.runtimes.kafka.settings import KafkaSettings
from ops.kafka.workers import Workers
from schemas.topics import HR_PEOPLE, PARTICIPATION, PEOPLE_INBOX, PROGRAMMES_INBOX
from tests.builders import enrolled, hired, offer, programme_created, round_requested, want
from tests.contract.runtimes import SALT

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

AT: Final = "2025-01-06T09:00:00Z"
OPENING: Final = (
    programme_created(AT, policy={"reserve_start": 0, "reserve_floor": 0, "holdout_percent": 0}),
    hired("ann", AT),
    hired("bob", AT),
)
ENROLMENTS: Final = (enrolled("ann", AT), enrolled("bob", AT, offers=[offer("strategy")], wants=[want("python")]))
ROUND: Final = round_requested("2025-01-06T10:00:00Z")
REBALANCE_SECONDS: Final = 6.0
HEARD_WITHIN_SECONDS: Final = 120.0
"""What a process may take to say something on a machine that others use."""
LAST_MARKERS_MAX: Final = 2
"""The ends of the last transactions take offsets, too."""
SHELLS: Final = pytest.mark.parametrize("shell", ["thin", "faust"])


def slowed(settings: KafkaSettings, directory: Path, *, restore_seconds: float = 0.0) -> Mapping[str, str]:
    """Return the environment of a worker whose rounds wait until they are let."""
    from ops.kafka.chaos import environment_of
    from ops.kafka.slowed import REBALANCE_SECONDS as REBALANCE
    from ops.kafka.slowed import RESTORE_SECONDS as RESTORE
    from ops.kafka.slowed import ROUND_DIRECTORY

    more = {ROUND_DIRECTORY: str(directory), REBALANCE: str(REBALANCE_SECONDS), RESTORE: str(restore_seconds)}
    return environment_of(settings, SALT) | more


def let_rounds_go_on(directory: Path) -> None:
    """Let the round that waits, and every later one, be computed."""
    from ops.kafka.slowed import LET

    (directory / LET).touch()


@contextmanager
def two_workers(settings: KafkaSettings, log: Path, shell: str) -> Iterator[tuple[Workers, Workers]]:
    """Keep two workers, not started yet; what is left of them at the end is ended."""
    first, second = (
        Workers(1, slowed(settings, log.parent), log.with_name(name), carrier=shell, module="ops.kafka.slowed")
        for name in ("first.log", "second.log")
    )
    try:
        yield first, second
    finally:
        first.drain()
        second.drain()


async def waited_for(what: str, is_there: Callable[[], bool]) -> None:
    """Wait until something is there."""
    deadline = time.monotonic() + HEARD_WITHIN_SECONDS
    while not is_there():
        assert time.monotonic() < deadline, f"{what} never came"
        await asyncio.sleep(0.1)


async def asked(driver: Any, directory: Path) -> None:
    """Bring a programme to where a round can be held, ask for it, and wait until it is being computed."""
    from ops.kafka.slowed import BEGUN

    await driver.offer_all(OPENING)
    await driver.offer_all(ENROLMENTS)
    await driver.publish([ROUND])
    await waited_for("the round", (directory / BEGUN).exists)


def rounds_in(driver: Any) -> int:
    """Count the rounds that were published."""
    types = (dict(record.headers).get("ce_type") for record in driver.outputs)
    return sum(type_ == b"bothways.round.completed.v1" for type_ in types)


def verified_problems(settings: KafkaSettings) -> Mapping[str, int]:
    """Return what the verifier has to say against the installation."""
    from ops.kafka.verification import verified

    return asyncio.run(verified(settings, SALT.encode())).problems


def untold(settings: KafkaSettings) -> Mapping[str, int]:
    """Return the partitions of which the group was told less than was handled, with how many offsets are missing."""
    from aiokafka import AIOKafkaConsumer, TopicPartition

    async def asked_group() -> Mapping[str, int]:
        reader = AIOKafkaConsumer(bootstrap_servers=settings.brokers, group_id=settings.app, enable_auto_commit=False)
        await reader.start()
        try:
            names = [settings.topic(topic.name) for topic in (HR_PEOPLE, PARTICIPATION, PEOPLE_INBOX, PROGRAMMES_INBOX)]
            places = [TopicPartition(name, partition) for name in names for partition in range(settings.partitions)]
            ends = await reader.end_offsets(places)
            missing = {f"{place.topic}/{place.partition}": ends[place] - (await reader.committed(place) or 0) for place in places}
            return {place: count for place, count in missing.items() if count > LAST_MARKERS_MAX}
        finally:
            await reader.stop()

    return asyncio.run(asked_group())


@SHELLS
def test_worker_joins_and_leaves_during_a_long_round(made: KafkaSettings, log: Path, shell: str) -> None:
    """Partitions are dealt anew without waiting for the round; it is held once, and nobody ends in doubt."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver

    seconds_log = log.with_name("second.log")

    async def story(first: Workers, second: Workers) -> int:
        async with DataTimeDriver(made) as driver:
            first.keep()
            await asked(driver, log.parent)
            second.keep()
            await waited_for("a deal", lambda: seconds_log.exists() and b"partitions_assigned" in seconds_log.read_bytes())
            await asyncio.sleep(2.0)
            left = await asyncio.to_thread(second.drain)
            assert {0: 1} == left, seconds_log.read_text()[-2000:]
            let_rounds_go_on(log.parent)
            await driver.quiet()
            return rounds_in(driver)

    with two_workers(made, log, shell) as (first, second):
        rounds_count = asyncio.run(story(first, second))
        ends = first.drain()

    assert {0: 1} == ends, log.with_name("first.log").read_text()[-2000:]
    assert 1 == rounds_count
    assert {} == untold(made)
    assert {} == verified_problems(made)


@SHELLS
def test_worker_that_is_told_to_stop_does_not_wait_for_its_round(made: KafkaSettings, log: Path, shell: str) -> None:
    """In the middle of a round that isn't let to end a worker drains and ends with 0; the next one holds the round, once."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver

    async def story(first: Workers, second: Workers) -> tuple[dict[int, int], int]:
        async with DataTimeDriver(made) as driver:
            first.keep()
            await asked(driver, log.parent)
            ends = await asyncio.to_thread(first.drain)
            let_rounds_go_on(log.parent)
            second.keep()
            await driver.quiet()
            return dict(ends), rounds_in(driver)

    with two_workers(made, log, shell) as (first, second):
        ends, rounds_count = asyncio.run(story(first, second))
        heirs_ends = second.drain()

    assert {0: 1} == ends, log.with_name("first.log").read_text()[-2000:]
    assert {0: 1} == heirs_ends, log.with_name("second.log").read_text()[-2000:]
    assert {} == untold(made)
    assert 1 == rounds_count
    assert {} == verified_problems(made)


@SHELLS
def test_broker_goes_away_during_a_long_round(tmp_path: Path, shell: str) -> None:
    """With the broker down for longer than a session the round is held once all the same, by this worker or by the one started after it."""
    from engine.runtimes.kafka.broker.topics import TopicAdmin
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver
    from ops.kafka.broker import Broker
    from ops.kafka.fixture import why_none

    lack = why_none()
    if lack is not None:
        pytest.skip(lack.reason)
    broker = Broker(tmp_path / "broker", heap="256m")
    log = tmp_path / "worker.log"
    broker.start()
    settings = KafkaSettings(brokers=broker.address, app="away", partitions=2, replication=1, commit_seconds=0.01, session_seconds=6)
    workers = Workers(1, slowed(settings, tmp_path), log, carrier=shell, module="ops.kafka.slowed")

    async def story() -> int:
        async with DataTimeDriver(settings) as driver:
            workers.keep()
            await asked(driver, tmp_path)
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(8.0)
            await asyncio.to_thread(broker.start)
            let_rounds_go_on(tmp_path)
            deadline = time.monotonic() + 90.0
            while not rounds_in(driver) and time.monotonic() < deadline:
                workers.keep()
                await driver.read_on()
            await driver.quiet(60.0)
            return rounds_in(driver)

    try:
        with TopicAdmin(settings) as admin:
            admin.create()
        rounds_count = asyncio.run(story())
        exits, ends = dict(workers.exits), workers.drain()
        problems = verified_problems(settings)
    finally:
        workers.drain()
        broker.kill()

    assert 1 == rounds_count, log.read_text()[-2000:]
    assert {0: 1} == ends
    assert set(exits) <= {70}
    assert {} == problems


@SHELLS
def test_group_waits_for_a_long_restore(made: KafkaSettings, log: Path, shell: str) -> None:
    """A worker whose rows take longer to read than its session lasts is not taken for dead meanwhile: partitions are dealt once."""
    from engine.runtimes.kafka.folds.data_time import DataTimeDriver

    async def story() -> None:
        async with DataTimeDriver(made) as driver:
            await driver.offer_all(OPENING)
            await asyncio.sleep(made.session_seconds)  # somebody taken for dead finds out and joins again

    environment = slowed(made, log.parent, restore_seconds=2 * made.session_seconds)
    with Workers(1, environment, log, carrier=shell, module="ops.kafka.slowed"):
        asyncio.run(story())

    assert 1 == log.read_bytes().count(b"partitions_assigned"), log.read_text()[-2000:]
