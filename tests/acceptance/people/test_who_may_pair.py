"""Who may pair: which rule or choice stands in the way, and that nobody is shown an exclusion."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.acceptance.stories.round_story import couple, mornings
from tests.acceptance.stories.story import AUDIT, INSIGHTS, NUDGES, PAIRINGS, T0, Event, Story

REVERSE: Final = {"track": "reverse", "training_required": False}
BARRED: Final[dict[str, tuple[dict[str, Any], dict[str, list[str]]]]] = {
    "nothing": ({}, {}),
    "manager": ({"hr": {"ann": {"manager_id": "bob"}}}, {"ann": ["reporting_line"], "bob": ["reporting_line"]}),
    "dotted line": ({"hr": {"bob": {"dotted_line_ids": ["ann"]}}}, {"ann": ["reporting_line"], "bob": ["reporting_line"]}),
    "same manager": ({"hr": {"ann": {"manager_id": "z"}, "bob": {"manager_id": "z"}}}, {"ann": ["same_manager"], "bob": ["same_manager"]}),
    "same manager allowed": (
        {"hr": {"ann": {"manager_id": "z"}, "bob": {"manager_id": "z"}}, "policy": {"same_manager_allowed": True}},
        {},
    ),
    "language": ({"ann": {"languages": ["it"]}}, {"ann": ["language"], "bob": ["language"]}),
    "another English": ({"ann": {"languages": ["en-GB"]}, "bob": {"languages": ["en-US"]}}, {}),
    "one hour a day in common": ({"ann": {"hours": mornings(1)}}, {}),
    "one hour a week in common": ({"ann": {"hours": mornings(1)[:1]}}, {}),
    "no stretch of a session": ({"ann": {"hours": mornings(1)}, "policy": {"session_minutes": 61}}, {"ann": ["hours"], "bob": ["hours"]}),
    "hours a week by policy": ({"ann": {"hours": mornings(1)}, "policy": {"shared_hours_min": 6}}, {"ann": ["hours"], "bob": ["hours"]}),
    "far zones": ({"hr": {"ann": {"timezone": "Pacific/Auckland"}}}, {"ann": ["hours"], "bob": ["hours"]}),
    "unknown band in traditional": (
        {"ann": {"experience_band": None}, "policy": {"track": "traditional"}},
        {"ann": ["band_gap"], "bob": ["band_gap"]},
    ),
    "unknown band in mutual": ({"ann": {"experience_band": None}}, {}),
    "same band in reverse": ({"ann": {"experience_band": 2}, "policy": REVERSE}, {"ann": ["band_gap"], "bob": ["band_gap"]}),
    "same band in mutual": ({"ann": {"experience_band": 2}}, {}),
    "gap by policy": ({"bob": {"experience_band": 1}, "policy": {"experience_gap_min": 2}}, {"ann": ["band_gap"], "bob": ["band_gap"]}),
    "untrained in reverse": ({"policy": {"track": "reverse"}}, {"ann": ["training"], "bob": ["training"]}),
    "untrained by policy": ({"policy": {"training_required": True}}, {"ann": ["training"], "bob": ["training"]}),
    "one way in mutual": ({"ann": {"wants": "budgeting:1:0"}}, {"ann": ["one_way"], "bob": ["one_way"]}),
    "junior learns nothing in reverse": ({"ann": {"wants": "budgeting:1:0"}, "policy": REVERSE}, {}),
    "senior learns nothing in reverse": ({"bob": {"wants": "budgeting:1:0"}, "policy": REVERSE}, {"ann": ["one_way"], "bob": ["one_way"]}),
    "senior learns nothing in traditional": ({"bob": {"wants": "budgeting:1:0"}, "policy": {"track": "traditional"}}, {}),
    "junior learns nothing in traditional": (
        {"ann": {"wants": "budgeting:1:0"}, "policy": {"track": "traditional"}},
        {"ann": ["one_way"], "bob": ["one_way"]},
    ),
    "offer no higher than own level": (
        {"ann": {"gives": "python:1"}, "bob": {"wants": "python:3:1"}},
        {"ann": ["one_way"], "bob": ["one_way"]},
    ),
    "same department by policy": (
        {"hr": {"bob": {"department": "lab"}}, "policy": {"cross_department_only": True}},
        {"ann": ["cross_department"], "bob": ["cross_department"]},
    ),
    "not here yet": ({"hr": {"ann": {"effective_on": "2025-03-01"}}}, {"ann": ["not_active"], "bob": ["few_people"]}),
    "stage stands for band": (
        {
            "hr": {"ann": {"job_level": 2}, "bob": {"job_level": 11}},
            "ann": {"experience_band": None},
            "bob": {"experience_band": None},
            "policy": {"track": "traditional", "stage_stands_for_band": True},
        },
        {},
    ),
}


@pytest.mark.parametrize("name", BARRED)
def test_rule_stands_in_the_way(story: Story, name: str) -> None:
    """A dry run says which rule leaves somebody without any option; without one, the two are proposed. Told of groups of one here."""
    changes, expected = BARRED[name]
    couple(story, **{**changes, "policy": {"k_min": 1, **changes.get("policy", {})}})

    assert story.unmatched() == expected
    assert story.dry_round()["proposed"] == (0 if expected else 1)


AFTERWARDS: Final[dict[str, tuple[Callable[[Story], list[Event]], dict[str, list[str]]]]] = {
    "paused": (lambda s: [s.by("participation.paused", T0, "ann", programme_id="p1")], {"ann": ["paused"], "bob": ["few_people"]}),
    "paused and resumed": (
        lambda s: [s.by("participation.paused", T0, "ann", programme_id="p1"), s.by("participation.resumed", T0, "ann", programme_id="p1")],
        {},
    ),
    "forbidden": (
        lambda s: [s.event("pairing.forbidden", T0, {"programme_id": "p1", "person_ids": ["bob", "ann"], "reason": "r"}, actor="c")],
        {"ann": ["few_people"], "bob": ["few_people"]},
    ),
    "withdrawn": (lambda s: [s.by("participation.withdrawn", T0, "ann", programme_id="p1")], {"bob": ["few_people"]}),
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_choice_stands_in_the_way(story: Story, name: str) -> None:
    """What people and coordinators say counts at once."""
    events, expected = AFTERWARDS[name]
    couple(story, policy={"k_min": 1})
    story.good(*events(story))

    assert story.unmatched() == expected


def test_pause_ends_by_itself(story: Story) -> None:
    """A pause with a last day is over when that day is."""
    couple(story)
    story.good(story.by("participation.paused", T0, "ann", programme_id="p1", until_on="2025-01-08"))
    story.tick("2025-01-07T12:00:00Z")
    assert story.proposals() == []
    story.tick("2025-01-10T12:00:00Z")

    assert len(story.proposals()) == 1


def test_training_of_both_opens_reverse(story: Story) -> None:
    """`training_completed` is reported by a system, and counts for both sides."""
    couple(story, policy={"track": "reverse"})
    for person in ("ann", "bob"):
        story.good(story.event("participation.training_completed", T0, {"person_id": person, "programme_id": "p1"}, actor="lms"))

    assert story.unmatched() == {}


def test_exclusion_is_never_shown(story: Story) -> None:
    """Two who can't pair because one excluded the other learn of no exclusion, in any output."""
    couple(story, ann={"exclude": ["bob"]})

    answer = story.run("round", "p1", "--dry-run", "--json")
    story.tick("2025-02-20T00:00:00Z")

    assert answer.json["proposed"] == 0
    assert "exclu" not in answer.out
    assert {one["person_id"] for one in answer.json["unmatched"]} == {"ann", "bob"}
    assert story.of_type(INSIGHTS, "round.completed")[-1]["waiting"] is None
    assert {one["key"] for one in story.nudges()} == {"waiting_update"}
    assert "exclu" not in "".join(story.run("tail", topic).out for topic in (PAIRINGS, INSIGHTS, NUDGES, AUDIT))
