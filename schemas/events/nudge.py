"""Nudges: what became of them (in), and what is asked of notifiers (out)."""

from typing import Annotated, ClassVar

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator

from schemas.base import InputData, NudgeReason, OutputData
from schemas.nudges.catalogue import CATALOGUE
from schemas.nudges.params import NudgeParams
from schemas.terms.codes import CancellationReason, NudgeCategory, NudgeClass, NudgeKey, SuppressionCode
from schemas.terms.ids import AddresseeField, NudgeIdField, PairingIdField, PersonIdField, ProgrammeIdField, SomebodyField
from schemas.text.fields import Code, DataUsed, HashedId, Instant, Language, Omittable, Ordinal, Timezone

CancellationKey = Annotated[str, Field(min_length=1, max_length=256)]
"""Names what a nudge is about, so that whatever makes it needless can call it back."""


CodeOfChannel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
"""A short name that a notifier gives: of a channel, or of why a channel did not take a message."""


class _NudgeOutcome(InputData):
    person_id: AddresseeField
    nudge_id: NudgeIdField
    channel: Omittable[CodeOfChannel] = None
    attempt: Omittable[Ordinal] = None
    reason: Omittable[CodeOfChannel] = None
    """Why, as a short code of the channel; never a text."""


class NudgeDelivered(_NudgeOutcome):
    """A channel accepted it. May come more than once."""

    TYPE: ClassVar[str] = "bothways.nudge.delivered.v1"


class NudgeSeen(_NudgeOutcome):
    """The person looked at it."""

    TYPE: ClassVar[str] = "bothways.nudge.seen.v1"


class NudgeActed(_NudgeOutcome):
    """The thing was done."""

    TYPE: ClassVar[str] = "bothways.nudge.acted.v1"


class NudgeDismissed(_NudgeOutcome):
    """The person waved it away."""

    TYPE: ClassVar[str] = "bothways.nudge.dismissed.v1"


class NudgeFailed(_NudgeOutcome):
    """A channel did not take it; another one may. May come more than once."""

    TYPE: ClassVar[str] = "bothways.nudge.failed.v1"


class _NudgeChoice(InputData):
    PERSON_ACTS: ClassVar[bool] = True
    person_id: SomebodyField
    category: Code[NudgeCategory]
    """Which nudges; `coordination` can't be left."""


class NudgeOptedOut(_NudgeChoice):
    """No more of this category. What coordinators have to hear can't be left."""

    TYPE: ClassVar[str] = "bothways.nudge.opted_out.v1"

    @field_validator("category")
    @classmethod
    def _may_be_left(cls, value: NudgeCategory) -> NudgeCategory:
        if value is NudgeCategory.COORDINATION:
            raise ValueError("can't be left")
        return value


class NudgeOptedIn(_NudgeChoice):
    """This category is welcome again."""

    TYPE: ClassVar[str] = "bothways.nudge.opted_in.v1"


class NudgeRequested(OutputData):
    """An intent to tell somebody something: key and typed parameters, no prose, no channel."""

    TYPE: ClassVar[str] = "bothways.nudge.requested.v1"
    nudge_id: NudgeIdField
    person_id: PersonIdField
    """Who is told: a person, or `coordinator:<programme_id>`."""
    key: Code[NudgeKey]
    """What the nudge is about. It decides which parameters there are."""
    class_: Annotated[Code[NudgeClass], Field(validation_alias="class", serialization_alias="class")]
    category: Code[NudgeCategory]
    """What the person opts out of to hear no more of this kind."""
    params: SerializeAsAny[NudgeParams]
    """What fills the message; which parameters there are follows from `key`."""
    pairing_id: Omittable[PairingIdField] = None
    programme_id: Omittable[ProgrammeIdField] = None
    not_before: Instant
    expires_at: Instant
    timezone: Timezone
    locale: Language
    priority: Annotated[int, Field(ge=0, le=100)]
    cancellation_key: CancellationKey
    template_version: Ordinal
    reasons: Annotated[tuple[NudgeReason, ...], Field(strict=False, max_length=20)]
    """Why this person is told this now."""
    data_used: DataUsed
    policy_version: Ordinal

    @field_validator("params", mode="before")
    @classmethod
    def _typed_by_key(cls, value: object, info: ValidationInfo) -> object:
        """Read the parameters as the key's own model; `key` stands before `params`, so it is known here."""
        key = info.data.get("key")
        return value if key is None else CATALOGUE[key].params.model_validate(value)


class NudgeCancelled(OutputData):
    """A requested nudge is no longer needed, whatever the cause."""

    TYPE: ClassVar[str] = "bothways.nudge.cancelled.v1"
    nudge_id: NudgeIdField
    person_id: PersonIdField
    cancellation_key: CancellationKey
    reason: Code[CancellationReason]
    """Always the same neutral code."""


class NudgeSuppressed(OutputData):
    """An intent that never became a request."""

    TYPE: ClassVar[str] = "bothways.nudge.suppressed.v1"
    CONFIDENTIAL: ClassVar[bool] = False
    person: HashedId
    """The hash of the person and the UTC day."""
    key: Code[NudgeKey]
    """What the nudge would have been about."""
    reason: Code[SuppressionCode]
    """Why it was held back; `withheld` for all that is about the person."""
