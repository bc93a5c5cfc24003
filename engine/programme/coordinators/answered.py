"""Commands of a programme that were answered.

They were carried out, refused, or overtaken by a later one.

Decides: whether a command was answered before, when its mark has gone.
Never knows: what the answer was.

Invariants
    coordinators.A1  A command that is in the row was answered.
    coordinators.A2  At most KEPT_MAX stamps are kept. Of an earlier one it is assumed that it was answered once its mark may have gone,
        never before.

Source: house rule (a file read again changes nothing, however old).
"""

from datetime import datetime, timedelta
from typing import Final

from engine.core.marks import MARK_DAYS
from engine.core.stamp import Stamp, is_same, nameless
from schemas.frozen import Frozen, replace

KEPT_MAX: Final = 256
SURELY_NEW: Final = timedelta(days=MARK_DAYS - 1)
"""Age up to which a command without a mark was never seen.

A producer's clock is at most a day ahead.
"""


class Answered(Frozen, kw_only=True):
    """Of one programme. Key: its id."""

    stamps: tuple[Stamp, ...] = ()
    """Ordered."""
    dropped: Stamp | None = None
    """The latest stamp that found no room."""

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


NOTHING: Final = Answered()


def was_answered(known: Answered, stamp: Stamp, at: datetime) -> bool:
    """Say whether a command without a mark was answered before.

    See coordinators.A1 and coordinators.A2.
    """
    if any(is_same(stamp, kept) for kept in known.stamps):
        return True
    return known.dropped is not None and stamp <= known.dropped and stamp.time <= at - SURELY_NEW


def with_answer(known: Answered, stamp: Stamp) -> Answered:
    """Keep the stamp of a command that was answered."""
    stamps = tuple(sorted({*known.stamps, stamp}))
    if len(stamps) <= KEPT_MAX:
        return replace(known, stamps=stamps)
    dropped = stamps[0] if known.dropped is None else max(stamps[0], known.dropped)
    return Answered(stamps=stamps[1:], dropped=dropped)


def answered_nameless(known: Answered) -> Answered:
    """Return the row without ids of events, which may hold a person's."""
    return replace(known, stamps=tuple(sorted(set(map(nameless, known.stamps)))), dropped=known.dropped and nameless(known.dropped))
