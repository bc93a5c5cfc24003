"""Everybody's options, bounded: what search/bounded finds, compiled."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from engine.matching.compiled.compiling import njit
from engine.matching.compiled.exact_lists import THREADS, Kept
from engine.matching.compiled.judging import (
    BONUS,
    DAY_PART,
    OFFER_CELLS,
    OFFERS_AT,
    OFFERS_END,
    START,
    TIE,
    WANT_CELLS,
    WANTS_AT,
    WANTS_END,
    Array,
    PoolArrays,
    Rules,
    is_barred,
    is_worthy,
    minutes_together,
    mixed,
    score,
)
from engine.matching.compiled.lists import keep, new_heap
from engine.matching.search.bounded import (
    BUCKETS,
    DAY_PART_STEPS,
    GROWTH,
    LOOKED_PER_COMPARED,
    STRONG_LEVEL,
    TIER_SHARES,
    TOPICS_INDEXED_MAX,
    TURNS,
    Bounds,
    Shape,
    tiers_for,
)
from engine.matching.search.candidates import OPTIONS_COUNTED_MAX
from engine.matching.search.coded import DAY_PARTS
from schemas.terms.codes import Track

CODES_MAX: int = TOPICS_INDEXED_MAX * (TOPICS_INDEXED_MAX - 1) // 2
_PART_PEOPLE = 8_192


class Index(NamedTuple):
    """The buckets of one tier."""

    begins: Array
    people: Array
    shapes: Array
    """One row for each shape: how many topics the one who looks wants and offers."""


def bounded_lists(people: PoolArrays, rules: Rules, track: Track, bounds: Bounds) -> Kept:
    """List options of everybody."""
    tiers = tiers_for(track)
    with ThreadPoolExecutor(THREADS) as threads:
        numbered = [(number, shapes) for number, shapes in enumerate(tiers)]
        first, second, third = threads.map(lambda each: _indexed(people, rules, *each), numbered)
        size = len(people.facts)
        kept = Kept(
            others=np.zeros((size, bounds.kept_max), np.int32),
            scores=np.zeros((size, bounds.kept_max), np.int16),
            sizes=np.zeros(size, np.int16),
            option_counts=np.zeros(size, np.int32),
        )
        budgets = np.array([bounds.compared_max * numerator // denominator for numerator, denominator in TIER_SHARES])
        starts = range(0, size, _PART_PEOPLE)
        spans = [(start, min(start + _PART_PEOPLE, size)) for start in starts]
        # Each thread has marks of its own, as wide as the pool.
        shares = [spans[number::THREADS] for number in range(THREADS)]
        for done in [threads.submit(_list_spans, people, rules, (first, second, third), budgets, kept, share) for share in shares]:
            done.result()
    return kept


def _indexed(people: PoolArrays, rules: Rules, tier: int, shapes: tuple[Shape, ...]) -> Index:
    table = np.array(shapes, np.int64)
    begins, held = _filled(people, rules, tier, table)
    return Index(begins, held, table)


def _list_spans(
    people: PoolArrays, rules: Rules, indexes: tuple[Index, Index, Index], budgets: Array, kept: Kept, spans: list[tuple[int, int]]
) -> None:
    met = np.full(len(people.facts), -1, np.int32)
    for span in spans:
        _list_span(people, rules, indexes, budgets, kept, (met, span))


@njit(cache=True, nogil=True, inline="always")
def _bucket(tier: int, wanted: int, first: int, second: int, day_part: int) -> Any:
    key = (np.uint64(tier) << np.uint64(60)) ^ (np.uint64(wanted) << np.uint64(58))
    key ^= (np.uint64(first) << np.uint64(32)) ^ (np.uint64(second) << np.uint64(8)) ^ np.uint64(day_part)
    return np.int64(mixed(key) & np.uint64(BUCKETS - 1))


@njit(cache=True, nogil=True)
def _pairs(topics: Array, count: int, size: int, width: int, codes: Array) -> int:
    """Write the codes of all choices of `size` topics; see search/bounded."""
    if size == 0:
        codes[0] = 0
        return 1
    if size == 1:
        for at in range(count):
            codes[at] = topics[at]
        return count
    written = 0
    for one in range(count):
        for two in range(one + 1, count):
            low, high = np.int64(min(topics[one], topics[two])), np.int64(max(topics[one], topics[two]))
            codes[written] = low * width + high
            written += 1
    return written


@njit(cache=True, nogil=True)
def _offered(facts: Array, cells: Array, width: int, chosen: Any, codes: Array) -> int:
    person, size = chosen
    topics = np.empty(TOPICS_INDEXED_MAX, np.int64)
    count = 0
    first = facts[person, OFFERS_AT]
    for at in range(first, min(facts[person, OFFERS_END], first + OFFER_CELLS * TOPICS_INDEXED_MAX), OFFER_CELLS):
        if size < 2 or cells[at + 1] >= STRONG_LEVEL:
            topics[count] = cells[at]
            count += 1
    return _pairs(topics, count, size, width, codes)


@njit(cache=True, nogil=True)
def _wanted(facts: Array, cells: Array, width: int, chosen: Any, codes: Array) -> int:
    person, size = chosen
    topics = np.empty(TOPICS_INDEXED_MAX, np.int64)
    count = 0
    first = facts[person, WANTS_AT]
    for at in range(first, min(facts[person, WANTS_END], first + WANT_CELLS * TOPICS_INDEXED_MAX), WANT_CELLS):
        topics[count] = cells[at]
        count += 1
    return _pairs(topics, count, size, width, codes)


@njit(cache=True, nogil=True)
def _filled(people: PoolArrays, rules: Rules, tier: int, shapes: Array) -> Any:
    """Put everybody into buckets: count, then place."""
    facts, cells = people.facts, people.cells
    begins = np.zeros(BUCKETS + 1, np.int32)
    firsts, seconds = np.empty(CODES_MAX, np.int64), np.empty(CODES_MAX, np.int64)
    held, ends = np.empty(0, np.int32), begins
    for is_placing in (False, True):
        if is_placing:
            for key in range(BUCKETS):
                begins[key + 1] += begins[key]
            held, ends = np.empty(begins[BUCKETS], np.int32), begins.copy()
        for person in range(len(facts)):
            for shape in shapes:
                first_count = _offered(facts, cells, rules.topic_count, (person, shape[0]), firsts)
                second_count = _wanted(facts, cells, rules.topic_count, (person, shape[1]), seconds)
                for first in firsts[:first_count]:
                    for second in seconds[:second_count]:
                        key = _bucket(tier, shape[0], first, second, facts[person, DAY_PART])
                        if is_placing:
                            held[ends[key]] = person
                            ends[key] += 1
                        else:
                            begins[key + 1] += 1
    return begins, held


@njit(cache=True, nogil=True)
def _keys(people: PoolArrays, rules: Rules, person: int, tier: int, shapes: Array, keys: Array) -> int:
    """List the buckets that answer one person's wants and offers."""
    facts, cells = people.facts, people.cells
    wants, offers = np.empty(CODES_MAX, np.int64), np.empty(CODES_MAX, np.int64)
    count = 0
    for step in DAY_PART_STEPS:
        day_part = (facts[person, DAY_PART] + step) % DAY_PARTS
        for shape in shapes:
            want_count = _wanted(facts, cells, rules.topic_count, (person, shape[0]), wants)
            offer_count = _offered(facts, cells, rules.topic_count, (person, shape[1]), offers)
            for want in wants[:want_count]:
                for offer in offers[:offer_count]:
                    keys[count] = _bucket(tier, shape[0], want, offer, day_part)
                    count += 1
    return count


@njit(cache=True, nogil=True)
def _list_span(people: PoolArrays, rules: Rules, indexes: Any, budgets: Array, kept: Kept, place: Any) -> None:
    met, (begin, end) = place
    limit = kept.others.shape[1]
    heap = new_heap(limit)
    keys = np.empty(len(DAY_PART_STEPS) * 2 * CODES_MAX * CODES_MAX, np.int64)
    for person in range(begin, end):
        met[person] = person
        # How many were kept, counted and compared.
        state = (0, 0, 0)
        for tier in range(3):
            if tier == 2 and state[0] >= limit:
                break
            index = indexes[0] if tier == 0 else indexes[1] if tier == 1 else indexes[2]
            budget = budgets[tier] - state[2]
            key_count = _keys(people, rules, person, tier, index.shapes, keys)
            if key_count and budget > 0:
                state = _through(people, rules, index, (person, met, heap, limit), keys[:key_count], (budget, state))
        kept.sizes[person] = state[0]
        kept.option_counts[person] = min(state[1], OPTIONS_COUNTED_MAX)
        for option in range(state[0]):
            kept.others[person, option], kept.scores[person, option] = heap[2][option], heap[3][option]


@njit(cache=True, nogil=True)
def _through(people: PoolArrays, rules: Rules, index: Index, seeker: Any, keys: Array, purse: Any) -> Any:
    """Look into each bucket a little, then further, until the budget is spent; see search/bounded."""
    person, met, heap, limit = seeker
    budget, (found, count, compared) = purse
    share = max(2, budget // len(keys))
    compared_max, looked_left = compared + budget, budget * LOOKED_PER_COMPARED
    facts, cells, tables = people.facts, people.cells, people.tables
    begins, held = index.begins, index.people
    start = np.uint64(facts[person, START])
    done, taken = 0, share
    for _turn in range(TURNS):
        for key in keys:
            begin = begins[key]
            size = begins[key + 1] - begin
            if done >= size:
                continue
            first = np.int64(mixed(start ^ np.uint64(key)) % np.uint64(size)) + done
            for at in range(first, first + min(taken, size - done)):
                if compared >= compared_max or looked_left <= 0:
                    return found, count, compared
                other = held[begin + at % size]
                if met[other] == person:
                    continue
                met[other] = person
                looked_left -= 1
                minutes = minutes_together(facts, tables, rules, person, other)
                if minutes < 0:
                    continue
                compared += 1
                if is_barred(facts, cells, person, other):
                    continue
                scored = score(facts, cells, rules.track, (person, other), minutes)
                if scored < 0:
                    continue
                count += 1
                if is_worthy(facts, person, other, scored):
                    weight = scored + facts[person, BONUS] + facts[other, BONUS]
                    found = keep(heap, found, limit, (weight, np.uint64(facts[other, TIE]) - start, np.int64(other), scored))
        done += taken
        taken *= GROWTH
    return found, count, compared
