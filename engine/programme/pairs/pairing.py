"""A pairing: two people of one programme, from the proposal to its end.

Decides: which states exist, which event moves a pairing where, and what the row remembers.
Never knows: who hears of it (nudges/intents), how people are chosen (matching/round), what HR said (only what it means here).

States and transitions are the table `TRANSITIONS`; nothing else moves a pairing.

Invariants
    pairs.P1  Its two people are different and sorted.
    pairs.P2  A terminal state is left by nothing.
    pairs.P3  It has timers only for what can still happen in its state.
    pairs.P4  It is live only after both accepted the same proposal version.
    pairs.P5  A conflict that nobody has heard of yet holds what the pair was, so that it can be that again.
    pairs.P6  What one side has answered to a proposal changes nothing but this row until both accept: no state, no timer, no output.

How conflicts are resolved: the programme's key handles one record at a time, so two answers are never simultaneous; what comes after
a terminal state is refused as stale, and so is what the same person has answered anew since (proposals/answering).

Source: docs/rules.md, Pairs; the state table as data follows the idea of h11's.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from engine.core.stamp import Stamp
from engine.programme.messages import Reason
from engine.programme.proposals.answering import Asked, Question, Said
from engine.programme.sessions.feedback_rules import Word
from engine.programme.sessions.meetings import Meeting
from engine.programme.sessions.past import Past
from schemas.frozen import Frozen, replace
from schemas.terms.codes import EligibilityCode, EndCode, PairingState, Track
from schemas.terms.ids import PairingId, PersonId, ProgrammeId

LIVE: Final = frozenset({PairingState.ACTIVE, PairingState.PAUSED, PairingState.SUSPENDED, PairingState.STALLED, PairingState.CONCLUDING})
STANDING_STILL: Final = frozenset({PairingState.PAUSED, PairingState.SUSPENDED})
"""States in which the term doesn't go on."""
TERMINAL: Final = frozenset({PairingState.LAPSED, PairingState.COMPLETED, PairingState.ENDED})
OPEN: Final = LIVE | {PairingState.PROPOSED}
"""States that take up room."""
RETENTION_DAYS: Final = 400
"""Days that the latest state stays on the state topic after the end (decision 0009)."""


class PairingEvent(StrEnum):
    """What can happen to a pairing."""

    BOTH_ACCEPTED = "both accepted"
    PROPOSAL_OVER = "expired, a hard rule broke, or retracted"
    LEFT_FOR_A_WHILE = "leave or self-pause of either"
    BACK = "both continue after a leave, or the self-pause is over"
    CONFLICT_AROSE = "a reporting line or manager joins them"
    BOTH_CONSENTED_AGAIN = "the conflict is gone and both consent again"
    NO_SESSION = "no session scheduled or held for a while"
    SESSION_SEEN = "a session scheduled or held"
    PLAN_DONE = "planned sessions held or the term over"
    BOTH_RENEW = "both choose renewal"
    FINISHED = "both answered or time is up"
    OVER = "asked to end, departure, conflict unresolved, inactive, programme closed"


_S = PairingState
_E = PairingEvent
TRANSITIONS: Final[Mapping[tuple[PairingState, PairingEvent], PairingState]] = MappingProxyType(
    {
        (_S.PROPOSED, _E.BOTH_ACCEPTED): _S.ACTIVE,
        (_S.PROPOSED, _E.PROPOSAL_OVER): _S.LAPSED,
        (_S.ACTIVE, _E.LEFT_FOR_A_WHILE): _S.PAUSED,
        (_S.STALLED, _E.LEFT_FOR_A_WHILE): _S.PAUSED,
        (_S.PAUSED, _E.BACK): _S.ACTIVE,
        (_S.ACTIVE, _E.CONFLICT_AROSE): _S.SUSPENDED,
        (_S.STALLED, _E.CONFLICT_AROSE): _S.SUSPENDED,
        (_S.PAUSED, _E.CONFLICT_AROSE): _S.SUSPENDED,
        (_S.CONCLUDING, _E.CONFLICT_AROSE): _S.SUSPENDED,
        (_S.SUSPENDED, _E.BOTH_CONSENTED_AGAIN): _S.ACTIVE,
        (_S.ACTIVE, _E.NO_SESSION): _S.STALLED,
        (_S.STALLED, _E.SESSION_SEEN): _S.ACTIVE,
        (_S.ACTIVE, _E.PLAN_DONE): _S.CONCLUDING,
        (_S.CONCLUDING, _E.BOTH_RENEW): _S.ACTIVE,
        (_S.CONCLUDING, _E.FINISHED): _S.COMPLETED,
        **{(state, _E.OVER): _S.ENDED for state in sorted(LIVE)},
    }
)


class TimerKind(StrEnum):
    """What a pairing waits for."""

    ANSWER_DUE = "answer_due"
    CONSENT_OVER = "consent_over"
    BOOK_FIRST = "book_first"
    BOOK_NEXT = "book_next"
    BOOK_AGAIN = "book_again"
    SESSION_SOON = "session_soon"
    SESSION_UNREPORTED = "session_unreported"
    STALL = "stall"
    GRACE_OVER = "grace_over"
    TERM_OVER = "term_over"
    CONCLUDING_OVER = "concluding_over"
    CONFLICT_SETTLED = "conflict_settled"
    CONFLICT_OVER = "conflict_over"
    AWAY_QUESTION = "away_question"
    SOFT_LANDING_OVER = "soft_landing_over"
    RESUME_OVER = "resume_over"
    RETENTION_OVER = "retention_over"


_T = TimerKind
WAITS: Final[Mapping[PairingState, frozenset[TimerKind]]] = MappingProxyType(
    {
        _S.PROPOSED: frozenset({_T.ANSWER_DUE, _T.CONSENT_OVER}),
        _S.ACTIVE: frozenset({_T.BOOK_FIRST, _T.BOOK_NEXT, _T.BOOK_AGAIN, _T.SESSION_SOON, _T.SESSION_UNREPORTED, _T.STALL, _T.TERM_OVER}),
        _S.PAUSED: frozenset({_T.AWAY_QUESTION, _T.SOFT_LANDING_OVER, _T.RESUME_OVER}),
        _S.SUSPENDED: frozenset({_T.CONFLICT_SETTLED, _T.CONFLICT_OVER, _T.SOFT_LANDING_OVER, _T.RESUME_OVER}),
        _S.STALLED: frozenset({_T.GRACE_OVER}),
        _S.CONCLUDING: frozenset({_T.CONCLUDING_OVER, _T.SESSION_SOON, _T.SESSION_UNREPORTED}),
        **{state: frozenset({_T.RETENTION_OVER}) for state in sorted(TERMINAL)},
    }
)
"""What can still happen by itself in each state (pairs.P2, pairs.P3)."""


class Timer(Frozen, kw_only=True):
    """One thing to look at later."""

    due_at: datetime
    kind: TimerKind
    about: str = ""
    """The session or reminder number that it is about."""


class Away(Frozen, kw_only=True):
    """Why a pairing is paused: one of the two is away."""

    person_id: PersonId
    is_leave: bool
    """A leave needs both to say `continue`; a self-pause ends by itself."""
    is_over: bool = False
    since_at: datetime | None = None
    ask_at: datetime | None = None
    """When the partner is asked whether to wait."""
    asked_at: datetime | None = None
    """When the partner was asked; once for one absence."""


class Learns(Frozen, kw_only=True):
    """One topic that one side learns from the other."""

    topic: str
    level: int
    own_level: int
    points: int


class SideOffer(Frozen, kw_only=True):
    """What a proposal means for one side."""

    person_id: PersonId
    benefit_points: int
    need_points: int
    learns: tuple[Learns, ...]
    options_count: int


class Proposal(Frozen, kw_only=True):
    """Why these two: everything that the published proposal says, kept for `explain`."""

    version: int
    score: int
    sides: tuple[SideOffer, SideOffer]
    reasons: tuple[Reason, ...]
    data_used: tuple[str, ...]
    policy_version: int
    proposed_at: datetime
    expires_at: datetime


class Settling(Frozen, kw_only=True):
    """State of a pair before a conflict that may leave no trace, and the rule it is about."""

    relation: EligibilityCode
    state: PairingState
    since: datetime
    timers: tuple[Timer, ...]
    away: tuple[Away, ...]
    until_on: date | None
    away_seconds: int
    decide_by_at: datetime | None


class Pairing(Frozen, kw_only=True):
    """The row of one pairing."""

    pairing_id: PairingId
    programme_id: ProgrammeId
    people: tuple[PersonId, PersonId]
    track: Track
    state: PairingState
    since: datetime
    """When it entered its state."""
    proposal: Proposal
    senior_id: PersonId | None = None
    """The more experienced side at the proposal; None if bands are equal or unknown."""
    round_ordinal: int = 0
    """The round that proposed it."""
    bands: tuple[int, int] | None = None
    """Experience bands at the proposal, as `people`; None if unknown. Never published."""
    waited_days: tuple[float, ...] = ()
    """How long each side had waited when the pair began, where it is known."""
    orphaned_days: tuple[float, ...] = ()
    """The same, of a side that had lost a pair through circumstances."""
    told: tuple[tuple[PersonId, datetime], ...] = ()
    """From when each side could hear of this version of the proposal."""
    accepted_by: tuple[PersonId, ...] = ()
    """People whose last answer to this version is `accept`. Never shown."""
    said: tuple[Said, ...] = ()
    """When each side last answered each question, ordered by person and question."""
    asked: tuple[Asked, ...] = ()
    """When the questions that the two were asked were put, each as last put."""
    retracted: Stamp | None = None
    """Of the coordinator's last word that the proposal be taken back."""
    activated_at: datetime | None = None
    term: int = 1
    term_started_at: datetime | None = None
    away_seconds: int = 0
    """How long the pair was paused or suspended in this term: that time is not part of it."""
    decide_by_at: datetime | None = None
    """By when a concluding pair has to answer; set once."""
    quiet_since: datetime | None = None
    """When a booking was last made, or the pair became active or came back: the cadence clock."""
    meetings: tuple[Meeting, ...] = ()
    """Of this term and the one before, in order of first mention."""
    past: Past | None = None
    """The totals of older terms."""
    away: tuple[Away, ...] = ()
    until_on: date | None = None
    conflict: bool = False
    """A line of power joins the two now."""
    settling: Settling | None = None
    """While nobody has heard of the conflict yet."""
    answers: tuple[tuple[PersonId, str], ...] = ()
    """Answers to the question that is open: resume, renew, convert."""
    lacks_time: bool = False
    """The two have no time in common any more; both have been asked to find some."""
    is_convertible: bool = False
    """The gap that its track needs is gone; both have been offered `convert`."""
    feedback: tuple[Word, ...] = ()
    """In (person, session) order. Never published per person."""
    marks: tuple[str, ...] = ()
    """Occasions that come once."""
    turn: int = 0
    """Counts alternating reminders."""
    timers: tuple[Timer, ...] = ()
    """In (due_at, kind, about) order; of an active pair they follow from the rest of the row."""
    end_code: EndCode | None = None
    held_until: datetime | None = None
    """One of the two has departed: until that is settled, or taken back, nothing comes due."""

    @property
    def wake_at(self) -> datetime | None:
        """The first timer's instant, while nobody has departed."""
        if not self.timers:
            return None
        return self.timers[0].due_at if self.held_until is None else max(self.timers[0].due_at, self.held_until)

    @property
    def is_live(self) -> bool:
        """Whether both have consented and it is not over."""
        return self.state in LIVE

    def partner_of(self, person_id: PersonId) -> PersonId:
        """The other one."""
        first, second = self.people
        assert person_id in self.people, "asked for the partner of a stranger"
        return second if person_id == first else first


def check(pairing: Pairing) -> None:
    """Assert the invariants pairs.P1 to pairs.P4 before the row is written."""
    first, second = pairing.people
    assert first < second, "pairs.P1: two people, sorted"
    assert {timer.kind for timer in pairing.timers} <= WAITS[pairing.state], "pairs.P2, pairs.P3: timers only for what can still happen"
    assert not pairing.is_live or pairing.accepted_by == pairing.people, "pairs.P4: live without two consents"
    assert list(pairing.timers) == sorted(set(pairing.timers), key=_order), "timers in order, each once"
    assert pairing.settling is None or (pairing.conflict and pairing.state is PairingState.SUSPENDED), "pairs.P5: only a conflict settles"


def moved(pairing: Pairing, event: PairingEvent, at: datetime) -> Pairing:
    """Move a pairing along the table, and count the time that it stood still.

    Args:
        event: one that the table has for the pairing's state; the caller asks `can` first where that is open.
    """
    stood_still = int((at - pairing.since).total_seconds()) if pairing.state in STANDING_STILL else 0
    return replace(
        pairing, state=TRANSITIONS[(pairing.state, event)], since=at, away_seconds=pairing.away_seconds + stood_still, decide_by_at=None
    )


def can(pairing: Pairing, event: PairingEvent) -> bool:
    """Whether the table has this event for the pairing's state."""
    return (pairing.state, event) in TRANSITIONS


def armed(pairing: Pairing, *timers: Timer) -> Pairing:
    """Add timers."""
    return replace(pairing, timers=tuple(sorted({*pairing.timers, *timers}, key=_order)))


def disarmed(pairing: Pairing, *kinds: TimerKind) -> Pairing:
    """Remove timers of these kinds, or all when none is named."""
    return replace(pairing, timers=tuple(timer for timer in pairing.timers if kinds and timer.kind not in kinds))


def retained(pairing: Pairing) -> Pairing:
    """Keep the last state published for a while; nothing else happens to the pairing."""
    over = replace(disarmed(pairing), told=(), said=(), asked=(), held_until=None)
    return armed(over, Timer(kind=TimerKind.RETENTION_OVER, due_at=pairing.since + timedelta(days=RETENTION_DAYS)))


def is_published(pairing: Pairing) -> bool:
    """Say whether the state topic still has the pairing."""
    return pairing.state not in TERMINAL or any(timer.kind is TimerKind.RETENTION_OVER for timer in pairing.timers)


def without(pairing: Pairing, timer: Timer) -> Pairing:
    """Remove one timer that has fired."""
    return replace(pairing, timers=tuple(kept for kept in pairing.timers if kept != timer))


def marked(pairing: Pairing, mark: str) -> Pairing:
    """Remember that a once-only occasion has come."""
    return replace(pairing, marks=tuple(sorted({*pairing.marks, mark})))


def unmarked(pairing: Pairing, mark: str) -> Pairing:
    """Forget a once-only occasion that was none after all."""
    return replace(pairing, marks=tuple(kept for kept in pairing.marks if kept != mark))


def answered(pairing: Pairing, person_id: PersonId, answer: str) -> Pairing:
    """Record one side's answer to the open question, in place of an earlier one."""
    others = tuple(given for given in pairing.answers if given[0] != person_id)
    return replace(pairing, answers=tuple(sorted((*others, (person_id, answer)))))


def asking(pairing: Pairing, question: Question, at: datetime) -> Pairing:
    """Put a question to both: what was said before now is no answer to it."""
    others = tuple(one for one in pairing.asked if one.question is not question)
    said = tuple(one for one in pairing.said if one.question is not question)
    return replace(pairing, asked=(*others, Asked(question=question, at=at)), said=said)


def put_at(pairing: Pairing, question: Question) -> datetime | None:
    """Return when a question was last put; None if it never was."""
    match question:
        case Question.PROPOSAL:
            return pairing.proposal.proposed_at
        case Question.GOING_ON:
            # Consent counts by its own time: engine time may be later, where records arrive late.
            consented = [one.stamp.time for one in pairing.said if one.question is Question.PROPOSAL]
            return max(consented, default=pairing.activated_at)
        case Question.RENEWAL:
            return pairing.since if pairing.state is PairingState.CONCLUDING else None
        case _:
            return next((one.at for one in pairing.asked if one.question is question), None)


def both_answered(pairing: Pairing, *answers: str) -> bool:
    """Whether both sides gave one of these answers."""
    return len(pairing.answers) == len(pairing.people) and all(answer in answers for _, answer in pairing.answers)


def _order(timer: Timer) -> tuple[datetime, str, str]:
    return timer.due_at, timer.kind, timer.about


def due(timers: Iterable[Timer], at: datetime) -> tuple[Timer, ...]:
    """Return the timers that are due, in order."""
    return tuple(timer for timer in timers if timer.due_at <= at)
