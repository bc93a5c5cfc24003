"""Tables of outreach: ledgers, marks of requests, and from when on nudges leave."""

from datetime import datetime
from typing import Final

from engine.core.table import Table
from engine.programme.nudges.ledger import Contact, check
from schemas.frozen import Frozen


class Nudged(Frozen, kw_only=True):
    """A nudge of this id was requested once."""

    requested_at: datetime

    @property
    def wake_at(self) -> None:
        """A mark waits for nothing and is never dropped by time."""
        return


class EmissionBound(Frozen, kw_only=True):
    """History before this instant makes no nudges. One row for the stage."""

    emit_from: datetime

    @property
    def wake_at(self) -> None:
        """The bound is read, not awaited."""
        return


CONTACTS: Final = Table(Contact, "contacts", check=check)
NUDGED: Final = Table(Nudged, "nudged")
CONTROLS: Final = Table(EmissionBound, "controls")
