"""Strict JSON (schemas/text/strict_json.py): what is let in, what never is, and that refusing is cheap."""

import json
from typing import Final

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.text.strict_json import (
    DEPTH_MAX,
    EVENT_BYTES_MAX,
    INT64_MAX,
    INT64_MIN,
    KEYS_MAX,
    STRING_BYTES_MAX,
    Malformed,
    TooLarge,
    decode_json,
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
leaves = st.none() | st.booleans() | st.integers(INT64_MIN, INT64_MAX) | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20)


def nested(depth: int) -> bytes:
    """Lists in lists, `depth` deep."""
    return b"[" * depth + b"]" * depth


@given(value=values, as_ascii=st.booleans(), indent=st.sampled_from([None, 2]), separators=st.sampled_from([None, (",", ":")]))
def test_clean_json_decodes_as_the_standard_library_does(
    value: object, as_ascii: bool, indent: int | None, separators: tuple[str, str] | None
) -> None:
    """Strictness never changes what a clean text means, however it is spelt."""
    raw = json.dumps(value, ensure_ascii=as_ascii, indent=indent, separators=separators).encode()

    decoded = decode_json(raw)

    assert repr(json.loads(raw)) == repr(decoded) == repr(msgspec.json.decode(raw))


@given(pairs=st.lists(st.tuples(st.sampled_from("abc"), values), max_size=4), space=st.sampled_from(["", " ", "\n"]))
def test_key_that_comes_twice_is_refused_in_every_spelling(pairs: list[tuple[str, object]], space: str) -> None:
    """Whether an object is compact or spread out, a second member of one name is malformed."""
    members = (f'"{key}"{space}:{space}{json.dumps(value, separators=(",", ":"))}' for key, value in pairs)
    raw = f"{{{(',' + space).join(members)}}}".encode()
    if len({key for key, _ in pairs}) < len(pairs):
        with pytest.raises(Malformed):
            decode_json(raw)
    else:
        assert dict(pairs) == decode_json(raw)


@pytest.mark.parametrize("number", [b"-0", b"-0.0", b"1.50", b"1e5", b"1E5", b"0.1000000000000000055511151231257827", b"2.5e-8", b"5e-324"])
def test_number_in_any_spelling_is_what_the_standard_library_reads(number: bytes) -> None:
    """Type, sign and last digit of a number don't depend on how fast it could be read."""
    assert repr(json.loads(number)) == repr(decode_json(number)) == repr(msgspec.json.decode(number))


@given(raw=st.binary(max_size=200) | st.text(st.sampled_from('[]{}":,\\u0d8 1e.-ntf'), max_size=60).map(str.encode))
@example(b'{"a":[1,"\\u00e9",null]}')
@example(b"[1e5, {}]")
@example(b"[1,]")
@example(b"\xff")
def test_any_bytes_end_in_a_value_or_a_refusal(raw: bytes) -> None:
    """No bytes make anything else escape than the two refusals; a value is what the standard library reads, and nothing else is one."""
    try:
        value = decode_json(raw)
    except (Malformed, TooLarge):
        return
    assert repr(json.loads(raw)) == repr(value)


MALFORMED: Final = {
    "empty": b"",
    "blank": b"  \n",
    "byte order mark": b"\xef\xbb\xbf{}",
    "not utf-8": b'{"a":"\xff"}',
    "utf-16": '{"a":1}'.encode("utf-16"),
    "surrogate in bytes": b'{"a":"\xed\xa0\x80"}',
    "lone surrogate": b'{"a":"\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff":1}',
    "surrogates the wrong way round": b'{"a":"\\udc00\\ud800"}',
    "nul": b'{"a":"\\u0000"}',
    "nul in a key": b'{"\\u0000":1}',
    "raw control character": b'{"a":"\n"}',
    "nan": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "overflowing float": b'{"a":1e400}',
    "integer of 65 bits": b'{"a":9223372036854775808}',
    "integer below 64 bits": b'{"a":-9223372036854775809}',
    "5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "long float": b'{"a":1.' + b"1" * 5_000 + b"}",
    "duplicate key": b'{"a":1,"a":1}',
    "duplicate key, escaped": b'{"a":1,"\\u0061":1}',
    "nested duplicate key": b'{"a":{"b":1,"b":2}}',
    "trailing comma": b'{"a":1,}',
    "two values": b"{} {}",
    "comment": b"{} // no",
    "single quotes": b"{'a':1}",
    "deep": nested(DEPTH_MAX + 1),
    "100,000 deep": nested(100_000),
    "deep and unclosed": b"[" * 100_000,
    "deep objects": b'{"a":' * 40 + b"1" + b"}" * 40,
    "many keys": json.dumps({str(n): n for n in range(KEYS_MAX + 1)}).encode(),
    "many keys in many objects": json.dumps([{"k": n} for n in range(KEYS_MAX + 1)]).encode(),
    "long string": b'"' + b"a" * (STRING_BYTES_MAX + 1) + b'"',
    "long string in bytes only": ('"' + "é" * (STRING_BYTES_MAX // 2 + 1) + '"').encode(),
    "long key": b'{"' + b"a" * (STRING_BYTES_MAX + 1) + b'":1}',
    "unterminated": b'{"a":"' + b'\\"' * 100_000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_json_is_refused(name: str) -> None:
    """What json.loads lets through, and what it stumbles over, is malformed alike."""
    with pytest.raises(Malformed):
        decode_json(MALFORMED[name])


@pytest.mark.parametrize(
    "raw",
    [
        nested(DEPTH_MAX),
        json.dumps({str(n): n for n in range(KEYS_MAX)}).encode(),
        json.dumps({"a": ":[{" * 2_000}).encode(),
        json.dumps({"a": '"[{:' * 2_000}).encode(),
        b'"' + b"a" * STRING_BYTES_MAX + b'"',
        b"[%d,%d]" % (INT64_MIN, INT64_MAX),
        b'"\\ud83d\\ude00"',
        b'"\\\\u0000"',
        json.dumps([1] * 80_000, separators=(",", ":")).encode(),
    ],
    ids=["depth", "keys", "brackets in a string", "quotes in a string", "string", "integers", "pair", "escaped backslash", "long list"],
)
def test_everything_up_to_its_limit_is_let_in(raw: bytes) -> None:
    """A limit itself is allowed, and look-alikes inside strings don't count."""
    assert json.loads(raw) == decode_json(raw)


def test_an_event_beyond_its_size_is_too_large_before_anything_else() -> None:
    """Size comes first, so a huge text costs nothing to refuse, malformed or not."""
    assert "a" == decode_json(b'"a"'.ljust(EVENT_BYTES_MAX))
    with pytest.raises(TooLarge):
        decode_json(b"\xff" * (EVENT_BYTES_MAX + 1))


BRACKETS: Final = b"[]" * (DEPTH_MAX + 1)
"""Enough of them to have the strings cut out and the nesting counted."""


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "raw",
    [
        b"9" * EVENT_BYTES_MAX,
        b"1." + b"3" * (EVENT_BYTES_MAX - 2),
        b"[" * EVENT_BYTES_MAX,
        b"[}" * (EVENT_BYTES_MAX // 2),
        BRACKETS + b'"' + b'\\"' * (EVENT_BYTES_MAX // 2 - 40),
        BRACKETS + b'"\\' * (EVENT_BYTES_MAX // 2 - 40),
        b'{"a":' * (EVENT_BYTES_MAX // 5),
        b":" * EVENT_BYTES_MAX,
    ],
    ids=["digits", "decimals", "lists", "mismatched", "escaped quotes", "quotes and escapes", "objects", "colons"],
)
def test_the_worst_text_of_the_largest_size_is_refused_in_linear_time(raw: bytes) -> None:
    """No text costs the square of its length: at the full size that would be minutes, and the timeout strikes."""
    with pytest.raises(Malformed):
        decode_json(raw)
