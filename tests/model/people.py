"""The naive model of HR facts: what is in force for each person, and who reports to whom.

Written from the rules alone, to disagree with the engine where the engine is wrong: no timers, no cleverness. A person is the list of
everything HR ever said of them; whatever is asked is worked out from that list again.

Rules
    A fact holds from midnight of its day in the person's zone, at once if that is past; a departure from the end of its day.
    Of the facts that hold, the newest wins, attribute by attribute, by (effective_on, recordedtime or time, sequence, id).
    Employment follows the facts of each day in turn: a departure ends its day, but a hire recorded after it on the same day comes after it.
    A cancellation voids departures (hires) with an earlier or equal (time, id), in any order of arrival.
    A line is the managers above, nearest first, cut before the first repeat (the person included), at most 64. Who has departed keeps its
    place in it, until HR names another manager.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from schemas.text.zones import time_zone

Json = dict[str, Any]
LINE_LENGTH_MAX: Final = 64
KINDS: Final = frozenset(
    {"hr.hired", "hr.hire_cancelled", "hr.role_changed", "hr.leave_started", "hr.leave_ended", "hr.departed", "hr.departure_cancelled"}
)
_VOIDED_BY: Final = {"hr.hire_cancelled": "hr.hired", "hr.departure_cancelled": "hr.departed"}
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def kind_of(event: Json) -> str:
    """Return the short type: `hr.hired`."""
    return str(event["type"]).removeprefix("bothways.").removesuffix(".v1")


def moment(text: str) -> datetime:
    """Read an RFC 3339 instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def midnight(day: date, zone: str) -> datetime:
    """Return when a day begins somewhere."""
    return datetime.combine(day, time(), time_zone(zone)).astimezone(UTC)


class Person:
    """What HR said of one person so far, and which of it holds."""

    def __init__(self) -> None:
        self.holding: list[Json] = []
        self.pending: list[Json] = []
        self.cancellations: list[Json] = []

    def take(self, at: datetime, event: Json) -> None:
        """Hear an HR event at its engine time."""
        self.settle(at)
        if kind_of(event) in _VOIDED_BY:
            self.cancellations.append(event)
            self.holding = [fact for fact in self.holding if not self._is_void(fact)]
            self.pending = [fact for fact in self.pending if not self._is_void(fact)]
        elif not self._is_void(event):
            self.pending.append(event)
            self.settle(at)

    def settle(self, at: datetime) -> None:
        """Let facts come into force whose moment has come, the earliest first: one may change the zone of the next."""
        while (due_at := self.next_at()) <= at:
            fact = min((fact for fact in self.pending if self._holds_from(fact) == due_at), key=_order)
            self.pending.remove(fact)
            self.holding.append(fact)

    def next_at(self) -> datetime:
        """Return when the next pending fact comes into force."""
        return min((self._holds_from(fact) for fact in self.pending), default=_FOREVER)

    def _holds_from(self, fact: Json) -> datetime:
        day = date.fromisoformat(fact["data"]["effective_on"])
        return midnight(day + timedelta(days=kind_of(fact) == "hr.departed"), self.zone)

    def _is_void(self, fact: Json) -> bool:
        return any(
            _VOIDED_BY[kind_of(word)] == kind_of(fact) and (moment(fact["time"]), fact["id"]) <= (moment(word["time"]), word["id"])
            for word in self.cancellations
        )

    def attribute(self, name: str) -> Any:
        """Return what the newest fact that names an attribute says; None when none does."""
        newest, value = None, None
        for fact in self.holding:
            says = fact["data"]["changes"] if kind_of(fact) == "hr.role_changed" else fact["data"]
            named = name in says and (kind_of(fact) == "hr.role_changed" or says[name] is not None)
            if named and kind_of(fact) in {"hr.hired", "hr.role_changed"} and (newest is None or _order(fact) > newest):
                newest, value = _order(fact), says[name]
        return value

    def _story(self) -> tuple[str, datetime | None]:
        """Return the employment that the facts come to, in their order, and when the last leave of it ended."""
        now, back_at = "unknown", None
        running: list[tuple[Any, str | None]] = []
        for fact in sorted(self.holding, key=self._employment_order):
            is_employed = now in {"active", "on_leave"}
            match kind_of(fact):
                case "hr.hired" if not is_employed:
                    now, back_at, running = "active", None, []
                case "hr.departed" if is_employed:
                    now = "departed"
                case "hr.leave_started" if is_employed:
                    now, running = "on_leave", _begun(running, fact["data"])
                case "hr.leave_ended" if now == "on_leave":
                    running = _ended(running, fact["data"])
                    if not running:
                        now, back_at = "active", self._holds_from(fact)
        return now, back_at

    def _employment_order(self, fact: Json) -> tuple[Any, ...]:
        """Of one day: being hired, a leave, a departure; and what was recorded after a departure of that day comes after it."""
        day = fact["data"]["effective_on"]
        departures = [left for left in self.holding if kind_of(left) == "hr.departed" and left["data"]["effective_on"] == day]
        rank = {"hr.hired": 0, "hr.departed": 2}.get(kind_of(fact), 1)
        return day, sum(_order(left)[:3] < _order(fact)[:3] for left in departures), rank, _order(fact)

    @property
    def employment(self) -> str:
        """`unknown`, `expected`, `active`, `on_leave` or `departed`; only `leave_ended` ends a leave."""
        now, _ = self._story()
        is_announced = any(kind_of(fact) == "hr.hired" for fact in self.pending)
        return "expected" if now in {"unknown", "departed"} and is_announced else now

    def has_left(self) -> bool:
        """Whether the last thing that happened was a departure, a return being planned or not."""
        return self._story()[0] == "departed"

    def leave_ended_at(self) -> datetime | None:
        """Return when the last leave ended, whenever that became known."""
        return self._story()[1]

    def left_at(self) -> datetime | None:
        """Return when the last departure in force took effect."""
        return max((self._holds_from(fact) for fact in self.holding if kind_of(fact) == "hr.departed"), default=None)

    @property
    def zone(self) -> str:
        """The zone in force; before any is, the one that the earliest pending fact names; else UTC."""
        named = [fact for fact in sorted(self.pending, key=_order) if (fact["data"].get("changes") or fact["data"]).get("timezone")]
        in_force: str | None = self.attribute("timezone")
        return in_force or ((named[0]["data"].get("changes") or named[0]["data"])["timezone"] if named else "UTC")


class People:
    """Everybody HR ever spoke of."""

    def __init__(self) -> None:
        self.by_id: dict[str, Person] = {}
        self.changes_count = 0

    def take(self, at: datetime, event: Json) -> None:
        """Hear an HR event; other events are none of its business."""
        if kind_of(event) in KINDS:
            self.changes_count += 1
            self.by_id.setdefault(event["data"]["person_id"], Person()).take(at, event)

    def erase(self, person_id: str, said_at: datetime) -> None:
        """Forget what was said of somebody up to an instant; what was said later is about somebody new."""
        self.changes_count += 1
        before, after = self.by_id.pop(person_id, Person()), Person()
        for name in ("holding", "pending", "cancellations"):
            setattr(after, name, [fact for fact in getattr(before, name) if moment(fact["time"]) > said_at])
        if after.holding or after.pending or after.cancellations:
            self.by_id[person_id] = after

    def names(self, person_id: str) -> bool:
        """Return whether HR ever said of anybody else that this person is above them."""
        others = (person for who, person in self.by_id.items() if who != person_id)
        facts = (fact["data"].get("changes") or fact["data"] for person in others for fact in (*person.holding, *person.pending))
        return any(person_id in {fact.get("manager_id"), *(fact.get("dotted_line_ids") or ())} for fact in facts)

    def settle(self, at: datetime) -> None:
        """Let time pass."""
        for person in self.by_id.values():
            person.settle(at)

    def next_at(self) -> datetime:
        """Return when the next fact of anybody comes into force."""
        return min((person.next_at() for person in self.by_id.values()), default=_FOREVER)

    def employment(self, person_id: str) -> str:
        """Return how somebody stands; `unknown` for somebody never heard of."""
        return self.by_id[person_id].employment if person_id in self.by_id else "unknown"

    def attribute(self, person_id: str, name: str) -> Any:
        """Return an attribute in force."""
        return self.by_id[person_id].attribute(name) if person_id in self.by_id else None

    def has_left(self, person_id: str) -> bool:
        """Return whether somebody departed and is not back."""
        return person_id in self.by_id and self.by_id[person_id].has_left()

    def left_at(self, person_id: str) -> datetime | None:
        """Return when somebody last departed."""
        return self.by_id[person_id].left_at() if person_id in self.by_id else None

    def line(self, person_id: str) -> list[str]:
        """Return everybody above somebody, nearest first."""
        above: list[str] = []
        manager_id = self.manager(person_id)
        while manager_id is not None and manager_id not in above and manager_id != person_id and len(above) < LINE_LENGTH_MAX:
            above.append(manager_id)
            manager_id = self.manager(manager_id)
        return above

    def manager(self, person_id: str) -> str | None:
        """Return who is above somebody, whether either has departed or not."""
        manager_id: str | None = self.attribute(person_id, "manager_id")
        return manager_id

    def conflict(self, first_id: str, second_id: str, *, same_manager_allowed: bool = False) -> str | None:
        """Return the rule of power that stands between two people."""
        dotted = ((self.attribute(who, "dotted_line_ids") or (), other) for who, other in ((first_id, second_id), (second_id, first_id)))
        if second_id in self.line(first_id) or first_id in self.line(second_id) or any(other in ids for ids, other in dotted):
            return "reporting_line"
        managers = {self.attribute(first_id, "manager_id"), self.attribute(second_id, "manager_id")}
        return "same_manager" if len(managers) == 1 and managers != {None} and not same_manager_allowed else None


def _begun(running: list[tuple[Any, str | None]], leave: Json) -> list[tuple[Any, str | None]]:
    """Let a leave begin: (what it is known by, its expected return). The same one again is told anew."""
    name, expected = leave.get("leave_id") or ("began", leave["effective_on"]), leave.get("expected_return_on")
    if any(known == name for known, _ in running):
        return [(known, expected if known == name else before) for known, before in running]
    return [*running, (name, expected)]


def _ended(running: list[tuple[Any, str | None]], end: Json) -> list[tuple[Any, str | None]]:
    """Let the leave end that an end names; without a name the one that should end that day, else the one that began first."""
    if end.get("leave_id") is not None:
        return [leave for leave in running if leave[0] != end["leave_id"]]
    due = next((leave for leave in running if leave[1] == end["effective_on"]), running[0])
    return [leave for leave in running if leave is not due]


def _order(fact: Json) -> tuple[Any, ...]:
    recorded = fact.get("recordedtime") or fact["time"]
    return fact["data"]["effective_on"], moment(recorded), int(fact.get("sequence") or 0), fact["id"]


def people_at(history: list[tuple[datetime, Json]], at: datetime) -> People:
    """Fold everything heard up to an instant, from the start."""
    people = People()
    for heard_at, event in history:
        if heard_at <= at:
            people.take(heard_at, event)
    people.settle(at)
    return people
