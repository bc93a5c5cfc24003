"""Secrets that a history keeps, one kind at a time: each history is played for a seed, a salt and a truth.

Whatever is not the secret is the same for all truths of a seed, instants above all: an attacker may know everything but who did it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.core.identity import drawn_percent
from schemas.terms.codes import NudgeKey
from tests import builders
from tests.privacy.world import View, World

Play = Callable[[int, bytes, int], View]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A kind of secret: the truth is a number below `truths`."""

    name: str
    truths: int
    play: Play


def _who_declined(seed: int, salt: bytes, truth: int) -> View:
    """One of the two declines, the other accepts; some days after the lapse others come who fit both."""
    world = World(seed, salt)
    first, second, *others = world.names
    world.couple(first, second)
    world.after(days=1)
    pairing_id, acts = world.pairing_of(first, second), world.random.sample(["accept", "decline"], 2)
    for answer in acts:
        world.some_minutes()
        person_id = (first, second)[truth if answer == "decline" else 1 - truth]
        world.tell(builders.answered(person_id, world.now, pairing_id, answer=answer))
    return _later_rounds(world, others)


def _whether_declined(seed: int, salt: bytes, truth: int) -> View:
    """One of the two declines, or nobody says anything."""
    world = World(seed, salt)
    first, second, *others = world.names
    world.couple(first, second)
    world.after(days=1)
    pairing_id = world.pairing_of(first, second)
    world.some_minutes()
    if truth:
        world.tell(builders.answered(first, world.now, pairing_id, answer="decline"))
    return _later_rounds(world, others)


def _later_rounds(world: World, others: list[str]) -> View:
    """Let the proposal lapse, two others join who fit both, and the rounds of some days pass."""
    world.after(days=8)
    world.couple(*others[:2])
    world.after(days=4)
    return world.view()


def _who_gave_a_misfit(seed: int, salt: bytes, truth: int) -> View:
    """Both give feedback on a session, one of them that it does not fit."""
    world = World(seed, salt)
    first, second, *others = world.names
    pairing_id = world.live_pair(first, second)
    world.after(days=2)
    exchanges = (("strategy", first), ("python", second))
    world.tell(builders.session_completed("s1", world.now, pairing_id, exchanges=exchanges))
    for fit in world.random.sample(["good", "not_a_fit"], 2):
        world.some_minutes()
        person_id = (first, second)[truth if fit == "not_a_fit" else 1 - truth]
        world.tell(builders.feedback_given(person_id, world.now, pairing_id, session_id="s1", fit=fit))
    world.after(days=3)
    world.couple(*others[:2])
    world.after(days=3)
    return world.view()


def _who_excluded(seed: int, salt: bytes, truth: int) -> View:
    """One of two excludes the other: before they are proposed, while a proposal is open, or as a live pair."""
    world = World(seed, salt)
    first, second, *others = world.names
    one, other = (first, second) if truth == 0 else (second, first)
    stage = world.random.choice(["before", "proposed", "live"])
    if stage == "live":
        world.live_pair(first, second)
        world.after(days=2)
    else:
        world.couple(first, second)
        world.after(days=1 if stage == "proposed" else 0)
    world.some_minutes()
    world.tell(builders.updated(one, world.now, **_said_by(one, first), exclude=[other]))
    return _later_rounds(world, others)


def _said_by(person_id: str, first: str) -> dict[str, object]:
    """Return the profile that somebody of a couple has, for what is said again."""
    gives, wants = ("strategy", "python") if person_id == first else ("python", "strategy")
    return {"offers": [builders.offer(gives, 3)], "wants": [builders.want(wants)]}


def _who_ended(seed: int, salt: bytes, truth: int) -> View:
    """One of a live pair asks to end it, or for another partner."""
    world = World(seed, salt)
    first, second, *others = world.names
    pairing_id = world.live_pair(first, second)
    world.after(days=2)
    world.some_minutes()
    answer = world.random.choice(["end", "rematch"])
    world.tell(builders.continuation_answered((first, second)[truth], world.now, pairing_id, answer=answer))
    world.after(days=3)
    world.couple(*others[:2])
    world.after(days=3)
    return world.view()


def _who_is_held_out(seed: int, salt: bytes, truth: int) -> View:
    """One of two is in the held-out group of invitations, and is nominated; the other is neither."""
    world = World(seed, _salt_that_holds_out(seed, salt, truth), holdout_percent=50)
    first, second, third, *_ = world.names
    for person_id in (first, second, third):
        world.tell(builders.hired(person_id, world.now))
    world.some_minutes()
    world.tell(builders.nominated((first, second)[truth], world.now))
    world.after(days=3)
    return world.view()


def _salt_that_holds_out(seed: int, salt: bytes, truth: int) -> bytes:
    people = World(seed, salt).names[:2]
    for number in range(10_000):
        tried = salt + f"/{number}".encode()
        lots = [drawn_percent(f"holdout/person/{person_id}/{NudgeKey.OPEN_INVITATION}", tried) < 50 for person_id in people]
        if lots[truth] and not lots[1 - truth]:
            return tried
    raise AssertionError("no salt holds out the one and not the other")


def _who_is_behind_a_hash(seed: int, salt: bytes, truth: int) -> View:
    """One of two has opted out of invitations and is nominated: the audit has one line under a hash."""
    world = World(seed, salt)
    first, second, *_ = world.names
    for person_id in (first, second):
        world.tell(builders.hired(person_id, world.now))
    person_id = (first, second)[truth]
    world.some_minutes()
    world.tell(builders.opted_out(person_id, world.now, "invitations"))
    world.some_minutes()
    world.tell(builders.nominated(person_id, world.now))
    world.after(days=3)
    return world.view()


def _a_count_under_k(seed: int, salt: bytes, truth: int) -> View:
    """One to four people wait beside three pairs, or join twelve who wait already."""
    world = World(seed, salt)
    if world.random.random() < 0.5:
        for number in range(3):
            world.live_pair(f"a{number}", f"b{number}")
    else:
        for number in range(12):
            world.joins(f"w{number:02}", "budgeting", "wellbeing")
        world.after(days=1)
    for number in range(truth + 1):
        world.joins(f"x{number}", "budgeting", "wellbeing")
    world.after(days=3)
    return world.view()


KINDS: Final = (
    Secret(name="who declined", truths=2, play=_who_declined),
    Secret(name="whether anybody declined", truths=2, play=_whether_declined),
    Secret(name="who gave a misfit", truths=2, play=_who_gave_a_misfit),
    Secret(name="who excluded whom", truths=2, play=_who_excluded),
    Secret(name="who ended a pair", truths=2, play=_who_ended),
    Secret(name="who is held out", truths=2, play=_who_is_held_out),
    Secret(name="who is behind a hash", truths=2, play=_who_is_behind_a_hash),
    Secret(name="a count under k", truths=4, play=_a_count_under_k),
)
