"""Everybody's heaviest options, exactly: what search/candidates finds, compiled."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np

from engine.matching.compiled.compiling import njit
from engine.matching.compiled.judging import (
    BONUS,
    ENOUGH,
    MUTUAL,
    OFFER_CELLS,
    OFFERS_AT,
    OFFERS_END,
    PEERS,
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
    score,
)
from engine.matching.compiled.lists import keep, new_heap
from engine.matching.search.candidates import CANDIDATES_MAX, OPTIONS_COUNTED_MAX
from engine.matching.search.coded import Coded

THREADS: Final = 2
_TURNS: Final = 4
"""Parts a thread, so that all end at about the same time."""


class Crowd(NamedTuple):
    """The kinds of a pool; see search/kinds."""

    face: Array
    """One person of each kind."""
    members_at: Array
    members: Array
    """The people of each kind in the order of the ring."""
    places: Array
    """Their places on the ring."""
    offering_at: Array
    """By topic."""
    offering: Array
    offering_level: Array
    wanting_at: Array
    wanting: Array


class Kept(NamedTuple):
    """The options of some people: `limit` places for each."""

    others: Array
    scores: Array
    sizes: Array
    option_counts: Array


def alone_of(people: PoolArrays, topic_count: int) -> Crowd:
    """Let everybody be a kind."""
    size = len(people.facts)
    everybody = np.arange(size, dtype=np.int32)
    return _crowd(people, topic_count, (everybody, np.arange(size + 1, dtype=np.int64), everybody, places_of(people)))


def places_of(people: PoolArrays) -> Array:
    """By person: the place on the ring."""
    return np.ascontiguousarray(people.facts[:, TIE]).view(np.uint64)


def crowd_of(people: PoolArrays, coded: Coded) -> Crowd:
    """Put people who are judged alike together."""
    kind_by_likeness: dict[object, int] = {}
    offers = _slices(coded.offers_at, zip(coded.offer_topic, coded.offer_level, strict=True))
    wants = _slices(coded.wants_at, zip(coded.want_topic, *(coded.want_gain[level::4] for level in range(1, 4)), strict=True))
    kind_by_person = np.empty(coded.size, np.int32)
    judged = (coded.band, coded.department, coded.language_kind, coded.hours_kind, *coded.traits)
    rest = zip(coded.need, coded.bonus, coded.reserve, *judged, strict=True)
    for person, likeness in enumerate(zip(offers, wants, rest, strict=True)):
        kind_by_person[person] = kind_by_likeness.setdefault(likeness, len(kind_by_likeness))
    order = np.lexsort((np.arange(coded.size), places_of(people), kind_by_person)).astype(np.int32)
    sizes = np.bincount(kind_by_person, minlength=len(kind_by_likeness))
    members_at = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return _crowd(people, coded.topic_count, (order[members_at[:-1]], members_at, order, places_of(people)[order]))


def _slices(begins: Sequence[int], entries: Any) -> list[tuple[Any, ...]]:
    """Cut entries into one sorted tuple for each person."""
    flat = list(entries)
    return [tuple(sorted(flat[begins[person] : begins[person + 1]])) for person in range(len(begins) - 1)]


def _crowd(people: PoolArrays, topic_count: int, members: tuple[Array, Array, Array, Array]) -> Crowd:
    face, members_at, order, places = members
    offering_at, offering, offering_level = _offering(people.facts, people.cells, face, topic_count)
    wanting_at, wanting = _wanting(people.facts, people.cells, face, topic_count)
    return Crowd(face, members_at, order, places, offering_at, offering, offering_level, wanting_at, wanting)


@njit(cache=True, nogil=True)
def _offering(facts: Array, cells: Array, face: Array, topic_count: int) -> Any:
    begins = np.zeros(topic_count + 1, np.int64)
    for person in face:
        for offer in range(facts[person, OFFERS_AT], facts[person, OFFERS_END], OFFER_CELLS):
            begins[cells[offer] + 1] += 1
    for topic in range(topic_count):
        begins[topic + 1] += begins[topic]
    ends = begins.copy()
    kinds, levels = np.empty(begins[-1], np.int32), np.empty(begins[-1], np.int8)
    for kind in range(len(face)):
        for offer in range(facts[face[kind], OFFERS_AT], facts[face[kind], OFFERS_END], OFFER_CELLS):
            topic = cells[offer]
            kinds[ends[topic]], levels[ends[topic]] = kind, cells[offer + 1]
            ends[topic] += 1
    return begins, kinds, levels


@njit(cache=True, nogil=True)
def _wanting(facts: Array, cells: Array, face: Array, topic_count: int) -> Any:
    begins = np.zeros(topic_count + 1, np.int64)
    for person in face:
        for want in range(facts[person, WANTS_AT], facts[person, WANTS_END], WANT_CELLS):
            begins[cells[want] + 1] += 1
    for topic in range(topic_count):
        begins[topic + 1] += begins[topic]
    ends = begins.copy()
    kinds = np.empty(begins[-1], np.int32)
    for kind in range(len(face)):
        for want in range(facts[face[kind], WANTS_AT], facts[face[kind], WANTS_END], WANT_CELLS):
            topic = cells[want]
            kinds[ends[topic]] = kind
            ends[topic] += 1
    return begins, kinds


def exact_lists(people: PoolArrays, rules: Rules, crowd: Crowd, kinds: Array) -> Kept:
    """List the heaviest options of all people of some kinds.

    Returns: arrays over all people of the pool; those of other kinds have none.
    """
    size = len(people.facts)
    kept = Kept(
        others=np.zeros((size, CANDIDATES_MAX), np.int32),
        scores=np.zeros((size, CANDIDATES_MAX), np.int16),
        sizes=np.zeros(size, np.int16),
        option_counts=np.zeros(size, np.int32),
    )
    parts = [kinds[start :: THREADS * _TURNS] for start in range(THREADS * _TURNS)]
    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(_list_kinds, people, rules, crowd, part, kept) for part in parts if len(part)]:
            done.result()
    return kept


@njit(cache=True, nogil=True)
def _list_kinds(people: PoolArrays, rules: Rules, crowd: Crowd, kinds: Array, kept: Kept) -> None:
    size = len(crowd.face)
    gathered, touched = np.zeros(size, np.int32), np.empty(size, np.int32)
    row_kinds, row_scores = np.empty(size, np.int32), np.empty(size, np.int32)
    heap = new_heap(CANDIDATES_MAX)
    for kind in kinds:
        touched_count = touch(people, rules, crowd, kind, (gathered, touched))
        row_size = _judge(people, rules, crowd, kind, (gathered, touched[:touched_count], row_kinds, row_scores))
        for at in range(crowd.members_at[kind], crowd.members_at[kind + 1]):
            person = crowd.members[at]
            found, count = _walk(people, crowd, person, (row_kinds[:row_size], row_scores[:row_size]), heap)
            kept.sizes[person], kept.option_counts[person] = found, count
            for option in range(found):
                kept.others[person, option], kept.scores[person, option] = heap[2][option], heap[3][option]


@njit(cache=True, nogil=True)
def touch(people: PoolArrays, rules: Rules, crowd: Crowd, kind: int, scratch: Any) -> int:
    """Gather the points that each kind can teach one kind; without a mutual track also who could learn from it."""
    gathered, touched = scratch
    facts, cells = people.facts, people.cells
    offering_at, offering, offering_level = crowd.offering_at, crowd.offering, crowd.offering_level
    person = crowd.face[kind]
    count = 0
    for want in range(facts[person, WANTS_AT], facts[person, WANTS_END], WANT_CELLS):
        topic = cells[want]
        for at in range(offering_at[topic], offering_at[topic + 1]):
            gained = cells[want + offering_level[at]]
            if gained:
                other = offering[at]
                if gathered[other] == 0:
                    touched[count] = other
                    count += 1
                gathered[other] += gained
    if rules.track != MUTUAL:
        wanting_at, wanting = crowd.wanting_at, crowd.wanting
        for offer in range(facts[person, OFFERS_AT], facts[person, OFFERS_END], OFFER_CELLS):
            for at in range(wanting_at[cells[offer]], wanting_at[cells[offer] + 1]):
                other = wanting[at]
                if gathered[other] == 0:
                    touched[count] = other
                    count += 1
                    gathered[other] = 1
    return count


@njit(cache=True, nogil=True)
def _judge(people: PoolArrays, rules: Rules, crowd: Crowd, kind: int, scratch: Any) -> int:
    """Score one kind with all it could exchange something with; empties what was gathered."""
    gathered, touched, row_kinds, row_scores = scratch
    facts, cells, tables, face = people.facts, people.cells, people.tables, crowd.face
    person = face[kind]
    enough = facts[person, ENOUGH] if rules.track == MUTUAL else 0
    is_single = crowd.members_at[kind + 1] - crowd.members_at[kind] == 1
    # Where everybody is a kind, the one personal rule that may bar thousands is asked before anything is scored.
    peers = facts[person, PEERS] if len(face) == len(facts) else np.int64(-1)
    size = 0
    for other in touched:
        gained = gathered[other]
        gathered[other] = 0
        if gained < enough or (other == kind and is_single) or (peers >= 0 and facts[face[other], PEERS] == peers):
            continue
        minutes = minutes_together(facts, tables, rules, person, face[other])
        if minutes < 0:
            continue
        scored = score(facts, cells, rules.track, (person, face[other]), minutes)
        if scored >= 0:
            row_kinds[size], row_scores[size] = other, scored
            size += 1
    return size


@njit(cache=True, nogil=True)
def _walk(people: PoolArrays, crowd: Crowd, person: int, row: Any, heap: Any) -> Any:
    """Keep one person's heaviest options and count all of them; see search/candidates."""
    row_kinds, row_scores = row
    facts, cells = people.facts, people.cells
    members_at, members, places = crowd.members_at, crowd.members, crowd.places
    lightest = heap[0]
    found = count = 0
    start = np.uint64(facts[person, START])
    for entry in range(len(row_kinds)):
        first, end = members_at[row_kinds[entry]], members_at[row_kinds[entry] + 1]
        one, scored = members[first], row_scores[entry]
        weight = scored + facts[person, BONUS] + facts[one, BONUS]
        can_be_kept = is_worthy(facts, person, one, scored) and (found < CANDIDATES_MAX or weight >= lightest[0])
        if not can_be_kept and count >= OPTIONS_COUNTED_MAX:
            continue
        begin = first + np.searchsorted(places[first:end], start) if end - first > 1 else first
        kept_here = 0
        for step in range(end - first):
            at = begin + step
            if at >= end:
                at -= end - first
            other = members[at]
            if other == person or is_barred(facts, cells, person, other):
                continue
            count += 1
            if can_be_kept and kept_here < CANDIDATES_MAX:
                kept_here += 1
                found = keep(heap, found, CANDIDATES_MAX, (weight, places[at] - start, np.int64(other), np.int64(scored)))
            elif count >= OPTIONS_COUNTED_MAX:
                break
    return found, min(count, OPTIONS_COUNTED_MAX)
