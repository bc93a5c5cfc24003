"""Rules of departures: when one is settled, and when many wait for the coordinator.

Decides: whether departures are a mass; until when a held one waits.
Never knows: what a departure ends (participants/departures).

Invariants
    participants.D1  A mass is at least MASS_MIN people, and more than a tenth of all who take part, they included.
    participants.D2  What is held waits for MASS_DAYS days on which the coordinator may be reached; today is none of them.

Source: house rule; feeds that lose half of an organisation in one night.
"""

from datetime import datetime, timedelta
from typing import Final

from engine.programme.times.calendar import Quiet

MASS_MIN: Final = 10
MASS_SHARE_OF: Final = 10
"""One in so many."""
MASS_WITHIN: Final = timedelta(hours=24)
MASS_DAYS: Final = 3
_DAYS_MAX: Final = 400


def is_mass(departed_count: int, taking_part_count: int) -> bool:
    """Say whether so many departures at once have to be looked at (participants.D1)."""
    return departed_count >= MASS_MIN and departed_count * MASS_SHARE_OF > taking_part_count


def held_until(at: datetime, quiet: Quiet) -> datetime:
    """Return until when held departures wait (participants.D2).

    Args:
        quiet: of the coordinator, whose days are those of UTC.
    """
    reached = 0
    for days in range(1, _DAYS_MAX):
        day = (at + timedelta(days=days)).date()
        reached += day.isoweekday() not in quiet.weekend and day not in quiet.holidays
        if reached == MASS_DAYS:
            return at + timedelta(days=days)
    return at + timedelta(days=_DAYS_MAX)
