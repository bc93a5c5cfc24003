"""The catalogue of nudges: one line says all of a key.

Decides: to whom, when, class, category, priority, validity, late policy, reason, parameters, answers and title of every key.
Never knows: whether a person may hear it (engine/programme/nudges/ledger). The numbers in *when* are those of the rooms that intend it.

Invariants
    nudges.N1  Every key has exactly one line; behavioural keys have a priority, transactional ones have none.
    nudges.N2  A key without a validity of its own gets its expiry from whoever intends it (a proposal's deadline, a session's start).

Late policy: what the rule that intends a nudge does when its own timer fired late, after downtime say
    fire      It is still news: valid for its days from now.
    expire    It was about a moment: valid for its days from when it was due, which may be over already.
    coalesce  Several of them say the same thing: only the newest waits, valid for its days from now. For coordinators the occasion is
              the day, so that one nudge a day says it all.

Source: house rule (table of nudges).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.nudges.answers import CHOICES, Asked
from schemas.nudges.params import (
    AnswerProposalParams,
    BookFirstSessionParams,
    BookNextSessionParams,
    BroadenTopicParams,
    ConcludingParams,
    ConflictChoiceParams,
    ConvertOfferParams,
    CoordinatorConflictParams,
    CoordinatorDeparturesParams,
    CoordinatorMomentumParams,
    CoordinatorRoundAlarmParams,
    CoordinatorStormParams,
    CoordinatorStuckParams,
    EnrolmentRecordedParams,
    FindATimeParams,
    FlipRolesParams,
    LogSessionParams,
    MentorCircleParams,
    NudgeParams,
    OpenDebateParams,
    OpenInvitationParams,
    PairingEndedParams,
    PairingPausedParams,
    PairingQuietParams,
    PairingResumableParams,
    PairingStartedParams,
    PartnerAwayParams,
    PartnerFoundNextParams,
    ProfileIncompleteParams,
    ProposalReadyParams,
    ProtectTheTimeParams,
    RenewOrFinishParams,
    SessionTomorrowParams,
    ShareFeedbackParams,
    StillRightForYouParams,
    StillTakingPartParams,
    WaitingUpdateParams,
)
from schemas.terms.codes import NudgeCategory, NudgeClass, NudgeKey, NudgeReasonCode


class LatePolicy(StrEnum):
    """What becomes of a nudge whose timer fired late."""

    FIRE = "fire"
    EXPIRE = "expire"
    COALESCE = "coalesce"


class Addressee(StrEnum):
    """Who hears a nudge."""

    PERSON = "person"
    BOTH = "both"
    ONE = "one side"
    PARTNER = "partner"
    COORDINATOR = "coordinator"


@dataclass(frozen=True, slots=True)
class Nudge:
    """One line of the catalogue."""

    key: NudgeKey
    to: Addressee
    class_: NudgeClass
    """Behavioural nudges are rationed, transactional ones go out at once."""
    category: NudgeCategory
    """What a person opts out of to hear no more of this key."""
    priority: int
    """Higher goes first; 0 for transactional keys, which never wait for one another."""
    valid_days: int
    """How long it is worth hearing; 0 where something else sets the end (nudges.N2)."""
    late: LatePolicy
    reason: NudgeReasonCode
    """The code that says why; `pairing_state` goes with the state."""
    params: type[NudgeParams]
    answers: tuple[str, ...]
    """Names of the choices that it can be answered with, where its intent doesn't say so."""
    title: str
    when: str
    is_retired: bool = False
    """Read in what was published once, and not sent any more."""


_CATEGORIES_ALWAYS_HEARD: Final = frozenset({NudgeCategory.PAIRING, NudgeCategory.PROFILE})
"""Categories whose transactional nudges can't be left."""

PERSON, BOTH, ONE, PARTNER, COORDINATOR = Addressee
FIRE, EXPIRE, COALESCE = LatePolicy
BEHAVIOURAL, TRANSACTIONAL = NudgeClass.BEHAVIOURAL, NudgeClass.TRANSACTIONAL
K, C, R = NudgeKey, NudgeCategory, NudgeReasonCode

# fmt: off
_LINES: Final = (
    Nudge(K.ANSWER_PROPOSAL, BOTH, BEHAVIOURAL, C.PAIRING, 90, 0, EXPIRE, R.PROPOSAL_UNANSWERED,
          AnswerProposalParams, ("accept", "decline"), "A proposal awaits your answer", "3 days after the proposal, while it is undecided"),
    Nudge(K.PROTECT_THE_TIME, ONE, BEHAVIOURAL, C.SESSIONS, 80, 21, COALESCE, R.CANCELLED_IN_A_ROW,
          ProtectTheTimeParams, (), "Protect the time", "two sessions cancelled in a row, to the side that cancelled"),
    Nudge(K.BOOK_FIRST_SESSION, ONE, BEHAVIOURAL, C.SESSIONS, 75, 14, EXPIRE, R.NO_SESSION_BOOKED,
          BookFirstSessionParams, ("book",), "Book the first session", "5 days active with no session booked, and again after 12"),
    Nudge(K.LOG_SESSION, ONE, BEHAVIOURAL, C.SESSIONS, 70, 7, EXPIRE, R.SESSION_UNREPORTED,
          LogSessionParams, ("held", "missed", "cancelled"), "Log the session", "24 hours after the end of a session without a report"),
    Nudge(K.PAIRING_QUIET, BOTH, BEHAVIOURAL, C.SESSIONS, 70, 14, COALESCE, R.PAIRING_STATE,
          PairingQuietParams, ("book", "end", "rematch"), "Your pair has gone quiet", "stalled"),
    Nudge(K.SHARE_FEEDBACK, BOTH, BEHAVIOURAL, C.LEARNING, 65, 10, EXPIRE, R.SESSION_COMPLETED,
          ShareFeedbackParams, ("good", "unsure", "not_a_fit"), "Share feedback", "after session 1, session 3 and the last one"),
    Nudge(K.FIND_A_TIME, BOTH, BEHAVIOURAL, C.SESSIONS, 65, 30, COALESCE, R.HOURS,
          FindATimeParams, ("hours", "book", "end"), "Find a time in common", "no time in common any more"),
    Nudge(K.BOOK_NEXT_SESSION, ONE, BEHAVIOURAL, C.SESSIONS, 60, 21, COALESCE, R.NO_SESSION_BOOKED,
          BookNextSessionParams, ("book",), "Book the next session", "14 days after the last session with none booked"),
    Nudge(K.FLIP_ROLES, BOTH, BEHAVIOURAL, C.LEARNING, 55, 45, COALESCE, R.TEACHING_ONE_WAY,
          FlipRolesParams, (), "Swap who teaches", "teaching went one way"),
    Nudge(K.OPEN_DEBATE, BOTH, BEHAVIOURAL, C.LEARNING, 50, 45, COALESCE, R.MIDPOINT_REACHED,
          OpenDebateParams, (), "Open debate: work in ten years", "the middle of a term"),
    Nudge(K.BROADEN_TOPIC, BOTH, BEHAVIOURAL, C.LEARNING, 45, 45, COALESCE, R.TOPICS_NARROW,
          BroadenTopicParams, (), "Widen the topics", "few topics were taught"),
    Nudge(K.STILL_RIGHT_FOR_YOU, BOTH, BEHAVIOURAL, C.LEARNING, 40, 14, EXPIRE, R.SESSION_COMPLETED,
          StillRightForYouParams, ("continue", "end", "rematch"), "Is this still right for you?", "after session 1 and session 3"),
    Nudge(K.PROFILE_INCOMPLETE, PERSON, BEHAVIOURAL, C.PROFILE, 35, 14, EXPIRE, R.PROFILE_INCOMPLETE,
          ProfileIncompleteParams, ("complete",), "Say what you offer and want", "7 days without offers or wants, and once more after 14"),
    Nudge(K.WAITING_UPDATE, PERSON, BEHAVIOURAL, C.INVITATIONS, 30, 14, COALESCE, R.WAITING,
          WaitingUpdateParams, (), "Where your wait stands", "30 days without a pair, and every 30 days after"),
    Nudge(K.MENTOR_CIRCLE, PERSON, BEHAVIOURAL, C.LEARNING, 20, 30, COALESCE, R.PAIRING_STATE,
          MentorCircleParams, (), "Mentor circle", "no longer sent", is_retired=True),
    Nudge(K.OPEN_INVITATION, PERSON, BEHAVIOURAL, C.INVITATIONS, 10, 30, EXPIRE, R.NOMINATED,
          OpenInvitationParams, ("join",), "Invitation to take part", "nominated, once a programme"),
    Nudge(K.ENROLMENT_RECORDED, PERSON, TRANSACTIONAL, C.PROFILE, 0, 14, FIRE, R.ENROLMENT_RELAYED,
          EnrolmentRecordedParams, ("change", "pause", "leave"), "What was recorded in your name", "somebody else brought it in"),
    Nudge(K.PROPOSAL_READY, BOTH, TRANSACTIONAL, C.PAIRING, 0, 0, FIRE, R.PROPOSAL_OPEN,
          ProposalReadyParams, ("accept", "decline"), "A proposal is ready", "proposed, and proposed anew"),
    Nudge(K.PAIRING_STARTED, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          PairingStartedParams, (), "Your pair has started", "both accepted"),
    Nudge(K.SESSION_TOMORROW, BOTH, TRANSACTIONAL, C.SESSIONS, 0, 0, EXPIRE, R.SESSION_BOOKED,
          SessionTomorrowParams, ("cancelled",), "Session tomorrow", "the last waking day before a session"),
    Nudge(K.PARTNER_AWAY, PARTNER, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          PartnerAwayParams, ("continue", "look", "end"), "Your partner is still away", "the other side is away without a known end"),
    Nudge(K.PAIRING_PAUSED, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          PairingPausedParams, (), "Your pair is paused", "one of the two is away"),
    Nudge(K.PAIRING_RESUMABLE, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          PairingResumableParams, ("continue", "end"), "Your pair can go on", "the one away is back, or a conflict is gone"),
    Nudge(K.PAIRING_ENDED, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          PairingEndedParams, (), "Your pair has ended", "ended"),
    Nudge(K.PARTNER_FOUND_NEXT, PERSON, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          PartnerFoundNextParams, (), "First in the next round", "no longer sent", is_retired=True),
    Nudge(K.CONFLICT_CHOICE, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          ConflictChoiceParams, ("end", "rematch"), "A private choice to make", "suspended, each in private"),
    Nudge(K.CONCLUDING, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          ConcludingParams, (), "The term draws to a close", "no longer sent", is_retired=True),
    Nudge(K.RENEW_OR_FINISH, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          RenewOrFinishParams, ("renew", "finish"), "Renew or finish", "the end of a term"),
    Nudge(K.CONVERT_OFFER, BOTH, TRANSACTIONAL, C.PAIRING, 0, 14, FIRE, R.PAIRING_STATE,
          ConvertOfferParams, ("convert", "end"), "Go on as a mutual pair", "the gap that the track needs is gone"),
    Nudge(K.STILL_TAKING_PART, PERSON, TRANSACTIONAL, C.PAIRING, 0, 30, FIRE, R.PROPOSALS_EXPIRED,
          StillTakingPartParams, ("stay", "change", "pause", "leave"), "Still taking part?", "two proposals reached their end in a row"),
    Nudge(K.COORDINATOR_MOMENTUM, COORDINATOR, TRANSACTIONAL, C.COORDINATION, 0, 14, COALESCE, R.CANCELLED_IN_A_ROW,
          CoordinatorMomentumParams, (), "Coordinator: momentum", "pairs cancelled two sessions in a row, once a day"),
    Nudge(K.COORDINATOR_STUCK, COORDINATOR, TRANSACTIONAL, C.COORDINATION, 0, 14, COALESCE, R.PAIRING_STUCK,
          CoordinatorStuckParams, (), "Coordinator: a pair is stuck", "pairs stalled, once a day"),
    Nudge(K.COORDINATOR_CONFLICT, COORDINATOR, TRANSACTIONAL, C.COORDINATION, 0, 14, COALESCE, R.CONFLICT_OPEN,
          CoordinatorConflictParams, (), "Coordinator: a conflict", "pairs stand in a line of power, once a day"),
    Nudge(K.COORDINATOR_ROUND_ALARM, COORDINATOR, TRANSACTIONAL, C.COORDINATION, 0, 14, COALESCE, R.ROUND_RATIO_LOW,
          CoordinatorRoundAlarmParams, (), "Coordinator: a round to look at", "a round left too many without a pair"),
    Nudge(K.COORDINATOR_STORM, COORDINATOR, TRANSACTIONAL, C.COORDINATION, 0, 14, COALESCE, R.INTENTS_PARKED,
          CoordinatorStormParams, ("release",), "Coordinator: many nudges at once", "nudges wait behind the breaker"),
    Nudge(K.COORDINATOR_DEPARTURES, COORDINATOR, TRANSACTIONAL, C.COORDINATION, 0, 14, COALESCE, R.DEPARTURES_HELD,
          CoordinatorDeparturesParams, ("release_departures",), "Coordinator: many departures at once", "many departed at once and wait"),
)
# fmt: on
CATALOGUE: Final[Mapping[NudgeKey, Nudge]] = MappingProxyType({nudge.key: nudge for nudge in _LINES})
"""By key; behavioural keys by falling priority."""
RETIRED: Final = frozenset(key for key, nudge in CATALOGUE.items() if nudge.is_retired)


def answers_to(key: NudgeKey, person_id: str, params: Mapping[str, object]) -> list[dict[str, object]]:
    """Write down every answer to a nudge.

    Args:
        params: of its intent. Their `answers`, names of choices, go before the key's own.
    Returns: nothing for a nudge that asks nothing.
    """
    asked = Asked(key=key, person_id=person_id, params=params)
    named = params.get("answers") or CATALOGUE[key].answers
    assert isinstance(named, list | tuple), "choices by name"
    found = ((choice, *CHOICES[choice]) for choice in named)
    return [{"choice": choice, "type": kind, "fields": fields(asked)} for choice, kind, fields in found]


def can_opt_out(key: NudgeKey) -> bool:
    """Transactional nudges of `pairing` and `profile`, and what coordinators have to hear, reach the person whatever was opted out of."""
    nudge = CATALOGUE[key]
    is_always_heard = nudge.category in _CATEGORIES_ALWAYS_HEARD and nudge.class_ is NudgeClass.TRANSACTIONAL
    return nudge.category is not NudgeCategory.COORDINATION and not is_always_heard


def expiry(key: NudgeKey, *, due_at: datetime, at: datetime) -> datetime:
    """Return the end of a nudge's validity.

    Args:
        key: one with a validity of its own (nudges.N2).
        due_at: when its timer was due, or when what it tells of happened.
        at: engine time now, at or after `due_at`.
    """
    nudge = CATALOGUE[key]
    assert nudge.valid_days > 0, f"the expiry of {key} is set by what it is about"
    start_at = due_at if nudge.late is LatePolicy.EXPIRE else at
    return start_at + timedelta(days=nudge.valid_days)
