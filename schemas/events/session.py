"""Sessions: booked, held, cancelled, missed. Intervals are half-open and end at start + duration."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import InputData, Part
from schemas.terms.codes import Evidence
from schemas.terms.ids import PairingIdField, PersonIdField, SessionIdField, TopicIdField
from schemas.text.fields import Code, Instant, Minutes, Omittable


class Exchange(Part):
    """One topic, taught by one side."""

    topic: TopicIdField
    taught_by: PersonIdField


class _Session(InputData):
    session_id: SessionIdField
    pairing_id: PairingIdField


class SessionScheduled(_Session):
    """A time was booked."""

    TYPE: ClassVar[str] = "bothways.session.scheduled.v1"
    starts_at: Instant
    duration_minutes: Minutes
    proposed_by: Omittable[PersonIdField] = None

    @property
    def ends_at(self) -> datetime:
        """When the booked time is over, exclusive."""
        return self.starts_at + timedelta(minutes=self.duration_minutes)


class SessionCompleted(_Session):
    """The session was held; says who taught what."""

    TYPE: ClassVar[str] = "bothways.session.completed.v1"
    started_at: Instant
    duration_minutes: Minutes
    exchanges: Annotated[tuple[Exchange, ...], Field(strict=False, max_length=40)]
    evidence: Code[Evidence]

    @property
    def ended_at(self) -> datetime:
        """When the session was over, exclusive."""
        return self.started_at + timedelta(minutes=self.duration_minutes)


class SessionCancelled(_Session):
    """The booked time was given up."""

    TYPE: ClassVar[str] = "bothways.session.cancelled.v1"
    cancelled_by: Omittable[PersonIdField] = None


class SessionMissed(_Session):
    """The time came and somebody did not."""

    TYPE: ClassVar[str] = "bothways.session.missed.v1"
    absent: Omittable[Annotated[tuple[PersonIdField, ...], Field(strict=False, max_length=10)]] = None
