"""Roster: HR facts, line and enrolments of a person, and what programmes hear of them.

Decides: what an HR or participation event changes for the person, and which programmes hear of it.
Never knows: what a programme does with the facts; whether a nudge may go out (nudges/outreach).

What a record leads to, always in this order: the person's row; farewells to programmes whose enrolment ends; the new facts to programmes
that stay, unless a new manager has yet to answer; the move from one manager to the other, and whom else the facts name; the line to one's
own reports; the ledger of nudges. Nothing is sent where nothing in force has changed.

How late a timer may be: everything that is due is brought into force at once and told once, since the first of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from engine.core.effects import Delete, Due, Effects, Record, Rows, Send, StageName
from engine.core.marks import mark_name
from engine.core.stage import processor, woken
from engine.core.table import SEEN
from engine.programme.erasure.rules import named_by
from engine.programme.facts import findings
from engine.programme.facts.attributes import Attribute, Value
from engine.programme.facts.employment import EMPLOYED
from engine.programme.facts.person_facts import Cancellation, FactKind, HrFact
from engine.programme.messages import (
    DepartureSettled,
    ParticipationRefused,
    ParticipationReported,
    SilencePaused,
)
from engine.programme.nudges import outreach
from engine.programme.people.enrolment import (
    Enrolments,
    Participation,
    after_end,
    after_event,
    after_refusal,
    after_silence,
    enrolment_in,
)
from engine.programme.people.mentions import known_to, mentions_told, names_told
from engine.programme.people.person import (
    Person,
    brought_up_to,
    odd_news,
    taken_effect_at,
    timed,
    with_departures_cancelled,
    with_enrolments_ended,
    with_hires_cancelled,
    with_hr_fact,
    with_odd,
)
from engine.programme.people.roster_line import (
    Onset,
    moved,
    registrations,
    tell_programmes,
    tell_reports,
)
from engine.programme.people.tables import ERASURES, PEOPLE, put_person
from schemas.envelope import Event
from schemas.events.hr import (
    HrDeparted,
    HrDepartureCancelled,
    HrFactData,
    HrHireCancelled,
    HrHired,
    HrLeaveEnded,
    HrLeaveStarted,
    HrRoleChanged,
)
from schemas.events.participation import ParticipationEnrolled
from schemas.frozen import replace
from schemas.terms.ids import PersonId

_ATTRIBUTES: Final = tuple(Attribute)
_KINDS: Final[Mapping[type, FactKind]] = {
    HrHired: FactKind.HIRED,
    HrRoleChanged: FactKind.ROLE_CHANGED,
    HrLeaveStarted: FactKind.LEAVE_STARTED,
    HrLeaveEnded: FactKind.LEAVE_ENDED,
    HrDeparted: FactKind.DEPARTED,
}


def on_hr_fact(rows: Rows, data: HrFactData, record: Record) -> Effects:
    """Take in a fact that takes effect on a day: now if that day has begun, else when it does."""
    before, fact = _person(rows, data.person_id), _fact_of(data, record.event)
    yield from findings.found_in_fact(rows, before, fact, data, record.at)
    told = with_odd(with_hr_fact(before, fact), odd_news(before, fact, data.odd_fields))
    yield from _told(rows, before, told, record)
    yield from mentions_told(rows.get(PEOPLE, before.person_id) or before, named_by(fact), fact.time)


def on_hire_cancelled(rows: Rows, data: HrHireCancelled, record: Record) -> Effects:
    """Void hires; somebody who was nothing but hired becomes unknown again, quietly."""
    before = _person(rows, data.person_id)
    yield from _told(rows, before, with_hires_cancelled(before, _cancellation(record)), record)


def on_departure_cancelled(rows: Rows, data: HrDepartureCancelled, record: Record) -> Effects:
    """Void departures."""
    before = _person(rows, data.person_id)
    yield from _told(rows, before, with_departures_cancelled(before, _cancellation(record)), record)


def on_participation(rows: Rows, data: Participation, record: Record) -> Effects:
    """Keep the person's enrolments up to date and pass the event on with the facts.

    The programme may still refuse it.
    """
    event, person, programme_id = record.event, _person(rows, data.person_id), data.programme_id
    known = _before_event(person, data, record.at)
    before = enrolment_in(known, programme_id)
    is_leaving = before is not None and before.is_leaving
    left_at = None if is_leaving else person.left_at
    enrolments = after_event(known, data, event, at=record.at, zone=person.timezone, left_at=left_at)
    if enrolments is not person.enrolments:
        person = timed(replace(person, enrolments=enrolments))
        yield put_person(person)
    yield from known_to(rows, person.person_id, programme_id)
    message = ParticipationReported(
        programme_id=programme_id, person_id=person.person_id, event=event, facts=person.facts(), is_leaving=is_leaving
    )
    yield Send(StageName.PROGRAMMES, programme_id, message, carries_origin=True)


def _before_event(person: Person, data: Participation, at: datetime) -> Enrolments:
    """End the old enrolment of somebody hired again who enrols anew.

    The programme may not have settled the departure yet.
    """
    known = enrolment_in(person.enrolments, data.programme_id)
    is_anew = isinstance(data, ParticipationEnrolled) and person.employment in EMPLOYED
    return after_end(person.enrolments, (known,), at) if known is not None and known.is_leaving and is_anew else person.enrolments


def on_departure_settled(rows: Rows, message: DepartureSettled, record: Record) -> Effects:
    """End an enrolment whose programme has settled the departure.

    With the last one, nudges that wait or were not heard yet are taken back.
    """
    person = rows.get(PEOPLE, message.person_id)
    known = None if person is None else enrolment_in(person.enrolments, message.programme_id)
    if person is None or known is None or not known.is_leaving:
        return
    after = timed(replace(person, enrolments=after_end(person.enrolments, (known,), record.at)))
    yield put_person(after)
    if outreach.standing_of(person) != outreach.standing_of(after):
        yield from outreach.person_changed(rows, after.person_id, record.at)


def on_participation_refused(rows: Rows, message: ParticipationRefused, _record: Record) -> Effects:
    """Take back what a refused event brought, its mark included.

    So the same event, or a mended one, is judged anew.
    """
    for count in _counts_marked(rows, message):
        yield Delete(SEEN, mark_name(message.source, message.event_id, count))
    person = rows.get(PEOPLE, message.person_id)
    if person is None:
        return
    enrolments = after_refusal(person.enrolments, message.programme_id, message.stamp)
    if enrolments is not person.enrolments:
        yield put_person(timed(replace(person, enrolments=enrolments)))


def _counts_marked(rows: Rows, message: ParticipationRefused) -> tuple[int, ...]:
    """Return the counts of redrives under which a refused event is marked.

    It is its own, and the first one where the redrive wrote that, too.
    """
    own, first = (rows.get(SEEN, mark_name(message.source, message.event_id, count)) for count in (message.redrive_count, 0))
    is_one = own is not None and first is not None and own.content == first.content
    return (message.redrive_count, 0) if is_one and message.redrive_count else (message.redrive_count,)


def on_silence_paused(rows: Rows, message: SilencePaused, _record: Record) -> Effects:
    """Keep up an enrolment that has become a pause without a word of the person."""
    person = rows.get(PEOPLE, message.person_id)
    if person is None:
        return
    enrolments = after_silence(person.enrolments, message.programme_id, message.paused_at)
    if enrolments is not person.enrolments:
        yield put_person(timed(replace(person, enrolments=enrolments)))


def wake(rows: Rows, before: Person, due: Due) -> Effects:
    """Bring into force what is due, however late."""
    yield from changed(rows, before, brought_up_to(before, due.at), due.at, Onset(since_at=due.due_at, is_timed=True))


def _told(rows: Rows, before: Person, told: Person, record: Record) -> Effects:
    """Bring a person up to date after HR has said something."""
    said_at = record.event.time.replace(microsecond=0)
    current = brought_up_to(told, record.at)
    since_at = taken_effect_at(before, current, said_at=said_at, at=record.at)
    yield from changed(rows, before, current, record.at, Onset(since_at=since_at))


def changed(rows: Rows, before: Person, now: Person, at: datetime, onset: Onset) -> Effects:
    """Write a person who has been brought up to date, and let everybody hear whom it concerns."""
    current = moved(before, now, onset.since_at)
    after = timed(with_enrolments_ended(before, current, at))
    if after == before:
        return
    yield put_person(after)
    yield from findings.found_in_force(rows, before, after, at)
    yield from _programmes_told(before, current, after, onset)
    yield from registrations(before, after, is_timed=onset.is_timed)
    yield from names_told(before, after)
    yield from tell_reports(rows, before, after, onset)
    if (before.history or before.enrolments) and outreach.standing_of(before) != outreach.standing_of(after):
        yield from outreach.person_changed(rows, after.person_id, at)


def _programmes_told(before: Person, current: Person, after: Person, onset: Onset) -> Effects:
    """Tell programmes: farewells, then departures or their opposite, then new facts.

    New facts wait while a manager has yet to answer.
    """
    facts = after.facts()
    taking_part = [enrolment for enrolment in after.enrolments if enrolment.takes_part]
    staying = {enrolment.programme_id for enrolment in taking_part}
    yield from tell_programmes([one for one in current.enrolments if one.takes_part and one.programme_id not in staying], facts, onset)
    was_leaving = {enrolment.programme_id for enrolment in before.enrolments if enrolment.is_leaving}
    turned = [enrolment for enrolment in taking_part if enrolment.is_leaving is not (enrolment.programme_id in was_leaving)]
    is_news = after.line_awaited_since_at is None and facts != before.facts()
    yield from tell_programmes(taking_part if is_news else turned, facts, onset)


def _person(rows: Rows, person_id: PersonId) -> Person:
    """Return the person's row, or a new one.

    Somebody erased starts from nothing, and older facts never count.
    """
    found = rows.get(PEOPLE, person_id)
    if found is not None:
        return found
    erasure = rows.get(ERASURES, person_id)
    return Person(person_id=person_id, erased_at=None if erasure is None else erasure.erased_at)


def _cancellation(record: Record) -> Cancellation:
    return Cancellation(time=record.event.time, id=record.event.id)


def _fact_of(data: HrFactData, event: Event) -> HrFact:
    return HrFact(
        kind=_KINDS[type(data)],
        effective_on=data.effective_on,
        time=event.time,
        recorded_at=event.recordedtime,
        sequence=event.sequence or 0,
        id=event.id,
        says=_says(data),
        expected_return_on=data.expected_return_on if isinstance(data, HrLeaveStarted) else None,
        leave_id=data.leave_id if isinstance(data, HrLeaveStarted | HrLeaveEnded) else None,
        source=event.source if isinstance(data, HrHired) else None,
    )


def _says(data: HrFactData) -> tuple[tuple[Attribute, Value], ...]:
    """List what an event names.

    A hire says nothing by leaving a field out. A role change clears a field with null.
    """
    if isinstance(data, HrHired):
        return tuple((attribute, value) for attribute in _ATTRIBUTES if (value := getattr(data, attribute)) is not None)
    if isinstance(data, HrRoleChanged):
        named = data.changes.model_fields_set
        return tuple((attribute, getattr(data.changes, attribute)) for attribute in _ATTRIBUTES if attribute in named)
    return ()


PROCESSOR: Final = processor(
    on_hr_fact,
    on_hire_cancelled,
    on_departure_cancelled,
    on_participation,
    on_participation_refused,
    on_departure_settled,
    on_silence_paused,
    wakes=woken(PEOPLE, wake),
)
