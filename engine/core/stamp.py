"""Stamps: which of two facts of one kind is the later one, whatever order they arrive in.

Decides: the order of facts that set the same state.
Never knows: what the facts say.

Invariants
    core.T1  Stamps are totally ordered by (time, sequence, id); two different events of one source never share a stamp.
    core.T2  A state keeps the stamp of the fact that set it until the state goes. Marks go after 90 days, stamps don't.

Source: house rule (facts are ordered by when they happened, not by when they came).
"""

from datetime import datetime
from typing import Final

from schemas.envelope import Event
from schemas.frozen import Frozen

LAST_ID: Final = "\U0010ffff"
"""Sorts behind every id that an event can have."""


class Stamp(Frozen, order=True):
    """When a fact happened, and what tells it from another of the same instant."""

    time: datetime
    """Event time, UTC, fractions kept."""
    sequence: int
    """Counts within one source; 0 where the event has none."""
    id: str


def stamp_of(event: Event) -> Stamp:
    """Return the stamp of an event."""
    return Stamp(event.time, event.sequence or 0, event.id)


def is_later(event: Event, known: Stamp | None) -> bool:
    """Say whether an event is later than the fact that set the state.

    Any event is, where nothing has set it yet.
    """
    return known is None or stamp_of(event) > known


def is_same(stamp: Stamp, known: Stamp | None) -> bool:
    """Say whether a stamp is a known one, which may have lost its id."""
    return known is not None and (known == stamp or (known.id == LAST_ID and (known.time, known.sequence) == (stamp.time, stamp.sequence)))


def nameless(stamp: Stamp) -> Stamp:
    """Return a stamp without the event's id, which may hold a person's.

    What comes again at its instant is no later.
    """
    return Stamp(stamp.time, stamp.sequence, LAST_ID)
