"""The codec's hash of what an event says, and its writing (schemas/codec.py)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import data_json
from schemas.codec import content_hash, decode, decode_structured, encode_binary, encode_structured
from schemas.envelope import Event
from schemas.events.hr import HrLeaveEnded
from schemas.events.pairing import PairingEnded
from tests.unit.schemas.codec_lines import LEAVE, PAIRING, RECEIVED_AT, event, line


def test_content_is_what_the_event_says_not_how_it_is_spelt() -> None:
    """Order of members and the spelling of the instant don't count; a repeat is told from a conflict."""
    reordered = dict(reversed(event(data=dict(reversed(LEAVE.items())), time="2025-02-01T08:00:00Z").items()))

    assert content_hash(event()) == content_hash(reordered)


def test_an_event_carries_the_hash_of_its_content() -> None:
    """Deduplication compares what the codec has already worked out."""
    said = {"subject": "ann", "actor": "svc"}

    outcome = decode_structured(line(**said), RECEIVED_AT)

    assert isinstance(outcome, Event)
    assert content_hash(event(**said)) == outcome.content


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "bothways.hr.departed.v1"},
        {"subject": "ann"},
        {"actor": "ann"},
        {"time": "2025-02-01T09:00:00.000001+01:00"},
        {"data": {**LEAVE, "effective_on": "2025-02-02"}},
        {"data": {**LEAVE, "note": "x"}},
    ],
)
def test_another_body_has_another_hash(changes: dict[str, Any]) -> None:
    """Type, subject, time, actor and every field of data count."""
    assert content_hash(event()) != content_hash(event(**changes))


@pytest.mark.parametrize("changes", [{"id": "e-2"}, {"source": "x"}, {"sequence": 3}, {"recordedtime": "2025-02-01T08:00:00Z"}])
def test_what_carries_the_event_is_not_its_content(changes: dict[str, Any]) -> None:
    """A redelivery may come with other transport attributes."""
    assert content_hash(event()) == content_hash(event(**changes))


def ended() -> PairingEnded:
    """Something to publish."""
    return PairingEnded.model_validate(
        {
            "pairing_id": PAIRING,
            "programme_id": "alpha",
            "people": ["ann", "bob"],
            "code": "choice",
            "sessions_count": 2,
            "reciprocity_ratio": None,
        }
    )


def test_an_output_is_one_compact_line() -> None:
    """Attributes in the order given, absent ones left out, data byte for byte."""
    data = data_json(ended())

    raw = encode_structured({"id": "o-1", "time": datetime(2025, 2, 1, 12, 0, 0, 5, tzinfo=UTC), "sequence": 3, "causation": None}, data)

    assert (
        b'{"specversion":"1.0","id":"o-1","time":"2025-02-01T12:00:00Z","sequence":3,"datacontenttype":"application/json","data":'
        + data
        + b"}"
        == raw
    )


def test_binary_leaves_the_data_alone() -> None:
    """`ce_` headers as text, the content type by its own name, the value untouched."""
    data = data_json(ended())

    headers, value = encode_binary({"id": "o-1", "sequence": 3, "datacontenttype": "application/json", "causation": None}, data)

    assert value is data
    assert headers == [("ce_specversion", b"1.0"), ("ce_id", b"o-1"), ("ce_sequence", b"3"), ("content-type", b"application/json")]


@given(
    person=st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    source=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf")), min_size=1, max_size=64),
)
def test_what_is_encoded_decodes_to_the_same_event(person: str, source: str) -> None:
    """Either mode, there and back."""
    data = HrLeaveEnded.model_validate({**LEAVE, "person_id": person})
    attributes: dict[str, str | int | datetime | None] = {
        "id": "e-1",
        "source": source,
        "type": data.TYPE,
        "time": RECEIVED_AT,
        "sequence": 1,
    }
    headers, value = encode_binary(attributes, data_json(data))

    structured = decode_structured(encode_structured(attributes, data_json(data)), RECEIVED_AT)
    binary = decode(value, headers, RECEIVED_AT)

    assert isinstance(structured, Event)
    assert structured == binary
    assert (data, source) == (structured.data, structured.source)
