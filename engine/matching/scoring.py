"""How good a pair is: what each side can learn from the other, and how well the two can meet.

Decides: topic weights of a round, the benefit of each side, the context of a pair, its published score.
Never knows: whether the pair is allowed (matching/eligibility), how long anybody waits (matching/round), names of people.

Invariants
    matching.S1  A score is an integer from 0 to 1000, the same for both orders of the two people in a mutual programme.
    matching.S2  Integers only: context in whole hundredths, benefits as fractions of integers, one integer square root at the end.
    matching.S3  Topic weights are frozen for a round and kept with it, so a replay scores alike although people joined since.

Logarithms are the one use of floats: sums run in topic order through `math.fsum`, and each weight is rounded half to even.

Source: house rule. Geometric mean: fusing both directions beats one (Pizzato et al. 2010). Inverse document frequency lifts rare wants.
"""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.frozen import Frozen
from schemas.terms.codes import Track

OfferedTopic = tuple[str, int]
"""Topic, level offered 1 to 3."""
WantedTopic = tuple[str, int, int]
"""Topic, importance 1 to 3, own level 0 to 2."""

USEFULNESS: Final = ((0, 0, 0), (2, 0, 0), (3, 2, 0), (3, 3, 2))
"""Rows: level offered; columns: the learner's own level. Two steps above are worth 3, one step 2."""
USEFULNESS_MAX: Final = 3
WANTS_COUNTED: Final = 2
"""A pair can seriously work on about two topics, so two wants fully served are all that is needed."""

WEIGHT_UNIT: Final = 16
RARITY_MIN: Final = 0.6
RARITY_MAX: Final = 1.6
BEYOND_TECH_FACTOR: Final = 1.15
TECH_FAMILIES: Final = frozenset({"digital", "data"})

CONTEXT_BASE: Final = 70
CONTEXT_PER_TERM: Final = 10
SHARED_WEEK_MINUTES_FULL: Final = 5 * 4 * 60
"""Four hours on each of five days earn the whole term for time."""
BANDS_APART_MAX: Final = 2
BRIDGE_PER_BAND: Final = 5


class Benefit(NamedTuple):
    """How much of what one person needs the other can teach, as a fraction of integers."""

    points: int
    """At most `need`; more than enough doesn't count."""
    need: int

    @property
    def ratio(self) -> float:
        """The fraction from 0 to 1, for showing only."""
        return self.points / self.need if self.need else 0.0

    def is_at_least(self, numerator: int, denominator: int) -> bool:
        """Say whether something is learned and the fraction reaches numerator / denominator."""
        return self.points > 0 and self.points * denominator >= self.need * numerator


class LearnedTopic(Frozen, kw_only=True):
    """One topic that one person can learn from the other."""

    topic: str
    level: int
    own_level: int
    points: int
    """Want weight times usefulness; its share of the learner's need explains the score."""


class Context(Frozen, kw_only=True):
    """What helps two people meet and widens their view."""

    shared_week_minutes: int
    is_other_department: bool
    bands_apart: int | None
    """Distance of the experience bands, at most BANDS_APART_MAX; None if either is unknown."""

    @property
    def hundredths(self) -> int:
        """Whole hundredths, 70 to 100."""
        return context_hundredths(self.shared_week_minutes, self.bands_apart, is_other_department=self.is_other_department)


def context_hundredths(shared_minutes: int, bands_apart: int | None, *, is_other_department: bool) -> int:
    """Weigh the terms of a Context in whole hundredths, each floored on its own."""
    time = CONTEXT_PER_TERM * min(shared_minutes, SHARED_WEEK_MINUTES_FULL) // SHARED_WEEK_MINUTES_FULL
    return CONTEXT_BASE + time + CONTEXT_PER_TERM * is_other_department + BRIDGE_PER_BAND * (bands_apart or 0)


def topic_weights(pool_wants: Iterable[Iterable[WantedTopic]], families: Mapping[str, str]) -> dict[str, int]:
    """Weigh topics by how rarely this round's pool wants them.

    Args:
        pool_wants: the wants of each person of the pool; their order doesn't matter.
        families: family by topic id: the programme's catalogue.
    Returns: a weight for each topic of the catalogue and each wanted one, in topic order.
    """
    people_count = 0
    wanted_count: dict[str, int] = {}
    for wants in pool_wants:
        people_count += 1
        for topic in {want[0] for want in wants}:
            wanted_count[topic] = wanted_count.get(topic, 0) + 1
    topics = sorted({*families, *wanted_count})
    rarity = {topic: math.log((people_count + 1) / (wanted_count.get(topic, 0) + 1)) for topic in topics}
    wanted = [topic for topic in topics if topic in wanted_count]
    mass = sum(wanted_count[topic] + 1 for topic in wanted)
    mean = math.fsum(rarity[topic] * (wanted_count[topic] + 1) for topic in wanted) / mass if mass else 0.0
    return {topic: _weight(rarity[topic], mean, is_tech=families.get(topic) in TECH_FAMILIES) for topic in topics}


def _weight(rarity: float, mean: float, *, is_tech: bool) -> int:
    relative = min(max(rarity / mean, RARITY_MIN), RARITY_MAX) if mean > 0 else 1.0
    return round(WEIGHT_UNIT * relative * (1.0 if is_tech else BEYOND_TECH_FACTOR))


def need(wants: Iterable[WantedTopic], weights: Mapping[str, int]) -> int:
    """Say how many points would serve a person fully: the heaviest wants, each taught at its most useful.

    A topic that the weights don't know counts for nothing, here and in `lessons`.
    """
    heaviest = sorted((importance * weights.get(topic, 0) for topic, importance, _ in wants), reverse=True)
    return USEFULNESS_MAX * sum(heaviest[:WANTS_COUNTED])


def lessons(wants: Iterable[WantedTopic], offers: Iterable[OfferedTopic], weights: Mapping[str, int]) -> tuple[LearnedTopic, ...]:
    """List what a person with these wants can learn from somebody with these offers.

    Order: most points first, then topic.
    """
    level_by_topic = dict(offers)
    found: list[LearnedTopic] = []
    for topic, importance, own_level in wants:
        level = level_by_topic.get(topic, 0)
        points = importance * weights.get(topic, 0) * USEFULNESS[level][own_level]
        if points:
            found.append(_lesson(topic, level, own_level, points))
    return tuple(sorted(found, key=lambda lesson: (-lesson.points, lesson.topic)))


@lru_cache(maxsize=16_384)
def _lesson(topic: str, level: int, own_level: int, points: int) -> LearnedTopic:
    """Make a lesson once: a round of many people teaches the same ones again and again."""
    return LearnedTopic(topic=topic, level=level, own_level=own_level, points=points)


def benefit(wants: Iterable[WantedTopic], offers: Iterable[OfferedTopic], weights: Mapping[str, int]) -> Benefit:
    """Measure how much of a learner's need a teacher covers."""
    learner_wants = tuple(wants)
    return benefit_of(lessons(learner_wants, offers, weights), need(learner_wants, weights))


def benefit_of(learned: Iterable[LearnedTopic], needed: int) -> Benefit:
    """Sum up what is learned, up to the need."""
    return Benefit(points=min(sum(lesson.points for lesson in learned), needed), need=needed)


def mutual_score(context: int, first: tuple[int, int], second: tuple[int, int]) -> int:
    """Score a pair in which both must learn: 1000 times the geometric mean of the benefits times the context, floored."""
    if not first[0] or not second[0]:
        return 0
    return math.isqrt((10 * context) ** 2 * first[0] * second[0] // (first[1] * second[1]))


def directed_score(context: int, learner: tuple[int, int], other: tuple[int, int]) -> int:
    """Score a pair in which one side must learn: 1000 × learner × (0.8 + 0.2 × other) × context, floored."""
    if not learner[0]:
        return 0
    other_points, other_need = other if other[0] else (0, 1)
    return context * learner[0] * (8 * other_need + 2 * other_points) // (learner[1] * other_need)


def pair_score(track: Track, context: int, *, less_experienced: tuple[int, int], more_experienced: tuple[int, int]) -> int:
    """Score a pair by its programme's track. In a mutual programme the two sides may be given in any order.

    Args:
        track: who must learn.
        context: whole hundredths.
        less_experienced: benefit (points, need) of the side with the lower band.
        more_experienced: benefit of the side with the higher band.
    """
    match track:
        case Track.MUTUAL:
            return mutual_score(context, less_experienced, more_experienced)
        case Track.REVERSE:
            return directed_score(context, more_experienced, less_experienced)
        case Track.TRADITIONAL:
            return directed_score(context, less_experienced, more_experienced)
