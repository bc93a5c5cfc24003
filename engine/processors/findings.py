"""Findings about HR facts: what counts all the same, and whoever owns the feed should mend.

Decides: when a finding is reported; each newer fact reports what it leaves out, a fact that comes again reports nothing.
Never knows: what the value was; a finding is a person in hashes, a code and the name of a field.

Source: house rule (one odd value never costs a fact).
"""

from engine.domain.person import Person, is_second_source, new_stray_ends, odd_news
from engine.domain.person_facts import HrFact
from engine.effects import Effects, Emit, Note
from schemas.audit import HrFinding
from schemas.base import PSEUDONYM_PENDING
from schemas.codes import HrFindingCode
from schemas.hr import HrFactData
from schemas.ids import PersonId
from schemas.topics import AUDIT


def found_in_fact(before: Person, fact: HrFact, data: HrFactData) -> Effects:
    """Report what is odd about a fact that HR has just said."""
    for value in odd_news(before, fact, data.odd_fields):
        yield from found(before.person_id, value.code, value.field)
    if is_second_source(before, fact):
        yield from found(before.person_id, HrFindingCode.TWO_SOURCES, "source")


def found_in_force(before: Person, after: Person) -> Effects:
    """Report what shows only when facts take effect."""
    for _ in new_stray_ends(before, after):
        yield from found(after.person_id, HrFindingCode.UNKNOWN_LEAVE, "leave_id")


def found(person_id: PersonId, code: HrFindingCode, field: str) -> Effects:
    """Report one finding."""
    yield Note("bothways_hr_findings_total", labels={"code": code})
    data = HrFinding(person=PSEUDONYM_PENDING, code=code, field=field)
    yield Emit(topic=AUDIT, key=PSEUDONYM_PENDING, data=data, subjects=(code, field), person_id=person_id, is_traceable=False)
