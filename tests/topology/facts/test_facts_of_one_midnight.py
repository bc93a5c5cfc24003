"""Given facts of several people that take effect at one midnight, when it passes, then a pair is judged by all of them together."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.cascade import TIMERS_PER_TICK_MAX
from engine.core.effects import StageName
from engine.programme import tables
from engine.programme.facts.pending_reviews import ARRIVALS
from engine.testing import TopologyDriver
from tests import builders
from tests.builders import offer, want
from tests.depth import deep
from tests.topology.stories.pair_story import ANN, BOB, POLICY, START, PairStory, active_pair, proposed_pair

TOMORROW: Final = "2025-01-07"
EXPOSURE: Final = "bothways_conflict_exposure_seconds_total"


def exposures(story: TopologyDriver) -> list[float]:
    """How long each conflict stood before its pair was suspended."""
    return [note.value for note in story.store.notes if note.metric == EXPOSURE]


def swap_places(story: PairStory, first: str, second: str) -> PairStory:
    """At one midnight `first` moves under the manager whom `second` leaves."""
    story.tell(builders.role_changed(second, story.now, manager_id="m1"))
    story.tell(builders.role_changed(second, story.now, manager_id="m2", effective_on=TOMORROW))
    story.tell(builders.role_changed(first, story.now, manager_id="m1", effective_on=TOMORROW))
    return story.after(days=1)


@pytest.mark.parametrize(("first", "second"), [(ANN, BOB), (BOB, ANN)])
def test_a_manager_whom_one_leaves_as_the_other_comes_is_no_common_one(first: str, second: str) -> None:
    """Neither order of ids makes a conflict that never was."""
    story = swap_places(active_pair(), first, second)

    assert "active" == story.state
    assert "suspended" not in story.changes
    assert [ANN, BOB] == story.told("pairing_started")
    assert [] == story.told("conflict_choice")


@pytest.mark.parametrize(("first", "second"), [(ANN, BOB), (BOB, ANN)])
def test_a_proposal_is_judged_by_all_facts_of_a_midnight_too(first: str, second: str) -> None:
    """It would have lapsed, and rested for half a year, for nothing."""
    story = swap_places(proposed_pair(), first, second)

    assert "proposed" == story.state


@pytest.mark.parametrize(("first", "second"), [(ANN, BOB), (BOB, ANN)])
def test_two_who_come_under_one_manager_at_one_midnight_are_suspended_as_it_comes(first: str, second: str) -> None:
    """Together is not later: the pair is suspended at the very instant, once, with no exposure."""
    story = active_pair()
    for person_id in (first, second):
        story.tell(builders.role_changed(person_id, story.now, manager_id="boss", effective_on=TOMORROW))
    story.after(days=1)

    assert ("suspended", 1) == (story.state, story.changes.count("suspended"))
    assert f"{TOMORROW}T00:00:00Z" == story.published("suspended")["effective_at"]
    assert [0.0] == exposures(story)


def test_a_line_that_turns_round_at_one_midnight_stays_a_line() -> None:
    """Bob reported to Ann; from now on Ann reports to Bob: the conflict is neither gone nor new."""
    story = active_pair().conflict_stands()
    tomorrow = (story.now + timedelta(days=1)).date()
    story.tell(builders.role_changed(BOB, story.now, manager_id=None, effective_on=tomorrow))
    story.tell(builders.role_changed(ANN, story.now, manager_id=BOB, effective_on=tomorrow))
    told = len(story.nudges())
    story.after(days=1)

    assert "suspended" == story.state
    assert [ANN, BOB] == sorted(story.told("conflict_choice"))
    assert [] == story.nudges()[told:]


@pytest.mark.parametrize(("leaver", "mover"), [(ANN, BOB), (BOB, ANN)])
def test_who_departs_as_the_other_comes_under_it_ends_the_pair_like_any_departure(leaver: str, mover: str) -> None:
    """There is nothing left to suspend, and the partner hears of the end."""
    story = active_pair()
    story.tell(builders.departed(leaver, story.now, effective_on="2025-01-06"))
    story.tell(builders.role_changed(mover, story.now, manager_id=leaver, effective_on=TOMORROW))
    story.after(days=1)

    assert ["activated", "ended"] == story.changes[-2:]
    assert [mover] == story.told("pairing_ended")


def test_facts_of_today_are_judged_at_once() -> None:
    """The next event may be a year away: nobody waits for what else HR may say."""
    story = active_pair()
    for person_id in (ANN, BOB):
        story.tell(builders.role_changed(person_id, story.now, manager_id="boss"))

    assert "suspended" == story.state
    assert [] == list(story.rows(StageName.PROGRAMMES).scan(ARRIVALS, ""))


def test_a_midnight_late_by_days_is_judged_by_how_things_stand_now() -> None:
    """After downtime a conflict that came and went meanwhile is none; one that lasts is counted from its day."""
    gone, lasting = active_pair(), active_pair()
    for story in (gone, lasting):
        story.tell(builders.role_changed(BOB, story.now, manager_id=ANN, effective_on=TOMORROW))
    gone.tell(builders.role_changed(BOB, gone.now, manager_id=None, effective_on="2025-01-08"))
    for story in (gone, lasting):
        story._cascade.tick(story.now + timedelta(days=3))

    assert ("active", "suspended") == (gone.state, lasting.state)
    assert [(START + timedelta(days=3) - datetime.fromisoformat(f"{TOMORROW}T00:00:00Z")).total_seconds()] == exposures(lasting)


def test_a_programme_waits_for_a_midnight_that_takes_several_ticks() -> None:
    """Ann's fact comes with one tick, Bob's with the next at the same instant; what is between them is judged after both."""
    story = active_pair()
    # So many people have something due at that instant whose ids come between the two.
    for number in range(TIMERS_PER_TICK_MAX):
        story.tell(builders.role_changed(f"b{number:04}", story.now, department="sales", effective_on=TOMORROW))
    swap_places(story, ANN, BOB)

    assert "active" == story.state
    assert "suspended" not in story.changes


# Exposure: the gap between the HR event and the suspension


def test_exposure_to_a_fact_of_the_past_counts_from_when_hr_said_it() -> None:
    """Nobody could know before; that it came two hours late is the gap."""
    story = active_pair().after(days=2)
    said_at = story.now - timedelta(hours=2)
    story.tell(builders.role_changed(BOB, said_at, manager_id=ANN, effective_on="2024-12-01"))

    assert "suspended" == story.state
    assert [7200.0] == exposures(story)


def test_exposure_to_a_fact_that_arrives_after_its_day_began_counts_from_its_day() -> None:
    """Said in the evening for the next day, heard two hours into it."""
    story = active_pair().advance_to("2025-01-08T02:00:00+00:00")
    story.tell(builders.role_changed(BOB, "2025-01-07T20:00:00Z", manager_id=ANN, effective_on="2025-01-08"))

    assert [7200.0] == exposures(story)


def test_exposure_begins_no_earlier_than_the_pair() -> None:
    """The line was said before the two were a pair, and reached the engine after."""
    story = active_pair()
    story.after(minutes=30)
    story.tell(builders.role_changed(BOB, START - timedelta(days=5), manager_id=ANN, effective_on="2024-12-01"))

    assert [1800.0] == exposures(story)


# Any midnight, whoever has which id

PEOPLE: Final = ("p0", "p1", "p2", "p3")
BOSSES: Final = (*PEOPLE, "m1", "m2", None)
changes = st.fixed_dictionaries(
    {
        "before": st.lists(st.sampled_from(BOSSES), min_size=4, max_size=4),
        "after": st.lists(
            st.one_of(st.just("same"), st.just("leave"), st.just("departs"), st.sampled_from(BOSSES)), min_size=4, max_size=4
        ),
    }
)


def standing_after(change: dict[str, Any], names: dict[str, str]) -> dict[frozenset[str], tuple[str, datetime]]:
    """Play one midnight for people under these ids. Returns each pair's state and since when, by the people's places."""
    driver = TopologyDriver()
    place = {name: who for who, name in names.items()}
    called = {**names, "m1": "m1", "m2": "m2"}
    driver.pipe(builders.programme_created(START, policy={**POLICY, "reserve_start": 0, "reserve_floor": 0, "capacity_max": 3}))
    topics = [offer("python", 3), offer("strategy", 3)], [want("python"), want("strategy")]
    for who in PEOPLE:
        driver.pipe(builders.hired(names[who], START))
        driver.pipe(builders.enrolled(names[who], START, capacity=1, offers=topics[0], wants=topics[1]))
    for pair in (("p0", "p1"), ("p2", "p3")):
        driver.pipe(builders.pairing_locked(START, [names[who] for who in pair]))
    driver.pipe(builders.round_requested(START))
    for event in driver.read(type_="pairing.proposed"):
        for side in event["data"]["people"]:
            driver.pipe(builders.answered(side["person_id"], START, event["data"]["pairing_id"]))
    for who, boss in zip(PEOPLE, change["before"], strict=True):
        if boss is not None and boss != who:
            driver.pipe(builders.role_changed(names[who], START, manager_id=called[boss]))
    driver.advance(START + timedelta(hours=1))
    for who, what in zip(PEOPLE, change["after"], strict=True):
        if what == "leave":
            driver.pipe(builders.leave_started(names[who], START + timedelta(hours=1), effective_on=TOMORROW))
        elif what == "departs":
            driver.pipe(builders.departed(names[who], START + timedelta(hours=1), effective_on="2025-01-06"))
        elif what not in {"same", who}:
            boss = None if what is None else called[what]
            driver.pipe(builders.role_changed(names[who], START + timedelta(hours=1), manager_id=boss, effective_on=TOMORROW))
    driver.advance(START + timedelta(days=1))
    rows = [row for _, row in driver.rows(StageName.PROGRAMMES).scan(tables.PAIRINGS, "")]
    return {frozenset(place[person_id] for person_id in row.people): (str(row.state), row.since) for row in rows}


@settings(max_examples=deep(20))
@given(change=changes, order=st.sampled_from(tuple(permutations(PEOPLE))))
def test_who_has_which_id_decides_nothing_about_a_midnight(change: dict[str, Any], order: tuple[str, ...]) -> None:
    """Whatever changes for four people at one midnight, the pairs end in the same states, however the ids are given out."""
    plain = standing_after(change, {who: who for who in PEOPLE})
    permuted = standing_after(change, dict(zip(PEOPLE, order, strict=True)))

    assert plain == permuted
