"""Which category a nudge belongs to, and whether it is rationed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.terms.codes import NudgeCategory, NudgeClass, NudgeKey

_KEYS_BY_CATEGORY: Final[Mapping[NudgeCategory, tuple[NudgeKey, ...]]] = {
    NudgeCategory.INVITATIONS: (NudgeKey.OPEN_INVITATION, NudgeKey.WAITING_UPDATE),
    NudgeCategory.PAIRING: (
        NudgeKey.PROPOSAL_READY,
        NudgeKey.ANSWER_PROPOSAL,
        NudgeKey.PAIRING_STARTED,
        NudgeKey.PAIRING_PAUSED,
        NudgeKey.PAIRING_RESUMABLE,
        NudgeKey.PARTNER_AWAY,
        NudgeKey.PAIRING_ENDED,
        NudgeKey.PARTNER_FOUND_NEXT,
        NudgeKey.CONFLICT_CHOICE,
        NudgeKey.CONVERT_OFFER,
        NudgeKey.CONCLUDING,
        NudgeKey.RENEW_OR_FINISH,
        NudgeKey.STILL_TAKING_PART,
    ),
    NudgeCategory.SESSIONS: (
        NudgeKey.BOOK_FIRST_SESSION,
        NudgeKey.SESSION_TOMORROW,
        NudgeKey.LOG_SESSION,
        NudgeKey.BOOK_NEXT_SESSION,
        NudgeKey.PROTECT_THE_TIME,
        NudgeKey.PAIRING_QUIET,
        NudgeKey.FIND_A_TIME,
    ),
    NudgeCategory.LEARNING: (
        NudgeKey.FLIP_ROLES,
        NudgeKey.BROADEN_TOPIC,
        NudgeKey.OPEN_DEBATE,
        NudgeKey.SHARE_FEEDBACK,
        NudgeKey.STILL_RIGHT_FOR_YOU,
        NudgeKey.MENTOR_CIRCLE,
    ),
    NudgeCategory.PROFILE: (NudgeKey.PROFILE_INCOMPLETE, NudgeKey.ENROLMENT_RECORDED),
    NudgeCategory.COORDINATION: (
        NudgeKey.COORDINATOR_MOMENTUM,
        NudgeKey.COORDINATOR_STUCK,
        NudgeKey.COORDINATOR_CONFLICT,
        NudgeKey.COORDINATOR_ROUND_ALARM,
        NudgeKey.COORDINATOR_STORM,
        NudgeKey.COORDINATOR_DEPARTURES,
    ),
}

_CATEGORY_BY_KEY: Final[Mapping[NudgeKey, NudgeCategory]] = MappingProxyType(
    {key: category for category, keys in _KEYS_BY_CATEGORY.items() for key in keys}
)

RETIRED: Final = frozenset({NudgeKey.MENTOR_CIRCLE, NudgeKey.CONCLUDING, NudgeKey.PARTNER_FOUND_NEXT})
"""Keys that are read in what was published once, and not sent any more."""
_ALWAYS_HEARD: Final = frozenset({NudgeCategory.PAIRING, NudgeCategory.PROFILE})
"""Categories whose transactional nudges can't be left."""
_BEHAVIOURAL_OF_PAIRING: Final = frozenset({NudgeKey.ANSWER_PROPOSAL})
_TRANSACTIONAL_ELSEWHERE: Final = frozenset(
    {NudgeKey.SESSION_TOMORROW, NudgeKey.ENROLMENT_RECORDED, *_KEYS_BY_CATEGORY[NudgeCategory.COORDINATION]}
)


def category_of(key: NudgeKey) -> NudgeCategory:
    """What a person opts out of to hear no more of this key."""
    return _CATEGORY_BY_KEY[key]


def class_of(key: NudgeKey) -> NudgeClass:
    """Whether the key is rationed (behavioural) or goes out at once (transactional)."""
    of_pairing = category_of(key) is NudgeCategory.PAIRING and key not in _BEHAVIOURAL_OF_PAIRING
    return NudgeClass.TRANSACTIONAL if of_pairing or key in _TRANSACTIONAL_ELSEWHERE else NudgeClass.BEHAVIOURAL


def can_opt_out(key: NudgeKey) -> bool:
    """Transactional nudges of `pairing` and `profile`, and what coordinators have to hear, reach the person whatever was opted out of."""
    category = category_of(key)
    return category is not NudgeCategory.COORDINATION and not (category in _ALWAYS_HEARD and class_of(key) is NudgeClass.TRANSACTIONAL)
