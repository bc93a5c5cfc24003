"""The errors that stop the engine or make it wait; each class says what the runtime does next.

Business refusals and bad records are values, not errors: they end in an event or on a dead-letter topic. What is raised here
concerns the machinery. The split has two branches, because a runtime has two answers:

    EngineError
    ├── TransientError      back off, do not advance, try again
    │   ├── StoreUnavailable
    │   └── BrokerUnavailable
    └── FatalError          stop before anything in doubt is emitted; a person acts, then restarts
        ├── InvalidSettings, InvalidTopology            found at start
        ├── StoreInUse, StoreFailed, NewerData, CorruptState
        ├── NonDeterministicReplay, IdentityConflict    a defect of ours
        └── DeadLetterLimitReached

An error holds its facts as attributes and builds its message from them. A message is one line, tells the operator what to do,
and never holds a person's data.
"""

from typing import ClassVar


class EngineError(Exception):
    """Anything the engine raises on purpose. Abstract: raise a leaf."""

    template: ClassVar[str] = ""
    """The message, with the names of the facts in braces; a class without one can't be raised."""

    def __init__(self, **facts: object) -> None:
        """Keep the facts and build the message from them."""
        assert self.template, f"{type(self).__name__} is abstract: raise one of its subclasses"
        self.facts = facts
        super().__init__(" ".join(self.template.format_map(facts).split()))

    def __getattr__(self, name: str) -> object:
        """Read a fact as an attribute."""
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)


class TransientError(EngineError):
    """May pass by itself: the runtime backs off and tries the same record again; the position does not move."""


class StoreUnavailable(TransientError):
    """The store can't be reached for now. The runtime backs off and reads the same position again."""

    template = "The store at {path} can't be reached ({reason}). The engine waits and tries again; nothing is lost."


class BrokerUnavailable(TransientError):
    """The broker can't be reached for now. The worker drops the open transaction, backs off and rewinds to what was committed."""

    template = "The broker {broker} can't be reached ({reason}). The worker waits and tries again; check the broker and its address."


class FatalError(EngineError):
    """Does not pass by itself: the process stops, non-zero, before it emits anything in doubt."""


class InvalidSettings(FatalError):
    """A deployment setting is unknown or unusable. The process stops before it opens anything."""

    template = "{name}: {reason}. Correct or unset it, then start again."


class InvalidTopology(FatalError):
    """The declaration of stages, tables and topics contradicts itself. The process stops before it reads a record."""

    template = "The topology is invalid: {reason}. This is a defect of this version; install another one."


class StoreInUse(FatalError):
    """Another process owns the data directory. This one stops at once; the other is not disturbed."""

    template = "The data directory {path} is in use by another process. Stop that one, or name another directory with --data."


class StoreFailed(FatalError):
    """The store reported an I/O error or a full disk. The process stops without trying again; a restart recovers from the log."""

    template = "Writing to {path} failed ({reason}). Make room or repair the disk, then start again: what was acknowledged is kept."


class NewerData(FatalError):
    """The data directory was written by a newer version. The process stops without touching it."""

    template = "{path} holds data of format {found}, this version reads up to {supported}. Install the newer version."


class CorruptState(FatalError):
    """Stored bytes are not what was written. The process stops; no row is read past the damage."""

    template = "{path} is damaged ({reason}). Restore the last backup into an empty directory and ingest what came after it."


class NonDeterministicReplay(FatalError):
    """The same log gave other bytes. The process stops; the state in use is the one that was committed."""

    template = "Replaying {path} differs from what was stored at {where}. Keep a copy of the directory and report it with this line."


class IdentityConflict(FatalError):
    """One output id came up with two bodies. The process stops before the second one is visible."""

    template = "The id {output_id} on {topic} came up with a second body. Keep a copy of the data directory and report it with this line."


class DeadLetterLimitReached(FatalError):
    """More records were refused than the limit allows. The process stops, so that a broken producer is noticed; nothing is dropped."""

    template = "{count} records were refused on {topic}, the limit is {limit}. See `bothways dead-letters list`, mend the producer, restart."
