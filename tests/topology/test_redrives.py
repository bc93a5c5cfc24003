"""Given a refused event whose cause is mended, when it is redriven or sent again, then it is taken once, whichever comes first."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.core.table import SEEN
from engine.programme import tables
from engine.testing import TopologyDriver
from tests import builders
from tests.builders import StructuredEvent, offer
from tests.topology.stories.pair_story import ANN, BOB, START, active_pair

TOPICS = [{"id": topic, "family": "craft", "name": topic} for topic in ("python", "strategy", "knots")]
LATER = START + timedelta(days=1)
CREATED = builders.programme_created(START)
TAUGHT_LATER = builders.enrolled(ANN, START, offers=[offer("knots")])
REFUSED: list[tuple[tuple[StructuredEvent, ...], StructuredEvent, StructuredEvent]] = [
    ((), builders.enrolled(ANN, START), CREATED),
    ((), builders.nominated(ANN, START), CREATED),
    ((), builders.training_completed(ANN, START), CREATED),
    ((), builders.programme_paused(START), CREATED),
    ((), builders.pairing_forbidden(START, [ANN, BOB]), CREATED),
    ((), builders.insight_shared(START, "note"), CREATED),
    ((CREATED,), TAUGHT_LATER, builders.policy_changed(LATER, policy={"topics": TOPICS})),
]
"""What came before, the event that is refused, and what mends it."""


def marks_count(driver: TopologyDriver) -> int:
    """Count the marks of both stages."""
    return sum(1 for stage in StageName for _ in driver.rows(stage).scan(SEEN, ""))


@pytest.fixture(params=REFUSED, ids=lambda case: case[1]["type"])
def refused(request: pytest.FixtureRequest) -> tuple[TopologyDriver, StructuredEvent, Callable[[], Outcome]]:
    """Return a topology in which an event was refused, the event, and what mends the cause."""
    before, event, mending = request.param
    driver = TopologyDriver()
    for each in (*before, event):
        driver.pipe(each)
    assert 1 == len(driver.dead_letters())
    return driver, event, lambda: driver.pipe(mending)


Refused = tuple[TopologyDriver, StructuredEvent, Callable[[], Outcome]]


def test_what_is_redriven_after_its_cause_is_mended_is_taken_once(refused: Refused) -> None:
    """A second redrive is a repetition, and so is the same event sent again."""
    driver, event, mend = refused
    (letter,) = driver.dead_letters()
    mend()

    outcomes = [driver.redrive(letter), driver.redrive(letter), driver.pipe(event)]

    assert [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.DUPLICATE] == outcomes
    assert [letter] == driver.dead_letters()


def test_what_was_sent_again_is_a_repetition_when_it_is_redriven(refused: Refused) -> None:
    """The other way round."""
    driver, event, mend = refused
    (letter,) = driver.dead_letters()
    mend()

    assert [Outcome.APPLIED, Outcome.DUPLICATE] == [driver.pipe(event), driver.redrive(letter)]


def test_what_is_still_wrong_may_be_redriven_as_often_as_it_takes(refused: Refused) -> None:
    """It leaves no mark and no second dead letter, and is taken once its cause is mended."""
    driver, _, mend = refused
    (letter,) = driver.dead_letters()
    before = marks_count(driver)

    assert [Outcome.DEAD_LETTERED, Outcome.DEAD_LETTERED] == [driver.redrive(letter), driver.redrive(letter)]
    assert (before, [letter]) == (marks_count(driver), driver.dead_letters())
    mend()
    assert Outcome.APPLIED is driver.redrive(letter)


def test_what_is_redriven_leaves_the_rows_of_what_came_in_order() -> None:
    """Neither the refusal nor the redrive shows."""
    hired, enrolled = builders.hired(ANN, START), builders.enrolled(ANN, START)
    ordered, late = TopologyDriver(), TopologyDriver()
    for event in (hired, CREATED, enrolled):
        ordered.pipe(event)
    for event in (hired, enrolled, CREATED):
        late.pipe(event)
    late.redrive(late.dead_letters()[0])

    rows = [dict(driver.rows(StageName.PROGRAMMES).scan(tables.PARTICIPANTS, "")) for driver in (ordered, late)]

    assert rows[0]
    assert rows[0] == rows[1]


def test_what_was_refused_for_good_is_judged_anew_by_a_redrive_alone() -> None:
    """A stale answer stays stale, and is not held against it: a later version may judge otherwise."""
    story = active_pair()
    stale = builders.answered(ANN, story.now, story.pairing_id)
    story.pipe(stale)
    letter = story.dead_letters()[-1]
    before = marks_count(story)

    outcomes = [story.redrive(letter), story.redrive(letter), story.pipe(stale)]

    assert [Outcome.DEAD_LETTERED] * 3 == outcomes
    assert before == marks_count(story)


def test_a_conflicting_event_is_taken_once_by_a_redrive_and_the_first_one_stays_known() -> None:
    """Whoever redrives it means it. Sent again, it conflicts as before, and the first one is a repetition."""
    driver = TopologyDriver()
    first = builders.role_changed(ANN, START, department="one")
    second = {**builders.role_changed(ANN, LATER, effective_on=START.date(), department="two"), "id": first["id"]}
    driver.pipe(builders.hired(ANN, START), first, second)
    (letter,) = driver.dead_letters()

    outcomes = [driver.redrive(letter), driver.redrive(letter), driver.pipe(first), driver.pipe(second)]

    assert "conflicting_duplicate" == letter.code.value
    assert [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.DUPLICATE, Outcome.DEAD_LETTERED] == outcomes
    assert [letter] == driver.dead_letters()
