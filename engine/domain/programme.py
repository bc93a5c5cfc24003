"""A programme: its policy, its rounds, its locks.

Decides: which policy version is in force, when the next round is, which pairs the coordinator has locked.
Never knows: participants and pairings.

Invariants
    G1  Every change of policy makes the next version; every decision cites the version it was made under.
    G2  A closed programme stays closed.

Source: design of policy and rounds (README, Programmes).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from schemas.codes import TopicFamily
from schemas.frozen import replace
from schemas.ids import PairingId, PersonId, ProgrammeId
from schemas.policy import Policy


class ProgrammeStatus(StrEnum):
    """Where a programme stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A pair that the coordinator wants in the next round."""

    people: tuple[PersonId, PersonId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What fairness and never breaking a pair cost, the last time that it was measured."""

    at: datetime
    fairness_price_ratio: float
    """The share of the round's total score that went to serving those who wait, and those without a pair, first."""
    drift_ratio: float | None
    """The score of all pairs kept, as a share of what a round with nobody paired would come to; None in a programme too large for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """The row of one programme."""

    programme_id: ProgrammeId
    name: str | None = None
    """What the coordinator calls it, for people to read."""
    status: ProgrammeStatus = ProgrammeStatus.RUNNING
    policy_version: int = 1
    policy_json: str
    created_at: datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRound:
    """What a round judged by, kept so that its proposals can be judged alike later. Key: `<programme>/<ordinal>`."""

    held_at: datetime
    topic_weights: dict[str, int]

    @property
    def wake_at(self) -> None:
        """A round that was held waits for nothing."""
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What keeps one unordered pair of people of a programme from being proposed. Key: `<programme>/<lower id>/<higher id>`."""

    people: tuple[PersonId, PersonId]
    is_forbidden: bool = False
    is_past: bool = False
    """They were a pair; not proposed again unless policy allows."""
    rests_until: datetime | None = None
    """A proposal lapsed, whatever the cause; the pair rests."""
    open_pairing_id: PairingId | None = None
    """They have a proposal or a live pair now."""

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


def with_policy(programme: Programme, policy: Policy, at: datetime) -> Programme:
    """Put a new policy version in force (G1) and set the next round by it."""
    changed = replace(programme, policy_json=policy.model_dump_json(), policy_version=programme.policy_version + 1, measured=None)
    return replace(changed, next_round_at=next_round(changed, at))


def next_round(programme: Programme, after: datetime) -> datetime | None:
    """Return the first round instant after `after`: at `round_at` (UTC), every `round_every_days` counted from the day of creation.

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
