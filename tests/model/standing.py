"""The naive model of a programme at one instant: plain dictionaries, what is asked of them, and how a pairing moves."""

from datetime import UTC, datetime
from typing import Final

from schemas.policy import Policy
from tests.model import ledger
from tests.model.people import Json, People, moment

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
        self.enrolled: dict[tuple[str, str], Json] = {}
        self.gone: dict[tuple[str, str], str] = {}
        """Who takes part no longer, with the neutral code of the pairs that ended with it."""
        self.pairs: dict[str, Json] = {}
        self.locked: set[tuple[str, frozenset[str]]] = set()
        self.forbidden: set[tuple[str, frozenset[str]]] = set()
        self.refused: dict[str, str] = {}
        """Event → why it should not have been applied."""
        self.erased: dict[str, datetime] = {}
        """Who was erased, and up to when nothing said of them counts."""

    # What is asked

    def _room(self, programme_id: str, person_id: str) -> int:
        taken = [pair for pair in self.pairs.values() if pair["programme_id"] == programme_id and person_id in pair["people"]]
        capacity: int = min(self.enrolled[programme_id, person_id]["capacity"], self.policy[programme_id].capacity_max)
        return capacity - sum(pair["state"] in OPEN for pair in taken)

    def _conflict(self, pair: Json) -> bool:
        allowed = self.policy[pair["programme_id"]].same_manager_allowed
        return self.people.conflict(*pair["people"], same_manager_allowed=allowed) is not None

    def _is_gap_wide(self, pair: Json, seniors: set[str]) -> bool:
        """Whether one of these is more experienced than the other side, by as many bands as the track of the pair needs."""
        policy = self.policy[pair["programme_id"]]
        if pair["track"] == "mutual":
            return True
        first, second = (self.enrolled[pair["programme_id"], who]["band"] for who in pair["people"])
        if first is None or second is None:
            return False
        ahead = {pair["people"][0]: first - second, pair["people"][1]: second - first}
        return any(ahead[who] >= max(1, policy.experience_gap_min) for who in seniors)

    def _held_in_term(self, pair: Json) -> list[Json]:
        since = pair["term_at"] if pair["term"] > 1 else None
        return [event for event in ledger.held(pair["sessions"]) if since is None or moment(event["data"]["started_at"]) > since]

    # How a pairing moves

    def _move(self, pair: Json, state: str, at: datetime) -> None:
        pair["state"], pair["since"], pair["answers"], pair["asked_at"], pair["conflict_at"] = state, at, {}, None, None

    def _activate(self, pair: Json, at: datetime) -> None:
        pair["quiet_from"], pair["continue_needed"] = at, False
        self._move(pair, "active", at)

    def _end(self, pair: Json, code: str, at: datetime) -> None:
        pair["code"] = code
        self._move(pair, "completed" if code == "completed" else "ended", at)

    def _part(self, pair: Json, code: str, at: datetime) -> None:
        if pair["state"] == "proposed":
            self._move(pair, "lapsed", at)
        else:
            self._end(pair, code, at)

    def _leave(self, where: tuple[str, str], code: str) -> None:
        if self.enrolled.pop(where, None) is not None:
            self.gone[where] = code
