"""Pairings: answers that come in, and what the engine publishes about a pairing's life."""

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.base import InputData, OutputData, PairingReason, Part
from schemas.terms.codes import Answer, ContinuationAnswer, EndCode, PairingState, Track
from schemas.terms.ids import PairingIdField, PersonId, PersonIdField, ProgrammeIdField, SomebodyField, TopicIdField
from schemas.text.fields import Code, Count, DataUsed, Day, Instant, Omittable, Ordinal, Ratio, Remark


def _in_order(people: tuple[PersonId, PersonId]) -> tuple[PersonId, PersonId]:
    # Not "and different": after an erasure both sides may read `erased`.
    if people[0] > people[1]:
        raise ValueError("must be sorted by id")
    return people


def _two_people(people: tuple[PersonId, PersonId]) -> tuple[PersonId, PersonId]:
    if people[0] == people[1]:
        raise ValueError("must name two different people")
    return people


People = Annotated[tuple[PersonIdField, PersonIdField], Field(strict=False), AfterValidator(_in_order)]
"""The two sides, lower id first."""
TwoPeople = Annotated[tuple[SomebodyField, SomebodyField], Field(strict=False), AfterValidator(_two_people)]
"""Two people as a coordinator names them, in any order."""


class PairingAnswered(InputData):
    """A side answers one version of a proposal."""

    TYPE: ClassVar[str] = "bothways.pairing.answered.v1"
    PERSON_ACTS: ClassVar[bool] = True
    person_id: SomebodyField
    pairing_id: PairingIdField
    proposal_version: Ordinal
    answer: Code[Answer]
    """Yes or no. It may be changed until the proposal is decided."""


class PairingContinuationAnswered(InputData):
    """A side says how to go on; which answers count depends on the pairing's state."""

    TYPE: ClassVar[str] = "bothways.pairing.continuation_answered.v1"
    PERSON_ACTS: ClassVar[bool] = True
    person_id: SomebodyField
    pairing_id: PairingIdField
    answer: Code[ContinuationAnswer]
    """How to go on."""


class _CoordinatorPair(InputData):
    IS_COMMAND: ClassVar[bool] = True
    programme_id: ProgrammeIdField
    person_ids: TwoPeople
    reason: Remark
    """Why: a code of the list of reasons, or a remark that is published nowhere."""


class PairingLocked(_CoordinatorPair):
    """A coordinator wants these two paired in the next round."""

    TYPE: ClassVar[str] = "bothways.pairing.locked.v1"


class PairingForbidden(_CoordinatorPair):
    """A coordinator wants these two never paired."""

    TYPE: ClassVar[str] = "bothways.pairing.forbidden.v1"


class PairingAllowed(_CoordinatorPair):
    """A coordinator takes a forbid back that was said in the same programme."""

    TYPE: ClassVar[str] = "bothways.pairing.allowed.v1"


class Learning(Part):
    """What one side learns from the other."""

    topic: TopicIdField
    level: Annotated[int, Field(ge=1, le=3)]
    """What the other side offers."""
    own_level: Annotated[int, Field(ge=0, le=2)]
    share: Ratio
    """Of what the learner needs most."""


class ProposedPerson(Part):
    """One side of a proposal."""

    person_id: PersonIdField
    learns: Annotated[tuple[Learning, ...], Field(strict=False, max_length=40)]
    benefit: Ratio


class _Pairing(OutputData):
    pairing_id: PairingIdField
    programme_id: ProgrammeIdField


class PairingProposed(_Pairing):
    """Two people are proposed to each other, with everything that led to it."""

    TYPE: ClassVar[str] = "bothways.pairing.proposed.v1"
    proposal_version: Ordinal
    people: Annotated[tuple[ProposedPerson, ProposedPerson], Field(strict=False)]
    score: Annotated[int, Field(ge=0, le=1_000)]
    """How good the pair is, without bonuses."""
    track: Code[Track]
    reasons: Annotated[tuple[PairingReason, ...], Field(strict=False, max_length=100)]
    """Why these two."""
    data_used: DataUsed
    policy_version: Ordinal
    expires_at: Instant

    @model_validator(mode="after")
    def _people_in_order(self) -> Self:
        _in_order((self.people[0].person_id, self.people[1].person_id))
        return self


class _Lifecycle(_Pairing):
    people: People
    effective_at: Instant
    until_on: Omittable[Day] = None
    policy_version: Ordinal


class PairingActivated(_Lifecycle):
    """Both accepted the same version."""

    TYPE: ClassVar[str] = "bothways.pairing.activated.v1"


class PairingPaused(_Lifecycle):
    """One side is away for a while."""

    TYPE: ClassVar[str] = "bothways.pairing.paused.v1"


class PairingResumed(_Lifecycle):
    """Back to active, from whatever state."""

    TYPE: ClassVar[str] = "bothways.pairing.resumed.v1"


class PairingSuspended(_Lifecycle):
    """A hard rule stands between the two until it is settled."""

    TYPE: ClassVar[str] = "bothways.pairing.suspended.v1"


class PairingStalled(_Lifecycle):
    """No session was held or booked for too long."""

    TYPE: ClassVar[str] = "bothways.pairing.stalled.v1"


class PairingConcluding(_Lifecycle):
    """The planned sessions or the term are over."""

    TYPE: ClassVar[str] = "bothways.pairing.concluding.v1"


class PairingRenewed(_Lifecycle):
    """Both chose another term."""

    TYPE: ClassVar[str] = "bothways.pairing.renewed.v1"


class PairingConverted(_Lifecycle):
    """Both chose to go on as equals."""

    TYPE: ClassVar[str] = "bothways.pairing.converted.v1"


class PairingLapsed(_Pairing):
    """A proposal came to nothing. No field can hold a cause."""

    TYPE: ClassVar[str] = "bothways.pairing.lapsed.v1"
    people: People


class _Closed(_Pairing):
    people: People
    code: Code[EndCode]
    """How it ended, neutrally."""
    sessions_count: Count
    reciprocity_ratio: Ratio | None
    """How even the teaching was: 1 where both taught as much. Null while nothing was taught."""


class PairingCompleted(_Closed):
    """The pairing ran its course."""

    TYPE: ClassVar[str] = "bothways.pairing.completed.v1"

    @model_validator(mode="after")
    def _says_completed(self) -> Self:
        if self.code is not EndCode.COMPLETED:
            raise ValueError("code must be completed")
        return self


class PairingEnded(_Closed):
    """The pairing ended before its course, with a neutral code."""

    TYPE: ClassVar[str] = "bothways.pairing.ended.v1"

    @model_validator(mode="after")
    def _says_neutrally_why(self) -> Self:
        if self.code is EndCode.COMPLETED:
            raise ValueError("code must be a neutral end code")
        return self


class PairingStateChanged(_Pairing):
    """The latest state of a pairing, for readers who boot from state."""

    TYPE: ClassVar[str] = "bothways.pairing.state.v1"
    state: Code[PairingState]
    people: People
    track: Code[Track]
    term: Ordinal
    policy_version: Ordinal
    since: Instant
    sessions_count: Count
    next_session_at: Instant | None
    taught_count: Annotated[tuple[Count, Count], Field(strict=False)]
    """Credits of each side, in the order of `people`."""
