"""What every event's data has in common: frozen, strict, open to unknown fields, built on first use."""

from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.terms.codes import EligibilityCode, NudgeReasonCode, PairingReasonCode, UnmatchedCode
from schemas.text.fields import Code

TYPE_PREFIX: Final = "bothways."
PSEUDONYM_PENDING: Final = "0" * 16
"""Stands for a hashed person until the step that knows the salt fills it in; forgetting to can't leak anybody."""


class Part(BaseModel):
    """A frozen strict value inside an event. Strict means: 1 is not true, "1" is not 1, 1.0 is not 1."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Data(Part):
    """The data of one event type."""

    TYPE: ClassVar[str]
    """Full type, `bothways.<name>.v<major>`."""
    MINOR: ClassVar[int] = 0
    """Grows with each optional field added; the major is in TYPE."""

    @classmethod
    def name_and_version(cls) -> tuple[str, str]:
        """The type's name and its version, `<major>.<minor>`."""
        name, _, major = cls.TYPE.removeprefix(TYPE_PREFIX).rpartition(".v")
        return name, f"{major}.{cls.MINOR}"

    @classmethod
    def schema_uri(cls) -> str:
        """The exact schema version, as the envelope's `dataschema` names it."""
        name, version = cls.name_and_version()
        return f"bothways:schema:{name}:{version}"


class InputData(Data):
    """The data of an event that the engine reads."""

    PERSON_ACTS: ClassVar[bool] = False
    """Only the person may act for the person: `actor` must equal `person_id`."""
    IS_COMMAND: ClassVar[bool] = False
    """A coordinator's word: it needs an `actor`, and is answered on the audit topic, done or refused."""

    @property
    def is_odd(self) -> bool:
        """Whether something in it was left out that could not be read."""
        return False

    def readable(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return the data that this was read from, known fields only, without what could not be read."""
        return value


class OutputData(Data):
    """The data of an event that the engine publishes."""

    CONFIDENTIAL: ClassVar[bool] = True
    """Whether a person id may be inside; the envelope's `dataclassification` says so."""


def data_json(data: Data) -> bytes:
    """Write data as compact JSON: instants UTC `Z` in whole seconds, absent optional fields left out, nulls of required ones kept."""
    return data.model_dump_json().encode()


Params = Annotated[dict[str, str | int | float | bool], Field(max_length=16)]
"""The numbers and names behind a reason: flat, so that any template can print them."""


class PairingReason(Part):
    """Why these two: a stable code and what fills it."""

    code: Code[PairingReasonCode]
    """Why, as a stable code."""
    params: Params = Field(default_factory=dict)
    """What fills the code's text."""


class NudgeReason(Part):
    """Why this nudge now."""

    code: Code[NudgeReasonCode]
    """Why, as a stable code."""
    params: Params = Field(default_factory=dict)
    """What fills the code's text."""


class UnmatchedReason(Part):
    """Why nobody for this person in this round: a hard rule, or how the choice went."""

    code: Code[EligibilityCode] | Code[UnmatchedCode]
    """Why, as a stable code."""
    params: Params = Field(default_factory=dict)
    """What fills the code's text."""
