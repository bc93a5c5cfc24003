"""Instants of the simulation: where the year starts, and when people and feeds act.

Time: everything is simulated UTC in whole seconds; local times come from IANA zones.
"""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from schemas.text.zones import time_zone

START_AT: Final = datetime(2025, 1, 6, tzinfo=UTC)
"""A Monday; the first instant of every simulated year."""

DAYS_PER_MONTH: Final = 30.4375
"""Mean length of a month, so that twelve months are one year."""

_FEED_HOUR: Final = 2
_WORK_FROM_MINUTE: Final = 8 * 60 + 30
_WORK_TO_MINUTE: Final = 17 * 60 + 30
_WEEKDAYS: Final = 5


def rfc3339(at: datetime) -> str:
    """Write an aware UTC instant the way the contracts ask for it: `Z`, whole seconds."""
    assert at.tzinfo is UTC, at
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_read(text: str) -> datetime:
    """Read an RFC 3339 instant into UTC, whole seconds."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def day_of(number: int) -> date:
    """The calendar day so many days after the start."""
    return (START_AT + timedelta(days=number)).date()


def feed_at(day: date, draw: Random) -> datetime:
    """When the nightly export of the HR system speaks on a day: between 02:00 and 03:00 UTC."""
    return datetime.combine(day, time(_FEED_HOUR), UTC) + timedelta(seconds=draw.randrange(3600))


def working_instant(timezone: str, earliest: datetime, draw: Random) -> datetime:
    """The first instant at which somebody would act, not before `earliest`.

    Monday to Friday, 08:30 to 17:30 on the person's own clock; outside of that, some time in the first four hours
    of the next working day.
    """
    zone = time_zone(timezone)
    local = earliest.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if local.isoweekday() <= _WEEKDAYS and _WORK_FROM_MINUTE <= minute < _WORK_TO_MINUTE:
        return earliest
    day = local.date() if minute < _WORK_FROM_MINUTE else local.date() + timedelta(days=1)
    while day.isoweekday() > _WEEKDAYS:
        day += timedelta(days=1)
    opening = datetime.combine(day, time(_WORK_FROM_MINUTE // 60, _WORK_FROM_MINUTE % 60), zone)
    return opening.astimezone(UTC) + timedelta(seconds=draw.randrange(4 * 3600))


def common_instant(
    zones: tuple[str, str], hours: tuple[tuple[int, int], tuple[int, int]], earliest: datetime, draw: Random
) -> datetime | None:
    """A full or half hour that suits two people, within a fortnight.

    Args:
        zones: the IANA zone of each.
        hours: the working hours of each, local full hours `[from, to)`; the meeting lasts one hour at most.
    Returns: an instant on the first day that suits both, or None if no day does.
    """
    midnight = datetime.combine(earliest.date(), time(), UTC)
    places = [(time_zone(zone), span) for zone, span in zip(zones, hours, strict=True)]
    for number in range(14):
        slots = []
        for half_hour in range(48):
            slot = midnight + timedelta(days=number, minutes=30 * half_hour)
            if slot >= earliest and all(_suits(slot.astimezone(zone), span) for zone, span in places):
                slots.append(slot)
        if slots:
            return draw.choice(slots)
    return None


def _suits(local: datetime, span: tuple[int, int]) -> bool:
    """Whether an hour from `local` lies within somebody's working hours."""
    return local.isoweekday() <= _WEEKDAYS and span[0] * 60 <= local.hour * 60 + local.minute <= (span[1] - 1) * 60
