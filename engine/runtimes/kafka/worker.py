"""Starting a worker: settings, topics and credentials are checked first, each failure one line within seconds; then a shell runs."""

import asyncio
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from engine.core.cascade import TimeMode
from engine.errors import FatalError, InvalidSettings
from engine.matching import compiled
from engine.matching.assigning import choosing
from engine.runtimes.kafka.broker.doubt import end_process
from engine.runtimes.kafka.broker.rights import acls, lacking, not_allowed
from engine.runtimes.kafka.broker.topics import KAFKA_TOPICS, TopicAdmin
from engine.runtimes.kafka.folds.folding import Partitions
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.tasks import Installation, Tasks
from engine.settings import Settings
from engine.telemetry import Telemetry
from engine.topology import build
from schemas.envelope import SOURCE

COLLECTED_AFTER: Final = (50_000, 5, 400)
"""Rows are many and in no cycles: the collector looks through them all seldom, and never long through what is new, for all threads wait."""
LIBRARIES: Final = ("aiokafka", "kafka", "faust", "mode")


class Shell(StrEnum):
    """What carries the tasks."""

    FAUST = "faust"
    THIN = "thin"


def prepared(
    settings: Settings,
    kafka: KafkaSettings,
    *,
    telemetry: Telemetry | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Installation:
    """Check everything that can be checked before a worker joins its group.

    Raises:
        InvalidSettings, NotAdmitted, BrokerUnavailable, NotAllowed, TopicsUnfit: one line; the process stops.
    """
    salt = settings.salt_bytes()
    if salt is None:
        reason = "is needed on Kafka, the same for every worker; or name a file in BOTHWAYS_SALT_FILE"
        raise InvalidSettings(name="BOTHWAYS_SALT", reason=reason)
    with TopicAdmin(kafka) as admin:
        missing = tuple(lacking(acls(kafka, KAFKA_TOPICS), admin.granted()))
        if missing:
            raise not_allowed(kafka, missing)
        counts = admin.partition_counts()
        fatal = [drift for drift in admin.drift() if drift.is_fatal]
    if fatal:
        raise TopicsUnfit(topic=fatal[0].topic, what=fatal[0].what, more=f" and {len(fatal) - 1} more" if len(fatal) > 1 else "")
    choosing.use(compiled.choose_pairs)
    return Installation(
        settings=kafka,
        topology=build(),
        salt=salt,
        source=settings.source or SOURCE,
        mode=TimeMode(settings.time),
        partitions=Partitions(counts, kafka.prefix),
        telemetry=telemetry,
        clock=clock,
    )


def run_worker(installation: Installation, shell: Shell) -> None:
    """Work until told to stop.

    Does not return when in doubt (the process ends with exit code 70), nor while a round is computed that nobody waits for (0).
    """
    for name in LIBRARIES:  # they warn of every retry; what matters ends the worker
        logging.getLogger(name).setLevel(logging.CRITICAL)
    gc.set_threshold(*COLLECTED_AFTER)
    if shell is Shell.THIN:
        from engine.runtimes.kafka.thin import ThinWorker

        async def work() -> Tasks:
            worker = ThinWorker(installation)
            await worker.run()
            return worker.tasks

        tasks = asyncio.run(work())
    else:
        from engine.runtimes.kafka.faust_shell import run_faust

        tasks = run_faust(installation)
    if tasks.is_at_work:
        end_process()


@dataclass(kw_only=True, eq=False)
class TopicsUnfit(FatalError):
    """Topics are missing or not what the engine needs. The worker stops before it joins the group."""

    topic: str
    what: str
    more: str
    template = "The topic {topic} {what}{more}. See `bothways topics check`; `bothways topics create` makes what is missing."
