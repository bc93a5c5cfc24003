"""What fills a nudge: one model per key. Ids, instants, topics, families and answers; no text but the names that a policy gave."""

from typing import Annotated

from pydantic import Field

from schemas.base import Part
from schemas.nudges.answers import AnswerOptions
from schemas.terms.codes import EligibilityCode, ProfilePart, TopicFamily, UnmatchedCode, WidenCode
from schemas.terms.ids import PairingIdField, PersonIdField, ProgrammeIdField, SessionIdField, TopicIdField
from schemas.text.fields import ClockTime, ClockTimeEnd, Code, Count, Day, Instant, Language, Minutes, Omittable, Ordinal, Ratio, ShortText

Families = Annotated[tuple[Code[TopicFamily], ...], Field(strict=False, max_length=12)]
PairingIds = Annotated[tuple[PairingIdField, ...], Field(strict=False, max_length=200)]


class NamedTopic(Part):
    """A topic, and what the programme's catalogue calls it."""

    topic: TopicIdField
    name: ShortText
    """What the programme's catalogue calls it."""


class NudgeParams(Part):
    """Every nudge is about a programme; one that asks something says how to answer."""

    programme_id: ProgrammeIdField
    programme_name: Omittable[ShortText] = None
    """What the coordinator calls it, or else its id."""
    answers: Omittable[AnswerOptions] = None


class PairParams(NudgeParams):
    """A nudge about a pair names the pairing and the other side."""

    pairing_id: PairingIdField
    partner_id: PersonIdField


class OpenInvitationParams(NudgeParams):
    """No field says who nominated, or why."""


class ProfileIncompleteParams(NudgeParams):
    """What the profile still lacks."""

    missing: Annotated[tuple[Code[ProfilePart], ...], Field(strict=False, max_length=2)]
    """Which parts are empty."""


class OfferRecorded(Part):
    """A topic that the person can teach, with its name."""

    topic: TopicIdField
    name: ShortText
    """What the programme's catalogue calls it."""
    level: Annotated[int, Field(ge=1, le=3)]


class WantRecorded(Part):
    """A topic that the person would like to learn, with its name."""

    topic: TopicIdField
    name: ShortText
    """What the programme's catalogue calls it."""
    importance: Annotated[int, Field(ge=1, le=3)]
    own_level: Annotated[int, Field(ge=0, le=2)]


class HoursRecorded(Part):
    """A stretch of a weekday, local time."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    from_: Annotated[ClockTime, Field(validation_alias="from", serialization_alias="from")]
    to: ClockTimeEnd


class EnrolmentRecordedParams(NudgeParams):
    """What a form said in the person's name. No field says who brought it, whom the person excludes, or which band it named."""

    offers: Annotated[tuple[OfferRecorded, ...], Field(strict=False, max_length=40)]
    wants: Annotated[tuple[WantRecorded, ...], Field(strict=False, max_length=40)]
    has_experience_band: bool
    hours: Annotated[tuple[HoursRecorded, ...], Field(strict=False, max_length=42)] = ()
    languages: Annotated[tuple[Language, ...], Field(strict=False, max_length=20)] = ()
    capacity: Annotated[int, Field(ge=1, le=5)]


class Lesson(NamedTopic):
    """What one of the two learns from the other."""

    person_id: PersonIdField
    """Who learns."""
    level: Annotated[int, Field(ge=1, le=3)]
    """What the other one offers."""
    own_level: Annotated[int, Field(ge=0, le=2)]


class _ProposalParams(PairParams):
    proposal_version: Ordinal
    learns: Omittable[Annotated[tuple[Lesson, ...], Field(strict=False, min_length=1, max_length=80)]] = None
    """What each of the two learns, the same to both: in the order of the two ids, the heaviest first."""
    answer_by: Instant


class ProposalReadyParams(_ProposalParams):
    """A proposal to answer."""


class AnswerProposalParams(_ProposalParams):
    """The same, some days later."""


class PairingStartedParams(PairParams):
    """Both said yes."""


class BookFirstSessionParams(PairParams):
    """Nothing is booked yet."""


class SessionTomorrowParams(PairParams):
    """A session is near: tomorrow, or after a weekend and holidays."""

    session_id: SessionIdField
    starts_at: Instant
    duration_minutes: Omittable[Minutes] = None
    days_ahead: Omittable[Count] = None
    """Local days from the reminder's to the session's; 0 only where it was booked too late for an earlier one."""


class LogSessionParams(PairParams):
    """A booked time passed without a report."""

    session_id: SessionIdField
    ended_at: Instant


class BookNextSessionParams(PairParams):
    """The last session is a while ago."""

    last_session_at: Omittable[Instant] = None


class ShareFeedbackParams(PairParams):
    """The same questions for both sides."""

    session_id: Omittable[SessionIdField] = None


class FlipRolesParams(PairParams):
    """Who could teach now, the same to both: the side that has taught less, and what."""

    teacher_id: Omittable[PersonIdField] = None
    topics: Annotated[tuple[NamedTopic, ...], Field(strict=False, max_length=10)] = ()


class OpenDebateParams(PairParams):
    """A topic without a teacher."""

    topic: Omittable[TopicIdField] = None
    topic_name: Omittable[ShortText] = None


class BroadenTopicParams(PairParams):
    """Families that the pair has not touched."""

    families: Families = ()


class ProtectTheTimeParams(PairParams):
    """Two sessions in a row were given up."""

    next_session_at: Omittable[Instant] = None


class StillRightForYouParams(PairParams):
    """A neutral exit; silence means go on."""


class PairingQuietParams(PairParams):
    """Nothing was held or booked for long."""

    ends_at: Omittable[Instant] = None


class FindATimeParams(PairParams):
    """The two have no stretch of time in common that is long enough for a session."""

    session_minutes: Minutes


class PartnerAwayParams(PairParams):
    """The other side has been away for long, nobody says why or until when: wait, look for somebody meanwhile, or end."""


class PairingPausedParams(PairParams):
    """Paused, never why."""

    until_on: Omittable[Day] = None


class PairingResumableParams(PairParams):
    """Both are there again."""

    answer_by: Omittable[Instant] = None


class PairingEndedParams(PairParams):
    """Over. No field for a code: the other side's choice is not for telling."""

    first_in_next_round: Omittable[bool] = None
    """True for whoever comes first in the next round, where saying so tells nothing about the other."""


class PartnerFoundNextParams(PairParams):
    """Retired: `pairing_ended` says it."""


class ConflictChoiceParams(PairParams):
    """Two private choices; no field for what came between."""

    answer_by: Omittable[Instant] = None


class ConcludingParams(PairParams):
    """Retired: `renew_or_finish` says it."""

    answer_by: Omittable[Instant] = None


class RenewOrFinishParams(PairParams):
    """The term is done: another one, or a good end."""

    answer_by: Omittable[Instant] = None


class ConvertOfferParams(PairParams):
    """Go on as equals."""

    answer_by: Omittable[Instant] = None


class WaitingUpdateParams(NudgeParams):
    """Why nobody was found, which rules stand in the way and what would widen the choice."""

    waiting_since: Instant
    reason: Omittable[Code[EligibilityCode] | Code[UnmatchedCode]] = None
    """Of the last round: a rule, that options were taken or fell short of the reserve, or that few people are free."""
    rules: Omittable[Annotated[tuple[Code[EligibilityCode], ...], Field(strict=False, max_length=16)]] = None
    """The rule, where one is the reason."""
    widen: Annotated[tuple[Code[WidenCode], ...], Field(strict=False, max_length=9)] = ()


class StillTakingPartParams(NudgeParams):
    """Still with us, or anything to change? It says nothing of proposals, nor of answers to them."""


class MentorCircleParams(NudgeParams):
    """Retired: not sent any more."""

    families: Families = ()


class CoordinatorMomentumParams(NudgeParams):
    """Pairings whose sessions keep being given up."""

    pairing_ids: PairingIds = ()


class CoordinatorStuckParams(NudgeParams):
    """Pairings that don't move."""

    pairing_ids: PairingIds = ()


class CoordinatorConflictParams(NudgeParams):
    """How many pairings conflict, by rule only: the coordinator sees a code, not a story."""

    code: Omittable[Code[EligibilityCode]] = None
    """The rule that stands in the way."""
    pairings_count: Omittable[Count] = None


class CoordinatorRoundAlarmParams(NudgeParams):
    """A round fell short of its bound."""

    round: Ordinal
    optimal_ratio: Ratio


class CoordinatorStormParams(NudgeParams):
    """Intents were parked until somebody looks."""

    parked_count: Count


class CoordinatorDeparturesParams(NudgeParams):
    """So many people depart at once that the programme waits for a word."""

    departures_count: Count
    waits_until: Instant
