"""What wakes together is spread over an hour: which instants an opening may stand for."""

from datetime import datetime

from engine.programme.times.waking import SPREAD


def is_spread(not_before: datetime | None, opened_at: datetime) -> bool:
    """Say whether an instant lies in the first hour after an opening."""
    return not_before is not None and opened_at <= not_before < opened_at + SPREAD
