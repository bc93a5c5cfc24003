"""Names of the people stage's tables, each once, and how its rules read and write the row of a person."""

from collections.abc import Iterator
from typing import Final

from engine.domain.person import Person
from engine.effects import Put, Rows
from schemas.ids import PersonId

PEOPLE: Final = "people"
REPORTS: Final = "reports"
SEEN: Final = "seen"
"""Marks of what was handled; written by the step, and here only to say that a programme refused it after all."""


def person_in(rows: Rows, person_id: str) -> Person | None:
    """Return a person."""
    found: Person | None = rows.get(PEOPLE, person_id)
    return found


def put_person(person: Person) -> Put:
    """Write a person."""
    return Put(PEOPLE, person.person_id, person)


def report_key(manager_id: PersonId, report_id: PersonId) -> str:
    """Return the key of a report's row: the manager first, so that a manager's reports are one scan."""
    return f"{manager_id}/{report_id}"


def reports_of(rows: Rows, manager_id: PersonId) -> Iterator[PersonId]:
    """Yield who reports to a manager, sorted."""
    for _, report in rows.scan(REPORTS, report_key(manager_id, PersonId(""))):
        yield report.report_id
