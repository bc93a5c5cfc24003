"""A synthetic organisation: who there is, who reports to whom, where, what they offer and want, how they behave.

Invariants
    simulation.G1  Same (people, seed), same organisation, whatever PYTHONHASHSEED says.
    simulation.G2  Following managers upwards ends at one person, from everybody; longer-working people tend to stand higher.
    simulation.G3  Nobody who joins during the year has reports, so no reporting line hangs in the air.
    simulation.G4  No name, birth date or address exists; ids say nothing about rank, place or time of hire.

Source: shares, mixes, the tree and what people do are invented to be plausible (house rule).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from engine.simulation.clock import START_AT, day_of
from engine.simulation.draws import stream, weighted_sample
from engine.simulation.topics import OFFER_WEIGHTS, TOPIC_IDS, WANT_WEIGHTS

BAND_SHARES: Final = (34, 31, 24, 11)
"""Percent of people with 0-9, 10-19, 20-29 and 30+ years in work."""
REPORTS_PER_MANAGER: Final = 8
LEGAL_ENTITY: Final = "northwind-group"

_DEPARTMENTS: Final = (
    ("sales", "sales"),
    ("engineering", "software"),
    ("finance", "finance"),
    ("customer-service", "service"),
    ("operations", "operations"),
    ("marketing", "marketing"),
    ("people", "human-resources"),
    ("product", "product"),
    ("legal", "legal"),
    ("logistics", "logistics"),
    ("research", "research"),
    ("data", "data"),
    ("procurement", "procurement"),
    ("quality", "quality"),
    ("facilities", "facilities"),
    ("security", "security"),
    ("communications", "communications"),
    ("design", "design"),
    ("strategy", "strategy"),
    ("treasury", "finance"),
)
_JOINER_SHARE: Final = 0.08
_CAPACITY_WEIGHTS: Final = ((85, 15, 0), (85, 15, 0), (60, 28, 12), (60, 28, 12))
_MORE_LANGUAGES: Final = ("de", "es", "fr", "hi", "pt", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A place where people work."""

    location: str
    timezone: str
    language: str
    share: int
    """Percent of all people."""


OFFICES: Final = (
    Office(location="New York", timezone="America/New_York", language="es", share=22),
    Office(location="São Paulo", timezone="America/Sao_Paulo", language="pt", share=10),
    Office(location="Berlin", timezone="Europe/Berlin", language="de", share=38),
    Office(location="Pune", timezone="Asia/Kolkata", language="hi", share=18),
    Office(location="Singapore", timezone="Asia/Singapore", language="zh", share=12),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """What the HR system knows about one person."""

    person_id: str
    manager_id: str | None
    dotted_line_ids: tuple[str, ...]
    department: str
    job_family: str
    job_level: int
    location: str
    timezone: str
    languages: tuple[str, ...]
    band: int
    """Experience band 0-3; known to the person, never part of an HR event."""
    hired_on: date
    leads: bool
    """Whether anybody reports to this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedOffer:
    """A topic somebody can teach."""

    topic: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWant:
    """A topic somebody wants to learn."""

    topic: str
    importance: int
    own_level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedProfile:
    """What a person says when enrolling."""

    offers: tuple[SimulatedOffer, ...]
    wants: tuple[SimulatedWant, ...]
    hours: tuple[int, int]
    """Working hours, local full hours `[from, to)`, Monday to Friday."""
    capacity: int
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How a person behaves. Every ratio is 0..1."""

    keenness_ratio: float
    """Chance to follow a friendly reminder."""
    acceptance_ratio: float
    """Chance to accept a fair proposal, given an answer."""
    reliability_ratio: float
    """Chance to turn up at a booked session."""
    answer_delay_hours: int
    """Typical time to answer anything."""
    reports_delivery: bool
    """Whether the person's channel confirms that a nudge arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPerson:
    """One member of the organisation."""

    employee: Employee
    profile: SimulatedProfile
    traits: Traits

    @property
    def person_id(self) -> str:
        """The opaque id."""
        return self.employee.person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Everybody, in order of id."""

    people: tuple[SimulatedPerson, ...]
    seed: int
    by_id: Mapping[str, SimulatedPerson]


def organisation(people: int, seed: int) -> Organisation:
    """Make up an organisation.

    Args:
        people: how many, those who join during the year included; at least 1.
        seed: any integer.
    """
    staff = employees(people, seed)
    everybody = tuple(
        SimulatedPerson(employee=employee, profile=profile, traits=traits)
        for employee, profile, traits in zip(staff, _profiles(staff, seed), _traits(people, seed), strict=True)
    )
    return Organisation(people=everybody, seed=seed, by_id=MappingProxyType({person.person_id: person for person in everybody}))


def employees(people: int, seed: int) -> tuple[Employee, ...]:
    """The HR view alone, in order of id: enough for load tests, and faster than a whole organisation."""
    assert people >= 1, people
    bands = stream(seed, "bands").choices(range(4), BAND_SHARES, k=people)
    ids = [f"p-{number + 1:0{max(4, len(str(people)))}d}" for number in range(people)]
    rank_draw = stream(seed, "ranks")
    order = sorted(range(people), key=lambda index: (-(bands[index] + 1.5 * rank_draw.random()), index))
    # order[position] is the person at that position of a complete 8-ary tree, counted level by level.
    position_of = [0] * people
    for position, index in enumerate(order):
        position_of[index] = position
    depth_max = _depth(people - 1)
    dotted = _dotted_lines(people, seed)
    places = stream(seed, "places")
    levels = stream(seed, "levels")
    dates = stream(seed, "hire-dates")
    department_count = min(len(_DEPARTMENTS), max(3, people // 15))
    made = []
    for index in range(people):
        position = position_of[index]
        leads = position * REPORTS_PER_MANAGER + 1 < people
        office = places.choices(OFFICES, [office.share for office in OFFICES])[0]
        department, job_family = _DEPARTMENTS[_branch(position, department_count, places.random(), places.randrange(department_count))]
        level = 1 + bands[index] + 2 * (depth_max - _depth(position)) + levels.randrange(2)
        made.append(
            Employee(
                person_id=ids[index],
                manager_id=ids[order[(position - 1) // REPORTS_PER_MANAGER]] if position else None,
                dotted_line_ids=(ids[dotted[index]],) if index in dotted else (),
                department=department,
                job_family=job_family,
                job_level=min(12, level),
                location=office.location,
                timezone=office.timezone,
                languages=_languages(office, places.random(), places.random(), places.randrange(100)),
                band=bands[index],
                hired_on=_hired_on(bands[index], leads=leads, joiner_luck=dates.random(), luck=dates.random()),
                leads=leads,
            )
        )
    return tuple(made)


def _depth(position: int) -> int:
    """How many managers stand above a position of the tree."""
    depth = 0
    while position:
        position = (position - 1) // REPORTS_PER_MANAGER
        depth += 1
    return depth


def _branch(position: int, departments: int, luck: float, other: int) -> int:
    """The department of a position: its second-level branch, one person in ten sits elsewhere."""
    if luck < 0.1:
        return other
    while position > REPORTS_PER_MANAGER * (REPORTS_PER_MANAGER + 1):
        position = (position - 1) // REPORTS_PER_MANAGER
    return position % departments


def _languages(office: Office, english_luck: float, local_luck: float, more: int) -> tuple[str, ...]:
    """Nine in ten speak English, about half the language of the place, one in sixteen another one."""
    spoken = {"en"} if english_luck < 0.93 else {office.language}
    if local_luck < 0.45:
        spoken.add(office.language)
    if more < len(_MORE_LANGUAGES):
        spoken.add(_MORE_LANGUAGES[more])
    return tuple(sorted(spoken))


def _hired_on(band: int, *, leads: bool, joiner_luck: float, luck: float) -> date:
    """When somebody joined: simulation.G3 keeps those who join during the year without reports."""
    if not leads and joiner_luck < _JOINER_SHARE:
        return day_of(5 + int(luck * 300))
    return START_AT.date() - timedelta(days=3 + int(luck * luck * (band + 1) * 2_500))


def _dotted_lines(people: int, seed: int) -> dict[int, int]:
    """One person in forty has a second line, to anybody."""
    draw = stream(seed, "dotted-lines")
    chosen = draw.sample(range(people), people // 40)
    return {index: other for index in chosen if (other := draw.randrange(people)) != index}


def _profiles(staff: tuple[Employee, ...], seed: int) -> list[SimulatedProfile]:
    """Offers and wants by experience band; nobody wants what they offer."""
    topics = stream(seed, "topics")
    terms = stream(seed, "terms")
    made = []
    for employee in staff:
        offered = weighted_sample(topics, OFFER_WEIGHTS[employee.band], 3 + _binomial(topics.random()))
        weights = [0.0 if position in offered else weight for position, weight in enumerate(WANT_WEIGHTS[employee.band])]
        wanted = weighted_sample(topics, weights, 2 + _binomial(topics.random()))
        start = terms.choice((8, 9, 9, 10))
        other = staff[terms.randrange(len(staff))].person_id
        made.append(
            SimulatedProfile(
                offers=tuple(SimulatedOffer(topic=TOPIC_IDS[at], level=topics.choices((1, 2, 3), (35, 40, 25))[0]) for at in offered),
                wants=tuple(
                    SimulatedWant(
                        topic=TOPIC_IDS[at],
                        importance=topics.choices((1, 2, 3), (25, 45, 30))[0],
                        own_level=topics.choices((0, 1, 2), (60, 30, 10))[0],
                    )
                    for at in wanted
                ),
                hours=(start, start + 9),
                capacity=terms.choices((1, 2, 3), _CAPACITY_WEIGHTS[employee.band])[0],
                exclude=(other,) if terms.random() < 0.04 and other != employee.person_id else (),
            )
        )
    return made


def _binomial(luck: float) -> int:
    """Four fair coins at one draw: 0 to 4 heads."""
    return sum(luck * 16 >= bound for bound in (1, 5, 11, 15))


def _traits(people: int, seed: int) -> list[Traits]:
    """Behaviour, independent of band, rank and place."""
    draw = stream(seed, "traits")
    return [
        Traits(
            keenness_ratio=round(0.25 + 0.7 * draw.random(), 3),
            acceptance_ratio=round(0.82 + 0.17 * draw.random(), 3),
            reliability_ratio=round(1 - 0.25 * draw.random() ** 2, 3),
            answer_delay_hours=1 + int(70 * draw.random() ** 2),
            reports_delivery=draw.random() < 0.55,
        )
        for _ in range(people)
    ]
