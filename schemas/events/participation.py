"""What participants say about themselves. Only the person acts for the person; training and nominations are reported by others."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.base import InputData, Part
from schemas.events.hr import Languages
from schemas.terms.ids import PersonIdField, ProgrammeIdField, SomebodyField, TopicIdField
from schemas.text.fields import ClockTime, ClockTimeEnd, Day, Omittable, minute_of_day


class Offer(Part):
    """Something the person can teach."""

    topic: TopicIdField
    level: Annotated[int, Field(ge=1, le=3)]


class Want(Part):
    """Something the person would like to learn."""

    topic: TopicIdField
    importance: Annotated[int, Field(ge=1, le=3)]
    own_level: Annotated[int, Field(ge=0, le=2)]


class HourSlot(Part):
    """A stretch of a weekday, local time, half-open. One that ends before it starts runs into the next day."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    """ISO: 1 is Monday."""
    from_: Annotated[ClockTime, Field(validation_alias="from", serialization_alias="from")]
    to: ClockTimeEnd

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("from and to must differ")
        return self

    @property
    def start_minute(self) -> int:
        """Minutes since local midnight."""
        return minute_of_day(self.from_)

    @property
    def end_minute(self) -> int:
        """Minutes since local midnight, exclusive, of the next day if it comes before the start; 1,440 at the end of the day."""
        return minute_of_day(self.to)


class _Participant(InputData):
    person_id: SomebodyField
    programme_id: ProgrammeIdField


Offers = Annotated[tuple[Offer, ...], Field(strict=False, max_length=40)]
Wants = Annotated[tuple[Want, ...], Field(strict=False, max_length=40)]


class _Profile(_Participant):
    PERSON_ACTS: ClassVar[bool] = True
    experience_band: Omittable[Annotated[int, Field(ge=0, le=3)]] = None
    """Years in work: 0 for 0-9, 1 for 10-19, 2 for 20-29, 3 for 30 and more. Needed where a policy asks for a gap."""
    hours: Omittable[Annotated[tuple[HourSlot, ...], Field(strict=False, max_length=42)]] = None
    languages: Omittable[Languages] = None
    capacity: Omittable[Annotated[int, Field(ge=1, le=5)]] = None
    exclude: Omittable[Annotated[tuple[PersonIdField, ...], Field(strict=False, max_length=500)]] = None
    """Confidential: never shown, counted per person or emitted."""


class ParticipationEnrolled(_Profile):
    """The person joins a programme. What is absent or null has its default, and exclusions stay as they are."""

    TYPE: ClassVar[str] = "bothways.participation.enrolled.v1"
    offers: Offers
    wants: Wants


class ParticipationUpdated(_Profile):
    """The profile changes in the fields that are named: null or an empty list clears one, and an absent one stays as it is."""

    TYPE: ClassVar[str] = "bothways.participation.updated.v1"
    offers: Omittable[Offers] = None
    wants: Omittable[Wants] = None


class ParticipationNominated(_Participant):
    """Becomes an open invitation. Who nominated has no field, so it can't be told."""

    TYPE: ClassVar[str] = "bothways.participation.nominated.v1"


class ParticipationPaused(_Participant):
    """A pause of one's own; ends by itself on `until_on`."""

    TYPE: ClassVar[str] = "bothways.participation.paused.v1"
    PERSON_ACTS: ClassVar[bool] = True
    until_on: Omittable[Day] = None


class ParticipationResumed(_Participant):
    """The person's own pause is over."""

    TYPE: ClassVar[str] = "bothways.participation.resumed.v1"
    PERSON_ACTS: ClassVar[bool] = True


class ParticipationWithdrawn(_Participant):
    """The person leaves the programme, at once and without a reason."""

    TYPE: ClassVar[str] = "bothways.participation.withdrawn.v1"
    PERSON_ACTS: ClassVar[bool] = True


class ParticipationTrainingCompleted(_Participant):
    """The short training is done, says the system that gave it."""

    TYPE: ClassVar[str] = "bothways.participation.training_completed.v1"
