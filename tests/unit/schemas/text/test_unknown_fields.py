"""Rules of what is unknown in an event (schemas/text/unknown_fields.py), and of writing it without that (schemas/codec.py)."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest

from schemas.codec import HeaderPairs, decode, is_whole, known_only
from schemas.envelope import Event
from schemas.frozen import replace

RECEIVED_AT: Final = datetime(2025, 1, 6, tzinfo=UTC)
STRUCTURED: Final = (("content-type", b"application/cloudevents+json"), ("x-redrive-count", b"1"))
PROFILE: Final[dict[str, Any]] = {
    "person_id": "ann",
    "programme_id": "p1",
    "offers": [{"topic": "python", "level": 3}],
    "wants": [],
    "hours": [{"weekday": 1, "from": "09:00", "to": "17:00"}],
    "exclude": None,
}
ATTRIBUTES: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "bothways.participation.enrolled.v1",
    "time": "2025-01-06T00:00:00.25Z",
    "actor": "ann",
    "sequence": 7,
}
USED_UP: Final = {"subject": "ann", "traceparent": "00-1", "tracestate": "a=1", "partitionkey": "k", "causation": "c", "dataschema": "x"}
MORE: Final[tuple[dict[str, Any], ...]] = (
    {**PROFILE, "note": 1},
    {**PROFILE, "offers": [{"topic": "python", "level": 3, "note": {"deep": []}}]},
    {**PROFILE, "hours": [{"weekday": 1, "from": "09:00", "to": "17:00", "note": None}]},
)


def taken(value: bytes, headers: tuple[tuple[str, bytes], ...]) -> Event:
    """Decode what must be readable."""
    event = decode(value, headers, RECEIVED_AT)
    assert isinstance(event, Event), event
    return event


def structured(data: dict[str, Any], **attributes: Any) -> bytes:
    """Write one event as JSON."""
    return msgspec.json.encode({**ATTRIBUTES, **attributes, "data": data})


def known(value: bytes, headers: tuple[tuple[str, bytes], ...]) -> tuple[bytes, HeaderPairs]:
    """Leave out what is unknown, of what must be readable."""
    return known_only(taken(value, headers).data, value, headers)


def test_event_of_known_fields_only_is_whole() -> None:
    """Every attribute and field that somebody reads is known, aliases included."""
    assert not taken(structured(PROFILE), STRUCTURED).has_unknown


@pytest.mark.parametrize("data", MORE)
def test_unknown_field_is_found_and_left_out(data: dict[str, Any]) -> None:
    """In the data, and in the items in it; the event reads as before, its hash aside, and other headers stay."""
    event = taken(structured(data), STRUCTURED)

    value, headers = known(structured(data), STRUCTURED)

    assert event.has_unknown
    assert STRUCTURED == headers
    assert structured(PROFILE) == value
    assert taken(structured(PROFILE), STRUCTURED) == replace(event, content=taken(value, STRUCTURED).content)


def test_unknown_attribute_is_left_out() -> None:
    """Extensions that nobody reads go too."""
    assert taken(structured(PROFILE, shoesize="43"), STRUCTURED).has_unknown
    assert structured(PROFILE) == known(structured(PROFILE, shoesize="43"), STRUCTURED)[0]


@pytest.mark.parametrize("name", USED_UP)
def test_attribute_that_is_used_up_is_left_out(name: str) -> None:
    """Free text of a producer is kept no longer than it is needed, in either mode."""
    value = structured(PROFILE, **{name: USED_UP[name]})
    headers = (*((f"ce_{of}", str(text).encode()) for of, text in {**ATTRIBUTES, name: USED_UP[name]}.items()), ("x-redrive-count", b"1"))

    assert taken(value, STRUCTURED).has_unknown
    assert (structured(PROFILE), STRUCTURED) == known(value, STRUCTURED)
    assert taken(msgspec.json.encode(PROFILE), headers).has_unknown
    assert STRUCTURED == known(msgspec.json.encode(PROFILE), headers)[1]
    assert msgspec.json.decode(structured(PROFILE)).keys() >= msgspec.json.decode(known(msgspec.json.encode(PROFILE), headers)[0]).keys()


def test_header_of_a_trace_is_left_out() -> None:
    """Instrumentation adds headers of its own."""
    headers = (*STRUCTURED, ("Traceparent", b"00-1"))

    assert not is_whole(headers)
    assert is_whole(STRUCTURED)
    assert (structured(PROFILE), STRUCTURED) == known(structured(PROFILE), headers)


def test_data_as_base64_is_kept_as_data() -> None:
    """One form in the log."""
    packed = {**ATTRIBUTES, "data_base64": b64encode(msgspec.json.encode(PROFILE)).decode()}

    value, _ = known(msgspec.json.encode(packed), STRUCTURED)

    assert msgspec.json.decode(structured(PROFILE)) == msgspec.json.decode(value)


def test_binary_event_becomes_a_structured_one() -> None:
    """Attributes of headers and data of the value come together; headers that carried no attribute stay."""
    named = {name: str(value).encode() for name, value in ATTRIBUTES.items()}
    headers = (*((f"ce_{name}", value) for name, value in named.items()), ("ce_shoesize", b"43"), ("x-redrive-count", b"1"))
    event = taken(msgspec.json.encode(PROFILE), headers)

    value, kept = known(msgspec.json.encode(PROFILE), headers)

    assert event.has_unknown
    assert STRUCTURED == kept
    assert event == taken(value, STRUCTURED)
    assert not taken(value, STRUCTURED).has_unknown
