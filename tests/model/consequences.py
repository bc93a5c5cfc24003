"""What follows by itself: time that passes, and how people stand.

There is no table of timers: every pairing is asked, between any two things that happened, whether a moment of its own has come.
"""

from datetime import datetime, timedelta

from schemas.policy import Policy
from tests.model import ledger
from tests.model.people import Json
from tests.model.standing import LIVE, OPEN, Standing


class Consequences(Standing):
    """The model, and what time and the facts about people bring without anybody's word."""

    # Time

    def settle(self, at: datetime) -> None:
        """Let everything happen that was due up to an instant, the earliest first."""
        while (next_at := self.next_at()) <= at:
            due_at = max(next_at, self.now)  # a word of today may make something overdue; it happens today
            self.people.settle(due_at)
            self._follow(due_at)  # of everybody's facts of one instant together
            for pairing_id in sorted(self.pairs):
                self._let_pass(pairing_id, due_at)
            self._follow(due_at)
        self.now = max(self.now, at)

    def next_at(self) -> datetime:
        """Return the next moment at which something happens by itself."""
        pauses = [until for enrolled in self.enrolled.values() if (until := enrolled["paused_until"]) is not None]
        moments = [due for pair in self.pairs.values() if (due := self._due(pair)) is not None]
        first: datetime = min([self.people.next_at(), *pauses, *moments])
        return first

    def _due(self, pair: Json) -> datetime | None:
        """Return when a pairing moves by itself, if nothing happens until then."""
        policy: Policy = self.policy[pair["programme_id"]]
        since: datetime = pair["since"]
        asked_at: datetime | None = pair["asked_at"]
        conflict_at: datetime | None = pair["conflict_at"]
        match pair["state"]:
            case "proposed":
                expires_at: datetime = pair["expires_at"]
                return expires_at
            case "active":
                return min(self._quiet_at(pair), self._term_over_at(pair))
            case "stalled":
                return since + timedelta(days=policy.grace_days)
            case "concluding":
                return since + timedelta(days=policy.concluding_days)
            case "paused" | "suspended" if asked_at is not None:
                return asked_at + timedelta(days=policy.resume_days)
            case "suspended" if conflict_at is not None:
                return conflict_at + timedelta(days=policy.conflict_days)
        return None

    def _term_over_at(self, pair: Json) -> datetime:
        term_at: datetime = pair["term_at"]
        return term_at + timedelta(days=self.policy[pair["programme_id"]].term_days)

    def _quiet_at(self, pair: Json) -> datetime:
        """Return when nothing will have been scheduled or held for too long."""
        last: datetime = max([pair["quiet_from"], *ledger.signs_of_life(pair["sessions"])])
        return last + timedelta(days=self.policy[pair["programme_id"]].stall_days)

    def _let_pass(self, pairing_id: str, at: datetime) -> None:
        pair = self.pairs[pairing_id]
        due_at = self._due(pair)
        if due_at is None or due_at > at:
            return
        match pair["state"]:
            case "proposed":
                self._move(pair, "lapsed", at)
            case "active" if self._term_over_at(pair) <= at:
                self._move(pair, "concluding", at)
            case "active":
                self._move(pair, "stalled", at)
            case "stalled":
                self._end(pair, "inactive", at)
            case "concluding":
                self._end(pair, "completed", at)
            case _:
                self._end(pair, "circumstances", at)  # neither a conflict nor a leave was settled in time

    # What follows from how things stand

    def _follow(self, at: datetime) -> None:
        """Draw every consequence of how people stand, until nothing moves any more."""
        for enrolled in self.enrolled.values():
            if enrolled["paused_until"] is not None and enrolled["paused_until"] <= at:
                enrolled["paused"], enrolled["paused_until"] = False, None
        for where, enrolled in list(self.enrolled.items()):
            left_at = self.people.left_at(where[1])
            if self.people.has_left(where[1]) or (left_at is not None and enrolled["at"] < left_at):
                self._leave(where, "circumstances")
        while any(self._follow_one(pair, at) for pair in self.pairs.values() if pair["state"] in OPEN):
            pass

    def _follow_one(self, pair: Json, at: datetime) -> bool:
        """Draw one consequence for a pairing. Returns whether it moved."""
        before = dict(pair)
        standing = [self.people.employment(who) for who in pair["people"]]
        if not set(standing) <= {"active", "on_leave"}:
            self._part(pair, "circumstances", at)
        elif any((pair["programme_id"], who) not in self.enrolled for who in pair["people"]):
            self._part(pair, next(self.gone[where] for who in pair["people"] if (where := (pair["programme_id"], who)) in self.gone), at)
        elif self._is_barred(pair):
            self._part(pair, "circumstances", at)
        elif self._conflict(pair) and pair["state"] in LIVE:
            self._follow_conflict(pair, at)
        elif pair["state"] in {"active", "stalled", "paused", "suspended"}:
            self._follow_absences(pair, "on_leave" in standing, at)
        if pair["state"] == "active" and len(self._held_in_term(pair)) >= self.policy[pair["programme_id"]].sessions_planned:
            self._move(pair, "concluding", at)
        if pair["state"] in LIVE:
            self._watch_gap(pair)
        return before != pair

    def _follow_conflict(self, pair: Json, at: datetime) -> None:
        if pair["state"] != "suspended":
            self._move(pair, "suspended", at)
        if pair["conflict_at"] is None:
            pair["conflict_at"], pair["asked_at"], pair["answers"] = at, None, {}
        if any(self.people.employment(who) == "on_leave" for who in pair["people"]):
            pair["continue_needed"] = True

    def _follow_absences(self, pair: Json, is_away: bool, at: datetime) -> None:
        """A leave asks both anew when it is over, a pause of one's own does not; a conflict that is gone asks both anew, too."""
        is_pausing = any(self.enrolled[pair["programme_id"], who]["paused"] for who in pair["people"])
        pair["conflict_at"] = None
        pair["continue_needed"] = pair["continue_needed"] or is_away
        if is_away or is_pausing:
            pair["asked_at"], pair["answers"] = None, {}
            if pair["state"] in {"active", "stalled"}:
                self._move(pair, "paused", at)
        elif pair["state"] == "paused" and not pair["continue_needed"]:
            self._activate(pair, at)
        elif pair["state"] in {"paused", "suspended"} and pair["asked_at"] is None:
            pair["asked_at"] = max([at, *self._landings(pair)])

    def _landings(self, pair: Json) -> list[datetime]:
        """Return when the silence after a leave is over for each side that had one."""
        ends = [self.people.by_id[who].leave_ended_at() for who in pair["people"]]
        return [end + timedelta(days=self.policy[pair["programme_id"]].soft_landing_days) for end in ends if end is not None]

    def _is_barred(self, pair: Json) -> bool:
        """Whether a hard rule stands against an open proposal."""
        first, second = (self.enrolled[pair["programme_id"], who] for who in pair["people"])
        return pair["state"] == "proposed" and (
            self._conflict(pair)
            or any(self.people.employment(who) != "active" for who in pair["people"])
            or first["paused"]
            or second["paused"]
            or pair["people"][1] in first["exclude"]
            or pair["people"][0] in second["exclude"]
            or (pair["programme_id"], frozenset(pair["people"])) in self.forbidden
            or not self._is_gap_wide(pair, set(pair["people"]))
        )

    def _watch_gap(self, pair: Json) -> None:
        """Offer an active pair to go on as equals when its gap is gone; take that back when it is there again."""
        is_offered = pair["state"] == "active" and not self._is_gap_wide(pair, {pair["senior"]})
        if is_offered != pair["is_offered"]:
            pair["is_offered"] = is_offered
            pair["answers"] = {} if pair["state"] == "active" else pair["answers"]
