"""Fields of the models in words, for the reference pages: what a value may be, by its JSON Schema, and what it means.

Never knows: which models there are, how a page looks (ops/docs).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from schemas.base import Part
from schemas.documents.meanings import meaning_of, unit_of
from schemas.terms import ids

Mode = Literal["validation", "serialization"]
Schema = Mapping[str, Any]

CODES_LISTED_MAX: Final = 12
"""A longer set of codes is named by its page."""
_TEXTS: Final[Mapping[str, str]] = {
    f"^{ids.PERSON_ID_PATTERN}$": "person id",
    f"^{ids.PROGRAMME_ID_PATTERN}$": "programme id",
    f"^{ids.PAIRING_ID_PATTERN}$": "pairing id",
    f"^{ids.OPAQUE_ID_PATTERN}$": "id",
    f"^{ids.TOPIC_ID_PATTERN}$": "lower-case name",
    "^(?:[01][0-9]|2[0-3]):[0-5][0-9]$": "HH:MM",
    "^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "HH:MM, or 24:00",
    "^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$": "language (BCP 47)",
    "^[0-9a-f]{16,128}$": "hash",
    "^[a-z][a-z0-9_.]{0,63}$": "short name",
    "^[a-z][a-z0-9_.-]{0,63}$": "short name",
}
"""Pattern → what it stands for; any other is shown as it is."""
_FORMATS: Final[Mapping[str, str]] = {"date": "day", "date-time": "instant"}
_BY_NAME: Final[Mapping[str, str]] = {"timezone": "IANA time zone", "timezones": "list of IANA time zones"}
"""Fields whose check is a look-up, which no schema can say."""
_ALONE: Final = {"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number"}


class FieldSaid(NamedTuple):
    """One field of a model, in words."""

    name: str
    is_required: bool
    value: str
    meaning: str
    default: object


def fields_of(model: type[Part], mode: Mode) -> Iterator[FieldSaid]:
    """List the fields of a model as they are written in JSON."""
    schema = model.model_json_schema(mode=mode)
    names = _names_in_json(model)
    for name, field in schema["properties"].items():
        value = _BY_NAME.get(name) or worded(field, schema.get("$defs", {}))
        unit = unit_of(names[name])
        if unit is not None and not value.startswith(("day", "instant")):
            value = f"{value} ({unit})"
        yield FieldSaid(name, name in schema.get("required", ()), value, meaning_of(model, names[name]) or "", field.get("default"))


def _names_in_json(model: type[Part]) -> Mapping[str, str]:
    return {field.serialization_alias or name: name for name, field in model.model_fields.items()}


def worded(field: Schema, parts: Mapping[str, Schema]) -> str:
    """Say what a value may be.

    Args:
        field: its JSON Schema.
        parts: the models and codes that it refers to.
    """
    if "$ref" in field:
        return _part(field["$ref"].rpartition("/")[2], parts)
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(worded(one, parts) for one in field["anyOf"] if one.get("type") != "null"))
    match field.get("type"):
        case "array":
            return _list(field, parts)
        case "object":
            return "object"
        case "string":
            return _text(field)
        case "integer" | "number":
            return _number(field)
        case kind:
            return _ALONE.get(str(kind), "value")


def _part(name: str, parts: Mapping[str, Schema]) -> str:
    part = parts[name]
    if "enum" in part:
        codes = part["enum"]
        return ", ".join(f"`{code}`" for code in codes) if len(codes) <= CODES_LISTED_MAX else "a [code](codes.md)"
    if not part.get("properties"):
        return "object"
    if name in {"Policy", "NudgeParams"}:
        return {"Policy": "[policy](policy.md)", "NudgeParams": "object, by `key`"}[name]
    inner = (f"{_named(field, part)}: {_BY_NAME.get(field) or worded(said, parts)}" for field, said in part["properties"].items())
    return f"{{{'; '.join(inner)}}}"


def _named(field: str, part: Schema) -> str:
    return field if field in part.get("required", ()) else f"*{field}*"


def _list(field: Schema, parts: Mapping[str, Schema]) -> str:
    if "prefixItems" in field:
        return f"{len(field['prefixItems'])} × {worded(field['prefixItems'][0], parts)}"
    most = field.get("maxItems")
    return f"list{f' of at most {most:,}' if most else ''}: {worded(field['items'], parts)}"


def _text(field: Schema) -> str:
    if (kind := field.get("format")) is not None:
        return _FORMATS[kind]
    pattern = field.get("pattern", "")
    if pattern in _TEXTS or (pattern and "maxLength" not in field):
        return _TEXTS.get(pattern, f"text `{pattern}`")
    return f"text of at most {field['maxLength']} characters" if "maxLength" in field else "text"


def _number(field: Schema) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is None or high is None:
        return _ALONE[field["type"]] if low is None else f"{low} or more"
    return f"{low:,}–{high:,}"


def sentence_of(model: type[Part]) -> str:
    """Return the first sentence of a model's docstring."""
    text = " ".join((model.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".") + "."
