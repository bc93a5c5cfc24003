"""HR facts. No field for a name, e-mail, birth date, gender or the like: what isn't read can't leak.

They are read kindly (schemas/text/kindly): only `person_id` and `effective_on` can refuse one.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from schemas.base import InputData, Part
from schemas.terms.codes import HrFindingCode
from schemas.terms.ids import PERSON_ID_REGEX, LeaveIdField, PersonIdField, SomebodyField
from schemas.text.fields import Day, Language, Omittable, ShortText, is_language
from schemas.text.kindly import CHANGES, STAND_IN, Items, Odd, is_blank, left_out, naming_itself, odd_in, stood_in
from schemas.text.zone_names import zone_named

DOTTED_LINES_MAX: Final = 32
LANGUAGES_MAX: Final = 20
OPEN_AFTER: Final = timedelta(days=50 * 365)
"""Nobody is expected back after longer than that: 9999-12-31 and 2099-12-31 are how systems say that the end is open."""


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _zone(value: object) -> object:
    """Read a zone by any name that feeds have for it."""
    zone = zone_named(value) if isinstance(value, str) else None
    if zone is None:
        raise ValueError("must be a time zone")
    return zone


def _language(value: object) -> object:
    """Read a language as a locale says it too: `en_US.UTF-8` is `en-US`."""
    return value.strip().partition(".")[0].partition("@")[0].replace("_", "-") if isinstance(value, str) else value


def _can_read_language(value: object) -> bool:
    tag = _language(value)
    return isinstance(tag, str) and is_language(tag)


def _can_read_person(value: object) -> bool:
    return isinstance(value, str) and PERSON_ID_REGEX.fullmatch(value) is not None


def _end(value: object, info: ValidationInfo) -> object:
    """Read a day so far away that it only says that nobody knows the end."""
    start = info.data.get("effective_on")
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == len("YYYY-MM-DD") else value
    except ValueError:
        return value
    is_open = isinstance(day, date) and isinstance(start, date) and day - start > OPEN_AFTER
    return None if is_open else value


Name = Annotated[ShortText, BeforeValidator(_trimmed)]
Zone = Annotated[str, BeforeValidator(_zone)]
DottedLineIds = Annotated[tuple[PersonIdField, ...], Field(strict=False, max_length=DOTTED_LINES_MAX)]
Languages = Annotated[tuple[Annotated[Language, BeforeValidator(_language)], ...], Field(strict=False, max_length=LANGUAGES_MAX)]
JobLevel = Annotated[int, Field(ge=1, le=12)]
ReturnDay = Annotated[Omittable[Day], BeforeValidator(_end)]

_LISTS: Final[Mapping[str, Items]] = MappingProxyType(
    {"dotted_line_ids": Items(_can_read_person, DOTTED_LINES_MAX), "languages": Items(_can_read_language, LANGUAGES_MAX)}
)


class _Person(InputData):
    person_id: SomebodyField


class _PersonFact(_Person):
    effective_on: Day
    _odd: tuple[Odd, ...] = PrivateAttr(default=())

    @property
    def odd_fields(self) -> tuple[tuple[str, HrFindingCode], ...]:
        """What is to be reported: field and code, each once, in order."""
        return tuple(sorted({(odd.field, odd.code) for odd in self._odd}))

    @property
    def is_odd(self) -> bool:
        """Whether something in it was left out."""
        return any(odd.code is not HrFindingCode.NAMES_ITSELF for odd in self._odd)

    @model_validator(mode="wrap")
    @classmethod
    def _read_kindly(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, Mapping):
            return handler(value)
        odd = cls._odd_of(value)
        try:
            fact = handler(cls._without(value, odd))
        except ValidationError as refused:
            odd |= cls._refused(value, refused)
            fact = handler(cls._without(value, odd))
        if odd:
            fact._odd = tuple(odd)  # noqa: SLF001 - its own
        return fact

    @classmethod
    def _attributes(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return where the attributes are."""
        return value

    @classmethod
    def _odd_of(cls, value: Mapping[str, Any]) -> set[Odd]:
        """Find what could be read and is odd all the same."""
        return naming_itself(cls._attributes(value), value.get("person_id"))

    @classmethod
    def _refused(cls, value: Mapping[str, Any], refused: ValidationError) -> set[Odd]:
        places = (problem["loc"] for problem in refused.errors(include_url=False, include_context=False, include_input=False))
        names = {str(place[0]) for place in places if place}
        return {odd for name in names - {"person_id", "effective_on"} for odd in odd_in(value, name, _LISTS)}

    @classmethod
    def _without(cls, value: Mapping[str, Any], odd: set[Odd]) -> Mapping[str, Any]:
        return left_out(value, odd) if odd else value

    def readable(self, value: dict[str, Any]) -> dict[str, Any]:
        """Write down what the log keeps."""
        return stood_in(value, self._odd) if self._odd else value


class HrHired(_PersonFact):
    """Somebody joins on `effective_on`. Null says nothing, like an absent field."""

    TYPE: ClassVar[str] = "bothways.hr.hired.v1"
    manager_id: Omittable[PersonIdField] = None
    dotted_line_ids: Omittable[DottedLineIds] = None
    """People this one also reports to."""
    department: Omittable[Name] = None
    location: Omittable[Name] = None
    timezone: Omittable[Zone] = None
    languages: Omittable[Languages] = None
    job_level: Omittable[JobLevel] = None
    job_family: Omittable[Name] = None
    legal_entity: Omittable[Name] = None


class HrHireCancelled(_Person):
    """The hire never happened."""

    TYPE: ClassVar[str] = "bothways.hr.hire_cancelled.v1"


class HrChanges(Part):
    """What a role change sets: an absent attribute stays as it is, null clears it."""

    manager_id: PersonIdField | None = None
    dotted_line_ids: DottedLineIds | None = None
    department: Name | None = None
    location: Name | None = None
    timezone: Zone | None = None
    languages: Languages | None = None
    job_level: JobLevel | None = None
    job_family: Name | None = None
    legal_entity: Name | None = None

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
    """What changes. An absent attribute stays, null clears it."""

    @classmethod
    def _attributes(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        said = value.get(CHANGES)
        return said if isinstance(said, Mapping) else {}

    @classmethod
    def _odd_of(cls, value: Mapping[str, Any]) -> set[Odd]:
        """A change of nothing, or of nothing known, is odd and no more."""
        said = value.get(CHANGES)
        if said is None or is_blank(said) or (isinstance(said, Mapping) and not said.keys() & HrChanges.model_fields.keys()):
            return {Odd(CHANGES, HrFindingCode.BLANK)}
        return super()._odd_of(value) if isinstance(said, Mapping) else {Odd(CHANGES, HrFindingCode.UNREADABLE)}

    @classmethod
    def _refused(cls, value: Mapping[str, Any], refused: ValidationError) -> set[Odd]:
        places = (problem["loc"] for problem in refused.errors(include_url=False, include_context=False, include_input=False))
        names = {str(place[1]) for place in places if len(place) > 1 and place[0] == CHANGES}
        return {odd for name in names for odd in odd_in(cls._attributes(value), name, _LISTS)}

    @classmethod
    def _without(cls, value: Mapping[str, Any], odd: set[Odd]) -> Mapping[str, Any]:
        return {**value, CHANGES: left_out(cls._attributes(value), odd)} if odd else value

    def readable(self, value: dict[str, Any]) -> dict[str, Any]:
        """Write down what the log keeps."""
        if value.get(CHANGES) is not None and not isinstance(value[CHANGES], Mapping):
            return {**value, CHANGES: value[CHANGES] if is_blank(value[CHANGES]) else STAND_IN}
        return {**value, CHANGES: stood_in(self._attributes(value), self._odd)} if CHANGES in value else value


class HrLeaveStarted(_PersonFact):
    """Away from `effective_on`; only `hr.leave_ended` ends a leave."""

    TYPE: ClassVar[str] = "bothways.hr.leave_started.v1"
    expected_return_on: ReturnDay = None
    leave_id: Omittable[LeaveIdField] = None
    """Tells leaves apart that overlap."""


class HrLeaveEnded(_PersonFact):
    """Back on `effective_on` from the leave that is named, if one is."""

    TYPE: ClassVar[str] = "bothways.hr.leave_ended.v1"
    leave_id: Omittable[LeaveIdField] = None


class HrDeparted(_PersonFact):
    """`effective_on` is the last day."""

    TYPE: ClassVar[str] = "bothways.hr.departed.v1"


class HrDepartureCancelled(_Person):
    """The person stays after all."""

    TYPE: ClassVar[str] = "bothways.hr.departure_cancelled.v1"


class HrErased(_Person):
    """Everything about the person goes, for good."""

    TYPE: ClassVar[str] = "bothways.hr.erased.v1"


HrFactData = HrHired | HrRoleChanged | HrLeaveStarted | HrLeaveEnded | HrDeparted
"""What takes effect on a day."""
