"""The unit of work: one task is one stage (or external topic) and one partition; one transaction carries everything that it changes.

    1  open    the producer starts: the broker raises the epoch of the task's transactional id, aborts what the previous owner left open,
               and answers only once that is finished; then the changelog is read to its end; then the position is known
    2  fold    records change rows in memory and gather outputs; nothing is visible
    3  commit  begin; changelog rows, `@position`, outputs, hops; group offset; wait for every delivery; commit

When: a task that has folded all it has commits at once if its last commit began COMMIT_GAP_SHARE of the commit interval ago, so a record
that comes alone never waits; one that has more to fold gathers for the whole interval, so a load that piles up gets fewer, larger units.

Group offset: the position of a task that keeps rows is in its changelog; the group is told of it once a second, and when the partition is
given back, because telling costs two of five requests. A task without rows tells it every time, for there it is the position.

If the process dies before 3 answers, the transaction is either whole or gone, and the next owner's 1 finds out which. Records of a gone one
are read again from `@position` and give the same transition. While one commit is under way the next records are folded already. A record
that may take long, a round above all, is folded and packed in a thread: this task waits, the event loop and its heartbeats don't.

Nobody waits long for such a thread (`aside_awaited_seconds`): not the group when partitions are dealt anew, nor a worker that is told to
stop. If the partition comes back to this worker the task goes on where it was; if not, what the thread finds is thrown away, and the next
owner does the same work from `@position`.

The transactional id is `{app}-{task}-{partition}`: stable, so that the next owner fences this one. Any doubt ends the process (`doubt`).

Source: decision 0101; guarantees.P2, guarantees.P4; Kafka Streams' exactly-once v1 (KIP-129) has the same shape.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition

from engine.runtimes.kafka.broker.connection import RECORD_BYTES_MAX, client_options
from engine.runtimes.kafka.broker.doubt import leave, leaving_on_doubt
from engine.runtimes.kafka.folds.folding import Fetched, Fold, Pending
from engine.runtimes.kafka.settings import KafkaSettings

BATCH_BYTES: Final = 400_000
FOLD_SECONDS_MAX: Final = 0.008
"""All tasks together fold no longer than this before whoever waits for the broker gets a turn: a transaction takes a dozen turns."""
FOLD_SECONDS_MIN: Final = 0.001
"""What each of many tasks gets of it, at least."""
LONG_SECONDS: Final = 0.02
"""What took longer than this in a thread is packed there, too."""
TURN_SECONDS: Final = 0.05
COMMIT_GAP_SHARE: Final = 0.5
"""Of the commit interval, between the beginnings of two commits of a task that has nothing more to fold."""
TOLD_SECONDS: Final = 1.0
"""How long the group may not know how far a task is that keeps its own position."""
BACKLOG_RECORDS_MAX: Final = 4_000
"""With more than this unfolded, the shell stops fetching for the task."""
TRANSACTION_SHARE: Final = 0.75
"""Of what a step with the broker may take: after this the broker aborts a transaction whose owner went silent."""

_ASIDE: Final = ThreadPoolExecutor(thread_name_prefix="aside")
"""Not the loop's own: a loop that closes waits for its threads."""

Found = TypeVar("Found")
Batch = tuple[str, int, Any]
"""Topic, partition, and records as the broker takes them."""


@dataclass(slots=True, kw_only=True)
class TaskSpec:
    """What a task is called and where it reads."""

    name: str
    """`people`, `programmes`, or `intake.<topic>`; part of the transactional id."""
    source: TopicPartition
    changelog: str | None = None
    """None where the task keeps no rows."""
    on_commit: Callable[[Pending, float], None] | None = None
    """Is told what became visible and how long the commit took, in seconds."""
    is_long: Callable[[Fetched], bool] = field(default=lambda _: False)
    """Whether a record may take seconds to fold; it is folded in a thread, and this task alone waits."""
    aside_awaited_seconds: float = 2.0
    """How long a task that is given back waits for such a record; it can't tell one that is nearly done from one that has just begun."""


class PartitionTask:
    """One task of this worker. All its methods run in the event loop's thread."""

    pumps_count: ClassVar[int] = 0
    """How many tasks have something to fold now."""

    def __init__(self, spec: TaskSpec, fold: Fold, settings: KafkaSettings) -> None:
        self.spec = spec
        self.fold = fold
        self.is_closed = True
        """Whether records are refused: the partition is being given back or was, or nobody reads from where the task is yet."""
        self.committed_position: int | None = None
        self.commits_count = 0
        self.records_count = 0
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._flying: asyncio.Task[None] | None = None
        self._backlog: list[Fetched] = []
        self._pump: asyncio.Task[None] | None = None
        self.is_folding = False
        """Whether a thread is at work on the rows; nothing else may touch them meanwhile."""
        self._aside: Future[Any] | None = None
        self._is_given_back = False
        self._is_abandoned = False
        self._gathered_since = 0.0
        self._committing_since = 0.0
        self._told_position: int | None = None
        self._told_at = 0.0

    @property
    def backlog_count(self) -> int:
        """How many records wait to be folded."""
        return len(self._backlog)

    @property
    def is_at_work(self) -> bool:
        """Whether a thread still computes something."""
        return self._aside is not None and not self._aside.done()

    async def open(self) -> None:
        """Fence the previous owner. What it committed is complete from here on, and it can't commit any more."""
        self._producer = AIOKafkaProducer(
            **client_options(self._settings),
            transactional_id=f"{self._settings.app}-{self.spec.name}-{self.spec.source.partition}",
            transaction_timeout_ms=int(TRANSACTION_SHARE * self._settings.timeout_seconds * 1000),
            max_batch_size=BATCH_BYTES,
            max_request_size=RECORD_BYTES_MAX,
            request_timeout_ms=10_000,
            retry_backoff_ms=10,
            metadata_max_age_ms=60_000,
        )
        await asyncio.wait_for(self._producer.start(), self._settings.timeout_seconds)

    def start_from(self, position: int) -> None:
        """Take over where the last owner came to; what it last told the group may be older."""
        self.fold.position = self.committed_position = position
        self._told_position = position if self.spec.changelog is None else None

    def offer(self, records: Sequence[Fetched]) -> None:
        """Take fetched records; they are folded in order, as soon as the task has a turn."""
        if self.is_closed:
            return  # of an assignment that is over; the next owner reads them again
        self._backlog.extend(records)
        if self._pump is None:
            self._pump = asyncio.ensure_future(self._fold_backlog())

    async def wait_for_room(self) -> None:
        """Wait until the backlog is short enough to take more."""
        while self.backlog_count > BACKLOG_RECORDS_MAX and self._pump is not None:
            await asyncio.wait([self._pump], timeout=TURN_SECONDS)

    def commit_if_due(self, now: float) -> None:
        """Start a commit when enough has gathered or waited long enough, and none is under way."""
        if self.is_folding or self._flying is not None or self.is_closed:
            return
        count = self.fold.pending_count
        if not count:
            self._gathered_since = now
        if self._is_due(count, now) if count else self._is_group_behind and now - self._told_at >= TOLD_SECONDS:
            self._start_commit()

    def _is_due(self, count: int, now: float) -> bool:
        seconds = self._settings.commit_seconds
        if count >= self._settings.commit_records_max or now - self._gathered_since >= seconds:
            return True
        return self._pump is None and now - self._committing_since >= COMMIT_GAP_SHARE * seconds

    @property
    def _is_group_behind(self) -> bool:
        return self.committed_position != self._told_position

    async def park(self) -> None:
        """Finish what was read and commit it; rows and producer stay, in case the partition comes back untouched.

        A record that is in its thread for long stays there, uncommitted; the group is told how far the task is without it.
        """
        deadline = time.monotonic() + (0.0 if self.is_closed else self.spec.aside_awaited_seconds)
        self.is_closed = True
        self._backlog.clear()
        while self._pump is not None and not (self.is_folding and time.monotonic() >= deadline):
            await asyncio.wait([self._pump], timeout=TURN_SECONDS)
        self._is_given_back = self.is_folding
        if self._flying is not None:
            await asyncio.shield(self._flying)  # a cancelled caller must not cancel a commit under way
        if self.is_folding:
            if self._is_group_behind:
                self._flying = asyncio.ensure_future(self._tell())
                await asyncio.shield(self._flying)
        elif self.fold.pending_count or self._is_group_behind:
            await asyncio.shield(self._start_commit())

    async def close(self) -> None:
        """Park, then let go of the producer, and of what a thread may still be at."""
        await self.park()
        if self.is_folding and self._pump is not None:
            self._is_abandoned = True
            self._pump.cancel()
        if self._producer is not None:
            await asyncio.wait([asyncio.ensure_future(self._producer.stop())], timeout=5)

    async def _fold_backlog(self) -> None:
        with leaving_on_doubt(*self.spec.source):
            PartitionTask.pumps_count += 1
            try:
                await self._fold_all()
            except asyncio.CancelledError:
                if not self._is_abandoned:
                    raise
            finally:
                PartitionTask.pumps_count -= 1
            self._pump = None
            self.commit_if_due(time.monotonic())

    async def _fold_all(self) -> None:
        while self._backlog:
            records, self._backlog = self._backlog, []
            place = 0
            while place < len(records) and not self.is_closed:
                place = await self._fold_some(records, place)
                self.commit_if_due(time.monotonic())
                while self.fold.pending_count >= self._settings.commit_records_max and self._flying is not None:
                    await asyncio.wait([self._flying])

    async def _fold_some(self, records: list[Fetched], place: int) -> int:
        """Fold records for a short while. Returns the place after the last one."""
        if not self.fold.pending_count:
            self._gathered_since = time.monotonic()
        take, is_long = self.fold.take, self.spec.is_long
        until = time.monotonic() + max(FOLD_SECONDS_MIN, FOLD_SECONDS_MAX / PartitionTask.pumps_count)
        limit = min(len(records), place + self._settings.commit_records_max)
        while place < limit:
            record = records[place]
            if is_long(record):
                await self._fold_aside(record)
            else:
                take(record)
            place += 1
            if time.monotonic() > until:
                await asyncio.sleep(0)
                break
        return place

    async def _fold_aside(self, record: Fetched) -> None:
        """Fold a record in a thread. What took long has changed much, so it is packed there, too, and committed by itself."""
        started = time.monotonic()
        self.is_folding = True
        await self._run_aside(self.fold.take, record)
        if time.monotonic() - started > LONG_SECONDS:
            pending = await self._run_aside(self.fold.take_pending)
            batches = await self._run_aside(self._packed, pending)
            while self._flying is not None or (self._is_given_back and self.is_closed):  # noqa: ASYNC110 - it may come back
                await asyncio.sleep(TURN_SECONDS)
            self._flying = asyncio.ensure_future(self._commit(pending, batches))
        self.is_folding = False

    async def _run_aside(self, work: Callable[..., Found], *arguments: object) -> Found:
        self._aside = _ASIDE.submit(work, *arguments)
        return await asyncio.wrap_future(self._aside)

    def _start_commit(self) -> "asyncio.Task[None]":
        pending = self.fold.take_pending()
        self._flying = asyncio.ensure_future(self._commit(pending, self._packed(pending)))
        return self._flying

    async def _commit(self, pending: Pending, batches: list[Batch]) -> None:
        started = self._committing_since = time.monotonic()
        with leaving_on_doubt(*self.spec.source):
            async with asyncio.timeout(self._settings.timeout_seconds):
                is_told = self.spec.changelog is None or self.is_closed or started - self._told_at >= TOLD_SECONDS
                await self._transact(pending.position, batches, is_told=is_told)
        self.committed_position = pending.position
        if is_told:
            self._told_position, self._told_at = pending.position, started
        self.commits_count += 1
        self.records_count += pending.records_count
        self._flying = None
        if self.spec.on_commit is not None:
            self.spec.on_commit(pending, time.monotonic() - started)

    async def _tell(self) -> None:
        """Tell the group how far the task is, without anything of the fold."""
        position = self.committed_position
        assert position is not None, "started first"
        with leaving_on_doubt(*self.spec.source):
            async with asyncio.timeout(self._settings.timeout_seconds):
                await self._transact(position, [], is_told=True)
        self._told_position, self._told_at, self._flying = position, time.monotonic(), None

    def _packed(self, pending: Pending) -> list[Batch]:
        """Pack what a unit makes visible into batches as the broker takes them."""
        assert self._producer is not None, "opened first"
        make = self._producer.create_batch
        batches: list[Batch] = []
        for (topic, partition), records in pending.records.items():
            batch = make()
            for key, value, headers in records:
                if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                    batches.append((topic, partition, batch))
                    batch = make()
                    if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                        leave(ValueError("a record that is too large"), topic=topic, partition=partition)
            batches.append((topic, partition, batch))
        return batches

    async def _transact(self, position: int, batches: list[Batch], *, is_told: bool) -> None:
        """Make a unit visible, all or none; the group's offset with it if it is told."""
        producer = self._producer
        assert producer is not None, "opened first"
        await producer.begin_transaction()
        deliveries = []
        for topic, partition, batch in batches:
            deliveries.append(await producer.send_batch(batch, topic, partition=partition))
        if is_told:
            await producer.send_offsets_to_transaction({self.spec.source: position}, self._settings.app)
        await asyncio.gather(*deliveries)  # aiokafka commits even where a batch failed
        await producer.commit_transaction()
