"""Programmes: what coordinators command, and the report of one day."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from schemas.base import InputData, OutputData
from schemas.terms.ids import PairingIdField, ProgrammeIdField
from schemas.terms.policy import Policy
from schemas.text.fields import Code, Instant, Omittable, Ordinal, Remark
from schemas.text.plain_words import NameForPeople

MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,99}$")]


class _Programme(InputData):
    IS_COMMAND: ClassVar[bool] = True
    programme_id: ProgrammeIdField


class PolicyMode(StrEnum):
    """What a change of policy means for the fields that it leaves out."""

    REPLACE = "replace"
    """They have their defaults."""
    MERGE = "merge"
    """They stay as they are."""


class ProgrammeCreated(_Programme):
    """A programme starts under a whole policy."""

    TYPE: ClassVar[str] = "bothways.programme.created.v1"
    policy: Policy
    name: Omittable[NameForPeople] = None
    """What people read the programme by; its id where nothing is said."""


class ProgrammePolicyChanged(_Programme):
    """A whole new policy, or a change of the fields that it names; null is the default."""

    TYPE: ClassVar[str] = "bothways.programme.policy_changed.v1"
    MINOR: ClassVar[int] = 1
    policy: Policy
    mode: Omittable[Code[PolicyMode]] = None
    """What the fields mean that are left out: `replace` gives them their defaults, `merge` keeps them. `replace` where nothing is said."""
    _cleared: tuple[str, ...] = PrivateAttr(default=())

    @property
    def cleared(self) -> tuple[str, ...]:
        """The fields that were named with null, in order."""
        return self._cleared

    @model_validator(mode="wrap")
    @classmethod
    def _with_cleared(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        changed = handler(value)
        policy = value.get("policy") if isinstance(value, Mapping) else None
        if isinstance(policy, Mapping):
            changed._cleared = tuple(sorted(name for name, given in policy.items() if given is None))  # noqa: SLF001 - its own
        return changed


class ProgrammePaused(_Programme):
    """No rounds and no behavioural nudges for now."""

    TYPE: ClassVar[str] = "bothways.programme.paused.v1"
    reason: Omittable[Remark] = None
    """Why: a code of the list of reasons, or a remark that is published nowhere."""


class ProgrammeResumed(_Programme):
    """Rounds and nudges go on."""

    TYPE: ClassVar[str] = "bothways.programme.resumed.v1"
    reason: Omittable[Remark] = None
    """Why: a code of the list of reasons, or a remark that is published nowhere."""


class ProgrammeClosed(_Programme):
    """The programme is over; its live pairs end."""

    TYPE: ClassVar[str] = "bothways.programme.closed.v1"
    reason: Omittable[Remark] = None
    """Why: a code of the list of reasons, or a remark that is published nowhere."""


class ProposalRetracted(InputData):
    """A coordinator takes an open proposal back."""

    TYPE: ClassVar[str] = "bothways.proposal.retracted.v1"
    IS_COMMAND: ClassVar[bool] = True
    pairing_id: PairingIdField
    reason: Remark
    """Why: a code of the list of reasons, or a remark that is published nowhere."""


class NudgesReleased(_Programme):
    """Parked nudge intents may leave."""

    TYPE: ClassVar[str] = "bothways.nudges.released.v1"


class DeparturesReleased(_Programme):
    """Departures that were held may settle."""

    TYPE: ClassVar[str] = "bothways.departures.released.v1"


class ProgrammeReported(OutputData):
    """How a programme stands; groups below `k` are suppressed."""

    TYPE: ClassVar[str] = "bothways.programme.reported.v1"
    CONFIDENTIAL: ClassVar[bool] = False
    programme_id: ProgrammeIdField
    as_of: Instant
    metrics: Annotated[dict[MetricName, int | float | None], Field(max_length=1_000)]
    """Null where the group behind the number is too small to show."""
    k: Ordinal
    as_of_by_metric: Omittable[Annotated[dict[MetricName, Instant], Field(max_length=1_000)]] = None
    """Since when a figure about people has stood: it is told anew only when those who changed it are many enough."""
