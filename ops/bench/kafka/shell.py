"""The shell alone: the toy topology on this runtime and on its peers, one worker each, the same broker.

Rate: records handled by both stages, over the time from the first to the last record that they wrote, by the broker's clock. Processor
time: of the worker's process, start included.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from ops.bench.kafka import toy
from ops.kafka.jars import jars

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent.parent
PEERS_PYTHON: Final = ROOT / ".venv" / "peers-kafka" / "bin" / "python"
STILL_SECONDS: Final = 2.0
RUN_SECONDS_MAX: Final = 180.0
STOP_SECONDS_MAX: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """One way to carry the toy."""

    name: str
    inputs: int
    """How many inputs its run takes; a slow one gets few."""


SHELLS: Final = (
    Shell(name="bothways thin", inputs=100_000),
    Shell(name="bothways faust", inputs=100_000),
    Shell(name="kafka streams", inputs=200_000),
    Shell(name="quix", inputs=40_000),
    Shell(name="idiomatic faust", inputs=6_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run."""

    name: str
    events: int
    events_per_second: float
    cpu_micros_per_event: float
    is_complete: bool
    """Whether exactly the expected number of outputs is there."""


def measure(shell: Shell, brokers: str, *, scale: float = 1.0) -> Measured:
    """Load the inputs, run one worker until nothing moves, and read the broker's clock."""
    prefix = f"toy{time.time_ns() // 1_000_000}."
    inputs = int(shell.inputs * scale)
    _make_topics(brokers, prefix)
    asyncio.run(_load(brokers, prefix, inputs))
    with tempfile.TemporaryDirectory(prefix="bothways-toy.", ignore_cleanup_errors=True) as directory:
        command, environment = _command(shell, brokers, prefix, Path(directory))
        with (Path(directory) / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            cpu_seconds = asyncio.run(_wait(process, brokers, prefix, toy.expected(inputs)))
        finally:
            _end(process)
        counts, span = asyncio.run(_read(brokers, prefix))
    events = inputs + counts[0]
    return Measured(
        name=shell.name,
        events=events,
        events_per_second=events / span if span else 0.0,
        cpu_micros_per_event=1e6 * cpu_seconds / events,
        is_complete=counts == toy.expected(inputs),
    )


def _command(shell: Shell, brokers: str, prefix: str, directory: Path) -> tuple[Sequence[str], dict[str, str]]:
    app = prefix.rstrip(".")
    own = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")}
    environment = own | {"BOTHWAYS_KAFKA_BROKERS": brokers, "BOTHWAYS_KAFKA_PREFIX": prefix, "BOTHWAYS_KAFKA_APP": app}
    match shell.name:
        case "bothways thin" | "bothways faust":
            return [sys.executable, "-m", "ops.bench.kafka.toy_ours", shell.name.split()[1]], environment
        case "idiomatic faust":
            return [sys.executable, "-m", "ops.bench.kafka.toy_faust"], environment
        case "quix":
            python = os.environ.get("BENCH_QUIX_PYTHON") or str(PEERS_PYTHON)
            return [python, str(HERE / "toy_quix.py"), brokers, prefix, app], environment
    libs = jars(HERE / "pom.xml") / "libs"
    subprocess.run(["javac", "-cp", f"{libs}/*", "-d", str(directory), str(HERE / "Streams.java")], check=True)
    classes = f"{directory}:{libs}/*"
    return ["java", "-Xmx1g", "-cp", classes, "Streams", brokers, prefix, app, str(directory / "state")], environment


def _make_topics(brokers: str, prefix: str) -> None:
    client = KafkaAdminClient(bootstrap_servers=brokers)
    stamped = {"message.timestamp.type": "LogAppendTime"}
    topics = [NewTopic(prefix + name, toy.PARTITIONS, 1, topic_configs=stamped) for name in ("in", "mid", "out")]
    topics += [NewTopic(f"{prefix}cl.{stage}", toy.PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"}) for stage in toy.STAGES]
    client.create_topics(topics)
    client.close()
    time.sleep(1)


async def _load(brokers: str, prefix: str, inputs: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=brokers, max_batch_size=200_000)
    await producer.start()
    encode = msgspec.json.Encoder().encode
    batches = [producer.create_batch() for _ in range(toy.PARTITIONS)]
    for n in range(inputs):
        key, event = toy.event(n)
        part = toy.place(key)
        if batches[part].append(key=key, value=encode(event), timestamp=None) is None:
            await producer.send_batch(batches[part], prefix + "in", partition=part)
            batches[part] = producer.create_batch()
            batches[part].append(key=key, value=encode(event), timestamp=None)
    for part, batch in enumerate(batches):
        await producer.send_batch(batch, prefix + "in", partition=part)
    await producer.stop()


def _places(prefix: str) -> list[TopicPartition]:
    return [TopicPartition(prefix + name, part) for name in ("mid", "out") for part in range(toy.PARTITIONS)]


async def _wait(process: "subprocess.Popen[bytes]", brokers: str, prefix: str, wanted: tuple[int, int]) -> float:
    """Wait until the ends of the outputs are where they must be and move no more. Returns the processor time used until then."""
    reader = AIOKafkaConsumer(bootstrap_servers=brokers, isolation_level="read_committed")
    await reader.start()
    moved, seen, cpu = time.monotonic(), -1, 0.0
    started = moved
    while time.monotonic() - started < RUN_SECONDS_MAX and process.poll() is None:
        now = sum((await reader.end_offsets(_places(prefix))).values())
        if now != seen:
            seen, moved, cpu = now, time.monotonic(), _cpu_seconds(process.pid)
        elif seen >= sum(wanted) and time.monotonic() - moved > STILL_SECONDS:
            break
        await asyncio.sleep(0.25)
    await reader.stop()
    return cpu


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _read(brokers: str, prefix: str) -> tuple[tuple[int, int], float]:
    """Count both topics, and tell the seconds from their first to their last record."""
    reader = AIOKafkaConsumer(bootstrap_servers=brokers, isolation_level="read_committed", max_partition_fetch_bytes=8 << 20)
    await reader.start()
    places = _places(prefix)
    reader.assign(places)
    await reader.seek_to_beginning()
    ends = await reader.end_offsets(places)
    counts = {"mid": 0, "out": 0}
    first, last = float("inf"), 0.0
    while any([await reader.position(place) < ends[place] for place in places]):
        for place, records in (await reader.getmany(timeout_ms=200, max_records=20_000)).items():
            counts[place.topic.removeprefix(prefix)] += len(records)
            first, last = min(first, records[0].timestamp), max(last, records[-1].timestamp)
    await reader.stop()
    return (counts["mid"], counts["out"]), (last - first) / 1000


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def report(found: Sequence[Measured]) -> dict[str, Any]:
    """Return rates and the ratios that matter."""
    rate = {measured.name: measured.events_per_second for measured in found}
    ratios = {
        f"{ours} / {peer}": round(rate[ours] / rate[peer], 2)
        for ours in ("bothways thin", "bothways faust")
        for peer in ("kafka streams", "quix", "idiomatic faust")
        if rate.get(ours) and rate.get(peer)
    }
    return {"ratios": ratios}


def main(brokers: str, names: Sequence[str], scale: float) -> None:
    """Measure the named shells, or all that are there, and print a line for each."""
    found = []
    for shell in SHELLS:
        if names and shell.name not in names:
            continue
        if shell.name == "quix" and not (PEERS_PYTHON.exists() or os.environ.get("BENCH_QUIX_PYTHON")):
            print("quix is not installed: `make bench-kafka` makes its environment; left out", file=sys.stderr)
            continue
        if shell.name == "kafka streams" and shutil.which("javac") is None:
            print("no javac; kafka streams is left out", file=sys.stderr)
            continue
        measured = measure(shell, brokers, scale=scale)
        found.append(measured)
        line = {
            "shell": measured.name,
            "events": measured.events,
            "events_per_second": round(measured.events_per_second),
            "cpu_micros_per_event": round(measured.cpu_micros_per_event, 1),
            "complete": measured.is_complete,
        }
        print(json.dumps(line), flush=True)
    print(json.dumps(report(found)), flush=True)
