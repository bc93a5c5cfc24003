"""Rules of the envelope's schemas (schemas/documents/envelope.py): its table is what the codec reads and the engine writes."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from engine.testing import TopologyDriver
from schemas.codec import decode_structured
from schemas.documents.envelope import ENVELOPE_ATTRIBUTES
from schemas.envelope import Event
from schemas.registry import OUTPUT_TYPES
from schemas.text import unknown_fields
from tests.builders import enrolled, hired, programme_created
from tests.written_schemas import problems, validator_in, validator_of

RECEIVED_AT: Final = datetime(2100, 1, 1, tzinfo=UTC)
WHOLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:hris",
    "type": "bothways.participation.enrolled.v1",
    "time": "2025-02-01T09:00:00+01:00",
    "subject": "ann",
    "actor": "ann",
    "relayedby": "urn:forms",
    "recordedtime": "2025-02-01T09:00:00.250Z",
    "sequence": "17",
    "expirytime": "2025-03-01T09:00:00Z",
    "causation": "c-1",
    "partitionkey": "ann",
    "traceparent": "00-1-2-01",
    "datacontenttype": "application/json; charset=utf-8",
    "dataschema": "bothways:schema:participation.enrolled:1.0",
    "dataclassification": "confidential",
    "data": {"person_id": "ann", "programme_id": "alpha", "offers": [], "wants": []},
}
ODD: Final = ("", "x" * 300, "a\u202eb", "2025-02-30T00:00:00Z", "2025-02-01T00:00:00", "text/plain", 7, -1, 2**63, 0.5, True, None, [], {})


def is_taken(event: dict[str, Any]) -> bool:
    """Say whether the codec takes an event."""
    return isinstance(decode_structured(json.dumps(event).encode(), RECEIVED_AT), Event)


def test_the_table_has_every_attribute_that_is_read() -> None:
    """And says of each whether it is kept."""
    read = {attribute.name for attribute in ENVELOPE_ATTRIBUTES if attribute.read is not None}
    dropped = {attribute.name for attribute in ENVELOPE_ATTRIBUTES if attribute.is_dropped}

    assert unknown_fields.ATTRIBUTES == read | {"data"}
    assert dropped == unknown_fields.DROPPED - {"tracestate"}


def test_an_event_with_everything_is_taken() -> None:
    """The whole table in one event."""
    assert is_taken(WHOLE)
    assert [] == problems("cloudevent.input/1.0.json", WHOLE)


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"data", "actor", "type"}))
def test_an_attribute_s_schema_takes_what_the_codec_takes(name: str) -> None:
    """Absent or odd: both agree. A number that no JSON of ours may hold is the codec's alone to see."""
    validator = validator_in("cloudevent.input/1.0.json")
    variants = [{**WHOLE, name: odd} for odd in ODD] + [{of: value for of, value in WHOLE.items() if of != name}]

    differing = [variant for variant in variants if is_taken(variant) is not validator.is_valid(variant)]

    assert [] == [variant[name] for variant in differing if variant[name] != 2**63]


def test_data_comes_as_it_is_or_as_base64() -> None:
    """One of the two."""
    packed = {**{name: value for name, value in WHOLE.items() if name != "data"}, "data_base64": "e30="}

    assert validator_in("cloudevent.input/1.0.json").is_valid(packed)
    assert not validator_in("cloudevent.input/1.0.json").is_valid({**packed, "data": {}})


def test_whatever_is_published_fits_its_two_schemas() -> None:
    """Envelope and data, of a programme that pairs two people."""
    driver, day = TopologyDriver(), "2025-01-06T09:00:00Z"
    mirrored = {"offers": [{"topic": "strategy", "level": 2}], "wants": [{"topic": "python", "importance": 3, "own_level": 0}]}
    driver.pipe(programme_created(day), hired("ann", day), hired("bob", day), enrolled("ann", day), enrolled("bob", day, **mirrored))
    driver.advance(datetime(2025, 4, 1, tzinfo=UTC))

    published = [event for event in driver.read() if "tombstone" not in event]

    assert published
    assert [] == [found for event in published for found in problems("cloudevent.output/1.0.json", event)]
    assert all(validator_of(OUTPUT_TYPES[event["type"]]).is_valid(event["data"]) for event in published)
