"""The programmes of one person, as the person's own row knows them: who is to hear when something about the person changes.

Decides: the status that a participation event or its refusal leaves; how many programmes are kept.
Never knows: the profile, the programme's policy, whether the programme agrees (domain/participant).

Invariants
    N1  Enrolments are sorted by programme, one each, at most ENROLMENTS_MAX.
    N2  A refusal takes back only what the refused event itself brought.
    N3  A pause with an end is over when that day begins in the person's zone, without an event.

Must stay in sync with: what a programme makes of the same events (processors/participants).

Source: house rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from engine.domain.calendar import start_of_day
from schemas.base import InputData
from schemas.frozen import replace
from schemas.ids import ProgrammeId
from schemas.participation import (
    ParticipationEnrolled,
    ParticipationNominated,
    ParticipationPaused,
    ParticipationResumed,
    ParticipationTrainingCompleted,
    ParticipationUpdated,
    ParticipationWithdrawn,
)

ENROLMENTS_MAX: Final = 64
"""Programmes per person; beyond it the one left longest ago goes, or the oldest if none was left."""


class EnrolmentStatus(StrEnum):
    """Where a person stands in a programme."""

    KNOWN = "known"
    """The programme has heard of the person, who has not joined."""
    INVITED = "invited"
    ENROLLED = "enrolled"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One person in one programme."""

    programme_id: ProgrammeId
    status: EnrolmentStatus
    since_at: datetime
    event_id: str
    """The event that brought the status (N2)."""
    paused_until_on: date | None = None
    joined_at: datetime | None = None
    """When somebody enrolled or paused joined; no pause begins that anew."""

    @property
    def begun_at(self) -> datetime:
        """When what there is now began."""
        return self.joined_at or self.since_at

    @property
    def takes_part(self) -> bool:
        """Whether the programme is to hear of the person."""
        return self.status is not EnrolmentStatus.WITHDRAWN


Enrolments = tuple[Enrolment, ...]

Participation = (
    ParticipationEnrolled
    | ParticipationUpdated
    | ParticipationNominated
    | ParticipationPaused
    | ParticipationResumed
    | ParticipationWithdrawn
    | ParticipationTrainingCompleted
)

_S = EnrolmentStatus
_STATUS_AFTER: Final[Mapping[type[InputData], Mapping[EnrolmentStatus | None, EnrolmentStatus]]] = {
    ParticipationEnrolled: dict.fromkeys((None, _S.KNOWN, _S.INVITED, _S.WITHDRAWN), _S.ENROLLED),
    ParticipationUpdated: dict.fromkeys((None, _S.KNOWN, _S.INVITED), _S.ENROLLED),
    ParticipationNominated: dict.fromkeys((None, _S.KNOWN), _S.INVITED),
    ParticipationPaused: {None: _S.KNOWN, _S.ENROLLED: _S.PAUSED, _S.PAUSED: _S.PAUSED},
    ParticipationResumed: {None: _S.KNOWN, _S.PAUSED: _S.ENROLLED},
    ParticipationWithdrawn: dict.fromkeys((None, _S.KNOWN, _S.INVITED, _S.ENROLLED, _S.PAUSED), _S.WITHDRAWN),
    ParticipationTrainingCompleted: {None: _S.KNOWN},
}
"""What happened → status before → status after; a status that isn't named stays."""

HAPPENINGS: Final = tuple(_STATUS_AFTER)
"""The participation events."""


def enrolment_in(enrolments: Enrolments, programme_id: ProgrammeId) -> Enrolment | None:
    """Return the enrolment in one programme, withdrawn ones included."""
    return next((enrolment for enrolment in enrolments if enrolment.programme_id == programme_id), None)


def after_event(enrolments: Enrolments, data: Participation, *, event_id: str, at: datetime, zone: str | None) -> Enrolments:
    """Return the enrolments after one participation event; the same tuple where it changes none."""
    before = enrolment_in(enrolments, data.programme_id)
    status = _STATUS_AFTER[type(data)].get(before.status if before else None)
    until_on = data.until_on if isinstance(data, ParticipationPaused) else None
    if status is None or (until_on is not None and start_of_day(until_on, zone) <= at):
        return enrolments
    is_in = status in {_S.ENROLLED, _S.PAUSED}
    changed = Enrolment(
        programme_id=data.programme_id,
        status=status,
        since_at=before.since_at if before and before.status is status else at,
        event_id=event_id,
        paused_until_on=until_on if status is _S.PAUSED else None,
        joined_at=None if not is_in else before.joined_at if before is not None and before.joined_at is not None else at,
    )
    return _placed(enrolments, changed)


def next_pause_over_at(enrolments: Enrolments, zone: str | None) -> datetime | None:
    """Return the earliest instant at which a pause ends by itself (N3)."""
    return min((start_of_day(until_on, zone) for kept in enrolments if (until_on := kept.paused_until_on) is not None), default=None)


def after_pauses(enrolments: Enrolments, at: datetime, zone: str | None) -> Enrolments:
    """End the pauses that are over at `at` (N3)."""
    return tuple(
        replace(kept, status=_S.ENROLLED, since_at=over_at, paused_until_on=None)
        if kept.paused_until_on is not None and (over_at := start_of_day(kept.paused_until_on, zone)) <= at
        else kept
        for kept in enrolments
    )


def after_refusal(enrolments: Enrolments, programme_id: ProgrammeId, *, event_id: str, is_enrolment: bool, at: datetime) -> Enrolments:
    """Take back what a refused event brought (N2): an enrolment, or the programme's first mention."""
    refused = enrolment_in(enrolments, programme_id)
    if refused is None or refused.event_id != event_id or not (is_enrolment or refused.status in {_S.KNOWN, _S.INVITED}):
        return enrolments
    return _placed(enrolments, _withdrawn(refused, at))


def after_end(enrolments: Enrolments, ended: Enrolments, at: datetime) -> Enrolments:
    """Withdraw the given ones."""
    return tuple(_withdrawn(kept, at) if kept in ended else kept for kept in enrolments)


def _withdrawn(enrolment: Enrolment, at: datetime) -> Enrolment:
    return replace(enrolment, status=_S.WITHDRAWN, since_at=at, paused_until_on=None, joined_at=None)


def _placed(enrolments: Enrolments, changed: Enrolment) -> Enrolments:
    others = [enrolment for enrolment in enrolments if enrolment.programme_id != changed.programme_id]
    if len(others) == ENROLMENTS_MAX:
        others.remove(min(others, key=lambda kept: (kept.takes_part, kept.since_at, kept.programme_id)))
    return tuple(sorted((*others, changed), key=lambda kept: kept.programme_id))
