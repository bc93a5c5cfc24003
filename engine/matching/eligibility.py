"""Whether two people may be paired, and the first rule that says no.

Decides: which hard rule bars a pair, in one fixed order.
Never knows: how good the pair is beyond "somebody learns enough" (matching/scoring), who gets whom (assigning/assignment).

A hard rule is one line of HARD_RULES. Its form says how it judges: by ids that one side's record names, by a manager in common, by the
state of one person, by words in common, by a distance, by hours, by what is learned. Every search knows the forms, none knows a rule: the
rule book (search/rule_book), kinds (search/kinds), numbers (search/coded, search/bounded) and the compiled lists read the lines.

Invariants
    matching.E1  The answer is the same whichever of the two is asked about first.
    matching.E2  Rules are asked in the order of HARD_RULES, so one pair has one code.
    matching.E3  A lock waives LOCK_WAIVES and nothing else; people who are partners now are never proposed again, lock or not.
    matching.E4  Whether anybody declined before is visible here as `resting` alone.

Source: house rule; decision 0203 (a hard rule is one line).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeAlias, TypeVar

from engine.matching.pool import PoolMember, RoundContext
from schemas.frozen import Frozen
from schemas.terms.codes import EligibilityCode, Track, WidenCode
from schemas.terms.ids import PersonId


class HardRule(Frozen, kw_only=True):
    """What all rules say of themselves, whatever their form."""

    code: EligibilityCode
    words: str
    """Why somebody has no option, in a report."""
    widen: WidenCode = WidenCode.PATIENCE
    """What the person could change."""
    is_waived_by_lock: bool = False
    is_never_waived: bool = False


class NamedRule(HardRule, kw_only=True):
    """Bars two people if either one's record names the other."""

    names: Callable[[PoolMember, RoundContext], Iterable[PersonId]]
    is_unseen: bool = False
    """Whoever is named is not there, in all that the other is told (search.W2)."""

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
        """Say whether the rule stands between two people."""
        return b.person_id in self.names(a, context) or a.person_id in self.names(b, context)


class PeersRule(HardRule, kw_only=True):
    """Bars two people with the same known key. The searches hold one rule of this form, for they keep one key for each person."""

    key: Callable[[PoolMember, RoundContext], PersonId | None]

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
        """Say whether the rule stands between two people."""
        key = self.key(a, context)
        return key is not None and key == self.key(b, context)


class StateRule(HardRule, kw_only=True):
    """Bars everybody from a person in some state, who is not in the pool then."""

    holds: Callable[[PoolMember], bool]

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:  # noqa: ARG002 - all forms are asked alike
        """Say whether the rule stands between two people."""
        return self.holds(a) or self.holds(b)


class StatusRule(HardRule, kw_only=True):
    """Bars everybody from a person whose status is the rule's code."""

    def holds(self, member: PoolMember) -> bool:
        """Say whether a person is in this state."""
        return member.status is self.code

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:  # noqa: ARG002 - all forms are asked alike
        """Say whether the rule stands between two people."""
        return self.holds(a) or self.holds(b)


class CommonRule(HardRule, kw_only=True):
    """Bars two people who have no word in common. The searches hold one rule of this form."""

    words_of: Callable[[PoolMember], frozenset[str]]

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:  # noqa: ARG002 - all forms are asked alike
        """Say whether the rule stands between two people."""
        return self.words_of(a).isdisjoint(self.words_of(b))


Trait: TypeAlias = int | str | None
"""What two people must differ in: a number from 0 on, or a name; None if it is unknown."""


class ApartRule(HardRule, kw_only=True):
    """Bars two people whose traits are less than some steps apart, or not both known. Names that differ are one step apart."""

    trait: Callable[[PoolMember], Trait]
    steps_min: Callable[[RoundContext], int]
    """Nought if the policy doesn't ask."""
    widen_if_unknown: WidenCode = WidenCode.PATIENCE

    def too_near(self, trait: int | str, context: RoundContext) -> Sequence[int | str]:
        """List the known traits that are too near to a trait."""
        if isinstance(trait, str):
            return (trait,)
        steps_min = self.steps_min(context)
        return range(max(0, trait - steps_min + 1), trait + steps_min)

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
        """Say whether the rule stands between two people."""
        one, other = self.trait(a), self.trait(b)
        return self.steps_min(context) > 0 and (one is None or other is None or other in self.too_near(one, context))


class HoursRule(HardRule, kw_only=True):
    """Bars two people whose weeks share too little time. The minutes weigh in the score too, so the searches know this form in person."""

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
        """Say whether the rule stands between two people."""
        return not context.has_shared_time(a, b)


class LearningRule(HardRule, kw_only=True):
    """Bars two people where a direction that the track requires teaches too little. The exchange weighs in the score too."""

    def bars(self, a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
        """Say whether the rule stands between two people (bands differ on a directed track: band_gap came before)."""
        numerator, denominator = context.benefit_min.as_integer_ratio()
        if context.track is Track.MUTUAL:
            return not all(context.benefit(x, y).is_at_least(numerator, denominator) for x, y in ((a, b), (b, a)))
        lesser, greater = (a, b) if (a.band or 0) <= (b.band or 0) else (b, a)
        learner, teacher = (greater, lesser) if context.track is Track.REVERSE else (lesser, greater)
        return not context.benefit(learner, teacher).is_at_least(numerator, denominator)


Rule: TypeAlias = NamedRule | PeersRule | StateRule | StatusRule | CommonRule | ApartRule | HoursRule | LearningRule
RuleForm = TypeVar("RuleForm", bound=HardRule)


def _with_past(code: EligibilityCode) -> Callable[[PoolMember, RoundContext], Iterable[PersonId]]:
    return lambda member, _: [other_id for other_id, past in member.bars.items() if past is code]


def _past_partners(member: PoolMember, context: RoundContext) -> Iterable[PersonId]:
    return () if context.past_partner_allowed else _with_past(EligibilityCode.PAST_PARTNER)(member, context)


HARD_RULES: Final[tuple[Rule, ...]] = (
    NamedRule(code=EligibilityCode.SELF, words="Nobody else takes part", names=lambda m, _: (m.person_id,), is_never_waived=True),
    NamedRule(
        code=EligibilityCode.REPORTING_LINE,
        words="The others are in the person's reporting line",
        names=lambda m, _: (*m.reporting_line.above, *m.dotted_line_ids),
    ),
    PeersRule(
        code=EligibilityCode.SAME_MANAGER,
        words="The others have the same manager",
        key=lambda m, context: None if context.same_manager_allowed else m.reporting_line.manager_id,
    ),
    StateRule(
        code=EligibilityCode.CAPACITY,
        words="Everybody else has a partner already",
        widen=WidenCode.CAPACITY,
        holds=lambda m: m.room < 1,
    ),
    NamedRule(
        code=EligibilityCode.EXCLUDED,
        words="A choice that stays private",
        names=lambda m, _: m.excluded,
        is_unseen=True,
    ),
    NamedRule(
        code=EligibilityCode.FORBIDDEN,
        words="The coordinator keeps the two apart",
        names=_with_past(EligibilityCode.FORBIDDEN),
        is_unseen=True,
    ),
    NamedRule(
        code=EligibilityCode.PAST_PARTNER,
        words="They have been partners already",
        names=lambda m, _: m.partner_ids,
        is_never_waived=True,
    ),
    NamedRule(
        code=EligibilityCode.PAST_PARTNER,
        words="They have been partners already",
        names=_past_partners,
        is_waived_by_lock=True,
    ),
    NamedRule(
        code=EligibilityCode.RESTING,
        words="A recent proposal is resting",
        names=_with_past(EligibilityCode.RESTING),
        is_waived_by_lock=True,
    ),
    CommonRule(
        code=EligibilityCode.LANGUAGE,
        words="No language in common",
        widen=WidenCode.LANGUAGES,
        words_of=lambda m: m.spoken,
    ),
    HoursRule(code=EligibilityCode.HOURS, words="Too few working hours in common", widen=WidenCode.HOURS),
    ApartRule(
        code=EligibilityCode.BAND_GAP,
        words="The track asks for a larger gap of experience",
        trait=lambda m: m.band,
        steps_min=lambda context: context.bands_apart_min,
        widen_if_unknown=WidenCode.EXPERIENCE_BAND,
    ),
    ApartRule(
        code=EligibilityCode.CROSS_DEPARTMENT,
        words="The others are in the same department",
        trait=lambda m: m.department,
        steps_min=lambda context: int(context.cross_department_only),
    ),
    StatusRule(code=EligibilityCode.NOT_ACTIVE, words="Not at work"),
    StatusRule(code=EligibilityCode.PAUSED, words="Taking a break", widen=WidenCode.RESUME),
    StatusRule(code=EligibilityCode.ON_LEAVE, words="On leave"),
    StatusRule(code=EligibilityCode.TRAINING, words="The short training is still to come", widen=WidenCode.TRAINING),
    StatusRule(code=EligibilityCode.NOT_YET, words="Out of reach for some days"),
    LearningRule(code=EligibilityCode.ONE_WAY, words="Only one of the two would learn", is_waived_by_lock=True),
)
"""In the order in which they are asked (matching.E2)."""

RULE_CODES: Final = tuple(dict.fromkeys(rule.code for rule in HARD_RULES))
STATUS_CODES: Final = tuple(rule.code for rule in HARD_RULES if isinstance(rule, StatusRule))
LOCK_WAIVES: Final = frozenset(rule.code for rule in HARD_RULES if rule.is_waived_by_lock)
_NO_WAIVER: Final[frozenset[EligibilityCode]] = frozenset()


def rules_of_form(form: type[RuleForm], rules: Iterable[HardRule] = HARD_RULES) -> tuple[RuleForm, ...]:
    """Pick the rules of one form, in their order."""
    return tuple(rule for rule in rules if isinstance(rule, form))


def one_rule_of_form(form: type[RuleForm], rules: Iterable[HardRule] = HARD_RULES) -> RuleForm:
    """Pick the one rule of a form that searches hold once."""
    (rule,) = rules_of_form(form, rules)
    return rule


def bar_between(
    a: PoolMember,
    b: PoolMember,
    context: RoundContext,
    *,
    waived: Collection[EligibilityCode] = _NO_WAIVER,
    rules: Iterable[Rule] = HARD_RULES,
) -> EligibilityCode | None:
    """Name the first rule that bars a pair, or None if the two may meet.

    Args:
        a: one of the two.
        b: the other.
        context: the policy and topic weights to judge by.
        waived: rules not to ask: LOCK_WAIVES for a coordinator's lock.
        rules: the hard rules.
    Order: that of the rules (matching.E2).
    """
    for rule in rules:
        if (rule.is_never_waived or rule.code not in waived) and rule.bars(a, b, context):
            return rule.code
    return None


def own_state(member: PoolMember, rules: Iterable[StateRule]) -> EligibilityCode | None:
    """Say why somebody is not in the pool: the status, else the first state that keeps the person out."""
    return member.status or next((rule.code for rule in rules if rule.holds(member)), None)


def pool_positions(members: Sequence[PoolMember], rules: Iterable[Rule] = HARD_RULES) -> list[int]:
    """List the positions of the members for whom a round looks for somebody."""
    state_rules = rules_of_form(StateRule, rules)
    return [position for position, member in enumerate(members) if own_state(member, state_rules) is None]


def is_apart_enough(one: int, other: int, steps_min: int) -> bool:
    """Say what ApartRule says of two traits in numbers, below zero if unknown. The compiled way compiles this function."""
    return one >= 0 and other >= 0 and abs(one - other) >= steps_min
