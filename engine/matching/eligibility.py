"""Whether two people may be paired, and the first rule that says no.

Decides: which hard rule bars a pair, in one fixed order.
Never knows: how good the pair is beyond "somebody learns enough" (matching/scoring), who gets whom (assigning/assignment).

Order of the rules, as in RULES: the two are one person · line of power · same manager · no room · excluded by either · forbidden by a
coordinator · past or present partners · resting after a lapse · no common language · too few shared hours · too few bands apart ·
same department · not active, paused, on leave, untrained, out of reach for days · too little to learn.

Invariants
    matching.E1  The answer is the same whichever of the two is asked about first.
    matching.E2  Rules are asked in the order of RULES, so one pair has one code.
    matching.E3  A lock waives LOCK_WAIVES and nothing else; people who are partners now are never proposed again, lock or not.
    matching.E4  Whether anybody declined before is visible here as `resting` alone.

Must stay in sync with: search/rule_book.RuleBook, which asks the same rules of everybody at once; a test compares the two.

Source: house rule.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from engine.matching.hours import TIMEZONE_DEFAULT, LocalHours, shared_week_minutes, week_mask
from engine.matching.line import PowerRelation, ReportingLine, power_between
from engine.matching.scoring import BANDS_APART_MAX, Benefit, Context, OfferedTopic, WantedTopic, benefit, pair_score
from schemas.frozen import Frozen, field
from schemas.terms.codes import EligibilityCode, Track
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

Bar = EligibilityCode
"""The rule that keeps two people apart."""

RULES: Final[tuple[Bar, ...]] = (
    EligibilityCode.SELF,
    EligibilityCode.REPORTING_LINE,
    EligibilityCode.SAME_MANAGER,
    EligibilityCode.CAPACITY,
    EligibilityCode.EXCLUDED,
    EligibilityCode.FORBIDDEN,
    EligibilityCode.PAST_PARTNER,
    EligibilityCode.RESTING,
    EligibilityCode.LANGUAGE,
    EligibilityCode.HOURS,
    EligibilityCode.BAND_GAP,
    EligibilityCode.CROSS_DEPARTMENT,
    EligibilityCode.NOT_ACTIVE,
    EligibilityCode.PAUSED,
    EligibilityCode.ON_LEAVE,
    EligibilityCode.TRAINING,
    EligibilityCode.NOT_YET,
    EligibilityCode.ONE_WAY,
)
LOCK_WAIVES: Final[frozenset[Bar]] = frozenset({EligibilityCode.RESTING, EligibilityCode.PAST_PARTNER, EligibilityCode.ONE_WAY})
STATUS_RULES: Final = (
    EligibilityCode.NOT_ACTIVE,
    EligibilityCode.PAUSED,
    EligibilityCode.ON_LEAVE,
    EligibilityCode.TRAINING,
    EligibilityCode.NOT_YET,
)
HISTORY_RULES: Final = (EligibilityCode.FORBIDDEN, EligibilityCode.PAST_PARTNER, EligibilityCode.RESTING)
_NO_WAIVER: Final[frozenset[Bar]] = frozenset()


class PoolMember(Frozen, kw_only=True):
    """Everything a round may know about one participant of the programme."""

    person_id: PersonId
    offers: tuple[OfferedTopic, ...] = ()
    wants: tuple[WantedTopic, ...] = ()
    band: int | None = None
    department: str | None = None
    """As names are compared (facts/names)."""
    timezone: str = TIMEZONE_DEFAULT
    hours: tuple[LocalHours, ...] = ()
    """None given stands for the default working week."""
    languages: frozenset[str] = frozenset({"en"})
    manager_id: PersonId | None = None
    line: tuple[PersonId, ...] = ()
    """Everybody above, nearest first."""
    dotted_line_ids: tuple[PersonId, ...] = ()
    excluded: frozenset[PersonId] = frozenset()
    """Whom the person excludes, or another programme's coordinator forbids. Confidential: bars pairs, is never shown or counted."""
    bars: Mapping[PersonId, EligibilityCode] = field(default_factory=lambda: MappingProxyType({}))
    """History with others: forbidden, past_partner or resting; one side's entry is enough."""
    partner_ids: frozenset[PersonId] = frozenset()
    """Partners of live pairs and of open proposals now; one side's entry is enough."""
    undecided_ids: frozenset[PersonId] = frozenset()
    """Those of `partner_ids` with whom there is only a proposal that takes no room any more."""
    room: int = 1
    """Capacity less live pairs and open proposals (rounds/room)."""
    live_count: int = 0
    """Live pairs and open proposals that take room."""
    has_pair: bool = False
    """Whether one of them is a live pair."""
    is_asked: bool = False
    """Whether there is a proposal to answer."""
    waiting_days: int = 0
    rounds_waited: int = 0
    is_first_in_queue: bool = False
    """Freed by circumstances: weighs like the longest wait and is tested against the reserve's floor."""
    is_first_round: bool = False
    """Whether no round before had anybody who was eligible for this person."""
    status: EligibilityCode | None = None
    """Why the person is not in the pool at all: one of STATUS_RULES."""

    @property
    def reporting_line(self) -> ReportingLine:
        """Everybody above; the manager alone while the line isn't known."""
        return ReportingLine(above=self.line or ((self.manager_id,) if self.manager_id else ()))

    @property
    def spoken(self) -> frozenset[str]:
        """Primary language subtags: British and American English meet in "en"."""
        return frozenset(tag.partition("-")[0].lower() for tag in self.languages)


class RoundContext(Frozen, kw_only=True):
    """What all pairs of one round are judged by."""

    track: Track
    bands_apart_min: int
    benefit_min: Fraction
    stretch_minutes: int
    """Of a session: one stretch of the shared time must be as long."""
    shared_week_minutes_min: int
    same_manager_allowed: bool
    cross_department_only: bool
    past_partner_allowed: bool
    week_of: date
    topic_weights: Mapping[str, int]

    @classmethod
    def of(cls, policy: Policy, *, week_of: date, topic_weights: Mapping[str, int]) -> "RoundContext":
        """Read a policy; a directed track needs one band at least, because the bands say who learns."""
        return cls(
            track=policy.track,
            bands_apart_min=max(policy.experience_gap_min, 0 if policy.track is Track.MUTUAL else 1),
            benefit_min=Fraction(str(policy.min_benefit_ratio)),
            stretch_minutes=policy.session_minutes,
            shared_week_minutes_min=max(60 * policy.shared_hours_min, policy.session_minutes),
            same_manager_allowed=policy.same_manager_allowed,
            cross_department_only=policy.cross_department_only,
            past_partner_allowed=policy.past_partner_allowed,
            week_of=week_of,
            topic_weights=topic_weights,
        )

    def mask(self, member: PoolMember) -> int:
        """Lay a member's hours over the week of the round."""
        return week_mask(member.hours, member.timezone, self.week_of)

    def shared_minutes(self, first_mask: int, second_mask: int) -> int:
        """Count the minutes of the week in which two people can meet: the one statement of what shared time is."""
        return shared_week_minutes(first_mask, second_mask, self.stretch_minutes)

    def has_shared_time(self, a: PoolMember, b: PoolMember) -> bool:
        """Say whether two members can meet: one stretch as long as a session, and enough hours a week in all."""
        return self.shared_minutes(self.mask(a), self.mask(b)) >= self.shared_week_minutes_min

    def benefit(self, learner: PoolMember, teacher: PoolMember) -> Benefit:
        """Measure what one member can learn from another."""
        return benefit(learner.wants, teacher.offers, self.topic_weights)

    def pair_context(self, a: PoolMember, b: PoolMember, shared_minutes: int | None = None) -> Context:
        """Describe what helps these two meet.

        Args:
            a: one of the two.
            b: the other.
            shared_minutes: of their weeks, if they are counted already.
        """
        minutes = self.shared_minutes(self.mask(a), self.mask(b)) if shared_minutes is None else shared_minutes
        return _context(minutes, is_other_department(a, b), bands_apart(a, b))

    def score(self, a: PoolMember, b: PoolMember) -> int:
        """Score two members, eligible or not, as published: without any bonus."""
        return self.score_of((a, b), (self.benefit(a, b), self.benefit(b, a)), self.pair_context(a, b))

    def score_of(self, pair: tuple[PoolMember, PoolMember], benefits: tuple[Benefit, Benefit], context: Context) -> int:
        """Score two members whose benefits, in the same order, and context are known."""
        is_in_order = (pair[0].band or 0) <= (pair[1].band or 0)
        lesser, greater = benefits if is_in_order else benefits[::-1]
        return pair_score(self.track, context.hundredths, less_experienced=lesser, more_experienced=greater)


@lru_cache(maxsize=16_384)
def _context(shared_minutes: int, is_other: bool, apart: int | None) -> Context:  # noqa: FBT001 - all three make the name of the entry
    return Context(shared_week_minutes=shared_minutes, is_other_department=is_other, bands_apart=apart)


def is_other_department(a: PoolMember, b: PoolMember) -> bool:
    """Say whether the departments are known and differ; missing data is no difference."""
    return a.department is not None and b.department is not None and a.department != b.department


def bands_apart(a: PoolMember, b: PoolMember) -> int | None:
    """Count the bands between two people up to BANDS_APART_MAX; None if either is unknown."""
    if a.band is None or b.band is None:
        return None
    return min(abs(a.band - b.band), BANDS_APART_MAX)


def bar_between(a: PoolMember, b: PoolMember, context: RoundContext, *, waived: frozenset[Bar] = _NO_WAIVER) -> Bar | None:
    """Name the first rule that bars a pair, or None if the two may meet.

    Args:
        a: one of the two.
        b: the other.
        context: the policy and topic weights to judge by.
        waived: rules not to ask: LOCK_WAIVES for a coordinator's lock.
    Order: that of RULES (matching.E2).
    """
    checks = (
        _bar_of_power(a, b, context, waived),
        _bar_of_history(a, b, context, waived),
        _bar_of_meeting(a, b, context, waived),
        _bar_of_status(a, b, waived),
    )
    for code in checks:
        if code is not None:
            return code
    if EligibilityCode.ONE_WAY not in waived and _is_one_way(a, b, context):
        return EligibilityCode.ONE_WAY
    return None


def _bar_of_power(a: PoolMember, b: PoolMember, context: RoundContext, waived: frozenset[Bar]) -> Bar | None:
    if a.person_id == b.person_id:
        return EligibilityCode.SELF
    power = power_between(a.person_id, a.reporting_line, b.person_id, b.reporting_line, same_manager_allowed=context.same_manager_allowed)
    is_dotted = a.person_id in b.dotted_line_ids or b.person_id in a.dotted_line_ids
    if (power is PowerRelation.REPORTING_LINE or is_dotted) and EligibilityCode.REPORTING_LINE not in waived:
        return EligibilityCode.REPORTING_LINE
    if power is PowerRelation.SAME_MANAGER and EligibilityCode.SAME_MANAGER not in waived:
        return EligibilityCode.SAME_MANAGER
    if min(a.room, b.room) < 1 and EligibilityCode.CAPACITY not in waived:
        return EligibilityCode.CAPACITY
    return None


def _bar_of_history(a: PoolMember, b: PoolMember, context: RoundContext, waived: frozenset[Bar]) -> Bar | None:
    if (b.person_id in a.excluded or a.person_id in b.excluded) and EligibilityCode.EXCLUDED not in waived:
        return EligibilityCode.EXCLUDED
    history = {a.bars.get(b.person_id), b.bars.get(a.person_id)} - waived
    if EligibilityCode.FORBIDDEN in history:
        return EligibilityCode.FORBIDDEN
    is_partner = b.person_id in a.partner_ids or a.person_id in b.partner_ids
    if is_partner or (EligibilityCode.PAST_PARTNER in history and not context.past_partner_allowed):
        return EligibilityCode.PAST_PARTNER
    return EligibilityCode.RESTING if EligibilityCode.RESTING in history else None


def _bar_of_meeting(a: PoolMember, b: PoolMember, context: RoundContext, waived: frozenset[Bar]) -> Bar | None:
    if a.spoken.isdisjoint(b.spoken) and EligibilityCode.LANGUAGE not in waived:
        return EligibilityCode.LANGUAGE
    if EligibilityCode.HOURS not in waived and not context.has_shared_time(a, b):
        return EligibilityCode.HOURS
    if EligibilityCode.BAND_GAP not in waived and not _is_gap_wide_enough(a, b, context):
        return EligibilityCode.BAND_GAP
    if context.cross_department_only and not is_other_department(a, b) and EligibilityCode.CROSS_DEPARTMENT not in waived:
        return EligibilityCode.CROSS_DEPARTMENT
    return None


def _is_gap_wide_enough(a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
    if context.bands_apart_min == 0:
        return True
    return a.band is not None and b.band is not None and abs(a.band - b.band) >= context.bands_apart_min


def _bar_of_status(a: PoolMember, b: PoolMember, waived: frozenset[Bar]) -> Bar | None:
    found = {a.status, b.status}
    return next((code for code in STATUS_RULES if code in found and code not in waived), None)


def _is_one_way(a: PoolMember, b: PoolMember, context: RoundContext) -> bool:
    """Say whether a direction that the track requires teaches too little (bands differ on a directed track: band_gap came before)."""
    numerator, denominator = context.benefit_min.as_integer_ratio()
    if context.track is Track.MUTUAL:
        return not all(context.benefit(x, y).is_at_least(numerator, denominator) for x, y in ((a, b), (b, a)))
    lesser, greater = (a, b) if (a.band or 0) <= (b.band or 0) else (b, a)
    learner, teacher = (greater, lesser) if context.track is Track.REVERSE else (lesser, greater)
    return not context.benefit(learner, teacher).is_at_least(numerator, denominator)
