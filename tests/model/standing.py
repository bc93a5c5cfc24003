"""The naive model of a programme at one instant: plain dictionaries, what is asked of them, and how a pairing moves."""

from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.terms.policy import Policy
from tests.model import ledger
from tests.model.people import Json, People, moment
from tests.model.taking_part import Stamp, TakingPart, Where

LIVE: Final = frozenset({"active", "paused", "suspended", "stalled", "concluding"})
OPEN: Final = LIVE | {"proposed"}
ERASED: Final = "erased"
"""Whoever was erased, in the pairs that stay for their numbers."""


class Standing:
    """Everything at one instant, in plain dictionaries."""

    def __init__(self) -> None:
        self.now = datetime.min.replace(tzinfo=UTC)
        self.people = People()
        self.policy: dict[str, Policy] = {}
        self.closed: set[str] = set()
        self.halted: set[str] = set()
        self.taking_part = TakingPart()
        self.leaving: dict[str, datetime] = {}
        """Whose departure has reached the programmes and is not settled yet, and when it will be."""
        self.pairs: dict[str, Json] = {}
        self.locked: set[tuple[str, frozenset[str]]] = set()
        self.forbids: dict[tuple[str, frozenset[str]], tuple[Stamp, bool]] = {}
        """The last word of each programme about two people: whether it forbids."""
        self.questioned: dict[Where, tuple[datetime, datetime]] = {}
        """Who was asked whether they still take part: when, and from when they could hear of it."""
        self.completed: dict[Where, datetime] = {}
        """When somebody's pair was completed, until they say that they would go on."""
        self.refused: dict[str, str] = {}
        """Event → why it should not have been applied."""
        self.erased: dict[str, datetime] = {}
        """Who was erased, and up to when nothing said of them counts."""
        self._enrolled: dict[Where, Json] = {}
        self._enrolled_at: tuple[datetime, int, int] | None = None

    # What is asked

    @property
    def enrolled(self) -> dict[Where, Json]:
        """How everybody who takes part does so now; worked out again when anything was said, or time has passed."""
        state = self.now, self.taking_part.changes_count, self.people.changes_count
        if self._enrolled_at != state:
            found = {where: self._enrolment(where) for where in self.taking_part.words}
            self._enrolled = {where: one for where, one in found.items() if one is not None}
            self._enrolled_at = state
        return self._enrolled

    def _enrolment(self, where: Where) -> Json | None:
        return self.taking_part.of(where, self.now, self.people.attribute(where[1], "timezone") or "UTC")

    def _room(self, programme_id: str, person_id: str, *, besides: str = "") -> int:
        taken = [
            pair
            for pairing_id, pair in self.pairs.items()
            if pair["programme_id"] == programme_id and person_id in pair["people"] and pairing_id != besides
        ]
        capacity: int = min(self.enrolled[programme_id, person_id]["capacity"], self.policy[programme_id].capacity_max)
        return max(0, capacity - sum(self._takes_room(pair, person_id) for pair in taken))

    def _takes_room(self, pair: Json, person_id: str) -> bool:
        """A proposal takes room for some days; a pair as long as it lives, unless the partner who waits looks for somebody else."""
        if pair["state"] == "proposed":
            undecided: datetime = pair["proposed_at"] + timedelta(days=self.policy[pair["programme_id"]].room_days)
            return self.now < undecided
        return pair["state"] in LIVE and person_id not in pair["looking"]

    def _is_forbidden(self, pair: frozenset[str]) -> bool:
        return any(is_in_force for (_, people), (_, is_in_force) in self.forbids.items() if people == pair)

    def _is_kept_apart(self, people: tuple[str, ...]) -> bool:
        """Whether one of two excludes the other, or a coordinator forbids them, in whichever programme."""
        first, second = people
        is_excluded = second in self.taking_part.excluded_by(first) or first in self.taking_part.excluded_by(second)
        return is_excluded or self._is_forbidden(frozenset(people))

    def _conflict(self, pair: Json) -> bool:
        allowed = self.policy[pair["programme_id"]].same_manager_allowed
        return self.people.conflict(*pair["people"], same_manager_allowed=allowed) is not None

    def _is_gap_wide(self, pair: Json, seniors: set[str]) -> bool:
        """Whether one of these is more experienced than the other side, by as many bands as the track of the pair needs."""
        policy = self.policy[pair["programme_id"]]
        if pair["track"] == "mutual":
            return True
        enrolled = self.enrolled
        first, second = (enrolled[pair["programme_id"], who]["band"] for who in pair["people"])
        if first is None or second is None:
            return False
        ahead = {pair["people"][0]: first - second, pair["people"][1]: second - first}
        return any(ahead[who] >= max(1, policy.experience_gap_min) for who in seniors)

    def _held_in_term(self, pair: Json) -> list[Json]:
        since = pair["term_at"] if pair["term"] > 1 else None
        return [event for event in ledger.held(pair["sessions"]) if since is None or moment(event["data"]["started_at"]) > since]

    def _landing(self, programme_id: str, person_id: str) -> datetime | None:
        """Return when the silence after somebody's last leave is over; None where there was none."""
        person = self.people.by_id.get(person_id)
        end = person.leave_ended_at() if person is not None else None
        return None if end is None else end + timedelta(days=self.policy[programme_id].soft_landing_days)

    # How a pairing moves

    def _move(self, pair: Json, state: str, at: datetime) -> None:
        is_away, was_away = state in {"paused", "suspended"}, pair["state"] in {"paused", "suspended"}
        if is_away and not was_away:
            pair["away_since"] = at
        elif was_away and not is_away:
            pair["away_days"] += (at - pair["away_since"]) / timedelta(days=1)
        pair["state"], pair["since"], pair["answers"], pair["asked_at"], pair["conflict_at"] = state, at, {}, None, None
        if state not in {"paused", "suspended"}:
            pair["looking"] = set()

    def _activate(self, pair: Json, at: datetime) -> None:
        for who in pair["people"] if pair["state"] == "proposed" else ():
            self.questioned.pop((pair["programme_id"], who), None)
        pair["quiet_from"], pair["continue_needed"] = at, False
        self._move(pair, "active", at)

    def _end(self, pair: Json, code: str, at: datetime) -> None:
        pair["code"] = code
        self._move(pair, "completed" if code == "completed" else "ended", at)
        if code == "completed":
            self.completed |= {(pair["programme_id"], who): at for who in pair["people"]}

    def _part(self, pair: Json, code: str, at: datetime) -> None:
        if pair["state"] == "proposed":
            self._move(pair, "lapsed", at)
        else:
            self._end(pair, code, at)

    def _expire(self, pair: Json, at: datetime) -> None:
        """A proposal reaches its end: the two rest if both could have answered."""
        chance = pair["expires_at"] - timedelta(hours=24)
        pair["rests"] = all(who in pair["told"] and pair["told"][who] <= chance for who in pair["people"])
        self._move(pair, "lapsed", at)

    def _acted(self, where: Where, at: datetime) -> None:
        """Somebody did something of their own; what is said to a proposal is no such thing."""
        if where in self.questioned and at > self.questioned[where][0]:
            del self.questioned[where]
