"""An engine of the simplest rules, so that a simulated year has something to react to."""

from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]


class StubEngine:
    """Publishes what people react to, by the simplest rules: neighbours by id are proposed, six sessions make a term."""

    def __init__(self) -> None:
        self.outputs: list[Json] = []
        self._waiting: dict[str, dict[str, Json]] = {}
        self._profiles: dict[tuple[str, str], Json] = {}
        self._pairs: dict[str, Json] = {}
        self._count = 0

    def take(self, events: list[Json], now: datetime) -> list[Json]:
        """Apply a batch, propose, remind; return what was published since."""
        published = len(self.outputs)
        for event in events:
            self._apply(event, datetime.fromisoformat(event["time"]))
        self._propose(now)
        self._remind(now)
        return self.outputs[published:]

    def _emit(self, kind: str, at: datetime, data: Json) -> None:
        self._count += 1
        self.outputs.append({"id": f"out-{self._count}", "type": f"bothways.{kind}.v1", "time": at.isoformat(), "data": data})

    def _change(self, kind: str, at: datetime, pairing_id: str, **more: object) -> None:
        pair = self._pairs[pairing_id]
        pair["changed_at"] = at
        data = {"pairing_id": pairing_id, "programme_id": pair["programme_id"], "people": pair["people"], **more}
        self._emit(f"pairing.{kind}", at, data)

    def _nudge(self, key: str, at: datetime, person_id: str, pair_or_programme: Json, *, behavioural: bool = False) -> None:
        kind = "behavioural" if behavioural else "transactional"
        expires_at = (at + timedelta(days=14)).isoformat()
        times = {"not_before": at.isoformat(), "expires_at": expires_at}
        nudge = {"nudge_id": f"n-{self._count}", "person_id": person_id, "key": key, "class": kind, "params": {}}
        self._emit("nudge.requested", at, {**nudge, **times, **pair_or_programme})

    def _apply(self, event: Json, at: datetime) -> None:
        kind, data = event["type"].removeprefix("bothways.").removesuffix(".v1"), event["data"]
        pair = self._pairs.get(data.get("pairing_id", ""), {})
        match kind:
            case "participation.enrolled" | "participation.updated":
                known = self._profiles.get((data["programme_id"], data["person_id"]), {})
                profile = self._profiles[data["programme_id"], data["person_id"]] = {**known, **data}
                self._waiting.setdefault(data["programme_id"], {})[data["person_id"]] = profile
            case "participation.withdrawn":
                self._waiting[data["programme_id"]].pop(data["person_id"], None)
            case "participation.nominated":
                self._nudge("open_invitation", at, data["person_id"], {"programme_id": data["programme_id"]}, behavioural=True)
            case "pairing.answered" if data["answer"] == "decline":
                self._change("lapsed", at, data["pairing_id"])
            case "pairing.answered":
                pair["accepted"].add(data["person_id"])
                if len(pair["accepted"]) == 2:
                    self._change("activated", at, data["pairing_id"])
                    pair["is_live"] = True
            case "session.scheduled":
                pair["changed_at"] = at
            case "session.completed":
                self._count_session(pair, data["pairing_id"], at)
            case "pairing.continuation_answered" if data["answer"] in {"finish", "end"} and pair["is_live"]:
                pair["is_live"] = False
                code = "completed" if data["answer"] == "finish" else "choice"
                ending = {"code": code, "sessions_count": pair["sessions"], "reciprocity_ratio": 0.6}
                self._change("completed" if code == "completed" else "ended", at, data["pairing_id"], **ending)

    def _count_session(self, pair: Json, pairing_id: str, at: datetime) -> None:
        pair["sessions"] += 1
        key = "concluding" if pair["sessions"] == 6 else "share_feedback"
        if pair["sessions"] == 6:
            self._change("concluding", at, pairing_id)
        if pair["sessions"] in {1, 3, 6}:
            for person_id in pair["people"]:
                self._nudge(key, at, person_id, {"pairing_id": pairing_id}, behavioural=key == "share_feedback")

    def _propose(self, now: datetime) -> None:
        for programme_id, waiting in self._waiting.items():
            queue = sorted(waiting.items())
            for (first, one), (second, other) in zip(queue[::2], queue[1::2], strict=False):
                del waiting[first], waiting[second]
                pairing_id = f"{programme_id}.{len(self._pairs):016x}"
                self._pairs[pairing_id] = {
                    "programme_id": programme_id,
                    "people": [first, second],
                    "accepted": set(),
                    "sessions": 0,
                    "is_live": False,
                    "changed_at": now,
                }
                learnt = [[{"topic": offer["topic"], "share": 0.5} for offer in teacher["offers"]] for teacher in (other, one)]
                sides = [{"person_id": who, "learns": learns} for who, learns in zip((first, second), learnt, strict=True)]
                data = {"pairing_id": pairing_id, "programme_id": programme_id, "proposal_version": 1, "people": sides, "score": 600}
                self._emit("pairing.proposed", now, {**data, "expires_at": (now + timedelta(days=7)).isoformat(), "reasons": []})

    def _remind(self, now: datetime) -> None:
        for pairing_id, pair in self._pairs.items():
            if pair["is_live"] and now - pair["changed_at"] > timedelta(days=35):
                pair["changed_at"] = now
                self._nudge("book_next_session", now, pair["people"][pair["sessions"] % 2], {"pairing_id": pairing_id}, behavioural=True)


def short(event: Json) -> str:
    """An event's type without prefix and version."""
    return str(event["type"]).removeprefix("bothways.").removesuffix(".v1")


def published(kind: str, data: Json) -> Json:
    """An output of the first morning."""
    return {"type": f"bothways.{kind}.v1", "time": "2025-01-06T10:00:00Z", "data": data}
