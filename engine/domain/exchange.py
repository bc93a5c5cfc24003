"""What people can learn from each other, asked of many at once.

Decides: who teaches whom how many points, and who teaches somebody enough.
Never knows: whether two people may meet (domain/eligibility, domain/rule_book), what a pair is worth (domain/scoring).

How: people are positions and a set of people is an int with one bit each. To find everybody who teaches one person enough, all are one
set with nought points; each want splits every set by the level offered, and sets of the same points are joined again. There are at most
as many sets as there are points in a full need, so the work is a few hundred integer operations however many people there are.

Invariants
    X1  `taught` and `taught_by` agree with scoring.benefit on everybody.
    X2  Points above a person's need count as the need.

Source: house rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import compress, count
from typing import Final, NamedTuple

from engine.domain.eligibility import PoolMember
from engine.domain.scoring import USEFULNESS, Offer, Want, need

LEVELS: Final = range(1, len(USEFULNESS))
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


def lowest(bits: int, count: int) -> int:
    """Keep the lowest members of a set."""
    if bits.bit_count() <= count:
        return bits
    # The first `few` positions hold at most as many members as are kept, the first `many` hold more.
    few, many = count, bits.bit_length()
    while many - few > 1:
        middle = (few + many) // 2
        if (bits & (1 << middle) - 1).bit_count() <= count:
            few = middle
        else:
            many = middle
    return bits & (1 << few) - 1


def _without(bits: int, position: int) -> int:
    return bits ^ 1 << position if bits >> position & 1 else bits


def _sizes(keys_by_position: Mapping[int, Sequence[tuple[str, int]]], sets: Mapping[tuple[str, int], int]) -> dict[int, int]:
    """Count for each position the members of all its sets together.

    The largest sets come first in each row and rows are taken in order, so what the beginnings of two rows share is joined once.
    """
    largest_first = sorted(sets, key=lambda key: (-sets[key].bit_count(), key))
    place_by_key = {key: place for place, key in enumerate(largest_first)}
    rows = sorted([(sorted([place_by_key[key] for key in keys if key in place_by_key]), each) for each, keys in keys_by_position.items()])
    found: dict[int, int] = {}
    joined: list[int] = [0]
    before: list[int] = []
    count = 0
    for row, position in rows:
        if row != before:
            shared = 0
            for one, two in zip(row, before, strict=False):
                if one != two:
                    break
                shared += 1
            del joined[shared + 1 :]
            for place in row[shared:]:
                joined.append(joined[-1] | sets[largest_first[place]])
            before, count = row, joined[-1].bit_count()
        found[position] = count
    return found


class Exchange:
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
        self._demands: dict[tuple[Want, ...], Demand] = {}
        self._firsts: dict[tuple[str, tuple[str, int], int], int] = {}
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

    def weighed(self, wants: tuple[Want, ...]) -> Demand:
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
            for level in LEVELS:
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

    def first_partners(self, position: int, count: int) -> int:
        """The lowest of all others who can teach this person something or learn from it.

        Only the lowest of each set are ever looked at, so the work hardly grows with the number of people.
        """
        parts = [self._first(self._teaching, "teaching", key, count) for key in self._wanted(position)]
        parts += [self._first(self._learning, "learning", offer, count) for offer in self._members[position].offers]
        found = 0
        for part in sorted(parts, key=int.bit_length):
            is_enough = found.bit_count() > count
            found |= part & (1 << found.bit_length()) - 1 if is_enough else part
        return lowest(_without(found, position), count)

    def _first(self, table: Mapping[tuple[str, int], int], name: str, key: tuple[str, int], count: int) -> int:
        """The lowest of a set: one more than are wanted, for the person who asks may be one of them."""
        known = self._firsts.get((name, key, count))
        if known is None:
            known = self._firsts[name, key, count] = lowest(table.get(key, 0), count + 1)
        return known

    def sides(self, positions: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Count for each of these people whoever can teach them something, and whoever can learn from them.

        Whoever could teach oneself counts on both sides, so the two compare as if nobody did. Asked of many at once, for people who want
        or offer nearly the same share nearly all of the counting.
        """
        asked = list(positions)
        teachers = _sizes({position: self._wanted(position) for position in asked}, self._teaching)
        learners = _sizes({position: self._members[position].offers for position in asked}, self._learning)
        return {position: (teachers[position], learners[position]) for position in asked}

    def taught(self, position: int, among: int) -> int:
        """Find everybody of a set who teaches this person enough (X1)."""
        demand = self.demand(position)
        remaining = sum(max(by_level) for _, by_level in demand.gains)
        unsettled = {0: among} if among else {}
        enough_found = 0
        for topic, by_level in demand.gains:
            remaining -= max(by_level)
            by_points: dict[int, int] = {}
            for level in LEVELS:
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
    def _satisfied(self) -> dict[Offer, int]:
        """By offer: whoever learns enough from it alone."""
        groups: dict[Offer, bytearray] = {}
        for position, member in enumerate(self._members):
            demand = self._demands.get(member.wants) or self.weighed(member.wants)
            for topic, by_level in demand.gain_by_topic.items():
                for level in LEVELS:
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
        """Count what one person learns from another, up to the need (X2)."""
        demand = self.demand(learner)
        gain_by_topic = demand.gain_by_topic
        total = 0
        for topic, level in self._members[teacher].offers:
            by_level = gain_by_topic.get(topic)
            if by_level:
                total += by_level[level]
        return min(total, demand.need)
