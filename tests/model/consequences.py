"""What follows by itself: time that passes, and how people stand.

There is no table of timers: every pairing is asked, between any two things that happened, whether a moment of its own has come.
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.terms.policy import Policy
from tests.model import ledger
from tests.model.people import Json
from tests.model.standing import LIVE, OPEN, Standing
from tests.model.taking_part import FOREVER, Where

SILENCE: Final = timedelta(days=30)
RESTORED: Final = ("state", "since", "answers", "asked_at", "quiet_from", "away_since", "away_days", "continue_needed", "looking")
"""What a pair is again when a conflict was nothing."""


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
        pauses += [heard_at + SILENCE for _, heard_at in self.questioned.values()]
        moments = [due for pair in self.pairs.values() if (due := self._due(pair)) is not None]
        first: datetime = min([self.people.next_at(), *self.leaving.values(), *pauses, *moments])
        return first

    def _due(self, pair: Json) -> datetime | None:
        """Return when a pairing moves by itself, if nothing happens until then."""
        policy: Policy = self.policy[pair["programme_id"]]
        if any(who in self.leaving for who in pair["people"]):
            return None  # everything about somebody whose departure is not settled stands still
        if pair["state"] in LIVE and pair["unwanted_at"] is not None:
            return min(pair["unwanted_at"], self._due_by_state(pair, policy) or FOREVER)
        return self._due_by_state(pair, policy)

    def _due_by_state(self, pair: Json, policy: Policy) -> datetime | None:
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
                return conflict_at + timedelta(hours=policy.conflict_settle_hours, days=policy.conflict_days)
        return None

    def _term_over_at(self, pair: Json) -> datetime:
        """Return when the term is over: time away is no part of it."""
        term_at: datetime = pair["term_at"]
        return term_at + timedelta(days=self.policy[pair["programme_id"]].term_days + pair["away_days"])

    def _quiet_at(self, pair: Json) -> datetime:
        """Return when nothing will have been scheduled or held for too long."""
        last: datetime = max([pair["quiet_from"], *ledger.signs_of_life(pair["sessions"])])
        return last + timedelta(days=self.policy[pair["programme_id"]].stall_days)

    def _let_pass(self, pairing_id: str, at: datetime) -> None:
        pair = self.pairs[pairing_id]
        due_at = self._due(pair)
        if due_at is None or due_at > at:
            return
        if pair["unwanted_at"] is not None and pair["unwanted_at"] <= at:
            self._end(pair, "circumstances" if pair["state"] == "suspended" else "choice", at)
            return
        match pair["state"]:
            case "proposed":
                self._expire(pair, at)
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
        self.now = max(self.now, at)
        self._follow_silence(at)
        self._follow_departures(at)
        while any(self._follow_one(pair, at) for pair in self.pairs.values() if pair["state"] in OPEN):
            pass

    def _follow_silence(self, at: datetime) -> None:
        """Whoever is asked whether they still take part, and says nothing for a month, pauses."""
        for where, (_, heard_at) in list(self.questioned.items()):
            if where not in self.enrolled:
                del self.questioned[where]
            elif heard_at + SILENCE <= at:
                self.taking_part.fall_silent(where, heard_at + SILENCE)
                del self.questioned[where]

    def _follow_departures(self, at: datetime) -> None:
        """A departure is settled some hours after it took effect; one that is void by then leaves no trace."""
        for who in {person_id for _, person_id in self.enrolled}:
            left_at = self.people.left_at(who)
            is_of_before = left_at is not None and any(self._is_of_before(where, left_at) for where in self._of(who))
            was_nobody = who in self.leaving and self.people.employment(who) == "unknown"  # the hire was cancelled meanwhile
            has_left = self.people.has_left(who) or is_of_before or was_nobody
            if has_left and who not in self.leaving:
                self.leaving[who] = at + timedelta(hours=self._settle_hours(who))
            elif not has_left:
                self.leaving.pop(who, None)
        for who in [who for who, due_at in self.leaving.items() if due_at <= at]:
            del self.leaving[who]
            for where in self._of(who):
                self.taking_part.end(where)

    def _of(self, person_id: str) -> list[Where]:
        return [where for where in self.enrolled if where[1] == person_id]

    def _is_of_before(self, where: Where, left_at: datetime) -> bool:
        return bool(self.enrolled[where]["at"] < left_at)

    def _settle_hours(self, person_id: str) -> int:
        return max(self.policy[programme_id].departure_settle_hours for programme_id, _ in self._of(person_id))

    def _follow_one(self, pair: Json, at: datetime) -> bool:
        """Draw one consequence for a pairing. Returns whether it moved."""
        before = dict(pair)
        is_held = any(who in self.leaving for who in pair["people"])
        standing = [self.people.employment(who) for who in pair["people"]]
        if not is_held and not set(standing) <= {"active", "on_leave"}:
            self._part(pair, "circumstances", at)
        elif any((pair["programme_id"], who) not in self.enrolled for who in pair["people"]):
            gone = next(where for who in pair["people"] if (where := (pair["programme_id"], who)) not in self.enrolled)
            self._part(pair, "choice" if self.taking_part.left_by_choice(gone) else "circumstances", at)
        elif pair["state"] in LIVE and self._is_excluded(pair["people"]):
            self._end(pair, "circumstances" if pair["state"] == "suspended" else "choice", at)
        elif is_held:
            self._follow_own_pauses(pair, at)
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

    def _follow_own_pauses(self, pair: Json, at: datetime) -> None:
        """While a departure isn't settled, only what the two say themselves moves a pair."""
        if pair["state"] in {"active", "stalled"} and any(self.enrolled[pair["programme_id"], who]["paused"] for who in pair["people"]):
            pair["asked_at"], pair["answers"] = None, {}
            self._move(pair, "paused", at)

    def _follow_conflict(self, pair: Json, at: datetime) -> None:
        if pair["conflict_at"] is None:
            pair["was"] = {name: pair[name] for name in RESTORED}
        if pair["state"] != "suspended":
            self._move(pair, "suspended", at)
        if pair["conflict_at"] is None:
            pair["conflict_at"], pair["asked_at"], pair["answers"] = at, None, {}
        if any(self.people.employment(who) == "on_leave" for who in pair["people"]):
            pair["continue_needed"] = True

    def _follow_absences(self, pair: Json, is_away: bool, at: datetime) -> None:
        """A leave asks both anew when it is over, a pause of one's own does not; a conflict that is gone asks both anew, too."""
        is_pausing = any(self.enrolled[pair["programme_id"], who]["paused"] for who in pair["people"])
        if pair["conflict_at"] is not None and at < self._settled_at(pair):
            pair |= pair["was"]  # gone within its first hours, a conflict leaves no trace
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
        landings = [self._landing(pair["programme_id"], who) for who in pair["people"]]
        return [landing for landing in landings if landing is not None]

    def _settled_at(self, pair: Json) -> datetime:
        """Return when a conflict is no longer taken for a slip of one night."""
        conflict_at: datetime = pair["conflict_at"]
        return conflict_at + timedelta(hours=self.policy[pair["programme_id"]].conflict_settle_hours)

    def _is_excluded(self, people: tuple[str, ...]) -> bool:
        first, second = people
        return second in self.taking_part.excluded_by(first) or first in self.taking_part.excluded_by(second)

    def _is_barred(self, pair: Json) -> bool:
        """Whether a hard rule stands against an open proposal."""
        first, second = (self.enrolled[pair["programme_id"], who] for who in pair["people"])
        return pair["state"] == "proposed" and (
            self._conflict(pair)
            or any(self.people.employment(who) != "active" for who in pair["people"])
            or first["paused"]
            or second["paused"]
            or not self._is_gap_wide(pair, set(pair["people"]))
        )

    def _watch_gap(self, pair: Json) -> None:
        """Offer an active pair to go on as equals when its gap is gone; take that back when it is there again."""
        is_offered = pair["state"] == "active" and not self._is_gap_wide(pair, {pair["senior"]})
        if is_offered != pair["is_offered"]:
            pair["is_offered"] = is_offered
            pair["answers"] = {} if pair["state"] == "active" else pair["answers"]
