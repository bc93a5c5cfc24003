"""Rules and scores of two people on arrays: what matching/eligibility and matching/scoring say, compiled."""

import math
from typing import Any, Final, NamedTuple

import numpy as np

from engine.matching import eligibility
from engine.matching.compiled.compiling import njit
from engine.matching.hours import WEEK_MINUTES
from engine.matching.pool import RoundContext
from engine.matching.scoring import BANDS_APART_MAX, BRIDGE_PER_BAND, CONTEXT_BASE, CONTEXT_PER_TERM, SHARED_WEEK_MINUTES_FULL
from engine.matching.search.coded import LEVEL_CELLS, Coded
from engine.matching.ties import ODD_A, ODD_B, ODD_C
from schemas.terms.codes import Track

Array = np.ndarray[Any, Any]
HOURS_TABLE_MAX: Final = 2_048
"""With up to that many different working weeks, shared minutes are counted once for each two."""
WEEK_WORDS: Final = -(-WEEK_MINUTES // 64)
MUTUAL, REVERSE, TRADITIONAL = 0, 1, 2
TRACK_NUMBER: Final = {Track.MUTUAL: MUTUAL, Track.REVERSE: REVERSE, Track.TRADITIONAL: TRADITIONAL}

_A, _B, _C = np.uint64(ODD_A), np.uint64(ODD_B), np.uint64(ODD_C)


# Columns of `PoolArrays.facts`.
OFFERS_AT, OFFERS_END, WANTS_AT, WANTS_END, RELATED_AT, RELATED_END = range(6)
NEED, ENOUGH, BAND, DEPARTMENT, PEERS, LANGUAGES, HOURS, DAY_PART, TIE, START, BONUS, RESERVE = range(6, 18)
TRAITS: Final = 18
"""The first of the traits, one column for each rule of traits that the policy asks."""

OFFER_CELLS: Final = 2
"""Topic and level."""
WANT_CELLS: Final = LEVEL_CELLS
"""The topic, then points by level from 1."""


class PoolArrays(NamedTuple):
    """A pool as three arrays: taking an array out of a tuple costs more than comparing two people, so there are few."""

    facts: Array
    """One row for each person; hashes are stored as signed numbers of the same bits."""
    cells: Array
    """Offers, wants and related people, where the facts say."""
    tables: Array
    """How far apart traits must be; words or lists of the language kinds; shared minutes by two kinds of hours, or the weeks in words if
    these are too many."""


class Rules(NamedTuple):
    """The policy in numbers."""

    track: int
    minutes_min: int
    stretch_minutes: int
    topic_count: int
    traits_count: int
    """How many rules of traits the policy asks; what they ask begins `PoolArrays.tables`."""
    languages_at: int
    """Where languages begin in `PoolArrays.tables`."""
    words_count: int
    """Of a language kind; zero if languages are listed."""
    hours_at: int
    """Where the hours begin in `PoolArrays.tables`."""
    hours_count: int
    """How many kinds of hours there are."""


def pool_arrays_of(coded: Coded, stretch_minutes: int) -> PoolArrays:
    """Lay a coded pool out as arrays; of the time that two people share, one stretch must be as long as that."""
    size = coded.size
    facts = np.zeros((size, TRAITS + len(coded.traits)), np.int64)
    offers = np.stack([_view(coded.offer_topic), _view(coded.offer_level)], axis=1).astype(np.int32).ravel()
    gains = _view(coded.want_gain).reshape(-1, LEVEL_CELLS)
    wants = np.column_stack([_view(coded.want_topic), gains[:, 1:]]).astype(np.int32).ravel()
    for column, begins, width, shift in (
        (OFFERS_AT, _view(coded.offers_at), OFFER_CELLS, 0),
        (WANTS_AT, _view(coded.wants_at), WANT_CELLS, len(offers)),
        (RELATED_AT, _view(coded.related_at), 1, len(offers) + len(wants)),
    ):
        facts[:, column], facts[:, column + 1] = begins[:-1].astype(np.int64) * width + shift, begins[1:].astype(np.int64) * width + shift
    for column, values in (
        (NEED, coded.need),
        (ENOUGH, coded.enough),
        (BAND, coded.band),
        (DEPARTMENT, coded.department),
        (PEERS, coded.peers),
        (LANGUAGES, coded.language_kind),
        (HOURS, coded.hours_kind),
        (DAY_PART, coded.day_part),
        (BONUS, coded.bonus),
        (RESERVE, coded.reserve),
        *enumerate(coded.traits, start=TRAITS),
    ):
        facts[:, column] = _view(values)
    ties = _view(coded.tie)
    facts[:, TIE], facts[:, START] = ties.view(np.int64), _starts(ties).view(np.int64)
    cells = np.concatenate([offers, wants, _view(coded.related).astype(np.int32)])
    steps_min = np.array(coded.steps_min, np.int64)
    tables = np.concatenate([steps_min, _view(coded.language_words).view(np.int64), _hours(coded, stretch_minutes)])
    return PoolArrays(facts, cells, tables)


def _hours(coded: Coded, stretch_minutes: int) -> Array:
    """Shared minutes of two kinds of hours, or the weeks themselves."""
    weeks = np.zeros((len(coded.masks), WEEK_WORDS), np.uint64)
    for kind, mask in enumerate(coded.masks):
        weeks[kind] = np.frombuffer(mask.to_bytes(8 * WEEK_WORDS, "little"), np.uint64)
    words = weeks.view(np.int64).ravel()
    return _minutes_table(words, stretch_minutes).ravel() if len(coded.masks) <= HOURS_TABLE_MAX else words


def rules_of(context: RoundContext, coded: Coded) -> Rules:
    """Read the rules of a round."""
    return Rules(
        track=TRACK_NUMBER[context.track],
        minutes_min=context.shared_week_minutes_min,
        stretch_minutes=context.stretch_minutes,
        topic_count=coded.topic_count,
        traits_count=len(coded.traits),
        languages_at=len(coded.traits),
        words_count=coded.words_count,
        hours_at=len(coded.traits) + len(coded.language_words),
        hours_count=len(coded.masks),
    )


def _view(values: Any) -> Array:
    return np.frombuffer(values, dtype=values.typecode) if len(values) else np.zeros(0, values.typecode)


@njit(cache=True, nogil=True, inline="always")
def mixed(value: Any) -> Any:
    """See matching/ties.mixed."""
    value = (value ^ (value >> np.uint64(30))) * _B
    value = (value ^ (value >> np.uint64(27))) * _C
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def _starts(ties: Array) -> Array:
    found = np.empty(len(ties), np.uint64)
    for person in range(len(ties)):
        found[person] = mixed(ties[person] + _A)
    return found


@njit(cache=True, nogil=True, inline="always")
def pair_tie(lo_tie: Any, hi_tie: Any) -> Any:
    """See matching/ties.pair_tie."""
    value = ((lo_tie * _A) ^ hi_tie) * _B
    return value ^ (value >> np.uint64(32))


@njit(cache=True, nogil=True, inline="always")
def _ones(bits: Any) -> Any:
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True, nogil=True)
def _has_stretch(words: Array, first: int, second: int, minutes: int) -> bool:
    """See matching/hours: whether so many minutes in a row are common; after the week's end its beginning is looked at once more."""
    run = 0
    for step in range(2 * WEEK_WORDS):
        if step >= WEEK_WORDS and run == 0:
            return False
        word = step % WEEK_WORDS
        bits = np.uint64(words[first + word]) & np.uint64(words[second + word])
        if bits == np.uint64(0):
            run = 0
            continue
        for place in range(64 if word < WEEK_WORDS - 1 else WEEK_MINUTES - 64 * (WEEK_WORDS - 1)):
            run = run + 1 if (bits >> np.uint64(place)) & np.uint64(1) else 0
            if run >= minutes:
                return True
    return False


@njit(cache=True, nogil=True)
def _minutes_of(words: Array, first: int, second: int, stretch_minutes: int) -> int:
    """See matching/hours.shared_week_minutes: of two weeks that begin at these words."""
    total = 0
    for word in range(WEEK_WORDS):
        total += _ones(np.uint64(words[first + word]) & np.uint64(words[second + word]))
    return total if total >= stretch_minutes and _has_stretch(words, first, second, stretch_minutes) else 0


@njit(cache=True, nogil=True)
def _minutes_table(words: Array, stretch_minutes: int) -> Array:
    size = len(words) // WEEK_WORDS
    table = np.empty((size, size), np.int64)
    for first in range(size):
        for second in range(first + 1):
            minutes = _minutes_of(words, first * WEEK_WORDS, second * WEEK_WORDS, stretch_minutes)
            table[first, second] = table[second, first] = minutes
    return table


@njit(cache=True, nogil=True)
def _have_common(tables: Array, begin: int, one: int, two: int) -> bool:
    """Say whether two sorted lists of languages have one in common; see search/coded."""
    first, second = begin + tables[begin + one], begin + tables[begin + two]
    first_end, second_end = begin + tables[begin + one + 1], begin + tables[begin + two + 1]
    while first < first_end and second < second_end:
        if tables[first] == tables[second]:
            return True
        if tables[first] < tables[second]:
            first += 1
        else:
            second += 1
    return False


_is_apart_enough: Final = njit(cache=True, nogil=True, inline="always")(eligibility.is_apart_enough)


@njit(cache=True, nogil=True, inline="always")
def minutes_together(facts: Array, tables: Array, rules: Rules, one: int, two: int) -> int:
    """See search/bounded: shared minutes, or -1 if a general rule keeps two people apart."""
    speaks = False
    for word in range(rules.words_count):
        word_at = rules.languages_at + word
        if tables[word_at + facts[one, LANGUAGES] * rules.words_count] & tables[word_at + facts[two, LANGUAGES] * rules.words_count]:
            speaks = True
    if rules.words_count == 0:
        speaks = _have_common(tables, rules.languages_at, facts[one, LANGUAGES], facts[two, LANGUAGES])
    minutes = 0
    if rules.hours_count <= HOURS_TABLE_MAX:
        minutes = tables[rules.hours_at + facts[one, HOURS] * rules.hours_count + facts[two, HOURS]]
    elif speaks:
        first, second = rules.hours_at + facts[one, HOURS] * WEEK_WORDS, rules.hours_at + facts[two, HOURS] * WEEK_WORDS
        minutes = _minutes_of(tables, first, second, rules.stretch_minutes)
    is_apart = True
    for rule in range(rules.traits_count):
        is_apart &= _is_apart_enough(facts[one, TRAITS + rule], facts[two, TRAITS + rule], tables[rule])
    return minutes if speaks and is_apart and minutes >= rules.minutes_min else -1


@njit(cache=True, nogil=True, inline="always")
def is_other_department(facts: Array, one: int, two: int) -> bool:
    """Say whether the departments are known and differ."""
    return bool(facts[one, DEPARTMENT] >= 0 and facts[two, DEPARTMENT] >= 0 and facts[one, DEPARTMENT] != facts[two, DEPARTMENT])


@njit(cache=True, nogil=True, inline="always")
def points(facts: Array, cells: Array, learner: int, teacher: int) -> int:
    """Count what one person learns from another, without the limit of the need."""
    total = 0
    for want in range(facts[learner, WANTS_AT], facts[learner, WANTS_END], WANT_CELLS):
        topic = cells[want]
        for offer in range(facts[teacher, OFFERS_AT], facts[teacher, OFFERS_END], OFFER_CELLS):
            if cells[offer] == topic:
                total += cells[want + cells[offer + 1]]
    return total


@njit(cache=True, nogil=True)
def is_barred(facts: Array, cells: Array, one: int, two: int) -> bool:
    """Say whether a personal rule stands between two people."""
    if facts[one, PEERS] >= 0 and facts[one, PEERS] == facts[two, PEERS]:
        return True
    first, end = facts[one, RELATED_AT], facts[one, RELATED_END]
    while first < end:
        middle = (first + end) // 2
        if cells[middle] < two:
            first = middle + 1
        else:
            end = middle
    return bool(first < facts[one, RELATED_END] and cells[first] == two)


@njit(cache=True, nogil=True, inline="always")
def _isqrt(value: int) -> Any:
    root = np.int64(math.sqrt(value))
    while root * root > value:
        root -= 1
    while (root + 1) * (root + 1) <= value:
        root += 1
    return root


@njit(cache=True, nogil=True, inline="always")
def context_of(facts: Array, one: int, two: int, minutes: int) -> int:
    """Weigh what helps two people meet, in whole hundredths."""
    apart = 0
    if facts[one, BAND] >= 0 and facts[two, BAND] >= 0:
        apart = min(abs(facts[one, BAND] - facts[two, BAND]), BANDS_APART_MAX)
    time = CONTEXT_PER_TERM * min(minutes, SHARED_WEEK_MINUTES_FULL) // SHARED_WEEK_MINUTES_FULL
    return CONTEXT_BASE + time + CONTEXT_PER_TERM * int(is_other_department(facts, one, two)) + BRIDGE_PER_BAND * apart


@njit(cache=True, nogil=True)
def score(facts: Array, cells: Array, track: int, pair: Any, minutes: int) -> int:
    """Score two people; -1 if a direction that the track requires teaches too little."""
    lesser, greater = pair
    if max(facts[lesser, BAND], 0) > max(facts[greater, BAND], 0):
        lesser, greater = greater, lesser
    lesser_points = points(facts, cells, lesser, greater)
    if track != REVERSE and lesser_points < facts[lesser, ENOUGH]:
        return -1
    greater_points = points(facts, cells, greater, lesser)
    if track != TRADITIONAL and greater_points < facts[greater, ENOUGH]:
        return -1
    lesser_need, greater_need = facts[lesser, NEED], facts[greater, NEED]
    lesser_points, greater_points = min(lesser_points, lesser_need), min(greater_points, greater_need)
    context = context_of(facts, lesser, greater, minutes)
    if track == MUTUAL:
        return _isqrt(100 * context * context * lesser_points * greater_points // (lesser_need * greater_need))
    if track == REVERSE:
        lesser_points, lesser_need, greater_points, greater_need = greater_points, greater_need, lesser_points, lesser_need
    if greater_points == 0:
        greater_need = 1
    return context * lesser_points * (8 * greater_need + 2 * greater_points) // (lesser_need * greater_need)


@njit(cache=True, nogil=True, inline="always")
def needed_score(one: int, other: int) -> int:
    """Return the score that a pair of two people needs (matching/reserve)."""
    low, high = min(one, other), max(one, other)
    if low >= 0:
        return low
    return -1 - high if high < 0 else max(-1 - low, high)


@njit(cache=True, nogil=True, inline="always")
def is_worthy(facts: Array, one: int, two: int, scored: int) -> bool:
    """Say whether a pair reaches the reserve and weighs something."""
    weight = scored + facts[one, BONUS] + facts[two, BONUS]
    return bool(weight > 0 and scored >= needed_score(facts[one, RESERVE], facts[two, RESERVE]))
