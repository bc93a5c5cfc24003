"""The catalogue of nudges: how urgent each one is, how long it stays worth hearing, and what becomes of it when it is late.

Decides: priority, validity and late policy of every key. Class and category are the contract's (schemas/nudges/catalogue).
Never knows: when a nudge is due (the pairing's and the programme's rules), whether a person may hear it (nudges/ledger).

Invariants
    nudges.N1  Every key has exactly one rule; behavioural keys have a priority, transactional ones have none.
    nudges.N2  A key without a validity of its own gets its expiry from whoever intends it (a proposal's deadline, a session's start).

Late policy: what the rule that intends a nudge does when its own timer fired late, after downtime say
    fire      It is still news: valid for its days from now.
    expire    It was about a moment: valid for its days from when it was due, which may be over already.
    coalesce  Several of them say the same thing: only the newest waits, valid for its days from now. For coordinators the occasion is
              the day, so that one nudge a day says it all.

Source: docs/rules.md, Nudges.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.frozen import Frozen
from schemas.nudges.catalogue import category_of, class_of
from schemas.terms.codes import NudgeCategory, NudgeClass, NudgeKey


class LatePolicy(StrEnum):
    """What becomes of a nudge whose timer fired late."""

    FIRE = "fire"
    EXPIRE = "expire"
    COALESCE = "coalesce"


class NudgeRule(Frozen, kw_only=True):
    """One line of the catalogue."""

    class_: NudgeClass
    category: NudgeCategory
    priority: int
    """Higher goes first; 0 for transactional keys, which never wait for one another."""
    valid_days: int
    """How long it is worth hearing; 0 where something else sets the end (nudges.N2)."""
    late: LatePolicy


_LIFECYCLE: Final = (0, 14, LatePolicy.FIRE)
_COORDINATOR: Final = (0, 14, LatePolicy.COALESCE)

_TABLE: Final[Mapping[NudgeKey, tuple[int, int, LatePolicy]]] = {
    NudgeKey.ANSWER_PROPOSAL: (90, 0, LatePolicy.EXPIRE),
    NudgeKey.PROTECT_THE_TIME: (80, 21, LatePolicy.COALESCE),
    NudgeKey.BOOK_FIRST_SESSION: (75, 14, LatePolicy.EXPIRE),
    NudgeKey.LOG_SESSION: (70, 7, LatePolicy.EXPIRE),
    NudgeKey.PAIRING_QUIET: (70, 14, LatePolicy.COALESCE),
    NudgeKey.SHARE_FEEDBACK: (65, 10, LatePolicy.EXPIRE),
    NudgeKey.FIND_A_TIME: (65, 30, LatePolicy.COALESCE),
    NudgeKey.BOOK_NEXT_SESSION: (60, 21, LatePolicy.COALESCE),
    NudgeKey.FLIP_ROLES: (55, 45, LatePolicy.COALESCE),
    NudgeKey.OPEN_DEBATE: (50, 45, LatePolicy.COALESCE),
    NudgeKey.BROADEN_TOPIC: (45, 45, LatePolicy.COALESCE),
    NudgeKey.STILL_RIGHT_FOR_YOU: (40, 14, LatePolicy.EXPIRE),
    NudgeKey.PROFILE_INCOMPLETE: (35, 14, LatePolicy.EXPIRE),
    NudgeKey.WAITING_UPDATE: (30, 14, LatePolicy.COALESCE),
    NudgeKey.MENTOR_CIRCLE: (20, 30, LatePolicy.COALESCE),
    NudgeKey.OPEN_INVITATION: (10, 30, LatePolicy.EXPIRE),
    NudgeKey.PROPOSAL_READY: (0, 0, LatePolicy.FIRE),
    NudgeKey.SESSION_TOMORROW: (0, 0, LatePolicy.EXPIRE),
    NudgeKey.ENROLMENT_RECORDED: _LIFECYCLE,
    NudgeKey.PAIRING_STARTED: _LIFECYCLE,
    NudgeKey.PAIRING_PAUSED: _LIFECYCLE,
    NudgeKey.PAIRING_RESUMABLE: _LIFECYCLE,
    NudgeKey.PARTNER_AWAY: _LIFECYCLE,
    NudgeKey.PAIRING_ENDED: _LIFECYCLE,
    NudgeKey.PARTNER_FOUND_NEXT: _LIFECYCLE,
    NudgeKey.CONFLICT_CHOICE: _LIFECYCLE,
    NudgeKey.CONCLUDING: _LIFECYCLE,
    NudgeKey.RENEW_OR_FINISH: _LIFECYCLE,
    NudgeKey.CONVERT_OFFER: _LIFECYCLE,
    NudgeKey.STILL_TAKING_PART: (0, 30, LatePolicy.FIRE),
    NudgeKey.COORDINATOR_MOMENTUM: _COORDINATOR,
    NudgeKey.COORDINATOR_STUCK: _COORDINATOR,
    NudgeKey.COORDINATOR_CONFLICT: _COORDINATOR,
    NudgeKey.COORDINATOR_ROUND_ALARM: _COORDINATOR,
    NudgeKey.COORDINATOR_STORM: _COORDINATOR,
    NudgeKey.COORDINATOR_DEPARTURES: _COORDINATOR,
}
"""Priority, valid days, late policy; behavioural keys by falling priority."""

RULES: Final[Mapping[NudgeKey, NudgeRule]] = MappingProxyType(
    {
        key: NudgeRule(class_=class_of(key), category=category_of(key), priority=priority, valid_days=valid_days, late=late)
        for key, (priority, valid_days, late) in _TABLE.items()
    }
)


def rule_of(key: NudgeKey) -> NudgeRule:
    """Return the rule of a key."""
    return RULES[key]


def expiry(key: NudgeKey, *, due_at: datetime, at: datetime) -> datetime:
    """Return the end of a nudge's validity.

    Args:
        key: one with a validity of its own (nudges.N2).
        due_at: when its timer was due, or when what it tells of happened.
        at: engine time now, at or after `due_at`.
    """
    rule = RULES[key]
    assert rule.valid_days > 0, f"the expiry of {key} is set by what it is about"
    start_at = due_at if rule.late is LatePolicy.EXPIRE else at
    return start_at + timedelta(days=rule.valid_days)
