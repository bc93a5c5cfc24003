"""Mentions: a row that names somebody says so at that person's key.

So an erasure finds every row with the id.

A manager knows its reports from the reporting line (people/roster_line). The other names leave a trace under the named person's key:
each programme that has heard of the person, excludes it or forbids it; each person whose facts name it as a dotted line, or as a manager
who isn't in force. Traces of programmes stay, those of people go when the facts name the person no longer.

How conflicts are resolved: a name that reaches somebody who was erased after it was said is answered, and so taken back. A name said later
than the erasure stands: it is news.

Source: decision 0009 (erasing somebody).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from engine.core.effects import Delete, Effects, Forget, Put, Record, Rows, Send, StageName
from engine.core.stage import processor
from engine.programme.erasure.rules import Erasure, Trace, named_at, named_in, names_differ
from engine.programme.messages import ParticipantErased, PersonErased, PersonMentioned, PersonNamed, PersonUnnamed
from engine.programme.people.person import Person
from engine.programme.people.tables import ERASURES, PEOPLE, TRACES, person_trace_key, programme_trace_key
from schemas.terms.ids import ERASED, PersonId, ProgrammeId


def erasure_in_force(rows: Rows, person_id: PersonId) -> Erasure | None:
    """Return the erasure of somebody who has not come back."""
    return None if rows.get(PEOPLE, person_id) is not None else rows.get(ERASURES, person_id)


def names_told(before: Person, after: Person) -> Effects:
    """Tell whom the facts about a person name now, and whom no longer.

    The manager in force hears of it as a manager.
    """
    if before.registered_with == after.registered_with and not names_differ(before, after):
        return
    was, now = (named_in(person) - {person.registered_with} for person in (before, after))
    for named_id in sorted(was - now):
        yield Send(StageName.PEOPLE, named_id, PersonUnnamed(person_id=named_id, by_id=before.person_id))
    for named_id in sorted(now - was):
        yield from name_told(after, named_id)


def name_told(person: Person, named_id: PersonId) -> Effects:
    """Tell somebody that the facts about a person name it."""
    said_at = named_at(person, named_id)
    assert said_at is not None, "only who is named hears of it"
    yield Send(StageName.PEOPLE, named_id, PersonNamed(person_id=named_id, by_id=person.person_id, said_at=said_at))


def mentions_told(person: Person, named_ids: Iterable[PersonId], said_at: datetime) -> Effects:
    """Send a mention for each name that a fact said and no fact in force says.

    A later one stands in its place.

    So the record of a statement that comes again after an erasure is forgotten as well.
    """
    for named_id in sorted(frozenset(named_ids) - named_in(person) - {person.person_id, ERASED}):
        yield Send(StageName.PEOPLE, named_id, PersonMentioned(person_id=named_id, said_at=said_at))


def known_to(rows: Rows, person_id: PersonId, programme_id: ProgrammeId) -> Effects:
    """Remember a programme that hears of a person, under the person's own key."""
    key = programme_trace_key(person_id, programme_id)
    if rows.get(TRACES, key) is None:
        yield Put(TRACES, key, Trace(programme_id=programme_id))


def on_named(rows: Rows, message: PersonNamed, _record: Record) -> Effects:
    """Remember who names one, or answer for somebody who was erased since."""
    erasure = erasure_in_force(rows, message.person_id)
    if message.programme_id is not None:
        if erasure is not None and erasure.voids(message.said_at):
            erased = ParticipantErased(programme_id=message.programme_id, erased_id=message.person_id)
            yield Send(StageName.PROGRAMMES, message.programme_id, erased)
            yield Forget(message.person_id)
        else:
            yield from known_to(rows, message.person_id, message.programme_id)
        return
    assert message.by_id is not None, "a programme or a person names somebody"
    if erasure is not None and erasure.voids(message.said_at):
        yield from taken_back(message.by_id, message.person_id, erasure)
    else:
        yield Put(TRACES, person_trace_key(message.person_id, message.by_id), Trace(by_id=message.by_id))


def on_mentioned(rows: Rows, message: PersonMentioned, _record: Record) -> Effects:
    """Have the record forgotten that names somebody who was erased since."""
    erasure = erasure_in_force(rows, message.person_id)
    if erasure is not None and erasure.voids(message.said_at):
        yield Forget(message.person_id)


def taken_back(by_id: PersonId, erased_id: PersonId, erasure: Erasure) -> Effects:
    """Answer a name that was said before an erasure and arrived after it.

    The answer clears the rows, and the record that brought the name.
    """
    yield from answered(by_id, erased_id, erasure)
    yield Forget(erased_id)


def answered(by_id: PersonId, erased_id: PersonId, erasure: Erasure, above_id: PersonId | None = None) -> Effects:
    """Tell somebody that whom its rows may name was erased."""
    message = PersonErased(person_id=by_id, erased_id=erased_id, erased_at=erasure.erased_at, above_id=above_id)
    yield Send(StageName.PEOPLE, by_id, message)


def on_unnamed(_rows: Rows, message: PersonUnnamed, _record: Record) -> Effects:
    """Forget who names one no longer."""
    yield Delete(TRACES, person_trace_key(message.person_id, message.by_id))


PROCESSOR: Final = processor(on_named, on_mentioned, on_unnamed)
