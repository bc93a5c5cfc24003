"""The page in plain English: what codes are called, and a sentence for each number.

Neutral about people: nobody is sorted by age or generation, nothing is said to be lacking in anybody (tests/unit/test_plain_words.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from engine.matching.eligibility import HARD_RULES
from engine.programme.insights.told_rules import Value
from engine.programme.rounds.programme import ProgrammeStatus
from schemas.terms.codes import EligibilityCode, EndCode, ErrorCode, SuppressionReason, TopicFamily, Track, UnmatchedCode


class Unit(StrEnum):
    """How a number is written."""

    COUNT = "count"
    PERCENT = "percent"
    DAYS = "days"
    RATIO = "ratio"
    OF_FIVE = "of_five"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One headline figure: where it comes from and what it means."""

    metric: str
    label: str
    unit: Unit
    sentence: str


HEADLINES: Final = (
    Headline(
        metric="enrolled_count", label="taking part", unit=Unit.COUNT, sentence="People who enrolled themselves and are still with us."
    ),
    Headline(metric="pairs_formed_count", label="pairs formed", unit=Unit.COUNT, sentence="Both people said yes to the same proposal."),
    Headline(
        metric="match_ratio", label="in a pair now", unit=Unit.PERCENT, sentence="Of the people who say what they offer and want to learn."
    ),
    Headline(
        metric="time_to_match_days_p50",
        label="to find a pair",
        unit=Unit.DAYS,
        sentence="Half of those who found a partner waited no longer than this.",
    ),
    Headline(
        metric="double_consent_ratio",
        label="both said yes",
        unit=Unit.PERCENT,
        sentence="Of the proposals that are settled. The rest lapsed, and why is nobody's business.",
    ),
    Headline(
        metric="reciprocal_pairs_ratio",
        label="teach each other",
        unit=Unit.PERCENT,
        sentence="Pairs in which the side that taught less taught at least half as much as the other.",
    ),
    Headline(
        metric="two_way_learning_ratio",
        label="learned both ways",
        unit=Unit.PERCENT,
        sentence="Pairs in which both say they learned something, of those in which both gave feedback.",
    ),
    Headline(
        metric="rating_mean",
        label="for a session",
        unit=Unit.OF_FIVE,
        sentence="The mean of all ratings of sessions. Nobody sees a single one.",
    ),
    Headline(
        metric="rating_high_ratio",
        label="four or five",
        unit=Unit.PERCENT,
        sentence="Of all ratings of sessions, from one to five.",
    ),
    Headline(
        metric="non_tech_ratio",
        label="beyond tech",
        unit=Unit.PERCENT,
        sentence="Of everything taught so far: leadership, culture, careers and more.",
    ),
    Headline(
        metric="bridge_ratio",
        label="across experience",
        unit=Unit.PERCENT,
        sentence="Pairs that join two bands of experience, of those in which both told theirs.",
    ),
    Headline(
        metric="cross_department_ratio",
        label="across departments",
        unit=Unit.PERCENT,
        sentence="Pairs that join two parts of the organisation.",
    ),
    Headline(
        metric="fairness_price_ratio",
        label="price of fairness",
        unit=Unit.PERCENT,
        sentence="Of a round's total score: what it costs that those who wait, and those without a pair, come first.",
    ),
    Headline(
        metric="drift_ratio",
        label="of the best choice",
        unit=Unit.PERCENT,
        sentence="What the pairs score beside pairing everybody anew, which never happens to anybody's pair.",
    ),
    Headline(
        metric="cadence_ratio",
        label="on the rhythm",
        unit=Unit.PERCENT,
        sentence="Meetings that came within the planned rhythm and a week's grace.",
    ),
    Headline(
        metric="completion_ratio",
        label="ran their full term",
        unit=Unit.PERCENT,
        sentence="Of the pairs that are over. Leaving early costs nobody anything.",
    ),
)

BAND_WORDS: Final = ("0–9 years", "10–19 years", "20–29 years", "30+ years")

FUNNEL_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "enrolled": "Enrolled",
        "ready": "Ready: say what they offer and want",
        "matched": "Matched: have had a pair",
        "met": "Have had a first session",
        "completed": "Have run a full term",
    }
)

BALANCE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "one_side": "Mostly one side (under 0.34)",
        "leaning": "One side two to three times (0.34–0.49)",
        "shared": "Shared (0.50–0.79)",
        "even": "Close to even (0.80 and up)",
    }
)

FAMILY_WORDS: Final[Mapping[TopicFamily, str]] = MappingProxyType(
    {
        TopicFamily.DIGITAL: "Digital",
        TopicFamily.DATA: "Data",
        TopicFamily.LEADERSHIP: "Leadership",
        TopicFamily.MANAGEMENT: "Management",
        TopicFamily.WORK_LIFE_BALANCE: "Work-life balance",
        TopicFamily.CULTURE: "Culture",
        TopicFamily.CAREER: "Careers",
        TopicFamily.CUSTOMER: "Customers",
        TopicFamily.INCLUSION: "Inclusion",
        TopicFamily.WELLBEING: "Wellbeing",
        TopicFamily.FUTURE_OF_WORK: "Future of work",
        TopicFamily.CRAFT: "Craft",
    }
)

HELD_BACK: Final[Mapping[SuppressionReason, str]] = MappingProxyType(
    {
        SuppressionReason.EXPIRED_WAITING: "Its time passed while it waited its turn",
        SuppressionReason.QUIET: "Only quiet hours were left",
        SuppressionReason.DAILY_CAP: "The day's limit was reached",
        SuppressionReason.OPTED_OUT: "The person asked not to hear this kind",
        SuppressionReason.AWAY: "The person was away",
        SuppressionReason.HELD_OUT: "In the comparison group",
        SuppressionReason.SUPERSEDED: "A newer one said the same",
        SuppressionReason.DONE: "Already done",
        SuppressionReason.STORM: "Parked: too many at once",
        SuppressionReason.CONFLICT: "Kept silent about a pair with a conflict",
        SuppressionReason.BACKFILL: "About the past, from data loaded later",
    }
)

ENDINGS: Final[Mapping[EndCode, str]] = MappingProxyType(
    {
        EndCode.COMPLETED: "Completed the term",
        EndCode.CHOICE: "By choice",
        EndCode.CIRCUMSTANCES: "By circumstances",
        EndCode.INACTIVE: "Went quiet",
        EndCode.PROGRAMME_CLOSED: "The programme closed",
    }
)

NO_OPTION: Final[Mapping[EligibilityCode, str]] = MappingProxyType({rule.code: rule.words for rule in HARD_RULES})

LEFT_OUT: Final[Mapping[UnmatchedCode, str]] = MappingProxyType(
    {
        UnmatchedCode.BELOW_RESERVE: "The pairs on offer were not good enough yet",
        UnmatchedCode.OPTIONS_TAKEN: "Those who would fit were proposed to others",
        UnmatchedCode.FEW_PEOPLE: "Few people are free at present",
    }
)


def in_the_way(code: str) -> str:
    """Say what a reason without an option means."""
    return LEFT_OUT[UnmatchedCode(code)] if code in set(UnmatchedCode) else NO_OPTION[EligibilityCode(code)]


FINDINGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "line_cycle": ("Reporting lines that run in a circle", "Ask the owner of the HR feed: somebody manages their own manager."),
        "no_manager": ("People without a manager", "Right for the top of the organisation; for anybody else the line is not checked."),
        "no_timezone": ("People without a time zone", "Their days and quiet hours follow UTC until the feed names a zone."),
        "no_department": ("People without a department", "Pairs across departments can't be told apart for them."),
        "odd_value": (
            "People of whom a value could not be read",
            "It was left out and the rest counts; the audit topic names the field and what is wrong with it.",
        ),
        "unknown_employment": (
            "People of whom no hire is known",
            "Facts came before, or without, the hire; they become real when it comes.",
        ),
    }
)

DEAD_LETTERS: Final[Mapping[ErrorCode, tuple[str, str]]] = MappingProxyType(
    {
        ErrorCode.MALFORMED: ("Not readable as JSON", "The sender has to mend it."),
        ErrorCode.TOO_LARGE: ("Too large", "The sender has to split it; more than 100 sessions of a pair in a term never count."),
        ErrorCode.SCHEMA_INVALID: (
            "A field has the wrong form",
            "The sender has to mend it; `bothways dead-letters show` names the field.",
        ),
        ErrorCode.UNKNOWN_TYPE: ("A type that is not known", "Check the type's name and version."),
        ErrorCode.UNSUPPORTED_VERSION: ("A version that is not supported", "Update Bothways, or send the earlier version."),
        ErrorCode.FUTURE_TIME: ("Dated in the future", "Check the sender's clock."),
        ErrorCode.CONFLICTING_DUPLICATE: ("One id, two contents", "The sender used an id twice."),
        ErrorCode.NOT_THE_PERSON: ("Somebody acted for somebody else", "Only the person enrols, answers and leaves."),
        ErrorCode.UNKNOWN_PAIRING: ("About a pair that is not there", "Check the id; send it again once the pair is there."),
        ErrorCode.UNKNOWN_PROGRAMME: ("About a programme that is not there", "Create the programme, then send it again."),
        ErrorCode.UNKNOWN_NUDGE: ("About a nudge that this person was not asked", "Check the ids of nudge and person."),
        ErrorCode.STALE_ANSWER: ("An answer that came too late", "Nothing to do: the question was settled by then."),
        ErrorCode.PROCESSING_FAILED: ("Not processed", "Report it, update, then send it again under a new id."),
    }
)

TRACKS: Final[Mapping[Track, str]] = MappingProxyType(
    {
        Track.MUTUAL: "Mutual: both teach, both learn.",
        Track.REVERSE: "Reverse: the person with fewer years in work leads the learning; the other direction counts too.",
        Track.TRADITIONAL: "Traditional: the person with more years in work leads the learning; the other direction counts too.",
    }
)

STATUS: Final[Mapping[ProgrammeStatus, str]] = MappingProxyType(
    {ProgrammeStatus.RUNNING: "running", ProgrammeStatus.PAUSED: "paused", ProgrammeStatus.CLOSED: "closed"}
)

GLOSSARY: Final = (
    ("Band of experience", "Ten years in work each: 0–9, 10–19, 20–29, 30 and more. People say it themselves at enrolment, or don't."),
    (
        "Both said yes",
        "A pair begins only when both people accept the same version of a proposal. Silence and a no look the same to everybody.",
    ),
    (
        "Comparison group",
        "A small part of the people, drawn by chance for each kind of nudge, who don't get it, so that its effect can be measured.",
    ),
    ("Data quality", "Gaps in what the HR feed or the people told us. Mending them gives people more choice."),
    (
        "Ended by circumstances",
        "Somebody left the organisation, or stayed away after a leave, or a reporting line came between the two. Nobody is at fault.",
    ),
    ("Not shown", "The number rests on a group so small, or leaves one so small, that somebody might be recognised."),
    ("Nudge", "A short, timely message with one thing to do. Nobody gets two reminders within seven days."),
    ("Policy version", "Each change of the programme's rules gets a number; each decision says under which one it was made."),
    ("Programme track", "Who leads the learning: both (mutual), or one side with the other direction welcome."),
    ("Round", "The daily moment at which everybody without a partner is considered together and proposals are made."),
    ("Share of the best possible", "How good a round's pairs are in total, compared with a proven upper bound for that day."),
    ("Still together", "Pairs that go on or have run their full term, of those that began long enough ago to tell."),
    ("Teaching balance", "What the side that taught less taught, divided by what the other taught: 1 is even, 0 is one-way."),
    ("Waiting", "Ready for a (further) partner, without one after the day's round. A lapsed proposal never sends anybody to the back."),
)

NOT_SHOWN: Final = "not shown"


def written(value: Value, unit: Unit) -> str:
    """Write a number as a coordinator reads it."""
    if value is None:
        return NOT_SHOWN
    match unit:
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.PERCENT:
            return f"{value:.0%}"
        case Unit.DAYS:
            days = round(value)
            return f"{days:,} day{'' if days == 1 else 's'}"
        case Unit.RATIO:
            return f"{value:.2f}"
        case Unit.OF_FIVE:
            return f"{value:.1f} of 5"


def percentage_points(value: float) -> str:
    """Write a difference of two shares in percentage points."""
    rounded = round(value * 100)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{abs(rounded)}"


def month(code: str) -> str:
    """Write `2025-03` as `Mar 2025`."""
    year, number = code.split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def month_short(code: str) -> str:
    """Write `2025-03` as `Mar 25`, to stand under a column."""
    return f"{month(code)[:4]}{code[2:4]}"


MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
