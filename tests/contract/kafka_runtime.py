"""The Kafka runtime for the suite: topics of its own, a worker process, the data-time driver, and a verifier at the end."""

import asyncio
import json
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from engine.core.dead_letters import CODE_HEADER
from engine.runtimes.kafka.broker.topics import TopicAdmin
from engine.runtimes.kafka.folds.data_time import DataTimeDriver
from engine.runtimes.kafka.settings import KafkaSettings
from ops.kafka.chaos import environment_of
from ops.kafka.verification import Findings, verified
from ops.kafka.workers import Workers
from schemas.codec import HEADER_PREFIX
from schemas.topics import DEAD_LETTER_PREFIX
from tests.builders import StructuredEvent
from tests.contract.runtimes import SALT, Published, line


class KafkaRuntime:
    """One installation on the shared broker."""

    keeps_erased = True

    numbers = iter(range(1, 1_000))

    def __init__(self, address: str, directory: Path, *, shell: str = "thin", workers: int = 1, partitions: int = 2) -> None:
        name = f"contract{next(self.numbers)}"
        self.settings = KafkaSettings(
            brokers=address, app=name, prefix=f"{name}.", partitions=partitions, replication=1, commit_seconds=0.005
        )
        with TopicAdmin(self.settings) as admin:
            admin.create()
        environment = environment_of(self.settings, SALT) | {"BOTHWAYS_TIME": "data"}
        self.workers = Workers(workers, environment, directory / "worker.log", carrier=shell)
        self._runner = asyncio.Runner()
        self._loop_driver: DataTimeDriver | None = None

    def __enter__(self) -> Self:
        self.workers.keep()
        self._loop_driver = self._runner.run(_entered(self.settings))
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._runner.run(self._driver.__aexit__())
            self._runner.close()
        finally:
            ends = self.workers.drain()
        assert {0} == set(ends), f"workers ended with {dict(ends)}"

    @property
    def _driver(self) -> DataTimeDriver:
        assert self._loop_driver is not None
        return self._loop_driver

    def pipe(self, *events: StructuredEvent | bytes) -> None:
        """Take events in data time, one by one."""
        for event in events:
            self._runner.run(self._driver.offer(line(event)))
            last_at = self._driver.last_at
            if last_at is not None:
                self._runner.run(self._driver.advance(last_at))

    def advance(self, to: datetime) -> None:
        """Fire everything up to an instant, then pass it."""
        self._runner.run(self._driver.advance(to))
        self._runner.run(self._driver.tick(to))

    def verified(self) -> Findings:
        """Recompute everything from the topics."""
        return self._runner.run(verified(self.settings, SALT.encode()))

    def published(self) -> Published:
        """Return everything published."""
        found: Published = defaultdict(list)
        for record in self._driver.outputs:
            if record.topic.startswith(DEAD_LETTER_PREFIX):
                continue
            if record.value is None:
                found[(record.topic, record.key)].append({"key": record.key, "tombstone": True})
                continue
            attributes: dict[str, Any] = {
                name.removeprefix(HEADER_PREFIX): (value or b"").decode()
                for name, value in record.headers
                if name.startswith(HEADER_PREFIX)
            }
            attributes["sequence"] = int(attributes["sequence"])
            whole = {**attributes, "datacontenttype": "application/json", "data": json.loads(record.value)}
            found[(record.topic, record.key)].append(whole)
        return dict(found)

    def refused(self) -> Counter[tuple[str, str]]:
        """Count the dead letters; the same record is kept once elsewhere, here as often as it came."""
        letters = {
            (record.topic, (dict(record.headers)[CODE_HEADER] or b"").decode(), record.value, str(dict(record.headers).get("ce_id")))
            for record in self._driver.outputs
            if record.topic.startswith(DEAD_LETTER_PREFIX)
        }
        return Counter((topic, code) for topic, code, _, _ in letters)


async def _entered(settings: KafkaSettings) -> DataTimeDriver:
    return await DataTimeDriver(settings).__aenter__()
