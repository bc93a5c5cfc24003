"""What every event's data has in common: frozen, strict, open to unknown fields, built on first use."""

from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.codes import EligibilityCode, NudgeReasonCode, PairingReasonCode, UnmatchedCode
from schemas.fields import Code

TYPE_PREFIX: Final = "bothways."


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
    def dataschema(cls) -> str:
        """The exact schema version, as the envelope's `dataschema` names it."""
        name, _, major = cls.TYPE.removeprefix(TYPE_PREFIX).rpartition(".v")
        return f"bothways:schema:{name}:{major}.{cls.MINOR}"


class InputData(Data):
    """The data of an event that the engine reads."""

    PERSON_ACTS: ClassVar[bool] = False
    """Only the person may act for the person: `actor` must equal `person_id`."""


class OutputData(Data):
    """The data of an event that the engine publishes."""

    @property
    def names_person(self) -> bool:
        """Whether a person id is inside, which makes the event confidential."""
        return True


Params = Annotated[dict[str, str | int | float | bool], Field(max_length=16)]
"""The numbers and names behind a reason: flat, so that any template can print them."""


class Reason(Part):
    """One reason of a decision: a stable code (in the subclass) and what fills it."""

    params: Params = Field(default_factory=dict)


class PairingReason(Reason):
    """Why these two."""

    code: Code[PairingReasonCode]


class NudgeReason(Reason):
    """Why this nudge now."""

    code: Code[NudgeReasonCode]


class UnmatchedReason(Reason):
    """Why nobody for this person in this round: a hard rule, or how the choice went."""

    code: Code[EligibilityCode] | Code[UnmatchedCode]
