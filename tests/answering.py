"""An answer made of what a request says: its fields, and for each placeholder something that it allows."""

from collections.abc import Mapping
from typing import Any, Final

SAID: Final[Mapping[str, str]] = {
    "date": "2025-06-01",
    "date-time": "2025-01-20T09:00:00Z",
    "time": "09:00",
    "topic": "python",
    "language": "en",
    "new-id": "new-1",
}
"""By format."""


def filled(placeholder: Mapping[str, Any]) -> object:
    """Say something that a placeholder allows."""
    match placeholder["type"]:
        case "boolean":
            return True
        case "integer":
            return placeholder["minimum"]
        case "array":
            return [filled(placeholder["items"])]
        case "object":
            return {name: "17:00" if name == "to" else filled(inner) for name, inner in placeholder["properties"].items()}
    return placeholder["enum"][0] if "enum" in placeholder else SAID[placeholder["format"]]


def data_of(answer: Mapping[str, Any], *, is_brief: bool = False) -> dict[str, object]:
    """Fill in the fields of an answer; a brief one leaves out what may be left out."""
    return {
        name: filled(value) if isinstance(value, dict) else value
        for name, value in answer["fields"].items()
        if not (is_brief and isinstance(value, dict) and value.get("optional"))
    }
