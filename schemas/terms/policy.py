"""Policy: what changes a programme's decisions. Data in the log, never a setting.

Every field may be left out, or be null, and then has its default; two defaults depend on the track. A validated policy is
concrete: no field is left to be decided later.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from schemas.terms.catalogue import BUILT_IN_TOPICS
from schemas.terms.codes import Matcher, TopicFamily, Track
from schemas.terms.ids import TopicId, TopicIdField
from schemas.terms.policy_parts import Calendar, Question, built_in_questions, ids_once
from schemas.text.exact import ExactPart
from schemas.text.fields import ClockTime, Code, Count, Day, Ratio
from schemas.text.plain_words import NameForPeople, plain_name

Days = Annotated[int, Field(ge=1, le=3_660)]
DaysOrNone = Annotated[int, Field(ge=0, le=3_660)]
Hours = Annotated[int, Field(ge=0, le=168)]
Points = Annotated[int, Field(ge=0, le=1_000)]
_GAPPED: Mapping[Track, int] = {Track.MUTUAL: 0, Track.REVERSE: 1, Track.TRADITIONAL: 1}


class PolicyTopic(ExactPart):
    """One topic of a programme's catalogue."""

    id: Annotated[TopicIdField, AfterValidator(plain_name)]
    """Names the topic in offers, wants and exchanges."""
    family: Code[TopicFamily]
    name: NameForPeople
    """What people read."""


def _built_in_topics() -> tuple[PolicyTopic, ...]:
    return tuple(PolicyTopic(id=TopicId(topic), family=family, name=name) for topic, family, name in BUILT_IN_TOPICS)


def _gap_of_track(validated: Mapping[str, object]) -> int:
    track = validated.get("track", Track.MUTUAL)
    return _GAPPED[Track(str(track))]


def _training_of_track(validated: Mapping[str, object]) -> bool:
    return validated.get("track") == Track.REVERSE


class Policy(ExactPart):
    """One version of a programme's rules. Durations are whole days unless a name says otherwise."""

    track: Code[Track] = Track.MUTUAL
    experience_gap_min: Annotated[int, Field(ge=0, le=3)] = Field(default_factory=_gap_of_track)
    """How many experience bands two people must lie apart. 1 where the track is `reverse` or `traditional`, else 0."""
    min_benefit_ratio: Ratio = 0.25
    shared_hours_min: Annotated[int, Field(ge=0, le=168)] = 1
    """Working hours that two people must have in common each week, one stretch of them as long as a session."""
    cross_department_only: bool = False
    same_manager_allowed: bool = False
    past_partner_allowed: bool = False
    capacity_max: Annotated[int, Field(ge=1, le=5)] = 5
    round_every_days: Annotated[int, Field(ge=0, le=366)] = 1
    """Days from one round to the next; 0 for rounds on request only."""
    round_at: ClockTime = "06:00"
    """When a round begins."""
    reserve_start: Points = 550
    reserve_floor: Points = 250
    """The score that a pair must always reach, however long somebody has waited."""
    reserve_drop_per_day: Points = 10
    reserve_first_round: Points = 0
    """The score that a pair must reach in the first round in which anybody was eligible for a person."""
    wait_bonus: Points = 50
    first_pair_first: bool = True
    training_required: bool = Field(default_factory=_training_of_track)
    """Whether people are paired only after the short training. True where the track is `reverse`, else false."""
    stage_stands_for_band: bool = False
    topics: Annotated[tuple[PolicyTopic, ...], Field(strict=False, min_length=1, max_length=500), AfterValidator(ids_once)] = Field(
        default_factory=_built_in_topics
    )
    """What people can teach and learn; the built-in catalogue where nothing is said."""
    sessions_planned: Annotated[int, Field(ge=1, le=100)] = 6
    session_minutes: Annotated[int, Field(ge=5, le=480)] = 60
    cadence_days: Annotated[int, Field(ge=1, le=366)] = 30
    term_days: Days = 190
    concluding_days: Annotated[int, Field(ge=1, le=90)] = 14
    stall_days: Annotated[int, Field(ge=1, le=366)] = 45
    grace_days: Annotated[int, Field(ge=1, le=90)] = 14
    soft_landing_days: Annotated[int, Field(ge=0, le=90)] = 10
    resume_days: Annotated[int, Field(ge=1, le=90)] = 14
    conflict_days: Annotated[int, Field(ge=1, le=90)] = 14
    conflict_settle_hours: Hours = 24
    """How long a conflict waits before anybody is told."""
    departure_settle_hours: Hours = 4
    """How long a departure waits before anything follows from it."""
    away_question_days: Annotated[int, Field(ge=1, le=366)] = 30
    """How long an absence without an end lasts before the partner is asked."""
    rest_after_days: Annotated[int, Field(ge=0, le=366)] = 14
    """How long nobody is proposed after a completed pair."""
    consent_days: Annotated[int, Field(ge=1, le=90)] = 7
    room_days: Annotated[int, Field(ge=1, le=90)] = 3
    """How long an undecided proposal takes room."""
    eligible_after_days: DaysOrNone = 30
    """How long after the hire somebody is invited."""
    nudge_daily_cap: Annotated[int, Field(ge=1, le=50)] = 3
    quiet_from: ClockTime = "20:00"
    quiet_to: ClockTime = "08:00"
    """When the quiet hours end. No quiet hours where it equals `quiet_from`."""
    quiet_weekends: bool = True
    holidays: Annotated[tuple[Day, ...], Field(strict=False, max_length=500)] = ()
    calendars: Annotated[tuple[Calendar, ...], Field(strict=False, max_length=200), AfterValidator(ids_once)] = ()
    """Weekend days and holidays of some of the people. The first one that fits a person holds, else `quiet_weekends` and `holidays`."""
    holdout_percent: Annotated[int, Field(ge=0, le=100)] = 10
    k_min: Annotated[int, Field(ge=1, le=1_000)] = 5
    lapsed_rest_days: DaysOrNone = 180
    nudge_storm_per_day: Count = 0
    """How many nudges of a programme in one day park the rest. 0 for four per participant, at least 200."""
    matcher: Code[Matcher] = Matcher.AUCTION
    repair_at_term_end: bool = False
    """Whether every pair ends with its term, so that both are free for the next round."""
    debate_every_days: Annotated[int, Field(ge=0, le=366)] = 90
    """Days from one debate to the next; 0 for none."""
    questions: Annotated[tuple[Question, ...], Field(strict=False, min_length=1, max_length=200), AfterValidator(ids_once)] = Field(
        default_factory=built_in_questions
    )
    """Open questions for debates; the built-in ones where nothing is said."""
    circles: bool = False

    def is_holiday(self, day: date) -> bool:
        """Whether nobody should hear from the programme that day."""
        return day in self.holidays

    def families(self) -> dict[TopicId, TopicFamily]:
        """The family of each topic in the programme's catalogue."""
        return {topic.id: topic.family for topic in self.topics}


def changed_fields(policy: Policy) -> dict[str, Any]:
    """Return the fields of a policy that differ from the defaults of its track, and the track itself if it isn't the default."""
    values, defaults = policy.model_dump(mode="json"), Policy(track=policy.track).model_dump(mode="json")
    return {name: value for name, value in values.items() if value != (Policy().track if name == "track" else defaults[name])}
