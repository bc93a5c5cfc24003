"""What the two of a pairing say: answers to a proposal, how to go on, sessions, feedback."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from tests.model import ledger
from tests.model.people import Json, kind_of, moment
from tests.model.standing import LIVE, Standing
from tests.model.taking_part import stamp_of

REPORTED_AFTER: Final = timedelta(days=14)
"""How long after the end of a pair its sessions may be reported, and its last question answered."""


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
        if not self._counts(pair, event, "proposal", pair["proposed_at"]):
            return "stale_answer"
        pair["answers"].pop(data["person_id"], None)
        if data["answer"] == "accept":
            pair["answers"][data["person_id"]] = "accept"
        if len(pair["answers"]) == 2 and not self._is_kept_apart(pair["people"]):
            has_room = all(self._room(pair["programme_id"], who, besides=data["pairing_id"]) >= 1 for who in pair["people"])
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
        self._acted((pair["programme_id"], data["person_id"]), moment(event["time"]))
        if answer == "look":
            return self._look(pair, data["person_id"])
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

    def _look(self, pair: Json, person_id: str) -> str | None:
        """The partner of somebody who is away would like somebody else meanwhile."""
        if pair["state"] != "paused":
            return "stale_answer"
        pair["looking"] = pair["looking"] | {person_id}
        return None

    def _counts(self, pair: Json, event: Json, question: str, put_at: datetime) -> bool:
        """Whether an answer is later than its question, and than the last answer of the same person to it."""
        name = event["data"]["person_id"], question
        if moment(event["time"]) < put_at or (name in pair["said"] and stamp_of(event) <= pair["said"][name]):
            return False
        pair["said"] = {**pair["said"], name: stamp_of(event)}
        return True

    def _on_session(self, at: datetime, event: Json) -> str | None:
        pair = self.pairs.get(event["data"]["pairing_id"])
        if pair is None or not self._takes_report(pair, event):
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
        if pair["state"] not in LIVE and moment(event["time"]) > pair["since"] + REPORTED_AFTER:
            return "stale_answer"
        self._acted((pair["programme_id"], data["person_id"]), moment(event["time"]))
        before = pair["feedback"].get(data["person_id"])
        if before is None or stamp_of(event) > stamp_of(before):
            pair["feedback"] = {**pair["feedback"], data["person_id"]: event}
        is_unwanted = any(word["data"]["fit"] == "not_a_fit" for word in pair["feedback"].values())
        if not is_unwanted:
            pair["unwanted_at"] = None
        elif pair["unwanted_at"] is None:
            pair["unwanted_at"] = self._round_at(pair["programme_id"], at)
        return None

    def _round_at(self, programme_id: str, at: datetime) -> datetime:
        """Return the next instant of the day at which the programme holds its rounds."""
        clock = time.fromisoformat(self.policy[programme_id].round_at)
        today = datetime.combine(at.date(), clock, UTC)
        return today if today > at else today + timedelta(days=1)

    def _takes_report(self, pair: Json, event: Json) -> bool:
        """Whether a session may still be reported: while the pair lives, and of before its end for two weeks after.

        Of a session that was known by then it may also be said that it fell through.
        """
        if pair["state"] in LIVE:
            return True
        if pair["state"] not in {"ended", "completed"} or moment(event["time"]) > pair["since"] + REPORTED_AFTER:
            return False
        if kind_of(event) == "session.completed":
            return moment(event["data"]["started_at"]) < pair["since"]
        is_known = any(told["data"]["session_id"] == event["data"]["session_id"] for _, told in pair["sessions"])
        return is_known and kind_of(event) != "session.scheduled"
