"""The toy topology on this runtime's shells: the same tasks, transactions and changelogs, another fold.

`python -m ops.bench.kafka.toy_ours thin|faust`, settings from BOTHWAYS_KAFKA_*.
"""

import asyncio
import os
import sys
from typing import Any, ClassVar, Final

import msgspec
from aiokafka import TopicPartition

from engine.core.cascade import TimeMode
from engine.core.effects import Headers
from engine.core.stage import Topology
from engine.runtimes.kafka.broker.topics import TopicAdmin
from engine.runtimes.kafka.broker.wire import Wired
from engine.runtimes.kafka.faust_shell import BothwaysApp, run_faust
from engine.runtimes.kafka.folds.folding import Fetched, Partitions, Pending, Restored
from engine.runtimes.kafka.settings import kafka_settings_from
from engine.runtimes.kafka.task import PartitionTask, TaskSpec
from engine.runtimes.kafka.tasks import Installation, Tasks
from engine.runtimes.kafka.thin import ThinWorker
from ops.bench.kafka import toy

POSITION: Final = b"@position"
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class ToyFold:
    """One stage of the toy in one partition."""

    def __init__(self, stage: str, partition: int, prefix: str) -> None:
        self.position = 0
        self.restored: Restored | None = None
        self._partition = partition
        self._prefix = prefix
        self._changelog = f"{prefix}cl.{stage}"
        self._rule = toy.STAGES[stage][1]
        self._rows: dict[bytes, Any] = {}
        self._dirty: dict[bytes, None] = {}
        self._out: dict[tuple[str, int], list[Wired]] = {}
        self._count = 0

    @property
    def pending_count(self) -> int:
        """How many records have gathered."""
        return self._count

    def restore(self, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Take over a row."""
        del headers
        if key == POSITION:
            self.restored = Restored(offset=int(value or b"0"), partitions=toy.PARTITIONS)
            self.position = self.restored.offset
        elif value is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = value

    def take(self, record: Fetched) -> None:
        """Fold one record."""
        if record.offset < self.position:
            return
        key = record.key
        assert key is not None and record.value is not None
        state = self._rows.get(key)
        if type(state) is bytes:
            state = _decode(state)
        after, outs = self._rule(state, _decode(record.value))
        if after is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = after
        self._dirty[key] = None
        for topic, out_key, event in outs:
            self._out.setdefault((self._prefix + topic, toy.place(out_key)), []).append(Wired(out_key, _encode(event), []))
        self._count += 1
        self.position = record.offset + 1

    def take_pending(self) -> Pending:
        """Hand over what has gathered."""
        out, self._out = self._out, {}
        rows = [Wired(key, _row(self._rows.get(key)), []) for key in self._dirty]
        out[(self._changelog, self._partition)] = [*rows, Wired(POSITION, b"%d" % self.position, [])]
        pending = Pending(records=out, position=self.position, records_count=self._count)
        self._dirty = {}
        self._count = 0
        return pending


def _row(state: Any) -> bytes | None:
    return None if state is None else state if type(state) is bytes else _encode(state)


class ToyTasks(Tasks):
    """Tasks of the toy topology."""

    sources: ClassVar[tuple[str, ...]] = tuple(source for source, _ in toy.STAGES.values())
    changelogs: ClassVar[tuple[str, ...]] = tuple(f"cl.{stage}" for stage in toy.STAGES)

    def task_of(self, source: TopicPartition) -> PartitionTask:
        """Make a task of the toy."""
        settings = self.of.settings
        name = source.topic.removeprefix(settings.prefix)
        stage = next(stage for stage, (of, _) in toy.STAGES.items() if of == name)
        spec = TaskSpec(name=stage, source=source, changelog=settings.topic(f"cl.{stage}"))
        return PartitionTask(spec, ToyFold(stage, source.partition, settings.prefix), settings)


class _ToyApp(BothwaysApp):
    tasks_type = ToyTasks


class _ToyWorker(ThinWorker):
    tasks_type = ToyTasks


def main(carrier: str) -> None:
    """Run one worker."""
    settings = kafka_settings_from(os.environ)
    with TopicAdmin(settings) as admin:
        partitions = Partitions(admin.partition_counts(), settings.prefix)
    installation = Installation(settings=settings, topology=Topology(stages={}), salt=b"", mode=TimeMode.DATA, partitions=partitions)
    if carrier == "faust":
        run_faust(installation, _ToyApp)
    else:
        asyncio.run(_work(installation))


async def _work(installation: Installation) -> None:
    await _ToyWorker(installation).run()


if __name__ == "__main__":
    main(sys.argv[1])
