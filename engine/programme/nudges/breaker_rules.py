"""The breaker: when a programme says far too much, the rest waits for a person to look.

Decides: how many nudge intents of one programme may leave on one day (UTC), and when the rest is parked.
Never knows: whether what was parked was right; the coordinator releases it, or lets it expire.

Invariants
    nudges.B1  Once open, the breaker stays open until it is released; a new day doesn't close it.
    nudges.B2  Nothing parked is lost: it leaves on release, in the order in which it came, or is recorded as suppressed.
    nudges.B3  At most PARKED_MAX intents are parked from one release to the next; what comes after them is recorded as suppressed at once.

Source: house rule; the last guard when logic, clock or data is wrong.
"""

from datetime import date, datetime
from typing import Final

from engine.programme.messages import NudgeIntended, NudgesWithdrawn
from schemas.frozen import Frozen, replace

INTENTS_PER_PARTICIPANT: Final = 4
INTENTS_MIN: Final = 200
PARKED_MAX: Final = 20_000
"""Of one programme.

Each holds a row until somebody looks; by then the first will have told enough.
"""


class Storm(Frozen, kw_only=True):
    """The breaker of one programme."""

    day: date
    intents_count: int = 0
    limit: int
    is_open: bool = False
    parked_count: int = 0
    """Numbers the parked intents; never goes back while any is parked."""

    @property
    def wake_at(self) -> None:
        """It waits for the coordinator, not for time."""
        return


class Parked(Frozen, kw_only=True):
    """One intent that waits for the release."""

    intent: NudgeIntended
    parked_at: datetime

    @property
    def wake_at(self) -> None:
        """It waits for the coordinator, not for time."""
        return


def limit_of(storm_per_day: int, participants_count: int) -> int:
    """Return the limit of intents a day: of the policy, else by the number of participants."""
    return storm_per_day or max(INTENTS_MIN, INTENTS_PER_PARTICIPANT * participants_count)


def counted(storm: Storm) -> Storm:
    """Count one intent; the first above the limit opens the breaker (nudges.B1)."""
    count = storm.intents_count + 1
    return replace(storm, intents_count=count, is_open=storm.is_open or count > storm.limit)


def takes_back(withdrawal: NudgesWithdrawn, intent: NudgeIntended) -> bool:
    """Say whether a withdrawal is about a parked intent."""
    return (
        withdrawal.person_id == intent.person_id
        and withdrawal.programme_id == intent.programme_id
        and (withdrawal.pairing_id is None or withdrawal.pairing_id == intent.pairing_id)
        and (not withdrawal.keys or intent.key in withdrawal.keys)
        and intent.key not in withdrawal.spared
        and (withdrawal.occasion is None or withdrawal.occasion == intent.occasion)
    )
