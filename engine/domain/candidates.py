"""Whom each person might be paired with: every rule asked of everybody at once, and the best options kept.

Decides: which pairs of a pool are eligible, how many options each person has, the CANDIDATES_MAX heaviest of each.
Never knows: why a bonus is given (domain/rounds), who gets whom (domain/assignment).

How: people are positions in id order, and a set of people is an int with one bit each. A rule turns into one set per person, so that
"shares a language, is outside the line, teaches something wanted, wants something taught" is a handful of integer operations for the
whole pool. Only the pairs left over are looked at one by one, for benefits, hours and score.

Invariants
    C1  `bars` and the eligible pairs agree with eligibility.bar_between on every pair.
    C2  An edge survives if it is among the heaviest of either of its two people.
    C3  Order of the input never matters: members are sorted by id, ties go by the hash of both ids and the round.

Limits: work grows with the square of the pool; 5,000 people take some seconds.

Source: house rule; 32 options a person keep all but 0.001 % of the optimum.
"""

import heapq
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import compress, count
from typing import Final, TypeVar

from engine.domain.assignment import Edge
from engine.domain.eligibility import (
    HISTORY_RULES,
    STATUS_RULES,
    Bar,
    PoolMember,
    RoundContext,
    bands_apart,
    is_other_department,
)
from engine.domain.hours import shared_week_minutes
from engine.domain.scoring import USEFULNESS, Benefit, context_hundredths, need, pair_score
from schemas.codes import EligibilityCode, Track
from schemas.ids import PersonId

Key = TypeVar("Key", bound=Hashable)

CANDIDATES_MAX: Final = 32
_WORD: Final = (1 << 64) - 1
_ODD_A: Final = 0x9E3779B97F4A7C15
_ODD_B: Final = 0xBF58476D1CE4E5B9
_ZERO_ONE: Final = bytes(code & 1 for code in range(256))
"""Turns the digits of `bin` into bytes 0 and 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What a pool offers."""

    edges: tuple[Edge, ...]
    """In order of (lo, hi)."""
    option_counts: tuple[int, ...]
    """By position: eligible partners, whether or not the pair reaches the reserve."""
    worthy_counts: tuple[int, ...]
    """By position: eligible partners with whom the pair reaches the reserve."""


def person_tie(person_id: PersonId, round_ordinal: int) -> int:
    """Hash a person id and a round to 64 bits."""
    return int.from_bytes(blake2b(f"{round_ordinal}/{person_id}".encode(), digest_size=8).digest())


def pair_tie(lo_tie: int, hi_tie: int) -> int:
    """Mix the hashes of two people, the lower id first, to 64 bits."""
    mixed = ((lo_tie * _ODD_A & _WORD) ^ hi_tie) * _ODD_B & _WORD
    return mixed ^ mixed >> 32


def _positions(bits: int) -> Iterable[int]:
    """List the members of a set, lowest first."""
    return compress(count(), bin(bits)[:1:-1].encode().translate(_ZERO_ONE))


def _bits(positions: Iterable[int]) -> int:
    bits = 0
    for position in positions:
        bits |= 1 << position
    return bits


def _group(keys: Iterable[Iterable[Key]]) -> dict[Key, int]:
    """Collect for each key the set of positions that have it."""
    groups: dict[Key, list[int]] = {}
    for position, member_keys in enumerate(keys):
        for key in member_keys:
            groups.setdefault(key, []).append(position)
    return {key: _bits(positions) for key, positions in groups.items()}


class RuleBook:
    """The rules of eligibility for all members of a round at once.

    Args:
        members: sorted by id, each id once; also those outside the pool, because they explain why others have no option.
        context: what pairs are judged by.
        round_ordinal: number of the round in its programme; seeds the ties.
    """

    def __init__(self, members: Sequence[PoolMember], context: RoundContext, round_ordinal: int) -> None:
        self.members = members
        self.context = context
        self.ties = [person_tie(member.person_id, round_ordinal) for member in members]
        self.needs = [need(member.wants, context.topic_weights) for member in members]
        self._enough = [_enough(needed, context) for needed in self.needs]
        self._everybody = (1 << len(members)) - 1
        self._position_by_id = {member.person_id: position for position, member in enumerate(members)}
        assert len(self._position_by_id) == len(members), "a person is a member of a round once"
        self._offers = [dict(member.offers) for member in members]
        self._gains = [_gains(member, context) for member in members]
        self._index_hours()
        self._index_relations()

    def _index_hours(self) -> None:
        masks = [self.context.mask(member) for member in self.members]
        self._masks = sorted(set(masks))
        kind_by_mask = {mask: kind for kind, mask in enumerate(self._masks)}
        self._hours_kind = [kind_by_mask[mask] for mask in masks]
        self._by_hours_kind = _group([kind] for kind in self._hours_kind)
        self._minutes: list[dict[int, int]] = [{} for _ in self._masks]

    def _index_relations(self) -> None:
        """Note on both sides what either side's record says."""
        size = len(self.members)
        self._line = [0] * size
        self._excluded = [0] * size
        self._partners = [0] * size
        self._history: dict[EligibilityCode, list[int]] = {code: [0] * size for code in HISTORY_RULES}
        for position, member in enumerate(self.members):
            self._relate(self._line, position, (*member.reporting_line.above, *member.dotted_line_ids))
            self._relate(self._excluded, position, member.excluded)
            self._relate(self._partners, position, member.partner_ids)
            for other_id, code in member.bars.items():
                self._relate(self._history[code], position, (other_id,))

    def _relate(self, table: list[int], position: int, other_ids: Iterable[PersonId]) -> None:
        for other_id in other_ids:
            other = self._position_by_id.get(other_id)
            if other is not None:
                table[position] |= 1 << other
                table[other] |= 1 << position

    @cached_property
    def _by_language(self) -> dict[str, int]:
        return _group(member.spoken for member in self.members)

    @cached_property
    def _by_manager(self) -> dict[PersonId | None, int]:
        return _group([member.reporting_line.manager_id] for member in self.members)

    @cached_property
    def _by_department(self) -> dict[str | None, int]:
        return _group([member.department] for member in self.members)

    @cached_property
    def _by_band(self) -> dict[int | None, int]:
        return _group([member.band] for member in self.members)

    @cached_property
    def _by_status(self) -> dict[EligibilityCode | None, int]:
        return _group([member.status] for member in self.members)

    @cached_property
    def _by_offer(self) -> dict[tuple[str, int], int]:
        return _group(member.offers for member in self.members)

    @cached_property
    def _by_want(self) -> dict[tuple[str, int], int]:
        return _group([(topic, own_level) for topic, _, own_level in member.wants] for member in self.members)

    @cached_property
    def _full(self) -> int:
        return _bits(position for position, member in enumerate(self.members) if member.room < 1)

    def teachers(self, position: int) -> int:
        """Everybody who can teach this member something."""
        found = 0
        for topic, _, own_level in self.members[position].wants:
            for level in range(1, len(USEFULNESS)):
                if USEFULNESS[level][own_level]:
                    found |= self._by_offer.get((topic, level), 0)
        return found & ~(1 << position)

    def learners(self, position: int) -> int:
        """Everybody to whom this member can teach something."""
        found = 0
        for topic, level in self.members[position].offers:
            for own_level, usefulness in enumerate(USEFULNESS[level]):
                if usefulness:
                    found |= self._by_want.get((topic, own_level), 0)
        return found & ~(1 << position)

    def _lower(self, position: int) -> int:
        band = self.members[position].band
        return 0 if band is None else self._bands_between(0, band)

    def _higher(self, position: int) -> int:
        band = self.members[position].band
        return 0 if band is None else self._everybody & ~self._by_band.get(None, 0) & ~self._bands_between(0, band + 1)

    def _bands_between(self, first: int, end: int) -> int:
        found = 0
        for band in range(first, end):
            found |= self._by_band.get(band, 0)
        return found

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
        return self._by_department[department] | self._by_department.get(None, 0)

    def _wrong_status(self, position: int, code: EligibilityCode) -> int:
        return self._everybody if self.members[position].status is code else self._by_status.get(code, 0)

    def _past_partners(self, position: int) -> int:
        past = 0 if self.context.past_partner_allowed else self._history[EligibilityCode.PAST_PARTNER][position]
        return past | self._partners[position]

    def _cheap_bars(self, position: int) -> Iterable[tuple[Bar, int]]:
        """Each rule but hours and benefit, with everybody whom it bars, in the order of RULES."""
        member = self.members[position]
        manager_id = member.reporting_line.manager_id
        is_shared_barred = manager_id is not None and not self.context.same_manager_allowed
        common = 0
        for language in member.spoken:
            common |= self._by_language[language]
        yield EligibilityCode.SELF, 1 << position
        yield EligibilityCode.REPORTING_LINE, self._line[position]
        yield EligibilityCode.SAME_MANAGER, self._by_manager[manager_id] if is_shared_barred else 0
        yield EligibilityCode.CAPACITY, self._everybody if member.room < 1 else self._full
        yield EligibilityCode.EXCLUDED, self._excluded[position]
        yield EligibilityCode.FORBIDDEN, self._history[EligibilityCode.FORBIDDEN][position]
        yield EligibilityCode.PAST_PARTNER, self._past_partners(position)
        yield EligibilityCode.RESTING, self._history[EligibilityCode.RESTING][position]
        yield EligibilityCode.LANGUAGE, self._everybody & ~common
        yield EligibilityCode.BAND_GAP, self._wrong_gap(position)
        yield EligibilityCode.CROSS_DEPARTMENT, self._wrong_department(position)
        for code in STATUS_RULES:
            yield code, self._wrong_status(position, code)

    def required(self, position: int) -> int:
        """Everybody with whom each direction that the track requires teaches at least something."""
        teachers, learners = self.teachers(position), self.learners(position)
        match self.context.track:
            case Track.MUTUAL:
                return teachers & learners
            case Track.REVERSE:
                return (teachers & self._lower(position)) | (learners & self._higher(position))
            case Track.TRADITIONAL:
                return (teachers & self._higher(position)) | (learners & self._lower(position))

    def bars(self, position: int, among: int) -> dict[Bar, int]:
        """Say for each rule whom of a set it bars, whatever the other rules say; the sets may overlap."""
        found = {code: barred & among for code, barred in self._cheap_bars(position)}
        found[EligibilityCode.HOURS] = among & self._wrong_hours(position)
        hopeful = among & self.required(position)
        found[EligibilityCode.ONE_WAY] = (among & ~hopeful) | _bits(
            other for other in _positions(hopeful) if not self._is_two_way(position, other)
        )
        return found

    def _wrong_hours(self, position: int) -> int:
        found = 0
        for kind, people in self._by_hours_kind.items():
            if self._shared_minutes(self._hours_kind[position], kind) < self.context.shared_week_minutes_min:
                found |= people
        return found

    def _shared_minutes(self, first: int, second: int) -> int:
        """Count the minutes that two kinds of hours share, once for each two kinds."""
        known = self._minutes[first]
        if second not in known:
            known[second] = shared_week_minutes(self._masks[first], self._masks[second])
        return known[second]

    def _points(self, learner: int, teacher: int) -> int:
        offers = self._offers[teacher]
        points = 0
        for topic, by_level in self._gains[learner]:
            level = offers.get(topic)
            if level:
                points += by_level[level]
        return points

    def _in_band_order(self, a: int, b: int) -> tuple[int, int]:
        """Name the less experienced first; on a directed track the bands differ."""
        return (a, b) if (self.members[a].band or 0) <= (self.members[b].band or 0) else (b, a)

    def _is_two_way(self, a: int, b: int) -> bool:
        """Say whether each direction that the track requires teaches enough."""
        lesser, greater = self._in_band_order(a, b)
        track = self.context.track
        if track is not Track.TRADITIONAL and self._points(greater, lesser) < self._enough[greater]:
            return False
        return track is Track.REVERSE or self._points(lesser, greater) >= self._enough[lesser]

    def _score_if_eligible(self, a: int, b: int) -> int | None:
        """Score two people whom no cheap rule bars; None if hours or benefit do.

        Asked of most pairs of a pool: benefits are counted once, for the rule and for the score.
        """
        shared_minutes = self._shared_minutes(self._hours_kind[a], self._hours_kind[b])
        if shared_minutes < self.context.shared_week_minutes_min:
            return None
        lesser, greater = self._in_band_order(a, b)
        track = self.context.track
        greater_points = self._points(greater, lesser)
        if track is not Track.TRADITIONAL and greater_points < self._enough[greater]:
            return None
        lesser_points = self._points(lesser, greater)
        if track is not Track.REVERSE and lesser_points < self._enough[lesser]:
            return None
        first, second = self.members[a], self.members[b]
        return pair_score(
            track,
            context_hundredths(shared_minutes, bands_apart(first, second), is_other_department=is_other_department(first, second)),
            less_experienced=Benefit(min(lesser_points, self.needs[lesser]), self.needs[lesser]),
            more_experienced=Benefit(min(greater_points, self.needs[greater]), self.needs[greater]),
        )

    def candidates(self, bonuses: Sequence[int], reserves: Sequence[int]) -> Candidates:
        """Find the eligible pairs and keep the heaviest of each person.

        Args:
            bonuses: by position: weight added to each of a person's pairs in the assignment.
            reserves: by position: the least score while this person is the longer waiter; the lower of two counts.
        """
        size = len(self.members)
        options, worthy = [0] * size, [0] * size
        best: list[list[tuple[int, int, Edge]]] = [[] for _ in range(size)]
        floors = [0] * size
        for lo in range(size):
            allowed = self.required(lo) >> (lo + 1) << (lo + 1)
            for _code, barred in self._cheap_bars(lo):
                allowed &= ~barred
            for hi in _positions(allowed):
                score = self._score_if_eligible(lo, hi)
                if score is None:
                    continue
                options[lo] += 1
                options[hi] += 1
                weight = score + bonuses[lo] + bonuses[hi]
                if score < min(reserves[lo], reserves[hi]) or weight <= 0:
                    continue
                worthy[lo] += 1
                worthy[hi] += 1
                if weight < floors[lo] and weight < floors[hi]:
                    continue
                edge = Edge(lo, hi, score, weight, pair_tie(self.ties[lo], self.ties[hi]))
                floors[lo] = _keep(best[lo], edge)
                floors[hi] = _keep(best[hi], edge)
        edges = sorted({edge for kept in best for _, _, edge in kept})
        return Candidates(edges=tuple(edges), option_counts=tuple(options), worthy_counts=tuple(worthy))


def _keep(best: list[tuple[int, int, Edge]], edge: Edge) -> int:
    """Put an edge among a person's heaviest, if it belongs there; say which weight a further one needs at least."""
    entry = (edge.weight, edge.tie, edge)
    if len(best) < CANDIDATES_MAX:
        heapq.heappush(best, entry)
    elif entry > best[0]:
        heapq.heapreplace(best, entry)
    return best[0][0] if len(best) == CANDIDATES_MAX else 0


def _enough(needed: int, context: RoundContext) -> int:
    """The fewest points that satisfy the policy: something is learned, and the ratio is reached."""
    numerator, denominator = context.benefit_min.as_integer_ratio()
    return max(1, -(-needed * numerator // denominator))


def _gains(member: PoolMember, context: RoundContext) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """For each want, the points by level offered."""
    return tuple(
        (topic, tuple(importance * context.topic_weights.get(topic, 0) * row[own_level] for row in USEFULNESS))
        for topic, importance, own_level in member.wants
    )
