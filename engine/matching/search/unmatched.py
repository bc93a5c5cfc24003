"""Why somebody got nobody in a round, and what would widen the choice.

Decides: one reason code for each person left out, and the one thing to change.
Never knows: the words in which a person reads it (consumers), when it is told (nudges/catalogue).

Whoever looks for a partner is compared with the people around: everybody else who is free now. Free is who has room and no status that
keeps a person out of rounds. Whom an exclusion or a coordinator keeps apart from the person is not there, for everything that is said.

Invariants
    search.W1  A person without any eligible option is told a rule, never to wait for a better one.
    search.W2  Everything told is what would be told if those whom an exclusion or a coordinator bars from the person, in either direction,
        were not there, nor anybody who isn't free. So neither a confidential list nor an absence can be read off a reason.
    search.W3  The rule told is the one that alone keeps most people around away; if none does alone, the one that keeps most away. Ties go
        by the order of the codes as published (docs/codes.md).
    search.W4  Whoever has options that fall short of the reserve is told which side of the exchange would raise them; the reserve falls by
        itself.
    search.W5  With fewer people around than the smallest group that is ever told of, that is the reason, whatever the rules say.
    search.W6  `options_taken` is told where somebody good enough was there and is proposed to another.
    search.W7  Whoever has a partner, or a proposal to answer, isn't waiting, even where the round looked for another partner.

Source: house rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from engine.matching.eligibility import ApartRule, Rule, own_state
from engine.matching.exchange import bits_of
from engine.matching.pool import PoolMember
from engine.matching.search.rule_book import RuleBook, set_among
from schemas.frozen import Frozen
from schemas.terms.codes import EligibilityCode, RoundStanding, Track, UnmatchedCode, WidenCode
from schemas.terms.ids import PersonId

COMPARED_MAX: Final = 2_000
"""People around who are looked at for one person's reason, lowest ids first."""
_AS_PUBLISHED: Final = tuple(EligibilityCode)
_NOBODY: Final = ()


class OptionCounts(Protocol):
    """The options of a round, by position."""

    @property
    def option_counts(self) -> Sequence[int]:
        """Eligible partners."""

    @property
    def worthy_counts(self) -> Sequence[int]:
        """Options that reach the reserve."""


class LeftOut(Frozen, kw_only=True):
    """One person left out."""

    person_id: PersonId
    code: EligibilityCode | UnmatchedCode
    widen: WidenCode
    standing: RoundStanding = RoundStanding.WAITING
    is_in_pool: bool = True
    """False for people with a status or without room: the round didn't look for anybody for them."""
    has_option: bool = True
    """False if no rule-abiding partner exists in the pool: counted in no_option_by_reason."""


def unmatched_reasons(book: RuleBook, found: OptionCounts, positions: Iterable[int], *, k_min: int) -> tuple[LeftOut, ...]:
    """Say for each of these positions why nobody came of the round.

    Args:
        book: the rules and all members.
        found: the options of the round.
        positions: of members without a proposal in the round.
        k_min: the smallest group of people that is told of.
    """
    left_out = tuple(positions)
    around = _Around(book, [position for position in left_out if own_state(book.members[position], book.state_rules) is None])
    return tuple(_reason(book, found, position, around, k_min) for position in left_out)


def _reason(book: RuleBook, found: OptionCounts, position: int, around: "_Around", k_min: int) -> LeftOut:
    member = book.members[position]
    own = own_state(member, book.state_rules)
    if own is not None:
        return _left_out(member, own, _widen(book.rules, own, member), is_in_pool=False, has_option=False)
    has_option = found.option_counts[position] > 0
    people = around.of(position)
    if people.bit_count() < k_min:
        return _left_out(member, UnmatchedCode.FEW_PEOPLE, WidenCode.PATIENCE, has_option=has_option)
    if found.worthy_counts[position]:
        return _left_out(member, UnmatchedCode.OPTIONS_TAKEN, WidenCode.PATIENCE)
    if has_option:
        return _left_out(member, UnmatchedCode.BELOW_RESERVE, around.widen_exchange(position, people))
    code = around.rule_in_the_way(position, people)
    widen = around.widen_exchange(position, people) if code is EligibilityCode.ONE_WAY else _widen(book.rules, code, member)
    return _left_out(member, code, widen, has_option=False)


def _left_out(
    member: PoolMember, code: EligibilityCode | UnmatchedCode, widen: WidenCode, *, is_in_pool: bool = True, has_option: bool = True
) -> LeftOut:
    standing = standing_of(member, is_in_pool=is_in_pool)
    return LeftOut(person_id=member.person_id, code=code, widen=widen, standing=standing, is_in_pool=is_in_pool, has_option=has_option)


def standing_of(member: PoolMember, *, is_in_pool: bool) -> RoundStanding:
    """Tell who has a partner, who has been asked and who waits (search.W7)."""
    if member.has_pair:
        return RoundStanding.MATCHED
    if member.is_asked:
        return RoundStanding.ASKED
    return RoundStanding.WAITING if is_in_pool else RoundStanding.AWAY


class _Around:
    """Whom people of a pool are compared with.

    A rule book of those concerned alone gives the same answers as that of a whole programme, for much less work where they are few.

    Args:
        book: the rules and all members.
        asked: positions of free people.
    """

    def __init__(self, book: RuleBook, asked: Sequence[int]) -> None:
        compared = [position for position, member in enumerate(book.members) if own_state(member, book.state_rules) is None][:COMPARED_MAX]
        concerned = sorted({*compared, *asked})
        is_apart = 2 * len(concerned) <= len(book.members)
        self._book = RuleBook([book.members[at] for at in concerned], book.context, book.round_ordinal, book.rules) if is_apart else book
        self._place_by_position: Mapping[int, int] = (
            {position: place for place, position in enumerate(concerned)} if is_apart else dict(zip(concerned, concerned, strict=True))
        )
        self._free = bits_of((self._place_by_position[position] for position in compared), len(self._book.members))

    def of(self, position: int) -> int:
        """Return everybody around one person (search.W2)."""
        place, free = self._place_by_position[position], self._free
        unseen = 1 << place
        for rule in self._book.named_rules:
            if rule.is_unseen:
                unseen |= set_among(self._book.named(rule).get(place, _NOBODY), free)
        return free & ~unseen

    def rule_in_the_way(self, position: int, people: int) -> EligibilityCode:
        """Name the decisive rule (search.W3); with nobody whom any rule bars, that of the exchange."""
        barred = self._book.bars(self._place_by_position[position], among=people)
        once = twice = 0
        for bits in barred.values():
            twice |= once & bits
            once |= bits
        alone = {rule: (bits & ~twice).bit_count() for rule, bits in barred.items()}
        counted = alone if any(alone.values()) else {rule: bits.bit_count() for rule, bits in barred.items()}
        rule = max(_AS_PUBLISHED, key=lambda rule: counted.get(rule, 0))
        return rule if counted.get(rule) else EligibilityCode.ONE_WAY

    def widen_exchange(self, position: int, people: int) -> WidenCode:
        """Ask for the side of the exchange that finds fewer people; a directed track asks for what the person is there for."""
        teachers_count, learners_count = self._book.exchange.sides(self._place_by_position[position], people)
        if self._book.context.track is Track.MUTUAL:
            return WidenCode.WANTS if teachers_count <= learners_count else WidenCode.OFFERS
        return WidenCode.OFFERS if learners_count <= teachers_count else WidenCode.WANTS


def _widen(rules: Iterable[Rule], code: EligibilityCode, member: PoolMember) -> WidenCode:
    """Say what the person could change, by the line of the rule."""
    rule = next(rule for rule in rules if rule.code is code)
    return rule.widen_if_unknown if isinstance(rule, ApartRule) and rule.trait(member) is None else rule.widen
