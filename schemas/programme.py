"""Programmes: what coordinators command, and the report of one day."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import InputData, OutputData
from schemas.fields import Instant, Omittable, Ordinal, Remark, ShortText
from schemas.ids import PairingIdField, ProgrammeIdField
from schemas.policy import Policy

MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,99}$")]


class _Programme(InputData):
    programme_id: ProgrammeIdField


class ProgrammeCreated(_Programme):
    """A programme starts under a whole policy."""

    TYPE: ClassVar[str] = "bothways.programme.created.v1"
    policy: Policy
    name: Omittable[ShortText] = None


class ProgrammePolicyChanged(_Programme):
    """A whole new policy; what it leaves out is the default, not what was before."""

    TYPE: ClassVar[str] = "bothways.programme.policy_changed.v1"
    policy: Policy


class ProgrammePaused(_Programme):
    """No rounds and no behavioural nudges for now."""

    TYPE: ClassVar[str] = "bothways.programme.paused.v1"
    reason: Omittable[Remark] = None


class ProgrammeResumed(_Programme):
    """Rounds and nudges go on."""

    TYPE: ClassVar[str] = "bothways.programme.resumed.v1"
    reason: Omittable[Remark] = None


class ProgrammeClosed(_Programme):
    """The programme is over; its live pairs end."""

    TYPE: ClassVar[str] = "bothways.programme.closed.v1"
    reason: Omittable[Remark] = None


class ProposalRetracted(InputData):
    """A coordinator takes an open proposal back."""

    TYPE: ClassVar[str] = "bothways.proposal.retracted.v1"
    pairing_id: PairingIdField
    reason: Remark


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
