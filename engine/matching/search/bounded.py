"""Whom each person might be paired with, in a pool too large to compare everybody with everybody.

Decides: which people each one is compared with, and which options are kept.
Never knows: what becomes of them (assigning/assignment).

How: people lie in buckets by what they exchange and when: two topics offered, two wanted and a part of the day; then two and one; then
one and one. Everybody opens the buckets that answer its own wants and offers, each at a place of its own, so that nobody is looked at by
all, and compares itself with a bounded number of people. Whoever found nobody searches everybody once (search/candidates), so that "no
option" is never an artefact of the bound.

Invariants
    search.D1  The size of the pool alone decides the bounds, so they are the same on every machine and for every way of computing.
    search.D2  Every pair found keeps all rules; its score is that of matching/scoring.
    search.D3  Work per person is bounded: at most `compared_max` people compared and LOOKED_PER_COMPARED times as many looked at.
    search.D4  At most SEARCHED_AGAIN_MAX people, lowest positions first, search everybody.

Must stay in sync with: engine/matching/compiled/bounded_lists, which computes the same; a test compares the two.

Source: measured in ops/bench/matching; 98.5 % of what exact lists allow, and more.
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from engine.matching.eligibility import is_apart_enough
from engine.matching.pool import RoundContext
from engine.matching.reserve import needed_score
from engine.matching.scoring import BANDS_APART_MAX, context_hundredths, pair_score
from engine.matching.search.candidates import OPTIONS_COUNTED_MAX, Lists, Option, Seekers, exact_lists
from engine.matching.search.coded import DAY_PARTS, LEVEL_CELLS, UNKNOWN, Coded
from engine.matching.search.rule_book import RuleBook
from engine.matching.ties import mixed, ring_distance, ring_start
from schemas.frozen import Frozen
from schemas.terms.codes import Track

LARGE_PEOPLE_MAX: Final = 200_000
BUCKETS: Final = 1 << 22
TOPICS_INDEXED_MAX: Final = 6
"""Of each person's offers and of its wants: the strongest."""
STRONG_LEVEL: Final = 2
"""Two offers count as one key from that level up."""
LOOKED_PER_COMPARED: Final = 6
SEARCHED_AGAIN_MAX: Final = 20_000
DAY_PART_STEPS: Final = (0, 1, 7, 2, 6)
"""How far around the clock one looks: up to six hours away, where two days of nine hours still share three."""
TURNS: Final = 3
GROWTH: Final = 4
"""Each further round through the buckets takes that many times as many people from each."""
TIER_SHARES: Final = ((2, 3), (9, 10), (1, 1))
"""Up to which part of the comparisons each tier may go."""

Shape = tuple[int, int]
"""How many topics the one who looks wants, and how many it offers, in one key."""
TIERS_MUTUAL: Final[tuple[tuple[Shape, ...], ...]] = (((2, 2),), ((2, 1),), ((1, 1),))
TIERS_DIRECTED: Final[tuple[tuple[Shape, ...], ...]] = (((2, 2),), ((2, 0), (0, 2)), ((1, 0), (0, 1)))


class Bounds(Frozen, kw_only=True):
    """How far everybody looks."""

    compared_max: int
    kept_max: int


def bounds_for(people_count: int) -> Bounds:
    """Read the bounds off the size of the pool (search.D1)."""
    return Bounds(compared_max=400, kept_max=32) if people_count <= LARGE_PEOPLE_MAX else Bounds(compared_max=150, kept_max=16)


def tiers_for(track: Track) -> tuple[tuple[Shape, ...], ...]:
    """Say which keys are tried, the most telling first; where one side alone must learn, the other's wants may be left out."""
    return TIERS_MUTUAL if track is Track.MUTUAL else TIERS_DIRECTED


def bucket(tier: int, shape: Shape, codes: tuple[int, int], day_part: int) -> int:
    """Hash a key to one of the buckets; strangers who share one are told apart when compared."""
    return mixed(tier << 60 ^ shape[0] << 58 ^ codes[0] << 32 ^ codes[1] << 8 ^ day_part) & BUCKETS - 1


def bounded_lists(book: RuleBook, seekers: Seekers, people: Coded) -> Lists:
    """List options of everybody, bounded."""
    search = _Search(people, book.context)
    found = Lists(kept={}, option_counts={})
    for person in range(people.size):
        kept, count = search.options_of(person)
        position = people.positions[person]
        found.kept[position] = [
            Option(-weight, -behind, people.positions[-other], score) for weight, behind, other, score in sorted(kept, reverse=True)
        ]
        found.option_counts[position] = min(count, OPTIONS_COUNTED_MAX)
    alone = [position for position in seekers.positions if not found.option_counts[position]][:SEARCHED_AGAIN_MAX]
    if alone:
        again = exact_lists(book, seekers, alone)
        for position in alone:
            found.kept[position] = again.kept[position][: bounds_for(people.size).kept_max]
            found.option_counts[position] = again.option_counts[position]
    return found


class _Search:
    """The buckets of a pool, and how to look into them."""

    def __init__(self, people: Coded, context: RoundContext) -> None:
        self._people = people
        self._context = context
        self._bounds = bounds_for(people.size)
        self._tiers = tiers_for(context.track)
        self._minutes: dict[tuple[int, int], int] = {}
        self._related = [
            frozenset(people.related[people.related_at[person] : people.related_at[person + 1]]) for person in range(people.size)
        ]
        self._buckets: list[dict[int, list[int]]] = [{} for _ in self._tiers]
        for person in range(people.size):
            for tier, shapes in enumerate(self._tiers):
                for shape in shapes:
                    for key in self._keys(
                        tier, shape, self._offered(person, shape[0]), self._wanted(person, shape[1]), people.day_part[person]
                    ):
                        self._buckets[tier].setdefault(key, []).append(person)

    @staticmethod
    def _keys(tier: int, shape: Shape, firsts: Sequence[int], seconds: Sequence[int], day_part: int) -> Iterator[int]:
        for first in firsts:
            for second in seconds:
                yield bucket(tier, shape, (first, second), day_part)

    def _codes(self, topics: Sequence[int], size: int) -> list[int]:
        if size == 0:
            return [0]
        if size == 1:
            return list(topics)
        width = self._people.topic_count
        return [min(pair) * width + max(pair) for pair in combinations(topics, 2)]

    def _offered(self, person: int, size: int) -> list[int]:
        people = self._people
        first = people.offers_at[person]
        end = min(people.offers_at[person + 1], first + TOPICS_INDEXED_MAX)
        level_min = STRONG_LEVEL if size == 2 else 1
        return self._codes([people.offer_topic[at] for at in range(first, end) if people.offer_level[at] >= level_min], size)

    def _wanted(self, person: int, size: int) -> list[int]:
        people = self._people
        first = people.wants_at[person]
        return self._codes(people.want_topic[first : min(people.wants_at[person + 1], first + TOPICS_INDEXED_MAX)], size)

    def options_of(self, person: int) -> tuple[list[tuple[int, int, int, int]], int]:
        """Compare one person with a bounded number of others.

        Returns: a heap of (weight, distance negated, number negated, score), and how many options there were.
        """
        walk = _Walk(self, person)
        for tier, shapes in enumerate(self._tiers):
            if tier == len(self._tiers) - 1 and len(walk.kept) >= self._bounds.kept_max:
                break
            numerator, denominator = TIER_SHARES[tier]
            budget = self._bounds.compared_max * numerator // denominator - walk.compared
            keys = [
                key
                for step in DAY_PART_STEPS
                for shape in shapes
                for key in self._keys(
                    tier,
                    shape,
                    self._wanted(person, shape[0]),
                    self._offered(person, shape[1]),
                    (self._people.day_part[person] + step) % DAY_PARTS,
                )
            ]
            if keys and budget > 0:
                walk.through(self._buckets[tier], keys, budget)
        return walk.kept, walk.options_count

    def minutes_together(self, one: int, two: int) -> int:
        """Count the week's shared minutes; -1 if a general rule keeps two people apart."""
        people, context = self._people, self._context
        if not self._speak(people.language_kind[one], people.language_kind[two]):
            return -1
        first, second = people.hours_kind[one], people.hours_kind[two]
        name = (first, second) if first < second else (second, first)
        minutes = self._minutes.get(name)
        if minutes is None:
            minutes = self._minutes[name] = context.shared_minutes(people.masks[first], people.masks[second])
        if minutes < context.shared_week_minutes_min:
            return -1
        for traits, steps_min in zip(people.traits, people.steps_min, strict=True):
            if not is_apart_enough(traits[one], traits[two], steps_min):
                return -1
        return minutes

    def _speak(self, one: int, two: int) -> bool:
        words, count = self._people.language_words, self._people.words_count
        if count == 0:
            return not set(words[words[one] : words[one + 1]]).isdisjoint(words[words[two] : words[two + 1]])
        return any(words[one * count + word] & words[two * count + word] for word in range(count))

    def _is_other_department(self, one: int, two: int) -> bool:
        departments = self._people.department[one], self._people.department[two]
        return UNKNOWN not in departments and departments[0] != departments[1]

    def is_barred(self, one: int, two: int) -> bool:
        """Say whether a personal rule stands between two people."""
        peers = self._people.peers
        return two in self._related[one] or (peers[one] != UNKNOWN and peers[one] == peers[two])

    def _points(self, learner: int, teacher: int) -> int:
        people = self._people
        total = 0
        wants = range(people.wants_at[learner], people.wants_at[learner + 1])
        for offer in range(people.offers_at[teacher], people.offers_at[teacher + 1]):
            for want in wants:
                if people.want_topic[want] == people.offer_topic[offer]:
                    total += people.want_gain[want * LEVEL_CELLS + people.offer_level[offer]]
        return total

    def score(self, one: int, two: int, minutes: int) -> int:
        """Score two people; -1 if a direction that the track requires teaches too little."""
        people, track = self._people, self._context.track
        bands = people.band[one], people.band[two]
        lesser, greater = (one, two) if max(bands[0], 0) <= max(bands[1], 0) else (two, one)
        lesser_points, greater_points = self._points(lesser, greater), self._points(greater, lesser)
        if track is not Track.REVERSE and lesser_points < people.enough[lesser]:
            return -1
        if track is not Track.TRADITIONAL and greater_points < people.enough[greater]:
            return -1
        apart = None if UNKNOWN in bands else min(abs(bands[0] - bands[1]), BANDS_APART_MAX)
        return pair_score(
            track,
            context_hundredths(minutes, apart, is_other_department=self._is_other_department(one, two)),
            less_experienced=(min(lesser_points, people.need[lesser]), people.need[lesser]),
            more_experienced=(min(greater_points, people.need[greater]), people.need[greater]),
        )

    @property
    def people(self) -> Coded:
        """The pool."""
        return self._people

    @property
    def kept_max(self) -> int:
        """How many options a person keeps."""
        return self._bounds.kept_max


class _Walk:
    """One person's way through the buckets."""

    def __init__(self, search: _Search, person: int) -> None:
        self._search = search
        self._person = person
        self._start = ring_start(search.people.tie[person])
        self._met = {person}
        self.kept: list[tuple[int, int, int, int]] = []
        """A heap of (weight, distance negated, number negated, score)."""
        self.compared = self.options_count = 0

    def through(self, buckets: dict[int, list[int]], keys: Sequence[int], budget: int) -> None:
        """Look into each bucket a little, then further, until the budget is spent."""
        share = max(2, budget // len(keys))
        compared_max, looked_left = self.compared + budget, budget * LOOKED_PER_COMPARED
        done = 0
        for turn in range(TURNS):
            taken = share * GROWTH**turn
            for key in keys:
                held = buckets.get(key)
                if held is None or done >= len(held):
                    continue
                first = mixed(self._start ^ key) % len(held) + done
                for at in range(first, first + min(taken, len(held) - done)):
                    if self.compared >= compared_max or looked_left <= 0:
                        return
                    other = held[at % len(held)]
                    if other not in self._met:
                        looked_left -= 1
                        self._met.add(other)
                        self._meet(other)
            done += taken

    def _meet(self, other: int) -> None:
        search, person, people = self._search, self._person, self._search.people
        minutes = search.minutes_together(person, other)
        if minutes < 0:
            return
        self.compared += 1
        if search.is_barred(person, other):
            return
        score = search.score(person, other, minutes)
        if score < 0:
            return
        self.options_count += 1
        weight = score + people.bonus[person] + people.bonus[other]
        if weight <= 0 or score < needed_score(people.reserve[person], people.reserve[other]):
            return
        entry = (weight, -ring_distance(self._start, people.tie[other]), -other, score)
        if len(self.kept) < search.kept_max:
            heapq.heappush(self.kept, entry)
        else:
            heapq.heappushpop(self.kept, entry)
