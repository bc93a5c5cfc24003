"""Rounds: asked for, and done."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import InputData, OutputData, PairingReason, Part, UnmatchedReason
from schemas.events.pairing import People
from schemas.terms.codes import EligibilityCode, RoundStanding, UnmatchedCode
from schemas.terms.ids import PersonIdField, ProgrammeIdField
from schemas.text.fields import Code, Count, Omittable, Ordinal, Ratio


class RoundRequested(InputData):
    """A coordinator wants a round now."""

    TYPE: ClassVar[str] = "bothways.round.requested.v1"
    IS_COMMAND: ClassVar[bool] = True
    programme_id: ProgrammeIdField
    dry_run: Omittable[bool] = None


class RoundProposal(Part):
    """A pair that a dry run would propose."""

    people: People
    score: Annotated[int, Field(ge=0, le=1_000)]
    reasons: Annotated[tuple[PairingReason, ...], Field(strict=False, max_length=100)]
    """Why these two."""


class Unmatched(Part):
    """Somebody a dry run would leave without a proposal, and why."""

    person_id: PersonIdField
    standing: Omittable[Code[RoundStanding]] = None
    """Whether this person waits, or is away, or has somebody."""
    reasons: Annotated[tuple[UnmatchedReason, ...], Field(strict=False, max_length=40)]
    """Why nobody."""


class RoundCompleted(OutputData):
    """What a round did, with the proof of how good it was."""

    TYPE: ClassVar[str] = "bothways.round.completed.v1"
    programme_id: ProgrammeIdField
    round: Ordinal
    dry_run: bool
    proposed: Count
    waiting: Count | None
    """How many people wait; null where those who began or ceased to wait since it was last told are too few to show."""
    no_option_by_reason: dict[Code[EligibilityCode] | Code[UnmatchedCode], Count] | None
    """How many people each hard rule keeps from a pair. Rules with few people are left out; null as `waiting`."""
    total_score: Count
    optimality_bound: Count
    optimal_ratio: Ratio
    blocking_pairs: Count
    proposals: Omittable[Annotated[tuple[RoundProposal, ...], Field(strict=False)]] = None
    """The pairs that would be proposed. On a dry run only."""
    unmatched: Omittable[Annotated[tuple[Unmatched, ...], Field(strict=False)]] = None
