"""A story in the making: what it is told with, what it knows, and the comparison with the naive model after each step.

It has no rules of its own: those are in the modules beside it, one for what happens to people, one for what happens in pairs.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from engine.core.execution import Outcome
from tests.builders import offer, want
from tests.model.programme import History, Model, state_at
from tests.model.standing import OPEN
from tests.simulation.telling.comparison import differences
from tests.simulation.watching.watch import Json, Unit, WatchedDriver

START: Final = datetime(2025, 3, 3, 9, tzinfo=UTC)
PEOPLE: Final = tuple("abcdefg")
POLICY: Final[dict[str, int]] = {
    "round_every_days": 2,
    "reserve_start": 0,
    "reserve_floor": 0,
    "consent_days": 4,
    "stall_days": 9,
    "grace_days": 3,
    "term_days": 30,
    "concluding_days": 4,
    "soft_landing_days": 2,
    "resume_days": 3,
    "conflict_days": 4,
    "sessions_planned": 3,
    "lapsed_rest_days": 12,
}
BOTH: Final[dict[str, Any]] = {"offers": [offer("python", 3), offer("strategy", 3)], "wants": [want("python"), want("strategy")]}
"""A profile that suits everybody else's: what keeps two people apart is a rule."""

people = st.sampled_from(PEOPLE)
day_offsets = st.integers(-3, 4)
lateness = st.sampled_from((0, 0, 0, 1, 30))
"""Hours between what HR recorded and what arrives."""
picks = st.integers(0, 5)


def has_pairings(story: "Telling") -> bool:
    """Say whether there is a pair to do something with."""
    return bool(story.pairing_ids)


class Telling(RuleBasedStateMachine):
    """A driver, the history it was told, and the comparison after each step."""

    policy: ClassVar[dict[str, Any]] = POLICY
    bands: ClassVar[dict[str, int]] = {}
    """Who says how long they have been in work; the others don't."""

    def __init__(self) -> None:
        super().__init__()
        self.driver = WatchedDriver(self._watch)
        self.now = START
        self.history: History = []
        self.told: list[Json] = []
        self.pairing_ids: list[str] = []
        self._unit: Unit | None = None
        self._known: tuple[int, datetime, Model] | None = None
        self._count = 0

    # How it is told

    def _watch(self, unit: Unit) -> None:
        self._unit = unit
        if unit.event is None:
            self.history.append(("tick", unit.at, None))
        elif unit.outcome is Outcome.APPLIED:
            self.history.append(("event", unit.at, unit.event))
        for output in unit.outputs:
            kind = output["type"].removeprefix("bothways.").removesuffix(".v1")
            if kind.startswith("pairing.") and kind != "pairing.state":
                event(kind)  # shown by --hypothesis-show-statistics: what the stories really reach
            if kind == "pairing.proposed":
                self.history.append(("proposed", unit.at, output["data"]))
                self.pairing_ids.append(output["data"]["pairing_id"])
            elif kind == "nudge.requested" and output["data"]["key"] in {"proposal_ready", "still_taking_part"}:
                self.history.append(("told", unit.at, output["data"]))
            elif kind == "pairing.lapsed" and unit.event is not None and unit.event["type"].startswith("bothways.participation."):
                self.history.append(("judged", unit.at, output["data"]["pairing_id"]))

    def _tell(self, event: Json) -> None:
        self._count += 1
        event = {**event, "id": f"{event['id']}/{self._count}"}
        is_ignored = self._model().ignores(event)
        outcome = self.driver.pipe(event)
        self.driver.advance(self.driver.store.last_at or self.now)  # a word may make something overdue
        assert is_ignored == (outcome is Outcome.IGNORED), f"{outcome}, the model would {'not ' * (not is_ignored)}ignore it"
        if is_ignored:
            self._compare()
            return
        if outcome is Outcome.REFUSED:
            assert self._model().may_refuse(event), "refused, the model would do it"
            self._compare()
            return
        self.told.append(event)
        at = self.driver.store.last_at or self.now
        if outcome is Outcome.APPLIED:
            model = self._model()
            assert event["id"] not in model.refused, f"applied, the model says {model.refused[event['id']]}"
        else:
            letter = self.driver.dead_letters()[-1]
            model = self._heard(event, at)
            assert event["id"] in model.refused, f"refused as {letter.code}, the model would take it"
        self._compare()

    def _heard(self, event: Json, at: datetime) -> Model:
        heard_at = max(at, datetime.fromisoformat(event["time"]))
        return state_at([*self.history, ("event", heard_at, event)], heard_at)

    def _pass(self, span: timedelta) -> None:
        self.now += span
        self.driver.advance(self.now)
        self._compare()

    def _compare(self) -> None:
        found = differences(self.driver, self._model(), PEOPLE)
        assert not found, "\n".join(found)

    # What is known

    def _profile(self, person_id: str) -> dict[str, Any]:
        return BOTH | ({"experience_band": self.bands[person_id]} if person_id in self.bands else {})

    def _now(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def _then(self, hours: int) -> datetime:
        """Return a moment some hours ago: when HR wrote it down."""
        return self._now() - timedelta(hours=hours)

    def _day(self, offset: int) -> str:
        return (self.now + timedelta(days=offset)).date().isoformat()

    def _model(self) -> Model:
        """Return the model of all that was told; to be read only, for it is kept until there is more."""
        at = self.driver.store.last_at or self.now
        if self._known is None or self._known[:2] != (len(self.history), at):
            self._known = len(self.history), at, state_at(self.history, at)
        return self._known[2]

    def _employment(self, person_id: str) -> str:
        return self._model().people.employment(person_id)

    def _taken(self, person_id: str) -> int:
        return sum(person_id in pair["people"] and pair["state"] in OPEN for pair in self._model().pairs.values())

    def _pick(self, pick: int, states: Any) -> tuple[str, Json]:
        """Return a pairing, one in these states if there is any, the latest first."""
        pairs = self._model().pairs
        fitting = [pairing_id for pairing_id in reversed(pairs) if pairs[pairing_id]["state"] in states] or list(reversed(pairs))
        pairing_id = fitting[pick % len(fitting)]
        return pairing_id, pairs[pairing_id]
