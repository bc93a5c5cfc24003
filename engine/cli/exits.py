"""How a command ends: its exit code, and the two errors that end it early with one line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees."""

    DONE = 0
    REFUSED = 1
    """Refused or failed; standard error says why."""
    USAGE = 2
    DEAD_LETTERED = 3
    """Finished, but some input was dead-lettered, or some command refused."""
    INTERRUPTED = 130


class Refused(Exception):
    """The command can't be carried out; the message is one line that says what to do."""


class Misused(Exception):
    """The command was given wrongly; the message is one line."""
