"""Kafka commands: topics, the worker, publishing to the bus and reading from it.

Nothing of the `kafka` extra is imported before a command runs, so that every other command works without it.
"""

import gzip
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from engine.errors import EngineError, FatalError, InvalidSettings

if TYPE_CHECKING:
    from engine.runtimes.kafka.settings import KafkaSettings

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_DEAD_LETTERED: Final = 3

topics_app: Final = App(name="topics", help="Kafka topics: what the engine needs on a cluster.")
kafka_app: Final = App(name="kafka", help="The Kafka runtime.")


@dataclass(kw_only=True, eq=False)
class ExtraMissing(FatalError):
    """The Kafka libraries are not installed. The command stops."""

    template = "Kafka commands need more libraries: pip install 'bothways[kafka]', then try again."


def _settings() -> "KafkaSettings":
    """Read where the cluster is, after a look whether anything is there to reach it with."""
    if find_spec("aiokafka") is None or find_spec("kafka") is None:
        raise ExtraMissing
    for name in ("aiokafka", "kafka"):  # they tell of every retry and refusal; what matters is said in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    from engine.runtimes.kafka.settings import kafka_settings_from

    return kafka_settings_from(os.environ)


@topics_app.command(name="plan")
def topics_plan(*, acls: bool = False, json_output: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Print the topics as they should be; with --acls what a worker must be allowed. Asks no broker."""
    settings = _settings()
    from engine.runtimes.kafka.broker import rights, topics

    if acls:
        for acl in rights.acls(settings, topics.KAFKA_TOPICS):
            _print(
                {"resource": acl.resource, "name": acl.name, "pattern": acl.pattern, "operations": acl.operations},
                f"{acl.resource:<16}{acl.pattern:<10}{acl.name:<48}{', '.join(acl.operations)}",
                as_json=json_output,
            )
        return EXIT_DONE
    for topic in topics.plan(settings):
        config = " ".join(f"{name}={value}" for name, value in topic.config.items())
        _print(
            {"name": topic.name, "partitions": topic.partitions, "replication": topic.replication, "config": topic.config},
            f"{topic.name:<40}{topic.partitions:>4} x {topic.replication}  {config}",
            as_json=json_output,
        )
    return EXIT_DONE


@topics_app.command(name="create")
def topics_create() -> int:
    """Make the topics that are missing; touch nothing else."""
    settings = _settings()
    from engine.runtimes.kafka.broker import topics

    with topics.TopicAdmin(settings) as admin:
        made = admin.create()
    print("\n".join(made) if made else "nothing is missing")
    return EXIT_DONE


@topics_app.command(name="check")
def topics_check(*, json_output: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Say where the cluster differs from the plan. Exit 1 when it does."""
    settings = _settings()
    from engine.runtimes.kafka.broker import topics

    with topics.TopicAdmin(settings) as admin:
        found = list(admin.drift())
    for drift in found:
        line = f"{drift.topic} {drift.what}"
        _print({"topic": drift.topic, "what": drift.what, "is_fatal": drift.is_fatal}, line, as_json=json_output)
    if not found and not json_output:
        print("every topic is as planned")
    return EXIT_FAILED if found else EXIT_DONE


@kafka_app.command
def worker(*, shell: Literal["faust", "thin"] = "faust", metrics_port: int | None = None, metrics_host: str = "127.0.0.1") -> int:
    """Run one worker of the group until told to stop. Exit 70: in doubt, start it again.

    Args:
        shell: `faust`, or `thin` for a plain consumer around the same unit of work.
        metrics_port: answer /metrics there.
        metrics_host: where to listen for that; another address than loopback is for a network that nobody else reaches.
    """
    kafka = _settings()
    from engine.runtimes.kafka import worker as kafka_worker
    from engine.settings import settings_from
    from engine.telemetry import Telemetry, configure_logging
    from engine.topology import build

    settings = settings_from(os.environ)
    configure_logging(settings.log_level, settings.log_format)
    telemetry = Telemetry(build()) if metrics_port is not None else None
    installation = kafka_worker.prepared(settings, kafka, telemetry=telemetry)
    if telemetry is None or metrics_port is None:
        kafka_worker.run_worker(installation, kafka_worker.Shell(shell))
        return EXIT_DONE
    try:
        server = telemetry.serve_metrics(metrics_port, metrics_host)
    except (OSError, OverflowError) as error:
        reason = f"{metrics_host}:{metrics_port} can't be used ({getattr(error, 'strerror', None) or error})"
        raise InvalidSettings(name="--metrics-port", reason=reason) from error
    with server:
        kafka_worker.run_worker(installation, kafka_worker.Shell(shell))
    return EXIT_DONE


@kafka_app.command
def publish(
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    emit_from: datetime | None = None,
    json_output: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Append a file's events to the bus, each to the topic of its type. Exit 3: some lines went to dlq.ingest.

    Args:
        file: JSONL of structured CloudEvents, `.gz` too; `-` reads standard input.
        emit_from: for a history: nudges of an earlier instant (UTC) are recorded as suppressed, not sent.
    """
    settings = _settings()
    from engine.runtimes.kafka.publisher import publish_lines

    with _lines(file) as lines:
        bound = None if emit_from is None else emit_from.replace(tzinfo=emit_from.tzinfo or UTC)
        done = publish_lines(settings, lines, emit_from=bound)
    facts = {"published": done.published, "dead_lettered": done.dead_lettered}
    _print(facts, f"{done.published} published, {done.dead_lettered} dead-lettered", as_json=json_output)
    return EXIT_DEAD_LETTERED if done.dead_lettered else EXIT_DONE


def tail_topic(topic: str, *, start: int = 0, is_followed: bool = False) -> None:
    """Print a topic of the bus as JSONL; what `bothways tail --kafka` does."""
    settings = _settings()
    from engine.runtimes.kafka.tailing import tail_topic

    for line in tail_topic(settings, topic, start=start, is_followed=is_followed):
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


@kafka_app.command(name="tail")
def _tail(topic: str, /, *, start: Annotated[int, Parameter(name="--from")] = 0, follow: bool = False, kafka: bool = True) -> int:
    """Print a topic of the bus as JSONL."""
    del kafka
    tail_topic(topic, start=start, is_followed=follow)
    return EXIT_DONE


@contextmanager
def _lines(file: Path) -> Iterator[Iterable[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            yield lines
    except OSError as error:
        raise InvalidSettings(name=str(file), reason=f"can't be read ({error.strerror or error})") from error


def _print(facts: dict[str, Any], line: str, *, as_json: bool) -> None:
    print(json.dumps(facts) if as_json else line)


def main() -> int:
    """Run the Kafka commands alone; the whole command line has them too."""
    kafka_app.command(topics_app)
    try:
        return int(kafka_app(sys.argv[1:], result_action="return_value") or 0)
    except EngineError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
