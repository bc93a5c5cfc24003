"""The engine beside the naive model, on events in any order that Hypothesis can think of.

After every event and every stretch of time the two must agree on people, lines, participation, pairings, ends and the ledger. What each
rule does is told in builder calls, so a failing example reads as a story. More and longer: `BOTHWAYS_STORIES=500 BOTHWAYS_STORY_STEPS=80`.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from engine.execution import Outcome
from tests import builders
from tests.builders import PROGRAMME, offer, want
from tests.model.programme import ERASED, LIVE, OPEN, History, Model, state_at
from tests.simulation.comparison import differences
from tests.simulation.watch import Json, Unit, WatchedDriver

START: Final = datetime(2025, 3, 3, 9, tzinfo=UTC)
PEOPLE: Final = tuple("abcdefg")
NEWCOMERS: Final = ("f", "g")
"""Not hired when a story begins."""
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

CHAPTERS: Final = ("plan done", "leave", "return", "conflict", "quiet", "agreement")
"""What a pair may live through before a story goes on by chance."""
MARKS_KEPT: Final = timedelta(days=85)
"""Within the 90 days for which an event is known again."""

people = st.sampled_from(PEOPLE)
day_offsets = st.integers(-3, 4)
lateness = st.sampled_from((0, 0, 0, 1, 30))
"""Hours between what HR recorded and what arrives."""
picks = st.integers(0, 5)


def _has_pairings(story: "Story") -> bool:
    return bool(story.pairing_ids)


def _was_told_lately(story: "Story") -> bool:
    return any(story.now - datetime.fromisoformat(event["time"]) < MARKS_KEPT for event in story.told)


class Story(RuleBasedStateMachine):
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
        self._count = 0

    # What happens

    @initialize(accepting=st.integers(0, 3), chapters=st.lists(st.sampled_from(CHAPTERS), max_size=5))
    def begin(self, accepting: int, chapters: list[str]) -> None:
        """A programme; five people who have been here for a while enrol and are proposed to each other; some pairs begin."""
        self._tell(builders.programme_created(self.now, policy=self.policy))
        for person_id in PEOPLE:
            if person_id not in NEWCOMERS:
                self._tell(builders.hired(person_id, self.now, effective_on="2025-01-01"))
                self._tell(builders.enrolled(person_id, self.now, capacity=1 + (person_id == "a"), **self._profile(person_id)))
        self._tell(builders.round_requested(self.now))
        for pick in range(accepting):
            self.accept_both(pick)
        for chapter in chapters if accepting else ():
            self._live_through(chapter)

    def _live_through(self, chapter: str) -> None:
        """Bring a pair to where stories seldom get by chance."""
        match chapter:
            case "plan done":
                for teacher in (0, 1, 0):
                    self.meet(0, teacher)
            case "leave" | "return":
                who = self._pick(0, LIVE)[1]["people"][0]
                build = builders.leave_started if chapter == "leave" else builders.leave_ended
                self._tell(build(who, self._now()))
            case "agreement":
                self.agree(0, is_over=False)
            case "conflict":
                self.join_by_a_line(0, 0, is_over=bool(self._pick(0, LIVE)[1]["conflict_at"]), offset=0)
            case _:
                self._pass(timedelta(days=POLICY["stall_days"]))

    @rule(hours=st.sampled_from((1, 5, 12)))
    def let_hours_pass(self, hours: int) -> None:
        """A part of a day."""
        self._pass(timedelta(hours=hours))

    @rule(days=st.integers(1, 10))
    def let_days_pass(self, days: int) -> None:
        """Days and weeks."""
        self._pass(timedelta(days=days))

    @rule(person_id=people, offset=day_offsets, late=lateness, manager_id=st.one_of(st.none(), people))
    def hire(self, person_id: str, offset: int, late: int, manager_id: str | None) -> None:
        """Somebody joins, or joins again."""
        if self._employment(person_id) not in {"active", "on_leave"}:
            day = self._day(offset)
            self._tell(
                builders.hired(person_id, self._then(late), effective_on=day, manager_id=manager_id if manager_id != person_id else None)
            )

    @rule(person_id=people, offset=day_offsets, is_hire_first=st.booleans())
    def change_contract(self, person_id: str, offset: int, is_hire_first: bool) -> None:
        """Somebody leaves one contract and begins another on the same day; the two may arrive in either order."""
        words = [build(person_id, self._now(), effective_on=self._day(offset)) for build in (builders.departed, builders.hired)]
        for word in words[::-1] if is_hire_first else words:
            self._tell(word)

    @rule(person_id=people, manager_id=st.one_of(st.none(), people), offset=day_offsets, late=lateness)
    def change_manager(self, person_id: str, manager_id: str | None, offset: int, late: int) -> None:
        """A new line, cycles included."""
        self._tell(builders.role_changed(person_id, self._then(late), effective_on=self._day(offset), manager_id=manager_id))

    @precondition(_has_pairings)
    @rule(pick=picks, side=st.integers(0, 1), is_over=st.booleans(), offset=day_offsets)
    def join_by_a_line(self, pick: int, side: int, is_over: bool, offset: int) -> None:
        """One of a pair begins, or ceases, to report to the other."""
        pair = self._pick(pick, LIVE)[1]["people"]
        manager_id = None if is_over else pair[1 - side]
        self._tell(builders.role_changed(pair[side], self._then(0), effective_on=self._day(offset), manager_id=manager_id))

    @rule(person_id=people, department=st.sampled_from((None, "sales", "legal")), offset=day_offsets, late=lateness)
    def change_department(self, person_id: str, department: str | None, offset: int, late: int) -> None:
        """No rule hangs on it by default."""
        self._tell(builders.role_changed(person_id, self._then(late), effective_on=self._day(offset), department=department))

    @rule(person_id=people, begins=st.booleans(), offset=day_offsets, late=lateness)
    def be_away(self, person_id: str, begins: bool, offset: int, late: int) -> None:
        """A leave begins, or ends."""
        build = builders.leave_started if begins else builders.leave_ended
        self._tell(build(person_id, self._then(late), effective_on=self._day(offset)))

    @rule(person_id=people, offset=day_offsets, late=lateness, word=st.sampled_from(("departed", "departed", "cancelled", "never hired")))
    def depart(self, person_id: str, offset: int, late: int, word: str) -> None:
        """A last day, that it was none after all, or that there never was a first."""
        if word == "departed":
            self._tell(builders.departed(person_id, self._then(late), effective_on=self._day(offset)))
        else:
            build = builders.departure_cancelled if word == "cancelled" else builders.hire_cancelled
            self._tell(build(person_id, self._then(late)))

    @rule(person_id=people, capacity=st.integers(1, 3), exclude=st.lists(people, max_size=1))
    def enrol(self, person_id: str, capacity: int, exclude: list[str]) -> None:
        """Join, or say the whole profile again."""
        if self._employment(person_id) in {"active", "on_leave"}:
            room = max(capacity, self._taken(person_id))
            self._tell(builders.enrolled(person_id, self._now(), capacity=room, exclude=exclude, **self._profile(person_id)))

    @rule(person_id=people, word=st.sampled_from(("narrow", "withdraw")))
    def turn_away(self, person_id: str, word: str) -> None:
        """Want what nobody teaches, so that an open proposal may be over; or leave the programme."""
        if word == "withdraw":
            self._tell(builders.withdrawn(person_id, self._now()))
        elif (PROGRAMME, person_id) in self._model().enrolled:
            self._tell(builders.updated(person_id, self._now(), capacity=3, offers=[offer("budgeting")], wants=[want("negotiation")]))

    @rule(person_id=people, days=st.sampled_from((None, 1, 2, 5, 0)))
    def pause(self, person_id: str, days: int | None) -> None:
        """A break of one's own, with an end (0: at once) or without."""
        if days == 0:
            self._tell(builders.resumed(person_id, self._now()))
        else:
            self._tell(builders.paused(person_id, self._now(), **({} if days is None else {"until_on": self._day(days)})))

    @precondition(_has_pairings)
    @rule(pick=picks)
    def accept_both(self, pick: int) -> None:
        """A pair begins."""
        for side in (0, 1):
            self.answer(pick, side, "accept", 0)

    @precondition(_has_pairings)
    @rule(pick=picks, side=st.integers(0, 2), answer=st.sampled_from(("accept", "accept", "decline")), ahead=st.sampled_from((0, 0, 0, 1)))
    def answer(self, pick: int, side: int, answer: str, ahead: int) -> None:
        """A side answers a version; the third side is a stranger."""
        pairing_id, pair = self._pick(pick, {"proposed"})
        who = (*pair["people"], next(one for one in PEOPLE if one not in pair["people"]))[side]
        version = pair["version"] + ahead
        self._tell(builders.answered(who, self._now(), pairing_id, answer=answer, proposal_version=version))

    @precondition(_has_pairings)
    @rule(
        pick=picks, side=st.integers(0, 2), answer=st.sampled_from(("continue", "continue", "renew", "finish", "end", "rematch", "convert"))
    )
    def go_on(self, pick: int, side: int, answer: str) -> None:
        """A side says how to go on."""
        pairing_id, pair = self._pick(pick, LIVE)
        who = (*pair["people"], next(one for one in PEOPLE if one not in pair["people"]))[side]
        self._tell(builders.continuation_answered(who, self._now(), pairing_id, answer=answer))

    @precondition(_has_pairings)
    @rule(pick=picks, is_over=st.booleans())
    def agree(self, pick: int, is_over: bool) -> None:
        """Both say what fits: on with it, or that was it."""
        state = self._pick(pick, LIVE)[1]["state"]
        answer = ("finish" if is_over else "renew") if state == "concluding" else "continue"
        for side in (0, 1):
            self.go_on(pick, side, answer)

    @precondition(_has_pairings)
    @rule(pick=picks, teacher=st.integers(0, 1))
    def meet(self, pick: int, teacher: int) -> None:
        """A session like any other."""
        pairing_id, pair = self._pick(pick, {"active", "stalled"})
        number = 10 + len(pair["sessions"])
        self._tell(builders.session_completed(f"s{number}", self._now(), pairing_id, exchanges=[("python", pair["people"][teacher])]))
        self._pass(timedelta(hours=2))

    @precondition(_has_pairings)
    @rule(pick=picks, days=st.integers(1, 12), session=st.integers(1, 4), sequence=st.sampled_from((None, None, 1, 2)))
    def book(self, pick: int, days: int, session: int, sequence: int | None) -> None:
        """A session is to take place."""
        pairing_id, _ = self._pick(pick, LIVE)
        starts_at = self.now + timedelta(days=days)
        attributes = {"sequence": sequence}
        self._tell(builders.session_scheduled(f"s{session}", self._now(), pairing_id, starts_at=starts_at, attributes=attributes))

    @precondition(_has_pairings)
    @rule(
        pick=picks,
        ago=st.sampled_from((0, 0, 1, 30)),
        session=st.integers(1, 6),
        teachers=st.lists(st.integers(0, 1), max_size=3),
        sequence=st.sampled_from((None, None, 1, 2, 3)),
    )
    def hold(self, pick: int, ago: int, session: int, teachers: list[int], sequence: int | None) -> None:
        """A session was held; the same number again is a double or a correction."""
        pairing_id, pair = self._pick(pick, LIVE)
        exchanges = [("python", pair["people"][teacher]) for teacher in teachers]
        started_at = self._now() - timedelta(hours=ago)
        attributes = {"sequence": sequence}
        self._tell(
            builders.session_completed(
                f"s{session}", self.now, pairing_id, exchanges=exchanges, started_at=started_at, attributes=attributes
            )
        )

    @precondition(_has_pairings)
    @rule(pick=picks, session=st.integers(1, 6), sequence=st.sampled_from((None, 1, 2, 4)))
    def call_off(self, pick: int, session: int, sequence: int | None) -> None:
        """A session did not take place after all."""
        pairing_id, _ = self._pick(pick, LIVE)
        self._tell(builders.session_cancelled(f"s{session}", self._now(), pairing_id, attributes={"sequence": sequence}))

    @rule()
    def ask_for_a_round(self) -> None:
        """The coordinator can't wait."""
        self._tell(builders.round_requested(self._now()))

    @rule(
        pair=st.lists(people, min_size=2, max_size=2, unique=True),
        word=st.sampled_from(("lock", "forbid", "pause", "resume", "close", "retract")),
        luck=st.integers(0, 9),
    )
    def decide(self, pair: list[str], word: str, luck: int) -> None:
        """What a coordinator may want; closing is rare."""
        match word:
            case "lock":
                self._tell(builders.pairing_locked(self._now(), pair))
            case "forbid":
                self._tell(builders.pairing_forbidden(self._now(), pair))
            case "pause":
                self._tell(builders.programme_paused(self._now()))
            case "resume":
                self._tell(builders.programme_resumed(self._now()))
            case "close" if luck == 9:
                self._tell(builders.programme_closed(self._now()))
            case "retract" if self.pairing_ids:
                self._tell(builders.proposal_retracted(self._now(), self._pick(luck, {"proposed"})[0]))

    @precondition(_was_told_lately)
    @rule(pick=st.integers(0, 200))
    def repeat(self, pick: int) -> None:
        """Any event again changes nothing at all."""
        before = self._snapshot()
        event = self._told_lately(pick)
        outcome = self.driver.pipe(event)

        assert outcome is not Outcome.APPLIED
        assert before == self._snapshot()

    @precondition(_was_told_lately)
    @rule(pick=st.integers(0, 200))
    def contradict(self, pick: int) -> None:
        """The same id with another body is refused, and changes nothing."""
        before = self._snapshot()
        event = self._told_lately(pick)
        outcome = self.driver.pipe({**event, "actor": "somebody-else"})

        assert outcome is Outcome.DEAD_LETTERED
        assert before == self._snapshot()

    @precondition(_has_pairings)
    @rule(
        pick=picks,
        side=st.integers(0, 2),
        fit=st.sampled_from(("good", "not_a_fit")),
        session=st.sampled_from((None, None, 1, 2, 10, 11, 12)),
    )
    def give_feedback(self, pick: int, side: int, fit: str, session: int | None) -> None:
        """A side says how it was; the third one is a stranger."""
        pairing_id, pair = self._pick(pick, LIVE)
        who = (*pair["people"], next(one for one in PEOPLE if one not in pair["people"]))[side]
        about = {} if session is None else {"session_id": f"s{session}"}
        self._tell(builders.feedback_given(who, self._now(), pairing_id, fit=fit, **about))

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

    def _told_lately(self, pick: int) -> Json:
        """Return an event whose mark is still kept."""
        lately = [event for event in self.told if self.now - datetime.fromisoformat(event["time"]) < MARKS_KEPT]
        return lately[pick % len(lately)]

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
        return state_at(self.history, self.driver.store.last_at or self.now)

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

    def _snapshot(self) -> tuple[int, str]:
        return len(self.driver.store.outputs), repr([rows.tables for rows in self.driver.store._rows.values()])


class ReverseStory(Story):
    """The same in a reverse programme, where the gap between two people may close and open."""

    policy: ClassVar[dict[str, Any]] = POLICY | {"track": "reverse", "training_required": False}
    bands: ClassVar[dict[str, int]] = dict(zip(PEOPLE, (3, 0, 2, 0, 1, 3, 0), strict=True))

    @rule(person_id=people, band=st.sampled_from((None, 0, 1, 2, 3)))
    def grow(self, person_id: str, band: int | None) -> None:
        """Somebody is longer in work than was said, or would rather not say."""
        if (PROGRAMME, person_id) in self._model().enrolled:
            self._tell(builders.updated(person_id, self._now(), capacity=3, **BOTH, experience_band=band))

    @precondition(_has_pairings)
    @rule(pick=picks, side=st.integers(0, 1))
    def catch_up(self, pick: int, side: int) -> None:
        """One of a pair comes to be as experienced as the other."""
        pair = self._pick(pick, {"active"})[1]["people"]
        enrolled = self._model().enrolled
        if all((PROGRAMME, who) in enrolled for who in pair):
            self.grow(pair[side], enrolled[PROGRAMME, pair[1 - side]]["band"])

    @precondition(_has_pairings)
    @rule(pick=picks, sides=st.sampled_from(((0,), (1,), (0, 1), (0, 1))), is_caught_up=st.booleans())
    def convert(self, pick: int, sides: tuple[int, ...], is_caught_up: bool) -> None:
        """One of a pair, or both, would go on as equals; they may have become so just now."""
        if is_caught_up:
            self.catch_up(pick, 0)
        for side in sides:
            self.go_on(pick, side, "convert")


class ErasureStory(Story):
    """The same where people whom nobody else's facts name are erased, and may come back as somebody new."""

    @rule(person_id=people, is_hired_again=st.booleans())
    def erase(self, person_id: str, is_hired_again: bool) -> None:
        """Somebody is to be forgotten; what older words say, or what they say themselves, is ignored from then on."""
        if not self._model().people.names(person_id):
            self._tell(builders.erased(person_id, self._now()))
            self.told = [told for told in self.told if f'"{person_id}"' not in json.dumps(told)]
        if is_hired_again:
            self.hire(person_id, 0, 0, None)
            self.enrol(person_id, 2, [])

    def _tell(self, event: Json) -> None:
        """Say nothing as, or about, somebody called `erased`: the word is nobody's id, and refused as such."""
        if f'"{ERASED}"' not in json.dumps(event):
            super()._tell(event)


STORIES: Final = int(os.environ.get("BOTHWAYS_STORIES", "60"))
Story.TestCase.settings = settings(
    max_examples=STORIES,
    stateful_step_count=int(os.environ.get("BOTHWAYS_STORY_STEPS", "40")),
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
# Sixty stories take half a minute; when one fails, Hypothesis may look for its shortest form for five.
TestStory = pytest.mark.slow(pytest.mark.timeout(600)(Story.TestCase))
ReverseStory.TestCase.settings = settings(Story.TestCase.settings, max_examples=STORIES // 2)
TestReverseStory = pytest.mark.slow(pytest.mark.timeout(600)(ReverseStory.TestCase))
ErasureStory.TestCase.settings = settings(Story.TestCase.settings, max_examples=STORIES // 2)
TestErasureStory = pytest.mark.slow(pytest.mark.timeout(600)(ErasureStory.TestCase))
