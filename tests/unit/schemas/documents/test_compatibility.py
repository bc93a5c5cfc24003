"""Rules of the compatibility check (schemas/documents/compatibility.py): what breaks producers, readers, or nobody."""

from typing import Any, Final

import pytest

from schemas.documents.compatibility import BrokenSide, breaks
from schemas.documents.json_schema import LATER_NAME, LATER_NUDGE

OPEN: Final = {"anyOf": [{"type": "string", "enum": ["a", "b"]}, LATER_NAME]}
CLOSED: Final = {"type": "string", "enum": ["a", "b"]}
NULL: Final = {"type": "null"}
TREE: Final = {"$defs": {"Tree": {"type": "object", "properties": {"twig": {"$ref": "#/$defs/Tree"}, "leaf": {"type": "string"}}}}}


def of(required: bool = True, **fields: Any) -> dict[str, Any]:  # noqa: FBT002 - short, for a table
    """Return the schema of an object."""
    return {"type": "object", "properties": fields, **({"required": sorted(fields)} if required else {})}


def keyed(*keys: str, **params: Any) -> dict[str, Any]:
    """Return a schema whose fields follow from a key."""
    named = [{"title": key, "type": "object", "properties": {"key": {"const": key}, "params": of(**params)}} for key in keys]
    later = {"title": LATER_NUDGE, "type": "object", "properties": {"key": {"not": {"enum": list(keys)}}}}
    return {**of(key=LATER_NAME, params={"type": "object"}), "oneOf": [*named, later]}


BREAKS_BOTH: Final = [
    ("a field that was removed", of(a={"type": "string"}, b=NULL), of(a={"type": "string"})),
    ("another type", of(a={"type": "string"}), of(a={"type": "boolean"})),
    ("another pattern", of(a={"type": "string", "pattern": "^a"}), of(a={"type": "string", "pattern": "^b"})),
    ("an enum's value that was removed", of(a=CLOSED), of(a={"type": "string", "enum": ["a"]})),
    ("an open enum's value that was removed", of(a=OPEN), of(a={"anyOf": [{"type": "string", "enum": ["a"]}, LATER_NAME]})),
    ("a constant that changed", of(a={"const": "1.0"}), of(a={"const": "2.0"})),
    ("a field of an entry", of(a={"type": "array", "items": of(b=NULL, c=NULL)}), of(a={"type": "array", "items": of(b=NULL)})),
    ("a key that was removed", keyed("one", "two"), keyed("one")),
    ("a parameter that was removed", keyed("one", p=NULL, q=NULL), keyed("one", p=NULL)),
]
BREAKS_PRODUCERS: Final = [
    ("a field that is needed now", of(required=False, a=NULL), of(a=NULL)),
    ("a new field that is needed", of(a=NULL), of(a=NULL, b=NULL)),
    ("null no longer accepted", of(a={"anyOf": [{"type": "string"}, NULL]}), of(a={"type": "string"})),
    ("a smaller maximum", of(a={"type": "integer", "maximum": 5}), of(a={"type": "integer", "maximum": 4})),
    ("a maximum where there was none", of(a={"type": "integer"}), of(a={"type": "integer", "maximum": 4})),
    ("a larger minimum", of(a={"type": "array", "minItems": 1}), of(a={"type": "array", "minItems": 2})),
    ("fewer numbers", of(a={"type": "number"}), of(a={"type": "integer"})),
    ("unknown fields refused", of(a=NULL), {**of(a=NULL), "additionalProperties": False}),
    ("a pattern where there was none", of(a={"type": "string"}), of(a={"type": "string", "pattern": "^a"})),
    ("a value that is excluded", of(a={"type": "string"}), of(a={"type": "string", "not": {"const": "x"}})),
]
BREAKS_READERS: Final = [
    ("a field that may be absent", of(a=NULL), of(required=False, a=NULL)),
    ("null where there was none", of(a={"type": "string"}), of(a={"anyOf": [{"type": "string"}, NULL]})),
    ("a larger maximum", of(a={"type": "integer", "maximum": 4}), of(a={"type": "integer", "maximum": 5})),
    ("a maximum that is gone", of(a={"type": "integer", "maximum": 4}), of(a={"type": "integer"})),
    ("more numbers", of(a={"type": "integer"}), of(a={"type": "number"})),
    ("a closed enum that grows", of(a=CLOSED), of(a={"type": "string", "enum": ["a", "b", "c"]})),
    ("another alternative", of(a={"anyOf": [{"type": "string"}, NULL]}), of(a={"anyOf": [{"type": "string"}, NULL, {"type": "integer"}]})),
]
BREAKS_NOBODY: Final = [
    ("an optional field that is new", of(a=NULL), {**of(a=NULL, b=NULL), "required": ["a"]}),
    ("words that changed", {**of(a=NULL), "description": "old", "x-unit": "days"}, {**of(a=NULL), "description": "new"}),
    ("an open enum that grows", of(a=OPEN), of(a={"anyOf": [{"type": "string", "enum": ["a", "b", "c"]}, LATER_NAME]})),
    ("a key that is new", keyed("one"), keyed("one", "two")),
    ("a name of a definition", {**of(a={"$ref": "#/$defs/Old"}), "$defs": {"Old": CLOSED}}, of(a=CLOSED)),
    ("one that contains itself", {**of(a={"$ref": "#/$defs/Tree"}), **TREE}, {**of(a={"$ref": "#/$defs/Tree"}), **TREE}),
]


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in BREAKS_BOTH], ids=[case[0] for case in BREAKS_BOTH])
@pytest.mark.parametrize("side", BrokenSide)
def test_what_is_taken_away_breaks_both_sides(old: dict[str, Any], new: dict[str, Any], side: BrokenSide) -> None:
    """Fields, types and names that somebody relies on stay."""
    assert breaks(old, new, side)


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in BREAKS_PRODUCERS], ids=[case[0] for case in BREAKS_PRODUCERS])
def test_an_input_never_asks_for_more(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What was ever accepted is; a reader doesn't mind."""
    assert 1 == len(breaks(old, new, BrokenSide.PRODUCERS))
    assert [] == breaks(old, new, BrokenSide.READERS)


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in BREAKS_READERS], ids=[case[0] for case in BREAKS_READERS])
def test_an_output_never_surprises_an_older_reader(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What is published fits the older schema; a producer doesn't mind."""
    assert 1 == len(breaks(old, new, BrokenSide.READERS))
    assert [] == breaks(old, new, BrokenSide.PRODUCERS)


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in BREAKS_NOBODY], ids=[case[0] for case in BREAKS_NOBODY])
@pytest.mark.parametrize("side", BrokenSide)
def test_what_is_added_breaks_nobody(old: dict[str, Any], new: dict[str, Any], side: BrokenSide) -> None:
    """New optional fields, new names in open enums and new keys of nudges are why there are minor versions."""
    assert [] == breaks(old, new, side)


@pytest.mark.parametrize("side", BrokenSide)
def test_a_break_deep_inside_is_named_by_its_path(side: BrokenSide) -> None:
    """The line says where to look, through definitions, lists and alternatives."""
    old = {**of(a={"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/E"}}, NULL]}), "$defs": {"E": of(b=NULL, c=NULL)}}
    new = {**old, "$defs": {"E": of(b=NULL)}}

    (found,) = breaks(old, new, side)

    assert found.startswith("data.a")
