"""JSON Schema 2020-12 of an event's data, as the codec reads it or writes it.

What differs from pydantic's own schemas:
    * an enum of an output is open: known values stand beside "any other name", because a later version may add one;
    * an output's field is required unless it is left out when there is nothing to say;
    * an optional field of an input may be null, which says the same as leaving it out, so null is no default;
    * the parameters of a nudge follow from its key;
    * every field says what it means and in which unit (meanings.py).

A schema can't say everything that the codec asks for: that a topic is in the programme's catalogue, that a time zone exists, that a
name holds no deficit words. It is never stricter than the codec, but for HR facts, which are read kindly: what their schema refuses is
left out and reported as `hr.finding`, and the rest of the fact counts.

Must stay in sync with: pydantic's GenerateJsonSchema, whose methods are overridden here.
"""

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final

from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from schemas.base import Data, InputData, Part
from schemas.documents.meanings import meaning_of, unit_of
from schemas.events.nudge import NudgeRequested
from schemas.nudges.catalogue import CATALOGUE
from schemas.text.exact import ExactPart

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
LATER_NAME: Final = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "A value that a later version adds."}
"""What an open enum takes besides the values that are known."""
LATER_NUDGE: Final = "LaterNudge"
"""The alternative for keys that a later version adds."""
NULL: Final = {"type": "null"}


class ContractSchema(GenerateJsonSchema):
    """Writes the schemas of the contracts. One instance writes once."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A field's name says what a title would."""
        del schema
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001 - pydantic's signature
        """In an output only what may be left out is optional."""
        if self.mode == "serialization":
            return field.get("serialization_exclude_if") is None
        return super().field_is_required(field, total)

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Open in an output, closed in an input."""
        written = super().enum_schema(schema)
        if self.mode == "validation":
            return written
        known = {"type": "string", "enum": written.pop("enum")}
        del written["type"]
        return {**written, "anyOf": [known, LATER_NAME]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default matters to whoever writes an input. Null is none."""
        written = super().default_schema(schema)
        if self.mode == "serialization" or written.get("default", NULL) is None:
            written.pop("default", None)
        return written

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        """Two of a kind are a list of two: the older dialect that AsyncAPI speaks has no `prefixItems`."""
        written = super().tuple_schema(schema)
        places = written.get("prefixItems", [])
        if places and "items" not in written:
            assert all(place == places[0] for place in places), "tuples of different things have no place in a contract"
            written["items"] = places[0]
            del written["prefixItems"]
        return written

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Say what each field means, and what is particular about some models."""
        written = super().model_schema(schema)
        model: type[Part] = schema["cls"]
        for field, info in model.model_fields.items():
            alias = info.serialization_alias or field
            written["properties"][alias] = self._told(model, field, written["properties"][alias])
        if issubclass(model, ExactPart) and self.mode == "validation":
            written["additionalProperties"] = False
            for name in written["properties"].keys() - set(written.get("required", ())):
                written["properties"][name] = _or_null(written["properties"][name])
        if model is NudgeRequested:
            key = written["properties"]["key"]
            written["properties"]["key"] = {**LATER_NAME, "description": key.get("description", "")}
            written["oneOf"] = list(self._by_key())
        return written

    def _told(self, model: type[Part], field: str, written: JsonSchemaValue) -> JsonSchemaValue:
        if self.mode == "serialization" and model.model_fields[field].exclude_if is not None:
            written = _not_null(written)
        told = {"description": meaning_of(model, field), "x-unit": unit_of(field)}
        return {**written, **{name: text for name, text in told.items() if text}}

    def _by_key(self) -> Any:
        """Yield one alternative for each key with the model of its parameters, and one for the keys of later versions."""
        for key, nudge in CATALOGUE.items():
            params = nudge.params
            params.model_rebuild()
            chosen = {"key": {"const": key.value}, "params": self.generate_inner(params.__pydantic_core_schema__)}
            title = "".join(word.title() for word in key.value.split("_")) + "Nudge"
            yield {"title": title, "description": _first_line(params), "type": "object", "properties": chosen}
        known = [key.value for key in CATALOGUE]
        yield {
            "title": LATER_NUDGE,
            "description": "A nudge of a later version.",
            "type": "object",
            "properties": {"key": {"not": {"enum": known}}},
        }

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """Keep the order of the models."""
        del parent_key
        return value


def mode_of(model: type[Data]) -> JsonSchemaMode:
    """Return how a model's data crosses the border: read or written."""
    return "validation" if issubclass(model, InputData) else "serialization"


def schema_of(model: type[Data]) -> dict[str, Any]:
    """Return the whole schema of one event's data; `$id` is what the envelope's `dataschema` says."""
    return deepcopy(_schema_of(model))


@lru_cache(maxsize=256)
def _schema_of(model: type[Data]) -> dict[str, Any]:
    model.model_rebuild()
    body = model.model_json_schema(schema_generator=ContractSchema, mode=mode_of(model), ref_template=DEFAULT_REF_TEMPLATE)
    definitions: Mapping[str, Any] = body.pop("$defs", {})
    head = {"$schema": DIALECT, "$id": model.schema_uri(), "title": model.__name__, "x-cloudevents-type": model.TYPE}
    return {**head, **body, **({"$defs": dict(sorted(definitions.items()))} if definitions else {})}


def _first_line(model: type[Part]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _or_null(written: JsonSchemaValue) -> JsonSchemaValue:
    """Let a field be null; what is said of the field stays beside it."""
    choices = written.get("anyOf", [])
    if NULL in choices:
        return written
    said: JsonSchemaValue = {name: written[name] for name in ("description", "x-unit", "default") if name in written}
    rest = {name: value for name, value in written.items() if name not in said}
    return {"anyOf": [*choices, NULL] if set(rest) == {"anyOf"} else [rest, NULL], **said}


def _not_null(written: JsonSchemaValue) -> JsonSchemaValue:
    """Take the null out of an output's optional field, which is left out instead."""
    choices = written.get("anyOf", [])
    if NULL not in choices:
        return written
    kept = [choice for choice in choices if choice != NULL]
    rest = {name: value for name, value in written.items() if name != "anyOf"}
    return {**kept[0], **rest} if len(kept) == 1 else {"anyOf": kept, **rest}
