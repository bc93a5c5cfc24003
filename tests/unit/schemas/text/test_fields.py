"""Days, instants, clock times, zones and languages (schemas/text/fields.py)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.text.fields import (
    ClockTime,
    ClockTimeEnd,
    Day,
    Instant,
    Language,
    Timezone,
    instant_text,
    is_timezone,
    minute_of_day,
    parse_instant,
)

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1900, 1, 3), datetime(9998, 12, 29), timezones=offsets)  # noqa: DTZ001 - zones come with `timezones`


@given(instant=instants)
def test_an_instant_is_the_same_whatever_its_offset(instant: datetime) -> None:
    """Any offset reads as the same UTC instant, fractions kept."""
    parsed = parse_instant(instant.isoformat())

    assert (instant, UTC) == (parsed, parsed.tzinfo)


@given(instant=instants)
def test_a_written_instant_reads_back_in_whole_seconds(instant: datetime) -> None:
    """Outputs carry UTC, `Z` and whole seconds, and read back as that second."""
    written = instant_text(instant)

    assert written.endswith("Z")
    assert instant.astimezone(UTC).replace(microsecond=0) == parse_instant(written)


@pytest.mark.parametrize("text", ["2025-01-01t06:00:00z", "2025-01-01T06:00:00.123456789Z", "2024-02-29T23:59:59-00:00"])
def test_rfc_3339_spellings_are_read(text: str) -> None:
    """Lower-case letters, long fractions and the unknown local offset are RFC 3339."""
    assert UTC == parse_instant(text).tzinfo


@pytest.mark.parametrize(
    "value",
    [
        "2025-01-01T06:00:00",
        "2025-01-01 06:00:00Z",
        "2025-01-01",
        "2025-01-01T06:00Z",
        "2025-02-29T06:00:00Z",
        "2025-01-01T24:00:00Z",
        "2025-01-01T06:00:61Z",
        "2025-01-01T06:00:00+24:00",
        "2025-01-01T06:00:00+0100",
        "20250101T060000Z",
        "2025-W01-1T06:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "２０２５-01-01T06:00:00Z",
        "2025-01-01T06:00:00Z\n",
        "",
        1_735_711_200,
        1.5,
        True,
        None,
        ["2025-01-01T06:00:00Z"],
    ],
)
def test_anything_else_is_no_instant(value: object) -> None:
    """No naive time, no number, no other ISO spelling, no time that doesn't exist or lies beyond the calendar."""
    with pytest.raises(ValueError, match="must"):
        parse_instant(value)
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(value, strict=True)


def test_instants_of_data_are_whole_seconds_in_utc() -> None:
    """The engine's clock has no finer grain, whether JSON or code brings the instant."""
    adapter = TypeAdapter(Instant)
    expected = datetime(2025, 1, 1, 5, 0, 0, tzinfo=UTC)

    assert expected == adapter.validate_python("2025-01-01T06:00:00.999+01:00")
    assert expected == adapter.validate_python(datetime(2025, 1, 1, 5, 0, 0, 7, tzinfo=UTC))
    with pytest.raises(ValidationError):
        adapter.validate_python(datetime(2025, 1, 1))  # noqa: DTZ001 - a naive instant is the case


@given(day=st.dates(date(1900, 1, 1), date(9998, 12, 31)))
def test_days_read_as_written(day: date) -> None:
    """YYYY-MM-DD, from JSON or as a date."""
    adapter = TypeAdapter(Day)

    assert (day, day) == (adapter.validate_python(day.isoformat()), adapter.validate_python(day))


@pytest.mark.parametrize(
    "value",
    ["2025-1-1", "20250101", "2025-02-30", "2025-W01-1", "2025-01-01T00:00:00Z", "1899-12-31", "9999-12-31", "", 20250101, True, None],
)
def test_anything_else_is_no_day(value: object) -> None:
    """One spelling, and inside the range that leaves room for adding terms and offsets."""
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(value, strict=True)


@pytest.mark.parametrize("key", ["UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Kolkata"])
def test_iana_zones_are_known(key: str) -> None:
    """Every zone of the tz database will do, aliases included."""
    assert is_timezone(key)
    assert key == TypeAdapter(Timezone).validate_python(key)


@pytest.mark.parametrize(
    "key",
    ["", "Mars/Olympus", "Europe", "CEST", "+01:00", "../etc/passwd", "/etc/localtime", "Europe//Vienna", "Europe/Vienna\0", "a" * 65, "."],
)
def test_other_names_are_no_zones(key: str) -> None:
    """No abbreviations, no offsets, no paths, and no name makes the look-up itself fail."""
    assert not is_timezone(key)


def test_clock_times_cover_a_day() -> None:
    """Midnight to 23:59; only an end may be 24:00."""
    start, end = TypeAdapter(ClockTime), TypeAdapter(ClockTimeEnd)

    assert (0, 1_439) == (minute_of_day(start.validate_python("00:00")), minute_of_day(start.validate_python("23:59")))
    assert minute_of_day(end.validate_python("24:00")) == 1_440
    for wrong in ("24:00", "7:00", "07:60", "07:00:00", "07:00\n"):
        with pytest.raises(ValidationError):
            start.validate_python(wrong)
    for wrong in ("24:01", "25:00"):
        with pytest.raises(ValidationError):
            end.validate_python(wrong)


def test_languages_are_bcp_47_and_kept_as_given() -> None:
    """Tags are checked for shape only; comparing them is somebody else's rule."""
    adapter = TypeAdapter(Language)

    for tag in ("en", "de-AT", "zh-Hant-TW", "DE"):
        assert tag == adapter.validate_python(tag)
    for wrong in ("", "e", "en_US", "en-", "german language", "a" * 9):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
