"""A programme: its policy, its rounds, its locks.

Decides: which policy version is in force, when the next round is, which pairs the coordinator has locked.
Never knows: participants and pairings.

Invariants
    rounds.G1  Every change of policy makes the next version; every decision cites the version it was made under.
    rounds.G2  A closed programme stays closed.
    rounds.G3  The row is a function of the set of commands between two rounds: an older word on status, policy or a pair changes nothing.

Source: docs/rules.md, Commands.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from engine.core.stamp import Stamp, nameless
from engine.programme.rounds.policy_facts import PolicyFacts, nameless_facts
from schemas.frozen import Frozen, field, replace
from schemas.terms.codes import TopicFamily
from schemas.terms.ids import PairingId, PersonId, ProgrammeId
from schemas.terms.policy import Policy


class ProgrammeStatus(StrEnum):
    """Where a programme stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CLOSED = "closed"


class Lock(Frozen, kw_only=True):
    """A pair that the coordinator wants in the next round."""

    people: tuple[PersonId, PersonId]
    stamp: Stamp | None = None


class Measured(Frozen, kw_only=True):
    """What fairness and never breaking a pair cost, the last time that it was measured."""

    at: datetime
    fairness_price_ratio: float
    """Share of the round's score that fairness cost.

    It went to serving those first who wait, and those without a pair.
    """
    drift_ratio: float | None
    """Score of all kept pairs, as a share of a round that starts with nobody paired.

    None in a programme that is too large for that.
    """


class Programme(Frozen, kw_only=True):
    """The row of one programme."""

    programme_id: ProgrammeId
    name: str | None = None
    """What the coordinator calls it, for people to read."""
    status: ProgrammeStatus = ProgrammeStatus.RUNNING
    status_said: Stamp | None = None
    """Of the last word on the status."""
    policy_version: int = 1
    policy_json: str
    policy_facts: PolicyFacts = field(default_factory=PolicyFacts)
    """What the policy follows from."""
    created_at: datetime
    round_asked: Stamp | None = None
    """Of the last round that was asked for, as the next two."""
    nudges_released: Stamp | None = None
    departures_released: Stamp | None = None
    rounds_held: int = 0
    next_round_at: datetime | None = None
    locks: tuple[Lock, ...] = ()
    measured: Measured | None = None
    """None until a round was measured, and after a change of policy."""

    @property
    def wake_at(self) -> datetime | None:
        """The next round."""
        return self.next_round_at

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return policy_from(self.policy_json)


class HeldRound(Frozen, kw_only=True):
    """What a round judged by, kept so that its proposals can be judged alike later.

    Key: `<programme>/<ordinal>`.
    """

    held_at: datetime
    topic_weights: dict[str, int]

    @property
    def wake_at(self) -> None:
        """A round that was held waits for nothing."""
        return


class Bar(Frozen, kw_only=True):
    """What keeps one unordered pair of people of a programme from being proposed.

    Key: `<programme>/<lower id>/<higher id>`.
    """

    people: tuple[PersonId, PersonId]
    is_forbidden: bool = False
    is_past: bool = False
    """They were a pair; not proposed again unless policy allows."""
    rests_until: datetime | None = None
    """A proposal lapsed, whatever the cause; the pair rests."""
    open_pairing_id: PairingId | None = None
    """They have a proposal or a live pair now."""
    lock_said: Stamp | None = None
    """Of the last lock of the two; stays when its round has been held."""
    apart_said: Stamp | None = None
    """Of the last word on whether they may be paired: a forbid, or its opposite."""

    @property
    def wake_at(self) -> None:
        """A bar waits for nothing: a rest is over when a round finds it so."""
        return


def round_key(programme_id: ProgrammeId, ordinal: int) -> str:
    """Return the key of a round that was held."""
    return f"{programme_id}/{ordinal:08d}"


def pair_of(first: PersonId, second: PersonId) -> tuple[PersonId, PersonId]:
    """Return the two in order."""
    return (first, second) if first < second else (second, first)


def bar_key(programme_id: ProgrammeId, people: tuple[PersonId, PersonId]) -> str:
    """Return the key of a pair's bar."""
    return f"{programme_id}/{people[0]}/{people[1]}"


@lru_cache(maxsize=64)
def policy_from(policy_json: str) -> Policy:
    """Read a policy as stored; the same text gives the same object."""
    return Policy.model_validate_json(policy_json)


@lru_cache(maxsize=64)
def families_of(policy_json: str) -> dict[str, TopicFamily]:
    """Return topic id → family of a policy's catalogue."""
    return {topic.id: topic.family for topic in policy_from(policy_json).topics}


@lru_cache(maxsize=64)
def topic_names_of(policy_json: str) -> dict[str, str]:
    """Return topic id → what a policy's catalogue calls it."""
    return {topic.id: topic.name for topic in policy_from(policy_json).topics}


def with_policy(programme: Programme, facts: PolicyFacts, at: datetime) -> Programme:
    """Put in force what was said of the policy (rounds.G1) and set the next round by it."""
    policy_json = facts.policy.model_dump_json()
    changed = replace(programme, policy_facts=facts, policy_json=policy_json, policy_version=facts.version, measured=None)
    return replace(changed, next_round_at=next_round(changed, at))


def with_lock(programme: Programme, lock: Lock) -> Programme:
    """Keep a lock for the next round, instead of an earlier one of the two (rounds.G3)."""
    others = (kept for kept in programme.locks if kept.people != lock.people)
    return replace(programme, locks=tuple(sorted((*others, lock), key=lambda kept: (kept.stamp is not None, kept.stamp, kept.people))))


def programme_nameless(programme: Programme) -> Programme:
    """Return a programme whose stamps hold no id of an event, which may hold a person's."""
    return replace(
        programme,
        status_said=programme.status_said and nameless(programme.status_said),
        round_asked=programme.round_asked and nameless(programme.round_asked),
        nudges_released=programme.nudges_released and nameless(programme.nudges_released),
        departures_released=programme.departures_released and nameless(programme.departures_released),
        policy_facts=nameless_facts(programme.policy_facts),
        locks=tuple(replace(lock, stamp=lock.stamp and nameless(lock.stamp)) for lock in programme.locks),
    )


def next_round(programme: Programme, after: datetime) -> datetime | None:
    """Return the first round instant after `after`.

    Rounds are at `round_at` (UTC), every `round_every_days` counted from the day of creation.

    So a round on request, a late one or a pause never shifts the days of the others.

    Returns: None while the programme isn't running, or when rounds are held on request only.
    """
    policy = programme.policy
    if programme.status is not ProgrammeStatus.RUNNING or policy.round_every_days == 0:
        return None
    hour, minute = map(int, policy.round_at.split(":"))
    today = datetime.combine(after.date(), time(hour, minute), tzinfo=UTC)
    step = timedelta(days=policy.round_every_days)
    anchor = datetime.combine(programme.created_at.date(), time(hour, minute), tzinfo=UTC)
    passed = max(0, (today - anchor) // step)
    due = anchor + passed * step
    while due <= after:
        due += step
    return due


def next_clock(clock: str, after: datetime) -> datetime:
    """Return the first instant after `after` at which it is that time of day in UTC."""
    hour, minute = map(int, clock.split(":"))
    today = datetime.combine(after.date(), time(hour, minute), tzinfo=UTC)
    return today if today > after else today + timedelta(days=1)
