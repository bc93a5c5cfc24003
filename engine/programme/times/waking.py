"""When one person hears something: waking instants, reminders, and the end of some days.

Decides: which waking instant a nudge is given, how those that wake together are spread, how far ahead of a session its reminder comes,
and at which instant a number of days on which the person may be reached is over.
Never knows: who the person is, which calendar was picked for them (times/calendars), what is said (nudges/ledger).

Invariants
    times.K1  `opening` is a waking instant. It lies in the hours that the person gave, if that local day still has any of them that are
        waking.
    times.K2  What had to wait for an opening is spread over the first hour of its stretch, or the whole stretch if it is shorter, by a
        hash; never to `before` or past it.
    times.K3  A reminder of an instant lies on the last earlier local day that has a waking instant, as near as can be to the same time of
        day.
    times.K4  A number of days is over that many times 24 hours later, and 24 hours later again for each holiday that has come until then.
        Only local days after that of the start are looked at; weekend days count as any other.

Source: house rule.
"""

import hashlib
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from engine.matching.hours import LocalHours
from engine.programme.times.calendar import (
    SEARCH_DAYS_MAX,
    Quiet,
    Stretch,
    instant_of,
    local_date,
    local_of,
    next_waking,
    start_of_day,
    stretches,
    waking_stretches,
)
from schemas.frozen import Frozen
from schemas.terms.codes import SuppressionReason

SPREAD: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_DAY_END: Final = "24:00"
_REMINDERS_KEPT: Final = 8_192


class Waking(Frozen, kw_only=True):
    """When one person may be disturbed, and when they would rather be."""

    zone: str | None
    quiet: Quiet
    hours: tuple[LocalHours, ...] = ()
    """As the person gave them; none leaves all waking time."""

    def opening(self, at: datetime, before: datetime | None = None) -> datetime | None:
        """Return the first instant from `at` on at which the person may hear something (times.K1).

        Args:
            before: where the hours leave nothing earlier than this, any waking instant of the day will do.
        """
        waking_at = next_waking(at, self.zone, self.quiet)
        if waking_at is None or not self.hours:
            return waking_at
        for first_at, end_at in self._given(local_date(waking_at, self.zone)):
            if end_at > waking_at:
                found = max(first_at, waking_at)
                return found if before is None or found < before else waking_at
        return waking_at

    def opening_of_later_day(self, at: datetime, before: datetime | None = None) -> datetime | None:
        """Return the first opening on a local day after that of `at`."""
        return self.opening(start_of_day(local_date(at, self.zone) + _DAY, self.zone), before)

    def spread(self, opened_at: datetime, before: datetime, by: str) -> datetime:
        """Return an instant soon after an opening, the same for the same name (times.K2)."""
        span = min(SPREAD, before - opened_at, self._stretch_end(opened_at) - opened_at)
        seconds = max(1, span // _SECOND)
        digest = hashlib.blake2b(by.encode(), digest_size=8).digest()
        return opened_at + timedelta(seconds=int.from_bytes(digest, "big") % seconds)

    def reminder_of(self, instant: datetime) -> datetime | None:
        """Return when to remind somebody of what begins at an instant (times.K3).

        None where more than a year before it has no waking time.
        """
        return _reminder_of(self, instant)

    def _reminder(self, instant: datetime) -> datetime | None:
        local = local_of(instant, self.zone)
        day = local.date()
        for _ in range(SEARCH_DAYS_MAX):
            day -= _DAY
            waking = self._given(day) or waking_stretches(day, self.zone, self.quiet)
            if waking:
                return _nearest(waking, instant_of(datetime.combine(day, local.time()), self.zone))
        return None

    def over_at(self, at: datetime, days: int) -> datetime:
        """Return when a number of days on which the person may be reached is over (times.K4)."""
        return over_at(at, days, self.zone, self.quiet.holidays)

    def _given(self, day: date) -> list[Stretch]:
        """List the waking stretches of a local day within the hours that the person gave."""
        if not self.hours:
            return []
        clocks = [_clock(text) for _, start, end in self.hours for text in (start, end) if text != _DAY_END]
        quiet = self.quiet
        clocks += [_clock(quiet.from_clock), _clock(quiet.to_clock)]
        return stretches(day, self.zone, clocks, lambda local: not quiet.covers(local) and _is_given(local, self.hours))

    def _stretch_end(self, at: datetime) -> datetime:
        """Return the end of the stretch around an opening.

        It is a stretch of given hours if the opening lies in one, else of waking time.
        """
        day = local_date(at, self.zone)
        for found in (self._given(day), waking_stretches(day, self.zone, self.quiet)):
            for first_at, end_at in found:
                if first_at <= at < end_at:
                    return end_at
        return at + _SECOND


@lru_cache(maxsize=_REMINDERS_KEPT)
def _reminder_of(waking: Waking, instant: datetime) -> datetime | None:
    """Return a reminder, remembered.

    A pair's timers are set anew with every event, and each asks for the reminder of every booked session.
    """
    return waking._reminder(instant)  # noqa: SLF001 - the same rule, remembered


class Slot(Frozen, kw_only=True):
    """What a nudge needs an instant for."""

    name: str
    """Decides its place among those that wake together."""
    at: datetime
    """Now."""
    wanted_at: datetime
    """From when on it has waited for an opening; now, if nothing held it back."""
    expires_at: datetime
    about_at: datetime | None = None
    """What it reminds of."""


def heard_at(waking: Waking, slot: Slot, full: Collection[date]) -> datetime | SuppressionReason:
    """Find the instant of a nudge, on a local day that isn't full.

    It is the instant of a reminder if that is still ahead, else an opening.

    Returns: the instant; `quiet` or `daily_cap` where none is left before it expires.
    """
    reminded_at = None if slot.about_at is None else waking.reminder_of(slot.about_at)
    if reminded_at is not None and reminded_at >= slot.at:
        found_at = reminded_at
    else:
        opened_at = waking.opening(slot.wanted_at, slot.expires_at)
        if opened_at is None or max(opened_at, slot.at) >= slot.expires_at:
            return SuppressionReason.QUIET
        has_waited = opened_at != slot.wanted_at
        found_at = max(slot.at, waking.spread(opened_at, slot.expires_at, slot.name) if has_waited else opened_at)
    while local_date(found_at, waking.zone) in full:
        moved_at = waking.opening_of_later_day(found_at, slot.expires_at)
        if moved_at is None or moved_at >= slot.expires_at:
            return SuppressionReason.DAILY_CAP
        found_at = waking.spread(moved_at, slot.expires_at, slot.name)
    return found_at


def over_at(at: datetime, days: int, zone: str | None, holidays: tuple[date, ...]) -> datetime:
    """Return when a number of days outside some holidays is over (times.K4).

    Limits: one round for each holiday at most.
    """
    first_on, counted = local_date(at, zone), days
    while True:
        end_at = at + timedelta(days=counted)
        last_on = local_date(end_at, zone)
        needed = days + sum(1 for day in set(holidays) if first_on < day <= last_on)
        if needed <= counted:
            return end_at
        counted = needed


def _nearest(waking: list[Stretch], wanted_at: datetime) -> datetime:
    """Return the instant of some stretches that is nearest to one; the earlier of two."""
    ends = [instant for first_at, end_at in waking for instant in (first_at, end_at - _SECOND)]
    if any(first_at <= wanted_at < end_at for first_at, end_at in waking):
        return wanted_at
    return min(ends, key=lambda instant: (abs(instant - wanted_at), instant))


def _is_given(local: datetime, hours: tuple[LocalHours, ...]) -> bool:
    """Say whether a wall clock shows a time that the person gave.

    A slot that ends before it starts runs into the next day.
    """
    clock = f"{local:%H:%M}"
    weekday = local.isoweekday()
    before = 7 if weekday == 1 else weekday - 1
    for day, start, end in hours:
        passes_midnight = end < start
        if day == weekday and start <= clock and (passes_midnight or clock < end):
            return True
        if passes_midnight and day == before and clock < end:
            return True
    return False


def _clock(text: str) -> time:
    return time.fromisoformat(text)
