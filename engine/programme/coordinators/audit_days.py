"""The audit trail of persons: lines wait for the end of their day.

A row's key is the day and the hash, so the rows of one midnight fire in the order of their hashes, whoever was first. A rule names the day
and the person; the step, which knows the salt, finds the row.
"""

from datetime import date, datetime, timedelta
from typing import Final

from engine.core.effects import Delete, Due, Effects, Emit, Put, Rows
from engine.core.stage import processor, woken
from engine.core.table import SEQUENCES, Keys, Table
from engine.programme.coordinators.audit_day import DAYS_LATE_MAX, AuditDay, AuditLine, with_line
from schemas.registry import OUTPUT_TYPES
from schemas.terms.ids import PersonId
from schemas.topics import AUDIT

AUDIT_DAYS: Final = Table(AuditDay, "audit_days", keys=Keys.DAY_AND_PERSON)


def day_key(person_id: PersonId, day: date) -> str:
    """Name a row to the step, which stores it under `<day>#<hash>`."""
    return f"{day.isoformat()}/{person_id}"


def noted(rows: Rows, person_id: PersonId, line: AuditLine, at: datetime) -> Effects:
    """Let a line wait for the end of its day."""
    key, day = day_key(person_id, at.date()), at.date()
    yield Put(AUDIT_DAYS, key, with_line(rows.get(AUDIT_DAYS, key), line, day))


def forgotten(rows: Rows, person_id: PersonId, at: datetime) -> Effects:
    """Drop what waits about somebody who is erased."""
    for days in range(DAYS_LATE_MAX + 1):
        key = day_key(person_id, at.date() - timedelta(days=days))
        if rows.get(AUDIT_DAYS, key) is not None:
            yield Delete(AUDIT_DAYS, key)


def wake(_rows: Rows, day: AuditDay, due: Due) -> Effects:
    """Publish one person's day. Nothing comes under its hash any more, so no counter is kept."""
    hashed = due.key.partition("#")[2]
    for line in day.lines:
        data = OUTPUT_TYPES[line.type](**{"person": hashed, **dict(line.body)})
        yield Emit(topic=AUDIT, key=hashed, data=data, is_traceable=False)
    yield Delete(SEQUENCES, f"{AUDIT.name}/{hashed}")
    yield Delete(AUDIT_DAYS, due.key)


PROCESSOR: Final = processor(wakes=woken(AUDIT_DAYS, wake))
