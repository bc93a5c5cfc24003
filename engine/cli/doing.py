"""How a command that changes something is carried out: by the service of the directory where one runs, else by this process."""

from typing import TYPE_CHECKING, Any

from engine.cli.options import Options, opened

if TYPE_CHECKING:
    from engine.commands.command import Command
    from engine.runtimes.embedded.serving.client import ServiceClient


def carried_out(options: Options, command: "Command") -> Any:
    """Have a command done. Returns its answer, which is durable.

    Raises:
        Refused: it can't be done, or there is no data. EngineError: somebody else who is no service has the data, or it can't be used.
    """
    service = service_of(options)
    if service is not None:
        with service:
            return service.command(command.NAME, command)
    from engine.commands.known import answer_of

    with opened(options) as engine:
        return answer_of(command, engine)


def service_of(options: Options) -> "ServiceClient | None":
    """Connect to the service that owns the data directory. Returns None where none runs."""
    from engine.runtimes.embedded.serving.address import SOCKET_NAME

    directory = options.directory()
    if not (directory / SOCKET_NAME).exists():
        return None
    from engine.runtimes.embedded.serving.client import ServiceClient

    return ServiceClient.of(directory)


def is_served(options: Options) -> bool:
    """Say whether a service owns the data directory."""
    service = service_of(options)
    if service is None:
        return False
    with service:
        return True
