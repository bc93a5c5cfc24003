"""Given commands, when they arrive in any order, or again long after, then the programme stands as if they had come as they were said."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.programme import tables
from engine.programme.people.tables import PEOPLE
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent
from tests.topology.stories.pair_story import ANN, BOB, POLICY, START, active_pair, proposed_pair
from tests.topology.stories.programme_story import ProgrammeStory, two_ready

MINUTES = [START + timedelta(minutes=number) for number in range(6)]
LONG_AFTER = {"days": 200}
FORBID, ALLOW = builders.pairing_forbidden, builders.pairing_allowed


def rows(story: ProgrammeStory) -> dict[str, Any]:
    """Everything that facts set: programme, participants, people."""
    programmes, people = story.rows(StageName.PROGRAMMES), story.rows(StageName.PEOPLE)
    found = {table: dict(programmes.scan(table, "")) for table in (tables.PROGRAMMES, tables.PARTICIPANTS)}
    return {**found, PEOPLE: dict(people.scan(PEOPLE, ""))}


STORIES: dict[str, list[StructuredEvent]] = {
    "status": [builders.programme_paused(MINUTES[1]), builders.programme_resumed(MINUTES[2]), builders.programme_paused(MINUTES[3])],
    "the end": [builders.programme_paused(MINUTES[1]), builders.programme_closed(MINUTES[2]), builders.programme_resumed(MINUTES[3])],
    "two ends": [builders.programme_closed(MINUTES[1]), builders.programme_closed(MINUTES[2])],
    "policies": [
        builders.policy_changed(MINUTES[1], policy={**POLICY, "k_min": 6}),
        builders.policy_changed(MINUTES[2], policy={**POLICY, "k_min": 7, "stall_days": 50}),
        builders.policy_changed(MINUTES[3], policy={"k_min": 8}, mode="merge"),
        builders.policy_changed(MINUTES[4], policy={"stall_days": None, "grace_days": 3}, mode="merge"),
    ],
    "a policy and the end": [builders.policy_changed(MINUTES[1], policy={**POLICY, "k_min": 6}), builders.programme_closed(MINUTES[2])],
    "locks": [
        builders.pairing_locked(MINUTES[1], [ANN, BOB]),
        builders.pairing_locked(MINUTES[2], [BOB, ANN]),
        builders.pairing_locked(MINUTES[3], ["cat", ANN]),
    ],
    "forbidden": [ALLOW(MINUTES[1], [ANN, BOB]), FORBID(MINUTES[2], [BOB, ANN]), FORBID(MINUTES[3], ["cat", ANN])],
    "allowed": [FORBID(MINUTES[1], [ANN, BOB]), ALLOW(MINUTES[2], [ANN, BOB]), FORBID(MINUTES[3], ["cat", ANN])],
}


@pytest.mark.parametrize("name", STORIES)
def test_any_order_of_arrival_ends_in_the_same_rows(name: str) -> None:
    """An older word changes nothing."""
    found = []
    for order in permutations(STORIES[name]):
        story = two_ready()
        story.joins("cat", "strategy", "python")
        for event in order:
            story.pipe(event)
        found.append(rows(story))

    assert all(found[0] == other for other in found)


COMMANDS: dict[str, Callable[[ProgrammeStory], StructuredEvent]] = {
    "created": lambda story: builders.programme_created(START, policy=story.policy),
    "created again": lambda _: builders.programme_created(MINUTES[3]),
    "policy": lambda _: builders.policy_changed(MINUTES[1], policy=POLICY),
    "merge": lambda _: builders.policy_changed(MINUTES[1], policy={"k_min": 8}, mode="merge"),
    "paused": lambda _: builders.programme_paused(MINUTES[1]),
    "resumed": lambda _: builders.programme_resumed(MINUTES[1]),
    "closed": lambda _: builders.programme_closed(MINUTES[1]),
    "round": lambda _: builders.round_requested(MINUTES[1]),
    "rehearsal": lambda _: builders.round_requested(MINUTES[1], dry_run=True),
    "lock": lambda _: builders.pairing_locked(MINUTES[1], [ANN, BOB]),
    "lock of a stranger": lambda _: builders.pairing_locked(MINUTES[1], [ANN, "stranger"]),
    "forbid": lambda _: FORBID(MINUTES[1], [ANN, BOB]),
    "allow": lambda _: ALLOW(MINUTES[1], [ANN, BOB]),
    "release": lambda _: builders.nudges_released(MINUTES[1]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_read_again_when_its_mark_is_gone_changes_nothing(name: str) -> None:
    """Neither a row nor a word in the audit."""
    story = two_ready()
    event = COMMANDS[name](story)
    if name == "created":
        event["id"] = f"0001/{event['id']}"
    first = story.pipe(event)
    story.after(**LONG_AFTER)
    before, outputs = rows(story), len(story.store.outputs)

    again = story.pipe(event)

    assert first in {Outcome.APPLIED, Outcome.REFUSED, Outcome.DUPLICATE}
    assert Outcome.DUPLICATE is again
    assert (before, outputs) == (rows(story), len(story.store.outputs))


@pytest.mark.parametrize("name", ["paused", "policy", "merge", "lock", "forbid"])
def test_what_was_undone_since_is_not_done_again(name: str) -> None:
    """The gravest of faults: an old file read again undid what people had decided meanwhile."""
    undone = {
        "paused": builders.programme_resumed(MINUTES[2]),
        "policy": builders.policy_changed(MINUTES[2], policy={**POLICY, "k_min": 9}),
        "merge": builders.policy_changed(MINUTES[2], policy={"k_min": 9}, mode="merge"),
        "lock": builders.round_requested(MINUTES[2]),
        "forbid": ALLOW(MINUTES[2], [ANN, BOB]),
    }
    story = two_ready()
    events = [COMMANDS[name](story), undone[name]]
    story.pipe(*events)
    story.after(**LONG_AFTER)
    before = rows(story)

    story.pipe(*events, *events)

    assert before == rows(story)


@pytest.mark.parametrize("asked", [builders.round_requested, builders.nudges_released, builders.departures_released])
def test_what_is_asked_for_no_later_than_the_last_is_a_duplicate(asked: Callable[..., StructuredEvent]) -> None:
    """The later one has done it already; nothing is published."""
    story = two_ready()
    story.pipe(asked(MINUTES[2]))
    outputs = len(story.store.outputs)

    assert Outcome.DUPLICATE is story.pipe(asked(MINUTES[1]))
    assert outputs == len(story.store.outputs)
    assert Outcome.APPLIED is story.pipe(asked(MINUTES[3]))


def test_an_older_retraction_is_a_duplicate_of_the_last() -> None:
    """And a later one is refused: there is no proposal any more."""
    story = proposed_pair()
    outcomes = [story.pipe(builders.proposal_retracted(at, story.pairing_id)) for at in (MINUTES[2], MINUTES[1], MINUTES[3])]

    assert [Outcome.APPLIED, Outcome.DUPLICATE, Outcome.REFUSED] == outcomes


def test_an_overtaken_command_is_answered() -> None:
    """It was heard; nothing follows from it."""
    story = ProgrammeStory()
    story.pipe(builders.programme_resumed(MINUTES[2]), builders.programme_paused(MINUTES[1]))

    assert ["programme.created", "programme.resumed", "programme.paused"] == story.recorded()
    assert "running" == story.programme.status


@pytest.mark.parametrize("event", [command(two_ready()) for name, command in COMMANDS.items() if "created" not in name], ids=str)
def test_a_command_of_nobody_is_refused(event: StructuredEvent) -> None:
    """Whoever commands is known."""
    story = two_ready()

    assert Outcome.DEAD_LETTERED is story.pipe({name: value for name, value in event.items() if name != "actor"})
    assert ["schema_invalid"] == story.codes()


# Taking a forbid back


def test_allowing_takes_back_a_forbid_of_the_same_programme() -> None:
    """The two can be proposed again."""
    story = two_ready()
    story.tell(FORBID(story.now, [ANN, BOB]))
    story.round()
    barred = story.proposed()
    story.tell(ALLOW(story.now, [BOB, ANN]))
    story.round()

    assert ([], [(ANN, BOB)]) == (barred, story.proposed())


def test_allowing_in_one_programme_leaves_the_forbid_of_another() -> None:
    """Each says what it says for itself."""
    story = two_ready()
    story.tell(builders.programme_created(story.now, "other", policy=POLICY))
    story.tell(FORBID(story.now, [ANN, BOB], "other"))
    story.tell(ALLOW(story.now, [ANN, BOB]))
    story.round()

    assert [] == story.proposed()


@pytest.mark.parametrize("said", [FORBID, ALLOW])
def test_the_record_of_who_may_be_paired_has_the_start_of_its_day(said: Callable[..., StructuredEvent]) -> None:
    """So no second joins it to what follows from it."""
    story = two_ready()
    story.tell(said(story.now, [ANN, BOB]))

    assert "2025-01-06T00:00:00Z" == story.read(type_="command.recorded")[-1]["time"]


# Rehearsals


def test_the_pairs_of_a_rehearsal_go_to_whoever_asked() -> None:
    """The topic that everybody reads has figures; names are on a topic of their own."""
    story = two_ready()
    story.tell(builders.round_requested(story.now, dry_run=True))
    public, answer = (story.read(topic, "round.completed")[-1]["data"] for topic in ("mentorship.insights.v1", "bothways.answers.v1"))

    assert not {"proposals", "unmatched"} & public.keys()
    assert [[ANN, BOB]] == [proposal["people"] for proposal in answer["proposals"]]
    assert not any(
        person_id in str(output.data)
        for output in story.store.outputs
        if output.topic == "mentorship.insights.v1"
        for person_id in (ANN, BOB)
    )
    assert PROGRAMME == public["programme_id"]


def test_a_live_pair_keeps_going_when_it_is_forbidden_and_allowed() -> None:
    """It is theirs to end."""
    story = active_pair()
    story.tell(FORBID(story.now, [ANN, BOB]))
    story.tell(ALLOW(story.now, [ANN, BOB]))

    assert "active" == story.state
