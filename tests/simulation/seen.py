"""What an onlooker knows of a programme: inputs that were applied, outputs that were published, HR facts as the naive model sees them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from schemas.policy import Policy
from tests.model.people import KINDS, People, kind_of, moment
from tests.simulation.watch import Json, Unit

LIVE: Final = frozenset({"active", "paused", "suspended", "stalled", "concluding"})
OPEN: Final = LIVE | {"proposed"}
STATE_AFTER: Final = {
    "pairing.proposed": "proposed",
    "pairing.activated": "active",
    "pairing.paused": "paused",
    "pairing.resumed": "active",
    "pairing.suspended": "suspended",
    "pairing.stalled": "stalled",
    "pairing.concluding": "concluding",
    "pairing.renewed": "active",
    "pairing.converted": "active",
    "pairing.lapsed": "lapsed",
    "pairing.completed": "completed",
    "pairing.ended": "ended",
}


@dataclass(slots=True, kw_only=True)
class Enrolled:
    """Somebody in a programme."""

    capacity: int
    exclude: frozenset[str]
    paused_until: date | None = None
    is_paused: bool = False


@dataclass(slots=True)
class Seen:
    """Everything seen so far, in plain dictionaries."""

    people: People = field(default_factory=People)
    policy: dict[str, Policy] = field(default_factory=dict)
    policies: dict[tuple[str, int], Policy] = field(default_factory=dict)
    """Programme and version → policy: a decision cites the version that it was made under."""
    enrolled: dict[tuple[str, str], Enrolled] = field(default_factory=dict)
    trained: set[tuple[str, str]] = field(default_factory=set)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    locked: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    forbidden: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    state: dict[str, str] = field(default_factory=dict)
    pair: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Pairing → programme and people."""
    over_at: dict[tuple[str, frozenset[str]], tuple[str, datetime]] = field(default_factory=dict)
    """Pair → the state and instant of its last end."""
    version: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, Any] = field(default_factory=dict)
    sequence: dict[tuple[str, str], int] = field(default_factory=dict)
    requested: dict[str, Json] = field(default_factory=dict)
    by_person: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    cancelled: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def hear(self, unit: Unit) -> bool:
        """Take in an input that was applied. Returns whether HR facts moved."""
        moves = self.people.next_at() <= unit.at
        self.people.settle(unit.at)
        if unit.event is None or unit.outcome != "applied":
            return moves
        kind, data = kind_of(unit.event), unit.event["data"]
        if kind in KINDS:
            self.people.take(unit.at, unit.event)
            return True
        self._hear_of_programmes(kind, data)
        self._hear_of_people(kind, data)
        return moves

    def _hear_of_programmes(self, kind: str, data: Json) -> None:
        programme_id = data.get("programme_id", "")
        match kind:
            case "programme.created" | "programme.policy_changed":
                self._set_policy(programme_id, Policy.model_validate(data["policy"]))
            case "pairing.locked":
                self.locked.add((programme_id, frozenset(data["person_ids"])))
            case "pairing.forbidden":
                self.forbidden.add((programme_id, frozenset(data["person_ids"])))

    def _hear_of_people(self, kind: str, data: Json) -> None:
        where = (data.get("programme_id", ""), data.get("person_id", ""))
        match kind:
            case "participation.enrolled" | "participation.updated":
                self.enrolled[where] = _enrolled(data, self.enrolled.get(where))
            case "participation.withdrawn":
                self.enrolled.pop(where, None)
            case "participation.training_completed":
                self.trained.add(where)
            case "participation.paused" | "participation.resumed" if where in self.enrolled:
                until_on = data.get("until_on")
                self.enrolled[where].is_paused = kind == "participation.paused"
                self.enrolled[where].paused_until = None if until_on is None else date.fromisoformat(until_on)
            case "nudge.opted_out":
                self.opted_out.add((where[1], data["category"]))
            case "nudge.opted_in":
                self.opted_out.discard((where[1], data["category"]))
            case "nudge.acted" | "nudge.dismissed" | "nudge.failed":
                self.done.add(data["nudge_id"])

    def _set_policy(self, programme_id: str, policy: Policy) -> None:
        self.policy[programme_id] = policy
        version = 1 + sum(1 for of, _ in self.policies if of == programme_id)
        self.policies[programme_id, version] = policy

    def policy_of(self, nudge: Json) -> Policy:
        """Return the policy that a nudge's intent carries; the default where no programme is named."""
        return self.policies.get((nudge.get("programme_id", ""), nudge["policy_version"]), Policy())

    def note(self, output: Json) -> None:
        """Take in a published event."""
        self.bodies[output["id"]] = (output["topic"], output["key"], output["data"])
        self.sequence[output["topic"], output["key"]] = output["sequence"]
        kind, data = kind_of(output), output["data"] or {}
        if kind in STATE_AFTER:
            self._note_change(kind, data, moment(output["time"]))
        elif kind == "nudge.requested":
            self.requested[data["nudge_id"]] = {**data, "at": moment(output["time"])}
            self.by_person[data["person_id"]].append(data["nudge_id"])
        elif kind == "nudge.cancelled":
            self.cancelled.add(data["nudge_id"])

    def _note_change(self, kind: str, data: Json, at: datetime) -> None:
        pairing_id = data["pairing_id"]
        self.state[pairing_id] = STATE_AFTER[kind]
        if kind == "pairing.proposed":
            self.pair[pairing_id] = (data["programme_id"], frozenset(side["person_id"] for side in data["people"]))
            self.version[pairing_id] = data["proposal_version"]
        if self.state[pairing_id] not in OPEN:
            self.over_at[self.pair[pairing_id]] = (self.state[pairing_id], at)

    def pairings_of(self, programme_id: str, person_id: str) -> list[str]:
        """Return the open and live pairings of somebody in a programme."""
        return [
            pairing_id
            for pairing_id, (of, people) in self.pair.items()
            if of == programme_id and person_id in people and self.state[pairing_id] in OPEN
        ]


def _enrolled(data: Json, before: Enrolled | None) -> Enrolled:
    fresh = Enrolled(capacity=data.get("capacity") or 1, exclude=frozenset(data.get("exclude") or ()))
    if before is not None:
        fresh.is_paused, fresh.paused_until = before.is_paused, before.paused_until
    return fresh
