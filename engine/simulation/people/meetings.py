"""How a pair meets: who books, whether both turn up, who teaches what, and what they say about it.

A pair starts two-way; some slide into one side teaching, some never leave digital topics. A nudge may bring them back,
which is what the measured effect of a nudge in a simulated year consists of.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Final

from engine.simulation.clock import common_instant, working_instant
from engine.simulation.observed import Json
from engine.simulation.topics import FUTURE_TOPICS
from engine.simulation.world import Pair, World

SESSION_MINUTES: Final = 60
_LEARNED_SHARE: Final = 0.93
_NO_FIT_SHARE: Final = 0.03
_REPORTED_WITHIN: Final = timedelta(days=13)
"""A session that was held before the end of a pair may be reported so long after it."""


def first_steps(world: World, pair: Pair, at: datetime) -> None:
    """A pair begins: seven in ten book by themselves; one in six will drift into one side teaching."""
    draw = world.stream("first-steps", pair.pairing_id)
    if draw.random() < 0.16:
        pair.one_way_teacher = draw.choice(pair.people)
    if draw.random() < 0.7:
        plan_booking(world, pair, draw.choice(pair.people), at + timedelta(hours=draw.randrange(2, 110)), draw)
    if draw.random() < _NO_FIT_SHARE:
        who = draw.choice(pair.people)
        world.plan_work(who, at + timedelta(days=draw.randrange(1, 120)), draw, lambda due: _say_no_fit(world, pair, who, draw, due))


def take_up(world: World, pair: Pair, at: datetime) -> None:
    """After a break or a renewal, half of the pairs find a time by themselves."""
    draw = world.stream("take-up", pair.pairing_id, at.isoformat())
    if draw.random() < 0.5:
        plan_booking(world, pair, draw.choice(pair.people), at + timedelta(hours=draw.randrange(2, 110)), draw)


def plan_booking(world: World, pair: Pair, person_id: str, earliest: datetime, draw: Random) -> None:
    """Somebody finds a time, later, if the pair still needs one by then."""
    world.plan_work(person_id, earliest, draw, lambda at: _book(world, pair, person_id, at))


def _book(world: World, pair: Pair, person_id: str, at: datetime) -> None:
    if not pair.meets or pair.booked_id is not None or not all(world.acts(who) for who in pair.people):
        return
    first, second = (world.person(who) for who in pair.people)
    draw = world.stream("booking", pair.pairing_id, pair.sessions_made)
    zones = (world.timezone_of[first.person_id], world.timezone_of[second.person_id])
    earliest = at + timedelta(days=draw.randrange(2, 9))
    starts_at = common_instant(
        zones, (world.hours_of(first.person_id), world.hours_of(second.person_id)), earliest, draw
    ) or working_instant(zones[0], earliest, draw)
    pair.sessions_made += 1
    session_id = f"{pair.pairing_id}.s{pair.sessions_made}"
    pair.booked_id = session_id
    data: Json = {
        "session_id": session_id,
        "pairing_id": pair.pairing_id,
        "starts_at": starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_minutes": SESSION_MINUTES,
        "proposed_by": person_id,
    }
    world.emit("session.scheduled", at, data, subject=pair.pairing_id, actor=person_id)
    _plan_outcome(world, pair, session_id, at, starts_at)


def _plan_outcome(world: World, pair: Pair, session_id: str, booked_at: datetime, starts_at: datetime) -> None:
    """Held, mostly; else cancelled before, missed, or held and never reported."""
    draw = world.stream("outcome", session_id)
    shaky_id = min(pair.people, key=lambda who: (world.person(who).traits.reliability_ratio, who))
    reliability_ratio = world.person(shaky_id).traits.reliability_ratio
    luck = draw.random()
    if luck >= reliability_ratio:
        cancelled_at = starts_at - (starts_at - booked_at) * draw.random() * 0.5
        world.plan(cancelled_at.replace(microsecond=0), lambda at: _cancel(world, pair, session_id, shaky_id, at))
        return
    told_at = starts_at + timedelta(minutes=SESSION_MINUTES + draw.randrange(2, 240))
    if luck < 0.03:
        world.plan(told_at, lambda at: _miss(world, pair, session_id, shaky_id, at))
    elif luck < 0.09:
        world.plan(told_at, lambda at: _forget(world, pair, session_id, starts_at, at))
    else:
        world.plan(told_at, lambda at: report_held(world, pair, session_id, starts_at, at))


def _is_on(world: World, pair: Pair, session_id: str) -> bool:
    """Whether a booked session still stands; one of a pair that ended or paused is silently off."""
    if pair.booked_id != session_id:
        return False
    if pair.meets and all(world.acts(who) for who in pair.people):
        return True
    pair.booked_id = None
    return False


def _cancel(world: World, pair: Pair, session_id: str, person_id: str, at: datetime) -> None:
    if not _is_on(world, pair, session_id):
        return
    pair.booked_id = None
    data = {"session_id": session_id, "pairing_id": pair.pairing_id, "cancelled_by": person_id}
    world.emit("session.cancelled", at, data, subject=pair.pairing_id, actor=person_id)
    _maybe_book_again(world, pair, person_id, at, 0.6)


def _miss(world: World, pair: Pair, session_id: str, person_id: str, at: datetime) -> None:
    if not _is_on(world, pair, session_id):
        return
    pair.booked_id = None
    was_nobody_there = world.stream("absent", session_id).random() < 0.2
    data = {"session_id": session_id, "pairing_id": pair.pairing_id, "absent": sorted(pair.people) if was_nobody_there else [person_id]}
    world.emit("session.missed", at, data, subject=pair.pairing_id, actor=pair.partner_of(person_id))
    _maybe_book_again(world, pair, person_id, at, 0.7)


def _maybe_book_again(world: World, pair: Pair, person_id: str, at: datetime, chance_ratio: float) -> None:
    draw = world.stream("again", pair.pairing_id, pair.sessions_made)
    if draw.random() < chance_ratio:
        plan_booking(world, pair, person_id, at + timedelta(hours=draw.randrange(1, 100)), draw)


def _forget(world: World, pair: Pair, session_id: str, starts_at: datetime, at: datetime) -> None:
    """The session took place and nobody logs it, unless reminded, or by themselves some days later."""
    if pair.booked_id != session_id:
        return
    pair.booked_id = None
    pair.unreported = (session_id, starts_at)
    draw = world.stream("late", session_id)
    if draw.random() < 0.4:
        world.plan(at + timedelta(days=draw.randrange(3, 12)), lambda due: report_held(world, pair, session_id, starts_at, due))


def report_held(world: World, pair: Pair, session_id: str, starts_at: datetime, at: datetime) -> None:
    """Say that a session took place, who taught what, and think about the next one."""
    is_late = pair.unreported == (session_id, starts_at)
    if is_late:
        pair.unreported = None
        is_in_time = pair.over_at is not None and starts_at < pair.over_at and at < pair.over_at + _REPORTED_WITHIN
        if not (pair.meets or is_in_time):
            return
    elif not _is_on(world, pair, session_id):
        return
    else:
        pair.booked_id = None
    draw = world.stream("held", session_id)
    pair.sessions_held += 1
    pair.last_held_id = session_id
    data: Json = {
        "session_id": session_id,
        "pairing_id": pair.pairing_id,
        "started_at": starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_minutes": draw.choice((45, 60, 60, 60, 75)),
        "exchanges": _exchanges(world, pair, draw),
        "evidence": "self_report" if is_late else draw.choices(("self_report", "calendar", "conference_record", "lms"), (50, 30, 15, 5))[0],
    }
    world.emit("session.completed", at, data, subject=pair.pairing_id, actor=draw.choice(pair.people))
    for person_id in pair.people:
        if draw.random() < 0.25:
            plan_feedback(world, pair, person_id, at + timedelta(hours=draw.randrange(1, 70)), draw)
    if draw.random() < 0.62:
        plan_booking(world, pair, draw.choice(pair.people), at + timedelta(days=draw.randrange(9, 24)), draw)


def _exchanges(world: World, pair: Pair, draw: Random) -> list[Json]:
    """Each side teaches something the other wants, most of the time."""
    exchanges: list[Json] = []
    lead_id = draw.choice(pair.people)
    for teacher_id in pair.people:
        if pair.one_way_teacher is not None:
            teaches = teacher_id == pair.one_way_teacher or draw.random() < 0.08
        else:
            teaches = teacher_id == lead_id or draw.random() < 0.82
        topics = pair.learns.get(pair.partner_of(teacher_id)) or tuple(offer.topic for offer in world.person(teacher_id).profile.offers)
        if teaches and topics:
            exchanges.append({"topic": draw.choice(topics), "taught_by": teacher_id})
    if pair.debate_due and FUTURE_TOPICS:
        pair.debate_due = False
        exchanges.append({"topic": draw.choice(FUTURE_TOPICS), "taught_by": lead_id})
    return exchanges


def plan_feedback(world: World, pair: Pair, person_id: str, earliest: datetime, draw: Random) -> None:
    """Say how the last session was, once per session."""
    if pair.last_held_id is not None:
        session_id = pair.last_held_id
        world.plan_work(person_id, earliest, draw, lambda at: _give_feedback(world, pair, person_id, session_id, at))


def _say_no_fit(world: World, pair: Pair, person_id: str, draw: Random, at: datetime) -> None:
    """Say of the pair as a whole that it does not fit, whenever that is; one in four takes it back the same day."""
    if not pair.meets:
        return
    data: Json = {"person_id": person_id, "pairing_id": pair.pairing_id, "learned": False, "fit": "not_a_fit"}
    world.emit("feedback.given", at, data, subject=pair.pairing_id, actor=person_id)
    if draw.random() < 0.25:
        world.emit_later("feedback.given", at + timedelta(hours=1), {**data, "fit": "unsure"}, subject=pair.pairing_id, actor=person_id)


def _give_feedback(world: World, pair: Pair, person_id: str, session_id: str, at: datetime) -> None:
    told = (person_id, session_id)
    if pair.state not in {"active", "stalled", "concluding"} or told in world.feedback_given:
        return
    world.feedback_given.add(told)
    draw = world.stream("feedback", session_id, person_id)
    fit = draw.choices(("good", "unsure", "not_a_fit"), (86, 12, 2))[0]
    data: Json = {
        "person_id": person_id,
        "pairing_id": pair.pairing_id,
        "session_id": session_id,
        "learned": draw.random() < _LEARNED_SHARE,
        "fit": fit,
    }
    if draw.random() < 0.7:
        data["rating"] = draw.choice((4, 5, 5)) if fit == "good" else draw.choice((2, 3, 3))
    world.emit("feedback.given", at, data, subject=pair.pairing_id, actor=person_id)
