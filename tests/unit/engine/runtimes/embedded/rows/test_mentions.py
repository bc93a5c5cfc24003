"""Rules of which bytes name a person (engine/runtimes/embedded/rows/mentions.py)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtimes.embedded.rows.mentions import Mentions

IDS = st.text("abp019._:-", min_size=1, max_size=8)


@pytest.mark.parametrize(
    "value",
    [
        b'{"person_id":"p1"}',
        b'{"person_ids": ["p10", "p1"]}',
        b'{"p1": 3}',
        b'{"key":"two-way/p1"}',
        b'{"reason":"asked for by p1."}',
        b'{"reason":"see:\\np1"}',
        b'{"person_id":"\\u0070\\u0031"}',
        b'{"person_id":"p1","person_id":"p2"}',
        b'{"packed":"{\\"person_id\\":\\"p1\\"}"}',
        b'"p1"',
        b"p1",
        b'{"person_id":"p1"',
        b'{"person_id":"\\u0070\\u0031"',
        b"C:\\p1",
        b"\xff\xfep\x001\x00,\x00",
        b"person_id='p1'",
        b'{"actor":"mailto:p1@example.org"}',
        b'{"actor":"urn:staff:p1"}',
        b'{"actor":"mailto%3Ap1"}',
    ],
)
def test_a_person_is_named_however_the_id_is_written(value: bytes) -> None:
    """rows.T1 to rows.T5: a whole token, with punctuation around it, in an address, escaped, under a repeated name, in unreadable bytes."""
    assert Mentions(["p1"]).in_bytes(value)


@pytest.mark.parametrize(
    "value",
    [
        b'{"person_id":"p10"}',
        b'{"person_id":"xp1"}',
        b'{"person_id":"p1.2"}',
        b'{"person_id":"P1"}',
        b'{"actor":"mailto:p10@example.org"}',
        b'{"session_id":"s-p1"}',
        b'{"pairing_id":"p1.0123456789abcdef"}',
        b'{"person_id":"p1-b"',
        b"",
    ],
)
def test_a_longer_id_is_somebody_else(value: bytes) -> None:
    """rows.T1: `p10` is not `p1`, and a session made up from an id names nobody."""
    assert not Mentions(["p1"]).in_bytes(value)


def test_a_number_is_nobody() -> None:
    """rows.T3: ids are strings, so a level of 3 doesn't name 3; a line that is no JSON is taken as it stands."""
    mentions = Mentions(["3"])

    assert (False, True, True) == tuple(map(mentions.in_bytes, (b'{"level":3}', b'{"person_id":"3"}', b'{"level":3')))


def test_keys_and_headers_count() -> None:
    """A record names whoever its key, a header's name or a header's value names."""
    mentions = Mentions(["ann", "bob"])

    assert mentions.in_record("people/contacts/ann", b"{}", ())
    assert mentions.in_record(None, None, (("ce_subject", b"bob"),))
    assert mentions.in_record(None, None, (("x-ann", None), ("bob", None)))
    assert not mentions.in_record("anna", None, (("x-ann", None),))


def test_depth_that_no_parser_follows_hides_nothing() -> None:
    """rows.T4: what can't be parsed is looked at as it is."""
    assert Mentions(["ann"]).in_bytes(b"[" * 200_000 + b'"ann"')


@given(person_id=IDS, other=IDS)
def test_a_string_of_one_id_names_that_person_alone(person_id: str, other: str) -> None:
    """rows.T1, rows.T2: two ids are told apart unless they differ in nothing but the punctuation around them, or a colon joins them."""
    value = json.dumps({"person_id": other}).encode()

    assert Mentions([other]).in_bytes(value)
    if person_id.strip("._:-") != other.strip("._:-") and ":" not in other:
        assert not Mentions([person_id]).in_bytes(value) or not person_id.strip("._:-")
