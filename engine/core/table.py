"""Tables: the name of stored rows, their type, and the check before a row is written.

A rule names a table, never a string, so what it reads has the type of the table's rows.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, Generic, Protocol, TypeVar

from engine.core.marks import Seen, Sequence
from schemas.frozen import Frozen


class Row(Protocol):
    """A row of a table: a frozen value that knows when it wants to be woken."""

    @property
    def wake_at(self) -> datetime | None:
        """When the row's timer is due; None when it waits for nothing."""


RowT = TypeVar("RowT", bound=Row)


class Keys(Enum):
    """What the keys of a table are, and how they are stored.

    Rules know no salt: they give ids, and the step hashes.
    """

    PLAIN = auto()
    """Stored as they are."""
    PERSON = auto()
    """A person, stored as the salted hash."""
    DAY_AND_PERSON = auto()
    """A UTC day and a person, stored as the day and the hash that stands for the person on it."""
    MARK = auto()
    """The name of a mark, stored as the salted hash."""


def _unchecked(row: Any) -> None:
    """Accept any row."""


class Table(Frozen, Generic[RowT], eq=False):
    """A table of one stage."""

    row_type: type[RowT]
    name: str
    """As it is stored and on the bus."""
    check: Callable[[RowT], None] = _unchecked
    """Asserts the row's invariants before it is written."""
    keys: Keys = Keys.PLAIN
    is_sparse: bool = False
    """Most scans of what stands under a key find nothing; knowing that saves asking the disk."""

    def __str__(self) -> str:
        return self.name


SEEN: Final = Table(Seen, "seen", keys=Keys.MARK)
"""Marks of what was handled; written by the step.

The people stage removes one to say that a programme refused the record after all.
"""
SEQUENCES: Final = Table(Sequence, "sequences")
"""Counters of what was published.

The step writes them, and deletes those of a person who is erased.
"""
