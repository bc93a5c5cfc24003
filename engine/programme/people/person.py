"""One person's row: HR facts, the line above, and programmes.

Decides: what an HR fact or a cancellation changes in the row; when the row wants to be woken; which enrolments end; who may be
invited; what a programme may know.
Never knows: which messages follow (people/roster); programmes beyond their ids; nudges (nudges/ledger).

Invariants
    people.P1  Whoever departs, or was never hired after all, takes part in nothing; being hired again brings no enrolment back.
    people.P2  A row that only remembers what was cancelled, or whom somebody is not to meet, is not a person known to anybody; it stays, so
        that a void hire can't revive what was cancelled, however late it comes.
    people.P3  `standing` and `attributes` follow from the history; kept in the row because they are read far more often than changed.

Source: docs/rules.md, Facts of HR; decision 0004 (time is data).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from engine.programme.facts.attributes import Attributes
from engine.programme.facts.compaction import compacted
from engine.programme.facts.employment import EMPLOYED, Standing, hired_by, standing
from engine.programme.facts.leaves import stray_ends
from engine.programme.facts.names import normalised
from engine.programme.facts.person_facts import (
    Cancellation,
    FactKind,
    History,
    HrFact,
    Stamp,
    attributes_in_force,
    brought_into_force,
    is_known,
    later,
    next_due_at,
    with_fact,
    without,
)
from engine.programme.messages import Employment, PersonFacts
from engine.programme.people.apart import Exclusions, Forbids, excluded_ids, forbidden_ids
from engine.programme.people.enrolment import (
    Enrolment,
    Enrolments,
    EnrolmentStatus,
    after_end,
    after_pauses,
    enrolment_in,
    leaving,
    next_pause_over_at,
)
from engine.programme.times.calendar import start_of_day
from schemas.frozen import Frozen, replace
from schemas.terms.codes import HrFindingCode
from schemas.terms.ids import PersonId, ProgrammeId

NOBODY_YET: Final = Standing()
NOTHING_SAID: Final = Attributes()
GONE: Final = frozenset({Employment.UNKNOWN, Employment.DEPARTED, Employment.ERASED})


class Report(Frozen, kw_only=True):
    """Under a manager's key: somebody who reports to it."""

    report_id: PersonId

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


class OddValue(Frozen, kw_only=True):
    """The newest fact with an odd value of an attribute: unreadable, or blank."""

    field: str
    code: HrFindingCode
    stamp: Stamp


class Person(Frozen, kw_only=True):
    """The row of one person."""

    person_id: PersonId
    history: History = ()
    """HR facts in force and pending, by stamp (facts.F1)."""
    standing: Standing = NOBODY_YET
    """Employment and what goes with it, folded from the history in force (people.P3)."""
    attributes: Attributes = NOTHING_SAID
    """What HR says and is in force, folded from the history (people.P3)."""
    odd: tuple[OddValue, ...] = ()
    """By field and code."""
    hires_cancelled: Cancellation | None = None
    departures_cancelled: Cancellation | None = None
    erased_at: datetime | None = None
    """Erasure of somebody who came back: nothing said up to then counts (erasure/rules)."""
    enrolments: Enrolments = ()
    exclusions: Exclusions = ()
    """People whom the person would rather not meet (people/apart); outlives every enrolment."""
    forbids: Forbids = ()
    """With whom coordinators forbid to pair the person; outlives every enrolment."""
    registered_with: PersonId | None = None
    """The manager under whose key this person stands as a report."""
    above_erased: PersonId | None = None
    """The person above an erased manager, with whom this person is registered instead."""
    line: tuple[PersonId, ...] = ()
    """Everybody above, nearest first; the old line until a new manager has answered."""
    is_line_cyclic: bool = False
    line_awaited_since_at: datetime | None = None
    """Start of the earliest change that programmes have not heard of yet.

    Only while a new manager has not answered.
    """
    wake_at: datetime | None = None
    """The earliest instant at which something pending takes effect."""

    @property
    def employment(self) -> Employment:
        """Where the person stands with the organisation."""
        return self.standing.employment

    @property
    def timezone(self) -> str | None:
        """The zone in force; None stands for UTC."""
        return self.attributes.timezone

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in force."""
        return self.attributes.languages

    @property
    def leave_ended_at(self) -> datetime | None:
        """When the last leave ended; the soft landing counts from here."""
        return self.standing.leave_ended_at

    @property
    def is_bare(self) -> bool:
        """Whether the row only remembers what was cancelled, or people not to meet (people.P2)."""
        is_void = self.hires_cancelled is not None or not self.enrolments
        return is_void and not self.history and not any(enrolment.takes_part for enrolment in self.enrolments)

    @property
    def left_at(self) -> datetime | None:
        """When the person last left the organisation, by the history in force."""
        left = (fact.in_force_at for fact in self.history if fact.kind is FactKind.DEPARTED and fact.in_force_at is not None)
        return max(left, default=None)

    def facts(self) -> PersonFacts:
        """Return what a programme may know: what is in force, nothing that is pending."""
        now, says = self.standing, self.attributes
        return PersonFacts(
            person_id=self.person_id,
            employment=self.employment,
            hired_on=now.hired_on,
            expected_return_on=now.expected_return_on,
            leave_ended_at=now.leave_ended_at,
            manager_id=says.manager_id,
            line=self.line,
            dotted_line_ids=says.dotted_line_ids,
            department=says.department,
            location=says.location,
            timezone=says.timezone,
            languages=says.languages,
            job_level=says.job_level,
            legal_entity=says.legal_entity,
            left_at=self.left_at,
            excluded_ids=excluded_ids(self.exclusions),
            forbidden_ids=forbidden_ids(self.forbids),
        )


def with_hr_fact(person: Person, fact: HrFact) -> Person:
    """Take in what HR said, unless a cancellation has voided it already.

    Nothing takes effect before `brought_up_to`.
    """
    void = _void_of(person, fact.kind)
    if void is not None and void.voids(fact):
        return person
    return replace(person, history=with_fact(person.history, fact))


def odd_news(person: Person, fact: HrFact, odd: Iterable[tuple[str, HrFindingCode]]) -> tuple[OddValue, ...]:
    """Return the odd values of a fact that no newer fact had: a repetition is no news."""
    known = {(value.field, value.code): value.stamp for value in person.odd}
    return tuple(
        OddValue(field=field, code=code, stamp=fact.stamp)
        for field, code in odd
        if (field, code) not in known or known[field, code] < fact.stamp
    )


def with_odd(person: Person, news: Iterable[OddValue]) -> Person:
    """Remember what was left out."""
    values = {(value.field, value.code): value for value in (*person.odd, *news)}
    odd = tuple(values[name] for name in sorted(values))
    return person if odd == person.odd else replace(person, odd=odd)


def has_odd_value(person: Person) -> bool:
    """Say whether the newest word about an attribute could not be read."""
    said = {(attribute.value, fact.stamp) for fact in person.history for attribute, _ in fact.says}
    unread = [value for value in person.odd if value.code in {HrFindingCode.UNREADABLE, HrFindingCode.BLANK}]
    return any(not any(name == value.field and stamp > value.stamp for name, stamp in said) for value in unread)


def is_second_source(person: Person, fact: HrFact) -> bool:
    """Say whether a hire of somebody employed comes from another source than the one before."""
    if fact.kind is not FactKind.HIRED or person.employment not in EMPLOYED or is_known(person.history, fact):
        return False
    return fact.source != hired_by(person.history)


def new_stray_ends(before: Person, after: Person) -> tuple[HrFact, ...]:
    """Return the ends of unknown leaves that are new in force between two states."""
    known = {fact.stamp for fact in before.history if fact.in_force_at is not None}
    return tuple(end for end in stray_ends(after.history) if end.stamp not in known)


def with_hires_cancelled(person: Person, cancellation: Cancellation) -> Person:
    """Void the hires up to a cancellation, and what they said."""
    kept = without(person.history, cancellation, (FactKind.HIRED,))
    return replace(person, history=kept, hires_cancelled=later(person.hires_cancelled, cancellation))


def with_departures_cancelled(person: Person, cancellation: Cancellation) -> Person:
    """Void the departures up to a cancellation."""
    kept = without(person.history, cancellation, (FactKind.DEPARTED,))
    return replace(person, history=kept, departures_cancelled=later(person.departures_cancelled, cancellation))


def brought_up_to(person: Person, at: datetime) -> Person:
    """Bring into force what is due, fold the history (people.P3), end pauses that are over."""
    history = compacted(brought_into_force(person.history, at))
    current = replace(person, history=history, standing=standing(history), attributes=attributes_in_force(history))
    if not _pauses_end(current):
        return current
    return replace(current, enrolments=after_pauses(current.enrolments, at, current.timezone))


def timed(person: Person) -> Person:
    """Set the row's timer to the next thing that takes effect."""
    wakes = [next_due_at(person.history)]
    if _pauses_end(person):
        wakes.append(next_pause_over_at(person.enrolments, person.timezone))
    wake_at = min((wake for wake in wakes if wake is not None), default=None)
    return person if wake_at == person.wake_at else replace(person, wake_at=wake_at)


def _pauses_end(person: Person) -> bool:
    return any(enrolment.paused_until_on is not None for enrolment in person.enrolments)


def taken_effect_at(before: Person, after: Person, *, said_at: datetime, at: datetime) -> datetime:
    """Return since when something that HR said has been in effect.

    Args:
        said_at: the event's own time; before it nobody could know, so a back-dated fact counts from here.
        at: when the engine heard of it, which may be much later.
    Returns: the time at which it was said, or the instant at which its day began if that came later; never after `at`.
    """
    known = {fact.id for fact in before.history if fact.in_force_at is not None}
    begun = (fact.in_force_at for fact in after.history if fact.in_force_at is not None and fact.id not in known)
    return min(at, max(said_at, min(begun, default=said_at)))


def left_at(before: Person, after: Person) -> datetime | None:
    """Return the instant of the latest departure that is new in force between two states."""
    known = {fact.id for fact in before.history if fact.in_force_at is not None}
    return max(
        (
            fact.in_force_at
            for fact in after.history
            if fact.kind is FactKind.DEPARTED and fact.in_force_at is not None and fact.id not in known
        ),
        default=None,
    )


def ended_enrolments(before: Person, after: Person) -> Enrolments:
    """Return the enrolments that end with what has just come into force (people.P1).

    All of them when the person is gone; those from before the departure when a later hire is in force already, or pending.
    """
    taking_part = tuple(enrolment for enrolment in after.enrolments if enrolment.takes_part)
    if not taking_part or _has_gone(before, after):
        return taking_part
    departed_at = left_at(before, after)
    return () if departed_at is None else tuple(enrolment for enrolment in taking_part if enrolment.begun_at < departed_at)


def with_enrolments_ended(before: Person, after: Person, at: datetime) -> Person:
    """Withdraw the enrolments of somebody who was never hired after all.

    After a departure they end when programmes have settled it.
    """
    if not after.enrolments:
        return after
    ended = ended_enrolments(before, after)
    if after.employment in {Employment.UNKNOWN, Employment.ERASED}:
        return replace(after, enrolments=after_end(after.enrolments, ended, at)) if ended else after
    gone = tuple(kept for kept in after.enrolments if kept in ended or (kept.is_leaving and _is_still_leaving(after, kept)))
    enrolments = leaving(after.enrolments, gone)
    return after if enrolments == after.enrolments else replace(after, enrolments=enrolments)


def _is_still_leaving(person: Person, enrolment: Enrolment) -> bool:
    """Say whether the departure that an enrolment waits for stands.

    A hire that follows it takes nothing back.
    """
    left_at = person.left_at
    return person.employment not in EMPLOYED or (left_at is not None and enrolment.begun_at < left_at)


def is_unsettled(person: Person) -> bool:
    """Say whether somebody has departed and a programme may yet hear that it was a mistake."""
    return person.employment not in EMPLOYED and any(enrolment.is_leaving for enrolment in person.enrolments)


def _has_gone(before: Person, after: Person) -> bool:
    """Say whether somebody has just gone, whatever return is planned."""
    if after.employment is Employment.EXPECTED:
        return before.employment in EMPLOYED
    return after.employment in GONE and before.employment is not after.employment


def invitable(person: Person, programme_id: ProgrammeId, *, eligible_after_days: int, department: str | None, at: datetime) -> bool:
    """Say whether an invitation to a programme may go to this person.

    Args:
        eligible_after_days: full local days between the hire in force and the invitation.
        department: only people of this department, if given.
    Returns: True for somebody active, long enough here, whom the programme has neither invited nor had before.
    """
    now, says = person.standing, person.attributes
    if now.employment is not Employment.ACTIVE or now.hired_on is None:
        return False
    if department is not None and normalised(says.department or "") != normalised(department):
        return False
    if start_of_day(now.hired_on + timedelta(days=eligible_after_days), says.timezone) > at:
        return False
    enrolment = enrolment_in(person.enrolments, programme_id)
    return enrolment is None or enrolment.status is EnrolmentStatus.KNOWN


def _void_of(person: Person, kind: FactKind) -> Cancellation | None:
    match kind:
        case FactKind.HIRED:
            return person.hires_cancelled
        case FactKind.DEPARTED:
            return person.departures_cancelled
        case _:
            return None
