"""Rules of waking instants, reminders and days on which people may be reached (engine/programme/times/waking.py)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.hours import LocalHours
from engine.programme.times.calendar import Quiet, is_quiet, local_date
from engine.programme.times.waking import Waking, over_at
from tests.spread import is_spread
from tests.unit.engine.programme.times.test_calendar import odd_instants, quiets

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
NEVER: Final = datetime(2100, 1, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    """Return an instant in UTC."""
    return datetime(*parts, tzinfo=UTC)


def waking(*hours: LocalHours, zone: str = "UTC", **quiet: Any) -> Waking:
    """Build somebody who sleeps from eight to eight and at weekends, unless said otherwise."""
    return Waking(zone=zone, quiet=Quiet(**{"from_clock": "20:00", "to_clock": "08:00", **quiet}), hours=hours)


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        ((), utc(2025, 1, 8, 3), utc(2025, 1, 8, 8)),
        (((3, "10:00", "12:00"),), utc(2025, 1, 8, 3), utc(2025, 1, 8, 10)),
        (((3, "10:00", "12:00"),), utc(2025, 1, 8, 11), utc(2025, 1, 8, 11)),
        (((3, "10:00", "12:00"),), utc(2025, 1, 8, 12), utc(2025, 1, 8, 12)),
        (((3, "06:00", "12:00"),), utc(2025, 1, 8, 3), utc(2025, 1, 8, 8)),
        (((3, "05:00", "07:00"),), utc(2025, 1, 8, 3), utc(2025, 1, 8, 8)),
        (((2, "22:00", "09:00"),), utc(2025, 1, 8, 3), utc(2025, 1, 8, 8)),
        (((2, "22:00", "09:00"),), utc(2025, 1, 8, 9), utc(2025, 1, 8, 9)),
        (((1, "15:00", "24:00"),), utc(2025, 1, 10, 21), utc(2025, 1, 13, 15)),
    ],
)
def test_opening_lies_in_the_given_hours_of_its_day_if_any_are_left(
    hours: tuple[LocalHours, ...], at: datetime, expected: datetime
) -> None:
    """times.K1: cut with the waking time; a day without any left is taken as it is, and a slot may pass midnight."""
    assert expected == waking(*hours).opening(at)


def test_hours_that_come_too_late_leave_any_waking_instant() -> None:
    """times.K1: what is over before the hours begin is heard in the waking time before."""
    person = waking((3, "14:00", "17:00"))

    assert utc(2025, 1, 8, 8) == person.opening(utc(2025, 1, 8, 3), before=utc(2025, 1, 8, 13))


def test_spread_stays_in_the_first_hour_the_stretch_and_the_validity() -> None:
    """times.K2: an hour, or twenty minutes of waking, or ten until it is over; the same name always gets the same place."""
    opened_at, names = utc(2025, 1, 8, 8), [f"n{number}" for number in range(200)]
    short = waking(to_clock="08:00", from_clock="08:20")

    wide = [waking().spread(opened_at, NEVER, name) for name in names]

    assert all(is_spread(at, opened_at) for at in wide)
    assert wide == [waking().spread(opened_at, NEVER, name) for name in names]
    assert len(set(wide)) > 180
    assert max(short.spread(opened_at, NEVER, name) for name in names) < opened_at + timedelta(minutes=20)
    assert max(waking().spread(opened_at, opened_at + timedelta(minutes=10), name) for name in names) < opened_at + timedelta(minutes=10)
    assert opened_at == waking().spread(opened_at, opened_at + timedelta(seconds=1), "n")


@pytest.mark.parametrize(
    ("person", "session_at", "expected"),
    [
        (waking(), utc(2025, 1, 8, 9), utc(2025, 1, 7, 9)),
        (waking(), utc(2025, 1, 20, 9), utc(2025, 1, 17, 9)),
        (waking(), utc(2025, 1, 8, 7, 30), utc(2025, 1, 7, 8)),
        (waking(), utc(2025, 1, 8, 20, 30), utc(2025, 1, 7, 19, 59, 59)),
        (waking(weekend=(5, 6)), utc(2025, 1, 12, 9), utc(2025, 1, 9, 9)),
        (waking(holidays=(date(2025, 1, 7),)), utc(2025, 1, 8, 9), utc(2025, 1, 6, 9)),
        (waking(holidays=(date(2025, 1, 8),)), utc(2025, 1, 8, 9), utc(2025, 1, 7, 9)),
        (waking((2, "13:00", "15:00")), utc(2025, 1, 8, 9), utc(2025, 1, 7, 13)),
        (waking((3, "13:00", "15:00")), utc(2025, 1, 8, 9), utc(2025, 1, 7, 9)),
        (waking(zone="Pacific/Auckland"), utc(2025, 1, 19, 21), utc(2025, 1, 16, 21)),
        (waking(from_clock="08:00", weekend=()), utc(2025, 1, 20, 3), utc(2025, 1, 19, 3)),
    ],
)
def test_reminder_is_on_the_last_waking_day_before_nearest_to_the_time_of_day(
    person: Waking, session_at: datetime, expected: datetime
) -> None:
    """times.K3: local days, so Monday morning in Auckland is reminded of on Friday there."""
    assert expected == person.reminder_of(session_at)


def test_no_reminder_where_nothing_wakes() -> None:
    """times.K3: somebody whom nothing ever wakes is not reminded."""
    assert waking(weekend=(1, 2, 3, 4, 5, 6, 7)).reminder_of(utc(2025, 1, 8, 9)) is None


@pytest.mark.parametrize(
    ("at", "days", "holidays", "expected"),
    [
        (utc(2025, 12, 22, 6), 7, (), utc(2025, 12, 29, 6)),
        (utc(2025, 12, 22, 6), 7, range(24, 32), utc(2026, 1, 6, 6)),
        (utc(2025, 12, 25, 6), 1, range(24, 27), utc(2025, 12, 27, 6)),
        (utc(2025, 12, 22, 6), 7, (22,), utc(2025, 12, 29, 6)),
        (utc(2025, 12, 22, 6), 7, (29,), utc(2025, 12, 30, 6)),
        (utc(2025, 12, 22, 6), 7, (30,), utc(2025, 12, 29, 6)),
    ],
)
def test_holidays_don_t_count_as_days_to_answer(at: datetime, days: int, holidays: Any, expected: datetime) -> None:
    """times.K4: the clock goes on for each holiday after the start, and for those that the longer time brings; weekends count."""
    assert expected == over_at(at, days, "UTC", tuple(date(2025, 12, day) for day in holidays))


def test_holidays_are_local_days() -> None:
    """times.K4: it is Christmas in Auckland when it is still the day before in London."""
    christmas = (date(2025, 12, 25),)

    assert utc(2025, 12, 24, 12) == over_at(utc(2025, 12, 23, 12), 1, "UTC", christmas)
    assert utc(2025, 12, 25, 12) == over_at(utc(2025, 12, 23, 12), 1, "Pacific/Auckland", christmas)


@given(st.data())
def test_openings_and_reminders_are_never_quiet(data: st.DataObject) -> None:
    """times.K1, times.K3: whatever the clocks do, and a reminder is of an earlier local day."""
    zone, at = data.draw(odd_instants)
    slots = st.tuples(
        st.integers(1, 7), st.sampled_from(["00:00", "02:30", "09:00", "23:00"]), st.sampled_from(["01:00", "12:00", "24:00"])
    )
    hours = tuple(data.draw(st.lists(slots, max_size=3)))
    person = Waking(zone=zone, quiet=data.draw(quiets(at.date())), hours=hours)

    opened_at, reminded_at = person.opening(at), person.reminder_of(at)

    if opened_at is not None:
        assert opened_at >= at
        assert not is_quiet(opened_at, zone, person.quiet)
        assert not is_quiet(person.spread(opened_at, NEVER, "n"), zone, person.quiet)
    if reminded_at is not None:
        assert not is_quiet(reminded_at, zone, person.quiet)
        assert local_date(reminded_at, zone) < local_date(at, zone)


@given(st.data(), st.integers(1, 30))
def test_days_to_answer_are_as_many_as_promised(data: st.DataObject, days: int) -> None:
    """times.K4: without the holidays that came, so many days are left, and one day less would not be enough."""
    zone, at = data.draw(odd_instants)
    holidays = tuple(at.date() + timedelta(days=ahead) for ahead in data.draw(st.sets(st.integers(-2, 40), max_size=12)))

    end_at = over_at(at, days, zone, holidays)

    passed = [day for day in holidays if local_date(at, zone) < day <= local_date(end_at, zone)]
    assert (end_at - at) - DAY * len(passed) == DAY * days
