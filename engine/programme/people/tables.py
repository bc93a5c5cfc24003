"""The tables of the people stage that several rooms share, and the keys of their rows."""

from collections.abc import Iterator
from typing import Final

from engine.core.effects import Put, Rows
from engine.core.table import Keys, Table
from engine.programme.erasure.rules import Erasure, Trace
from engine.programme.people.person import Person, Report
from schemas.terms.ids import PersonId, ProgrammeId

PEOPLE: Final = Table(Person, "people")
REPORTS: Final = Table(Report, "reports", is_sparse=True)
ERASURES: Final = Table(Erasure, "erasures", keys=Keys.PERSON)
"""Who was erased."""
TRACES: Final = Table(Trace, "traces")
"""Where else a person is named, under the person's own key."""


def put_person(person: Person) -> Put[Person]:
    """Write a person."""
    return Put(PEOPLE, person.person_id, person)


def report_key(manager_id: PersonId, report_id: PersonId) -> str:
    """Return the key of a report's row.

    The manager comes first, so a manager's reports are one scan.
    """
    return f"{manager_id}/{report_id}"


def reports_of(rows: Rows, manager_id: PersonId) -> Iterator[PersonId]:
    """Yield who reports to a manager, sorted."""
    for _, report in rows.scan(REPORTS, report_key(manager_id, PersonId(""))):
        yield report.report_id


def programme_trace_key(person_id: PersonId, programme_id: ProgrammeId) -> str:
    """Return the key of the trace that a person has in a programme."""
    return f"{person_id}/programmes/{programme_id}"


def person_trace_key(person_id: PersonId, by_id: PersonId) -> str:
    """Return the key of the trace that a person has in the row of somebody else."""
    return f"{person_id}/people/{by_id}"
