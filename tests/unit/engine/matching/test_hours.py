"""Rules of shared hours (engine/matching/hours.py)."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.hours import HOURS_DEFAULT, WEEK_MINUTES, LocalHours, shared_week_minutes, week_mask

WINTER = date(2025, 1, 8)
CLOCKS_CHANGE_IN_EUROPE = date(2025, 3, 30)
DAY = 24 * 60

clock_minutes = st.integers(0, DAY)


def clock(minute: int) -> str:
    """A minute of the day as the schemas write it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def local_hours(draw: st.DrawFn) -> tuple[LocalHours, ...]:
    """Some intervals, each within its day."""
    found: list[LocalHours] = []
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted((draw(clock_minutes), draw(clock_minutes)))
        found.append((draw(st.integers(1, 7)), clock(min(start, DAY - 1)), clock(end)))
    return tuple(found)


def test_default_hours_fill_five_working_days() -> None:
    """Whoever names no hours works Monday to Friday, nine to five."""
    mask = week_mask((), "UTC", WINTER)

    assert 5 * 8 * 60 == mask.bit_count()
    assert week_mask(HOURS_DEFAULT, "UTC", WINTER) == mask


def test_local_hours_are_laid_over_utc() -> None:
    """Nine in New York is two in the afternoon in UTC."""
    mask = week_mask(((1, "09:00", "10:00"),), "America/New_York", WINTER)

    assert ((1 << 60) - 1) << 14 * 60 == mask


def test_invariant_h2_hours_before_monday_wrap_to_the_end_of_the_week() -> None:
    """matching.H2: Monday morning in Auckland is still Sunday in UTC."""
    mask = week_mask(((1, "09:00", "10:00"),), "Pacific/Auckland", WINTER)

    assert ((1 << 60) - 1) << 6 * DAY + 20 * 60 == mask


def test_invariant_h2_hours_over_midnight_of_sunday_wrap_to_monday() -> None:
    """matching.H2: an hour across the end of the week keeps its length."""
    mask = week_mask(((7, "16:30", "17:30"),), "America/Denver", WINTER)

    assert 60 == mask.bit_count()
    assert ((1 << 30) - 1) == mask & ((1 << DAY) - 1)


def test_invariant_h3_a_change_of_the_clocks_within_the_week_is_seen() -> None:
    """matching.H3: in the week of the change Friday and Sunday have different offsets."""
    hours = ((5, "09:00", "10:00"), (7, "09:00", "10:00"))

    mask = week_mask(hours, "Europe/Madrid", CLOCKS_CHANGE_IN_EUROPE)

    hour = (1 << 60) - 1
    assert hour << 4 * DAY + 8 * 60 | hour << 6 * DAY + 7 * 60 == mask


def test_end_of_day_and_empty_intervals_are_taken_literally() -> None:
    """An end of "24:00" closes the day, and an interval of no length covers nothing."""
    assert DAY == week_mask(((3, "00:00", "24:00"),), "UTC", WINTER).bit_count()
    assert week_mask(((3, "09:00", "09:00"),), "UTC", WINTER) == 0


def test_interval_that_ends_before_it_starts_runs_into_the_next_day() -> None:
    """A night shift is one interval."""
    assert 8 * 60 == week_mask(((7, "22:00", "06:00"),), "UTC", WINTER).bit_count()


def test_any_date_of_a_week_gives_the_same_mask() -> None:
    """The ISO week decides, Monday to Sunday."""
    masks = {week_mask((), "Europe/Madrid", date(2025, 3, day)) for day in range(24, 31)}

    assert len(masks) == 1


@given(hours=local_hours(), zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati", "Europe/Madrid"]))
def test_invariant_h1_masks_stay_within_the_week(hours: tuple[LocalHours, ...], zone: str) -> None:
    """matching.H1: no bit beyond the 10,080 minutes, whatever the zone."""
    for week_of in (WINTER, CLOCKS_CHANGE_IN_EUROPE):
        assert 0 <= week_mask(hours, zone, week_of) < 1 << WEEK_MINUTES


@given(first=local_hours(), second=local_hours())
def test_shared_minutes_are_symmetric_and_bounded(first: tuple[LocalHours, ...], second: tuple[LocalHours, ...]) -> None:
    """Two people share what both have, never more than either has."""
    a, b = week_mask(first, "UTC", WINTER), week_mask(second, "Asia/Kolkata", WINTER)

    shared = shared_week_minutes(a, b, 1)

    assert shared_week_minutes(b, a, 1) == shared <= min(a.bit_count(), b.bit_count())


def test_time_is_shared_only_if_one_stretch_is_long_enough() -> None:
    """matching.H4: eight half hours are no time to meet for an hour; half an hour on either side of midnight on Sunday is."""
    scattered = week_mask(tuple((3, f"{hour:02}:00", f"{hour:02}:30") for hour in range(9, 17)), "UTC", WINTER)
    over_the_end = week_mask(((7, "23:30", "24:00"), (1, "00:00", "00:30")), "UTC", WINTER)
    whole_week = week_mask(tuple((day, "00:00", "24:00") for day in range(1, 8)), "UTC", WINTER)

    assert (240, 0) == (shared_week_minutes(scattered, whole_week, 30), shared_week_minutes(scattered, whole_week, 31))
    assert (60, 0) == (shared_week_minutes(over_the_end, whole_week, 60), shared_week_minutes(over_the_end, whole_week, 61))
    assert WEEK_MINUTES == shared_week_minutes(whole_week, whole_week, 480)
    assert 0 == shared_week_minutes(0, whole_week, 1)


def test_slots_that_pass_midnight_are_shared_across_zones() -> None:
    """A night shift in Berlin and an evening in New York have four hours in common."""
    berlin = week_mask(((1, "22:00", "06:00"),), "Europe/Berlin", WINTER)
    new_york = week_mask(((1, "19:00", "23:00"),), "America/New_York", WINTER)

    assert 4 * 60 == shared_week_minutes(berlin, new_york, 60)


@given(first=local_hours(), second=local_hours(), minutes=st.integers(1, 480))
def test_invariant_h4_stretches_are_found_as_by_walking_the_week(
    first: tuple[LocalHours, ...], second: tuple[LocalHours, ...], minutes: int
) -> None:
    """matching.H4: minute by minute, and once more over the end of the week."""
    a, b = week_mask(first, "UTC", WINTER), week_mask(second, "Pacific/Auckland", WINTER)

    longest = run = 0
    for minute in range(2 * WEEK_MINUTES):
        run = run + 1 if (a & b) >> minute % WEEK_MINUTES & 1 else 0
        longest = max(longest, run)

    assert (shared_week_minutes(a, b, minutes) > 0) == (longest >= minutes)
