"""Local days and waking hours of a person.

Decides: the instant at which a local day starts, the local date of an instant, whether an instant is quiet, and the next one that isn't.
Never knows: who the person is, what a nudge says, how many there have been (nudges/ledger).

Invariants
    times.C1  An instant is quiet if and only if the wall clock of the zone then shows a quiet time: a quiet hour, a weekend, a holiday.
    times.C2  `next_waking` is the earliest instant, in whole seconds, that is at or after the given one and not quiet.
    times.C3  A local day starts at the first instant at which the zone's calendar shows that day or a later one.
    times.C4  All instants in and out are aware and UTC; a search ends after SEARCH_DAYS_MAX local days.
    times.C5  The stretches of a local day are its instants of one kind, in order, half-open, and no two of them touch.

When the clocks change
    gap      A wall time that is skipped is never shown. Quiet hours that end inside the gap end with it: at the first instant after it.
             A day whose midnight is skipped starts at the end of the gap. A day that is skipped whole starts when the next one does.
    overlap  A wall time that is shown twice counts both times alike (times.C1): quiet hours that end at 01:30 end at the first 01:30, come
             back when the clock goes back to 01:00, and end again. A day whose midnight comes twice starts at the first.

Source: house rule; RFC 9557 zones through `zoneinfo`; the tzdata package is pinned, so a due instant is the same on every machine.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

from schemas.frozen import Frozen
from schemas.text.zones import ZoneInfo, time_zone

WEEKEND_DEFAULT: Final = (6, 7)
SEARCH_DAYS_MAX: Final = 400
"""A calendar that is quiet for longer than a year has no waking instant."""

Stretch = tuple[datetime, datetime]
"""From the first instant to the one after the last."""

_DAYS_KEPT: Final = 4_096
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_WIDEST_OFFSET: Final = timedelta(days=1)
"""No zone is further than this from UTC."""


class Quiet(Frozen, kw_only=True):
    """When somebody is not to be disturbed, in their own zone."""

    from_clock: str
    """"HH:MM"; a span may pass midnight."""
    to_clock: str
    """"HH:MM", exclusive; equal to `from_clock` means no quiet hours."""
    weekend: tuple[int, ...] = WEEKEND_DEFAULT
    """Weekdays that are quiet all day; Monday is 1."""
    holidays: tuple[date, ...] = ()

    def covers(self, local: datetime) -> bool:
        """Say whether a wall clock that shows `local` shows a quiet time."""
        if local.isoweekday() in self.weekend or local.date() in self.holidays:
            return True
        clock, start, end = local.time(), _clock(self.from_clock), _clock(self.to_clock)
        if start <= end:
            return start <= clock < end
        return clock >= start or clock < end


@lru_cache(maxsize=_DAYS_KEPT)
def start_of_day(day: date, zone: str | None) -> datetime:
    """Return the instant, in UTC, at which a local day starts (times.C3).

    Args:
        zone: an IANA name that the schemas have checked; None stands for UTC.
    """
    tz = _zone(zone)
    midnight_at = datetime.combine(day, time.min, tzinfo=tz).astimezone(UTC)
    if midnight_at.astimezone(tz).replace(tzinfo=None) == datetime.combine(day, time.min):
        return midnight_at
    # Midnight was skipped: the day begins with the first instant after the gap.
    return _offset_change(midnight_at - _WIDEST_OFFSET, midnight_at, tz)


def local_date(at: datetime, zone: str | None) -> date:
    """Return the date that the zone's calendar shows at an instant."""
    return at.astimezone(_zone(zone)).date()


def is_quiet(at: datetime, zone: str | None, quiet: Quiet) -> bool:
    """Say whether an instant is quiet (times.C1)."""
    return quiet.covers(at.astimezone(_zone(zone)))


def next_waking(at: datetime, zone: str | None, quiet: Quiet) -> datetime | None:
    """Return the earliest instant at or after `at` that is not quiet (times.C2).

    Returns: the instant in UTC; None when the next SEARCH_DAYS_MAX days have none.
    """
    if not is_quiet(at, zone, quiet):
        return at
    tz = _zone(zone)
    day = local_date(at, zone)
    for _ in range(SEARCH_DAYS_MAX):
        ends = [end for end in _quiet_ends(day, zone, quiet) if end >= at and not quiet.covers(end.astimezone(tz))]
        if ends:
            return min(ends)
        day += _DAY
    return None


def next_waking_day(at: datetime, zone: str | None, quiet: Quiet) -> datetime | None:
    """Return the first waking instant of the first local day after that of `at` which has one."""
    return next_waking(start_of_day(local_date(at, zone) + _DAY, zone), zone, quiet)


def instant_of(local: datetime, zone: str | None) -> datetime:
    """Return the first instant at which a wall clock shows `local`.

    In a gap it is the instant at which the clock would have shown it.
    """
    return local.replace(tzinfo=_zone(zone), fold=0).astimezone(UTC)


def local_of(at: datetime, zone: str | None) -> datetime:
    """Return what a wall clock shows."""
    return at.astimezone(_zone(zone)).replace(tzinfo=None)


def waking_stretches(day: date, zone: str | None, quiet: Quiet) -> list[Stretch]:
    """List the waking stretches of a local day (times.C5)."""
    clocks = (_clock(quiet.from_clock), _clock(quiet.to_clock))
    return stretches(day, zone, clocks, lambda local: not quiet.covers(local))


def stretches(day: date, zone: str | None, clocks: Iterable[time], is_wanted: Callable[[datetime], bool]) -> list[Stretch]:
    """List the stretches of a local day whose wall clock is wanted (times.C5).

    Args:
        clocks: the times of the day at which that can change, midnight aside.
        is_wanted: asked what a wall clock shows.
    """
    tz = _zone(zone)
    start_at, end_at = start_of_day(day, zone), start_of_day(day + _DAY, zone)
    walls = [datetime.combine(shown, clock, tzinfo=tz) for clock in (time.min, *clocks) for shown in (day - _DAY, day)]
    turns = {start_at, *(wall.replace(fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1))}
    if start_at.astimezone(tz).utcoffset() != end_at.astimezone(tz).utcoffset():
        turns.add(_offset_change(start_at, end_at, tz))
    edges = [*sorted(turn for turn in turns if start_at <= turn < end_at), end_at]
    found: list[Stretch] = []
    for first_at, next_at in pairwise(edges):
        if not is_wanted(first_at.astimezone(tz).replace(tzinfo=None)):
            continue
        if found and found[-1][1] == first_at:
            found[-1] = found[-1][0], next_at
        else:
            found.append((first_at, next_at))
    return found


def _quiet_ends(day: date, zone: str | None, quiet: Quiet) -> list[datetime]:
    """List the instants of a local day at which quiet can end.

    They are the start itself, the clock time and midnight, both times that each may be shown, and where the clock jumps. A clock that
    goes back over midnight shows times of the day before once more, and so that day's quiet, until midnight comes again.
    """
    tz = _zone(zone)
    start_at, end_at = start_of_day(day, zone), start_of_day(day + _DAY, zone)
    walls = [datetime.combine(shown, clock) for clock in (time.min, _clock(quiet.to_clock)) for shown in (day - _DAY, day)]
    ends = [start_at, *(wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1))]
    if start_at.astimezone(tz).utcoffset() != end_at.astimezone(tz).utcoffset():
        ends.append(_offset_change(start_at, end_at, tz))
    return [end for end in ends if start_at <= end < end_at]


def _offset_change(before_at: datetime, after_at: datetime, tz: ZoneInfo) -> datetime:
    """Find the second at which the zone's offset changes, by halving.

    It is the first one in (before_at, after_at] with the offset that is in force at `after_at`.
    """
    wanted = after_at.astimezone(tz).utcoffset()
    low, high = before_at, after_at
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(tz).utcoffset() == wanted:
            high = middle
        else:
            low = middle
    return high


def _zone(name: str | None) -> ZoneInfo:
    return time_zone(name or "UTC")


@lru_cache(maxsize=24 * 60)
def _clock(text: str) -> time:
    return time.fromisoformat(text)
