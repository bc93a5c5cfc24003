"""Names of the people stage's tables, each once, and how its rules read and write the row of a person."""

from collections.abc import Iterator
from typing import Final

from engine.core.effects import Put, Rows
from engine.programme.erasure.rules import Erasure
from engine.programme.people.person import Person
from schemas.terms.ids import PersonId, ProgrammeId

PEOPLE: Final = "people"
REPORTS: Final = "reports"
SEEN: Final = "seen"
"""Marks of what was handled; written by the step, and here only to say that a programme refused it after all."""
SEQUENCES: Final = "sequences"
"""Counters of what was published; written by the step, and deleted here for a person that is erased."""
ERASURES: Final = "erasures"
"""Who was erased. Keys are salted hashes: a rule names the person, the step hashes."""
TRACES: Final = "traces"
"""Where else a person is named, under the person's own key."""


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


def erasure_of(rows: Rows, person_id: PersonId) -> Erasure | None:
    """Return the erasure of somebody, who may have come back since."""
    found: Erasure | None = rows.get(ERASURES, person_id)
    return found


def programme_trace_key(person_id: PersonId, programme_id: ProgrammeId) -> str:
    """Return the key of the trace that a person has in a programme."""
    return f"{person_id}/programmes/{programme_id}"


def person_trace_key(person_id: PersonId, by_id: PersonId) -> str:
    """Return the key of the trace that a person has in the row of somebody else."""
    return f"{person_id}/people/{by_id}"
