"""Lines published about one person at the end of a day.

They stand under a hash of that day, in an order that says nothing.

Decides: how lines wait for the end of their UTC day, in which order they leave, which reason of a suppression may be read by others.
Never knows: the person, whose place the hash of the day takes; who reads it.

Invariants
    coordinators.W1  Lines of one person and day leave together, as that day ends, sorted by what they say: neither hour nor order of
        arrival shows.
    coordinators.W2  A row is found by the hash of its person and day. It holds no id.
    coordinators.W3  A reason that is about the person is published as `withheld`.

Source: docs/rules.md, What is published about people.
"""

from datetime import date, datetime, timedelta
from typing import Final

from engine.programme.times.calendar import start_of_day
from schemas.frozen import Frozen
from schemas.terms.codes import NudgeKey, SuppressionCode, SuppressionReason
from schemas.terms.ids import ProgrammeId

DAYS_LATE_MAX: Final = 7
"""How many days back an erasure looks for lines that no tick has published yet."""
HELD_BACK_MAX: Final = 20
_PUBLIC: Final = frozenset(SuppressionCode) - {SuppressionCode.WITHHELD}


class AuditLine(Frozen, kw_only=True, order=True):
    """One thing to publish about a person: the event's type, and its body without the hash."""

    type: str
    body: tuple[tuple[str, str], ...]


class AuditDay(Frozen, kw_only=True):
    """All lines of one person and day (coordinators.W1)."""

    lines: tuple[AuditLine, ...] = ()
    wake_at: datetime | None


def with_line(known: AuditDay | None, line: AuditLine, day: date) -> AuditDay:
    """Add a line, at its place in the order."""
    lines = known.lines if known is not None else ()
    return AuditDay(lines=tuple(sorted((*lines, line))), wake_at=start_of_day(day + timedelta(days=1), None))


class HeldBack(Frozen, kw_only=True):
    """A nudge that never left, with the true reason.

    It stands in the person's own ledger, for `inspect`.
    """

    key: NudgeKey
    programme_id: ProgrammeId
    reason: SuppressionReason
    at: datetime


def with_held_back(known: tuple[HeldBack, ...], more: tuple[HeldBack, ...]) -> tuple[HeldBack, ...]:
    """Add what was held back; the oldest goes beyond HELD_BACK_MAX."""
    return (*known, *more)[-HELD_BACK_MAX:]


def public_reason(reason: SuppressionReason) -> SuppressionCode:
    """Return what others may read of why a nudge was held back (coordinators.W3)."""
    return SuppressionCode(reason.value) if reason.value in _PUBLIC else SuppressionCode.WITHHELD
