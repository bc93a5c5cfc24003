"""What one key tells another: the hops between rows, never published.

Decides: the form of every internal message. A message says what is now true for its receiver; what to do about it is the receiver's rule.
Never knows: how a message travels (execution, runtimes).

Invariants
    programme.M1  A message holds no name, address or birth date; persons are opaque ids.
    programme.M2  A message to a programme about a person carries all facts it may need, so a receiver never asks back.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from engine.core.stamp import Stamp
from schemas.envelope import Event
from schemas.frozen import Frozen
from schemas.terms.codes import NudgeKey, SuppressionReason
from schemas.terms.ids import PairingId, PersonId, ProgrammeId

ParamValue = str | int | float | bool | tuple[str | Mapping[str, str | int], ...] | None
"""A parameter of a nudge: a value, a list of names, or a list of small objects."""


class Employment(StrEnum):
    """Where a person stands with the organisation."""

    UNKNOWN = "unknown"
    EXPECTED = "expected"
    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    DEPARTED = "departed"
    ERASED = "erased"


class ReportJoined(Frozen, kw_only=True):
    """To a manager's key: this person now reports to you."""

    manager_id: PersonId
    report_id: PersonId
    said_at: datetime | None = None
    """Event time at which HR named the manager; an erasure voids what was said up to it."""
    is_timed: bool = False
    """As of FactsChanged; the manager's answer carries it on."""


class ReportLeft(Frozen, kw_only=True):
    """To a manager's key: this person no longer reports to you."""

    manager_id: PersonId
    report_id: PersonId


class LineChanged(Frozen, kw_only=True):
    """To a report's key: the line above its manager.

    Ignored unless the sender is the current manager.
    """

    person_id: PersonId
    sender_id: PersonId
    above: tuple[PersonId, ...] = ()
    since_at: datetime
    """When the change above took effect."""
    is_timed: bool = False
    """As of FactsChanged."""


class PersonFacts(Frozen, kw_only=True):
    """What a programme may know of a person: facts in force, never pending ones."""

    person_id: PersonId
    employment: Employment = Employment.UNKNOWN
    hired_on: date | None = None
    expected_return_on: date | None = None
    leave_ended_at: datetime | None = None
    """When the last leave ended; the soft landing counts from here."""
    manager_id: PersonId | None = None
    line: tuple[PersonId, ...] = ()
    dotted_line_ids: tuple[PersonId, ...] = ()
    department: str | None = None
    location: str | None = None
    timezone: str | None = None
    languages: tuple[str, ...] = ()
    job_level: int | None = None
    legal_entity: str | None = None
    left_at: datetime | None = None
    """When the person last left the organisation: what was said before it ended with it."""
    excluded_ids: tuple[PersonId, ...] = ()
    """People whom the person excludes in any programme, sorted. Confidential."""
    forbidden_ids: tuple[PersonId, ...] = ()
    """With whom a coordinator of any programme forbids to pair the person, sorted."""

    @property
    def barred_ids(self) -> frozenset[PersonId]:
        """Everybody who for this person is not there."""
        return frozenset((*self.excluded_ids, *self.forbidden_ids))


class FactsChanged(Frozen, kw_only=True):
    """To each programme of a person: the facts in force have changed."""

    programme_id: ProgrammeId
    facts: PersonFacts
    since_at: datetime
    """When the change took effect: as its day began, or when HR said so if that was later."""
    is_timed: bool = False
    """Time brought it, not a word of HR: judged with the facts of others of that instant."""
    is_leaving: bool = False
    """The person has departed; the programme says when that is settled."""


class ParticipationReported(Frozen, kw_only=True):
    """To a programme: a participation event of one person, with the person's facts.

    Carries the origin, so it can be refused.
    """

    programme_id: ProgrammeId
    person_id: PersonId
    event: Event
    facts: PersonFacts
    is_leaving: bool = False
    """As of FactsChanged."""


class DepartureSettled(Frozen, kw_only=True):
    """To a person: the programme has taken in that the person departed; the enrolment is over."""

    person_id: PersonId
    programme_id: ProgrammeId


class ParticipationRefused(Frozen, kw_only=True):
    """To a person: the programme refused this event; what it brought is taken back."""

    person_id: PersonId
    programme_id: ProgrammeId
    stamp: Stamp
    source: str
    event_id: str
    redrive_count: int
    """With `source` and `event_id` it names the mark of the refused record, which goes."""


class PeopleExcluded(Frozen, kw_only=True):
    """To a person: a programme took exclusions of the person.

    Nobody else hears of them.
    """

    person_id: PersonId
    programme_id: ProgrammeId
    excluded_ids: tuple[PersonId, ...]
    """All of them, sorted; none means that the person takes back what it said here."""
    stamp: Stamp


class PairForbidden(Frozen, kw_only=True):
    """To each of two people: a coordinator of the programme doesn't want the two to be paired."""

    person_id: PersonId
    other_id: PersonId
    programme_id: ProgrammeId
    stamp: Stamp


class PairAllowed(Frozen, kw_only=True):
    """To each of two people: the coordinator of the programme allows the pair again."""

    person_id: PersonId
    other_id: PersonId
    programme_id: ProgrammeId
    stamp: Stamp


class SilencePaused(Frozen, kw_only=True):
    """To a person: an unanswered question has become a pause."""

    person_id: PersonId
    programme_id: ProgrammeId
    paused_at: datetime


class OutreachTerms(Frozen, kw_only=True):
    """Rationing rules of a programme for one person: outreach knows no policy and no place."""

    quiet_from: str
    quiet_to: str
    weekend: tuple[int, ...]
    """Weekdays that are quiet all day; Monday is 1."""
    holidays: tuple[date, ...]
    """Up to the end of the intent; of the calendar that held for the person when it was made."""
    hours: tuple[tuple[int, str, str], ...] = ()
    """Weekly hours that the person gave in that programme, local: weekday, start, end.

    None leaves all waking time.
    """
    daily_cap: int
    holdout_percent: int
    soft_landing_days: int
    policy_version: int


class Reason(Frozen, kw_only=True):
    """A published reason: a code and flat parameters."""

    code: str
    params: dict[str, str | int | float | bool]


class NudgeIntended(Frozen, kw_only=True):
    """To a person: a programme would like this person to hear something.

    Outreach decides whether and when.
    """

    person_id: PersonId
    programme_id: ProgrammeId
    pairing_id: PairingId | None = None
    key: NudgeKey
    occasion: str
    """Tells two nudges of one key, person and pairing apart (term, session, reminder number)."""
    params: dict[str, ParamValue]
    expires_at: datetime
    terms: OutreachTerms
    about_at: datetime | None = None
    """When the thing begins that it reminds of, on the last waking day before."""
    reasons: tuple[Reason, ...] = ()
    data_used: tuple[str, ...] = ()


class NudgeHeldBack(Frozen, kw_only=True):
    """To a person: this intent was parked, or found no room to park, and never leaves."""

    intent: NudgeIntended
    reason: SuppressionReason


class NudgesWithdrawn(Frozen, kw_only=True):
    """To a person: the action is done, or the pair is suspended; take these nudges back."""

    person_id: PersonId
    programme_id: ProgrammeId
    pairing_id: PairingId | None = None
    keys: tuple[NudgeKey, ...] = ()
    """Which keys; empty means every key of the pairing (or programme)."""
    spared: tuple[NudgeKey, ...] = ()
    """Which of them stay all the same."""
    occasion: str | None = None
    """Only this occasion; None means all."""
    is_conflict: bool = False
    """Audit reason of a waiting intent that goes: `conflict` instead of `done`."""
    is_settling: bool = False
    """The pair may soon be what it was: what is taken back is set aside."""
    is_correction: bool = False
    """The facts behind the nudges were corrected: only what still waits goes."""


class NudgesReturned(Frozen, kw_only=True):
    """To a person: a pair is what it was; ask again for what was set aside and still holds."""

    person_id: PersonId
    programme_id: ProgrammeId
    pairing_id: PairingId
    occasion: str
    """Makes a new occasion of what had been requested before."""


class NudgeOutcome(Frozen, kw_only=True):
    """To a programme: what became of a nudge, for its insights and for rules that wait."""

    programme_id: ProgrammeId
    person_id: PersonId
    key: NudgeKey
    outcome: str
    """requested, opted_out, or `suppressed:<reason>`."""
    at: datetime
    pairing_id: PairingId | None = None
    """The pair that it is about; None, like the occasion, where somebody left a whole key."""
    occasion: str | None = None
    not_before: datetime | None = None
    """Of a request: from when the person could hear of it."""


class EmissionBounded(Frozen, kw_only=True):
    """To every key of people: nudges of an earlier `at` are suppressed (`--emit-from`)."""

    emit_from: datetime


class PersonNamed(Frozen, kw_only=True):
    """To a person: a programme, or somebody's facts, name you.

    An erased person answers that it was erased.
    """

    person_id: PersonId
    programme_id: ProgrammeId | None = None
    by_id: PersonId | None = None
    said_at: datetime
    """Event time of what names the person."""


class PersonMentioned(Frozen, kw_only=True):
    """To a person: a record names you that left your name in no row."""

    person_id: PersonId
    said_at: datetime
    """Event time of what names the person."""


class PersonUnnamed(Frozen, kw_only=True):
    """To a person: somebody's facts name you no longer."""

    person_id: PersonId
    by_id: PersonId


class PersonErased(Frozen, kw_only=True):
    """To a person: somebody whom your rows may name was erased."""

    person_id: PersonId
    erased_id: PersonId
    erased_at: datetime
    """Event time of the erasure."""
    above_id: PersonId | None = None
    """To those who reported to the erased person: who stood over it, and so stands over them."""


class ParticipantErased(Frozen, kw_only=True):
    """To a programme: somebody whom your rows may name was erased."""

    programme_id: ProgrammeId
    erased_id: PersonId


Message = (
    ReportJoined
    | ReportLeft
    | LineChanged
    | FactsChanged
    | ParticipationReported
    | ParticipationRefused
    | DepartureSettled
    | SilencePaused
    | PeopleExcluded
    | PairForbidden
    | PairAllowed
    | NudgeIntended
    | NudgeHeldBack
    | NudgesWithdrawn
    | NudgesReturned
    | NudgeOutcome
    | EmissionBounded
    | PersonNamed
    | PersonMentioned
    | PersonUnnamed
    | PersonErased
    | ParticipantErased
)
