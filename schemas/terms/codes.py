"""Closed sets of names that travel in events. Values are stable once published; a value is never reused."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a record became a dead letter."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    SCHEMA_INVALID = "schema_invalid"
    UNKNOWN_TYPE = "unknown_type"
    UNSUPPORTED_VERSION = "unsupported_version"
    FUTURE_TIME = "future_time"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    NOT_THE_PERSON = "not_the_person"
    UNKNOWN_PAIRING = "unknown_pairing"
    UNKNOWN_PROGRAMME = "unknown_programme"
    UNKNOWN_NUDGE = "unknown_nudge"
    STALE_ANSWER = "stale_answer"
    PROCESSING_FAILED = "processing_failed"


class EligibilityCode(StrEnum):
    """The hard rules of pairing: which one keeps two people, or one person, from being proposed."""

    SELF = "self"
    REPORTING_LINE = "reporting_line"
    SAME_MANAGER = "same_manager"
    CAPACITY = "capacity"
    EXCLUDED = "excluded"
    FORBIDDEN = "forbidden"
    PAST_PARTNER = "past_partner"
    RESTING = "resting"
    LANGUAGE = "language"
    HOURS = "hours"
    BAND_GAP = "band_gap"
    NOT_ACTIVE = "not_active"
    PAUSED = "paused"
    ON_LEAVE = "on_leave"
    TRAINING = "training"
    NOT_YET = "not_yet"
    """Can't be told of a proposal soon: a holiday time, or just back from a leave."""
    ONE_WAY = "one_way"
    CROSS_DEPARTMENT = "cross_department"
    """Policy alone brings this one: pairs within a department are not wanted."""


class RefusalCode(StrEnum):
    """Why a well-formed command was not carried out."""

    ALREADY_EXISTS = "already_exists"
    PROGRAMME_CLOSED = "programme_closed"
    PROGRAMME_PAUSED = "programme_paused"
    NOT_PARTICIPANTS = "not_participants"
    NOT_PROPOSED = "not_proposed"


class HrFindingCode(StrEnum):
    """What is odd about an HR fact that counts all the same."""

    UNREADABLE = "unreadable"
    """A value that can't be read; the attribute is left out."""
    BLANK = "blank"
    """An empty text, which says nothing; null would clear."""
    NAMES_ITSELF = "names_itself"
    """Somebody as its own manager."""
    UNKNOWN_LEAVE = "unknown_leave"
    """The end of a leave that is not known; it ends nothing."""
    TWO_SOURCES = "two_sources"
    """A hire of somebody whom another source has hired, and who is still here."""


class UnmatchedCode(StrEnum):
    """Why somebody got nobody in a round, where no rule is the reason."""

    BELOW_RESERVE = "below_reserve"
    OPTIONS_TAKEN = "options_taken"
    FEW_PEOPLE = "few_people"
    """Fewer people are free than the smallest group that is ever told of: nothing more is said."""


class RoundStanding(StrEnum):
    """Where somebody without a proposal in a round stands. Only the waiting are counted as waiting."""

    MATCHED = "matched"
    """Has a partner."""
    ASKED = "asked"
    """Has a proposal to answer."""
    WAITING = "waiting"
    """The round looked for a partner and found none."""
    AWAY = "away"
    """The round looked for nobody, because of the person's own state."""


class WidenCode(StrEnum):
    """What a waiting person could change to have more choice."""

    OFFERS = "offers"
    WANTS = "wants"
    HOURS = "hours"
    LANGUAGES = "languages"
    CAPACITY = "capacity"
    EXPERIENCE_BAND = "experience_band"
    TRAINING = "training"
    RESUME = "resume"
    PATIENCE = "patience"
    """Nothing on the person's side stands in the way."""


class PairingReasonCode(StrEnum):
    """Why these two: every code is a term of the score or of the choice."""

    LEARNS_TOPIC = "learns_topic"
    SHARED_HOURS = "shared_hours"
    OTHER_DEPARTMENT = "other_department"
    BRIDGES_BANDS = "bridges_bands"
    BEYOND_TECH = "beyond_tech"
    RANK_OF_OPTIONS = "rank_of_options"
    LOCKED = "locked"


class NudgeReasonCode(StrEnum):
    """Why this nudge now. Lifecycle nudges use PAIRING_STATE and nothing else, so no cause leaks."""

    NOMINATED = "nominated"
    PROFILE_INCOMPLETE = "profile_incomplete"
    ENROLMENT_RELAYED = "enrolment_relayed"
    PROPOSAL_OPEN = "proposal_open"
    PROPOSAL_UNANSWERED = "proposal_unanswered"
    PAIRING_STATE = "pairing_state"
    NO_SESSION_BOOKED = "no_session_booked"
    SESSION_BOOKED = "session_booked"
    SESSION_UNREPORTED = "session_unreported"
    SESSION_COMPLETED = "session_completed"
    HOURS = "hours"
    TEACHING_ONE_WAY = "teaching_one_way"
    TOPICS_NARROW = "topics_narrow"
    MIDPOINT_REACHED = "midpoint_reached"
    CANCELLED_IN_A_ROW = "cancelled_in_a_row"
    PROPOSALS_EXPIRED = "proposals_expired"
    WAITING = "waiting"
    NO_OPTION = "no_option"
    QUARTERLY = "quarterly"
    PAIRING_STUCK = "pairing_stuck"
    CONFLICT_OPEN = "conflict_open"
    ROUND_RATIO_LOW = "round_ratio_low"
    INTENTS_PARKED = "intents_parked"
    DEPARTURES_HELD = "departures_held"


class NudgeKey(StrEnum):
    """What a nudge is about."""

    OPEN_INVITATION = "open_invitation"
    PROFILE_INCOMPLETE = "profile_incomplete"
    ENROLMENT_RECORDED = "enrolment_recorded"
    PROPOSAL_READY = "proposal_ready"
    ANSWER_PROPOSAL = "answer_proposal"
    PAIRING_STARTED = "pairing_started"
    BOOK_FIRST_SESSION = "book_first_session"
    SESSION_TOMORROW = "session_tomorrow"
    LOG_SESSION = "log_session"
    BOOK_NEXT_SESSION = "book_next_session"
    SHARE_FEEDBACK = "share_feedback"
    FLIP_ROLES = "flip_roles"
    OPEN_DEBATE = "open_debate"
    BROADEN_TOPIC = "broaden_topic"
    PROTECT_THE_TIME = "protect_the_time"
    STILL_RIGHT_FOR_YOU = "still_right_for_you"
    PAIRING_QUIET = "pairing_quiet"
    FIND_A_TIME = "find_a_time"
    PARTNER_AWAY = "partner_away"
    PAIRING_PAUSED = "pairing_paused"
    PAIRING_RESUMABLE = "pairing_resumable"
    PAIRING_ENDED = "pairing_ended"
    PARTNER_FOUND_NEXT = "partner_found_next"
    CONFLICT_CHOICE = "conflict_choice"
    CONCLUDING = "concluding"
    RENEW_OR_FINISH = "renew_or_finish"
    CONVERT_OFFER = "convert_offer"
    WAITING_UPDATE = "waiting_update"
    STILL_TAKING_PART = "still_taking_part"
    MENTOR_CIRCLE = "mentor_circle"
    COORDINATOR_MOMENTUM = "coordinator_momentum"
    COORDINATOR_STUCK = "coordinator_stuck"
    COORDINATOR_CONFLICT = "coordinator_conflict"
    COORDINATOR_ROUND_ALARM = "coordinator_round_alarm"
    COORDINATOR_STORM = "coordinator_storm"
    COORDINATOR_DEPARTURES = "coordinator_departures"


class NudgeClass(StrEnum):
    """Behavioural nudges are rationed, transactional ones are not."""

    BEHAVIOURAL = "behavioural"
    TRANSACTIONAL = "transactional"


class NudgeCategory(StrEnum):
    """What a person can opt out of."""

    INVITATIONS = "invitations"
    PAIRING = "pairing"
    SESSIONS = "sessions"
    LEARNING = "learning"
    PROFILE = "profile"
    COORDINATION = "coordination"


class SuppressionReason(StrEnum):
    """Why an intended nudge never became a request: the true reason, for figures and for `inspect`."""

    EXPIRED_WAITING = "expired_waiting"
    QUIET = "quiet"
    DAILY_CAP = "daily_cap"
    OPTED_OUT = "opted_out"
    AWAY = "away"
    HELD_OUT = "held_out"
    SUPERSEDED = "superseded"
    DONE = "done"
    STORM = "storm"
    CONFLICT = "conflict"
    BACKFILL = "backfill"


class SuppressionCode(StrEnum):
    """What is published of why an intended nudge never became a request."""

    EXPIRED_WAITING = "expired_waiting"
    QUIET = "quiet"
    DAILY_CAP = "daily_cap"
    SUPERSEDED = "superseded"
    STORM = "storm"
    BACKFILL = "backfill"
    WITHHELD = "withheld"
    """For a reason that is about the person."""


class CancellationReason(StrEnum):
    """Why a requested nudge is called back: one neutral code, whatever the cause."""

    NO_LONGER_NEEDED = "no_longer_needed"


class PairingState(StrEnum):
    """Where a pairing stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    STALLED = "stalled"
    CONCLUDING = "concluding"
    LAPSED = "lapsed"
    COMPLETED = "completed"
    ENDED = "ended"


class EndCode(StrEnum):
    """How a live pairing came to its end, neutrally."""

    CHOICE = "choice"
    CIRCUMSTANCES = "circumstances"
    INACTIVE = "inactive"
    PROGRAMME_CLOSED = "programme_closed"
    COMPLETED = "completed"


class Track(StrEnum):
    """Who teaches whom."""

    MUTUAL = "mutual"
    REVERSE = "reverse"
    TRADITIONAL = "traditional"


class Matcher(StrEnum):
    """How a round chooses its pairs."""

    AUCTION = "auction"
    EXACT = "exact"


class TopicFamily(StrEnum):
    """Families of topics."""

    DIGITAL = "digital"
    DATA = "data"
    LEADERSHIP = "leadership"
    MANAGEMENT = "management"
    WORK_LIFE_BALANCE = "work_life_balance"
    CULTURE = "culture"
    CAREER = "career"
    CUSTOMER = "customer"
    INCLUSION = "inclusion"
    WELLBEING = "wellbeing"
    FUTURE_OF_WORK = "future_of_work"
    CRAFT = "craft"


class Answer(StrEnum):
    """An answer to a proposal."""

    ACCEPT = "accept"
    DECLINE = "decline"


class ContinuationAnswer(StrEnum):
    """An answer to "go on?"; which ones count depends on the pairing's state."""

    CONTINUE = "continue"
    END = "end"
    REMATCH = "rematch"
    RENEW = "renew"
    FINISH = "finish"
    CONVERT = "convert"
    LOOK = "look"
    """For somebody else, while the partner is away."""


class Evidence(StrEnum):
    """How well a session is attested, weakest first."""

    SELF_REPORT = "self_report"
    CALENDAR = "calendar"
    CONFERENCE_RECORD = "conference_record"
    LMS = "lms"


class Fit(StrEnum):
    """Whether two people suit each other, says one of them."""

    GOOD = "good"
    UNSURE = "unsure"
    NOT_A_FIT = "not_a_fit"


class ProfilePart(StrEnum):
    """What an enrolment still lacks."""

    OFFERS = "offers"
    WANTS = "wants"
