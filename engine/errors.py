"""The errors that stop the engine or make it wait; each class says what the runtime does next.

Business refusals and bad records are values, not errors: they end in an event or on a dead-letter topic. What is raised here
concerns the machinery. The tree has two branches, because a runtime has two answers:

    EngineError
    ├── TransientError      back off, do not advance, try again
    │   ├── BrokerUnavailable
    │   └── ServiceBusy, ServiceStopped       about the service that owns the data
    └── FatalError          stop before anything in doubt is emitted; a person acts, then restarts
        ├── InvalidSettings, InvalidTopology                      found at start
        ├── StoreInUse, StoreUnusable, StoreFailed, NewerData, OtherRules, CorruptState   about the data directory
        └── IdentityConflict                                      a defect of the engine

Beside the tree stands `Refused`: a command that somebody gave can't be carried out. Nothing is wrong with the machinery.

An error holds its facts as attributes and builds its message from them. A message is one line, tells the operator what to do,
and never holds a person's data.
"""

from dataclasses import dataclass
from typing import ClassVar


class Refused(Exception):
    """A command can't be carried out; the message is one line that says what to do. Whoever gave it is told, and nothing stops."""


@dataclass(kw_only=True, eq=False)
class EngineError(Exception):
    """Anything the engine raises on purpose. Abstract: raise a leaf."""

    template: ClassVar[str] = ""
    """The message, with the names of the facts in braces; a class without one can't be raised."""

    def __post_init__(self) -> None:
        """Refuse to be built from a class that says nothing."""
        assert self.template, f"{type(self).__name__} is abstract"

    def __str__(self) -> str:
        """Build the message from the facts: one line, whatever they hold."""
        return " ".join(self.template.format_map(vars(self)).split())


@dataclass(kw_only=True, eq=False)
class TransientError(EngineError):
    """May pass by itself: the runtime backs off and tries the same record again; the position does not move. Abstract."""


@dataclass(kw_only=True, eq=False)
class BrokerUnavailable(TransientError):
    """The broker can't be reached for now. The command stops before it has done anything; whoever started it backs off and tries again."""

    broker: str
    reason: str
    template: ClassVar[str] = (
        "The broker {broker} can't be reached ({reason}). Does it run there? See BOTHWAYS_KAFKA_BROKERS and BOTHWAYS_KAFKA_SECURITY."
    )


@dataclass(kw_only=True, eq=False)
class ServiceBusy(TransientError):
    """More waits for the writer than it holds. Nothing of this request was taken; whoever sent it backs off and sends it again."""

    template: ClassVar[str] = "The service has more to do than it can hold. Nothing of this was taken; try again in a moment."


@dataclass(kw_only=True, eq=False)
class ServiceStopped(TransientError):
    """The service ended before it answered. Whoever asked backs off and sends the same again: what was taken changes nothing twice."""

    template: ClassVar[str] = "The service has stopped before it answered; whether this was done is unknown. Try again when it runs."


@dataclass(kw_only=True, eq=False)
class FatalError(EngineError):
    """Does not pass by itself: the process stops, non-zero, before it emits anything in doubt. Abstract."""


@dataclass(kw_only=True, eq=False)
class InvalidSettings(FatalError):
    """A deployment setting is unknown or unusable. The process stops before it opens anything."""

    name: str
    reason: str
    template: ClassVar[str] = "{name}: {reason}. Correct or unset it, then start again."


@dataclass(kw_only=True, eq=False)
class InvalidTopology(FatalError):
    """The declaration of stages, tables and topics contradicts itself. The process stops before it reads a record."""

    reason: str
    template: ClassVar[str] = "The topology is invalid: {reason}. This is a defect of this version; install another one."


@dataclass(kw_only=True, eq=False)
class StoreInUse(FatalError):
    """Another process owns the data directory. This one stops at once; the other is not disturbed."""

    path: object
    template: ClassVar[str] = "The data directory {path} is in use by another process. Stop that one, or name another with --data."


@dataclass(kw_only=True, eq=False)
class StoreUnusable(FatalError):
    """There is no data directory of that name to be had, or not for this user. The process stops before it touches anything."""

    path: object
    reason: str
    template: ClassVar[str] = (
        "The data directory {path} can't be used ({reason}). Name one with --data that this user may make, read and write."
    )


@dataclass(kw_only=True, eq=False)
class StoreFailed(FatalError):
    """The store reported an I/O error or a full disk. The process stops without trying again; a restart recovers from the log."""

    path: object
    reason: str
    template: ClassVar[str] = (
        "Writing to {path} failed ({reason}). Make room or mend the disk, then start again: what was acknowledged is kept."
    )


@dataclass(kw_only=True, eq=False)
class NewerData(FatalError):
    """The data directory was written by a newer version. The process stops without touching it."""

    path: object
    found: int
    supported: int
    template: ClassVar[str] = "{path} holds data of format {found}; this version reads up to {supported}. Install the newer version."


@dataclass(kw_only=True, eq=False)
class OtherRules(FatalError):
    """The data directory was written by a version with other rules or rows. The process stops without touching it."""

    path: object
    found: str
    own: str
    template: ClassVar[str] = (
        "{path} was written by version {found} under other rules than this one's ({own}). "
        "Use the version that wrote it, or ingest the events again into an empty directory."
    )


@dataclass(kw_only=True, eq=False)
class CorruptState(FatalError):
    """Stored bytes are not what was written. The process stops; nothing is read past the damage."""

    path: object
    reason: str
    template: ClassVar[str] = (
        "{path} is damaged ({reason}). `bothways verify` lists the damage; restore the last backup into an empty directory "
        "and ingest what came after it."
    )


@dataclass(kw_only=True, eq=False)
class IdentityConflict(FatalError):
    """One output id came up with two bodies. The process stops before the second one is visible."""

    topic: str
    output_id: str
    template: ClassVar[str] = (
        "The id {output_id} on {topic} came up with a second body. Keep a copy of the data directory and report this line."
    )
