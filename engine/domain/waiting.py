"""Why somebody got nobody in a round, and what would widen the choice.

Decides: one reason code for each person left out, and the one thing to change.
Never knows: the words in which a person reads it (consumers), when it is told (domain/nudging).

Invariants
    W1  A person without any eligible option is told a rule, never to wait for a better one.
    W2  An exclusion and somebody else's state (leave, pause, training, departure) are told as `capacity`: nobody suitable has room.
        So no confidential list and no absence can be read off a reason.
    W3  The rule told is the one that bars most of the people with whom there is something to teach or to learn; ties go by RULES.
    W4  Whoever has options that fall short of the reserve is told which side of the exchange would raise them; the reserve falls by itself.

Source: house rule.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from engine.domain.eligibility import RULES, STATUS_RULES, Bar, PoolMember
from engine.domain.exchange import bits_of, positions_of
from engine.domain.rule_book import RuleBook
from schemas.codes import EligibilityCode, Track, UnmatchedCode, WidenCode
from schemas.ids import PersonId

COMPARED_MAX: Final = 2_000
"""People looked at for one person's reason, lowest ids first."""
PRIVATE_RULES: Final[frozenset[Bar]] = frozenset({EligibilityCode.EXCLUDED, *STATUS_RULES})

_WIDEN_OF_OWN_STATE: Final[dict[Bar, WidenCode]] = {
    EligibilityCode.CAPACITY: WidenCode.CAPACITY,
    EligibilityCode.TRAINING: WidenCode.TRAINING,
    EligibilityCode.PAUSED: WidenCode.RESUME,
}


class Found(Protocol):
    """The options of a round, by position."""

    @property
    def option_counts(self) -> Sequence[int]:
        """Eligible partners."""

    @property
    def worthy_counts(self) -> Sequence[int]:
        """Options that reach the reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched:
    """One person left out."""

    person_id: PersonId
    code: Bar | UnmatchedCode
    widen: WidenCode
    is_in_pool: bool = True
    """False for people with a status or without room: the round didn't look for anybody for them."""
    has_option: bool = True
    """False if no rule-abiding partner exists in the pool: counted in no_option_by_reason."""


def unmatched_reasons(book: RuleBook, found: Found, positions: Iterable[int]) -> tuple[Unmatched, ...]:
    """Say for each of these positions why nobody came of the round.

    Args:
        book: the rules and all members.
        found: the options of the round.
        positions: of members without a proposal in the round.
    """
    left_out = tuple(positions)
    pool = [position for position in left_out if _own_state(book.members[position]) is None]
    rules = dict(_rules_in_the_way(book, [position for position in pool if not found.option_counts[position]]))
    falls_short = [position for position in pool if found.option_counts[position] and not found.worthy_counts[position]]
    one_way = [position for position, (_, decisive) in rules.items() if decisive is EligibilityCode.ONE_WAY]
    sides = book.exchange.sides([*falls_short, *one_way])
    return tuple(_reason(book, found, position, (rules, sides)) for position in left_out)


def _reason(
    book: RuleBook, found: Found, position: int, known: tuple[Mapping[int, tuple[Bar, Bar]], Mapping[int, tuple[int, int]]]
) -> Unmatched:
    member, (rules, sides) = book.members[position], known
    own = _own_state(member)
    if own is not None:
        widen = _WIDEN_OF_OWN_STATE.get(own, WidenCode.PATIENCE)
        return Unmatched(person_id=member.person_id, code=own, widen=widen, is_in_pool=False, has_option=False)
    if found.worthy_counts[position]:
        return Unmatched(person_id=member.person_id, code=UnmatchedCode.OPTIONS_TAKEN, widen=WidenCode.PATIENCE)
    if found.option_counts[position]:
        return Unmatched(
            person_id=member.person_id, code=UnmatchedCode.BELOW_RESERVE, widen=_widen_exchange(book.context.track, *sides[position])
        )
    code, decisive = rules[position]
    widen = _widen_exchange(book.context.track, *sides[position]) if decisive is EligibilityCode.ONE_WAY else _widen(member, decisive)
    return Unmatched(person_id=member.person_id, code=code, widen=widen, has_option=False)


def _own_state(member: PoolMember) -> Bar | None:
    """Say why somebody isn't in the pool."""
    return member.status or (EligibilityCode.CAPACITY if member.room < 1 else None)


def _rules_in_the_way(book: RuleBook, asked: Sequence[int]) -> Iterator[tuple[int, tuple[Bar, Bar]]]:
    """Name for each position the rule that bars most people, and the rule that alone keeps most of them away.

    Everybody asks among those it is compared with. Where these are a few of many, a rule book of them alone gives the same answers:
    their order is the same, so each one's lowest partners are too.
    """
    concerned = bits_of(asked, len(book.members))
    if 2 * len(asked) <= len(book.members):
        for position in asked:
            concerned |= book.exchange.first_partners(position, COMPARED_MAX)
    if 2 * concerned.bit_count() > len(book.members):
        for position in asked:
            yield position, _rule_in_the_way(book, position)
        return
    positions = list(positions_of(concerned))
    apart = RuleBook([book.members[position] for position in positions], book.context, book.round_ordinal)
    place_by_position = {position: place for place, position in enumerate(positions)}
    for position in asked:
        yield position, _rule_in_the_way(apart, place_by_position[position])


def _rule_in_the_way(book: RuleBook, position: int) -> tuple[Bar, Bar]:
    barred = book.bars(position, among=book.exchange.first_partners(position, COMPARED_MAX))
    told: dict[Bar, int] = dict.fromkeys(RULES, 0)
    alone: dict[Bar, int] = dict.fromkeys(RULES, 0)
    seen = once = twice = 0
    for rule in RULES:
        public = EligibilityCode.CAPACITY if rule in PRIVATE_RULES else rule
        told[public] += (barred[rule] & ~seen).bit_count()
        seen |= barred[rule]
        twice |= once & barred[rule]
        once |= barred[rule]
    for rule in RULES:
        public = EligibilityCode.CAPACITY if rule in PRIVATE_RULES else rule
        alone[public] += (barred[rule] & once & ~twice).bit_count()
    code = max(RULES, key=lambda rule: told[rule])
    if told[code] == 0:
        return EligibilityCode.ONE_WAY, EligibilityCode.ONE_WAY
    decisive = max(RULES, key=lambda rule: alone[rule])
    return code, decisive if alone[decisive] else code


def _widen(member: PoolMember, rule: Bar) -> WidenCode:
    match rule:
        case EligibilityCode.LANGUAGE:
            return WidenCode.LANGUAGES
        case EligibilityCode.HOURS:
            return WidenCode.HOURS
        case EligibilityCode.BAND_GAP if member.band is None:
            return WidenCode.EXPERIENCE_BAND
        case _:
            return WidenCode.PATIENCE


def _widen_exchange(track: Track, teachers_count: int, learners_count: int) -> WidenCode:
    """Ask for the side of the exchange that finds fewer people; a directed track asks for what the person is there for."""
    if track is Track.MUTUAL:
        return WidenCode.WANTS if teachers_count <= learners_count else WidenCode.OFFERS
    return WidenCode.OFFERS if learners_count <= teachers_count else WidenCode.WANTS
