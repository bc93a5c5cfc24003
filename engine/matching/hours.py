"""When two people can meet: weekly hours in local time, laid over one week of UTC minutes.

Decides: which of the 10,080 UTC minutes of one ISO week a person calls working hours, and how many two people share in a way that lets
them meet.
Never knows: how many shared hours a pair needs, how long a session is (matching/eligibility), what hours are worth (matching/scoring).

Invariants
    matching.H1  A mask has bits 0 to 10,079 only; bit 0 is Monday 00:00 UTC of the week.
    matching.H2  A minute before that Monday or after its Sunday wraps into the week, because hours repeat weekly.
    matching.H3  Each weekday uses its own offset, so a change of the clocks in the middle of the week is seen.
    matching.H4  Two people share no time at all unless one stretch of it is long enough for a session. A stretch may pass midnight, and the
        week's end: hours repeat weekly.

An interval that doesn't end after it starts runs into the next day; one of length nothing covers nothing.

Source: house rule; ISO 8601 weeks, RFC 9557 zones through `zoneinfo`.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from schemas.text.zones import ZoneInfo, time_zone

LocalHours = tuple[int, str, str]
"""Weekday 1 to 7 (Monday first), start and end as "HH:MM"; "24:00" ends a day."""

WEEK_MINUTES: Final = 7 * 24 * 60
TIMEZONE_DEFAULT: Final = "UTC"
HOURS_DEFAULT: Final[tuple[LocalHours, ...]] = tuple((weekday, "09:00", "17:00") for weekday in range(1, 6))

_MASKS_KEPT: Final = 16_384
"""Distinct (hours, zone, week) remembered; more are computed again."""


def week_mask(hours: tuple[LocalHours, ...], timezone: str, week_of: date) -> int:
    """Lay a person's local hours over the UTC minutes of one ISO week.

    Args:
        hours: the person's weekly hours; none stands for HOURS_DEFAULT.
        timezone: an IANA name that the schemas have checked.
        week_of: any UTC date of the week.
    Returns: an int whose bit m says that UTC minute m of the week is a working one.
    """
    return _mask(hours or HOURS_DEFAULT, timezone, week_of - timedelta(days=week_of.weekday()))


def shared_week_minutes(first_mask: int, second_mask: int, stretch_minutes: int) -> int:
    """Count the minutes of the week that both people have; none where no stretch of them is long enough (matching.H4).

    Args:
        stretch_minutes: how long one stretch of them must be, at least 1.
    """
    common = first_mask & second_mask
    return common.bit_count() if _has_stretch(common, stretch_minutes) else 0


def _has_stretch(mask: int, minutes: int) -> bool:
    """Say whether so many minutes in a row are set, over the week's end too: bit m stays if the next `length` bits are set."""
    assert 1 <= minutes <= WEEK_MINUTES, minutes
    starts, length = mask | mask << WEEK_MINUTES, 1
    while starts and length < minutes:
        step = min(length, minutes - length)
        starts &= starts >> step
        length += step
    return starts != 0


@lru_cache(maxsize=_MASKS_KEPT)
def _mask(hours: tuple[LocalHours, ...], timezone: str, monday: date) -> int:
    zone = time_zone(timezone)
    week_start_at = datetime.combine(monday, datetime.min.time(), tzinfo=UTC)
    mask = 0
    for weekday, start, end in hours:
        assert 1 <= weekday <= 7, weekday
        day = monday + timedelta(days=weekday - 1)
        start_minute, end_minute = _minute_of_day(start), _minute_of_day(end)
        if end_minute < start_minute:
            end_minute += 24 * 60
        first = _utc_minute(day, start_minute, zone, week_start_at)
        mask |= _wrapped(first, _utc_minute(day, end_minute, zone, week_start_at) - first)
    return mask


def _minute_of_day(clock: str) -> int:
    hour, minute = clock.split(":")[:2]
    return int(hour) * 60 + int(minute)


def _utc_minute(day: date, minute: int, zone: ZoneInfo, week_start_at: datetime) -> int:
    """Say which UTC minute of the week a local minute of a day is; may lie outside the week."""
    local = datetime.combine(day, datetime.min.time(), tzinfo=zone) + timedelta(minutes=minute)
    return (local.astimezone(UTC) - week_start_at) // timedelta(minutes=1)


def _wrapped(first: int, length: int) -> int:
    """Set `length` bits from bit `first` on, modulo the week."""
    if length <= 0:
        return 0
    bits = ((1 << min(length, WEEK_MINUTES)) - 1) << (first % WEEK_MINUTES)
    return (bits | (bits >> WEEK_MINUTES)) & ((1 << WEEK_MINUTES) - 1)
