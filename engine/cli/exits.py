"""How a command ends: its exit code, and the two errors that end it early with one line."""

from enum import IntEnum

from engine.errors import Refused

__all__ = ["ExitCode", "Misused", "Refused"]


class ExitCode(IntEnum):
    """What the shell sees."""

    DONE = 0
    REFUSED = 1
    """Refused or failed; standard error says why."""
    USAGE = 2
    DEAD_LETTERED = 3
    """Finished, but some input was dead-lettered, or some command refused."""
    TRY_AGAIN = 75
    """Not done, or not known to be done; the same command may be given again."""
    INTERRUPTED = 130


class Misused(Exception):
    """The command was given wrongly; the message is one line."""
