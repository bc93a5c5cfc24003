"""The score of a pair, worked out a second time from its published formula, with plain fractions and no engine."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

TECH = {"digital", "data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the round's pool. Levels by topic; wants are (importance, own level) by topic."""

    person_id: str
    gives: Mapping[str, int]
    wants: Mapping[str, tuple[int, int]]
    band: int | None = None
    department: str | None = None
    week_minutes: int = 2400
    """Working time from Monday on, of which two people share the shorter one."""


def topic_weights(pool: Sequence[Member], families: Mapping[str, str]) -> dict[str, int]:
    """Weigh topics by how rarely they are wanted: ln((n+1)/(df+1)) by its mean weighted by df+1, .6-1.6, x 1.15 beyond tech, x 16."""
    wanting = {topic: sum(topic in one.wants for one in pool) for topic in families}
    idf = {topic: math.log((len(pool) + 1) / (count + 1)) for topic, count in wanting.items()}
    wanted = [topic for topic, count in wanting.items() if count]
    mean = sum(idf[topic] * (wanting[topic] + 1) for topic in wanted) / sum(wanting[topic] + 1 for topic in wanted)
    return {
        topic: round(16 * (min(max(idf[topic] / mean, 0.6), 1.6) if mean else 1.0) * (1.0 if family in TECH else 1.15))
        for topic, family in families.items()
    }


def benefit(learner: Member, teacher: Member, weights: Mapping[str, int]) -> Fraction:
    """What the learner gains: wants met by usefulness, over three times the two heaviest wants, at most 1."""
    heavy = {topic: importance * weights[topic] for topic, (importance, _) in learner.wants.items()}
    need = 3 * sum(sorted(heavy.values())[-2:])
    met = 0
    for topic, (_, own) in learner.wants.items():
        above = teacher.gives.get(topic, 0) - own
        met += heavy[topic] * (3 if above >= 2 else 2 if above == 1 else 0)
    return min(Fraction(1), Fraction(met, need))


def context_hundredths(one: Member, other: Member) -> int:
    """70, up to 10 for shared hours a day (4 and more), 10 for another department, 5 or 10 for one or more bands apart."""
    shared = Fraction(min(one.week_minutes, other.week_minutes), 5 * 60)
    hours = int(10 * min(shared, Fraction(4)) / 4)
    elsewhere = 10 if None not in {one.department, other.department} and one.department != other.department else 0
    apart = 0 if one.band is None or other.band is None else abs(one.band - other.band)
    return 70 + hours + elsewhere + (0, 5, 10, 10)[apart]


def mutual_score(one: Member, other: Member, weights: Mapping[str, int]) -> int:
    """1000 * sqrt(b * b') * context, floored."""
    product = benefit(one, other, weights) * benefit(other, one, weights)
    hundredths = context_hundredths(one, other)
    return math.isqrt(math.floor(product * (10 * hundredths) ** 2))


def one_way_score(learner: Member, teacher: Member, weights: Mapping[str, int]) -> int:
    """1000 * b(learner) * (0.8 + 0.2 * b(other)) * context, floored."""
    other = benefit(teacher, learner, weights)
    return math.floor(
        10 * benefit(learner, teacher, weights) * (Fraction(8, 10) + Fraction(2, 10) * other) * context_hundredths(learner, teacher)
    )
