"""What an operator sees of a person: the row as plain JSON values.

Decides: the form of `inspect person`.
Never knows: a programme's profile; nothing of it is in the row, `exclude` least of all.
"""

from typing import Final

from engine.matching.hours import TIMEZONE_DEFAULT
from engine.programme.facts.attributes import LANGUAGES_DEFAULT
from engine.programme.facts.person_facts import FactKind, HrFact
from engine.programme.messages import Employment
from engine.programme.people.person import Person
from schemas.text.fields import instant_text

_EMPLOYMENT_AFTER: Final = {
    FactKind.HIRED: Employment.ACTIVE,
    FactKind.LEAVE_STARTED: Employment.ON_LEAVE,
    FactKind.LEAVE_ENDED: Employment.ACTIVE,
    FactKind.DEPARTED: Employment.DEPARTED,
}


def described(person: Person) -> dict[str, object]:
    """Describe a person.

    Returns: JSON values; null or an empty list where HR has said nothing; zone and languages then are the defaults
        that the rules use. `pending` holds one entry per attribute that waits for its day,
        `employment` among them with the state it will bring, in the order of the facts.
    """
    now, says = person.standing, person.attributes
    return {
        "person_id": person.person_id,
        "employment": person.employment.value,
        "hired_on": None if now.hired_on is None else now.hired_on.isoformat(),
        "manager_id": says.manager_id,
        "line": list(person.line),
        "is_line_cyclic": person.is_line_cyclic,
        "dotted_line_ids": list(says.dotted_line_ids),
        "department": says.department,
        "location": says.location,
        "timezone": says.timezone or TIMEZONE_DEFAULT,
        "languages": list(says.languages or LANGUAGES_DEFAULT),
        "job_level": says.job_level,
        "job_family": says.job_family,
        "legal_entity": says.legal_entity,
        "pending": [entry for fact in person.history if fact.in_force_at is None for entry in _entries(fact)],
        "enrolments": [
            {"programme_id": enrolment.programme_id, "status": enrolment.status.value, "since": instant_text(enrolment.since_at)}
            for enrolment in person.enrolments
        ],
    }


def _entries(fact: HrFact) -> list[dict[str, object]]:
    effective_on = fact.effective_on.isoformat()
    entries: list[dict[str, object]] = []
    if fact.is_employment:
        entries.append({"attribute": "employment", "value": _EMPLOYMENT_AFTER[fact.kind].value, "effective_on": effective_on})
    for attribute, value in fact.says:
        shown = list(value) if isinstance(value, tuple) else value
        entries.append({"attribute": attribute.value, "value": shown, "effective_on": effective_on})
    return entries
