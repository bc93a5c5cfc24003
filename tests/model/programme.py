"""The naive model of a programme: participation, pairings, sessions, the ledger.

Written from the rules alone. There is no table of timers and no state between questions: `state_at` folds the whole history from the start
and asks every pairing, between any two things that happened, whether a moment of its own has come. Matching is not done again: the engine's
proposals are part of the history, and the model says whether each was allowed.

History: `("event", at, structured event)` for an input that was applied, `("proposed", at, body)` for a published proposal,
`("judged", at, pairing_id)` for a proposal that lapsed because a profile changed (its scores are not modelled), `("tick", at, None)`.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Final

from schemas.policy import Policy
from tests.model.consequences import Consequences
from tests.model.pair_words import PairWords
from tests.model.people import KINDS, Json, kind_of, midnight, moment
from tests.model.proposals import Proposals
from tests.model.standing import ERASED, OPEN

History = list[tuple[str, datetime, Any]]
_FOR_OPEN_PROGRAMMES: Final = frozenset(f"participation.{name}" for name in ("enrolled", "updated", "paused", "resumed"))


class Model(Consequences, PairWords, Proposals):
    """The whole model: what it hears, from people, HR and coordinators."""

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

    # HR and programmes

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

    # Participation

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
    model.settle(at)
    return model
