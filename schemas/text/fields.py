"""Field types shared by the event models: days, instants, clock times, zones, languages and short texts.

Each accepts what JSON brings and what Python code holds, and nothing near it: no bare numbers for times, no naive instants,
no coerced booleans. Days and instants stay between DAY_MIN and DAY_MAX, so that adding a term, a grace period or a zone's
offset never leaves the range of Python's calendar.
"""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic.config import JsonDict

from schemas.text.zones import zone_names

DAY_MIN: Final = date(1900, 1, 1)
DAY_MAX: Final = date(9998, 12, 31)

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,12})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_STEERING_CHARS: Final = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_STEERING: Final = re.compile(f"[{_STEERING_CHARS}]")
"""Control characters, those of the second range among them, and those that set the direction of text."""
_LEAP_SECOND: Final = "60"

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def _is_none(value: object) -> bool:
    return value is None


Omittable = Annotated[T | None, Field(exclude_if=_is_none)]
"""Left out of the JSON when there is nothing to say; null reads as absent."""
Code = Annotated[E, Field(strict=False)]
"""A closed set of names; strict mode alone would refuse the plain text that JSON brings."""


def parse_instant(text: object) -> datetime:
    """Read an RFC 3339 instant with its offset, as UTC, fractions kept. A leap second is read as the one before it.

    Raises:
        ValueError: not text, another shape, no offset, no such day or time, or outside DAY_MIN to DAY_MAX.
    """
    if type(text) is not str or _INSTANT.fullmatch(text) is None:
        raise ValueError("must be an RFC 3339 instant with an offset")
    if text[17:19] == _LEAP_SECOND:
        text = f"{text[:17]}59{text[19:]}"
    try:
        instant = datetime.fromisoformat(text.upper())
        if instant.tzinfo is not UTC:
            instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a day and time that exist") from None
    if not DAY_MIN.year <= instant.year <= DAY_MAX.year:  # both ends are whole years
        raise ValueError("must lie between the years 1900 and 9998")
    return instant


def instant_text(instant: datetime) -> str:
    """Write an aware instant as every output does: UTC, `Z`, whole seconds."""
    assert instant.tzinfo is not None, "instants are aware"
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(value: object) -> datetime:
    """Whole seconds: the engine's clock has no finer grain, so a timer can't fall between two ticks."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("must be an instant with an offset")
        return value.astimezone(UTC).replace(microsecond=0)
    return parse_instant(value).replace(microsecond=0)


def _day(value: object) -> date:
    if isinstance(value, str):
        if _DAY.fullmatch(value) is None:
            raise ValueError("must be a day written YYYY-MM-DD")
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a day that exists") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("must be a day written YYYY-MM-DD")  # noqa: TRY004 - pydantic reports ValueError only
    if not DAY_MIN <= value <= DAY_MAX:
        raise ValueError("must lie between the years 1900 and 9998")
    return value


def is_timezone(key: str) -> bool:
    """Whether the IANA database knows the zone."""
    return key in zone_names()


def is_plain_text(text: str) -> bool:
    """Whether a text holds nothing that steers a terminal or turns the direction of what is beside it."""
    return text.isprintable() or _STEERING.search(text) is None


def _plain_text(text: str) -> str:
    if not is_plain_text(text):
        raise ValueError("must not hold control or bidirectional characters")
    return text


def _timezone(value: str) -> str:
    if not is_timezone(value):
        raise ValueError("must be an IANA time zone")
    return value


INSTANT_READ: Final = {"type": "string", "format": "date-time", "pattern": f"^{_INSTANT.pattern}$"}
INSTANT_WRITTEN: Final = {"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
Instant = Annotated[
    datetime, BeforeValidator(_instant), WithJsonSchema(INSTANT_READ, "validation"), WithJsonSchema(INSTANT_WRITTEN, "serialization")
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_DAY.pattern}$"})]
Timezone = Annotated[str, AfterValidator(_timezone)]
ClockTime = Annotated[str, Field(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")]
ClockTimeEnd = Annotated[str, Field(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""An end may be the end of the day."""
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$", max_length=35)]
"""BCP 47, kept as given."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_LANGUAGE_CHARS_MAX: Final = 35


def is_language(tag: str) -> bool:
    """Whether a text is a `Language`."""
    return len(tag) <= _LANGUAGE_CHARS_MAX and _LANGUAGE.fullmatch(tag) is not None


PLAIN: Final[JsonDict] = {"pattern": f"^[^{_STEERING_CHARS}]*$"}
ShortText = Annotated[str, Field(min_length=1, max_length=120, json_schema_extra=PLAIN), AfterValidator(_plain_text)]
"""Names of departments, places, programmes."""
Remark = Annotated[str, Field(min_length=1, max_length=280, json_schema_extra=PLAIN), AfterValidator(_plain_text)]
"""Why a coordinator did something: a code of a short list, or words that are published nowhere."""
Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Ordinal = Annotated[int, Field(ge=1)]
Minutes = Annotated[int, Field(ge=1, le=1_440)]
HashedId = Annotated[str, Field(pattern=r"^[0-9a-f]{16,128}$")]
"""A salted hash in the place of a person id."""
DataField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
"""The name of a piece of data that a decision read."""
DataUsed = Annotated[tuple[DataField, ...], Field(strict=False, max_length=40)]


def minute_of_day(clock_time: str) -> int:
    """Minutes since local midnight of an `HH:MM` that a model accepted; 1,440 for "24:00"."""
    return int(clock_time[:2]) * 60 + int(clock_time[3:])
