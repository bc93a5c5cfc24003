"""The engine beside the naive model, on events in any order that Hypothesis can think of.

After every event and every stretch of time the two must agree on people, lines, participation, pairings, ends and the ledger. What each
rule does is told in builder calls, so a failing example reads as a story. More and longer: `BOTHWAYS_STORIES=500 BOTHWAYS_STORY_STEPS=80`.
"""

import json
import os
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from engine.core.execution import Outcome
from tests import builders
from tests.builders import PROGRAMME
from tests.model.standing import ERASED, LIVE
from tests.simulation.telling.pair_rules import PairRules
from tests.simulation.telling.people_rules import PeopleRules
from tests.simulation.telling.story import BOTH, PEOPLE, POLICY, has_pairings, people, picks
from tests.simulation.watching.watch import Json

NEWCOMERS: Final = ("f", "g")
"""Not hired when a story begins."""
CHAPTERS: Final = ("plan done", "leave", "return", "conflict", "quiet", "agreement")
"""What a pair may live through before a story goes on by chance."""
MARKS_KEPT: Final = timedelta(days=85)
"""Within the 90 days for which an event is known again."""


def _was_told_lately(story: "Story") -> bool:
    return any(story.now - datetime.fromisoformat(event["time"]) < MARKS_KEPT for event in story.told)


class Story(PeopleRules, PairRules):
    """Everything that may happen, in any order."""

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

    # What is said twice

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

    def _told_lately(self, pick: int) -> Json:
        """Return an event whose mark is still kept."""
        lately = [event for event in self.told if self.now - datetime.fromisoformat(event["time"]) < MARKS_KEPT]
        return lately[pick % len(lately)]

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

    @precondition(has_pairings)
    @rule(pick=picks, side=st.integers(0, 1))
    def catch_up(self, pick: int, side: int) -> None:
        """One of a pair comes to be as experienced as the other."""
        pair = self._pick(pick, {"active"})[1]["people"]
        enrolled = self._model().enrolled
        if all((PROGRAMME, who) in enrolled for who in pair):
            self.grow(pair[side], enrolled[PROGRAMME, pair[1 - side]]["band"])

    @precondition(has_pairings)
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


STORIES: Final = int(os.environ.get("BOTHWAYS_STORIES", "12"))
Story.TestCase.settings = settings(
    max_examples=STORIES,
    stateful_step_count=int(os.environ.get("BOTHWAYS_STORY_STEPS", "40")),
    deadline=None,
    derandomize="BOTHWAYS_STORIES" not in os.environ,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
# Without a number the same stories are told each time; a failing one is made shorter for up to five minutes.
TestStory = pytest.mark.slow(pytest.mark.timeout(600)(Story.TestCase))
ReverseStory.TestCase.settings = settings(Story.TestCase.settings, max_examples=STORIES // 2)
TestReverseStory = pytest.mark.slow(pytest.mark.timeout(600)(ReverseStory.TestCase))
ErasureStory.TestCase.settings = settings(Story.TestCase.settings, max_examples=STORIES // 2)
TestErasureStory = pytest.mark.slow(pytest.mark.timeout(600)(ErasureStory.TestCase))
