"""The naive model of a programme: participation, pairings, sessions, the ledger.

Written from the rules alone. There is no table of timers and no state between questions: `state_at` folds the whole history from the start
and asks every pairing, between any two things that happened, whether a moment of its own has come. Matching is not done again: the engine's
proposals are part of the history, and the model says whether each was allowed.

History: `("event", at, structured event)` for an input that was applied, `("proposed", at, body)` for a published proposal,
`("judged", at, pairing_id)` for a proposal that lapsed because a profile changed (its scores are not modelled), `("tick", at, None)`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from schemas.policy import Policy
from tests.model import ledger
from tests.model.people import KINDS, Json, People, kind_of, midnight, moment

History = list[tuple[str, datetime, Any]]
LIVE: Final = frozenset({"active", "paused", "suspended", "stalled", "concluding"})
OPEN: Final = LIVE | {"proposed"}
ERASED: Final = "erased"
"""Whoever was erased, in the pairs that stay for their numbers."""
CHECKPOINTS: Final = frozenset({1, 3})
"""Sessions of a term after which one "no" is enough."""
_FOR_OPEN_PROGRAMMES: Final = frozenset(f"participation.{name}" for name in ("enrolled", "updated", "paused", "resumed"))


class Disagreement(AssertionError):
    """The engine published what the rules forbid."""


class Model:
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

    def _leave(self, where: tuple[str, str], code: str) -> None:
        if self.enrolled.pop(where, None) is not None:
            self.gone[where] = code

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
            or not self._is_gap_wide(pair, set(pair["people"]))
        )

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

    def _watch_gap(self, pair: Json) -> None:
        """Offer an active pair to go on as equals when its gap is gone; take that back when it is there again."""
        is_offered = pair["state"] == "active" and not self._is_gap_wide(pair, {pair["senior"]})
        if is_offered != pair["is_offered"]:
            pair["is_offered"] = is_offered
            pair["answers"] = {} if pair["state"] == "active" else pair["answers"]

    def _part(self, pair: Json, code: str, at: datetime) -> None:
        if pair["state"] == "proposed":
            self._move(pair, "lapsed", at)
        else:
            self._end(pair, code, at)

    def _end(self, pair: Json, code: str, at: datetime) -> None:
        pair["code"] = code
        self._move(pair, "completed" if code == "completed" else "ended", at)

    def _activate(self, pair: Json, at: datetime) -> None:
        pair["quiet_from"], pair["continue_needed"] = at, False
        self._move(pair, "active", at)

    def _move(self, pair: Json, state: str, at: datetime) -> None:
        pair["state"], pair["since"], pair["answers"], pair["asked_at"], pair["conflict_at"] = state, at, {}, None, None

    def _held_in_term(self, pair: Json) -> list[Json]:
        since = pair["term_at"] if pair["term"] > 1 else None
        return [event for event in ledger.held(pair["sessions"]) if since is None or moment(event["data"]["started_at"]) > since]

    # What is heard

    def hear(self, at: datetime, event: Json) -> None:
        """Take in an input that the engine applied."""
        kind, data = kind_of(event), event["data"]
        if kind in KINDS:
            self.people.take(at, event)
            if kind == "hr.hire_cancelled" and self.people.employment(data["person_id"]) in {"unknown", "expected"}:
                for where in [where for where in self.enrolled if where[1] == data["person_id"]]:
                    self._leave(where, "circumstances")
        else:
            if kind in _FOR_OPEN_PROGRAMMES and data["programme_id"] in self.closed:
                self.refused[event["id"]] = "unknown_programme"
                return
            hears: Callable[[datetime, Json], str | None] = getattr(self, f"_on_{kind.replace('.', '_')}", _ignore)
            reason = hears(at, event)
            if reason is not None:
                self.refused[event["id"]] = reason
        self._follow(at)

    def ignores(self, event: Json) -> bool:
        """Say whether an event is about somebody erased, so that nobody may take notice of it."""
        kind, data = kind_of(event), event["data"]
        pair = self.pairs.get(data.get("pairing_id", ""))
        if pair is not None:
            is_known = kind != "feedback.given" or pair["state"] != "lapsed"
            return ERASED in pair["people"] and is_known and data.get("person_id") not in {None, *pair["people"]}
        erased_at = self.erased.get(data.get("person_id", ""))
        if erased_at is None or kind == "hr.erased":
            return False
        is_back = data["person_id"] in self.people.by_id
        return moment(event["time"]) <= erased_at or not (is_back or kind == "hr.hired")

    def _on_hr_erased(self, at: datetime, event: Json) -> None:
        """Let somebody go as by a departure, and then be nobody: in no pair, no exclusion and no ban."""
        who = event["data"]["person_id"]
        self.erased[who] = moment(event["time"])
        self.people.erase(who, self.erased[who])
        for where in [where for where in self.enrolled if where[1] == who]:
            self._leave(where, "circumstances")
        self._follow(at)
        for enrolled in self.enrolled.values():
            enrolled["exclude"].discard(who)
        self.locked = {(programme_id, pair) for programme_id, pair in self.locked if who not in pair}
        self.forbidden = {(programme_id, pair) for programme_id, pair in self.forbidden if who not in pair}
        for pair in self.pairs.values():
            pair["people"] = tuple(ERASED if one == who else one for one in pair["people"])

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

    def _on_participation_enrolled(self, at: datetime, event: Json) -> None:
        data = event["data"]
        where = (data["programme_id"], data["person_id"])
        before = {"at": at, "paused": False, "paused_until": None} | self.enrolled.get(where, {})
        self.enrolled[where] = {**before, "capacity": data.get("capacity") or 1, "exclude": set(data.get("exclude") or ())}
        self.enrolled[where]["band"] = data.get("experience_band")
        self.gone.pop(where, None)

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
        self._leave((event["data"]["programme_id"], event["data"]["person_id"]), "choice")

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
            "continue": pair["asked_at"] is not None,
            "renew": pair["state"] == "concluding",
            "finish": pair["state"] == "concluding",
            "convert": pair["is_offered"],
        }
        if answer == "continue" and pair["state"] in {"active", "stalled"}:
            return None  # an answer to `still_right_for_you`; silence means the same
        if not is_asked.get(answer, False):
            return "stale_answer"
        pair["answers"][person_id] = answer
        if len(pair["answers"]) < 2:
            return None
        match pair["state"]:
            case "active":
                pair["track"], pair["is_offered"], pair["answers"] = "mutual", False, {}
            case "paused" | "suspended":
                self._activate(pair, at)
            case "concluding" if set(pair["answers"].values()) == {"renew"}:
                pair["term"] += 1
                pair["term_at"] = at
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

    def _on_feedback_given(self, at: datetime, event: Json) -> str | None:
        data = event["data"]
        pair = self.pairs.get(data["pairing_id"])
        if event.get("actor") != data["person_id"]:
            return "not_the_person"
        if pair is None or data["person_id"] not in pair["people"] or pair["state"] in {"proposed", "lapsed"}:
            return "unknown_pairing"
        held = [one["data"]["session_id"] for one in sorted(self._held_in_term(pair), key=_start)]
        number = held.index(data["session_id"]) + 1 if data.get("session_id") in held else len(held)
        if pair["state"] in LIVE and data["fit"] == "not_a_fit" and number in CHECKPOINTS:
            self._end(pair, "circumstances" if pair["state"] == "suspended" else "choice", at)
        return None

    # What the engine proposed

    def propose(self, at: datetime, body: Json) -> None:
        """Take in a proposal, or its next version, and say whether the rules allow it."""
        people = tuple(side["person_id"] for side in body["people"])
        known = self.pairs.get(body["pairing_id"])
        if known is not None and known["state"] == "lapsed" and known["since"] == at:
            known["version"] = body["proposal_version"]  # two facts of one instant: the first changed it, the second ended it
            return
        if known is not None:
            _agree(known["state"] == "proposed" and body["proposal_version"] == known["version"] + 1, f"new version of {known}")
            known["version"], known["answers"], known["expires_at"] = body["proposal_version"], {}, moment(body["expires_at"])
            known["senior"] = self._senior(body["programme_id"], people)
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
            "track": str(self.policy[body["programme_id"]].track),
            "senior": self._senior(body["programme_id"], people),
            "is_offered": False,
            "code": None,
            "term": 1,
            "term_at": at,
            "quiet_from": at,
            "sessions": [],
            "continue_needed": False,
            "asked_at": None,
            "conflict_at": None,
        }

    def _senior(self, programme_id: str, people: tuple[str, ...]) -> str:
        """Return the more experienced one; of no meaning among equals."""
        return max(people, key=lambda who: self.enrolled[programme_id, who]["band"] or 0)

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
        pair_now = {"programme_id": programme_id, "people": people, "track": str(policy.track)}
        _agree(self._is_gap_wide(pair_now, {*people}), f"the bands of {people} are too close")
        for past in self.pairs.values():
            if past["programme_id"] == programme_id and frozenset(past["people"]) == pair:
                _agree(past["state"] not in OPEN, f"{people} have an open pairing")
                is_resting = past["state"] == "lapsed" and at < past["since"] + timedelta(days=policy.lapsed_rest_days)
                is_past = past["state"] != "lapsed" and not policy.past_partner_allowed
                _agree((programme_id, pair) in self.locked or not (is_resting or is_past), f"{people} met before: {past['state']}")


def _start(event: Json) -> tuple[datetime, str]:
    return moment(event["data"]["started_at"]), event["data"]["session_id"]


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
