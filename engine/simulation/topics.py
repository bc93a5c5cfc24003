"""Which topics people offer and want, by how long they have been working.

The longer people work, the more of what they offer is experience and the more of what they want is digital; everybody
offers and wants something of each kind.

Source: the mixes are invented to be plausible; Zipf exponent 0.9 within a kind.
"""

from enum import StrEnum
from typing import Final

from engine.matching.scoring import TECH_FAMILIES
from schemas.terms.catalogue import BUILT_IN_TOPICS
from schemas.terms.codes import TopicFamily

_NEW_WORK_FAMILIES: Final = frozenset(
    family.value for family in (TopicFamily.FUTURE_OF_WORK, TopicFamily.INCLUSION, TopicFamily.WELLBEING, TopicFamily.WORK_LIFE_BALANCE)
)
_ZIPF_EXPONENT: Final = 0.9


class Kind(StrEnum):
    """The three kinds of topic that the mixes speak of."""

    TECH = "tech"
    NEW_WORK = "new_work"
    EXPERIENCE = "experience"


FAMILY_BY_TOPIC: Final = {topic: family.value for topic, family, _ in BUILT_IN_TOPICS}
NAME_BY_TOPIC: Final = {topic: name for topic, _, name in BUILT_IN_TOPICS}
TOPIC_IDS: Final = tuple(FAMILY_BY_TOPIC)
FUTURE_TOPICS: Final = tuple(topic for topic, family in FAMILY_BY_TOPIC.items() if family == TopicFamily.FUTURE_OF_WORK)
TOPIC_FAMILIES: Final = tuple(sorted(set(FAMILY_BY_TOPIC.values())))

_OFFER_MIX: Final = ((0.50, 0.32, 0.18), (0.40, 0.22, 0.38), (0.22, 0.15, 0.63), (0.12, 0.12, 0.76))
_WANT_MIX: Final = ((0.22, 0.10, 0.68), (0.25, 0.13, 0.62), (0.50, 0.25, 0.25), (0.50, 0.32, 0.18))


def kind_of(topic: str) -> Kind:
    """The kind of a built-in topic."""
    family = FAMILY_BY_TOPIC[topic]
    if family in TECH_FAMILIES:
        return Kind.TECH
    return Kind.NEW_WORK if family in _NEW_WORK_FAMILIES else Kind.EXPERIENCE


def _weights(mix: tuple[float, float, float]) -> tuple[float, ...]:
    """One weight per topic of the catalogue, in its order: the kind's share, Zipf within the kind."""
    share_by_kind = dict(zip((Kind.TECH, Kind.NEW_WORK, Kind.EXPERIENCE), mix, strict=True))
    rank_by_kind = dict.fromkeys(Kind, 0)
    raw: list[tuple[Kind, float]] = []
    for topic in TOPIC_IDS:
        kind = kind_of(topic)
        rank_by_kind[kind] += 1
        raw.append((kind, rank_by_kind[kind] ** -_ZIPF_EXPONENT))
    sum_by_kind = {kind: sum(weight for its, weight in raw if its is kind) for kind in Kind}
    return tuple(share_by_kind[kind] * weight / sum_by_kind[kind] for kind, weight in raw)


OFFER_WEIGHTS: Final = tuple(_weights(mix) for mix in _OFFER_MIX)
"""Per experience band, one weight per topic of TOPIC_IDS."""
WANT_WEIGHTS: Final = tuple(_weights(mix) for mix in _WANT_MIX)
"""Per experience band, one weight per topic of TOPIC_IDS."""
