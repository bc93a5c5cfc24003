"""Rules of local days and waking hours (engine/programme/times/calendar.py)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.programme.times.calendar import SEARCH_DAYS_MAX, Quiet, is_quiet, local_date, next_waking, next_waking_day, start_of_day
from schemas.text.zones import time_zone

NIGHT = Quiet(from_clock="20:00", to_clock="08:00")
ALWAYS_AWAKE = Quiet(from_clock="00:00", to_clock="00:00", weekend=())

ODD_NIGHTS = [
    ("UTC", datetime(2025, 1, 3, 12, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 3, 30, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 10, 26, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 11, 2, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 4, 5, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 10, 4, 15, 30, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2017, 10, 15, 3, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),
    ("America/Havana", datetime(2025, 3, 9, 5, tzinfo=UTC)),
    ("America/Havana", datetime(2025, 11, 2, 5, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2025, 6, 6, 15, tzinfo=UTC)),
]
"""Zones with an instant near which something odd happens: gaps, overlaps, midnights that come twice or never, a day that is skipped."""

odd_instants = st.builds(
    lambda place, seconds: (place[0], place[1] + timedelta(seconds=seconds)),
    st.sampled_from(ODD_NIGHTS),
    st.integers(-3 * 86_400, 3 * 86_400),
)
clocks = st.builds(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}", st.integers(0, 95))


@st.composite
def quiets(draw: st.DrawFn, around: date) -> Quiet:
    """Quiet hours with a few holidays near a date."""
    holidays = draw(st.lists(st.integers(-2, 4), max_size=3, unique=True))
    return Quiet(
        from_clock=draw(clocks),
        to_clock=draw(clocks),
        weekend=tuple(sorted(draw(st.sets(st.integers(1, 7), max_size=3)))),
        holidays=tuple(around + timedelta(days=days) for days in sorted(holidays)),
    )


def utc(*parts: int) -> datetime:
    """Return an instant in UTC."""
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (utc(2025, 1, 8, 12), utc(2025, 1, 8, 12)),
        (utc(2025, 1, 8, 8), utc(2025, 1, 8, 8)),
        (utc(2025, 1, 8, 7, 59, 59), utc(2025, 1, 8, 8)),
        (utc(2025, 1, 8, 19, 59, 59), utc(2025, 1, 8, 19, 59, 59)),
        (utc(2025, 1, 8, 20), utc(2025, 1, 9, 8)),
        (utc(2025, 1, 10, 21), utc(2025, 1, 13, 8)),
        (utc(2025, 1, 11, 12), utc(2025, 1, 13, 8)),
    ],
)
def test_next_waking_passes_over_nights_and_weekends(at: datetime, expected: datetime) -> None:
    """times.C2: the night ends at 08:00 sharp, the weekend on Monday morning."""
    assert expected == next_waking(at, None, NIGHT)


def test_next_waking_passes_over_holidays() -> None:
    """times.C1: a holiday is quiet all day."""
    quiet = Quiet(from_clock="20:00", to_clock="08:00", holidays=(date(2025, 1, 8), date(2025, 1, 9)))

    assert utc(2025, 1, 10, 8) == next_waking(utc(2025, 1, 8, 12), None, quiet)


def test_next_waking_knows_quiet_hours_within_one_day() -> None:
    """times.C1: quiet hours need not pass midnight."""
    siesta = Quiet(from_clock="13:00", to_clock="15:30", weekend=())

    assert utc(2025, 1, 8, 15, 30) == next_waking(utc(2025, 1, 8, 13), None, siesta)
    assert utc(2025, 1, 8, 2) == next_waking(utc(2025, 1, 8, 2), None, siesta)


def test_next_waking_is_now_when_quiet_hours_are_empty() -> None:
    """times.C1: equal ends mean no quiet hours, never a quiet day."""
    assert utc(2025, 1, 11, 3) == next_waking(utc(2025, 1, 11, 3), "Asia/Kathmandu", ALWAYS_AWAKE)


def test_next_waking_uses_the_zone_of_the_person() -> None:
    """times.C1: eight in the morning is local."""
    assert utc(2025, 1, 7, 23) == next_waking(utc(2025, 1, 7, 20), "Asia/Tokyo", NIGHT)


def test_quiet_that_ends_in_a_gap_ends_with_the_gap() -> None:
    """A wall time that is skipped is never waited for: 02:30 doesn't come, so 03:00 it is."""
    quiet = Quiet(from_clock="20:00", to_clock="02:30", weekend=())

    assert utc(2025, 3, 30, 1) == next_waking(utc(2025, 3, 29, 22), "Europe/Berlin", quiet)


def test_quiet_that_ends_in_an_overlap_ends_twice() -> None:
    """Both 02:30 count alike, and what lies between them from 02:00 on is quiet again."""
    quiet = Quiet(from_clock="20:00", to_clock="02:30", weekend=())

    assert utc(2025, 10, 26, 0, 30) == next_waking(utc(2025, 10, 25, 22), "Europe/Berlin", quiet)
    assert utc(2025, 10, 26, 1, 30) == next_waking(utc(2025, 10, 26, 1), "Europe/Berlin", quiet)


def test_quiet_of_a_day_that_is_shown_again_ends_when_midnight_comes_again() -> None:
    """At 00:01 the clock goes back to 23:01 of a holiday, which is quiet until midnight comes for the second time."""
    quiet = Quiet(from_clock="00:15", to_clock="00:15", weekend=(), holidays=(date(2010, 11, 6),))

    assert utc(2010, 11, 7, 2, 30) == next_waking(utc(2010, 11, 7, 2), "America/St_Johns", quiet)
    assert utc(2010, 11, 7, 3, 30) == next_waking(utc(2010, 11, 7, 2, 31), "America/St_Johns", quiet)


def test_next_waking_day_is_the_first_waking_instant_of_another_date() -> None:
    """The next day begins in the morning, and after a Friday it is Monday."""
    assert utc(2025, 1, 9, 8) == next_waking_day(utc(2025, 1, 8, 9), None, NIGHT)
    assert utc(2025, 1, 13, 8) == next_waking_day(utc(2025, 1, 10, 9), None, NIGHT)
    assert utc(2025, 1, 9, 0) == next_waking_day(utc(2025, 1, 8, 9), None, ALWAYS_AWAKE)


def test_search_ends_when_nothing_but_holidays_lies_ahead() -> None:
    """times.C4: a calendar that is quiet for more than a year has no waking instant."""
    first = date(2025, 1, 1)
    quiet = Quiet(
        from_clock="20:00",
        to_clock="08:00",
        holidays=tuple(first + timedelta(days=days) for days in range(SEARCH_DAYS_MAX + 1)),
    )

    assert next_waking(utc(2025, 1, 1, 9), None, quiet) is None
    assert next_waking_day(utc(2025, 1, 1, 9), None, quiet) is None


@given(st.data())
def test_next_waking_is_the_earliest_instant_that_is_not_quiet(data: st.DataObject) -> None:
    """times.C2: a scan minute by minute finds the same instant, whatever the clocks do."""
    zone, at = data.draw(odd_instants)
    quiet = data.draw(quiets(at.date()))

    found = next_waking(at, zone, quiet)

    whole_minute = at.replace(second=0)
    scanned = (at, *(whole_minute + timedelta(minutes=minutes) for minutes in range(1, 10 * 1_440)))
    assert found == next((instant for instant in scanned if not quiet.covers(instant.astimezone(time_zone(zone)))), None)
    assert found is not None
    assert not is_quiet(found, zone, quiet)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (None, date(2025, 1, 8), utc(2025, 1, 8)),
        ("Europe/Berlin", date(2025, 7, 1), utc(2025, 6, 30, 22)),
        ("America/Havana", date(2025, 3, 9), utc(2025, 3, 9, 5)),
        ("America/Havana", date(2025, 11, 2), utc(2025, 11, 2, 4)),
        ("America/Sao_Paulo", date(2017, 10, 15), utc(2017, 10, 15, 3)),
        ("Pacific/Apia", date(2011, 12, 30), utc(2011, 12, 30, 10)),
        ("Pacific/Apia", date(2011, 12, 31), utc(2011, 12, 30, 10)),
    ],
)
def test_start_of_day_is_decided_where_midnight_is_missing_or_comes_twice(zone: str | None, day: date, expected: datetime) -> None:
    """times.C3: the end of the gap, the first of two midnights, and the next day for a day that never was."""
    assert expected == start_of_day(day, zone)


@given(odd_instants, st.integers(-3, 3))
def test_start_of_day_is_where_the_calendar_turns(place: tuple[str, datetime], days: int) -> None:
    """times.C3: a second earlier the zone's calendar shows an earlier date."""
    zone, at = place
    day = local_date(at, zone) + timedelta(days=days)

    start_at = start_of_day(day, zone)

    assert start_at.tzinfo is UTC
    assert local_date(start_at, zone) >= day
    assert local_date(start_at - timedelta(seconds=1), zone) < day


@given(odd_instants)
def test_next_waking_day_is_a_later_date_and_begins_it(place: tuple[str, datetime]) -> None:
    """No waking instant of that date comes before it, and none of a date between."""
    zone, at = place

    found = next_waking_day(at, zone, NIGHT)

    assert found is not None
    assert local_date(found, zone) > local_date(at, zone)
    assert found == next_waking(start_of_day(local_date(at, zone) + timedelta(days=1), zone), zone, NIGHT)
