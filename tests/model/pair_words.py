"""What the two of a pairing say: answers to a proposal, how to go on, sessions, feedback."""

from datetime import datetime
from typing import Final

from tests.model import ledger
from tests.model.people import Json, kind_of, moment
from tests.model.standing import LIVE, Standing

CHECKPOINTS: Final = frozenset({1, 3})
"""Sessions of a term after which one "no" is enough."""


class PairWords(Standing):
    """The model, and what it hears of pairings."""

    def _on_proposal_retracted(self, at: datetime, event: Json) -> None:
        pair = self.pairs.get(event["data"]["pairing_id"])
        if pair is not None and pair["state"] == "proposed":
            self._move(pair, "lapsed", at)

    def _refused(self, event: Json) -> str | None:
        """Only the person speaks for the person, and of its own pair."""
        data = event["data"]
        if event.get("actor") != data["person_id"]:
            return "not_the_person"
        pair = self.pairs.get(data["pairing_id"])
        return "unknown_pairing" if pair is None or data["person_id"] not in pair["people"] else None

    def _on_pairing_answered(self, at: datetime, event: Json) -> str | None:
        data = event["data"]
        if (refused := self._refused(event)) is not None:
            return refused
        pair = self.pairs[data["pairing_id"]]
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

    def _on_pairing_continuation_answered(self, at: datetime, event: Json) -> str | None:
        data = event["data"]
        if (refused := self._refused(event)) is not None:
            return refused
        pair = self.pairs[data["pairing_id"]]
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
        if (refused := self._refused(event)) is not None:
            return refused
        pair = self.pairs[data["pairing_id"]]
        if pair["state"] in {"proposed", "lapsed"}:
            return "unknown_pairing"
        held = [one["data"]["session_id"] for one in sorted(self._held_in_term(pair), key=_start)]
        number = held.index(data["session_id"]) + 1 if data.get("session_id") in held else len(held)
        if pair["state"] in LIVE and data["fit"] == "not_a_fit" and number in CHECKPOINTS:
            self._end(pair, "circumstances" if pair["state"] == "suspended" else "choice", at)
        return None


def _start(event: Json) -> tuple[datetime, str]:
    return moment(event["data"]["started_at"]), event["data"]["session_id"]
