"""People of the pool who are judged alike, and the pairs of kinds that no general rule bars.

Decides: which people are of one kind, which kinds may be paired, and for what score.
Never knows: what is between two single people (search/rule_book), which options are kept (search/candidates).

How: two people are of one kind if they offer and want the same, work the same hours, speak the same languages, have one band and one
department, and have waited alike. In a varied pool everybody is a kind; where hundreds are alike, their pairs are judged once. A set of
kinds is an int with one bit each, so language, band, department, hours and "teaches enough" are a few integer operations for all kinds;
only pairs of kinds that pass in both directions are scored.

Invariants
    search.K1  Kinds change what is computed, never a result.
    search.K2  `scored_pairs` agrees with eligibility.bar_between and RoundContext.score on every pair that nothing personal bars.

Source: house rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from engine.matching.eligibility import ApartRule, Trait
from engine.matching.exchange import OffersAndWants, bits_of, positions_of
from engine.matching.pool import PoolMember
from engine.matching.scoring import BANDS_APART_MAX, OfferedTopic, context_hundredths, mutual_score, pair_score
from engine.matching.search.rule_book import HOURS_KINDS_GROUPED_MAX, Groups, RuleBook, grouped
from schemas.terms.codes import Track
from schemas.terms.ids import PersonId

ScoredPair = tuple[int, int, int]
"""Two kinds whose people may be paired, and their score."""


class Kinds:
    """The kinds of the people who look for somebody.

    Args:
        book: the rules and all members.
        seekers: positions of the people in the pool, ascending.
        bonuses: by position: weight added to each of a person's pairs.
        reserves: by position: what the person's pairs must reach (matching/reserve).
    """

    def __init__(self, book: RuleBook, seekers: Sequence[int], bonuses: Sequence[int], reserves: Sequence[int]) -> None:
        self._book, self._context = book, book.context
        by_likeness: dict[object, int] = {}
        self.kind_by_seeker: dict[int, int] = {}
        self.people: list[list[int]] = []
        for position in seekers:
            member = book.members[position]
            likeness = (
                member.offers,
                member.wants,
                member.band,
                member.department,
                book.masks[position],
                bonuses[position],
                reserves[position],
                book.common_rule.words_of(member),
                *[rule.trait(member) for rule in book.apart_rules],
            )
            kind = by_likeness.setdefault(likeness, len(self.people))
            if kind == len(self.people):
                self.people.append([])
            self.people[kind].append(position)
            self.kind_by_seeker[position] = kind
        first = [people[0] for people in self.people]
        self.faces: list[PoolMember] = [book.members[position] for position in first]
        """One person of each kind, to stand for all."""
        self.bonuses = [bonuses[position] for position in first]
        self.reserves = [reserves[position] for position in first]
        self._masks = [book.masks[position] for position in first]
        self.exchange = OffersAndWants(self.faces, book.context.topic_weights, book.context.benefit_min)
        for people in self.people:
            people.sort(key=lambda position: (book.ties[position], position))
        self.rings = [[book.ties[position] for position in people] for people in self.people]
        """Of each kind: the people's places on the ring of ties, in the order of `people`."""
        self._minutes: dict[tuple[int, int], int] = {}

    @cached_property
    def _sides(self) -> list[tuple[Mapping[str, tuple[int, ...]], int, tuple[OfferedTopic, ...], int | None, str | None]]:
        """Of each kind, what a score is made of."""
        demands = [self.exchange.demand(kind) for kind in range(self.size)]
        return [
            (demand.gain_by_topic, demand.need, face.offers, face.band, face.department)
            for demand, face in zip(demands, self.faces, strict=True)
        ]

    @cached_property
    def related(self) -> dict[int, set[int]]:
        """By position: the other seekers whom something between the two bars, whichever record says so."""
        book = self._book
        table: dict[int, set[int]] = {position: {position} for position in self.kind_by_seeker}
        for position in self.kind_by_seeker:
            for other_id in book.named_ids(position):
                other = book.position_by_id.get(other_id)
                if other in table:
                    table[position].add(other)
                    table[other].add(position)
        return table

    @cached_property
    def _peers(self) -> dict[PersonId, frozenset[int]]:
        by_key: dict[PersonId, list[int]] = {}
        for position in self.kind_by_seeker:
            key = self._book.peers_key(position)
            if key is not None:
                by_key.setdefault(key, []).append(position)
        return {key: frozenset(positions) for key, positions in by_key.items()}

    def peers(self, position: int) -> frozenset[int]:
        """The seekers whom the rule of peers bars; the person itself too."""
        key = self._book.peers_key(position)
        return frozenset() if key is None else self._peers[key]

    @property
    def size(self) -> int:
        """How many kinds there are."""
        return len(self.people)

    @cached_property
    def _hours_kinds(self) -> tuple[list[int], list[int]]:
        """The different working weeks, and of each kind which one it is."""
        masks = sorted(set(self._masks))
        number_by_mask = {mask: number for number, mask in enumerate(masks)}
        return masks, [number_by_mask[mask] for mask in self._masks]

    def _bits_by(self, keys: Iterable[Iterable[object]]) -> dict[object, int]:
        return {key: bits_of(kinds, self.size) for key, kinds in grouped(keys).items()}

    @cached_property
    def _by_word(self) -> Groups[str]:
        return Groups((self._book.common_rule.words_of(face) for face in self.faces), self.size)

    @cached_property
    def _by_band(self) -> dict[object, int]:
        return self._bits_by([face.band] for face in self.faces)

    @cached_property
    def _by_trait(self) -> list[tuple[ApartRule, Groups[Trait]]]:
        return [(rule, Groups(([rule.trait(face)] for face in self.faces), self.size)) for rule in self._book.apart_rules]

    @cached_property
    def _meetable(self) -> list[int]:
        """By working week: the kinds that share enough of it."""
        masks, numbers = self._hours_kinds
        by_number = self._bits_by([number] for number in numbers)
        everybody = (1 << self.size) - 1
        if len(masks) > HOURS_KINDS_GROUPED_MAX:
            return [everybody] * len(masks)
        found = [0] * len(masks)
        for number in range(len(masks)):
            for other in range(len(masks)):
                if self._shared_minutes(number, other) >= self._context.shared_week_minutes_min:
                    found[number] |= by_number[other]
        return found

    def _shared_minutes(self, first: int, second: int) -> int:
        """Count the minutes that two working weeks share, once for each two."""
        name = (first, second) if first < second else (second, first)
        known = self._minutes.get(name)
        if known is None:
            masks = self._hours_kinds[0]
            known = self._context.shared_minutes(masks[first], masks[second])
            if len(masks) <= HOURS_KINDS_GROUPED_MAX:
                self._minutes[name] = known
        return known

    def _compatible(self, kind: int) -> int:
        """The kinds that no general rule bars, other than by what is learned."""
        face = self.faces[kind]
        meetable = self._meetable[self._hours_kinds[1][kind]]
        found = 0
        for word in self._book.common_rule.words_of(face):
            found |= self._by_word.among(word, meetable)
        for rule, groups in self._by_trait:
            trait = rule.trait(face)
            if trait is None:
                return 0
            found &= ~groups.among(None, found)
            for near in rule.too_near(trait, self._context):
                found &= ~groups.among(near, found)
        return found

    @staticmethod
    def _union(groups: dict[object, int], keys: Iterable[object]) -> int:
        found = 0
        for key in keys:
            found |= groups[key]
        return found

    def _below(self, kind: int) -> int:
        band = self.faces[kind].band
        return 0 if band is None else self._union(self._by_band, [b for b in self._by_band if isinstance(b, int) and b < band])

    def _above(self, kind: int) -> int:
        band = self.faces[kind].band
        return 0 if band is None else self._union(self._by_band, [b for b in self._by_band if isinstance(b, int) and b > band])

    def scored_pairs(self) -> Iterator[ScoredPair]:
        """Score every pair of kinds that may be paired, each once; a kind of several people also with itself."""
        track = self._context.track
        width = (self.size >> 3) + 1
        if track is not Track.MUTUAL:
            for kind in range(self.size):
                teaching = self._below(kind) if track is Track.REVERSE else self._above(kind)
                for other in positions_of(self.exchange.taught(kind, self._compatible(kind) & teaching)):
                    if (score := self._score(kind, other)) >= 0:
                        yield kind, other, score
            return
        taught = [self.exchange.taught(kind, self._compatible(kind)).to_bytes(width, "little") for kind in range(self.size)]
        for kind in range(self.size):
            byte, bit = kind >> 3, 1 << (kind & 7)
            later = int.from_bytes(taught[kind], "little") >> kind << kind
            if len(self.people[kind]) == 1:
                later &= ~(1 << kind)
            for other in positions_of(later):
                if taught[other][byte] & bit and (score := self._score(kind, other)) >= 0:
                    yield kind, other, score

    def scored_of(self, kind: int) -> Iterator[ScoredPair]:
        """Score the pairs of one kind alone."""
        track, exchange, compatible = self._context.track, self.exchange, self._compatible(kind)
        as_learner = as_teacher = compatible
        if track is not Track.MUTUAL:
            below, above = self._below(kind), self._above(kind)
            as_learner, as_teacher = (below, above) if track is Track.REVERSE else (above, below)
        learned = exchange.taught(kind, compatible & as_learner)
        hopeful = (learned if track is Track.MUTUAL else compatible & as_teacher) & self._learners(kind)
        taught = bits_of((o for o in positions_of(hopeful) if exchange.points(o, kind) >= exchange.demand(o).enough), self.size)
        found = learned & taught if track is Track.MUTUAL else learned | taught
        if len(self.people[kind]) == 1:
            found &= ~(1 << kind)
        for other in positions_of(found):
            if (score := self._score(kind, other)) >= 0:
                yield kind, other, score

    def _learners(self, kind: int) -> int:
        # An Exchange leaves out the one who asks; people of one kind may teach each other.
        return self.exchange.learners(kind) | 1 << kind

    def _score(self, kind: int, other: int) -> int:
        """Score two kinds that are compatible and teach each other enough; -1 if they share too few hours.

        Asked of most pairs that pass, so benefits are counted in place; search.K2 holds it to RoundContext.score.
        """
        hours = self._hours_kinds[1]
        minutes = self._shared_minutes(hours[kind], hours[other])
        if minutes < self._context.shared_week_minutes_min:
            return -1
        (gains, needed, offers, band, department) = self._sides[kind]
        (other_gains, other_needed, other_offers, other_band, other_department) = self._sides[other]
        points = other_points = 0
        for topic, level in other_offers:
            if topic in gains:
                points += gains[topic][level]
        for topic, level in offers:
            if topic in other_gains:
                other_points += other_gains[topic][level]
        apart = None if band is None or other_band is None else min(abs(band - other_band), BANDS_APART_MAX)
        is_other = department is not None and other_department is not None and department != other_department
        context = context_hundredths(minutes, apart, is_other_department=is_other)
        one = (min(points, needed), needed)
        two = (min(other_points, other_needed), other_needed)
        if self._context.track is Track.MUTUAL:
            return mutual_score(context, one, two)
        lesser, greater = (one, two) if (band or 0) <= (other_band or 0) else (two, one)
        return pair_score(self._context.track, context, less_experienced=lesser, more_experienced=greater)
