"""Exactly once, checked from outside: read every topic as any consumer would, do the work again, compare.

The reader shares the rules with the workers (`intake`, `step`, `fire`), and nothing else: rows are plain dictionaries, due rows are
found by scanning, nothing is committed. What the workers wrote is right if and only if

    - every external record has one inbox record or one dead letter, and no inbox record or dead letter has none;
    - per inbox partition, folding its records in order gives the hops, outputs and dead letters that are there: the outputs of a key in the
      same order with the same bytes, the hops the same as a multiset (several senders share an inbox);
    - the newest rows of the changelog, their timers and the position are those of the fold;
    - no output id came twice, and no transaction is left open.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.core.cascade import TIMERS_PER_TICK_MAX
from engine.core.dead_letters import DeadLetter, redrive_count
from engine.core.effects import Origin, Record
from engine.core.execution import TAKEN, Output, Transition, fire, step
from engine.core.intake import intake
from engine.core.stage import Stage, Topology
from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.broker.topics import KAFKA_TOPICS
from engine.runtimes.kafka.broker.wire import Tick, Unreadable, decode_inbox, encode_hop, key_bytes, key_text, whole_seconds_of
from engine.runtimes.kafka.folds.intake_fold import INBOX_OF
from engine.runtimes.kafka.folds.rows import whole_seconds
from engine.runtimes.kafka.folds.stage_fold import CHANGELOG_OF, POSITION_KEY, WAKE_HEADER, Position, published_whole
from engine.runtimes.kafka.settings import KafkaSettings
from engine.testing import MemoryRows
from engine.topology import build
from schemas.codec import decode, encode_binary
from schemas.topics import DEAD_LETTER_PREFIX, INPUT_TOPICS

Bytes = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]
"""Key, value and headers of a record."""
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


@dataclass(slots=True)
class Findings:
    """What is wrong, and how much was looked at."""

    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def is_exact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def note(self, problem: str, example: object, count: int = 1) -> None:
        """Take down a difference."""
        self.problems[problem] += count
        self.examples.setdefault(problem, repr(example)[:300])


Log = dict[tuple[str, int], list[Any]]
"""(topic without prefix, partition) → its committed records in order."""


async def read_log(settings: KafkaSettings, names: Iterable[str], findings: Findings) -> Log:
    """Read topics whole, committed records only."""
    reader = AIOKafkaConsumer(**client_options(settings), isolation_level="read_committed", max_partition_fetch_bytes=8 << 20)
    peeker = AIOKafkaConsumer(**client_options(settings), isolation_level="read_uncommitted")
    await reader.start()
    await peeker.start()
    log: Log = defaultdict(list)
    try:
        topics = [settings.topic(name) for name in names]
        await asyncio.gather(*(reader._client._wait_on_metadata(topic) for topic in topics))  # noqa: SLF001 - no public way to ask without subscribing
        places = [TopicPartition(topic, part) for topic in topics for part in sorted(reader.partitions_for_topic(topic) or ())]
        reader.assign(places)
        await reader.seek_to_beginning()
        ends, last = await reader.end_offsets(places), await peeker.end_offsets(places)
        for place in places:
            if ends[place] != last[place]:
                findings.note("open transactions", (place, ends[place], last[place]))
        waiting = set(places)
        while waiting:
            for place, records in (await reader.getmany(timeout_ms=200, max_records=10_000)).items():
                log[(place.topic.removeprefix(settings.prefix), place.partition)].extend(records)
            waiting = {place for place in waiting if await reader.position(place) < ends[place]}
    finally:
        await reader.stop()
        await peeker.stop()
    return log


async def verified(settings: KafkaSettings, salt: bytes, *, topology: Topology | None = None) -> Findings:
    """Read everything and compare it with doing it again."""
    findings = Findings()
    log = await read_log(settings, [topic.name for topic in KAFKA_TOPICS], findings)
    check_log(log, findings, topology or build(), salt)
    return findings


def check_log(log: Log, findings: Findings, topology: Topology, salt: bytes) -> None:
    """Compare a whole log with doing the work again."""
    expected_hops: Counter[tuple[str, Bytes]] = Counter()
    expected_letters: Counter[tuple[str, Bytes]] = Counter()
    expected_outputs: dict[tuple[str, bytes | None], list[Bytes]] = defaultdict(list)
    _check_intake(log, findings, expected_letters)
    for stage_name, stage in topology.stages.items():
        for (topic, partition), records in sorted(log.items()):
            if topic == INBOX_OF[stage_name].name:
                refold = _Refold(stage, salt)
                for record in records:
                    refold.take(record)
                findings.counts["inbox records"] += len(records)
                expected_hops.update(refold.hops)
                expected_letters.update(refold.letters)
                for place, outputs in refold.outputs.items():
                    expected_outputs[place].extend(outputs)
                _check_rows(refold, log.get((CHANGELOG_OF[stage_name].name, partition), []), records, findings)
    _check_published(log, findings, expected_outputs)
    actual_hops = Counter(
        (topic, _bytes_of(record))
        for (topic, _), records in log.items()
        for record in records
        if topic in {inbox.name for inbox in INBOX_OF.values()} and record.headers and record.headers[0][1] not in {b"event", b"tick"}
    )
    actual_letters = Counter(
        (topic, _bytes_of(record)) for (topic, _), records in log.items() if topic.startswith(DEAD_LETTER_PREFIX) for record in records
    )
    _compare("hops", expected_hops, actual_hops, findings)
    _compare("dead letters", expected_letters, actual_letters, findings)


def _check_intake(log: Log, findings: Findings, expected_letters: Counter[tuple[str, Bytes]]) -> None:
    """Every external record went somewhere, once."""
    passed = _passed_on(log, findings)
    for known in INPUT_TOPICS:
        for (name, partition), records in log.items():
            if name != known.name:
                continue
            findings.counts["external records"] += len(records)
            for record in records:
                if record.value is None:
                    continue
                place = (name, partition, record.offset)
                letter = _letter_at_the_edge(name, record)
                if letter is not None:
                    expected_letters[(letter.topic, (key_bytes(letter.key), letter.value, letter.headers))] += 1
                if passed.pop(place, 0) != (letter is None):
                    findings.note("external records lost or passed on twice", place)
    for place in passed:
        findings.note("inbox records of nothing", place)


def _passed_on(log: Log, findings: Findings) -> Counter[tuple[str, int, int]]:
    """Count the external records behind the events of the inboxes, and hold each event against a strict reading of its record."""
    names = {inbox.name: stage for stage, inbox in INBOX_OF.items()}
    passed: Counter[tuple[str, int, int]] = Counter()
    for (topic, partition), records in log.items():
        for record in records if topic in names else ():
            if record.headers and record.headers[0][1] == b"event":
                found = decode_inbox(names[topic], record.key, record.value, tuple(record.headers))
                assert isinstance(found, Record) and found.origin is not None and found.received_at is not None
                origin = found.origin
                if found.payload != decode(origin.value, origin.headers, found.received_at):
                    findings.note("events that say something else in the inbox", (topic, partition, record.offset))
                passed[(origin.topic, origin.partition, origin.position)] += 1
    return passed


def _letter_at_the_edge(topic: str, record: Any) -> DeadLetter | None:
    headers = tuple(record.headers)
    origin = Origin(
        topic=topic,
        key=key_text(record.key),
        value=record.value,
        headers=headers,
        position=record.offset,
        partition=record.partition,
        redrive_count=redrive_count(headers),
    )
    received_at = datetime.fromtimestamp(record.timestamp / 1000).astimezone()
    taken = intake(origin, received_at)
    return taken if isinstance(taken, DeadLetter) else None


class _Refold:
    """One inbox partition, done again with dictionaries."""

    def __init__(self, stage: Stage, salt: bytes) -> None:
        self.rows = MemoryRows()
        self.wakes: dict[tuple[str, str], datetime] = {}
        self.hops: list[tuple[str, Bytes]] = []
        self.letters: list[tuple[str, Bytes]] = []
        self.outputs: dict[tuple[str, bytes | None], list[Bytes]] = defaultdict(list)
        self.last_at: datetime | None = None
        self._stage = stage
        self._salt = salt

    def take(self, record: Any) -> None:
        """Do one inbox record."""
        try:
            found = decode_inbox(self._stage.name, record.key, record.value, tuple(record.headers))
        except Unreadable:
            return
        at = found.at if self.last_at is None else max(found.at, self.last_at)
        if isinstance(found, Tick):
            self.last_at = at
            limit = TIMERS_PER_TICK_MAX if found.limit is None else found.limit
            due = sorted((wake_at, *name) for name, wake_at in self.wakes.items() if wake_at <= at)[:limit]
            for table, key in [found.row] if found.row is not None else [(table, key) for _, table, key in due]:
                if (table, key) in self.wakes and self.wakes[(table, key)] <= at:
                    self._apply(fire(self._stage, self.rows, table, key, at=at, salt=self._salt))
            return
        whole = Record(
            stage=found.stage,
            key=found.key,
            id=found.id,
            at=at,
            payload=found.payload,
            origin=found.origin,
            received_at=found.received_at,
        )
        transition = published_whole(self.rows, whole, step(self._stage, self.rows, whole, salt=self._salt), self._salt)
        if transition.outcome in TAKEN:
            self.last_at = at
        self._apply(transition)

    def _apply(self, transition: Transition) -> None:
        for (table, key), row in transition.changes.items():
            self.wakes.pop((table, key), None)
            if row is None:
                self.rows.tables.get(table, {}).pop(key, None)
                continue
            self.rows.tables.setdefault(table, {})[key] = row
            wake_at = whole_seconds(row.wake_at)
            if wake_at is not None:
                self.wakes[(table, key)] = wake_at
        if transition.timer_cleared is not None:
            self.wakes.pop(transition.timer_cleared, None)
        for hop in transition.hops:
            wired = encode_hop(hop)
            self.hops.append((INBOX_OF[hop.stage].name, (wired.key, wired.value, tuple(wired.headers))))
        for output in transition.outputs:
            self.outputs[(output.topic, key_bytes(output.key))].append(_wired(output))
        for letter in transition.dead_letters:
            self.letters.append((letter.topic, (key_bytes(letter.key), letter.value, letter.headers)))


def _wired(output: Output) -> Bytes:
    headers, value = encode_binary(output.attributes, output.data or b"")
    if output.data is None:
        return key_bytes(output.key), None, tuple(header for header in headers if header[0] != "content-type")
    return key_bytes(output.key), value, tuple(headers)


def _check_rows(refold: _Refold, changelog: list[Any], inbox: list[Any], findings: Findings) -> None:
    """The newest records of a changelog partition are the rows of the fold."""
    newest = {record.key: record for record in changelog}
    position = newest.pop(POSITION_KEY, None)
    handled = msgspec.json.decode(position.value, type=Position).offset if position is not None else 0
    if inbox and handled <= inbox[-1].offset:
        findings.note("inbox records not handled", (inbox[-1].topic, inbox[-1].partition, handled, inbox[-1].offset))
    written = {
        key.decode("utf-8", "surrogateescape"): (record.value, dict(record.headers).get(WAKE_HEADER))
        for key, record in newest.items()
        if record.value is not None
    }
    wanted: dict[str, tuple[bytes, bytes | None]] = {}
    for table, rows in refold.rows.tables.items():
        for key, row in rows.items():
            wake_at = refold.wakes.get((table, key))
            wanted[f"{table}/{key}"] = (_encode(row), None if wake_at is None else b"%d" % whole_seconds_of(wake_at))
    findings.counts["rows"] += len(wanted)
    for name in sorted(written.keys() | wanted.keys()):
        if written.get(name) != wanted.get(name):
            findings.note("rows that differ", (name, written.get(name), wanted.get(name)))


def _check_published(log: Log, findings: Findings, expected: dict[tuple[str, bytes | None], list[Bytes]]) -> None:
    """Outputs are those of the fold: per key in order, byte for byte; ids came once."""
    inner = {topic.name for topic in (*INPUT_TOPICS, *INBOX_OF.values(), *CHANGELOG_OF.values())}
    actual: dict[tuple[str, bytes | None], list[Bytes]] = defaultdict(list)
    ids: Counter[bytes] = Counter()
    for (topic, _), records in log.items():
        if topic in inner or topic.startswith(DEAD_LETTER_PREFIX):
            continue
        for record in records:
            findings.counts["outputs"] += 1
            actual[(topic, record.key)].append(_bytes_of(record))
            ids[dict(record.headers).get("ce_id") or b""] += 1
    for id_, count in ids.items():
        if count > 1:
            findings.note("ids that came more than once", id_, count - 1)
    for place in sorted(actual.keys() | expected.keys(), key=repr):
        if actual.get(place) != expected.get(place):
            findings.note("keys whose outputs differ", (place, len(expected.get(place, ())), len(actual.get(place, ()))))


def _bytes_of(record: Any) -> Bytes:
    return record.key, record.value, tuple(record.headers)


def _compare(what: str, expected: Counter[Any], actual: Counter[Any], findings: Findings) -> None:
    findings.counts[what] += actual.total()
    for record, count in (expected - actual).items():
        findings.note(f"{what} missing", record, count)
    for record, count in (actual - expected).items():
        findings.note(f"{what} too many", record, count)
