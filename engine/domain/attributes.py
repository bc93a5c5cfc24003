"""What HR says about a person, apart from employment: nine attributes, none of them personal beyond the job.

Decides: which attributes there are and which type each has.
Never knows: since when a value holds or what it replaced (domain/person_facts).

Must stay in sync with: the fields of `hr.hired` and `hr.role_changed` (schemas/hr).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.ids import PersonId

LANGUAGES_DEFAULT: Final = ("en",)
"""What a person speaks of whom nobody has said it."""


class Attribute(StrEnum):
    """Values are the field names of the events."""

    MANAGER_ID = "manager_id"
    DOTTED_LINE_IDS = "dotted_line_ids"
    DEPARTMENT = "department"
    LOCATION = "location"
    TIMEZONE = "timezone"
    LANGUAGES = "languages"
    JOB_LEVEL = "job_level"
    JOB_FAMILY = "job_family"
    LEGAL_ENTITY = "legal_entity"


Value = str | int | tuple[str, ...] | None
"""Of an attribute; None clears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """The values in force; None or nothing where HR has said nothing, or cleared it."""

    manager_id: PersonId | None = None
    dotted_line_ids: tuple[PersonId, ...] = ()
    department: str | None = None
    location: str | None = None
    timezone: str | None = None
    languages: tuple[str, ...] = ()
    job_level: int | None = None
    job_family: str | None = None
    legal_entity: str | None = None


def attributes_of(values: Mapping[Attribute, Value]) -> Attributes:
    """Give each value its type; the schemas have checked them."""
    manager_id = _text(values, Attribute.MANAGER_ID)
    return Attributes(
        manager_id=None if manager_id is None else PersonId(manager_id),
        dotted_line_ids=tuple(PersonId(other) for other in _texts(values, Attribute.DOTTED_LINE_IDS)),
        department=_text(values, Attribute.DEPARTMENT),
        location=_text(values, Attribute.LOCATION),
        timezone=_text(values, Attribute.TIMEZONE),
        languages=_texts(values, Attribute.LANGUAGES),
        job_level=_number(values, Attribute.JOB_LEVEL),
        job_family=_text(values, Attribute.JOB_FAMILY),
        legal_entity=_text(values, Attribute.LEGAL_ENTITY),
    )


def _text(values: Mapping[Attribute, Value], attribute: Attribute) -> str | None:
    value = values.get(attribute)
    assert value is None or isinstance(value, str), attribute
    return value


def _texts(values: Mapping[Attribute, Value], attribute: Attribute) -> tuple[str, ...]:
    value = values.get(attribute)
    assert value is None or isinstance(value, tuple), attribute
    return value or ()


def _number(values: Mapping[Attribute, Value], attribute: Attribute) -> int | None:
    value = values.get(attribute)
    assert value is None or isinstance(value, int), attribute
    return value
