"""The codec beside the official SDK of CloudEvents, in both directions and both modes: what one writes, the other reads, and the same.

The SDK knows the rules of version 1.0.2 for attributes: which are required, how they are named, what they may be. Known to be odd in it,
and kept out of here: it makes the key of a record an attribute, and takes a structured record with `ce_` headers for a binary one.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from engine.testing import TopologyDriver
from schemas.base import InputData
from schemas.codec import decode, decode_structured, encode_binary, encode_structured
from schemas.documents import payloads
from schemas.envelope import Event
from schemas.registry import INPUT_TYPES
from tests.builders import enrolled, hired, programme_created

RECEIVED_AT: Final = datetime(2100, 1, 1, tzinfo=UTC)
JSON: Final = JSONFormat()
TIME: Final = datetime(2025, 2, 1, 9, 0, 0, 250_000, tzinfo=UTC)
INPUTS: Final = [(model, data) for model in INPUT_TYPES.values() for data in payloads.of(model)]


def attributes_of(model: type[InputData], data: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an event that somebody may send."""
    named = {"type": model.TYPE, "source": "urn:example:feed", "id": "event-1", "specversion": "1.0", "time": TIME}
    return {**named, "datacontenttype": "application/json", "actor": str(data.get("person_id", "desk")), "sequence": "12"}


def sent(event: CloudEvent, *, is_binary: bool) -> object:
    """Write an event with the SDK, read it with the codec."""
    message = (to_binary if is_binary else to_structured)(event, JSON)
    return decode(message.value, tuple(message.headers.items()), RECEIVED_AT)


@pytest.mark.parametrize(("model", "data"), INPUTS, ids=lambda case: case.__name__ if isinstance(case, type) else "")
def test_an_input_that_the_sdk_writes_is_read(model: type[InputData], data: dict[str, Any]) -> None:
    """Every type, in either mode: one event."""
    event = CloudEvent(attributes_of(model, data), data)

    binary, structured = sent(event, is_binary=True), sent(event, is_binary=False)

    assert isinstance(binary, Event)
    assert binary == structured
    assert (TIME, "urn:example:feed", "event-1", 12) == (binary.time, binary.source, binary.id, binary.sequence)
    assert model.model_validate(data) == binary.data


@pytest.mark.parametrize(("model", "data"), INPUTS[:3], ids=lambda case: case.__name__ if isinstance(case, type) else "")
def test_an_input_s_data_may_be_bytes(model: type[InputData], data: dict[str, Any]) -> None:
    """The SDK writes bytes as base64."""
    packed = CloudEvent(attributes_of(model, data), json.dumps(data).encode())

    assert sent(CloudEvent(attributes_of(model, data), data), is_binary=False) == sent(packed, is_binary=False)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf")), min_size=1, max_size=60), st.booleans())
def test_any_text_survives_as_an_attribute(text: str, is_binary: bool) -> None:
    """Whatever script it is in."""
    data = {"person_id": "ann", "effective_on": "2025-02-01"}
    named = {"type": "bothways.hr.departed.v1", "source": text, "id": text, "specversion": "1.0", "time": TIME}

    event = sent(CloudEvent(named, data), is_binary=is_binary)

    assert isinstance(event, Event)
    assert (text, text) == (event.source, event.id)


@pytest.fixture(scope="module")
def published() -> TopologyDriver:
    """Return a programme that has said something."""
    driver = TopologyDriver()
    day = "2025-01-06T09:00:00Z"
    driver.pipe(hired("ann", day), hired("bob", day), programme_created(day, policy={"stall_days": 20}))
    mirrored = {"offers": [{"topic": "strategy", "level": 2}], "wants": [{"topic": "python", "importance": 3, "own_level": 0}]}
    driver.pipe(enrolled("ann", day), enrolled("bob", day, **mirrored), hired("cid", day, job_level=99))
    driver.advance(datetime(2025, 2, 1, tzinfo=UTC))
    return driver


def test_an_output_is_read_by_the_sdk_in_structured_mode(published: TopologyDriver) -> None:
    """Every attribute and every field arrives, and the SDK finds no fault."""
    outputs = [output for output in published.store.outputs if output.data is not None]
    assert len({output.attributes["type"] for output in outputs}) > 4

    for output in outputs:
        assert output.data is not None
        read = JSON.read(None, encode_structured(output.attributes, output.data))
        attributes = {**read.get_attributes(), "time": read.get_attributes()["time"].strftime("%Y-%m-%dT%H:%M:%SZ")}
        assert output.attributes == attributes
        assert json.loads(output.data) == read.get_data()


def test_an_output_is_the_same_to_the_sdk_in_binary_mode(published: TopologyDriver) -> None:
    """A header is text, so a number is its digits."""
    for output in published.store.outputs:
        if output.data is None:
            continue
        headers, value = encode_binary(output.attributes, output.data)
        read = from_kafka(KafkaMessage(headers=dict(headers), key=None, value=value), JSON)
        structured = JSON.read(None, encode_structured(output.attributes, output.data))

        assert {name: str(each) for name, each in structured.get_attributes().items()} == {
            name: str(each) for name, each in read.get_attributes().items()
        }
        assert structured.get_data() == read.get_data()


def test_what_the_sdk_read_it_writes_again_for_the_codec() -> None:
    """There and back: a line of a file, through the SDK, is the same event."""
    data = {"person_id": "ann", "effective_on": "2025-02-01"}
    line = json.dumps(
        {**attributes_of(INPUT_TYPES["bothways.hr.departed.v1"], data), "time": "2025-02-01T09:00:00Z", "data": data}
    ).encode()

    again = JSON.write(JSON.read(None, line))

    assert decode_structured(line, RECEIVED_AT) == decode_structured(again, RECEIVED_AT)
