"""The vocabulary between the rules and whatever runs them.

A processor is a module of generator functions. Given a read view of the rows and one record, it yields effects; the step lays
each over the rows before the generator goes on, so a later `rows.get` sees an earlier `Put`. Nothing here does anything: an effect
is a value, and a runtime that persists the values of one step does so all at once or not at all.

Source: decision 0005 (effects as a stream).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, Protocol

from engine.core.identity import DerivedId
from engine.core.table import RowT, Table
from engine.programme.messages import Message
from schemas.base import OutputData
from schemas.envelope import Event
from schemas.frozen import Frozen, field
from schemas.terms.codes import ErrorCode, RefusalCode
from schemas.terms.ids import PersonId
from schemas.topics import Topic


class StageName(StrEnum):
    """The two keyed stages of the topology."""

    PEOPLE = "people"
    PROGRAMMES = "programmes"


class Rows(Protocol):
    """Rows that a processor may read: those of its stage, with this step's changes over them."""

    def get(self, table: Table[RowT], key: str) -> RowT | None:
        """Return the row, or None."""

    def scan(self, table: Table[RowT], prefix: str) -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) for keys that start with `prefix`, in key order."""


def existing(rows: Rows, table: Table[RowT], key: str) -> RowT:
    """Return a row that has to be there: nothing deletes it, or another row names it."""
    row = rows.get(table, key)
    assert row is not None, f"a row of {table}"
    return row


class RowsOfStep(Rows, Protocol):
    """Rows as a step sees them.

    A step can also draw lots and make names that nobody outside can make again.
    """

    source: str
    """What the installation calls itself; part of every id that is published."""

    def drawn_percent(self, subject: str) -> int:
        """Return a number from 0 to 99 for a subject: the same for ever, keyed with the salt."""

    def hidden_name(self, subject: str) -> str:
        """Return 16 hex characters that name a subject for ever, by a hash keyed with the salt."""


Headers = tuple[tuple[str, bytes | None], ...]
"""As they arrived: in order, duplicates and nulls included."""


class Origin(Frozen, kw_only=True):
    """An external record as it arrived, kept so that a refusal can return it byte for byte."""

    topic: str
    """The external topic it came on (or belongs to, when it came in a file)."""
    key: str | None = None
    value: bytes
    headers: Headers = ()
    position: int = 0
    partition: int = 0
    redrive_count: int = 0


class Record(Frozen, kw_only=True):
    """One thing that a stage handles: an event, a message from another key, a control message."""

    stage: StageName
    key: str
    id: str | DerivedId
    """Identity of the cause: ids of everything made from this record derive from it."""
    at: datetime
    """Engine time: the only clock that the core knows. UTC, whole seconds."""
    payload: Event | Message
    origin: Origin | None = None
    received_at: datetime | None = None

    @property
    def event(self) -> Event:
        """The external event, of a record that is one."""
        assert isinstance(self.payload, Event), "what a key tells another is no event"
        return self.payload

    @property
    def redrive_count(self) -> int:
        """How often an external record was sent again."""
        return self.origin.redrive_count if self.origin else 0


class Due(Frozen, kw_only=True):
    """A row whose timer is due."""

    key: str
    """As it is stored."""
    due_at: datetime
    """What the timer was set to."""
    at: datetime
    """Engine time, which may be later."""


class Put(Frozen, Generic[RowT]):
    """Write a row of this stage; its timer is `row.wake_at`."""

    table: Table[RowT]
    key: str
    row: RowT


class Delete(Frozen):
    """Remove a row and its timer; nothing happens where there is none."""

    table: Table[Any]
    key: str


class Send(Frozen):
    """A hop: a message to another key or stage, handled in the order sent, at the same `at`."""

    stage: StageName
    key: str
    message: Message
    carries_origin: bool = False
    """Pass the external record on, so that the receiver can still refuse it."""


class Emit(Frozen, kw_only=True):
    """Publish an event."""

    topic: Topic
    key: str
    data: OutputData | None
    """The body; None is a tombstone."""
    subjects: tuple[str, ...] = ()
    """What tells this output from others of the same type, key and cause."""
    expires_at: datetime | None = None
    is_traceable: bool = True
    """Whether the envelope names its cause.

    The name is a hash that the outputs of one cause share. A lapse never has one.
    """
    person_id: str | None = None
    """Audit only: the person whose hash of the day becomes key and `subject`."""
    actor_id: str | None = None
    """Audit only: who acted; the hash of the day becomes the `actor` of the body."""
    time: datetime | None = None
    """The time in the envelope, where the engine time would show whose act it follows."""


class Refuse(Frozen):
    """Send the external record behind this step to its dead-letter topic.

    A processor stops after it.
    """

    code: ErrorCode
    message: str
    may_pass: bool = False
    """Whether a later event can mend what is wrong, so that the refusal isn't remembered.

    For some codes that is always so.
    """


class Declined(Frozen):
    """The command behind this step is not carried out.

    Everything else that the step says counts as usual.
    """

    code: RefusalCode


class Repeated(Frozen):
    """The external record was handled before, though its mark is gone.

    A processor yields nothing before it, nor after.
    """


class Note(Frozen):
    """A figure for the metrics; no rule reads it."""

    metric: str
    value: float = 1.0
    labels: Mapping[str, str] = field(default_factory=dict)


class Forget(Frozen):
    """Somebody was erased: the runtime removes the id from all that it keeps beside the rows.

    That is the log, the outputs and the dead letters.
    """

    person_id: PersonId


class Ignore(Frozen):
    """Take no notice of an external record: no row, no mark, no line in the log.

    A processor yields nothing before it, nor after.
    """


Effect = Put[Any] | Delete | Send | Emit | Refuse | Declined | Repeated | Note | Forget | Ignore
Effects = Iterator[Effect]
Handler = Callable[[RowsOfStep, Any, Record], Effects]
"""A rule for one type of data, or a few: of an event, or a message."""
Wake = Callable[[RowsOfStep, Any, Due], Effects]
"""A rule for a row whose timer is due."""

NOTHING: Final[tuple[Effect, ...]] = ()
