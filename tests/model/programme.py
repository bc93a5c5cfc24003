"""The naive model of a programme: participation, pairings, sessions, the ledger.

Written from the rules alone. There is no table of timers and no state between questions: `state_at` folds the whole history from the start
and asks every pairing, between any two things that happened, whether a moment of its own has come. Matching is not done again: the engine's
proposals are part of the history, and the model says whether each was allowed.

History: `("event", at, structured event)` for an input that was applied, `("proposed", at, body)` for a published proposal,
`("judged", at, pairing_id)` for a proposal that lapsed because a profile changed (its scores are not modelled), `("tick", at, None)`.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.policy import Policy
from tests.model import ledger
from tests.model.people import KINDS, Json, People, kind_of, midnight, moment

History = list[tuple[str, datetime, Any]]
LIVE: Final = frozenset({"active", "paused", "suspended", "stalled", "concluding"})
OPEN: Final = LIVE | {"proposed"}
CONFLICTABLE: Final = LIVE - {"suspended"}


class Disagreement(AssertionError):
    """The engine published what the rules forbid."""


class Model:
    """Everything at one instant, in plain dictionaries."""

    def __init__(self) -> None:
        self.people = People()
        self.policy: dict[str, Policy] = {}
        self.closed: set[str] = set()
        self.halted: set[str] = set()
        self.enrolled: dict[tuple[str, str], Json] = {}
        self.pairs: dict[str, Json] = {}
        self.locked: set[tuple[str, frozenset[str]]] = set()
        self.forbidden: set[tuple[str, frozenset[str]]] = set()
        self.refused: dict[str, str] = {}
        """Event → why it should not have been applied."""

    # Time

    def settle(self, at: datetime) -> None:
        """Let everything happen that was due up to an instant, the earliest first."""
        while (due_at := self.next_at()) <= at:
            self.people.settle(due_at)
            self._follow(due_at)
            for pairing_id in sorted(self.pairs):
                self._let_pass(pairing_id, due_at)
            self._follow(due_at)

    def next_at(self) -> datetime:
        """Return the next moment at which something happens by itself."""
        pauses = [until for enrolled in self.enrolled.values() if (until := enrolled["paused_until"]) is not None]
        moments = [due for pair in self.pairs.values() if (due := self._due(pair)) is not None]
        return min([self.people.next_at(), *pauses, *moments])

    def _due(self, pair: Json) -> datetime | None:
        """Return when a pairing moves by itself, if nothing happens until then."""
        policy: Policy = self.policy[pair["programme_id"]]
        since: datetime = pair["since"]
        back_at: datetime | None = pair["back_at"]
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
            case "suspended":
                return since + timedelta(days=policy.conflict_days)
            case "paused" if back_at is not None:
                return back_at + timedelta(days=policy.soft_landing_days + policy.resume_days)
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
                self._end(pair, "circumstances", at)

    # What follows from how things stand

    def _follow(self, at: datetime) -> None:
        """Draw every consequence of how people stand, until nothing moves any more."""
        for enrolled in self.enrolled.values():
            if enrolled["paused_until"] is not None and enrolled["paused_until"] <= at:
                enrolled["paused"], enrolled["paused_until"] = False, None
        for where in [where for where in self.enrolled if self.people.employment(where[1]) == "departed"]:
            del self.enrolled[where]
        while any(self._follow_one(pair, at) for pair in self.pairs.values() if pair["state"] in OPEN):
            pass

    def _follow_one(self, pair: Json, at: datetime) -> bool:
        """Draw one consequence for a pairing. Returns whether it moved."""
        before = (pair["state"], pair["back_at"], pair["continue_needed"], pair["was_resolved"])
        standing = [self.people.employment(who) for who in pair["people"]]
        if not set(standing) <= {"active", "on_leave"}:
            self._part(pair, "circumstances", at)
        elif any((pair["programme_id"], who) not in self.enrolled for who in pair["people"]):
            self._part(pair, "choice", at)
        elif self._is_barred(pair):
            self._part(pair, "circumstances", at)
        elif self._conflict(pair) and pair["state"] in CONFLICTABLE:
            self._move(pair, "suspended", at)
        elif pair["state"] == "suspended":
            self._follow_suspended(pair)
        elif pair["state"] in {"active", "stalled", "paused"}:
            self._follow_absences(pair, "on_leave" in standing, at)
        if pair["state"] == "active" and self._sessions_of_term(pair) >= self.policy[pair["programme_id"]].sessions_planned:
            self._move(pair, "concluding", at)
        return before != (pair["state"], pair["back_at"], pair["continue_needed"], pair["was_resolved"])

    def _follow_suspended(self, pair: Json) -> None:
        is_resolved = not self._conflict(pair)
        if is_resolved != pair["was_resolved"]:
            pair["was_resolved"], pair["answers"] = is_resolved, {}

    def _follow_absences(self, pair: Json, is_away: bool, at: datetime) -> None:
        is_pausing = any(self.enrolled[pair["programme_id"], who]["paused"] for who in pair["people"])
        if is_away and not (pair["continue_needed"] and pair["back_at"] is None):
            pair["continue_needed"], pair["back_at"], pair["answers"] = True, None, {}
        if (is_away or is_pausing) and pair["state"] != "paused":
            self._move(pair, "paused", at)
        if pair["state"] == "paused" and pair["continue_needed"] and not is_away and pair["back_at"] is None:
            pair["back_at"] = at
        if pair["state"] == "paused" and not (is_away or is_pausing or pair["continue_needed"]):
            self._activate(pair, at)

    def _conflict(self, pair: Json) -> bool:
        allowed = self.policy[pair["programme_id"]].same_manager_allowed
        return self.people.conflict(*pair["people"], same_manager_allowed=allowed) is not None

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
        )

    def _part(self, pair: Json, code: str, at: datetime) -> None:
        if pair["state"] == "proposed":
            self._move(pair, "lapsed", at)
        else:
            self._end(pair, code, at)

    def _end(self, pair: Json, code: str, at: datetime) -> None:
        pair["code"] = code
        self._move(pair, "completed" if code == "completed" else "ended", at)

    def _activate(self, pair: Json, at: datetime) -> None:
        pair["quiet_from"], pair["back_at"], pair["continue_needed"] = at, None, False
        self._move(pair, "active", at)

    def _move(self, pair: Json, state: str, at: datetime) -> None:
        pair["state"], pair["since"], pair["answers"], pair["was_resolved"] = state, at, {}, False
        if state != "paused":
            pair["back_at"] = None

    def _sessions_of_term(self, pair: Json) -> int:
        before: int = pair["sessions_before"]
        return ledger.sessions_count(pair["sessions"]) - before

    # What is heard

    def hear(self, at: datetime, event: Json) -> None:
        """Take in an input that the engine applied."""
        kind, data = kind_of(event), event["data"]
        if kind in KINDS:
            self.people.take(at, event)
            if kind == "hr.hire_cancelled" and self.people.employment(data["person_id"]) in {"unknown", "expected"}:
                self.enrolled = {where: enrolled for where, enrolled in self.enrolled.items() if where[1] != data["person_id"]}
                for pair in self.pairs.values():
                    if data["person_id"] in pair["people"] and pair["state"] in OPEN:
                        self._part(pair, "circumstances", at)
        else:
            hears: Callable[[datetime, Json], str | None] = getattr(self, f"_on_{kind.replace('.', '_')}", _ignore)
            reason = hears(at, event)
            if reason is not None:
                self.refused[event["id"]] = reason
        self._follow(at)

    def _on_programme_created(self, _at: datetime, event: Json) -> None:
        self.policy[event["data"]["programme_id"]] = Policy.model_validate(event["data"]["policy"])

    def _on_programme_closed(self, at: datetime, event: Json) -> None:
        self.closed.add(event["data"]["programme_id"])
        for pair in self.pairs.values():
            if pair["programme_id"] == event["data"]["programme_id"] and pair["state"] in OPEN:
                self._part(pair, "programme_closed", at)

    def _on_programme_paused(self, _at: datetime, event: Json) -> None:
        self.halted.add(event["data"]["programme_id"])

    def _on_programme_resumed(self, _at: datetime, event: Json) -> None:
        self.halted.discard(event["data"]["programme_id"])

    def _on_pairing_locked(self, _at: datetime, event: Json) -> None:
        self.locked.add((event["data"]["programme_id"], frozenset(event["data"]["person_ids"])))

    def _on_pairing_forbidden(self, _at: datetime, event: Json) -> None:
        self.forbidden.add((event["data"]["programme_id"], frozenset(event["data"]["person_ids"])))

    def _on_participation_enrolled(self, _at: datetime, event: Json) -> None:
        data = event["data"]
        where = (data["programme_id"], data["person_id"])
        pausing = {name: self.enrolled.get(where, {}).get(name) for name in ("paused", "paused_until")}
        self.enrolled[where] = {"capacity": data.get("capacity") or 1, "exclude": set(data.get("exclude") or ()), **pausing}

    _on_participation_updated = _on_participation_enrolled

    def _on_participation_paused(self, _at: datetime, event: Json) -> None:
        data = event["data"]
        enrolled = self.enrolled.get((data["programme_id"], data["person_id"]))
        if enrolled is not None:
            until_on, zone = data.get("until_on"), self.people.attribute(data["person_id"], "timezone") or "UTC"
            enrolled["paused"] = True
            enrolled["paused_until"] = None if until_on is None else midnight(date.fromisoformat(until_on), zone)

    def _on_participation_resumed(self, _at: datetime, event: Json) -> None:
        enrolled = self.enrolled.get((event["data"]["programme_id"], event["data"]["person_id"]))
        if enrolled is not None:
            enrolled["paused"], enrolled["paused_until"] = False, None

    def _on_participation_withdrawn(self, _at: datetime, event: Json) -> None:
        self.enrolled.pop((event["data"]["programme_id"], event["data"]["person_id"]), None)

    def _on_proposal_retracted(self, at: datetime, event: Json) -> None:
        pair = self.pairs.get(event["data"]["pairing_id"])
        if pair is not None and pair["state"] == "proposed":
            self._move(pair, "lapsed", at)

    def _on_pairing_answered(self, at: datetime, event: Json) -> str | None:
        data = event["data"]
        pair = self.pairs.get(data["pairing_id"])
        if event.get("actor") != data["person_id"]:
            return "not_the_person"
        if pair is None or data["person_id"] not in pair["people"]:
            return "unknown_pairing"
        if pair["state"] != "proposed" or data["proposal_version"] != pair["version"]:
            return "stale_answer"
        if data["answer"] == "decline":
            self._move(pair, "lapsed", at)
            return None
        pair["answers"][data["person_id"]] = "accept"
        if len(pair["answers"]) == 2:
            has_room = all(self._room(pair["programme_id"], who) >= 0 for who in pair["people"])
            if has_room:
                pair["term_at"] = at
                self._activate(pair, at)
            else:
                self._move(pair, "lapsed", at)
        return None

    def _room(self, programme_id: str, person_id: str) -> int:
        taken = [pair for pair in self.pairs.values() if pair["programme_id"] == programme_id and person_id in pair["people"]]
        capacity: int = min(self.enrolled[programme_id, person_id]["capacity"], self.policy[programme_id].capacity_max)
        return capacity - sum(pair["state"] in OPEN for pair in taken)

    def _on_pairing_continuation_answered(self, at: datetime, event: Json) -> str | None:
        data = event["data"]
        pair = self.pairs.get(data["pairing_id"])
        if event.get("actor") != data["person_id"]:
            return "not_the_person"
        if pair is None or data["person_id"] not in pair["people"]:
            return "unknown_pairing"
        if pair["state"] not in LIVE:
            return "stale_answer"
        answer = data["answer"]
        if answer in {"end", "rematch"}:
            self._end(pair, "circumstances" if pair["state"] == "suspended" else "choice", at)
            return None
        return self._go_on(pair, data["person_id"], answer, at)

    def _go_on(self, pair: Json, person_id: str, answer: str, at: datetime) -> str | None:
        is_asked = {
            "continue": (pair["state"] == "paused" and pair["back_at"] is not None)
            or (pair["state"] == "suspended" and not self._conflict(pair)),
            "renew": pair["state"] == "concluding",
            "finish": pair["state"] == "concluding",
        }
        if not is_asked.get(answer, False):
            return "stale_answer"
        pair["answers"][person_id] = answer
        if len(pair["answers"]) < 2:
            return None
        match pair["state"]:
            case "paused":
                pair["continue_needed"], pair["back_at"] = False, None
            case "suspended":
                self._activate(pair, at)
            case "concluding" if set(pair["answers"].values()) == {"renew"}:
                pair["term"] += 1
                pair["term_at"], pair["sessions_before"] = at, ledger.sessions_count(pair["sessions"])
                self._activate(pair, at)
            case _:
                self._end(pair, "completed", at)
        return None

    def _on_session(self, at: datetime, event: Json) -> str | None:
        pair = self.pairs.get(event["data"]["pairing_id"])
        if pair is None or pair["state"] not in LIVE:
            return "unknown_pairing"
        pair["sessions"].append((at, event))
        moves = kind_of(event) in {"session.completed", "session.scheduled"}
        if pair["state"] == "stalled" and moves and ledger.changed(pair["sessions"]):
            self._activate(pair, at)
        return None

    _on_session_scheduled = _on_session_completed = _on_session_cancelled = _on_session_missed = _on_session

    # What the engine proposed

    def propose(self, at: datetime, body: Json) -> None:
        """Take in a proposal, or its next version, and say whether the rules allow it."""
        people = tuple(side["person_id"] for side in body["people"])
        known = self.pairs.get(body["pairing_id"])
        if known is not None:
            _agree(known["state"] == "proposed" and body["proposal_version"] == known["version"] + 1, f"new version of {known}")
            known["version"], known["answers"], known["expires_at"] = body["proposal_version"], {}, moment(body["expires_at"])
            return
        self._check(at, body, people)
        self.pairs[body["pairing_id"]] = {
            "programme_id": body["programme_id"],
            "people": people,
            "version": 1,
            "state": "proposed",
            "since": at,
            "expires_at": moment(body["expires_at"]),
            "answers": {},
            "code": None,
            "term": 1,
            "term_at": at,
            "quiet_from": at,
            "sessions": [],
            "sessions_before": 0,
            "continue_needed": False,
            "back_at": None,
            "was_resolved": False,
        }

    def _check(self, at: datetime, body: Json, people: tuple[str, ...]) -> None:
        programme_id = body["programme_id"]
        policy, pair = self.policy[programme_id], frozenset(people)
        _agree(programme_id not in self.closed | self.halted, f"{programme_id} proposes while it rests")
        _agree(moment(body["expires_at"]) == at + timedelta(days=policy.consent_days), f"expires {body['expires_at']}, made {at}")
        _agree(self.people.conflict(*people, same_manager_allowed=policy.same_manager_allowed) is None, f"a line joins {people}")
        _agree((programme_id, pair) not in self.forbidden, f"{people} are forbidden")
        for who, other in (people, people[::-1]):
            enrolled = self.enrolled.get((programme_id, who))
            _agree(enrolled is not None, f"{who} is not enrolled")
            assert enrolled is not None
            _agree(self.people.employment(who) == "active", f"{who} is {self.people.employment(who)}")
            _agree(not enrolled["paused"], f"{who} pauses")
            _agree(other not in enrolled["exclude"], f"{who} excludes {other}")
            _agree(self._room(programme_id, who) >= 1, f"{who} has no room")
        for past in self.pairs.values():
            if past["programme_id"] == programme_id and frozenset(past["people"]) == pair:
                _agree(past["state"] not in OPEN, f"{people} have an open pairing")
                is_resting = past["state"] == "lapsed" and at < past["since"] + timedelta(days=policy.lapsed_rest_days)
                is_past = past["state"] != "lapsed" and not policy.past_partner_allowed
                _agree((programme_id, pair) in self.locked or not (is_resting or is_past), f"{people} met before: {past['state']}")


def _ignore(_at: datetime, _event: Json) -> None:
    """An input that moves nothing the model knows of."""


def _agree(holds: bool, what: str) -> None:
    if not holds:
        raise Disagreement(what)


def state_at(history: Iterable[tuple[str, datetime, Any]], at: datetime) -> Model:
    """Fold a history from its start up to an instant."""
    model = Model()
    for what, happened_at, body in history:
        if happened_at > at:
            break
        model.settle(happened_at)
        if what == "event":
            model.hear(happened_at, body)
        elif what == "proposed":
            model.propose(happened_at, body)
        elif what == "judged":
            model._move(model.pairs[body], "lapsed", happened_at)
    model.settle(at)
    return model
