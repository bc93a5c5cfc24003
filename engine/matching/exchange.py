"""What people can learn from each other, asked of many at once.

Decides: who teaches whom how many points, and who teaches somebody enough.
Never knows: whether two people may meet (matching/eligibility, search/rule_book), what a pair is worth (matching/scoring).

How: people are positions and a set of people is an int with one bit each. To find everybody who teaches one person enough, all are one
set with zero points; each want splits every set by the level offered, and sets of the same points are joined again. There are at most
as many sets as there are points in a full need, so the work is a few hundred integer operations however many people there are.

Invariants
    matching.X1  `taught` and `taught_by` agree with scoring.benefit on everybody.
    matching.X2  Points above a person's need count as the need.

Source: house rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import compress, count
from typing import Final, NamedTuple

from engine.matching.pool import PoolMember
from engine.matching.scoring import USEFULNESS, OfferedTopic, WantedTopic, need

LEVELS_OFFERED: Final = range(1, len(USEFULNESS))
_ZERO_ONE: Final = bytes(code & 1 for code in range(256))
"""Turns the digits of `bin` into bytes 0 and 1."""


class Demand(NamedTuple):
    """What one person needs, ready for counting."""

    need: int
    enough: int
    """The fewest points that satisfy the policy."""
    gains: tuple[tuple[str, tuple[int, ...]], ...]
    """For each want that weighs something, points by level offered; the most first."""
    gain_by_topic: Mapping[str, tuple[int, ...]]


def positions_of(bits: int) -> Iterable[int]:
    """List the members of a set, lowest first."""
    return compress(count(), bin(bits)[:1:-1].encode().translate(_ZERO_ONE))


def few_positions_of(bits: int) -> Iterator[int]:
    """List the members of a set that has few, lowest first."""
    while bits:
        lowest_bit = bits & -bits
        yield lowest_bit.bit_length() - 1
        bits ^= lowest_bit


def bits_of(positions: Iterable[int], size: int) -> int:
    """Make a set of positions below `size`."""
    buffer = bytearray((size >> 3) + 1)
    for position in positions:
        buffer[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(buffer, "little")


def _without(bits: int, position: int) -> int:
    return bits ^ 1 << position if bits >> position & 1 else bits


class OffersAndWants:
    """Offers and wants of many people.

    Args:
        members: by position.
        topic_weights: of the round.
        benefit_min: the share of a need that must be met.
    """

    def __init__(self, members: Sequence[PoolMember], topic_weights: Mapping[str, int], benefit_min: Fraction) -> None:
        self._members = members
        self._weights = topic_weights
        self._benefit_min = benefit_min.as_integer_ratio()
        self._demands: dict[tuple[WantedTopic, ...], Demand] = {}
        self._demand_at: list[Demand | None] = [None] * len(members)

    def demand(self, position: int) -> Demand:
        """Weigh the wants of one person; alike for all with the same wants."""
        at_once = self._demand_at[position]
        if at_once is not None:
            return at_once
        wants = self._members[position].wants
        known = self._demands.get(wants)
        if known is None:
            known = self._demands[wants] = self.weighed(wants)
        self._demand_at[position] = known
        return known

    def weighed(self, wants: tuple[WantedTopic, ...]) -> Demand:
        """Weigh wants without keeping the answer: for one who asks about everybody once."""
        needed = need(wants, self._weights)
        numerator, denominator = self._benefit_min
        gains = [
            (topic, tuple([importance * self._weights.get(topic, 0) * row[own_level] for row in USEFULNESS]))
            for topic, importance, own_level in wants
            if self._weights.get(topic, 0)
        ]
        gains.sort(key=lambda gain: -max(gain[1]))
        enough = max(1, -(-needed * numerator // denominator))
        return Demand(needed, enough, tuple(gains), dict(gains))

    @cached_property
    def _offering(self) -> dict[tuple[str, int], int]:
        groups: dict[tuple[str, int], list[int]] = {}
        for position, member in enumerate(self._members):
            for offer in member.offers:
                groups.setdefault(offer, []).append(position)
        return {offer: bits_of(positions, len(self._members)) for offer, positions in groups.items()}

    @cached_property
    def _wanting(self) -> dict[tuple[str, int], int]:
        groups: dict[tuple[str, int], list[int]] = {}
        for position, member in enumerate(self._members):
            for topic, _, own_level in member.wants:
                groups.setdefault((topic, own_level), []).append(position)
        return {want: bits_of(positions, len(self._members)) for want, positions in groups.items()}

    @cached_property
    def _teaching(self) -> dict[tuple[str, int], int]:
        """By topic and own level: whoever offers something above."""
        table: dict[tuple[str, int], int] = {}
        for (topic, level), people in self._offering.items():
            for own_level, usefulness in enumerate(USEFULNESS[level]):
                if usefulness:
                    table[topic, own_level] = table.get((topic, own_level), 0) | people
        return table

    @cached_property
    def _learning(self) -> dict[tuple[str, int], int]:
        """By offer: whoever wants the topic and is below that level."""
        table: dict[tuple[str, int], int] = {}
        for (topic, own_level), people in self._wanting.items():
            for level in LEVELS_OFFERED:
                if USEFULNESS[level][own_level]:
                    table[topic, level] = table.get((topic, level), 0) | people
        return table

    def learners(self, position: int) -> int:
        """Everybody else to whom this person can teach something."""
        found = 0
        for offer in self._members[position].offers:
            found |= self._learning.get(offer, 0)
        return _without(found, position)

    def _wanted(self, position: int) -> list[tuple[str, int]]:
        return [(topic, own_level) for topic, _, own_level in self._members[position].wants]

    def sides(self, position: int, among: int) -> tuple[int, int]:
        """Count whoever of a set can teach this person something, and whoever of it can learn from this person."""
        teachers = learners = 0
        for key in self._wanted(position):
            teachers |= self._teaching.get(key, 0) & among
        for offer in self._members[position].offers:
            learners |= self._learning.get(offer, 0) & among
        return teachers.bit_count(), learners.bit_count()

    def taught(self, position: int, among: int) -> int:
        """Find everybody of a set who teaches this person enough (matching.X1)."""
        demand = self.demand(position)
        remaining = sum(max(by_level) for _, by_level in demand.gains)
        unsettled = {0: among} if among else {}
        enough_found = 0
        for topic, by_level in demand.gains:
            remaining -= max(by_level)
            by_points: dict[int, int] = {}
            for level in LEVELS_OFFERED:
                points = by_level[level]
                if points and (offering := self._offering.get((topic, level))):
                    by_points[points] = by_points.get(points, 0) | offering
            split: dict[int, int] = {}
            for points, people in unsettled.items():
                rest = people
                for gained, offering in by_points.items():
                    part = people & offering
                    if not part:
                        continue
                    rest ^= part
                    if points + gained >= demand.enough:
                        enough_found |= part
                    elif points + gained + remaining >= demand.enough:
                        split[points + gained] = split.get(points + gained, 0) | part
                if rest and points + remaining >= demand.enough:
                    split[points] = split.get(points, 0) | rest
            unsettled = split
        return enough_found

    @cached_property
    def _satisfied(self) -> dict[OfferedTopic, int]:
        """By offer: whoever learns enough from it alone."""
        groups: dict[OfferedTopic, bytearray] = {}
        for position, member in enumerate(self._members):
            demand = self._demands.get(member.wants) or self.weighed(member.wants)
            for topic, by_level in demand.gain_by_topic.items():
                for level in LEVELS_OFFERED:
                    if by_level[level] >= demand.enough:
                        group = groups.get((topic, level))
                        if group is None:
                            group = groups[topic, level] = bytearray((len(self._members) >> 3) + 1)
                        group[position >> 3] |= 1 << (position & 7)
        return {offer: int.from_bytes(group, "little") for offer, group in groups.items()}

    def taught_by(self, position: int, among: int) -> int:
        """Find everybody else of a set whom this person teaches enough: by one offer, or by several that are counted together."""
        enough = some = several = 0
        for offer in self._members[position].offers:
            learning = self._learning.get(offer, 0) & among
            several |= some & learning
            some |= learning
            enough |= self._satisfied.get(offer, 0) & learning
        doubtful = _without(several & ~enough, position)
        together = (other for other in few_positions_of(doubtful) if self.points(other, position) >= self.demand(other).enough)
        return _without(enough, position) | bits_of(together, among.bit_length())

    def points(self, learner: int, teacher: int) -> int:
        """Count what one person learns from another, up to the need (matching.X2)."""
        demand = self.demand(learner)
        gain_by_topic = demand.gain_by_topic
        total = 0
        for topic, level in self._members[teacher].offers:
            by_level = gain_by_topic.get(topic)
            if by_level:
                total += by_level[level]
        return min(total, demand.need)
