"""A command: its arguments, and what it does with an engine.

Whoever gives one doesn't know where it is done. Without a service the command line opens the directory and does it there; beside a service
it goes through the socket, and is done between two inputs, undisturbed, by the clock. The answer is plain JSON in either case and is given
after the commit.
"""

from typing import Any, ClassVar

import msgspec

from engine.core.effects import StageName
from engine.errors import Refused
from engine.programme.rounds.programme import Programme, ProgrammeStatus
from engine.programme.tables import PROGRAMMES
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.reading.look import State


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of one command. Abstract."""

    NAME: ClassVar[str]
    """As it stands in an address."""

    def run(self, engine: EmbeddedEngine) -> dict[str, Any]:
        """Do it. Returns the answer, which is true once the engine has committed.

        Raises:
            Refused: it can't be done; what it says is for whoever gave the command.
        """
        raise NotImplementedError


def running_programme(state: State, programme_id: str) -> Programme:
    """Return a programme that takes commands.

    Raises:
        Refused: there is none of that id, or it is paused or closed.
    """
    found = state.row(StageName.PROGRAMMES, PROGRAMMES, programme_id)
    if found is None:
        raise Refused(f"there is no programme {programme_id}")
    if found.status is not ProgrammeStatus.RUNNING:
        raise Refused(f"the programme {programme_id} is {found.status}; only a running one can do this")
    return found
