"""The server: one thread with a loop of its own, beside the engine's.

It listens before anything else begins, so an address that is taken is found at once, and stops after the engine has answered what it took.
Off loopback it needs tokens, and TLS or a proxy that is declared.

Source: docs/http.md, Where it listens.
"""

import ipaddress
import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self

import structlog
import uvicorn
from anyio import CapacityLimiter

from engine.errors import Refused
from engine.runtimes.embedded.service import Service
from engine.telemetry import Telemetry
from engine.web.answering.arrivals import Arrivals
from engine.web.app import application
from engine.web.backend import READERS_MAX, Backend
from engine.web.guarding.protocol import HEAD_BYTES_MAX, GuardedProtocol
from engine.web.guarding.rates import Rates
from engine.web.guarding.tokens import TokenFile

KEEP_ALIVE_SECONDS: Final = 15
STOP_SECONDS: Final = 3
BACKLOG: Final = 128
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, and what protects it there."""

    host: str = "127.0.0.1"
    port: int = 8321
    tls_cert: Path | None = None
    tls_key: Path | None = None
    is_behind_proxy: bool = False
    requests_per_second: float = 500.0


class WebServer:
    """HTTP of one service. A context manager: it answers as long as it is open."""

    def __init__(self, listening: Listening, data_dir: Path) -> None:
        """Take the address.

        Raises:
            Refused: it can't be had, or not without protection.
        """
        self._listening = listening
        self._data_dir = data_dir
        self._tokens = TokenFile(data_dir)
        self._is_loopback_only = is_loopback(listening.host) and not listening.is_behind_proxy
        check_protection(listening, self._tokens)
        self._socket = _bound(listening)
        self.port: int = self._socket.getsockname()[1]
        """The port; drawn by the system where 0 was asked for."""
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    def start(self, service: Service, telemetry: Telemetry) -> None:
        """Begin to answer. If the server ends by itself, the service is told to stop, too."""
        readers = CapacityLimiter(READERS_MAX)
        backend = Backend(
            service=service,
            data_dir=self._data_dir,
            telemetry=telemetry,
            readers=readers,
            arrivals=Arrivals(self._data_dir, readers),
        )
        app = application(
            backend, tokens=self._tokens, rates=Rates(self._listening.requests_per_second), is_loopback_only=self._is_loopback_only
        )
        _quieten()
        server = self._server = uvicorn.Server(self._config(app))

        def run() -> None:
            try:
                server.run(sockets=[self._socket])
            finally:
                if not service.is_stopping:
                    service.stop()

        self._thread = Thread(target=run, name="http", daemon=True)
        self._thread.start()
        _log.info("http_ready", host=self._listening.host, port=self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_SECONDS + 2)
        self._socket.close()

    def _config(self, app: object) -> uvicorn.Config:
        return uvicorn.Config(
            app,  # type: ignore[arg-type]
            http=GuardedProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_certfile=self._listening.tls_cert,
            ssl_keyfile=self._listening.tls_key,
        )


def check_protection(listening: Listening, tokens: TokenFile) -> None:
    """Refuse an address that anybody could reach.

    Raises:
        Refused: something is missing; the message says what.
    """
    if (listening.tls_cert is None) != (listening.tls_key is None):
        raise Refused("--tls-cert and --tls-key go together")
    if is_loopback(listening.host) and not listening.is_behind_proxy:
        return
    where = "--behind-proxy" if listening.is_behind_proxy else f"--host {listening.host}"
    if not tokens.is_in_use():
        raise Refused(f"{where} needs a token; make one with `bothways token create --role ingest`")
    if listening.tls_cert is None and not listening.is_behind_proxy:
        raise Refused(f"{where} needs --tls-cert and --tls-key, or --behind-proxy where a proxy in front of it does TLS")


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bound(listening: Listening) -> socket.socket:
    where = f"--host {listening.host} --port {listening.port}"
    try:
        if listening.tls_cert is not None and listening.tls_key is not None:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(listening.tls_cert, listening.tls_key)
        family, kind, protocol, _, address = socket.getaddrinfo(listening.host, listening.port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise Refused(f"{where} can't be used: {getattr(error, 'strerror', None) or error}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        bound.close()
        raise Refused(f"{where} can't be used: {getattr(error, 'strerror', None) or error}") from error
    return bound


class _ToStructlog(logging.Handler):
    """Hands on that something went wrong, by its name alone: uvicorn's own text may quote a request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line."""
        if record.exc_info:
            _log.error("http_failed", exc_info=record.exc_info[1])


def _quieten() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers = [_ToStructlog(logging.ERROR)]
    logger.propagate = False
