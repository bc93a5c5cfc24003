"""The people of a pool as plain numbers, for the searches that look at hundreds of thousands of pairs.

Decides: how topics, languages, working weeks, traits and peers are numbered; who stands in the middle of which hours of the day.
Never knows: what is searched for (search/bounded), what is computed with the numbers elsewhere.

Shape: people are numbered as in `Seekers.positions`; lists of varying length lie one after the other, with the place where each person's
begins and, last, where all end.

Invariants
    search.N1  Numbers follow the sorted order of what they stand for, so the same pool gives the same numbers.
    search.N2  `related` holds for each person everybody whom a personal rule bars, peers aside, sorted.

Source: house rule.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain
from typing import Final

from engine.matching.eligibility import ApartRule
from engine.matching.pool import PoolMember
from engine.matching.search.candidates import Seekers
from engine.matching.search.rule_book import RuleBook
from engine.matching.ties import mixed

UNKNOWN: Final = -1
"""No band, department, trait or peers."""
LEVEL_CELLS: Final = 4
DAY_PARTS: Final = 8
"""Parts of the day, three UTC hours each."""
LANGUAGES_IN_WORDS_MAX: Final = 256
"""More languages than that are listed one by one: a bit for each in every kind would grow with the square."""
_DAY_MINUTES: Final = 1_440
_PART_MINUTES: Final = _DAY_MINUTES // DAY_PARTS


@dataclass(slots=True, kw_only=True)
class Coded:
    """A pool in numbers."""

    positions: "array[int]"
    offers_at: "array[int]"
    offer_topic: "array[int]"
    offer_level: "array[int]"
    """Offers of one person: the highest level first, then scattered by the person's hash."""
    wants_at: "array[int]"
    want_topic: "array[int]"
    want_gain: "array[int]"
    """LEVEL_CELLS numbers for each want: points by level offered."""
    need: "array[int]"
    enough: "array[int]"
    band: "array[int]"
    department: "array[int]"
    traits: "tuple[array[int], ...]"
    """For each rule of traits that the policy asks: numbers, the same for the same trait."""
    steps_min: tuple[int, ...]
    """Of these rules: how far apart two traits must be."""
    peers: "array[int]"
    """The same number for people whom the rule of peers bars; UNKNOWN for whom it bars from nobody."""
    language_kind: "array[int]"
    language_words: "array[int]"
    """64 bits a word, `words_count` words for each kind of language set; where that is zero, where the numbers of each kind's languages
    begin and, last, where all end, then these numbers, sorted."""
    words_count: int
    """Nought where there are more than LANGUAGES_IN_WORDS_MAX languages."""
    hours_kind: "array[int]"
    masks: tuple[int, ...]
    """The different working weeks."""
    day_part: "array[int]"
    tie: "array[int]"
    bonus: "array[int]"
    reserve: "array[int]"
    related_at: "array[int]"
    related: "array[int]"
    topic_count: int

    @property
    def size(self) -> int:
        """How many people there are."""
        return len(self.positions)


def coded(book: RuleBook, seekers: Seekers) -> Coded:
    """Number the people of a pool."""
    members = [book.members[position] for position in seekers.positions]
    topics = sorted({*book.context.topic_weights, *(topic for member in members for topic, _ in member.offers)})
    number_by_topic = {topic: number for number, topic in enumerate(topics)}
    ties = array("Q", (book.ties[position] for position in seekers.positions))
    masks = [book.masks[position] for position in seekers.positions]
    sorted_masks = sorted(set(masks))
    number_by_mask = {mask: number for number, mask in enumerate(sorted_masks)}
    language_kind, language_words, words_count = _languages([book.common_rule.words_of(member) for member in members])
    offers_at, offer_topic, offer_level = _offers(members, number_by_topic, ties)
    wants_at, want_topic, want_gain, need, enough = _wants(book, members, number_by_topic)
    related_at, related = _related(book, seekers.positions)
    return Coded(
        positions=array("i", seekers.positions),
        offers_at=offers_at,
        offer_topic=offer_topic,
        offer_level=offer_level,
        wants_at=wants_at,
        want_topic=want_topic,
        want_gain=want_gain,
        need=need,
        enough=enough,
        band=array("b", (UNKNOWN if member.band is None else member.band for member in members)),
        department=_numbered([member.department for member in members]),
        traits=tuple(_traits(rule, members) for rule in book.apart_rules),
        steps_min=tuple(rule.steps_min(book.context) for rule in book.apart_rules),
        peers=_numbered([book.peers_key(position) for position in seekers.positions]),
        language_kind=language_kind,
        language_words=language_words,
        words_count=words_count,
        hours_kind=array("i", (number_by_mask[mask] for mask in masks)),
        masks=tuple(sorted_masks),
        day_part=array("b", (_day_part(mask) for mask in masks)),
        tie=ties,
        bonus=array("i", (seekers.bonuses[position] for position in seekers.positions)),
        reserve=array("i", (seekers.reserves[position] for position in seekers.positions)),
        related_at=related_at,
        related=related,
        topic_count=len(topics),
    )


def _numbered(names: Sequence[str | None]) -> "array[int]":
    number_by_name: dict[str | None, int] = {
        name: number for number, name in enumerate(sorted({name for name in names if name is not None}))
    }
    return array("i", (number_by_name.get(name, UNKNOWN) for name in names))


def _traits(rule: ApartRule, members: Sequence[PoolMember]) -> "array[int]":
    """Number the traits of a rule: a number stays what it is, names get one each, for any two of them are one step apart."""
    found = [rule.trait(member) for member in members]
    if any(isinstance(trait, str) for trait in found):
        return _numbered([trait if isinstance(trait, str) else None for trait in found])
    return array("i", (UNKNOWN if trait is None else int(trait) for trait in found))


def _languages(spoken: Sequence[frozenset[str]]) -> "tuple[array[int], array[int], int]":
    """Number the sets of words that people need in common; what one person alone has joins nobody and is left out."""
    speakers = Counter(chain.from_iterable(spoken))
    number_by_language = {language: number for number, language in enumerate(sorted(each for each in speakers if speakers[each] > 1))}
    shared = {
        kind: tuple(sorted(number_by_language[language] for language in kind if language in number_by_language)) for kind in set(spoken)
    }
    kinds = sorted(set(shared.values()))
    number_by_kind = {kind: number for number, kind in enumerate(kinds)}
    language_kind = array("i", (number_by_kind[shared[kind]] for kind in spoken))
    if len(number_by_language) > LANGUAGES_IN_WORDS_MAX:
        begins = accumulate((len(kind) for kind in kinds), initial=len(kinds) + 1)
        return language_kind, array("Q", chain(begins, chain.from_iterable(kinds))), 0
    words_count = max(1, -(-len(number_by_language) // 64))
    words = array("Q")
    for kind in kinds:
        bits = sum(1 << number for number in kind)
        words.extend(bits >> 64 * word & (1 << 64) - 1 for word in range(words_count))
    return language_kind, words, words_count


def _offers(
    members: Sequence[PoolMember], number_by_topic: dict[str, int], ties: Sequence[int]
) -> "tuple[array[int], array[int], array[int]]":
    begins, topics, levels = array("i", [0]), array("h"), array("b")
    for member, tie in zip(members, ties, strict=True):
        found = sorted((-level, mixed(tie ^ number_by_topic[topic]), number_by_topic[topic]) for topic, level in member.offers)
        topics.extend(topic for _, _, topic in found)
        levels.extend(-level for level, _, _ in found)
        begins.append(len(topics))
    return begins, topics, levels


def _wants(
    book: RuleBook, members: Sequence[PoolMember], number_by_topic: dict[str, int]
) -> "tuple[array[int], array[int], array[int], array[int], array[int]]":
    """Wants that weigh something, the most points first; then what each person needs, and how much is enough."""
    begins, topics, gains, need, enough = array("i", [0]), array("h"), array("i"), array("i"), array("i")
    for member in members:
        demand = book.exchange.weighed(member.wants)
        for topic, by_level in demand.gains:
            topics.append(number_by_topic[topic])
            gains.extend(by_level)
        begins.append(len(topics))
        need.append(demand.need)
        enough.append(demand.enough)
    return begins, topics, gains, need, enough


@lru_cache(maxsize=16_384)
def _day_part(mask: int) -> int:
    """The part of the day in the middle of most working minutes."""
    week = bin(mask)[:1:-1].ljust(7 * _DAY_MINUTES, "0")
    by_part = [0] * DAY_PARTS
    for start in range(0, 7 * _DAY_MINUTES, _PART_MINUTES):
        by_part[start % _DAY_MINUTES // _PART_MINUTES] += week.count("1", start, start + _PART_MINUTES)
    return max(range(DAY_PARTS), key=lambda part: sum(by_part[(part + step) % DAY_PARTS] for step in (-1, 0, 1)))


def _related(book: RuleBook, positions: Sequence[int]) -> "tuple[array[int], array[int]]":
    """Join what either side's record says of the other, by counting, without a set for each person (search.N2)."""
    number_by_id = {book.members[position].person_id: number for number, position in enumerate(positions)}
    ones, others = array("i"), array("i")
    for number, position in enumerate(positions):
        for other_id in book.named_ids(position):
            other = number_by_id.get(other_id)
            if other is not None and other != number:
                ones.extend((number, other))
                others.extend((other, number))
    begins = array("q", bytes(8 * (len(positions) + 1)))
    for number in ones:
        begins[number + 1] += 1
    for number in range(len(positions)):
        begins[number + 1] += begins[number]
    ends = begins[:]
    table = array("i", bytes(4 * len(ones)))
    for number, other in zip(ones, others, strict=True):
        table[ends[number]] = other
        ends[number] += 1
    for number in range(len(positions)):
        first, end = begins[number], begins[number + 1]
        if end - first > 1:
            table[first:end] = array("i", sorted(table[first:end]))
    return begins, table
