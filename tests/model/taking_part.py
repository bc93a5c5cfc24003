"""The naive model of taking part: everything that people ever said about it, worked out again at each question.

Rules
    Facts are ordered by (time, sequence, id), never by arrival.
    Nothing said up to a withdrawal, or up to the end of an employment, counts; whoever left comes back by an enrolment alone.
    An enrolment tells the whole profile; an update keeps what it doesn't name, and null clears.
    A pause counts if it was said after the person began to take part; it ends by itself, or by a word.
    Whom somebody excludes is kept for each programme, whether the person takes part or not, and holds in all of them.
"""

from datetime import date, datetime
from typing import Any, Final

from tests.model.people import Json, kind_of, midnight, moment

Where = tuple[str, str]
"""(programme, person)."""
Stamp = tuple[datetime, int, str]
PROFILE: Final = {"capacity": 1, "experience_band": None}
"""What the model knows of a profile, with what holds where nothing is said."""


def stamp_of(event: Json) -> Stamp:
    """Return what orders facts of one kind."""
    return moment(event["time"]), int(event.get("sequence") or 0), event["id"]


class TakingPart:
    """What everybody said about taking part in every programme."""

    def __init__(self) -> None:
        self.words: dict[Where, list[Json]] = {}
        self.farewells: dict[Where, Stamp] = {}
        """The last word of somebody whose employment ended: nothing up to it counts."""
        self.changes_count = 0
        self.silent: dict[Where, datetime] = {}
        """Who pauses since an instant because of a question that was never answered."""

    def hear(self, event: Json) -> None:
        """Take in a word."""
        self.changes_count += 1
        self.words.setdefault((event["data"]["programme_id"], event["data"]["person_id"]), []).append(event)

    def end(self, where: Where) -> None:
        """End everything that somebody said so far."""
        self.changes_count += 1
        words = [stamp_of(word) for word in self.words.get(where, ())]
        if words:
            self.farewells[where] = max([*words, *([self.farewells[where]] if where in self.farewells else [])])

    def forget(self, person_id: str) -> None:
        """Forget what somebody said, and that anybody excluded this person."""
        self.changes_count += 1
        for where in [where for where in self.words if where[1] == person_id]:
            del self.words[where]
            self.farewells.pop(where, None)
            self.silent.pop(where, None)
        for words in self.words.values():
            for number, word in enumerate(words):
                excluded = [one for one in word["data"].get("exclude") or () if one != person_id]
                if "exclude" in word["data"]:
                    words[number] = {**word, "data": {**word["data"], "exclude": excluded}}

    def fall_silent(self, where: Where, at: datetime) -> None:
        """Let somebody pause who never answered a question."""
        self.changes_count += 1
        self.silent[where] = at

    def of(self, where: Where, now: datetime, zone: str) -> Json | None:
        """Return how somebody takes part at an instant; None for whoever doesn't."""
        words = sorted(self.words.get(where, ()), key=stamp_of)
        left = [stamp_of(word) for word in words if kind_of(word) == "participation.withdrawn"]
        left += [self.farewells[where]] if where in self.farewells else []
        counting = [word for word in words if not left or stamp_of(word) > max(left)]
        said = [word for word in counting if kind_of(word) in {"participation.enrolled", "participation.updated"}]
        began = [word for word in said if not left or kind_of(word) == "participation.enrolled"]
        if not began:
            return None
        profile: Json = dict(PROFILE)
        for word in said:
            profile = _profile(profile, word)
        pauses = [word for word in counting if kind_of(word) in {"participation.paused", "participation.resumed"}]
        until = _paused_until(pauses[-1], stamp_of(began[0]), zone) if pauses else None
        silent_at = self.silent.get(where)
        if silent_at is not None and silent_at >= moment(began[0]["time"]) and (not pauses or moment(pauses[-1]["time"]) <= silent_at):
            until = FOREVER
        return {
            "at": moment(began[0]["time"]).replace(microsecond=0),
            "capacity": profile["capacity"],
            "band": profile["experience_band"],
            "paused": until is not None and now < until,
            "paused_until": until if until is not None and now < until else None,
        }

    def excluded_by(self, person_id: str) -> set[str]:
        """Return whom somebody excludes anywhere."""
        found: set[str] = set()
        for where, words in self.words.items():
            naming = [word for word in words if where[1] == person_id and "exclude" in word["data"]]
            if naming:
                found |= set(max(naming, key=stamp_of)["data"]["exclude"] or ())
        return found

    def left_by_choice(self, where: Where) -> bool:
        """Whether the last leaving was a withdrawal."""
        left = [stamp_of(word) for word in self.words.get(where, ()) if kind_of(word) == "participation.withdrawn"]
        return bool(left) and (where not in self.farewells or max(left) > self.farewells[where])


def _profile(before: Json, word: Json) -> Json:
    """Lay a word over a profile."""
    says: dict[str, Any] = word["data"]
    base = PROFILE if kind_of(word) == "participation.enrolled" else before
    return {name: (says[name] if says[name] is not None else PROFILE[name]) if name in says else base[name] for name in PROFILE}


FOREVER: Final = datetime.max.replace(tzinfo=midnight(date(2025, 1, 1), "UTC").tzinfo)


def _paused_until(word: Json, began: Stamp, zone: str) -> datetime | None:
    """Return until when the last word about pausing makes somebody pause; None where it doesn't."""
    if kind_of(word) == "participation.resumed" or stamp_of(word) < began:
        return None
    until_on = word["data"].get("until_on")
    return FOREVER if until_on is None else midnight(date.fromisoformat(until_on), zone)
