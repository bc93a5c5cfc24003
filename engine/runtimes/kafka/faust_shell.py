"""The Faust shell: a Faust app whose agents hand batches to the tasks.

Faust brings the worker process, the consumer thread, group membership, the assignor that keeps changelogs beside inboxes, agents and
streams. What is replaced inside it stands in `faust_overrides`, all in one place.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar, Final

import faust
from aiokafka import TopicPartition
from faust.auth import Credentials, SASLCredentials, SSLCredentials
from mode import Service

from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.broker.consuming import POLL_SECONDS_MAX, REBALANCE_SECONDS_MAX, consumer_options
from engine.runtimes.kafka.broker.doubt import EXIT_IN_DOUBT, leaving_on_doubt
from engine.runtimes.kafka.faust_overrides import TRANSPORT, StageTable, TaskTableManager, partition_name
from engine.runtimes.kafka.settings import KafkaSettings
from engine.runtimes.kafka.tasks import MEASURE_SECONDS, TICK_SECONDS_MAX, Installation, Tasks

RAW: Final = {"key_serializer": "raw", "value_serializer": "raw", "acks": False}


class BothwaysApp(faust.App):  # type: ignore[misc] # the library ships no types
    """A Faust app around the tasks of one worker."""

    tasks_type: ClassVar[type[Tasks]] = Tasks

    def __init__(self, installation: Installation, data_dir: Path) -> None:
        settings = installation.settings
        super().__init__(
            settings.app,
            broker=[f"{TRANSPORT}://{address}" for address in settings.brokers.split(",")],
            broker_credentials=_credentials(settings),
            store="memory://",
            datadir=data_dir,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=installation.partitions.count(self.tasks_type.changelogs[0]),
            stream_wait_empty=False,
            stream_buffer_maxsize=16,
            stream_recovery_delay=0.0,
            broker_session_timeout=settings.session_seconds,
            broker_heartbeat_interval=settings.session_seconds / 4,
            broker_request_timeout=max(15.0, settings.session_seconds * 1.5),
            broker_rebalance_timeout=REBALANCE_SECONDS_MAX,
            broker_max_poll_interval=POLL_SECONDS_MAX,
            Table=StageTable,
            TableManager=TaskTableManager,
            web_enabled=False,
            worker_redirect_stdouts=False,
            autodiscover=False,
        )
        self.consumer_options = consumer_options(settings)
        self.tasks = self.tasks_type(installation)
        self.positions: dict[Any, int] = {}
        """Where to read each assigned source from."""
        self._generation = -1
        self._last_offset: dict[TopicPartition, int] = {}
        self._sources = {settings.topic(name) for name in self.tasks.sources}
        for changelog in self.tasks.changelogs:
            topic = self.topic(settings.topic(changelog), internal=False, **RAW)
            self.Table(changelog, partitions=installation.partitions.count(changelog), changelog_topic=topic)
        for name in self.tasks.sources:
            self.agent(self.topic(settings.topic(name), **RAW), name=name)(self._handed)
        self.on_partitions_revoked.connect(self._revoked)
        self.service(_Ticking(self))

    async def assign_tasks(self, generation: int) -> None:
        """Open the tasks of what is assigned now, and remember where they want to read."""
        places = [place for place in self.consumer.assignment() if place.topic in self._sources]
        found = await self.tasks.assign([partition_name(place) for place in places], _Positions(self))
        self.positions = {place: found[partition_name(place)] for place in places}
        self._last_offset.clear()
        self._generation = generation
        self.tasks.begin()  # Faust reads nothing before it has sought

    async def _handed(self, stream: Any) -> None:
        """Be the agent of one source: a batch at a time goes to its task. An exception never acks and skips, it leaves."""
        with leaving_on_doubt(is_cancellable=True):
            async for event in stream.noack().events():
                message = event.message
                source = partition_name(message.tp)
                task = self.tasks.by_source.get(source)
                if task is None or task.is_closed or message.generation_id != self._generation:
                    continue  # of an assignment that is over; its owner reads it again
                before, records = event.value
                assert before is None or before == self._last_offset.get(source), f"a gap in {source.topic} after {before}"
                self._last_offset[source] = records[-1].offset
                task.offer(records)
                await task.wait_for_room()

    async def _revoked(self, _app: Any, revoked: Any, **_: Any) -> None:
        """Give everything back: Faust's rebalance revokes all and assigns anew."""
        del revoked
        with leaving_on_doubt():
            await self.tasks.revoke(list(self.tasks.by_source))


class _Ticking(Service):  # type: ignore[misc] # the library ships no types
    """Lets time pass for the tasks, and drains them at the end."""

    def __init__(self, app: BothwaysApp) -> None:
        super().__init__()
        self._app = app
        self._own_tasks = app.tasks

    @Service.task  # type: ignore[untyped-decorator] # the library ships no types
    async def _tick(self) -> None:
        with leaving_on_doubt(is_cancellable=True):
            while not self.should_stop:
                await asyncio.sleep(TICK_SECONDS_MAX / 2)
                self._own_tasks.tick()

    @Service.task  # type: ignore[untyped-decorator] # the library ships no types
    async def _measure(self) -> None:
        while not self.should_stop:
            await self.sleep(MEASURE_SECONDS)
            self._own_tasks.measure(self._app.consumer.highwater)

    async def on_stop(self) -> None:
        with leaving_on_doubt():
            await self._own_tasks.close()


class _Positions:
    """What the broker says about positions, asked in the consumer's own thread."""

    def __init__(self, app: BothwaysApp) -> None:
        self._thread = app.consumer._thread  # noqa: SLF001 - the consumer answers in its own thread alone

    async def committed(self, source: TopicPartition) -> int | None:
        committed: int | None = await self._thread.call_thread(self._thread._ensure_consumer().committed, source)  # noqa: SLF001
        return committed

    async def bounds(self, source: TopicPartition) -> tuple[int, int]:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001
        beginning = await self._thread.call_thread(consumer.beginning_offsets, [source])
        end = await self._thread.call_thread(consumer.end_offsets, [source])
        return beginning[source], end[source]


def _credentials(settings: KafkaSettings) -> Credentials | None:
    """Return how Faust's own producer gets in. It sends nothing, but a worker whose producer can't connect does not start."""
    options = client_options(settings)
    context = options.get("ssl_context")
    if "sasl_mechanism" not in options:
        return SSLCredentials(context) if context is not None else None
    return SASLCredentials(
        mechanism=options["sasl_mechanism"],
        username=options["sasl_plain_username"],
        password=options["sasl_plain_password"],
        ssl_context=context,
    )


def run_faust(installation: Installation, app_type: type[BothwaysApp] = BothwaysApp) -> Tasks:
    """Run a Faust worker until told to stop; then drain and return. A crash of Faust itself ends the process as in doubt.

    Returns: its tasks, closed.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bothways-faust.") as data_dir:
        app = app_type(installation, Path(data_dir))
        worker = faust.Worker(app, loglevel="WARN", redirect_stdouts=False, quiet=True)
        try:
            worker.execute_from_commandline()
        except SystemExit as ending:
            if ending.code not in {0, None}:
                print(f"The Faust worker ended after {time.monotonic() - started:.0f} s; start it again.", file=sys.stderr)
                raise SystemExit(EXIT_IN_DOUBT) from ending
    return app.tasks
