"""All commands by name, and how one is read from JSON."""

from typing import Any, Final

import msgspec

from engine.commands.command import Command
from engine.commands.event import EventCommand
from engine.commands.invite import Invite
from engine.commands.redrive import Redrive
from engine.commands.round import Round
from engine.errors import Refused
from engine.runtimes.embedded.engine import EmbeddedEngine

COMMANDS: Final[dict[str, type[Command]]] = {kind.NAME: kind for kind in (EventCommand, Invite, Redrive, Round)}


def read_command(name: str, arguments: bytes) -> Command | None:
    """Read a command from its name and the JSON of its arguments. Returns None where there is no such command.

    Raises:
        Refused: the arguments are none of that command.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        return None
    try:
        return msgspec.json.decode(arguments, type=kind)
    except msgspec.MsgspecError as error:
        raise Refused(f"{name}: {error}") from error


def answer_of(command: Command, engine: EmbeddedEngine) -> Any:
    """Do a command. Returns its answer as plain JSON values, the same wherever it was done.

    Raises:
        Refused: as the command says.
    """
    return msgspec.to_builtins(command.run(engine))
