"""What an onlooker knows of a programme: inputs that were applied, outputs that were published, HR facts as the naive model sees them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.terms.policy import Policy
from tests.model.people import KINDS, People, kind_of, moment
from tests.simulation.watching.watch import Json, Unit

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
    paused_until: date | None = None
    is_paused: bool = False


@dataclass(slots=True, kw_only=True)
class Proposed:
    """A proposal as it stands."""

    expires_at: datetime
    roomless_from: datetime
    """From when on it takes no room while it is undecided."""
    told: dict[str, datetime] = field(default_factory=dict)
    """From when each side could hear of the present version."""

    @property
    def had_a_chance(self) -> bool:
        """Whether both could hear of it a day before its end."""
        return len(self.told) == 2 and max(self.told.values()) <= self.expires_at - timedelta(days=1)


@dataclass(slots=True)
class Seen:
    """Everything seen so far, in plain dictionaries."""

    people: People = field(default_factory=People)
    policy: dict[str, Policy] = field(default_factory=dict)
    policies: dict[tuple[str, int], Policy] = field(default_factory=dict)
    """Programme and version → policy: a decision cites the version that it was made under."""
    enrolled: dict[tuple[str, str], Enrolled] = field(default_factory=dict)
    excluded: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """Whom somebody would rather not meet, by the programme where it was said; it outlives taking part."""
    trained: set[tuple[str, str]] = field(default_factory=set)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    locked: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    forbidden: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    state: dict[str, str] = field(default_factory=dict)
    pair: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Pairing → programme and people."""
    proposed: dict[str, Proposed] = field(default_factory=dict)
    aside: set[tuple[str, str]] = field(default_factory=set)
    """Pairing and person: who looks for somebody else while the partner is away."""
    partners: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    """Pairs that were live once and are over."""
    rests_until: dict[tuple[str, frozenset[str]], datetime] = field(default_factory=dict)
    """Pairs that had their chance."""
    booked_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """Pairing and session: when its time was last said."""
    retracted: set[str] = field(default_factory=set)
    touched: dict[str, datetime] = field(default_factory=dict)
    """When something was last said of somebody, or of a whole programme, that a rule may hang on."""
    departed_at: dict[str, datetime] = field(default_factory=dict)
    """Since when somebody is gone."""
    version: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, Any] = field(default_factory=dict)
    sequence: dict[tuple[str, str], int] = field(default_factory=dict)
    requested: dict[str, Json] = field(default_factory=dict)
    by_person: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    cancelled: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def hear(self, unit: Unit) -> bool:
        """Take in an input that was applied. Returns whether HR facts moved."""
        moved = {who for who, person in self.people.by_id.items() if person.next_at() <= unit.at}
        self.people.settle(unit.at)
        is_heard = unit.event is not None and unit.outcome == "applied"
        if is_heard and unit.event is not None:
            kind, data = kind_of(unit.event), unit.event["data"]
            if kind in KINDS:
                self.people.take(unit.at, unit.event)
                moved.add(data["person_id"])
            else:
                self._hear_of_programmes(kind, data, unit.at)
                self._hear_of_people(kind, data, unit.at)
                self._hear_of_pairs(kind, data, unit.at)
        for who in sorted(moved):
            self._note_move(who, unit.at)
        return bool(moved)

    def _note_move(self, who: str, at: datetime) -> None:
        self.touched[who] = at
        if self.people.has_left(who):
            self.departed_at.setdefault(who, at)
        else:
            self.departed_at.pop(who, None)

    def _hear_of_programmes(self, kind: str, data: Json, at: datetime) -> None:
        programme_id = data.get("programme_id", "")
        match kind:
            case "programme.created" | "programme.policy_changed":
                before = self.policy[programme_id].model_dump(exclude_unset=True) if data.get("mode") == "merge" else {}
                self._set_policy(programme_id, Policy.model_validate({**before, **data["policy"]}))
                self.touched[programme_id] = at
            case "pairing.locked":
                self.locked.add((programme_id, frozenset(data["person_ids"])))
            case "pairing.forbidden":
                self.forbidden.add((programme_id, frozenset(data["person_ids"])))
            case "pairing.allowed":
                self.forbidden.discard((programme_id, frozenset(data["person_ids"])))
            case "proposal.retracted":
                self.retracted.add(data["pairing_id"])

    def _hear_of_people(self, kind: str, data: Json, at: datetime) -> None:
        where = (data.get("programme_id", ""), data.get("person_id", ""))
        if kind.startswith("participation."):
            self.touched[where[1]] = at
        match kind:
            case "participation.enrolled" | "participation.updated":
                self.enrolled[where] = _enrolled(data, self.enrolled.get(where))
                if data.get("exclude") is not None or (kind.endswith("updated") and "exclude" in data):
                    self.excluded[where] = frozenset(data["exclude"] or ())
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
            case "nudge.acted" | "nudge.dismissed":
                self.done.add(data["nudge_id"])

    def _hear_of_pairs(self, kind: str, data: Json, at: datetime) -> None:
        match kind:
            case "session.scheduled":
                self.booked_at[data["pairing_id"], data["session_id"]] = at
            case "pairing.continuation_answered" if data["answer"] == "look":
                self.aside.add((data["pairing_id"], data["person_id"]))
            case "pairing.continuation_answered":
                self.aside.discard((data["pairing_id"], data["person_id"]))

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
            if data["key"] == "proposal_ready":
                self.proposed[data["pairing_id"]].told[data["person_id"]] = moment(data["not_before"])
        elif kind == "nudge.cancelled":
            self.cancelled.add(data["nudge_id"])

    def _note_change(self, kind: str, data: Json, at: datetime) -> None:
        pairing_id = data["pairing_id"]
        self.state[pairing_id] = STATE_AFTER[kind]
        match self.state[pairing_id]:
            case "proposed":
                self._note_proposal(data, at)
            case "lapsed":
                self._note_lapse(pairing_id, at)
            case "active" | "completed" | "ended" as state:
                self.aside -= {(pairing_id, person_id) for person_id in self.pair[pairing_id][1]}
                if state != "active":
                    self.partners.add(self.pair[pairing_id])

    def _note_proposal(self, data: Json, at: datetime) -> None:
        pairing_id, known = data["pairing_id"], self.proposed.get(data["pairing_id"])
        room_days = self.policy[data["programme_id"]].room_days
        self.pair[pairing_id] = (data["programme_id"], frozenset(side["person_id"] for side in data["people"]))
        self.version[pairing_id] = data["proposal_version"]
        self.proposed[pairing_id] = Proposed(
            expires_at=moment(data["expires_at"]), roomless_from=known.roomless_from if known else at + timedelta(days=room_days)
        )

    def _note_lapse(self, pairing_id: str, at: datetime) -> None:
        proposal, pair = self.proposed[pairing_id], self.pair[pairing_id]
        if at >= proposal.expires_at and proposal.had_a_chance:
            self.rests_until[pair] = at + timedelta(days=self.policy[pair[0]].lapsed_rest_days)

    def pairings_of(self, programme_id: str, person_id: str) -> list[str]:
        """Return the open and live pairings of somebody in a programme."""
        return [
            pairing_id
            for pairing_id, (of, people) in self.pair.items()
            if of == programme_id and person_id in people and self.state[pairing_id] in OPEN
        ]

    def taking_room(self, programme_id: str, person_id: str, at: datetime) -> set[str]:
        """Return those that take room: not what has been undecided for long, nor a pair that somebody looks beyond."""
        return {
            pairing_id
            for pairing_id in self.pairings_of(programme_id, person_id)
            if (pairing_id, person_id) not in self.aside
            and not (self.state[pairing_id] == "proposed" and self.proposed[pairing_id].roomless_from <= at)
        }

    def is_departing(self, person_id: str, at: datetime) -> bool:
        """Say whether somebody is gone since so short a time that it may be taken back."""
        settle_hours = max((policy.departure_settle_hours for policy in self.policy.values()), default=0)
        since = self.departed_at.get(person_id)
        return since is not None and at < since + timedelta(hours=settle_hours)

    def is_landing(self, person_id: str, at: datetime) -> bool:
        """Say whether somebody came back from a leave so lately that nothing is said yet."""
        person = self.people.by_id.get(person_id)
        ended_at = person.leave_ended_at() if person is not None else None
        soft_days = max((policy.soft_landing_days for policy in self.policy.values()), default=0)
        return ended_at is not None and at < ended_at + timedelta(days=soft_days)

    def are_barred(self, first: str, second: str) -> bool:
        """Say whether one of two excludes the other, or a coordinator forbids them, in whichever programme."""
        excludes = any(
            other in self.excluded.get((programme_id, who), ())
            for programme_id, who in self.excluded
            for other in {first, second} - {who}
            if who in {first, second}
        )
        return excludes or any(people == {first, second} for _, people in self.forbidden)


def _enrolled(data: Json, before: Enrolled | None) -> Enrolled:
    said = data.get("capacity")
    known = before or Enrolled(capacity=1)
    return Enrolled(capacity=said or known.capacity, paused_until=known.paused_until, is_paused=known.is_paused)
