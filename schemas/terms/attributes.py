"""How attributes of an envelope are read: texts, instants, `sequence`, and data that came as base64.

`sequence` is any int64 that is not negative. It orders facts of one instant only (`engine/core/stamp.py`), so the largest one beats
nothing that happened a second later; `time` and `recordedtime`, which come before it in every order, are bounded by the clock.
"""

import re
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from schemas.text.fields import is_plain_text, parse_instant
from schemas.text.strict_json import INT64_MAX, decode_json

ATTRIBUTE_CHARS_MAX: Final = 256
DATA_BASE64: Final = "data_base64"
_DECIMAL: Final = re.compile(r"[0-9]{1,19}")


class Invalid(ValueError):
    """An envelope attribute is wrong; becomes `schema_invalid`."""


def optional_text(attributes: Mapping[str, Any], name: str) -> str | None:
    """Read a text attribute; null is absent, as in the CloudEvents JSON format."""
    text = attributes.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not text or len(text) > ATTRIBUTE_CHARS_MAX:
        raise Invalid(f"{name}: must be text of 1 to {ATTRIBUTE_CHARS_MAX} characters")
    if not is_plain_text(text):
        raise Invalid(f"{name}: must not hold control or bidirectional characters")
    return text


def required_text(attributes: Mapping[str, Any], name: str) -> str:
    """Read a text attribute that must be there."""
    text = optional_text(attributes, name)
    if text is None:
        raise Invalid(f"{name}: is required")
    return text


def optional_instant(attributes: Mapping[str, Any], name: str) -> datetime | None:
    """Read an instant; null is absent."""
    text = attributes.get(name)
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as problem:
        raise Invalid(f"{name}: {problem}") from None


def required_instant(attributes: Mapping[str, Any], name: str) -> datetime:
    """Read an instant that must be there."""
    instant = optional_instant(attributes, name)
    if instant is None:
        raise Invalid(f"{name}: is required")
    return instant


def sequence_in(attributes: Mapping[str, Any]) -> int | None:
    """Read `sequence`, which producers send as a number or as its digits."""
    value = attributes.get("sequence")
    if value is None:
        return None
    if isinstance(value, str) and _DECIMAL.fullmatch(value) is not None:
        value = int(value)
    if type(value) is not int or not 0 <= value <= INT64_MAX:
        raise Invalid("sequence: must be a whole number that is not negative")
    return value


def data_in(content: Mapping[str, Any]) -> dict[str, Any]:
    """Read the data of a structured event: a JSON object, as it is or as base64.

    Raises:
        Invalid: absent, no object, or in both forms.
        TooLarge, Malformed: what was in the base64 is no strict JSON.
    """
    data = content.get("data")
    packed = content.get(DATA_BASE64)
    if packed is not None:
        if data is not None:
            raise Invalid("data: must not come as data_base64 too")
        data = decode_json(_unpacked(packed))
    if not isinstance(data, dict):
        raise Invalid("data: must be a JSON object")
    return data


def _unpacked(packed: object) -> bytes:
    try:
        if isinstance(packed, str):
            return a2b_base64(packed, strict_mode=True)
    except (NotBase64, ValueError):
        pass
    raise Invalid(f"{DATA_BASE64}: must be base64")
