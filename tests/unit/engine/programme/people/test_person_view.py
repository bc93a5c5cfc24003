"""What an operator sees of a person (engine/programme/people/person_view.py)."""

import json
from datetime import UTC, date, datetime

from engine.programme.facts.attributes import Attribute
from engine.programme.facts.person_facts import FactKind, HrFact
from engine.programme.people.enrolment import Enrolment, EnrolmentStatus
from engine.programme.people.person import Person, brought_up_to, with_hr_fact
from engine.programme.people.person_view import described
from schemas.terms.ids import PersonId, ProgrammeId

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)


def test_a_person_is_described_as_plain_json() -> None:
    """Every attribute has its name, what is pending its day, and enrolments their status and since when."""
    hire = HrFact(
        kind=FactKind.HIRED,
        effective_on=date(2025, 1, 1),
        time=AT,
        id="hire",
        says=((Attribute.MANAGER_ID, "max"), (Attribute.DOTTED_LINE_IDS, ("eve",)), (Attribute.JOB_LEVEL, 3)),
    )
    change = HrFact(
        kind=FactKind.ROLE_CHANGED, effective_on=date(2025, 2, 1), time=AT, id="change", says=((Attribute.LANGUAGES, ("de", "en")),)
    )
    departure = HrFact(kind=FactKind.DEPARTED, effective_on=date(2025, 3, 31), time=AT, id="departure")
    person = Person(
        person_id=PersonId("ann"),
        line=(PersonId("max"),),
        enrolments=(Enrolment(programme_id=ProgrammeId("p"), status=EnrolmentStatus.PAUSED, since_at=AT),),
    )
    for fact in (hire, change, departure):
        person = with_hr_fact(person, fact)

    expected = {
        "person_id": "ann",
        "employment": "active",
        "hired_on": "2025-01-01",
        "manager_id": "max",
        "line": ["max"],
        "is_line_cyclic": False,
        "dotted_line_ids": ["eve"],
        "department": None,
        "location": None,
        "timezone": "UTC",
        "languages": ["en"],
        "job_level": 3,
        "job_family": None,
        "legal_entity": None,
        "pending": [
            {"attribute": "languages", "value": ["de", "en"], "effective_on": "2025-02-01"},
            {"attribute": "employment", "value": "departed", "effective_on": "2025-03-31"},
        ],
        "enrolments": [{"programme_id": "p", "status": "paused", "since": "2025-01-06T09:00:00Z"}],
    }
    assert expected == json.loads(json.dumps(described(brought_up_to(person, AT))))
