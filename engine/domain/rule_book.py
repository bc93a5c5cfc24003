"""Every hard rule asked of everybody at once, so that a person without an option can be told which rule stands in the way.

Decides: for each rule, whom it bars from one person.
Never knows: how good a pair is, which pairs are chosen.

How: people are positions in id order, and a set of people is an int with one bit each. Relations between two people (lines of power,
exclusions, history) are kept as short lists on both sides, because almost everybody is unrelated to almost everybody.

Invariants
    C1  `bars` and the pairs found by domain/candidates agree with eligibility.bar_between on every pair.

Limits: sets are made when they are first asked for; a round in which everybody has an option makes none.

Source: house rule.
"""

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from itertools import chain
from typing import Final, TypeVar

from engine.domain.eligibility import STATUS_RULES, Bar, PoolMember, RoundContext
from engine.domain.exchange import Exchange, bits_of, positions_of
from engine.domain.hours import shared_week_minutes
from engine.domain.ties import person_tie
from schemas.codes import EligibilityCode, Track
from schemas.ids import PersonId

Key = TypeVar("Key", bound=Hashable)

HOURS_KINDS_GROUPED_MAX: Final = 64
"""With more different working weeks than that, hours are compared person by person."""
_NOBODY: Final[tuple[int, ...]] = ()
_NO_PEERS: Final[frozenset[int]] = frozenset()


def grouped(keys: Iterable[Iterable[Key]]) -> dict[Key, list[int]]:
    """Collect for each key the positions that have it, lowest first."""
    groups: dict[Key, list[int]] = {}
    for position, member_keys in enumerate(keys):
        for key in member_keys:
            groups.setdefault(key, []).append(position)
    return groups


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
        self.exchange = Exchange(members, context.topic_weights, context.benefit_min)
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

    @property
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

    @cached_property
    def by_manager(self) -> dict[PersonId, list[int]]:
        """By manager: the people who report there."""
        ids = (member.reporting_line.manager_id for member in self.members)
        return grouped([] if manager_id is None else [manager_id] for manager_id in ids)

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
    def _peers(self) -> dict[PersonId | None, frozenset[int]]:
        return {manager_id: frozenset(positions) for manager_id, positions in self.by_manager.items()}

    def peers(self, position: int) -> frozenset[int]:
        """Everybody under the same manager, where that is a bar; the person itself too."""
        if self.context.same_manager_allowed:
            return _NO_PEERS
        return self._peers.get(self.members[position].reporting_line.manager_id, _NO_PEERS)

    def _bits(self, positions: Iterable[int]) -> int:
        return bits_of(positions, len(self.members))

    def _bits_by(self, groups: dict[Key, list[int]]) -> dict[Key, int]:
        return {key: self._bits(positions) for key, positions in groups.items()}

    @cached_property
    def _by_language(self) -> dict[str, int]:
        return self._bits_by(grouped(member.spoken for member in self.members))

    @cached_property
    def _by_band(self) -> dict[int | None, int]:
        return self._bits_by(grouped([member.band] for member in self.members))

    @cached_property
    def _by_department(self) -> dict[str | None, list[int]]:
        return grouped([member.department] for member in self.members)

    @cached_property
    def _by_status(self) -> dict[EligibilityCode | None, int]:
        return self._bits_by(grouped([member.status] for member in self.members))

    @cached_property
    def _by_mask(self) -> dict[int, int]:
        return self._bits_by(grouped([mask] for mask in self.masks))

    @cached_property
    def _full(self) -> int:
        return self._bits(position for position, member in enumerate(self.members) if member.room < 1)

    def _bands_between(self, first: int, end: int) -> int:
        found = 0
        for band in range(first, end):
            found |= self._by_band.get(band, 0)
        return found

    def _lower(self, position: int) -> int:
        band = self.members[position].band
        return 0 if band is None else self._bands_between(0, band)

    def _higher(self, position: int) -> int:
        band = self.members[position].band
        return 0 if band is None else self._everybody & ~self._by_band.get(None, 0) & ~self._bands_between(0, band + 1)

    def _wrong_gap(self, position: int) -> int:
        gap = self.context.bands_apart_min
        band = self.members[position].band
        if gap == 0:
            return 0
        if band is None:
            return self._everybody
        return self._by_band.get(None, 0) | self._bands_between(max(0, band - gap + 1), band + gap)

    def _wrong_department(self, position: int) -> int:
        department = self.members[position].department
        if not self.context.cross_department_only:
            return 0
        if department is None:
            return self._everybody
        return self._bits(chain(self._by_department[department], self._by_department.get(None, _NOBODY)))

    def _wrong_language(self, position: int) -> int:
        common = 0
        for language in self.members[position].spoken:
            common |= self._by_language[language]
        return self._everybody & ~common

    def _wrong_hours(self, position: int, among: int) -> int:
        own, minutes_min = self.masks[position], self.context.shared_week_minutes_min
        if len(self._by_mask) <= HOURS_KINDS_GROUPED_MAX:
            found = 0
            for mask, people in self._by_mask.items():
                if shared_week_minutes(own, mask) < minutes_min:
                    found |= people
            return found & among
        return self._bits(other for other in positions_of(among) if shared_week_minutes(own, self.masks[other]) < minutes_min)

    def bars(self, position: int, among: int) -> dict[Bar, int]:
        """Say for each rule whom of a set it bars, whatever the other rules say; the sets may overlap."""
        member, everybody = self.members[position], self._everybody
        past = [] if self.context.past_partner_allowed else self.history(EligibilityCode.PAST_PARTNER).get(position, [])
        found = {
            EligibilityCode.SELF: 1 << position,
            EligibilityCode.REPORTING_LINE: self._bits(self.line.get(position, _NOBODY)),
            EligibilityCode.SAME_MANAGER: self._bits(self.peers(position)),
            EligibilityCode.CAPACITY: everybody if member.room < 1 else self._full,
            EligibilityCode.EXCLUDED: self._bits(self.excluded.get(position, _NOBODY)),
            EligibilityCode.FORBIDDEN: self._bits(self.history(EligibilityCode.FORBIDDEN).get(position, _NOBODY)),
            EligibilityCode.PAST_PARTNER: self._bits(chain(past, self.partners.get(position, _NOBODY))),
            EligibilityCode.RESTING: self._bits(self.history(EligibilityCode.RESTING).get(position, _NOBODY)),
            EligibilityCode.LANGUAGE: self._wrong_language(position),
            EligibilityCode.HOURS: self._wrong_hours(position, among),
            EligibilityCode.BAND_GAP: self._wrong_gap(position),
            EligibilityCode.CROSS_DEPARTMENT: self._wrong_department(position),
            EligibilityCode.ONE_WAY: among & ~self._two_way(position, among),
        }
        for code in STATUS_RULES:
            found[code] = everybody if member.status is code else self._by_status.get(code, 0)
        return {code: barred & among for code, barred in found.items()}

    def _two_way(self, position: int, among: int) -> int:
        """Everybody of a set with whom each direction that the track requires teaches enough."""
        match self.context.track:
            case Track.MUTUAL:
                return self._taught_enough(position, self.exchange.taught(position, among))
            case Track.REVERSE:
                below, above = among & self._lower(position), among & self._higher(position)
            case Track.TRADITIONAL:
                below, above = among & self._higher(position), among & self._lower(position)
        return self.exchange.taught(position, below) | self._taught_enough(position, above)

    def _taught_enough(self, position: int, among: int) -> int:
        """Everybody of a set who learns enough from this member."""
        exchange = self.exchange
        hopeful = among & exchange.learners(position)
        return self._bits(other for other in positions_of(hopeful) if exchange.points(other, position) >= exchange.demand(other).enough)
