"""Erasure in the people stage.

The person's own rows go, everybody who names the person hears of it, nothing old comes back.

What an erasure leads to, in this order: the row that remembers it, under the salted hash; the ledger of nudges; the person's row; the
programmes that know the person; the manager and whoever else the person's facts named; the reports and whoever else names the person; and
the audit trail, in hashes; the runtime, which removes what it keeps beside the rows. Then no row of the person's key is left.

Whatever an event says about a person up to the erasure is ignored, and until a later hire everything else that comes from outside is, too.
It leaves no mark and no line in the log, because its bytes hold the id; it was counted as accepted, and as ignored in the metrics.

A late erasure: what HR has said with a later event time stands, as the beginning of somebody new.

What programmes do is erasure/in_programmes; whose fields are what, erasure/rules.

Source: decision 0009 (erasing somebody).
"""

from collections.abc import Iterator
from typing import Final

from engine.core.effects import Delete, Effects, Emit, Forget, Ignore, Put, Record, Rows, Send, StageName
from engine.core.stage import Processor, processor
from engine.core.table import SEQUENCES
from engine.programme.erasure.rules import Erasure, Trace, later, named_at, named_in, person_without, survivor
from engine.programme.messages import ParticipantErased, PersonErased, ReportJoined
from engine.programme.nudges import outreach
from engine.programme.people import roster
from engine.programme.people.mentions import answered, name_told, names_told
from engine.programme.people.person import Person, brought_up_to, timed
from engine.programme.people.roster_line import Onset, moved, registrations
from engine.programme.people.tables import (
    ERASURES,
    PEOPLE,
    REPORTS,
    TRACES,
    put_person,
    report_key,
    reports_of,
)
from schemas.base import PSEUDONYM_PENDING, InputData
from schemas.events.audit import CommandRecorded
from schemas.events.hr import HrErased, HrHired
from schemas.frozen import replace
from schemas.terms.ids import PersonId, ProgrammeId
from schemas.topics import AUDIT, NUDGES


def unless_erased(rules: Processor) -> Processor:
    """Let no event about somebody erased reach a rule, except another erasure."""
    handlers = {
        kind: (_erased_ignored, *those) if issubclass(kind, InputData) and kind is not HrErased else those
        for kind, those in rules.handlers.items()
    }
    return replace(rules, handlers=handlers)


def _erased_ignored(rows: Rows, _data: InputData, record: Record) -> Effects:
    """Ignore what an event says about somebody who was erased, before any other rule sees it."""
    event = record.event
    person = rows.get(PEOPLE, record.key)
    if person is not None:
        is_void = person.erased_at is not None and event.time <= person.erased_at
    else:
        erasure = rows.get(ERASURES, PersonId(record.key))
        is_void = erasure is not None and (erasure.voids(event.time) or not isinstance(event.data, HrHired))
    if is_void:
        yield Ignore()


def on_erased(rows: Rows, data: HrErased, record: Record) -> Effects:
    """Remove a person, known here or not."""
    event, person_id = record.event, data.person_id
    erasure = later(rows.get(ERASURES, person_id), event.time)
    yield Put(ERASURES, person_id, erasure)
    yield from outreach.erased(rows, person_id, record.at)
    yield Delete(SEQUENCES, f"{NUDGES.name}/{person_id}")
    before, nobody = rows.get(PEOPLE, person_id) or Person(person_id=person_id), Person(person_id=person_id)
    anew = moved(nobody, brought_up_to(survivor(before, erasure), record.at), record.at)
    yield put_person(timed(anew)) if anew.history else Delete(PEOPLE, person_id)
    for programme_id in _programmes_of(rows, before):
        erased = ParticipantErased(programme_id=programme_id, erased_id=person_id)
        yield Send(StageName.PROGRAMMES, programme_id, erased)
    for was, now in ((before, nobody), (nobody, anew)):
        yield from registrations(was, now, is_timed=False)
        yield from names_told(was, now)
    yield from _told_by_name(rows, person_id, erasure, before.registered_with)
    recorded = CommandRecorded(type=event.type, subject=PSEUDONYM_PENDING)
    yield Emit(topic=AUDIT, key=PSEUDONYM_PENDING, data=recorded, person_id=person_id, actor_id=event.actor, is_traceable=False)
    yield Forget(person_id)


def _programmes_of(rows: Rows, person: Person) -> list[ProgrammeId]:
    traced = {trace.programme_id for trace in _traces(rows, person.person_id) if trace.programme_id is not None}
    return sorted(traced | {enrolment.programme_id for enrolment in person.enrolments})


def _told_by_name(rows: Rows, person_id: PersonId, erasure: Erasure, above_id: PersonId | None) -> Effects:
    """Send the erasure to everybody whose rows name the person, and drop the traces.

    Whoever still names the person says so again.
    """
    for report_id in list(reports_of(rows, person_id)):
        yield Delete(REPORTS, report_key(person_id, report_id))
        yield from answered(report_id, person_id, erasure, above_id)
    for key, trace in list(rows.scan(TRACES, f"{person_id}/")):
        yield Delete(TRACES, key)
        if trace.by_id is not None:
            yield from answered(trace.by_id, person_id, erasure)


def _traces(rows: Rows, person_id: PersonId) -> Iterator[Trace]:
    for _, trace in rows.scan(TRACES, f"{person_id}/"):
        yield trace


def on_person_erased(rows: Rows, message: PersonErased, record: Record) -> Effects:
    """Name somebody no longer: in the facts, and in the line that follows from them."""
    before = rows.get(PEOPLE, message.person_id)
    if before is None:
        return
    told = person_without(before, message.erased_id, Erasure(erased_at=message.erased_at), message.above_id)
    if told is not before:
        yield from roster.changed(rows, before, brought_up_to(told, record.at), record.at, Onset(since_at=record.at))
    yield from _named_again(rows, message.person_id, message.erased_id)


def _named_again(rows: Rows, person_id: PersonId, erased_id: PersonId) -> Effects:
    """Say again that one's facts name somebody: what was said later than the erasure stands."""
    person = rows.get(PEOPLE, person_id)
    if person is None or erased_id not in named_in(person):
        return
    if person.registered_with == erased_id:
        joined = ReportJoined(manager_id=erased_id, report_id=person_id, said_at=named_at(person, erased_id))
        yield Send(StageName.PEOPLE, erased_id, joined)
    else:
        yield from name_told(person, erased_id)


PROCESSOR: Final = processor(on_erased, on_person_erased)
