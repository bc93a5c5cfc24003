"""The programmes of one person, as the person's own row knows them: who is to hear when something about the person changes.

Decides: the status that a participation event or its refusal leaves; how many programmes are kept.
Never knows: the profile, the programme's policy, whether the programme agrees (domain/participant).

Invariants
    N1  Enrolments are sorted by programme, one each, at most ENROLMENTS_MAX.
    N2  A refusal takes back only what the refused event itself brought.

Source: house rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.base import InputData
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
    ParticipationEnrolled: dict.fromkeys((None, _S.KNOWN, _S.INVITED, _S.PAUSED, _S.WITHDRAWN), _S.ENROLLED),
    ParticipationUpdated: dict.fromkeys((None, _S.KNOWN, _S.INVITED), _S.ENROLLED),
    ParticipationNominated: dict.fromkeys((None, _S.KNOWN, _S.WITHDRAWN), _S.INVITED),
    ParticipationPaused: {None: _S.KNOWN, _S.ENROLLED: _S.PAUSED},
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


def after_event(enrolments: Enrolments, programme_id: ProgrammeId, happened: type[InputData], *, event_id: str, at: datetime) -> Enrolments:
    """Return the enrolments after one participation event."""
    before = enrolment_in(enrolments, programme_id)
    status = _STATUS_AFTER[happened].get(before.status if before else None)
    if status is None:
        return enrolments
    return _placed(enrolments, Enrolment(programme_id=programme_id, status=status, since_at=at, event_id=event_id))


def after_refusal(enrolments: Enrolments, programme_id: ProgrammeId, *, event_id: str, is_enrolment: bool, at: datetime) -> Enrolments:
    """Take back what a refused event brought (N2): an enrolment, or the programme's first mention."""
    refused = enrolment_in(enrolments, programme_id)
    if refused is None or refused.event_id != event_id or not (is_enrolment or refused.status in {_S.KNOWN, _S.INVITED}):
        return enrolments
    return _placed(enrolments, replace(refused, status=_S.WITHDRAWN, since_at=at))


def after_end(enrolments: Enrolments, ended: Enrolments, at: datetime) -> Enrolments:
    """Withdraw the given ones."""
    return tuple(replace(kept, status=_S.WITHDRAWN, since_at=at) if kept in ended else kept for kept in enrolments)


def _placed(enrolments: Enrolments, changed: Enrolment) -> Enrolments:
    others = [enrolment for enrolment in enrolments if enrolment.programme_id != changed.programme_id]
    if len(others) == ENROLMENTS_MAX:
        others.remove(min(others, key=lambda kept: (kept.takes_part, kept.since_at, kept.programme_id)))
    return tuple(sorted((*others, changed), key=lambda kept: kept.programme_id))
