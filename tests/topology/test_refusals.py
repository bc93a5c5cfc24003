"""Given an event that was refused, when it comes again, or mended under its id, then it is judged anew, unless it was refused for good."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.core.table import SEEN
from engine.programme import tables
from engine.testing import TopologyDriver
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent, offer
from tests.topology.stories.pair_story import ANN, BOB, POLICY, START, PairStory, active_pair

TOPICS = [{"id": topic, "family": "craft", "name": topic} for topic in ("python", "strategy", "knots")]
LATER = START + timedelta(days=1)


def told(*events: StructuredEvent) -> tuple[TopologyDriver, list[Outcome]]:
    """Pipe events into an empty topology."""
    driver = TopologyDriver()
    return driver, [driver.pipe(event) for event in events]


def codes(driver: TopologyDriver) -> list[str]:
    """The codes of all dead letters."""
    return [letter.code.value for letter in driver.dead_letters()]


def participants(driver: TopologyDriver) -> dict[str, Any]:
    """The rows of the participants."""
    return dict(driver.rows(StageName.PROGRAMMES).scan(tables.PARTICIPANTS, ""))


AFTER_THE_PROGRAMME = [
    builders.enrolled(ANN, START),
    builders.nominated(ANN, START),
    builders.training_completed(ANN, START),
    builders.withdrawn(ANN, START),
    builders.programme_paused(START),
    builders.pairing_forbidden(START, [ANN, BOB]),
    builders.insight_shared(START, "note"),
]


@pytest.mark.parametrize("event", AFTER_THE_PROGRAMME, ids=lambda event: event["type"])
def test_what_came_before_its_programme_is_taken_when_it_comes_again(event: StructuredEvent) -> None:
    """The same event, byte for byte; a third time it is a duplicate."""
    driver, outcomes = told(event, builders.programme_created(START), event, event)

    assert [Outcome.DEAD_LETTERED, Outcome.APPLIED, Outcome.APPLIED, Outcome.DUPLICATE] == outcomes
    assert ["unknown_programme"] == codes(driver)


def test_what_comes_again_leaves_the_rows_of_what_came_in_order() -> None:
    """A refusal leaves no trace in anybody's row."""
    enrolled, created = builders.enrolled(ANN, START), builders.programme_created(START)

    late, _ = told(builders.hired(ANN, START), enrolled, created, enrolled)
    ordered, _ = told(builders.hired(ANN, START), created, enrolled)

    assert participants(ordered) == participants(late)


def test_what_names_a_topic_before_the_catalogue_does_is_taken_when_it_comes_again() -> None:
    """Enrolments here, sessions below."""
    enrolled = builders.enrolled(ANN, START, offers=[offer("knots")])
    driver, outcomes = told(
        builders.programme_created(START), enrolled, builders.policy_changed(LATER, policy={"topics": TOPICS}), enrolled
    )

    assert [Outcome.DEAD_LETTERED, Outcome.APPLIED] == [outcomes[1], outcomes[3]]
    assert ["schema_invalid"] == codes(driver)


def test_a_session_of_a_topic_that_comes_later_is_taken_when_it_comes_again() -> None:
    """The exchange counts once the catalogue knows its topic."""
    story = active_pair()
    held = builders.session_completed("s", story.now, story.pairing_id, exchanges=[("knots", ANN)])
    changed = builders.policy_changed(story.now, policy={**POLICY, "topics": TOPICS})

    outcomes = [story.pipe(held), story.pipe(changed), story.pipe(held)]

    assert [Outcome.DEAD_LETTERED, Outcome.APPLIED, Outcome.APPLIED] == outcomes
    assert ["s"] == [meeting.session_id for meeting in story.pairing.meetings]


def test_a_session_before_its_pair_is_taken_when_it_comes_again() -> None:
    """Nobody knows what the pair will be called, unless an id is read twice from one file."""
    story = PairStory()
    booked = builders.session_scheduled("s", story.now, active_pair().pairing_id, starts_at=story.now + timedelta(days=2))
    first = story.pipe(booked)
    story.round()
    for person_id in (ANN, BOB):
        story.answers(person_id, "accept")

    assert [Outcome.DEAD_LETTERED, Outcome.APPLIED] == [first, story.pipe(booked)]


GOOD = builders.enrolled(ANN, START)
MENDED: dict[str, Callable[[StructuredEvent], StructuredEvent]] = {
    "at the edge": lambda good: {**good, "actor": BOB},
    "by the programme": lambda good: {**good, "data": {**good["data"], "offers": [offer("knots")]}},
    "before the programme": lambda good: {**good, "data": {**good["data"], "programme_id": "other"}},
}


@pytest.mark.parametrize("where", MENDED)
def test_a_mended_event_may_keep_its_id(where: str) -> None:
    """What was refused stands in the way of nothing; what was accepted does."""
    bad = MENDED[where](GOOD)
    driver, outcomes = told(builders.programme_created(START), bad, GOOD, bad)

    assert [Outcome.DEAD_LETTERED, Outcome.APPLIED] == outcomes[1:3]
    assert Outcome.DEAD_LETTERED is outcomes[3]
    assert ("not_the_person" if where == "at the edge" else "conflicting_duplicate") in codes(driver)


def test_a_refusal_for_good_is_remembered_and_makes_way_for_a_mended_event() -> None:
    """A stale answer stays stale; another event under its id is judged by what it says."""
    story = active_pair()
    stale = builders.answered(ANN, story.now, story.pairing_id)
    mended = {**builders.continuation_answered(ANN, story.now, story.pairing_id, answer="end"), "id": stale["id"]}

    outcomes = [story.pipe(stale), story.pipe(stale), story.pipe(mended), story.pipe(mended)]

    assert [Outcome.DEAD_LETTERED, Outcome.DEAD_LETTERED, Outcome.APPLIED, Outcome.DUPLICATE] == outcomes
    assert "ended" == story.state


def test_a_circumstance_leaves_no_mark() -> None:
    """Else a file with many early lines would fill the rows."""
    driver, _ = told(builders.enrolled(ANN, START), builders.programme_paused(START))

    assert [[], []] == [list(driver.rows(stage).scan(SEEN, "")) for stage in StageName]
    assert PROGRAMME == builders.programme_paused(START)["data"]["programme_id"]
