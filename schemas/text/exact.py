"""Models that refuse a field they don't know: a misspelt rule must not be taken for a rule left at its default.

Everywhere else unknown fields are ignored, because feeds grow. A policy is written by hand, and what it misspells would be lost in silence.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from pydantic import model_validator

from schemas.base import Part

NAME_CHARS_MAX: Final = 64
"""A longer name is compared by its start, so that the cost is bounded."""


class ExactPart(Part):
    """A part whose fields are all known. Null says nothing: the field has its default."""

    @model_validator(mode="before")
    @classmethod
    def _known_fields_only(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        for name in value:
            if name not in cls.model_fields:
                raise ValueError(unknown_field(str(name), cls.model_fields))
        return {name: given for name, given in value.items() if given is not None} if None in value.values() else value


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Say that a field is unknown and which one is nearest. The name itself is not repeated: it may hold anything."""
    nearest = get_close_matches(name[:NAME_CHARS_MAX].lower(), sorted(known), n=1, cutoff=0.0)
    return f"a field is unknown; the nearest is `{nearest[0]}`"
