"""What the simulation believes while a year plays: who is there, which pairs live, what is going to happen.

The engine is the authority; this is the view of people who read its nudges. Actions wait on an agenda and check, when
they are due, whether they still make sense; so a late withdrawal or a departure cancels what was planned before it.

Invariants
    simulation.W1  Events leave in order of time, and never before one that left earlier.
    simulation.W2  Actions due at the same second run in the order in which they were planned.
    simulation.W3  Nobody acts before being hired, while away, or after leaving.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias

from engine.simulation.clock import START_AT, rfc3339, working_instant
from engine.simulation.draws import stream
from engine.simulation.observed import Json, NudgeReceived, full_type
from engine.simulation.people.organisation import Organisation, SimulatedPerson

WORLD_SOURCE: Final = "urn:bothways:simulation"
HR_ACTOR: Final = "hr-feed"
NOTIFIER_ACTOR: Final = "notifier"
TRAINING_ACTOR: Final = "learning-platform"

Action: TypeAlias = Callable[[datetime], None]
"""Something that happens at an instant; it may emit events and plan more."""


@dataclass(slots=True, kw_only=True)
class Pair:
    """Two people, as they see their own pair."""

    pairing_id: str
    programme_id: str
    proposal_version: int
    people: tuple[str, str]
    learns: dict[str, tuple[str, ...]]
    state: str = "proposed"
    term: int = 1
    one_way_teacher: str | None = None
    """The only one who teaches, where a pair has slid into that."""
    sessions_made: int = 0
    sessions_held: int = 0
    booked_id: str | None = None
    unreported: tuple[str, datetime] | None = None
    """A session that took place and that nobody has told the engine about."""
    last_held_id: str | None = None
    over_at: datetime | None = None
    """When it ended."""
    debate_due: bool = False
    """An open debate is on for the next session."""
    answered: dict[str, int] = field(default_factory=dict)
    """Per person, the proposal version answered."""

    def partner_of(self, person_id: str) -> str:
        """The other one."""
        return self.people[1] if person_id == self.people[0] else self.people[0]

    @property
    def meets(self) -> bool:
        """Whether the pair holds sessions now."""
        return self.state in {"active", "stalled"}


class World:
    """State and agenda of one simulated year."""

    def __init__(self, organisation: Organisation, seed: int) -> None:
        self.organisation = organisation
        self.seed = seed
        self.now = START_AT
        self.manager_of = {person.person_id: person.employee.manager_id for person in organisation.people}
        self.department_of = {person.person_id: person.employee.department for person in organisation.people}
        self.timezone_of = {person.person_id: person.employee.timezone for person in organisation.people}
        self.band_of = {person.person_id: person.employee.band for person in organisation.people}
        self.hours_by_id: dict[str, tuple[int, int]] = {}
        """Who has given other hours than at first."""
        self.away: dict[str, None] = {}
        self.absent: dict[str, None] = dict.fromkeys(
            person.person_id for person in organisation.people if person.employee.hired_on > START_AT.date()
        )
        """Not hired yet, or gone."""
        self.members: dict[str, dict[str, None]] = {}
        """Per programme, who takes part now, in order of enrolment."""
        self.pairs: dict[str, Pair] = {}
        self.withdrawn_nudges: set[str] = set()
        self.feedback_given: set[tuple[str, str]] = set()
        """Person and session."""
        self.concluded: set[tuple[str, str]] = set()
        """Person, and term of a pairing."""
        self._agenda: list[tuple[datetime, int, Action]] = []
        self._planned_count = 0
        self._emitted_count = 0
        self._outbox: list[Json] = []

    def stream(self, *names: str | int) -> Random:
        """The draws of one concern of this year."""
        return stream(self.seed, "year", *names)

    def person(self, person_id: str) -> SimulatedPerson:
        """One member of the organisation."""
        return self.organisation.by_id[person_id]

    def hours_of(self, person_id: str) -> tuple[int, int]:
        """When somebody has time, local full hours `[from, to)`."""
        return self.hours_by_id.get(person_id, self.person(person_id).profile.hours)

    def plan(self, at: datetime, action: Action) -> None:
        """Put an action on the agenda; what should have happened already happens next (simulation.W1)."""
        self._planned_count += 1
        heapq.heappush(self._agenda, (max(at, self.now + timedelta(seconds=1)), self._planned_count, action))

    def plan_work(self, person_id: str, earliest: datetime, draw: Random, action: Action) -> None:
        """Put an action on the agenda for somebody's working hours; dropped if the person can't act then (simulation.W3)."""
        at = working_instant(self.timezone_of[person_id], max(earliest, self.now), draw)
        self.plan(at, lambda due: action(due) if self.acts(person_id) else None)

    def acts(self, person_id: str) -> bool:
        """Whether somebody is employed and not on leave."""
        return person_id not in self.absent and person_id not in self.away

    def arrive(self, person_id: str) -> None:
        """Somebody's first day."""
        self.absent.pop(person_id, None)

    def depart(self, person_id: str) -> None:
        """Somebody is gone."""
        self.absent[person_id] = None
        for members in self.members.values():
            members.pop(person_id, None)

    def go_away(self, person_id: str) -> None:
        """A leave begins."""
        self.away[person_id] = None

    def come_back(self, person_id: str) -> None:
        """A leave ends."""
        self.away.pop(person_id, None)

    def takes_part(self, person_id: str, programme_id: str) -> bool:
        """Whether somebody is in a programme."""
        return person_id in self.members.get(programme_id, {})

    def heeds(self, nudge: NudgeReceived) -> bool:
        """Whether a nudge still stands when its reader gets round to it."""
        return nudge.nudge_id not in self.withdrawn_nudges

    def emit(self, kind: str, at: datetime, data: Json, *, subject: str, actor: str | None = None, relayed_by: str | None = None) -> None:
        """Publish an input event at its own time."""
        assert not self._outbox or rfc3339(at) >= self._outbox[-1]["time"], (kind, at)
        self._emitted_count += 1
        event: Json = {
            "specversion": "1.0",
            "id": f"sim-{self._emitted_count}",
            "source": WORLD_SOURCE,
            "type": full_type(kind),
            "time": rfc3339(at),
            "subject": subject,
            "datacontenttype": "application/json",
            "data": data,
        }
        if actor is not None:
            event["actor"] = actor
        if relayed_by is not None:
            event["relayedby"] = relayed_by
        if any(name in data for name in ("person_id", "person_ids", "proposed_by", "exchanges")):
            event["dataclassification"] = "confidential"
        self._outbox.append(event)

    def emit_later(self, kind: str, at: datetime, data: dict[str, Any], *, subject: str, actor: str | None = None) -> None:
        """Plan an event that happens whatever else does."""
        self.plan(at, lambda due: self.emit(kind, due, data, subject=subject, actor=actor))

    def run_until(self, instant: datetime) -> list[Json]:
        """Let everything happen that is due, and hand over what it published."""
        assert instant >= self.now, (instant, self.now)
        while self._agenda and self._agenda[0][0] <= instant:
            self.now, _, action = heapq.heappop(self._agenda)
            action(self.now)
        self.now = instant
        published, self._outbox = self._outbox, []
        return published
