"""Every hard rule asked of everybody at once, so that a person without an option can be told which rule stands in the way.

Decides: for each rule, whom it bars from one person.
Never knows: how good a pair is, which pairs are chosen.

How: people are positions in id order, and a set of people is an int with one bit each. Relations between two people (lines of power,
exclusions, history) are kept as short lists on both sides, because almost everybody is unrelated to almost everybody. Whoever asks says
among whom, and no more of a set is looked at than reaches to the last of them.

Invariants
    search.R1  `bars` and the pairs found by search/candidates agree with eligibility.bar_between on every pair.

Limits: sets are made when they are first asked for; a round in which everybody has an option makes none.

Source: house rule.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, Generic, TypeVar, assert_never

from engine.matching.eligibility import (
    HARD_RULES,
    ApartRule,
    CommonRule,
    HoursRule,
    LearningRule,
    NamedRule,
    PeersRule,
    Rule,
    StateRule,
    StatusRule,
    Trait,
    one_rule_of_form,
    rules_of_form,
)
from engine.matching.exchange import OffersAndWants, bits_of, positions_of
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.ties import person_tie
from schemas.terms.codes import EligibilityCode, Track
from schemas.terms.ids import PersonId

Key = TypeVar("Key", bound=Hashable)

HOURS_KINDS_GROUPED_MAX: Final = 256
"""With more different working weeks than that, hours are compared person by person."""
LARGE_SETS_MAX: Final = 256
"""Sets of at least that part of all people are kept as ints; so many of one partition there may be."""
_NOBODY: Final[tuple[int, ...]] = ()


def grouped(keys: Iterable[Iterable[Key]]) -> dict[Key, list[int]]:
    """Collect for each key the positions that have it, lowest first."""
    groups: dict[Key, list[int]] = {}
    for position, member_keys in enumerate(keys):
        for key in member_keys:
            groups.setdefault(key, []).append(position)
    return groups


class Groups(Generic[Key]):
    """Sets of positions by key: the large ones as ints, the many small ones as lists, so that memory grows with the people alone.

    Args:
        keys: of each position.
        size: how many positions there are.
    """

    def __init__(self, keys: Iterable[Iterable[Key]], size: int) -> None:
        self._positions = grouped(keys)
        self._size = size
        self._bits: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._positions)

    def among(self, key: Key, among: int) -> int:
        """Return the members of one set that are in another."""
        known = self._bits.get(key)
        if known is None:
            positions = self._positions.get(key, _NOBODY)
            if len(positions) * LARGE_SETS_MAX < self._size:
                return set_among(positions, among)
            known = self._bits[key] = bits_of(positions, self._size)
        return known & among


def set_among(positions: Sequence[int], among: int) -> int:
    """Make a set of those positions that are in another set."""
    if not positions:
        return 0
    size = among.bit_length()
    return bits_of((position for position in positions if position < size), size) & among


class RuleBook:
    """The hard rules, asked of all members of a round.

    Args:
        members: sorted by id, each id once; also those outside the pool, because they explain why others have no option.
        context: what pairs are judged by.
        round_ordinal: number of the round in its programme; seeds the ties.
        rules: the hard rules.
    """

    def __init__(
        self, members: Sequence[PoolMember], context: RoundContext, round_ordinal: int, rules: tuple[Rule, ...] = HARD_RULES
    ) -> None:
        self.members = members
        self.context = context
        self.round_ordinal = round_ordinal
        self.rules = rules
        self.named_rules = rules_of_form(NamedRule, rules)
        self.state_rules = rules_of_form(StateRule, rules)
        self.peers_rule = one_rule_of_form(PeersRule, rules)
        self.common_rule = one_rule_of_form(CommonRule, rules)
        self.apart_rules = tuple(rule for rule in rules_of_form(ApartRule, rules) if rule.steps_min(context) > 0)
        """Those that the policy asks."""
        self.exchange = OffersAndWants(members, context.topic_weights, context.benefit_min)
        self._named: dict[NamedRule, dict[int, list[int]]] = {}
        self._holding: dict[StateRule, int] = {}
        self._traits: dict[ApartRule, Groups[Trait]] = {}
        self._meeting_by_mask: dict[int, int] = {}
        self.position_by_id = {member.person_id: position for position, member in enumerate(members)}
        assert len(self.position_by_id) == len(members), "a person is a member of a round once"

    @cached_property
    def ties(self) -> list[int]:
        """By position: the hash of the person in this round."""
        return [person_tie(member.person_id, self.round_ordinal) for member in self.members]

    @cached_property
    def masks(self) -> list[int]:
        """By position: the working week in UTC minutes."""
        return [self.context.mask(member) for member in self.members]

    @cached_property
    def _everybody(self) -> int:
        return (1 << len(self.members)) - 1

    def _mutual(self, related: Iterable[tuple[int, Iterable[PersonId]]]) -> dict[int, list[int]]:
        """Note on both sides what either side's record says of the other."""
        table: dict[int, list[int]] = {}
        for position, other_ids in related:
            for other_id in other_ids:
                other = self.position_by_id.get(other_id)
                if other is not None:
                    table.setdefault(position, []).append(other)
                    table.setdefault(other, []).append(position)
        return table

    def named(self, rule: NamedRule) -> dict[int, list[int]]:
        """By position: the people whom a rule bars because either record names the other."""
        known = self._named.get(rule)
        if known is None:
            known = self._named[rule] = self._mutual((p, rule.names(member, self.context)) for p, member in enumerate(self.members))
        return known

    def named_ids(self, position: int) -> Iterable[PersonId]:
        """Name everybody whom one person's own record bars by name; the person itself too."""
        member, context = self.members[position], self.context
        for rule in self.named_rules:
            yield from rule.names(member, context)

    def peers_key(self, position: int) -> PersonId | None:
        """Return what bars a person from others with the same; None where nothing does."""
        return self.peers_rule.key(self.members[position], self.context)

    def bars(self, position: int, among: int) -> dict[EligibilityCode, int]:
        """Say for each rule whom of a set it bars, whatever the other rules say; the sets may overlap."""
        found: dict[EligibilityCode, int] = {}
        for rule in self.rules:
            found[rule.code] = found.get(rule.code, 0) | self._barred_by(rule, position, among)
        return found

    def _barred_by(self, rule: Rule, position: int, among: int) -> int:
        member = self.members[position]
        match rule:
            case NamedRule():
                return set_among(self.named(rule).get(position, _NOBODY), among)
            case PeersRule():
                key = self.peers_key(position)
                return 0 if key is None else self._by_peers_key.among(key, among)
            case StateRule():
                return among if rule.holds(member) else self._in_state(rule) & among
            case StatusRule():
                return among if rule.holds(member) else self._by_status.among(rule.code, among)
            case CommonRule():
                return among & ~self._with_common_word(rule, position, among)
            case ApartRule():
                return self._too_near(rule, position, among) if rule.steps_min(self.context) else 0
            case HoursRule():
                return self._with_too_few_hours(position, among)
            case LearningRule():
                return among & ~self._two_way(position, among)
            case _:
                assert_never(rule)

    def _groups(self, keys: Iterable[Iterable[Key]]) -> Groups[Key]:
        return Groups(keys, len(self.members))

    @cached_property
    def _by_peers_key(self) -> Groups[PersonId]:
        keys = (self.peers_key(position) for position in range(len(self.members)))
        return self._groups([] if key is None else [key] for key in keys)

    def _in_state(self, rule: StateRule) -> int:
        known = self._holding.get(rule)
        if known is None:
            holding = (position for position, member in enumerate(self.members) if rule.holds(member))
            known = self._holding[rule] = bits_of(holding, len(self.members))
        return known

    @cached_property
    def _by_status(self) -> Groups[EligibilityCode | None]:
        return self._groups([member.status] for member in self.members)

    @cached_property
    def _by_word(self) -> Groups[str]:
        return self._groups(self.common_rule.words_of(member) for member in self.members)

    def _with_common_word(self, rule: CommonRule, position: int, among: int) -> int:
        found = 0
        for word in rule.words_of(self.members[position]):
            found |= self._by_word.among(word, among)
        return found

    def _too_near(self, rule: ApartRule, position: int, among: int) -> int:
        """Whoever is too near in a trait, or whose trait nobody knows."""
        trait = rule.trait(self.members[position])
        if trait is None:
            return among
        groups = self._traits.get(rule)
        if groups is None:
            groups = self._traits[rule] = self._groups([rule.trait(member)] for member in self.members)
        found = groups.among(None, among)
        for near in rule.too_near(trait, self.context):
            found |= groups.among(near, among)
        return found

    @cached_property
    def _by_mask(self) -> Groups[int]:
        return self._groups([mask] for mask in self.masks)

    def _with_too_few_hours(self, position: int, among: int) -> int:
        own, minutes_min = self.masks[position], self.context.shared_week_minutes_min
        if len(self._by_mask) > HOURS_KINDS_GROUPED_MAX:
            others = (other for other in positions_of(among) if self.context.shared_minutes(own, self.masks[other]) < minutes_min)
            return bits_of(others, among.bit_length())
        known = self._meeting_by_mask.get(own)
        if known is None:
            known = 0
            for mask in self._by_mask:
                if self.context.shared_minutes(own, mask) >= minutes_min:
                    known |= self._by_mask.among(mask, self._everybody)
            self._meeting_by_mask[own] = known
        return among & ~known

    @cached_property
    def _by_band(self) -> Groups[int | None]:
        return self._groups([member.band] for member in self.members)

    def _bands_between(self, first: int, end: int, among: int) -> int:
        found = 0
        for band in range(first, end):
            found |= self._by_band.among(band, among)
        return found

    def _lower(self, position: int, among: int) -> int:
        band = self.members[position].band
        return 0 if band is None else self._bands_between(0, band, among)

    def _higher(self, position: int, among: int) -> int:
        band = self.members[position].band
        return 0 if band is None else among & ~(self._by_band.among(None, among) | self._bands_between(0, band + 1, among))

    def _two_way(self, position: int, among: int) -> int:
        """Everybody of a set with whom each direction that the track requires teaches enough."""
        exchange = self.exchange
        match self.context.track:
            case Track.MUTUAL:
                return exchange.taught_by(position, exchange.taught(position, among))
            case Track.REVERSE:
                below, above = self._lower(position, among), self._higher(position, among)
            case Track.TRADITIONAL:
                below, above = self._higher(position, among), self._lower(position, among)
        return exchange.taught(position, below) | exchange.taught_by(position, above)
