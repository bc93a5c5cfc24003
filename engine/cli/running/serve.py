"""`bothways serve`: the engine in wall time, following a file or standard input."""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine.cli.exits import Misused, Refused
from engine.cli.options import DEFAULTS, Options, collect_from_here
from engine.cli.running.http import NO_HTTP, HttpOptions, listening_in
from engine.cli.running.ingest import STANDARD_INPUT

if TYPE_CHECKING:
    from engine.runtimes.embedded.following import Follower
    from engine.runtimes.embedded.observation import ObservedEngine
    from engine.runtimes.embedded.service import Service
    from engine.runtimes.embedded.serving.server import SocketServer, Work
    from engine.telemetry import MetricsServer, Telemetry


def serve(
    file: Annotated[str | None, Parameter(name="FILE", allow_leading_hyphen=True)] = None,
    /,
    *,
    metrics_port: Annotated[int | None, Parameter(help="Answer /metrics on this port of 127.0.0.1.")] = None,
    http: HttpOptions = NO_HTTP,
    options: Options = DEFAULTS,
) -> None:
    """Run the engine by the clock until SIGTERM or Ctrl-C: take events as they come, fire timers when they are due.

    A file is followed by its name, as `tail -F` does, and read from its beginning at every start; what is known already changes nothing.

    Args:
        file: events to follow, one JSON object per line; `-` is standard input. Without it only time passes.
    """
    feed = _feed(file)
    from engine.core.cascade import TimeMode
    from engine.observation import Observer
    from engine.runtimes.embedded.observation import ObservedEngine
    from engine.runtimes.embedded.service import Service
    from engine.telemetry import Telemetry, configure_logging
    from engine.topology import build

    settings, topology = options.settings(), build()
    configure_logging(settings.log_level, settings.log_format)
    telemetry = Telemetry(topology)
    with ExitStack() as stack:
        engine = stack.enter_context(ObservedEngine(options.directory(), settings, topology=topology, mode=TimeMode.WALL, is_served=True))
        web = listening_in(stack, http, options.directory(), settings)
        if metrics_port is not None:
            stack.enter_context(_metrics_server(telemetry, metrics_port))
        collect_from_here()
        service = Service(engine, Observer(telemetry), settings)
        if web is not None:
            web.start(service, telemetry)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: service.stop())
        stack.enter_context(_socket_server(engine, service))
        if feed is not None:
            service.follow(feed)
        try:
            service.run()
        except OSError as error:
            raise Refused(f"{file} can't be read any more: {error.strerror or error}; what came before it is kept") from error


def _socket_server(engine: "ObservedEngine", service: "Service") -> "SocketServer":
    from functools import partial

    from engine.commands.known import answer_of, read_command
    from engine.runtimes.embedded.serving.server import SocketServer

    def work_of(name: str, arguments: bytes) -> "Work | None":
        command = read_command(name, arguments)
        return None if command is None else partial(answer_of, command)

    assert engine.listener is not None, "a service has its socket"
    return SocketServer(engine.listener, service, work_of)


def _feed(file: str | None) -> "Follower | None":
    from engine.runtimes.embedded.following import FollowedFile, Stream

    if file is None:
        return None
    if file == STANDARD_INPUT:
        return Stream(sys.stdin.fileno())
    if file.startswith("-"):
        raise Misused(f"Unknown option: {file}. See `bothways serve --help`.")
    if Path(file).is_dir():
        raise Refused(f"{file} is a directory; name a file or - for standard input")
    return FollowedFile(Path(file))


def _metrics_server(telemetry: "Telemetry", port: int) -> "MetricsServer":
    try:
        return telemetry.serve_metrics(port)
    except (OSError, OverflowError) as error:
        raise Refused(f"--metrics-port {port} can't be used: {getattr(error, 'strerror', None) or error}") from error
