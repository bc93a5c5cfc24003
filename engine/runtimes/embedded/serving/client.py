"""A client of the service that owns a data directory. What it was answered is durable."""

import socket
import time
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from engine.errors import Refused, ServiceBusy, ServiceStopped
from engine.runtimes.embedded.lines import Line
from engine.runtimes.embedded.serving.address import connected
from engine.runtimes.embedded.serving.messages import BUSY, COMMANDS_ADDRESS, LINES_ADDRESS, STOPPED, GivenLines, LinesTaken, Trouble

TRIES_MAX: Final = 60
"""How often a request is sent again that the service had no room for."""
AGAIN_SECONDS: Final = 0.5


class ServiceClient:
    """One connection to a service. A context manager."""

    def __init__(self, link: socket.socket) -> None:
        """Take over a connection."""
        self._connection = _Connection(link)

    @classmethod
    def of(cls, data_dir: Path) -> "ServiceClient | None":
        """Connect to the service of a directory. Returns None where none runs."""
        link = connected(data_dir)
        return None if link is None else cls(link)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    def command(self, name: str, arguments: object) -> Any:
        """Have a command done. Returns its answer.

        Raises:
            Refused: the service says why. ServiceBusy: it had no room for it. ServiceStopped: what became of it is unknown.
        """
        return msgspec.json.decode(self._asked(COMMANDS_ADDRESS + name, msgspec.json.encode(arguments)))

    def lines(self, lines: Sequence[Line], *, emit_from: datetime | None = None) -> LinesTaken:
        """Have lines taken. Returns what became of them.

        Raises:
            Refused, ServiceBusy, ServiceStopped: as `command`.
        """
        body = msgspec.json.encode(GivenLines(lines=tuple(lines), emit_from=emit_from))
        return msgspec.json.decode(self._asked(LINES_ADDRESS, body), type=LinesTaken)

    def _asked(self, address: str, body: bytes) -> bytes:
        for _ in range(TRIES_MAX):
            status, answer = self._sent(address, body)
            if status != BUSY:
                break
            time.sleep(AGAIN_SECONDS)
        if status == HTTPStatus.OK:
            return answer
        if status == BUSY:
            raise ServiceBusy
        if status == STOPPED:
            raise ServiceStopped
        raise Refused(msgspec.json.decode(answer, type=Trouble).message)

    def _sent(self, address: str, body: bytes) -> tuple[int, bytes]:
        try:
            self._connection.request("POST", address, body, {"content-type": "application/json"})
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, HTTPException) as error:
            raise ServiceStopped from error


class _Connection(HTTPConnection):
    def __init__(self, link: socket.socket) -> None:
        super().__init__("localhost")
        self.sock = link

    def connect(self) -> None:
        """Refuse to: the connection is the one that was handed over."""
        raise ConnectionError("the service has closed the connection")
