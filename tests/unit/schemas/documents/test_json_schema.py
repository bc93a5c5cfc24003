"""Rules of the written schemas (schemas/documents/json_schema.py): they say what the codec does, and what every field means."""

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from schemas.base import Data, InputData, data_json
from schemas.codec import decode_structured
from schemas.documents import payloads
from schemas.documents.files import models
from schemas.documents.json_schema import LATER_NUDGE, schema_of
from schemas.envelope import Event
from schemas.events.nudge import NudgeRequested
from schemas.events.pairing import PairingEnded, PairingProposed
from schemas.events.participation import ParticipationEnrolled
from schemas.events.programme import ProgrammeCreated
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.terms.codes import NudgeKey
from tests.written_schemas import validator_of

RECEIVED_AT: Final = datetime(2100, 1, 1, tzinfo=UTC)
TEXTS: Final = ("", " ", "x", "erased", "coordinator:x", "a\u202eb", "é" * 400, "2025-02-30", "2025-02-01T09:00:00")
ODD: Final = (*TEXTS, 0, 1, 7, -1, 10**7, 0.5, True, None, [], {})
"""Values to put in the place of a good one."""
BEYOND: Final = "timezones"
"""What a schema can't say of a changed value: that the zone exists."""


def paths(value: Any, *before: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a JSON value."""
    if before:
        yield before
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, *before, name)


def changed(value: Any, path: tuple[Any, ...], put: Any) -> Any:
    """Return a copy with another value in one place; KeyError is a place that is left out."""
    spoilt = copy.deepcopy(value)
    target = spoilt
    for step in path[:-1]:
        target = target[step]
    if put is KeyError:
        del target[path[-1]]
    else:
        target[path[-1]] = put
    return spoilt


def is_taken(model: type[InputData], data: Any) -> bool:
    """Say whether the codec takes an event with this data."""
    person = data.get("person_id") if isinstance(data, dict) else None
    event = {"specversion": "1.0", "id": "e", "source": "s", "type": model.TYPE, "time": "2025-02-01T09:00:00Z", "data": data}
    is_plain = isinstance(person, str) and person.isprintable() and 0 < len(person) <= 256
    actor = {"actor": person} if is_plain else {} if model.PERSON_ACTS else {"actor": "desk"}
    return isinstance(decode_structured(json.dumps({**event, **actor}).encode(), RECEIVED_AT), Event)


def variants(example: Any) -> Iterator[tuple[str, Any]]:
    """Yield an example with one thing changed, and where."""
    for path in paths(example):
        where = ".".join(map(str, path))
        yield where, changed(example, path, KeyError)
        for odd in ODD:
            yield where, changed(example, path, odd)
    for path in ((), *(path for path in paths(example))):
        inner = example
        for step in path:
            inner = inner[step]
        if isinstance(inner, dict):
            yield "", changed(example, (*path, "shoe_size"), 43)


@pytest.mark.parametrize("model", INPUT_TYPES.values(), ids=lambda model: model.__name__)
def test_a_schema_takes_what_the_codec_takes_and_refuses_what_it_refuses(model: type[InputData]) -> None:
    """Whoever validates before sending is never surprised. HR facts are read more kindly than their schema says."""
    validator, is_kind = validator_of(model), model.TYPE.startswith("bothways.hr.")

    differing = [
        (where, variant, is_taken(model, variant))
        for example in payloads.of(model)
        for where, variant in variants(example)
        if is_taken(model, variant) is not validator.is_valid(variant)
    ]

    assert [] == [(where, variant) for where, variant, taken in differing if not (is_kind if taken else BEYOND in where)]


@pytest.mark.parametrize("model", OUTPUT_TYPES.values(), ids=lambda model: model.__name__)
def test_an_output_s_schema_takes_what_a_later_version_says(model: type[Data]) -> None:
    """A reader who validates goes on when there are new fields."""
    for example in payloads.of(model):
        assert validator_of(model).is_valid({**example, "shoe_size": 43})


@pytest.mark.parametrize("model", OUTPUT_TYPES.values(), ids=lambda model: model.__name__)
def test_an_output_s_field_is_required_unless_it_is_left_out_at_times(model: type[Data]) -> None:
    """Nobody has to ask whether something is there that always is."""
    model.model_rebuild()
    optional = {info.serialization_alias or name for name, info in model.model_fields.items() if info.exclude_if is not None}
    schema = schema_of(model)

    assert schema["properties"].keys() - optional == set(schema["required"])


def test_enums_of_outputs_are_open_and_those_of_inputs_are_closed() -> None:
    """A reader meets new reasons; a producer's typing error is refused."""
    proposed = payloads.of(PairingProposed)[0]
    enrolled = payloads.of(ProgrammeCreated)[0]

    assert validator_of(PairingProposed).is_valid({**proposed, "track": "sideways"})
    assert not validator_of(PairingProposed).is_valid({**proposed, "track": "Side Ways"})
    assert not validator_of(ProgrammeCreated).is_valid({**enrolled, "policy": {"track": "sideways"}})


def test_parameters_of_a_nudge_follow_from_its_key() -> None:
    """Each key has its own model, also those that are retired; keys of later versions may have any."""
    validator, by_key = validator_of(NudgeRequested), {nudge["key"]: nudge for nudge in payloads.of(NudgeRequested)}
    titles = [choice["title"] for choice in schema_of(NudgeRequested)["oneOf"]]

    assert set(NudgeKey) == by_key.keys()
    assert len(NudgeKey) + 1 == len(set(titles))
    assert LATER_NUDGE == titles[-1]
    assert not validator.is_valid({**by_key["coordinator_storm"], "params": {"programme_id": "alpha"}})
    assert validator.is_valid({**by_key["coordinator_storm"], "key": "quite_new", "params": {"programme_id": "alpha"}})


def test_a_policy_s_schema_refuses_what_it_does_not_know() -> None:
    """Unknown fields are ignored everywhere else, in what is read."""
    created, enrolled = payloads.of(ProgrammeCreated)[0], payloads.of(ParticipationEnrolled)[0]

    assert not validator_of(ProgrammeCreated).is_valid({**created, "policy": {"sesions_planned": 6}})
    assert validator_of(ProgrammeCreated).is_valid({**created, "shoe_size": 43})
    assert validator_of(ParticipationEnrolled).is_valid({**enrolled, "shoe_size": 43})


def test_what_an_output_leaves_out_is_never_null() -> None:
    """Absent says it; null is kept for a figure that is not there."""
    ended = payloads.of(PairingEnded)[0]

    assert validator_of(PairingEnded).is_valid({**ended, "reciprocity_ratio": None})
    assert {"anyOf"} == schema_of(PairingEnded)["properties"]["reciprocity_ratio"].keys() - {"description", "x-unit"}
    assert "anyOf" not in schema_of(NudgeRequested)["properties"]["pairing_id"]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every object schema in a schema, the alternatives of a nudge aside."""
    if not isinstance(schema, dict):
        return
    fields, definitions = schema.get("properties", {}), schema.get("$defs", {})
    if fields:
        yield schema
    below = (schema.get("items"), schema.get("additionalProperties"))
    for inner in (*fields.values(), *definitions.values(), *schema.get("anyOf", ()), *below):
        yield from objects(inner)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_field_says_what_it_means(model: type[Data]) -> None:
    """In whole sentences, for people who see JSON and not Python."""
    found = {name: field.get("description", "") for schema in objects(schema_of(model)) for name, field in schema["properties"].items()}
    shown = [schema.get("description", "") for schema in objects(schema_of(model))]

    assert {} == {name: said for name, said in found.items() if not said.endswith(".")}
    assert [] == [said for said in (*found.values(), *shown) if re.search(r"\bNone\b|model_|PARAMS_BY|`True`", said)]


@pytest.mark.parametrize("model", OUTPUT_TYPES.values(), ids=lambda model: model.__name__)
def test_instants_are_written_in_utc(model: type[Data]) -> None:
    """The schema promises `Z`, and the codec keeps the promise."""
    instants = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', json.dumps(payloads.of(model)))

    assert [] == [instant for instant in instants if not instant.endswith("Z")]
    assert all(data_json(model.model_validate(example)) for example in payloads.of(model))
