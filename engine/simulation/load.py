"""Streams of input events for benchmarks: valid, ordered, and in need of no answer.

Everything here is accepted without knowing what the engine published, so a producer can write as fast as it likes.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count as numbers
from random import Random
from typing import Final

from engine.simulation.clock import START_AT, rfc3339
from engine.simulation.draws import stream
from engine.simulation.observed import Json, full_type
from engine.simulation.people.organisation import SimulatedPerson, employees, organisation
from engine.simulation.people.workforce import hired
from engine.simulation.topics import TOPIC_FAMILIES, TOPIC_IDS
from engine.simulation.world import HR_ACTOR

LOAD_SOURCE: Final = "urn:bothways:load"
PROGRAMME_ID: Final = "load"
COORDINATOR: Final = f"coordinator:{PROGRAMME_ID}"
_PERSONAL: Final = frozenset({"participation.enrolled", "participation.updated", "participation.paused", "participation.resumed"})


def hires(count: int, seed: int) -> Iterator[Json]:
    """So many hires of one organisation with a realistic manager tree, in random order.

    About half of the reports are hired before their managers, as in a feed that nobody sorted.
    """
    staff = list(employees(count, seed))
    stream(seed, "load", "order").shuffle(staff)
    for number, employee in enumerate(staff, start=1):
        yield _event(number, "hr.hired", START_AT, hired(employee), employee.person_id)


def mixed_events(count: int, seed: int, people: int) -> Iterator[Json]:
    """So many events: a programme, everybody's hire, everybody's enrolment, then an endless mix.

    The mix, one event a second of simulated time: changes of profile 30 %, of department or level 20 %, of manager 5 %,
    pauses and resumptions 15 %, leave begun and ended 10 %, opt-outs and opt-ins 10 %, notes 10 %. A person who is on leave
    or pauses comes back before leaving again.

    Args:
        count: how many events; less than the opening gives only its beginning.
        people: how many people there are, at least 2.
    """
    assert people >= 2, people
    everybody = organisation(people, seed).people
    draw = stream(seed, "load", "mix")
    for number, (kind, data, subject) in zip(range(1, count + 1), _script(everybody, draw), strict=False):
        yield _event(number, kind, START_AT + timedelta(seconds=number), data, subject)


def _event(number: int, kind: str, at: datetime, data: Json, subject: str) -> Json:
    event: Json = {
        "specversion": "1.0",
        "id": f"load-{number}",
        "source": LOAD_SOURCE,
        "type": full_type(kind),
        "time": rfc3339(at),
        "subject": subject,
        "datacontenttype": "application/json",
        "data": data,
    }
    if kind in _PERSONAL or kind.startswith("nudge."):
        event["actor"] = subject
    elif kind.startswith("hr."):
        event["actor"] = HR_ACTOR
    elif kind.startswith("programme."):
        event["actor"] = COORDINATOR
    return event


def _script(everybody: tuple[SimulatedPerson, ...], draw: Random) -> Iterator[tuple[str, Json, str]]:
    """Type, data and subject of each event in turn."""
    yield "programme.created", {"programme_id": PROGRAMME_ID, "name": "Load", "policy": {}}, PROGRAMME_ID
    arrivals = list(everybody)
    draw.shuffle(arrivals)
    for person in arrivals:
        yield "hr.hired", hired(person.employee) | {"effective_on": (START_AT - timedelta(days=90)).date().isoformat()}, person.person_id
    for person in arrivals:
        yield "participation.enrolled", _participation(person, draw), person.person_id
    leaders = [person.person_id for person in everybody if person.employee.leads]
    staff = [person for person in everybody if not person.employee.leads]
    paused: set[str] = set()
    away: set[str] = set()
    opted_out: set[str] = set()
    for number in numbers(1):
        person, luck = draw.choice(staff), draw.random()
        person_id, today = person.person_id, (START_AT + timedelta(seconds=number)).date().isoformat()
        mine: Json = {"person_id": person_id}
        if luck < 0.30:
            yield "participation.updated", _participation(person, draw), person_id
        elif luck < 0.55:
            yield "hr.role_changed", {**mine, "effective_on": today, "changes": _role(leaders, draw, luck)}, person_id
        elif luck < 0.70:
            kind = _toggle(paused, person_id, "participation.paused", "participation.resumed")
            yield kind, {**mine, "programme_id": PROGRAMME_ID}, person_id
        elif luck < 0.80:
            yield _toggle(away, person_id, "hr.leave_started", "hr.leave_ended"), {**mine, "effective_on": today}, person_id
        elif luck < 0.90:
            yield _toggle(opted_out, person_id, "nudge.opted_out", "nudge.opted_in"), {**mine, "category": "learning"}, person_id
        else:
            note = {"programme_id": PROGRAMME_ID, "insight_id": f"load-i{number}", "family": draw.choice(TOPIC_FAMILIES)}
            yield "insight.shared", note, PROGRAMME_ID


def _toggle(inside: set[str], person_id: str, enter: str, leave: str) -> str:
    """The type that fits where somebody is now."""
    if person_id in inside:
        inside.remove(person_id)
        return leave
    inside.add(person_id)
    return enter


def _role(leaders: list[str], draw: Random, luck: float) -> Json:
    """A change of manager once in five, else of department and level."""
    if luck < 0.35:
        return {"manager_id": draw.choice(leaders)}
    return {"department": f"department-{draw.randrange(20)}", "job_level": 1 + draw.randrange(6)}


def _participation(person: SimulatedPerson, draw: Random) -> Json:
    """Everybody offers and wants three topics, drawn anew each time."""
    topics = draw.sample(TOPIC_IDS, 6)
    return {
        "person_id": person.person_id,
        "programme_id": PROGRAMME_ID,
        "offers": [{"topic": topic, "level": 1 + draw.randrange(3)} for topic in topics[:3]],
        "wants": [{"topic": topic, "importance": 1 + draw.randrange(3), "own_level": draw.randrange(2)} for topic in topics[3:]],
        "experience_band": person.employee.band,
        "languages": ["en"],
        "capacity": 1,
    }
