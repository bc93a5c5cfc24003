"""The people of a round, and what their pairs are judged by.

Decides: what a round may know of one participant; how a policy reads for one round.
Never knows: which rule bars a pair (matching/eligibility), where members come from (rounds/pool).

Source: house rule.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

from engine.matching.hours import TIMEZONE_DEFAULT, LocalHours, shared_week_minutes, week_mask
from engine.matching.line import ReportingLine
from engine.matching.scoring import BANDS_APART_MAX, Benefit, Context, OfferedTopic, WantedTopic, benefit, pair_score
from schemas.frozen import Frozen, field
from schemas.terms.codes import EligibilityCode, Track
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy


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
    """Why the person is not in the pool at all: one of STATUS_CODES (matching/eligibility)."""

    @property
    def reporting_line(self) -> ReportingLine:
        """Everybody above; the manager alone while the line isn't known."""
        return ReportingLine(above=self.line or ((self.manager_id,) if self.manager_id else ()))

    @property
    def spoken(self) -> frozenset[str]:
        """Primary language subtags: British and American English meet in "en"."""
        return _subtags(self.languages)


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
def _subtags(languages: frozenset[str]) -> frozenset[str]:
    return frozenset(tag.partition("-")[0].lower() for tag in languages)


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
