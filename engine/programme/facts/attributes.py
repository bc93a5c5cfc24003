"""Attributes that HR knows of a person: nine of them, all about the job.

Decides: which attributes there are and which type each has.
Never knows: since when a value holds or what it replaced (facts/person_facts).

Must stay in sync with: the fields of `hr.hired` and `hr.role_changed` (schemas/events/hr).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from schemas.frozen import Frozen
from schemas.terms.ids import PersonId

LANGUAGES_DEFAULT: Final = ("en",)
"""Languages of a person for whom none are known."""


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


class Attributes(Frozen, kw_only=True):
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
    """Give each value its field; the schemas have checked their types."""
    get: Callable[[Attribute], Any] = values.get
    return Attributes(
        manager_id=get(Attribute.MANAGER_ID),
        dotted_line_ids=get(Attribute.DOTTED_LINE_IDS) or (),
        department=get(Attribute.DEPARTMENT),
        location=get(Attribute.LOCATION),
        timezone=get(Attribute.TIMEZONE),
        languages=get(Attribute.LANGUAGES) or (),
        job_level=get(Attribute.JOB_LEVEL),
        job_family=get(Attribute.JOB_FAMILY),
        legal_entity=get(Attribute.LEGAL_ENTITY),
    )
