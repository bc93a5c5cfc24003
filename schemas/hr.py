"""HR facts. No field for a name, e-mail, birth date, gender or the like: what isn't read can't leak."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from schemas.base import InputData, Part
from schemas.fields import Day, Language, Omittable, ShortText, Timezone
from schemas.ids import PersonIdField, SomebodyField

DottedLineIds = Annotated[tuple[PersonIdField, ...], Field(strict=False, max_length=32)]
Languages = Annotated[tuple[Language, ...], Field(strict=False, max_length=20)]
JobLevel = Annotated[int, Field(ge=1, le=12)]


class _Person(InputData):
    person_id: SomebodyField


class _PersonFact(_Person):
    effective_on: Day


class HrHired(_PersonFact):
    """Somebody joins on `effective_on`. None means the feed said nothing, or said null."""

    TYPE: ClassVar[str] = "bothways.hr.hired.v1"
    manager_id: Omittable[PersonIdField] = None
    dotted_line_ids: Omittable[DottedLineIds] = None
    """People this one also reports to."""
    department: Omittable[ShortText] = None
    location: Omittable[ShortText] = None
    timezone: Omittable[Timezone] = None
    languages: Omittable[Languages] = None
    job_level: Omittable[JobLevel] = None
    job_family: Omittable[ShortText] = None
    legal_entity: Omittable[ShortText] = None


class HrHireCancelled(_Person):
    """The hire never happened."""

    TYPE: ClassVar[str] = "bothways.hr.hire_cancelled.v1"


class HrChanges(Part):
    """What a role change sets: only the fields in `model_fields_set`; None there clears the attribute."""

    manager_id: PersonIdField | None = None
    dotted_line_ids: DottedLineIds | None = None
    department: ShortText | None = None
    location: ShortText | None = None
    timezone: Timezone | None = None
    languages: Languages | None = None
    job_level: JobLevel | None = None
    job_family: ShortText | None = None
    legal_entity: ShortText | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must name at least one attribute")
        return self

    @model_serializer(mode="wrap")
    def _only_what_was_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Null clears and absent keeps, so the difference must survive the round trip."""
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}

    def named(self) -> dict[str, object]:
        """The attributes that change, with their new values; None clears."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class HrRoleChanged(_PersonFact):
    """Attributes change on `effective_on`."""

    TYPE: ClassVar[str] = "bothways.hr.role_changed.v1"
    changes: HrChanges


class HrLeaveStarted(_PersonFact):
    """Away from `effective_on`; only `hr.leave_ended` ends a leave."""

    TYPE: ClassVar[str] = "bothways.hr.leave_started.v1"
    expected_return_on: Omittable[Day] = None


class HrLeaveEnded(_PersonFact):
    """Back on `effective_on`."""

    TYPE: ClassVar[str] = "bothways.hr.leave_ended.v1"


class HrDeparted(_PersonFact):
    """`effective_on` is the last day."""

    TYPE: ClassVar[str] = "bothways.hr.departed.v1"


class HrDepartureCancelled(_Person):
    """The person stays after all."""

    TYPE: ClassVar[str] = "bothways.hr.departure_cancelled.v1"


class HrErased(_Person):
    """Everything about the person goes, for good."""

    TYPE: ClassVar[str] = "bothways.hr.erased.v1"
