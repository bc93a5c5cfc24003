"""What happens to people at work during the year: hires, moves, leave, departures, and what HR gets wrong.

Planned at the start from the seed alone, except the changes of manager that put a living pair into one reporting line.
Only people without reports move or leave, but for the few managers whose reports are moved first, so the tree stays a tree.

Source: yearly shares are house rules, near what a mid-sized company sees.
"""

from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from engine.simulation.clock import DAYS_PER_MONTH, START_AT, day_of, feed_at
from engine.simulation.observed import Json
from engine.simulation.people.organisation import LEGAL_ENTITY, OFFICES, Employee
from engine.simulation.world import HR_ACTOR, World

LEAVER_SHARE: Final = 0.06
LEAVER_CANCELLED_SHARE: Final = 0.01
LEAVE_SHARE: Final = 0.09
TRANSFER_SHARE: Final = 0.06
MANAGER_CHANGE_SHARE: Final = 0.04
RELOCATION_SHARE: Final = 0.015
PROMOTION_SHARE: Final = 0.08
MANAGER_LEAVER_SHARE: Final = 0.007
"""Yearly shares of all people."""


def hired(employee: Employee) -> Json:
    """The data of `hr.hired`, under the first manager."""
    data: Json = {
        "person_id": employee.person_id,
        "effective_on": employee.hired_on.isoformat(),
        "department": employee.department,
        "location": employee.location,
        "timezone": employee.timezone,
        "languages": list(employee.languages),
        "job_level": employee.job_level,
        "job_family": employee.job_family,
        "legal_entity": LEGAL_ENTITY,
    }
    if employee.manager_id is not None:
        data["manager_id"] = employee.manager_id
    if employee.dotted_line_ids:
        data["dotted_line_ids"] = list(employee.dotted_line_ids)
    return data


def open_year(world: World, months: int) -> None:
    """Emit everybody who is there at the start, in order of id, and plan the year."""
    for person in world.organisation.people:
        if person.employee.hired_on <= START_AT.date():
            world.emit("hr.hired", START_AT, hired(person.employee), subject=person.person_id, actor=HR_ACTOR)
    days = int(months * DAYS_PER_MONTH)
    _plan_joiners(world, days)
    draw = world.stream("workforce")
    steady = [person.employee for person in world.organisation.people if person.person_id not in world.absent]
    staff = [employee for employee in steady if not employee.leads]
    draw.shuffle(staff)
    share = days / 365 * len(steady)
    for yearly, planner in (
        (LEAVER_SHARE, _plan_departure),
        (LEAVER_CANCELLED_SHARE, _plan_departure_cancelled),
        (LEAVE_SHARE, _plan_leave),
        (TRANSFER_SHARE, _plan_transfer),
        (MANAGER_CHANGE_SHARE, _plan_manager_change),
        (RELOCATION_SHARE, _plan_relocation),
        (PROMOTION_SHARE, _plan_promotion),
    ):
        for _ in range(min(len(staff), max(1, round(yearly * share)))):
            planner(world, staff.pop(), draw.randrange(5, max(6, days - 5)), draw)
    _plan_manager_departures(world, days, draw)
    for month in range(2, months):
        world.plan(feed_at(day_of(int(month * DAYS_PER_MONTH)), draw), lambda at: _make_conflict(world, at))


def _plan_joiners(world: World, days: int) -> None:
    """Most hires are announced a week or two ahead; one in twelve is called off."""
    draw = world.stream("joiners")
    for person in world.organisation.people:
        day = (person.employee.hired_on - START_AT.date()).days
        if 0 < day < days:
            _plan_joiner(world, person.employee, day, draw)


def _plan_joiner(world: World, employee: Employee, day: int, draw: Random) -> None:
    person_id = employee.person_id
    announced_at = feed_at(day_of(max(1, day - draw.choice((0, 1, 7, 14)))), draw)

    def announce(at: datetime) -> None:
        world.emit("hr.hired", at, {**hired(employee), "manager_id": world.manager_of[person_id]}, subject=person_id, actor=HR_ACTOR)

    world.plan(announced_at, announce)
    if draw.random() < 1 / 12:
        called_off_at = announced_at + timedelta(hours=20)
        world.emit_later("hr.hire_cancelled", called_off_at, {"person_id": person_id}, subject=person_id, actor=HR_ACTOR)
    else:
        world.plan(feed_at(day_of(day), draw) + timedelta(hours=1), lambda _: world.arrive(person_id))


def _plan_departure(world: World, employee: Employee, day: int, draw: Random) -> None:
    """Somebody leaves, announced two to six weeks ahead."""
    _announce_departure(world, employee.person_id, day, draw)
    world.plan(feed_at(day_of(day + 1), draw), lambda _: world.depart(employee.person_id))


def _announce_departure(world: World, person_id: str, day: int, draw: Random) -> datetime:
    announced_at = feed_at(day_of(max(1, day - draw.randrange(14, 45))), draw)
    data = {"person_id": person_id, "effective_on": day_of(day).isoformat()}
    world.emit_later("hr.departed", announced_at, data, subject=person_id, actor=HR_ACTOR)
    return announced_at


def _plan_departure_cancelled(world: World, employee: Employee, day: int, draw: Random) -> None:
    """Somebody resigns and stays after all, or HR mixes two people up for some hours; nobody else ever hears of it."""
    person_id = employee.person_id
    if draw.random() < 0.5:
        mixed_up_at = feed_at(day_of(day), draw)
        gone: Json = {"person_id": person_id, "effective_on": day_of(day - 2).isoformat()}
        world.emit_later("hr.departed", mixed_up_at, gone, subject=person_id, actor=HR_ACTOR)
        mended_at = mixed_up_at + timedelta(minutes=draw.randrange(20, 200))
        world.emit_later("hr.departure_cancelled", mended_at, {"person_id": person_id}, subject=person_id, actor=HR_ACTOR)
        return
    announced_at = _announce_departure(world, person_id, day + 10, draw)
    regretted_at = announced_at + timedelta(days=draw.randrange(1, 8))
    world.emit_later("hr.departure_cancelled", regretted_at, {"person_id": person_id}, subject=person_id, actor=HR_ACTOR)


def _plan_leave(world: World, employee: Employee, day: int, draw: Random) -> None:
    """A leave of two weeks to four months, announced ahead, on the day, or two days late; one in four has another one inside it.

    That one is named and ends earlier or later than the first: the person is away until both are over.
    """
    person_id, length_days = employee.person_id, draw.choice((14, 21, 30, 60, 120))
    first, last = day_of(day), day_of(day + length_days)
    told_at = feed_at(day_of(max(1, day + draw.choice((-14, -3, 0, 2)))), draw)
    data = {"person_id": person_id, "effective_on": first.isoformat()}
    if draw.random() < 0.8:
        data["expected_return_on"] = last.isoformat()
    world.plan(feed_at(first, draw), lambda _: world.go_away(person_id))
    back = {"person_id": person_id, "effective_on": last.isoformat()}
    if draw.random() < 0.25:
        data["leave_id"], back["leave_id"] = f"{person_id}.l1", f"{person_id}.l1"
        last = max(last, _plan_second_leave(world, person_id, day + length_days // 2, draw.choice((3, length_days)), draw))
    world.emit_later("hr.leave_started", told_at, data, subject=person_id, actor=HR_ACTOR)
    world.emit_later("hr.leave_ended", feed_at(date.fromisoformat(back["effective_on"]), draw), back, subject=person_id, actor=HR_ACTOR)
    world.plan(feed_at(last, draw) + timedelta(hours=1), lambda _: world.come_back(person_id))


def _plan_second_leave(world: World, person_id: str, day: int, length_days: int, draw: Random) -> date:
    """A leave within another one, by its own name; returns its last day."""
    first, last = day_of(day), day_of(day + length_days)
    named = {"person_id": person_id, "leave_id": f"{person_id}.l2"}
    begun = {**named, "effective_on": first.isoformat(), "expected_return_on": last.isoformat()}
    world.emit_later("hr.leave_started", feed_at(first, draw), begun, subject=person_id, actor=HR_ACTOR)
    back = {**named, "effective_on": last.isoformat()}
    world.emit_later("hr.leave_ended", feed_at(last, draw), back, subject=person_id, actor=HR_ACTOR)
    return last


def _plan_transfer(world: World, employee: Employee, day: int, draw: Random) -> None:
    """Another department and, with it, another manager."""
    luck = draw.random()

    def transfer(at: datetime) -> None:
        manager_id = _another_manager(world, employee.person_id, luck)
        changes: Json = {"department": world.department_of[manager_id] if manager_id else "strategy"}
        if manager_id is not None:
            changes["manager_id"] = manager_id
        change_role(world, employee.person_id, at, changes)

    world.plan(feed_at(day_of(day), draw), transfer)


def _plan_manager_change(world: World, employee: Employee, day: int, draw: Random) -> None:
    """A new manager, all else the same."""
    luck = draw.random()

    def hand_over(at: datetime) -> None:
        manager_id = _another_manager(world, employee.person_id, luck)
        if manager_id is not None:
            change_role(world, employee.person_id, at, {"manager_id": manager_id})

    world.plan(feed_at(day_of(day), draw), hand_over)


def _plan_relocation(world: World, employee: Employee, day: int, draw: Random) -> None:
    """Another office, another zone."""
    office = draw.choice([office for office in OFFICES if office.timezone != employee.timezone])

    def relocate(at: datetime) -> None:
        world.timezone_of[employee.person_id] = office.timezone
        change_role(world, employee.person_id, at, {"location": office.location, "timezone": office.timezone})

    world.plan(feed_at(day_of(day), draw), relocate)


def _plan_promotion(world: World, employee: Employee, day: int, draw: Random) -> None:
    """One level up."""
    changes: Json = {"job_level": min(12, employee.job_level + 1)}
    world.plan(feed_at(day_of(day), draw), lambda at: change_role(world, employee.person_id, at, changes))


def _plan_manager_departures(world: World, days: int, draw: Random) -> None:
    """Now and then a manager leaves; the reports go to the manager's manager the same night."""
    leaders = [person.employee for person in world.organisation.people if person.employee.leads and person.employee.manager_id]
    count = min(len(leaders) // 3, round(MANAGER_LEAVER_SHARE * days / 365 * len(world.organisation.people)))
    for employee in draw.sample(leaders, count):
        _plan_manager_departure(world, employee.person_id, draw.randrange(40, max(41, days - 5)), draw)


def _plan_manager_departure(world: World, person_id: str, day: int, draw: Random) -> None:
    _announce_departure(world, person_id, day, draw)
    world.plan(feed_at(day_of(day), draw), lambda at: _hand_over_reports(world, person_id, at))


def _hand_over_reports(world: World, person_id: str, at: datetime) -> None:
    above = world.manager_of[person_id]
    for report_id in [who for who, manager_id in world.manager_of.items() if manager_id == person_id]:
        if report_id in world.absent:
            world.manager_of[report_id] = above  # a newcomer who is announced later is announced under the new one
        else:
            change_role(world, report_id, at, {"manager_id": above})
    world.depart(person_id)


def change_role(world: World, person_id: str, at: datetime, changes: Json, effective_on: date | None = None) -> None:
    """Emit a change of role and remember what it means; nothing happens to somebody who isn't there."""
    if person_id in world.absent or not changes:
        return
    data = {"person_id": person_id, "effective_on": (effective_on or at.date()).isoformat(), "changes": changes}
    world.emit("hr.role_changed", at, data, subject=person_id, actor=HR_ACTOR)
    if "manager_id" in changes:
        world.manager_of[person_id] = changes["manager_id"]
    if "department" in changes:
        world.department_of[person_id] = changes["department"]


def line_above(world: World, person_id: str) -> list[str]:
    """Everybody above somebody, nearest first."""
    line: list[str] = []
    manager_id = world.manager_of[person_id]
    while manager_id is not None and manager_id not in line:
        line.append(manager_id)
        manager_id = world.manager_of[manager_id]
    return line


def _another_manager(world: World, person_id: str, luck: float) -> str | None:
    """Somebody who leads people, is there, and is not the present manager nor below the person."""
    choices = [
        person.person_id
        for person in world.organisation.people
        if person.employee.leads
        and person.person_id not in world.absent
        and person.person_id not in {person_id, world.manager_of[person_id]}
        and person_id not in line_above(world, person.person_id)
    ]
    return choices[int(luck * len(choices))] if choices else None


def _make_conflict(world: World, at: datetime) -> None:
    """Put a living pair into one reporting line; two in five such changes are taken back within nine days."""
    draw = world.stream("conflict", at.isoformat())
    candidates = []
    for pair in sorted(world.pairs.values(), key=lambda pair: pair.pairing_id):
        for person_id in pair.people:
            partner_id = pair.partner_of(person_id)
            is_free = not world.person(person_id).employee.leads and world.acts(person_id) and partner_id not in world.absent
            if pair.meets and is_free and partner_id not in line_above(world, person_id):
                candidates.append((person_id, partner_id))
    if not candidates:
        return
    person_id, partner_id = draw.choice(candidates)
    before = world.manager_of[person_id]
    manager_id = partner_id if world.person(partner_id).employee.leads else world.manager_of[partner_id]
    if manager_id is None or manager_id in {before, person_id}:
        return
    change_role(world, person_id, at, {"manager_id": manager_id}, at.date() + timedelta(days=draw.choice((0, 0, 7))))
    if draw.random() < 0.4:
        undone_at = at + timedelta(days=draw.randrange(8, 14))
        world.plan(undone_at, lambda due: change_role(world, person_id, due, {"manager_id": before}))
