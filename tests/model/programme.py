"""The naive model of a programme: participation, pairings, sessions, the ledger.

Written from the rules alone. There is no table of timers and no state between questions: `state_at` folds the whole history from the start
and asks every pairing, between any two things that happened, whether a moment of its own has come. Matching is not done again: the engine's
proposals are part of the history, and the model says whether each was allowed.

History: `("event", at, structured event)` for an input that was applied, `("proposed", at, body)` for a published proposal,
`("told", at, body)` for a request of `proposal_ready` or `still_taking_part`, `("tick", at, None)`,
`("judged", at, pairing_id)` for a proposal that lapsed because a profile changed (its scores are not modelled).
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from schemas.terms.policy import Policy
from tests.model.consequences import Consequences
from tests.model.pair_words import PairWords
from tests.model.people import KINDS, Json, kind_of, moment
from tests.model.proposals import Proposals
from tests.model.standing import ERASED, OPEN
from tests.model.taking_part import stamp_of

History = list[tuple[str, datetime, Any]]
_FOR_OPEN_PROGRAMMES: Final = frozenset(f"participation.{name}" for name in ("enrolled", "updated", "paused", "resumed"))


class Model(Consequences, PairWords, Proposals):
    """The whole model: what it hears, from people, HR and coordinators."""

    def hear(self, at: datetime, event: Json) -> None:
        """Take in an input that the engine applied."""
        kind, data = kind_of(event), event["data"]
        if kind in KINDS:
            self.people.take(at, event)
            is_nobody = kind == "hr.hire_cancelled" and self.people.employment(data["person_id"]) in {"unknown", "expected"}
            if is_nobody and data["person_id"] not in self.leaving:
                for where in self._of(data["person_id"]):
                    self.taking_part.end(where)
        else:
            if kind in _FOR_OPEN_PROGRAMMES and data["programme_id"] in self.closed:
                self.refused[event["id"]] = "unknown_programme"
                return
            hears: Callable[[datetime, Json], str | None] = getattr(self, f"_on_{kind.replace('.', '_')}", _ignore)
            if kind.startswith("participation."):
                self._acted((data["programme_id"], data["person_id"]), moment(event["time"]))
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

    def may_refuse(self, command: Json) -> bool:
        """Say whether a command may be recorded and not done: the programme rests or is closed, or what it names isn't there."""
        kind, data = kind_of(command), command["data"]
        programme_id = data.get("programme_id") or self.pairs[data["pairing_id"]]["programme_id"]
        if programme_id in self.closed or (kind == "round.requested" and programme_id in self.halted):
            return True
        if kind == "proposal.retracted":
            return bool(self.pairs[data["pairing_id"]]["state"] != "proposed")
        return kind == "pairing.locked" and any((programme_id, who) not in self.enrolled for who in data["person_ids"])

    def told(self, at: datetime, body: Json) -> None:
        """Take in that somebody can hear of a proposal, or of the question whether they still take part."""
        where = body["programme_id"], body["person_id"]
        if body["key"] == "still_taking_part":
            self.questioned[where] = at, moment(body["not_before"])
        elif body["pairing_id"] in self.pairs:
            self.pairs[body["pairing_id"]]["told"][body["person_id"]] = moment(body["not_before"])

    # HR and programmes

    def _on_hr_erased(self, at: datetime, event: Json) -> None:
        """Let somebody go as by a departure, and then be nobody: in no pair, no exclusion and no ban."""
        who = event["data"]["person_id"]
        self.erased[who] = moment(event["time"])
        self.people.erase(who, self.erased[who])
        self.leaving.pop(who, None)
        for where in self._of(who):
            self.taking_part.end(where)
        self._follow(at)
        self.taking_part.forget(who)
        self.locked = {(programme_id, pair) for programme_id, pair in self.locked if who not in pair}
        self.forbids = {(programme_id, pair): said for (programme_id, pair), said in self.forbids.items() if who not in pair}
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
        name = event["data"]["programme_id"], frozenset(event["data"]["person_ids"])
        if name not in self.forbids or stamp_of(event) > self.forbids[name][0]:
            self.forbids[name] = stamp_of(event), kind_of(event) == "pairing.forbidden"

    _on_pairing_allowed = _on_pairing_forbidden

    # Participation

    def _on_participation(self, _at: datetime, event: Json) -> None:
        self.taking_part.hear(event)
        if kind_of(event) == "participation.resumed":
            self.completed.pop((event["data"]["programme_id"], event["data"]["person_id"]), None)

    _on_participation_enrolled = _on_participation_updated = _on_participation_withdrawn = _on_participation
    _on_participation_paused = _on_participation_resumed = _on_participation


def _ignore(_at: datetime, _event: Json) -> None:
    """An input that moves nothing the model knows of."""


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
        elif what == "told":
            model.told(happened_at, body)
    model.settle(at)
    return model
