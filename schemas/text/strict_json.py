"""Strict JSON: what json.loads lets through and the engine must never see.

Refuses, as `malformed`: bytes that aren't UTF-8 (a byte-order mark included), NaN, Infinity and numbers beyond a double,
integers beyond 64 bits, duplicate keys, lone surrogates, NUL, nesting beyond DEPTH_MAX, more than KEYS_MAX keys, strings
beyond STRING_BYTES_MAX. As `too_large`: more than EVENT_BYTES_MAX bytes.

How it stays cheap: counting brackets and colons in the raw bytes bounds depth and keys from above, so an ordinary event is
never scanned for them; only a suspicious one has its strings cut out and is counted exactly. That happens before the parser
runs, which therefore never recurses deeper than DEPTH_MAX. Escapes and long strings are looked for only where they can be.
A plain text, which is what producers send, is read by the fast parser: what it makes of it, written again, must be the same text but
for white space. A key that came twice, or a number in another spelling, would not come back; the exact parser judges those.

Source: docs/contracts.md, What is read; guarantees.S39.
"""

import re
from json import JSONDecodeError, JSONDecoder
from typing import Final, NoReturn

import msgspec

EVENT_BYTES_MAX: Final = 256 * 1_024
STRING_BYTES_MAX: Final = 64 * 1_024
DEPTH_MAX: Final = 32
KEYS_MAX: Final = 1_000
INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
_INT_CHARS_MAX: Final = 20
"""A sign and 19 digits; longer ones are refused unread, since reading digits costs their square."""
_FLOAT_CHARS_MAX: Final = 400

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""One string, or the unterminated rest: always matches from a quote on, so a scan is linear whatever the bytes."""
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_OPENING: Final = frozenset(b"[{")
_DIGITS_ALIKE: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * 19
"""The shortest run of digits that may have more than 64 bits."""
_NOTHING: Final = object()
_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


class TooLarge(ValueError):
    """More bytes than an event may have. The codec turns it into a Rejected."""


class Malformed(ValueError):
    """Not strict JSON. The codec turns it into a Rejected; the message never quotes the input."""


def _refuse_constant(_: str) -> NoReturn:
    raise Malformed("NaN and Infinity are not JSON")


def _int64(text: str) -> int:
    length = len(text)
    if length > _INT_CHARS_MAX:
        raise Malformed("an integer has more than 64 bits")
    number = int(text)
    if length < _INT_CHARS_MAX - 1:
        return number
    if not INT64_MIN <= number <= INT64_MAX:
        raise Malformed("an integer has more than 64 bits")
    return number


def _finite(text: str) -> float:
    if len(text) > _FLOAT_CHARS_MAX:
        raise Malformed("a number is too long")
    number = float(text)
    if number - number != 0:
        raise Malformed("a number is out of range")
    return number


def _keys_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("a key appears twice in one object")
    return members


_DECODER: Final = JSONDecoder(
    object_pairs_hook=_keys_once, parse_int=_int64, parse_float=_finite, parse_constant=_refuse_constant, strict=True
)


def decode_json(raw: bytes) -> object:
    """Decode one JSON text, strictly.

    Raises:
        TooLarge: more than EVENT_BYTES_MAX bytes.
        Malformed: anything else that the module's first lines list.
    """
    if len(raw) > EVENT_BYTES_MAX:
        raise TooLarge(f"more than {EVENT_BYTES_MAX} bytes")
    value = _plain(raw)
    if value is not _NOTHING:
        return value
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    _refuse_deep_or_wide(raw)
    try:
        value = _DECODER.decode(text)
    except JSONDecodeError:
        raise Malformed("not JSON") from None
    if b"\\u" in raw or len(raw) > STRING_BYTES_MAX:
        _refuse_bad_strings(value)
    return value


def _plain(raw: bytes) -> object:
    """Decode a text that breaks no rule for sure; `_NOTHING` where that takes a closer look.

    Equal after a round trip: no key came twice, and every number and string is spelled in the one way in which both parsers agree.
    """
    if (
        len(raw) > STRING_BYTES_MAX
        or b"\\u" in raw
        or raw.count(b"{") + raw.count(b"[") > DEPTH_MAX
        or raw.count(b":") > KEYS_MAX
        or _LONG_NUMBER in raw.translate(_DIGITS_ALIKE)
    ):
        return _NOTHING
    try:
        value: object = _decode(raw)
        again = _encode(value)
        if again == raw or again == msgspec.json.format(raw, indent=-1):
            return value
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        pass  # not JSON, most likely; the exact parser says what is wrong
    return _NOTHING


def _refuse_deep_or_wide(raw: bytes) -> None:
    """Bound nesting and keys before the parser runs; a key in valid JSON has exactly one colon outside strings."""
    maybe_deep = raw.count(b"{") + raw.count(b"[") > DEPTH_MAX
    maybe_wide = raw.count(b":") > KEYS_MAX
    if not maybe_deep and not maybe_wide:
        return
    skeleton = _STRING.sub(b"", raw)
    if skeleton.count(b":") > KEYS_MAX:
        raise Malformed(f"more than {KEYS_MAX} keys")
    depth = 0
    for bracket in skeleton.translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in _OPENING else -1
        if depth > DEPTH_MAX:
            raise Malformed(f"nested deeper than {DEPTH_MAX}")


def _refuse_bad_strings(value: object) -> None:
    """Walk every string, keys included. Recursion is safe: depth is bounded before."""
    if isinstance(value, str):
        _refuse_bad_string(value)
    elif isinstance(value, list):
        for item in value:
            _refuse_bad_strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_bad_string(key)
            _refuse_bad_strings(item)


def _refuse_bad_string(text: str) -> None:
    if "\0" in text:
        raise Malformed("a string holds NUL")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise Malformed("a string holds half of a surrogate pair") from None
    if size > STRING_BYTES_MAX:
        raise Malformed(f"a string has more than {STRING_BYTES_MAX} bytes")
