"""What people do about a nudge: follow it, put it off, wave it away, or never see it.

One table says which nudge leads to which action. The chance to follow is the person's keenness; a nudge that was
withdrawn before its reader got round to it has no effect.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final, TypeAlias

from engine.simulation.clock import working_instant
from engine.simulation.observed import Json, NudgeReceived, short_type
from engine.simulation.people import meetings, participants
from engine.simulation.people.participants import ProgrammePlan
from engine.simulation.world import NOTIFIER_ACTOR, Pair, World

FEEDBACK_SHARE: Final = 0.75
"""Share of people whose channel also tells whether they acted or waved a nudge away."""
ENDS_AFTER_RESUME_SHARE: Final = 0.06

Response: TypeAlias = Callable[[World, NudgeReceived, Pair, Random, datetime], None]
"""What somebody does at their desk, some time after a nudge about a pair of theirs."""


def react(world: World, nudge: NudgeReceived, programmes: dict[str, ProgrammePlan]) -> None:
    """Let the recipient read a nudge."""
    if nudge.person_id not in world.organisation.by_id:
        return  # the coordinator reads in `coordinator`
    draw = world.stream("nudge", nudge.nudge_id)
    traits = world.person(nudge.person_id).traits
    read_at = nudge.not_before + timedelta(minutes=draw.randrange(1, 30))
    if traits.reports_delivery:
        if draw.random() < 0.02:
            world.plan(read_at - timedelta(seconds=40), lambda at: _tell(world, "nudge.failed", nudge, at))
        world.plan(read_at, lambda at: _tell(world, "nudge.delivered", nudge, at))
        if draw.random() < 0.4:
            world.plan(read_at + timedelta(minutes=draw.randrange(1, 300)), lambda at: _tell(world, "nudge.seen", nudge, at))
    follows = draw.random() < FOLLOW_RATIO_BY_KEY.get(nudge.key, traits.keenness_ratio)
    delay = timedelta(seconds=int(3600 * (0.2 + 1.2 * draw.random()) * traits.answer_delay_hours))
    at = working_instant(world.timezone_of[nudge.person_id], max(read_at + delay, world.now), draw)
    if follows:
        world.plan(at, lambda due: _follow(world, nudge, programmes, draw, due))
    elif nudge.behavioural and nudge.key != "answer_proposal" and traits.reports_delivery and draw.random() < 0.4:
        world.plan(at, lambda due: _tell(world, "nudge.dismissed", nudge, due))


def _tell(world: World, kind: str, nudge: NudgeReceived, at: datetime) -> None:
    if world.heeds(nudge) and world.acts(nudge.person_id):
        data = {"person_id": nudge.person_id, "nudge_id": nudge.nudge_id}
        world.emit(kind, at, data, subject=nudge.person_id, actor=NOTIFIER_ACTOR)


def _follow(world: World, nudge: NudgeReceived, programmes: dict[str, ProgrammePlan], draw: Random, at: datetime) -> None:
    if not (world.heeds(nudge) and world.acts(nudge.person_id) and at < nudge.expires_at):
        return
    pair = world.pairs.get(nudge.pairing_id or "")
    response = RESPONSE_BY_KEY.get(nudge.key)
    if response is not None and pair is not None and nudge.person_id in pair.people:
        response(world, nudge, pair, draw, at)
    elif nudge.programme_id in programmes:
        _follow_programme(world, nudge, programmes[nudge.programme_id], draw, at)
    if nudge.behavioural and world.person(nudge.person_id).traits.reports_delivery and draw.random() < FEEDBACK_SHARE:
        _tell(world, "nudge.acted", nudge, at)


def _follow_programme(world: World, nudge: NudgeReceived, programme: ProgrammePlan, draw: Random, at: datetime) -> None:
    """Nudges about a programme, not about a pair."""
    person = world.person(nudge.person_id)
    if nudge.key in {"still_taking_part", "enrolment_recorded"}:
        _go_on_or_not(world, nudge, programme.programme_id, draw, at)
    if nudge.key == "open_invitation":
        participants.enrol(world, person, programme, at)
    elif nudge.key == "profile_incomplete" and world.takes_part(person.person_id, programme.programme_id):
        data = participants.participation(world, person, programme.programme_id)
        world.emit("participation.updated", at, data, subject=person.person_id, actor=person.person_id)
    elif nudge.key == "waiting_update" and world.takes_part(person.person_id, programme.programme_id):
        participants.widen(world, person.person_id, programme.programme_id, draw, at)


def _go_on_or_not(world: World, nudge: NudgeReceived, programme_id: str, draw: Random, at: datetime) -> None:
    """Stay, change something, pause or leave, whatever of it the question offers."""
    if not world.takes_part(nudge.person_id, programme_id):
        return
    choice = draw.choices(("stay", "change", "pause", "leave"), (55, 15, 20, 10))[0]
    if choice == "change":
        participants.widen(world, nudge.person_id, programme_id, draw, at)
    elif choice in nudge.answers:
        until: Json = {"until_on": (at + timedelta(days=30)).date().isoformat()} if choice == "pause" else {}
        if choice == "leave":
            world.members[programme_id].pop(nudge.person_id)
        _answer(world, nudge, choice, at, **until)


def _answer(world: World, nudge: NudgeReceived, choice: str, at: datetime, **said: object) -> None:
    """Send the answer that a nudge spells out, with what the person has to add."""
    kind, fields = nudge.answers[choice]
    known = {name: value for name, value in fields.items() if not isinstance(value, dict)}
    world.emit(short_type({"type": kind}), at, {**known, **said}, subject=nudge.pairing_id or nudge.person_id, actor=nudge.person_id)


def _book(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    meetings.plan_booking(world, pair, nudge.person_id, at, draw)


def _log(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    del nudge, draw
    if pair.unreported is not None:
        session_id, starts_at = pair.unreported
        meetings.report_held(world, pair, session_id, starts_at, at)


def _share(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    meetings.plan_feedback(world, pair, nudge.person_id, at, draw)


def _reconsider(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    """The exit ramp: silence means go on, and one in twenty-five of those who think about it stops."""
    if draw.random() < 0.04 and pair.state in {"active", "stalled"}:
        _continuation(world, nudge, pair, "end", at)


def _flip_roles(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    del world, nudge, draw, at
    pair.one_way_teacher = None


def _debate(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    del world, nudge, draw, at
    pair.debate_due = True


def _broaden(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    """Topics of every family on the partner's list come in."""
    del draw, at
    partner = world.person(pair.partner_of(nudge.person_id))
    offered = tuple(offer.topic for offer in partner.profile.offers)
    pair.learns[nudge.person_id] = tuple(dict.fromkeys((*pair.learns.get(nudge.person_id, ()), *offered)))


def _resume(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    if pair.state in {"paused", "suspended"}:
        _continuation(world, nudge, pair, "end" if draw.random() < ENDS_AFTER_RESUME_SHARE else "continue", at)


def _conclude(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    """Renew or finish; what a pair feels about it is mostly mutual, so the wish comes from the pair's own draw."""
    del draw
    answered = (nudge.person_id, f"{pair.pairing_id}/{pair.term}")
    if pair.state != "concluding" or answered in world.concluded:
        return
    world.concluded.add(answered)
    mood = world.stream("renewal", pair.pairing_id, pair.term).random()
    own = world.stream("renewal", pair.pairing_id, pair.term, nudge.person_id).random()
    _continuation(world, nudge, pair, "renew" if mood < 0.35 and own < 0.9 else "finish", at)


def _convert(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    del draw
    if pair.meets:
        _continuation(world, nudge, pair, "convert", at)


def _resolve(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    if pair.state == "suspended":
        _continuation(world, nudge, pair, draw.choice(("end", "rematch")), at)


def _wait_or_look(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    """The partner is away for long: most wait, some look for somebody meanwhile."""
    if pair.state == "paused":
        _continuation(world, nudge, pair, draw.choices(("continue", "look", "end"), (55, 35, 10))[0], at)


def _find_time(world: World, nudge: NudgeReceived, pair: Pair, draw: Random, at: datetime) -> None:
    """Give longer hours, if the two still have none in common."""
    del draw
    if pair.meets and "hours" in nudge.answers:
        opens, closes = world.hours_by_id[nudge.person_id] = (7, 20)
        hours = [{"weekday": weekday, "from": f"{opens:02d}:00", "to": f"{closes:02d}:00"} for weekday in range(1, 6)]
        _answer(world, nudge, "hours", at, hours=hours)


def _continuation(world: World, nudge: NudgeReceived, pair: Pair, answer: str, at: datetime) -> None:
    if answer in nudge.answers:
        _answer(world, nudge, answer, at)
        return
    data: Json = {"person_id": nudge.person_id, "pairing_id": pair.pairing_id, "answer": answer}
    world.emit("pairing.continuation_answered", at, data, subject=pair.pairing_id, actor=nudge.person_id)


RESPONSE_BY_KEY: Final[dict[str, Response]] = {
    "book_first_session": _book,
    "book_next_session": _book,
    "protect_the_time": _book,
    "pairing_quiet": _book,
    "log_session": _log,
    "share_feedback": _share,
    "still_right_for_you": _reconsider,
    "flip_roles": _flip_roles,
    "open_debate": _debate,
    "broaden_topic": _broaden,
    "pairing_resumable": _resume,
    "partner_away": _wait_or_look,
    "find_a_time": _find_time,
    "renew_or_finish": _conclude,
    "convert_offer": _convert,
    "conflict_choice": _resolve,
}
FOLLOW_RATIO_BY_KEY: Final = {
    "answer_proposal": 0.0,  # handled with the proposal, which knows the version
    "pairing_resumable": 0.9,
    "renew_or_finish": 0.7,
    "convert_offer": 0.8,
    "conflict_choice": 0.45,
    "partner_away": 0.7,
    "still_taking_part": 0.7,
    "enrolment_recorded": 0.08,
    "open_invitation": 0.4,
    "waiting_update": 0.3,
}
"""Chance to follow where it isn't the person's keenness."""
