"""The Kafka commands as a user types them."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from engine.runtimes.kafka.settings import KafkaSettings
from tests.builders import hired
from tests.contract.runtimes import SALT, line

pytestmark = pytest.mark.integration

ROOT: Final = Path(__file__).parent.parent.parent.parent
FAILS_WITHIN_SECONDS: Final = 15.0


def bothways(settings: KafkaSettings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one command."""
    from ops.kafka.chaos import environment_of

    own = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")}
    environment = own | environment_of(settings, SALT)
    command = [sys.executable, "-m", "engine.cli.running.kafka", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_published_file_can_be_read_back(settings: KafkaSettings, tmp_path: Path) -> None:
    """Events go to the topic of their type in binary mode and come back as structured; an unreadable line goes to dlq.ingest (exit 3)."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join((line(hired("ann", "2025-01-06T09:00:00Z")), b"", b"{nonsense")) + b"\n")

    made = bothways(settings, "topics", "create")
    checked = bothways(settings, "topics", "check")
    published = bothways(settings, "publish", str(file), "--json")
    events = bothways(settings, "tail", "hr.people.v1")
    letters = bothways(settings, "tail", "dlq.ingest")

    assert (0, 0, 3) == (made.returncode, checked.returncode, published.returncode), published.stderr
    assert {"published": 1, "dead_lettered": 1} == json.loads(published.stdout)
    assert "ann" == json.loads(events.stdout)["data"]["person_id"]
    assert "malformed" == json.loads(letters.stdout)["headers"]["x-error-code"]


def test_plan_needs_no_broker(settings: KafkaSettings) -> None:
    """What has to be made and allowed can be printed anywhere; no worker may write to an input topic."""
    nowhere = settings.model_copy(update={"brokers": "127.0.0.1:1"})

    planned = bothways(nowhere, "topics", "plan", "--json")
    acls = bothways(nowhere, "topics", "plan", "--acls", "--json")

    topics = [json.loads(row) for row in planned.stdout.splitlines()]
    rights = {row["name"]: row["operations"] for row in map(json.loads, acls.stdout.splitlines())}
    assert {settings.partitions, 1} == {topic["partitions"] for topic in topics}
    assert ["Read", "Describe", "DescribeConfigs"] == rights[f"{settings.prefix}hr.people.v1"]


def test_tail_of_an_unknown_topic_is_one_line(settings: KafkaSettings) -> None:
    """A misspelt topic is said in one line."""
    done = bothways(settings, "tail", "nothing.v1")

    assert 1 == done.returncode
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr


@pytest.mark.parametrize("security", ["plaintext", "ssl"])
def test_port_on_which_nobody_speaks_kafka_is_one_line(settings: KafkaSettings, security: str) -> None:
    """A port that takes connections and says nothing, with TLS or without, is given up within 15 seconds and said in one line."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        wrong = settings.model_copy(update={"brokers": f"127.0.0.1:{port}", "security": security})
        began_at = time.monotonic()
        done = bothways(wrong, "topics", "check")
        seconds = time.monotonic() - began_at

    assert 1 == done.returncode
    assert done.stderr.startswith(f"The broker 127.0.0.1:{port} can't be reached")
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr
    assert seconds < FAILS_WITHIN_SECONDS


def test_metrics_port_that_is_taken_is_one_line(made: KafkaSettings) -> None:
    """A worker that can't answer /metrics where it should says so before it joins the group."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = bothways(made, "worker", "--metrics-port", str(port))

    assert 1 == done.returncode
    assert done.stderr.startswith(f"--metrics-port: 127.0.0.1:{port} can't be used (Address already in use)")
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr
