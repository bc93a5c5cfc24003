"""A real `bothways serve` on loopback, and what talks to it."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.integration.command_line import ROOT, Bothways

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
SECONDS: Final = 60.0
READY: Final = re.compile(r'"port": (\d+), "event": "http_ready"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem, which has the form of all problems."""
        assert "application/problem+json" == self.headers["content-type"], self
        told = self.json
        assert {"type", "title", "status", "code"} <= told.keys()
        assert told["status"] == self.status
        assert told["type"].startswith("urn:bothways:problem:")
        return str(told["code"])


@dataclass(slots=True, kw_only=True)
class Serving:
    """A service that answers."""

    process: "subprocess.Popen[str]"
    port: int
    bothways: Bothways
    token: str | None = None

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answered:
        """Ask; the names of headers are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            named.setdefault("authorization", f"Bearer {self.token}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, named)
            got = connection.getresponse()
            return Answered(status=got.status, headers={name.lower(): value for name, value in got.getheaders()}, body=got.read())
        finally:
            connection.close()

    def send(self, *lines: str) -> Answered:
        """Send events: one as itself, several as a batch."""
        if len(lines) == 1:
            return self("POST", "/v1/events", lines[0].encode(), content_type=STRUCTURED)
        return self("POST", "/v1/events", f"[{','.join(lines)}]".encode(), content_type=BATCH)

    def raw(self, *pieces: bytes, ends: bool = False) -> Answered:
        """Send bytes as they are, as long as nothing has come back, then return the first answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            for piece in pieces:
                if select.select([connection], [], [], 0)[0]:
                    break
                connection.sendall(piece)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            return answer_on(connection)

    def is_alive(self) -> bool:
        """Whether the process runs and its loop turns."""
        return self.process.poll() is None and self("GET", "/healthz").status == 200

    def peak_kib(self) -> int:
        """The most memory that the process ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1])


def answer_on(connection: socket.socket) -> Answered:
    """Read one answer from a connection."""
    got = http.client.HTTPResponse(connection)
    got.begin()
    return Answered(status=got.status, headers={name.lower(): value for name, value in got.getheaders()}, body=got.read())


@contextmanager
def serving(bothways: Bothways, *arguments: str, token: str | None = None, **environment: str) -> Iterator[Serving]:
    """Start a service; it is stopped when this is left, and ends with 0 unless it was killed."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")}
    argv = bothways.argv("serve", "--port", "0", *arguments)
    log = bothways.data.with_suffix(".log")
    with log.open("w") as stderr, subprocess.Popen(argv, cwd=ROOT, env=plain | environment, stderr=stderr, text=True) as process:
        try:
            port = _port(log, process)
            service = Serving(process=process, port=port, bothways=bothways, token=token)
            while service("GET", "/readyz").status != 200:
                assert process.poll() is None, log.read_text()
            yield service
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(SECONDS)
        assert code in {0, -signal.SIGKILL}, log.read_text()


def _port(log: Path, process: "subprocess.Popen[str]") -> int:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        found = READY.search(log.read_text())
        if found is not None:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(log.read_text())
