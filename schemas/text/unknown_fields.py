"""Unknown fields: ignored on input, and kept nowhere. What no schema has a field for, say a birth date, leaves no copy here.

Known are the attributes of the envelope, and the fields of the event's model and of the models in it, by name and by alias. Attributes
that nobody reads once an event is decoded (DROPPED) are kept nowhere either. A refused record is the exception: its dead letter has the
bytes as they came.

Source: docs/contracts.md, What is read.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args

import msgspec

from schemas.base import InputData, Part

ATTRIBUTES: Final = frozenset(
    {
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "subject",
        "actor",
        "relayedby",
        "sequence",
        "recordedtime",
        "partitionkey",
        "expirytime",
        "causation",
        "traceparent",
        "datacontenttype",
        "dataschema",
        "dataclassification",
        "data",
    }
)

DROPPED: Final = frozenset({"subject", "traceparent", "tracestate", "partitionkey", "causation", "dataschema"})
"""Used up at the edge: free text of producers, which would lie in the log for ever."""
KEPT: Final = ATTRIBUTES - DROPPED
_encode: Final = msgspec.json.Encoder().encode


def has_unknown(attributes: Mapping[str, Any], model: type[InputData]) -> bool:
    """Say whether an event that its model accepted holds anything that is not kept. For every event, so it looks at names only.

    Args:
        attributes: by name, `data` among them.
    """
    return not attributes.keys() <= KEPT or _is_more(attributes["data"], _shape(model))


def known_line(attributes: Mapping[str, Any], said: InputData) -> bytes:
    """Write an event as structured JSON with what is known only.

    Args:
        said: what the model has read in its data.
    """
    known = {name: value for name, value in attributes.items() if name in KEPT}
    known["data"] = said.readable(_known(known["data"], _shape(type(said))))
    return _encode(known)


class _Shape(NamedTuple):
    """The names that a model reads, and the shapes of the models below some of them."""

    names: frozenset[str]
    below: "tuple[tuple[str, _Shape], ...]"


def _is_more(given: dict[str, Any], shape: _Shape) -> bool:
    if not given.keys() <= shape.names:
        return True
    for name, of in shape.below:
        value = given.get(name)
        if value:
            for item in value if isinstance(value, list) else (value,):
                if not isinstance(item, dict) or not item.keys() <= of.names or (of.below and _is_more(item, of)):
                    return True
    return False


def _known(given: Any, shape: _Shape) -> Any:
    if not isinstance(given, dict):
        return given  # could not be read: the model says what is kept of it
    known = {name: value for name, value in given.items() if name in shape.names}
    for name, of in shape.below:
        value = known.get(name)
        if value:
            known[name] = [_known(item, of) for item in value] if isinstance(value, list) else _known(value, of)
    return known


@lru_cache(maxsize=128)
def _shape(model: type[Part]) -> _Shape:
    names: set[str] = set()
    below: list[tuple[str, _Shape]] = []
    for name, field in model.model_fields.items():
        spellings = {name, field.validation_alias} if isinstance(field.validation_alias, str) else {name}
        names |= spellings
        part = _part_in(field.annotation)
        if part is not None:
            below += ((spelling, _shape(part)) for spelling in sorted(spellings))
    return _Shape(frozenset(names), tuple(below))


def _part_in(annotation: Any) -> type[Part] | None:
    """Find the model that a field holds, or holds several of."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _part_in(argument)) is not None), None)
