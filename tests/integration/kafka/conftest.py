"""A real broker for every test of this directory; without one they are skipped with the reason."""

from itertools import count
from pathlib import Path

import pytest

from engine.runtimes.kafka.settings import KafkaSettings
from ops.kafka.fixture import NoBroker, shared_broker

NUMBERS = count(1)


@pytest.fixture(scope="session")
def broker() -> str:
    """The address of the test run's broker."""
    address = shared_broker()
    if isinstance(address, NoBroker):
        pytest.skip(address.reason)
    return address


@pytest.fixture
def settings(broker: str) -> KafkaSettings:
    """An installation that nobody else uses; its topics are not made yet."""
    name = f"test{next(NUMBERS)}"
    return KafkaSettings(brokers=broker, app=name, prefix=f"{name}.", partitions=2, replication=1, commit_seconds=0.01, session_seconds=6)


@pytest.fixture
def made(settings: KafkaSettings) -> KafkaSettings:
    """The same with its topics."""
    from engine.runtimes.kafka.broker.topics import TopicAdmin

    with TopicAdmin(settings) as admin:
        admin.create()
    return settings


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where workers write."""
    return tmp_path / "worker.log"
