"""What people do about their own participation: enrol, answer, go on or stop, say how it was, read or ignore nudges.

Everybody acts only for themselves, in their own working hours, and each decision has its own draw, named after what is
decided. So a decision stays the same when others decide differently.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from engine.simulation.clock import DAYS_PER_MONTH, START_AT
from engine.simulation.observed import Json, NudgeReceived, ProposalSeen
from engine.simulation.people.organisation import SimulatedPerson
from engine.simulation.topics import TOPIC_IDS
from engine.simulation.world import TRAINING_ACTOR, Action, Pair, World

FORM: Final = "urn:bothways:form"
"""Who brings in what people fill in on paper or in a survey."""
_RELAYED_SHARE: Final = 0.12
_AT_ONCE_SHARE: Final = 0.8
_NEVER_ANSWERS_SHARE: Final = 0.06
_THINKS_AGAIN_SHARE: Final = 0.03
"""Of those who answered while the proposal stays open."""
Habit: TypeAlias = Callable[[World, str, str, Random, datetime], None]
"""Something that one member of a programme does."""

_OPT_OUT_CATEGORIES: Final = ("invitations", "sessions", "learning", "profile")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammePlan:
    """A programme of the simulated year."""

    programme_id: str
    name: str
    policy: Mapping[str, Any]
    join_ratio: float
    """Share of all people who enrol sooner or later."""
    has_training: bool = False


TWO_WAY: Final = ProgrammePlan(
    programme_id="two-way",
    name="Two-way mentorship",
    policy=MappingProxyType(
        {
            "track": "mutual",
            "holidays": ["2025-12-25", "2026-01-01"],
            "calendars": [
                {"id": "hub-east", "locations": ["Singapore"], "weekend": [6, 7], "holidays": ["2025-01-29", "2025-01-30", "2025-05-01"]},
            ],
        }
    ),
    join_ratio=0.68,
)
REVERSE_LAB: Final = ProgrammePlan(
    programme_id="reverse-lab",
    name="Reverse lab",
    policy=MappingProxyType({"track": "reverse", "sessions_planned": 4, "term_days": 130}),
    join_ratio=0.12,
    has_training=True,
)


def plan_enrolments(world: World, programme: ProgrammePlan, months: int) -> None:
    """Most who join do so in the first three weeks; the rest trickles in, and newcomers wait for their first month."""
    draw = world.stream("joining", programme.programme_id)
    days = months * DAYS_PER_MONTH
    for person in world.organisation.people:
        joins, at_once, luck = draw.random() < programme.join_ratio, draw.random() < _AT_ONCE_SHARE, draw.random()
        waits_days = 1 + luck * luck * 20 if at_once else 20 + luck * max(1.0, days - 40)
        hired_days = (person.employee.hired_on - START_AT.date()).days
        if hired_days > 0:
            waits_days = hired_days + 31 + luck * 30
        if joins:
            at = START_AT + timedelta(seconds=int(waits_days * 86_400))
            world.plan_work(person.person_id, at, draw, _enrolling(world, person, programme))


def _enrolling(world: World, person: SimulatedPerson, programme: ProgrammePlan) -> Action:
    return lambda at: enrol(world, person, programme, at)


def enrol(world: World, person: SimulatedPerson, programme: ProgrammePlan, at: datetime) -> None:
    """Join a programme, if not in it yet; training follows where the programme has one."""
    person_id, programme_id = person.person_id, programme.programme_id
    members = world.members.setdefault(programme_id, {})
    if person_id in members:
        return
    members[person_id] = None
    draw = world.stream("enrolment", programme_id, person_id)
    data = participation(world, person, programme_id)
    if draw.random() < 0.03:
        data["wants"] = []
    if draw.random() < 0.03:
        data["experience_band"] = None
    brought_by = FORM if draw.random() < _RELAYED_SHARE else None
    world.emit("participation.enrolled", at, data, subject=person_id, actor=person_id, relayed_by=brought_by)
    if programme.has_training and draw.random() < 0.95:
        done_at = at + timedelta(days=draw.randrange(1, 15), seconds=draw.randrange(3600))
        training: Json = {"person_id": person_id, "programme_id": programme_id}
        world.emit_later("participation.training_completed", done_at, training, subject=person_id, actor=TRAINING_ACTOR)


def participation(world: World, person: SimulatedPerson, programme_id: str) -> Json:
    """The data of `participation.enrolled` and `.updated`."""
    profile = person.profile
    opens, closes = world.hours_of(person.person_id)
    excluded = {"exclude": list(profile.exclude)} if profile.exclude else {}
    return {
        **excluded,
        "person_id": person.person_id,
        "programme_id": programme_id,
        "offers": [{"topic": offer.topic, "level": offer.level} for offer in profile.offers],
        "wants": [{"topic": want.topic, "importance": want.importance, "own_level": want.own_level} for want in profile.wants],
        "experience_band": world.band_of[person.person_id],
        "hours": [{"weekday": weekday, "from": f"{opens:02d}:00", "to": f"{closes:02d}:00"} for weekday in range(1, 6)],
        "languages": list(person.employee.languages),
        "capacity": profile.capacity,
    }


def drift(world: World, programme_id: str, at: datetime) -> None:
    """One week in the life of a programme's members: a few pause, leave, learn something new or turn reminders off."""
    draw = world.stream("drift", programme_id, at.date().isoformat())
    for person_id in sorted(world.members.get(programme_id, {})):
        luck, detail = draw.random(), world.stream("drift", programme_id, at.date().isoformat(), person_id)
        change: Habit
        if luck < 0.0015:
            change = _pause
        elif luck < 0.0030:
            change = _withdraw
        elif luck < 0.0066:
            change = _update
        elif luck < 0.0078:
            change = _opt_out
        elif luck < 0.0084:
            change = _exclude
        else:
            continue
        earliest = at + timedelta(seconds=detail.randrange(5 * 86_400))
        world.plan_work(person_id, earliest, detail, _changing(world, change, person_id, programme_id, detail))


def _changing(world: World, change: Habit, person_id: str, programme_id: str, draw: Random) -> Action:
    return lambda at: change(world, person_id, programme_id, draw, at) if world.takes_part(person_id, programme_id) else None


def _pause(world: World, person_id: str, programme_id: str, draw: Random, at: datetime) -> None:
    data: Json = {"person_id": person_id, "programme_id": programme_id}
    length = timedelta(days=draw.randrange(10, 45))
    if draw.random() < 0.6:
        world.emit("participation.paused", at, {**data, "until_on": (at + length).date().isoformat()}, subject=person_id, actor=person_id)
        return
    world.emit("participation.paused", at, data, subject=person_id, actor=person_id)
    resume = lambda due: world.emit("participation.resumed", due, data, subject=person_id, actor=person_id)  # noqa: E731
    world.plan_work(person_id, at + length, draw, resume)


def _withdraw(world: World, person_id: str, programme_id: str, draw: Random, at: datetime) -> None:
    del draw
    world.members[programme_id].pop(person_id)
    data = {"person_id": person_id, "programme_id": programme_id}
    world.emit("participation.withdrawn", at, data, subject=person_id, actor=person_id)


def _update(world: World, person_id: str, programme_id: str, draw: Random, at: datetime) -> None:
    """One more wish; one in four has also moved up a band of experience."""
    if draw.random() < 0.25:
        world.band_of[person_id] = min(3, world.band_of[person_id] + 1)
    widen(world, person_id, programme_id, draw, at)


def widen(world: World, person_id: str, programme_id: str, draw: Random, at: datetime) -> None:
    """Want one topic more."""
    data = participation(world, world.person(person_id), programme_id)
    known = {item["topic"] for item in (*data["offers"], *data["wants"])}
    data["wants"].append({"topic": draw.choice([topic for topic in TOPIC_IDS if topic not in known]), "importance": 2, "own_level": 0})
    world.emit("participation.updated", at, data, subject=person_id, actor=person_id)


def _exclude(world: World, person_id: str, programme_id: str, draw: Random, at: datetime) -> None:
    """Would rather not meet somebody, a partner of old or of now perhaps; a third of those think better of it."""
    partners = [pair.partner_of(person_id) for pair in world.pairs.values() if person_id in pair.people]
    other_id = draw.choice(partners or sorted(world.members[programme_id]))
    if other_id == person_id:
        return
    mine: Json = {"person_id": person_id, "programme_id": programme_id}
    world.emit("participation.updated", at, {**mine, "exclude": [other_id]}, subject=person_id, actor=person_id)
    if draw.random() < 1 / 3:
        clear = lambda due: world.emit("participation.updated", due, {**mine, "exclude": None}, subject=person_id, actor=person_id)  # noqa: E731
        world.plan_work(person_id, at + timedelta(days=draw.randrange(10, 60)), draw, clear)


def _opt_out(world: World, person_id: str, programme_id: str, draw: Random, at: datetime) -> None:
    del programme_id
    data = {"person_id": person_id, "category": draw.choice(_OPT_OUT_CATEGORIES)}
    world.emit("nudge.opted_out", at, data, subject=person_id, actor=person_id)
    if draw.random() < 0.3:
        opt_in = lambda due: world.emit("nudge.opted_in", due, data, subject=person_id, actor=person_id)  # noqa: E731
        world.plan_work(person_id, at + timedelta(days=draw.randrange(20, 90)), draw, opt_in)


def answer_proposal(world: World, pair: Pair, proposal: ProposalSeen) -> None:
    """Both think about it on their own: most accept, a few decline, a few never answer or wait for a reminder."""
    for person_id in pair.people:
        traits = world.person(person_id).traits
        draw = world.stream("answer", pair.pairing_id, proposal.proposal_version, person_id)
        answers, waits_for_reminder = draw.random() >= _NEVER_ANSWERS_SHARE, draw.random() < 0.1
        delay = timedelta(seconds=int(3600 * traits.answer_delay_hours * (0.3 + 1.4 * draw.random())))
        if answers and not waits_for_reminder:
            _plan_answer(world, pair, proposal, person_id, earliest=proposal.at + delay, draw=draw)


def answer_at_last(world: World, pair: Pair, proposal: ProposalSeen, nudge: NudgeReceived, draw: Random) -> None:
    """A reminder helps half of those who have not answered."""
    if draw.random() < 0.5:
        earliest = nudge.not_before + timedelta(hours=draw.randrange(1, 30))
        _plan_answer(world, pair, proposal, nudge.person_id, earliest=earliest, draw=draw)


def _plan_answer(world: World, pair: Pair, proposal: ProposalSeen, person_id: str, *, earliest: datetime, draw: Random) -> None:
    accepts = draw.random() < world.person(person_id).traits.acceptance_ratio + (proposal.score - 600) / 3_000

    def answer(at: datetime) -> None:
        if pair.answered.get(person_id, 0) < proposal.proposal_version and _is_open(pair, proposal, at):
            pair.answered[person_id] = proposal.proposal_version
            _say(world, proposal, person_id, accepts=accepts, at=at)
            if draw.random() < _THINKS_AGAIN_SHARE:
                later = at + timedelta(hours=draw.randrange(6, 60))
                world.plan_work(person_id, later, draw, lambda due: think_again(due) if _is_open(pair, proposal, due) else None)

    def think_again(at: datetime) -> None:
        _say(world, proposal, person_id, accepts=not accepts, at=at)

    world.plan_work(person_id, earliest, draw, answer)


def _is_open(pair: Pair, proposal: ProposalSeen, at: datetime) -> bool:
    """Whether a version of a proposal may still be answered: nobody can tell whether the other side has declined."""
    return pair.state == "proposed" and pair.proposal_version == proposal.proposal_version and at < proposal.expires_at


def _say(world: World, proposal: ProposalSeen, person_id: str, *, accepts: bool, at: datetime) -> None:
    data = {
        "person_id": person_id,
        "pairing_id": proposal.pairing_id,
        "proposal_version": proposal.proposal_version,
        "answer": "accept" if accepts else "decline",
    }
    world.emit("pairing.answered", at, data, subject=proposal.pairing_id, actor=person_id)
