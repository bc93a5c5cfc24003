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
from typing import Final, Generic, TypeVar

from engine.matching.eligibility import STATUS_RULES, Bar, PoolMember, RoundContext
from engine.matching.exchange import OffersAndWants, bits_of, positions_of
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
    """The rules of eligibility for all members of a round.

    Args:
        members: sorted by id, each id once; also those outside the pool, because they explain why others have no option.
        context: what pairs are judged by.
        round_ordinal: number of the round in its programme; seeds the ties.
    """

    def __init__(self, members: Sequence[PoolMember], context: RoundContext, round_ordinal: int) -> None:
        self.members = members
        self.context = context
        self.round_ordinal = round_ordinal
        self.exchange = OffersAndWants(members, context.topic_weights, context.benefit_min)
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

    @cached_property
    def line(self) -> dict[int, list[int]]:
        """By position: the people above and below, dotted lines included."""
        return self._mutual((p, (*m.reporting_line.above, *m.dotted_line_ids)) for p, m in enumerate(self.members))

    @cached_property
    def excluded(self) -> dict[int, list[int]]:
        """By position: the people whom either side excludes."""
        return self._mutual((position, member.excluded) for position, member in enumerate(self.members) if member.excluded)

    @cached_property
    def partners(self) -> dict[int, list[int]]:
        """By position: the people with whom there is a live pair or an open proposal."""
        return self._mutual((position, member.partner_ids) for position, member in enumerate(self.members) if member.partner_ids)

    @cached_property
    def _history(self) -> dict[EligibilityCode, dict[int, list[int]]]:
        codes = sorted({code for member in self.members for code in member.bars.values()})
        return {
            code: self._mutual((p, [other for other, c in m.bars.items() if c is code]) for p, m in enumerate(self.members) if m.bars)
            for code in codes
        }

    def history(self, code: EligibilityCode) -> dict[int, list[int]]:
        """By position: the people with whom there is this past."""
        return self._history.get(code, {})

    def barred_ids(self, position: int) -> Iterable[PersonId]:
        """Name everybody whom one person's own record bars by what is between the two: line of power, exclusion, history."""
        member = self.members[position]
        yield from member.reporting_line.above
        yield from member.dotted_line_ids
        yield from member.excluded
        yield from member.partner_ids
        for other_id, code in member.bars.items():
            if code is not EligibilityCode.PAST_PARTNER or not self.context.past_partner_allowed:
                yield other_id

    @cached_property
    def _by_manager(self) -> Groups[PersonId]:
        ids = (member.reporting_line.manager_id for member in self.members)
        return self._groups([] if manager_id is None else [manager_id] for manager_id in ids)

    def _groups(self, keys: Iterable[Iterable[Key]]) -> Groups[Key]:
        return Groups(keys, len(self.members))

    @cached_property
    def _by_language(self) -> Groups[str]:
        return self._groups(member.spoken for member in self.members)

    @cached_property
    def _by_band(self) -> Groups[int | None]:
        return self._groups([member.band] for member in self.members)

    @cached_property
    def _by_department(self) -> Groups[str | None]:
        return self._groups([member.department] for member in self.members)

    @cached_property
    def _by_status(self) -> Groups[EligibilityCode | None]:
        return self._groups([member.status] for member in self.members)

    @cached_property
    def _by_mask(self) -> Groups[int]:
        return self._groups([mask] for mask in self.masks)

    @cached_property
    def _full(self) -> int:
        return bits_of((position for position, member in enumerate(self.members) if member.room < 1), len(self.members))

    def _peers(self, position: int, among: int) -> int:
        """Whoever has the same manager, where that is a bar."""
        manager_id = self.members[position].reporting_line.manager_id
        return 0 if manager_id is None or self.context.same_manager_allowed else self._by_manager.among(manager_id, among)

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

    def _wrong_gap(self, position: int, among: int) -> int:
        gap = self.context.bands_apart_min
        band = self.members[position].band
        if gap == 0:
            return 0
        if band is None:
            return among
        return self._by_band.among(None, among) | self._bands_between(max(0, band - gap + 1), band + gap, among)

    def _wrong_department(self, position: int, among: int) -> int:
        department = self.members[position].department
        if not self.context.cross_department_only:
            return 0
        if department is None:
            return among
        return self._by_department.among(department, among) | self._by_department.among(None, among)

    def _wrong_language(self, position: int, among: int) -> int:
        common = 0
        for language in self.members[position].spoken:
            common |= self._by_language.among(language, among)
        return among & ~common

    def _wrong_hours(self, position: int, among: int) -> int:
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

    def bars(self, position: int, among: int) -> dict[Bar, int]:
        """Say for each rule whom of a set it bars, whatever the other rules say; the sets may overlap."""
        member = self.members[position]
        past = [] if self.context.past_partner_allowed else self.history(EligibilityCode.PAST_PARTNER).get(position, [])
        found: dict[Bar, int] = {
            EligibilityCode.SELF: 1 << position & among,
            EligibilityCode.REPORTING_LINE: set_among(self.line.get(position, _NOBODY), among),
            EligibilityCode.SAME_MANAGER: self._peers(position, among),
            EligibilityCode.CAPACITY: among if member.room < 1 else self._full & among,
            EligibilityCode.EXCLUDED: set_among(self.excluded.get(position, _NOBODY), among),
            EligibilityCode.FORBIDDEN: set_among(self.history(EligibilityCode.FORBIDDEN).get(position, _NOBODY), among),
            EligibilityCode.PAST_PARTNER: set_among([*past, *self.partners.get(position, _NOBODY)], among),
            EligibilityCode.RESTING: set_among(self.history(EligibilityCode.RESTING).get(position, _NOBODY), among),
            EligibilityCode.LANGUAGE: self._wrong_language(position, among),
            EligibilityCode.HOURS: self._wrong_hours(position, among),
            EligibilityCode.BAND_GAP: self._wrong_gap(position, among),
            EligibilityCode.CROSS_DEPARTMENT: self._wrong_department(position, among),
            EligibilityCode.ONE_WAY: among & ~self._two_way(position, among),
        }
        for code in STATUS_RULES:
            found[code] = among if member.status is code else self._by_status.among(code, among)
        return found

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
