"""A small topology with everything that can go wrong in a crash: hops both ways, timers, scans, deletions, outputs, refusals, failures.

It is for the store alone: quick, and full of row changes per input. What the rules of the programme make of a crash is for the tests that
run the real topology.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from engine.core.effects import Delete, Due, Effects, Emit, Forget, Put, Record, Refuse, Rows, Send, StageName
from engine.core.stage import Topology, processor, stage, woken
from engine.core.table import SEQUENCES, Table
from engine.programme.messages import EmissionBounded, Employment, FactsChanged, PersonFacts, ReportJoined
from schemas.base import OutputData
from schemas.events.hr import HrDeparted, HrErased, HrHired
from schemas.frozen import Frozen, replace
from schemas.terms.codes import ErrorCode
from schemas.terms.ids import PersonId, ProgrammeId
from schemas.topics import INSIGHTS, NUDGES

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
DAY: Final = timedelta(days=1)
CANARY: Final = "Canary_9.x:y-z"
"""Who is erased: an id with every kind of character that an id may have."""


class Counted(OutputData):
    """An output that says how often something happened."""

    TYPE: ClassVar[str] = "bothways.toy.counted.v1"
    subject: str
    count: int


class Hired(Frozen, kw_only=True):
    """A person; wakes on three days."""

    person_id: str
    hires_count: int = 0
    reports_count: int = 0
    wakes_count: int = 0
    tags: tuple[str, ...] = ()
    counts: dict[str, int]
    wake_at: datetime | None = None


class Report(Frozen, kw_only=True):
    """One report of a manager."""

    report_id: str
    wake_at: datetime | None = None


class Programme(Frozen, kw_only=True):
    """Counts the facts it is told; wakes at the next noon and forgets one participant."""

    facts_count: int = 0
    wake_at: datetime | None = None


PEOPLE: Final = Table(Hired, "people")
REPORTS: Final = Table(Report, "reports")
PROGRAMMES: Final = Table(Programme, "programmes")
PARTICIPANTS: Final = Table(Report, "participants")


def on_hired(rows: Rows, data: HrHired, record: Record) -> Effects:
    """Count the hire, tell the manager and the programme; refuse or fail where the department says so."""
    person = rows.get(PEOPLE, record.key) or Hired(person_id=record.key, counts={})
    counts = {**person.counts, data.department or "none": person.hires_count}
    yield Put(PEOPLE, record.key, replace(person, hires_count=person.hires_count + 1, counts=counts, wake_at=record.at + DAY))
    if data.department == "refused":
        yield Refuse(ErrorCode.STALE_ANSWER, "the toy refuses this department")
        return
    assert data.department != "failing"
    yield Emit(topic=NUDGES, key=record.key, data=Counted(subject=record.key, count=person.hires_count))
    if data.manager_id is not None:
        yield Send(StageName.PEOPLE, data.manager_id, ReportJoined(manager_id=data.manager_id, report_id=PersonId(record.key)))
    yield Send(StageName.PROGRAMMES, programme_of(record.key), facts(record.key, record.at))


def on_departed(rows: Rows, _data: HrDeparted, record: Record) -> Effects:
    """Forget the person."""
    if rows.get(PEOPLE, record.key) is not None:
        yield Delete(PEOPLE, record.key)
    yield Emit(topic=NUDGES, key=record.key, data=None)


def on_erased(rows: Rows, _data: HrErased, record: Record) -> Effects:
    """Remove the person from every row and have the runtime forget the id; the programme says that there is one participant less."""
    erased = PersonId(record.key)
    yield Delete(PEOPLE, erased)
    yield Delete(SEQUENCES, f"{NUDGES.name}/{erased}")
    for key, report in list(rows.scan(REPORTS, "")):
        if report.report_id == erased or key.startswith(f"{erased}/"):
            yield Delete(REPORTS, key)
    gone = PersonFacts(person_id=erased, employment=Employment.ERASED)
    programme_id = ProgrammeId(programme_of(erased))
    yield Send(StageName.PROGRAMMES, programme_id, FactsChanged(programme_id=programme_id, facts=gone, since_at=record.at))
    yield Forget(erased)


def on_joined(rows: Rows, message: ReportJoined, record: Record) -> Effects:
    """Keep the report and count all of them."""
    yield Put(REPORTS, f"{record.key}/{message.report_id}", Report(report_id=message.report_id))
    count = sum(1 for _ in rows.scan(REPORTS, f"{record.key}/"))
    manager = rows.get(PEOPLE, record.key) or Hired(person_id=record.key, counts={})
    yield Put(PEOPLE, record.key, replace(manager, reports_count=count))


def on_bounded(_rows: Rows, message: EmissionBounded, _record: Record) -> Effects:
    """Keep the bound."""
    yield Put(REPORTS, "bound", Report(report_id=message.emit_from.isoformat()))


def wake_person(_rows: Rows, person: Hired, due: Due) -> Effects:
    """Count the wake, publish it and tell the programme."""
    key, due_at = due.key, due.due_at
    assert not key.endswith("7"), "the toy's timers of these people fail"
    count = person.wakes_count + 1
    yield Put(PEOPLE, key, replace(person, wakes_count=count, wake_at=due_at + DAY if count % 3 else None))
    yield Emit(topic=NUDGES, key=key, data=Counted(subject=f"{key} woke", count=count))
    yield Send(StageName.PROGRAMMES, programme_of(key), facts(key, due.at))


def on_facts(rows: Rows, message: FactsChanged, record: Record) -> Effects:
    """Count the facts; somebody erased is a participant no longer."""
    if message.facts.employment is Employment.ERASED:
        yield Delete(PARTICIPANTS, f"{record.key}/{message.facts.person_id}")
        yield Emit(topic=INSIGHTS, key=record.key, data=Counted(subject="erased", count=1))
        return
    programme = rows.get(PROGRAMMES, record.key) or Programme()
    noon = record.at.replace(hour=12, minute=0, second=0) + DAY
    yield Put(PROGRAMMES, record.key, replace(programme, facts_count=programme.facts_count + 1, wake_at=programme.wake_at or noon))
    yield Put(PARTICIPANTS, f"{record.key}/{message.facts.person_id}", Report(report_id=message.facts.person_id))
    yield Emit(topic=INSIGHTS, key=record.key, data=Counted(subject="facts", count=programme.facts_count))


def wake_programme(rows: Rows, programme: Programme, due: Due) -> Effects:
    """Publish how many take part and let the first one go."""
    key, due_at = due.key, due.due_at
    members = [name for name, _ in rows.scan(PARTICIPANTS, f"{key}/")]
    yield Put(PROGRAMMES, key, replace(programme, wake_at=due_at + DAY if members else None))
    yield Emit(topic=INSIGHTS, key=key, data=Counted(subject="members", count=len(members)))
    if members:
        yield Delete(PARTICIPANTS, members[0])


def facts(person_id: str, at: datetime) -> FactsChanged:
    """The message to a person's programme."""
    programme_id = ProgrammeId(programme_of(person_id))
    return FactsChanged(programme_id=programme_id, facts=PersonFacts(person_id=PersonId(person_id)), since_at=at)


def programme_of(person_id: str) -> str:
    """One of three programmes."""
    return f"toy-{ord(person_id[-1]) % 3}"


def toy() -> Topology:
    """The topology."""
    people = processor(on_hired, on_departed, on_erased, on_joined, on_bounded, wakes=woken(PEOPLE, wake_person))
    programmes = processor(on_facts, wakes=woken(PROGRAMMES, wake_programme))
    stages = (stage(StageName.PEOPLE, people, PEOPLE, REPORTS), stage(StageName.PROGRAMMES, programmes, PROGRAMMES, PARTICIPANTS))
    return Topology(stages={one.name: one for one in stages})


def hired(number: int, *, at: datetime, id_: str | None = None, **data: Any) -> bytes:
    """A line that hires somebody."""
    body = {"person_id": f"p{number}", "effective_on": at.date().isoformat(), **data}
    return line("hr.hired", id_ or f"hired-{number}-{at:%j%H%M%S}", at, body)


def line(name: str, id_: str, at: datetime, data: dict[str, Any]) -> bytes:
    """A line of a file."""
    event = {"specversion": "1.0", "id": id_, "source": "urn:toy", "type": f"bothways.{name}.v1", "time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps({**event, "data": data}).encode()


def lines_about(person_id: str, at: datetime) -> list[bytes]:
    """Lines in which somebody plays every role: the subject, a manager, a subject refused in each way, and part of what nobody can read."""
    said = {"person_id": person_id, "effective_on": "2025-01-06"}
    return [
        line("hr.hired", f"of/{person_id}/1", at, {**said, "manager_id": "p0", "department": "d1"}),
        line("hr.hired", f"of/{person_id}/1", at, {**said, "department": "d2"}),
        line("hr.hired", f"of/{person_id}/2", at, {**said, "department": "refused"}),
        line("hr.hired", f"of/{person_id}/3", at, {**said, "department": "failing"}),
        line("hr.hired", f"of/{person_id}/4", at, {"person_id": "p1", "effective_on": "2025-01-06", "manager_id": person_id}),
        line("hr.hired", f"of/{person_id}/5", at, {**said, "effective_on": "some day"}),
        b'{"who": "%s"' % person_id.encode(),
        b"\xff\xfe" + f"<{person_id}>".encode("utf-16-le"),
    ]


def erased(person_id: str, at: datetime) -> bytes:
    """A line that erases somebody."""
    return line("hr.erased", f"erases/{person_id}/{at:%j%H%M%S}", at, {"person_id": person_id})


def toy_lines(count: int, *, people_count: int = 40, apart: timedelta = timedelta(minutes=20)) -> Iterator[bytes]:
    """Mixed lines: hires in bursts, departures, repetitions, conflicts, unreadable and refused ones."""
    for number in range(count):
        at = START + number * apart
        person = number * 7 % people_count
        match number % 20:
            case 5:
                yield line("hr.departed", f"departed-{number}", at, {"person_id": f"p{person}", "effective_on": "2025-02-01"})
            case 7:
                yield hired(person, at=START, id_="said-twice", department=f"d{number}")
            case 9:
                yield b'{"not": "an event", "number": %d}' % (number % 60)
            case 11:
                yield hired(person, at=at, department="refused")
            case 13:
                yield hired(person, at=at, department="failing")
            case 15:
                yield hired(1, at=START, id_="repeated")
            case 17:
                yield b""
            case _:
                yield hired(person, at=at, manager_id=f"p{person // 7}", department=f"d{number % 3}")
