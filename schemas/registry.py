"""Every event type and its model."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.base import InputData, OutputData
from schemas.events import audit, feedback, hr, insight, nudge, pairing, participation, programme, session
from schemas.events.round import RoundCompleted, RoundRequested
from schemas.terms.codes import ErrorCode

_INPUTS: Final[tuple[type[InputData], ...]] = (
    hr.HrHired,
    hr.HrHireCancelled,
    hr.HrRoleChanged,
    hr.HrLeaveStarted,
    hr.HrLeaveEnded,
    hr.HrDeparted,
    hr.HrDepartureCancelled,
    hr.HrErased,
    participation.ParticipationEnrolled,
    participation.ParticipationUpdated,
    participation.ParticipationNominated,
    participation.ParticipationPaused,
    participation.ParticipationResumed,
    participation.ParticipationWithdrawn,
    participation.ParticipationTrainingCompleted,
    pairing.PairingAnswered,
    pairing.PairingContinuationAnswered,
    pairing.PairingLocked,
    pairing.PairingForbidden,
    pairing.PairingAllowed,
    feedback.FeedbackGiven,
    insight.InsightShared,
    insight.InsightAnswered,
    session.SessionScheduled,
    session.SessionCompleted,
    session.SessionCancelled,
    session.SessionMissed,
    programme.ProgrammeCreated,
    programme.ProgrammePolicyChanged,
    programme.ProgrammePaused,
    programme.ProgrammeResumed,
    programme.ProgrammeClosed,
    programme.ProposalRetracted,
    programme.NudgesReleased,
    programme.DeparturesReleased,
    RoundRequested,
    nudge.NudgeDelivered,
    nudge.NudgeSeen,
    nudge.NudgeActed,
    nudge.NudgeDismissed,
    nudge.NudgeFailed,
    nudge.NudgeOptedOut,
    nudge.NudgeOptedIn,
)
_OUTPUTS: Final[tuple[type[OutputData], ...]] = (
    pairing.PairingProposed,
    pairing.PairingActivated,
    pairing.PairingPaused,
    pairing.PairingResumed,
    pairing.PairingSuspended,
    pairing.PairingStalled,
    pairing.PairingConcluding,
    pairing.PairingRenewed,
    pairing.PairingConverted,
    pairing.PairingLapsed,
    pairing.PairingCompleted,
    pairing.PairingEnded,
    pairing.PairingStateChanged,
    nudge.NudgeRequested,
    nudge.NudgeCancelled,
    nudge.NudgeSuppressed,
    RoundCompleted,
    programme.ProgrammeReported,
    audit.CommandRefused,
    audit.CommandRecorded,
    audit.HrFinding,
)

INPUT_TYPES: Final[Mapping[str, type[InputData]]] = MappingProxyType({model.TYPE: model for model in _INPUTS})
OUTPUT_TYPES: Final[Mapping[str, type[OutputData]]] = MappingProxyType({model.TYPE: model for model in _OUTPUTS})

_VERSIONED: Final = re.compile(r"(bothways\.[a-z_.]{1,100})\.v[0-9]{1,9}")
_KNOWN_NAMES: Final[Mapping[str, str]] = MappingProxyType({known.rpartition(".")[0]: known for known in INPUT_TYPES})


def refused_type(event_type: object) -> tuple[ErrorCode, str | None]:
    """Say why a type that is not in INPUT_TYPES can't be read.

    Returns: the code, and the known type of the same name where only the major differs; its topic takes the dead letter.
    """
    if isinstance(event_type, str):
        versioned = _VERSIONED.fullmatch(event_type)
        known = _KNOWN_NAMES.get(versioned[1]) if versioned else None
        if known is not None:
            return ErrorCode.UNSUPPORTED_VERSION, known
    return ErrorCode.UNKNOWN_TYPE, None
