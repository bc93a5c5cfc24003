"""One KRaft broker on loopback: format a directory, start, wait, stop, kill, start again.

Single node, so replication is one everywhere; the settings below are the smallest that make transactions, groups and compaction behave
as they do in a cluster.
"""

import os
import signal
import socket
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final

from ops.kafka.jars import jars

HOST: Final = "127.0.0.1"
START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 20.0

SETTINGS: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
unclean.leader.election.enable=false
"""


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """A broker in a directory of its own. The object owns the process that it started, and no other."""

    def __init__(self, directory: Path, *, port: int | None = None, heap: str = "512m") -> None:
        self.directory = directory
        self.port = port or free_port()
        self._controller_port = free_port()
        self._heap = heap
        self._process: subprocess.Popen[bytes] | None = None
        self._libs = jars() / "libs"

    @property
    def address(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Format the directory the first time, start, and return once the port answers.

        Raises:
            RuntimeError: it ended or did not answer in time; the message names its log.
        """
        properties = self.directory / "server.properties"
        data = self.directory / "data"
        if not properties.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            properties.write_text(self._settings().format(host=HOST, port=self.port, controller_port=self._controller_port, data=data))
            properties.chmod(0o600)
            cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            # The id in one word with its option: it may begin with a dash.
            arguments = ("format", f"--cluster-id={cluster_id}", "-c", str(properties), *self._format_arguments())
            if self._java("kafka.tools.StorageTool", *arguments).wait(START_SECONDS_MAX) != 0:
                raise RuntimeError(f"the broker's directory could not be formatted; see {self.directory / 'broker.log'}")
        self._process = self._java("kafka.Kafka", str(properties))
        self._wait()

    def _settings(self) -> str:
        """Return what stands in its settings file, with places for host, ports and data."""
        return SETTINGS

    def _format_arguments(self) -> tuple[str, ...]:
        """Return what the storage tool is told besides."""
        return ()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _java(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.directory / "broker.log").open("ab") as log:
            return subprocess.Popen(
                ["java", f"-Xmx{self._heap}", "-Xms128m", "-XX:+UseSerialGC", "-cp", f"{self._libs}/*", main, *arguments],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the broker did not start; see {self.directory / 'broker.log'}")


def is_alive(pid: int) -> bool:
    """Say whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
