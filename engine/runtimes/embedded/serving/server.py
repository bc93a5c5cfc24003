"""The service's side of the socket: a thread for each connection, and the loop of the service behind them.

Whoever comes in is a user of this machine who may read the data directory anyway; so there are no tokens, and limits hold against
mistakes. A client that goes away leaves what it asked for in the queue: it is done, and known when it is asked again.
"""

import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Lock, Thread, current_thread
from typing import Any, Final, Self

import msgspec

from engine.errors import EngineError, Refused, ServiceBusy, ServiceStopped
from engine.runtimes.embedded.observation import ObservedEngine
from engine.runtimes.embedded.service import Service
from engine.runtimes.embedded.serving.messages import (
    BODY_BYTES_MAX,
    BUSY,
    COMMANDS_ADDRESS,
    LINES_ADDRESS,
    STOPPED,
    GivenLines,
    LinesTaken,
    TakenLine,
    Trouble,
)

POLL_SECONDS: Final = 0.1
CLOSING_SECONDS: Final = 2.0
"""How long answers that are ready may take to go out, once the service has stopped."""

Work = Callable[[ObservedEngine], Any]
CommandReader = Callable[[str, bytes], Work | None]
"""Name and arguments → the work; None where there is no such command. Raises `Refused` where the arguments are wrong."""


class SocketServer:
    """Answers on a listening socket, from threads of its own. A context manager; leaving it lets the last answers go out."""

    def __init__(self, listener: socket.socket, service: Service, read_command: CommandReader) -> None:
        self._server = _Server(listener, service, read_command)
        self._thread = Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), name="socket", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        for answering in self._server.answering():
            answering.join(CLOSING_SECONDS)


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, service: Service, read_command: CommandReader) -> None:
        super().__init__("", _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.service = service
        self.read_command = read_command
        self._lock = Lock()
        self._answering: set[Thread] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Drop a connection that broke; the other end knows."""

    def answering(self) -> list[Thread]:
        """Return the threads that have a request in hand."""
        with self._lock:
            return list(self._answering)

    def is_answering(self, thread: Thread, *, begins: bool) -> None:
        """Note that a thread has a request in hand, or has it no more."""
        with self._lock:
            (self._answering.add if begins else self._answering.discard)(thread)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take a request of any kind."""
        self.server.is_answering(current_thread(), begins=True)
        try:
            status, answer = self._answer()
            body = msgspec.json.encode(answer)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if status is BUSY:
                self.send_header("retry-after", "1")
            self.end_headers()
            self.wfile.write(body)
        finally:
            self.server.is_answering(current_thread(), begins=False)

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses and arguments are in no log."""

    def _answer(self) -> tuple[HTTPStatus, Any]:
        length = int(self.headers.get("content-length") or 0)
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Trouble(message=f"a request may have {BODY_BYTES_MAX:,} bytes")
        body = self.rfile.read(length)
        try:
            if self.path == LINES_ADDRESS:
                return HTTPStatus.OK, self._lines(body)
            work = self.server.read_command(self.path.removeprefix(COMMANDS_ADDRESS), body)
            if work is None:
                return HTTPStatus.NOT_FOUND, Trouble(message=f"the service knows no {self.path}; is it another version?")
            return HTTPStatus.OK, self.server.service.call(work).result()
        except (Refused, msgspec.MsgspecError) as refused:
            return HTTPStatus.UNPROCESSABLE_ENTITY, Trouble(message=str(refused))
        except ServiceBusy as busy:
            return BUSY, Trouble(message=str(busy))
        except ServiceStopped as stopped:
            return STOPPED, Trouble(message=str(stopped))
        except EngineError as failed:
            return HTTPStatus.INTERNAL_SERVER_ERROR, Trouble(message=str(failed))

    def _lines(self, body: bytes) -> LinesTaken:
        given = msgspec.json.decode(body, type=GivenLines)
        service, emit_from = self.server.service, given.emit_from
        if emit_from is not None:
            service.call(lambda engine: engine.bound_emission(emit_from)).result()
        answers = service.submit(given.lines).result()
        taken = tuple(TakenLine(outcome=answer.outcome, code=answer.code, refusal=answer.refusal) for answer in answers)
        return LinesTaken(lines=taken, at=service.last_at)
