"""Findings about HR facts: odd values that the owner of the feed should mend.

The fact counts all the same.

Decides: when a finding is reported; each newer fact reports what it leaves out, a fact that comes again reports nothing.
Never knows: what the value was; a finding is a person in hashes, a code and the name of a field, published as the day ends.

Source: house rule (one odd value never costs a fact).
"""

from datetime import datetime

from engine.core.effects import Effects, Note, Rows
from engine.programme.coordinators.audit_day import AuditLine
from engine.programme.coordinators.audit_days import noted
from engine.programme.facts.person_facts import HrFact
from engine.programme.people.person import Person, is_second_source, new_stray_ends, odd_news
from schemas.events.audit import HrFinding
from schemas.events.hr import HrFactData
from schemas.terms.codes import HrFindingCode
from schemas.terms.ids import PersonId


def found_in_fact(rows: Rows, before: Person, fact: HrFact, data: HrFactData, at: datetime) -> Effects:
    """Report what is odd about a fact that HR has just said."""
    for value in odd_news(before, fact, data.odd_fields):
        yield from found(rows, before.person_id, value.code, value.field, at)
    if is_second_source(before, fact):
        yield from found(rows, before.person_id, HrFindingCode.TWO_SOURCES, "source", at)


def found_in_force(rows: Rows, before: Person, after: Person, at: datetime) -> Effects:
    """Report what shows only when facts take effect."""
    for _ in new_stray_ends(before, after):
        yield from found(rows, after.person_id, HrFindingCode.UNKNOWN_LEAVE, "leave_id", at)


def found(rows: Rows, person_id: PersonId, code: HrFindingCode, field: str, at: datetime) -> Effects:
    """Report one finding."""
    yield Note("bothways_hr_findings_total", labels={"code": code})
    yield from noted(rows, person_id, AuditLine(type=HrFinding.TYPE, body=(("code", code.value), ("field", field))), at)
