"""What the coordinator of a programme does: create it, invite, lock, forbid, retract, ask for rounds, read alarms.

Rare on purpose: the programme runs by itself, and every command is audited.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from engine.simulation.clock import DAYS_PER_MONTH, START_AT
from engine.simulation.observed import Json, NudgeReceived, ProposalSeen
from engine.simulation.people.participants import ProgrammePlan
from engine.simulation.people.workforce import line_above
from engine.simulation.topics import TOPIC_FAMILIES
from engine.simulation.world import Pair, World

INVITED_SHARE: Final = 0.3
RETRACTED_SHARE: Final = 0.012
COMMAND_BY_ALARM: Final = {"coordinator_storm": "nudges.released", "coordinator_departures": "departures.released"}
_OFFICE_HOUR: Final = 10


def actor_of(programme_id: str) -> str:
    """Who signs a programme's commands."""
    return f"coordinator:{programme_id}"


def create(world: World, programme: ProgrammePlan) -> None:
    """Emit the programme itself."""
    data = {"programme_id": programme.programme_id, "name": programme.name, "policy": dict(programme.policy)}
    world.emit("programme.created", START_AT, data, subject=programme.programme_id, actor=actor_of(programme.programme_id))


def plan_year(world: World, programme: ProgrammePlan, months: int) -> None:
    """Spread the coordinator's work over the year."""
    draw = world.stream("coordinator", programme.programme_id)
    for month in range(1, months):
        office_at = START_AT + timedelta(days=int(month * DAYS_PER_MONTH), hours=_OFFICE_HOUR, seconds=draw.randrange(3600))
        world.plan(office_at, lambda at: _lock(world, programme.programme_id, at))
        if month % 3 == 1:
            world.plan(office_at + timedelta(days=3), lambda at: _ask_round(world, programme.programme_id, at))
        if month % 4 == 2:
            world.plan(office_at + timedelta(days=6), lambda at: _forbid(world, programme.programme_id, at))
        if month in {1, 4, 8}:
            world.plan(office_at + timedelta(days=9), lambda at: _invite(world, programme.programme_id, at))
    if months > 6:
        changed_at = START_AT + timedelta(days=int(6 * DAYS_PER_MONTH), hours=_OFFICE_HOUR)
        changed: Json = {"programme_id": programme.programme_id, "policy": {"nudge_daily_cap": 2}, "mode": "merge"}
        _command_later(world, "programme.policy_changed", changed_at, changed, programme.programme_id)
    if months == 12:
        closing = START_AT + timedelta(days=350, hours=_OFFICE_HOUR)
        pausing: Json = {"programme_id": programme.programme_id, "reason": "end-of-year break"}
        _command_later(world, "programme.paused", closing, pausing, programme.programme_id)
        _command_later(world, "programme.resumed", closing + timedelta(days=13), pausing, programme.programme_id)
    _plan_insights(world, programme.programme_id, months, draw)


def _command_later(world: World, kind: str, at: datetime, data: Json, programme_id: str) -> None:
    world.emit_later(kind, at, data, subject=programme_id, actor=actor_of(programme_id))


def _plan_insights(world: World, programme_id: str, months: int, draw: Random) -> None:
    """Anonymous notes, about three a month; a sponsor answers two in three."""
    days = int(months * DAYS_PER_MONTH)
    for number in range(1, 3 * months + 1):
        shared_at = START_AT + timedelta(days=draw.randrange(min(30, days - 1), days), seconds=draw.randrange(86_400))
        insight_id = f"{programme_id}.i{number}"
        shared = {"programme_id": programme_id, "insight_id": insight_id, "family": draw.choice(TOPIC_FAMILIES)}
        world.emit_later("insight.shared", shared_at, shared, subject=programme_id)
        if draw.random() < 2 / 3:
            answered_at = shared_at + timedelta(days=draw.randrange(2, 30))
            answered = {"programme_id": programme_id, "insight_id": insight_id}
            world.emit_later("insight.answered", answered_at, answered, subject=programme_id, actor=f"sponsor:{programme_id}")


def _ask_round(world: World, programme_id: str, at: datetime) -> None:
    data = {"programme_id": programme_id, "dry_run": at.month % 2 == 0}
    world.emit("round.requested", at, data, subject=programme_id, actor=actor_of(programme_id))


def _invite(world: World, programme_id: str, at: datetime) -> None:
    """Nominate three in ten of those who are not in; the engine makes it one open invitation each."""
    draw = world.stream("invite", programme_id, at.isoformat())
    for person in world.organisation.people:
        chosen = draw.random() < INVITED_SHARE
        if chosen and world.acts(person.person_id) and not world.takes_part(person.person_id, programme_id):
            data = {"person_id": person.person_id, "programme_id": programme_id}
            world.emit("participation.nominated", at, data, subject=person.person_id, actor=actor_of(programme_id))


def _two_members(world: World, programme_id: str, draw: Random) -> list[str] | None:
    """Two members who share no line of power and no living pair."""
    members = [person_id for person_id in sorted(world.members.get(programme_id, {})) if world.acts(person_id)]
    for _ in range(20):
        if len(members) < 2:
            return None
        first_id, second_id = sorted(draw.sample(members, 2))
        in_line = second_id in line_above(world, first_id) or first_id in line_above(world, second_id)
        same_manager = world.manager_of[first_id] == world.manager_of[second_id]
        met = any(set(pair.people) == {first_id, second_id} for pair in world.pairs.values())
        if not (in_line or same_manager or met):
            return [first_id, second_id]
    return None


def _lock(world: World, programme_id: str, at: datetime) -> None:
    people = _two_members(world, programme_id, world.stream("lock", programme_id, at.isoformat()))
    if people is not None:
        data = {"programme_id": programme_id, "person_ids": people, "reason": "both asked for each other"}
        world.emit("pairing.locked", at, data, subject=programme_id, actor=actor_of(programme_id))


def _forbid(world: World, programme_id: str, at: datetime) -> None:
    """Two who must not be paired; every other such pair may be later on."""
    draw = world.stream("forbid", programme_id, at.isoformat())
    people = _two_members(world, programme_id, draw)
    if people is None:
        return
    data: Json = {"programme_id": programme_id, "person_ids": people, "reason": "conflict of interest"}
    world.emit("pairing.forbidden", at, data, subject=programme_id, actor=actor_of(programme_id))
    if draw.random() < 0.5:
        allowed_at = at + timedelta(days=draw.randrange(20, 60))
        _command_later(world, "pairing.allowed", allowed_at, {**data, "reason": "no conflict any more"}, programme_id)


def maybe_retract(world: World, pair: Pair, proposal: ProposalSeen) -> None:
    """Once in a while the coordinator knows better and takes a proposal back the same day."""
    draw = world.stream("retract", proposal.pairing_id, proposal.proposal_version)
    if draw.random() >= RETRACTED_SHARE:
        return

    def retract(at: datetime) -> None:
        if pair.state == "proposed":
            data = {"pairing_id": pair.pairing_id, "reason": "planned reorganisation"}
            world.emit("proposal.retracted", at, data, subject=pair.pairing_id, actor=actor_of(pair.programme_id))

    world.plan(proposal.at + timedelta(hours=draw.randrange(1, 9)), retract)


def read_alarm(world: World, nudge: NudgeReceived) -> None:
    """A storm of nudges, or many departures at once, were held back: release them after a look."""
    programme_id, command = nudge.programme_id, COMMAND_BY_ALARM.get(nudge.key)
    if command is not None and programme_id is not None:
        released_at = nudge.not_before + timedelta(hours=2)
        _command_later(world, command, released_at, {"programme_id": programme_id}, programme_id)
