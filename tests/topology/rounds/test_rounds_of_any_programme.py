"""What holds for the rounds of any programme: scores follow from their reasons, room is kept, a rehearsal foretells."""

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from engine.programme import tables
from schemas.frozen import replace
from tests.depth import deep
from tests.topology.stories.generated_programmes import profiles, story_of, with_two_who_fit
from tests.topology.stories.programme_story import ProgrammeStory

OF_PEOPLE = (tables.PARTICIPANTS, tables.PAIRINGS, tables.BARS)


def recomputed(proposal: dict[str, Any], track: str) -> tuple[int, dict[str, float]]:
    """Compute score and benefits from the reasons of a proposal and nothing else, by the published formula."""
    points: dict[str, int] = {}
    need: dict[str, int] = {}
    required: dict[str, bool] = {}
    context = 70
    for reason in proposal["reasons"]:
        params = reason["params"]
        if reason["code"] == "learns_topic":
            person_id = params["person_id"]
            points[person_id] = points.get(person_id, 0) + params["points"]
            need[person_id], required[person_id] = params["need_points"], params["is_required"]
        elif reason["code"] == "shared_hours":
            context += 10 * min(params["shared_week_minutes"], 1200) // 1200
        elif reason["code"] == "other_department":
            context += 10
        elif reason["code"] == "bridges_bands":
            context += 5 * params["bands_apart"]
    benefits = {person_id: Fraction(min(points[person_id], need[person_id]), need[person_id]) for person_id in points}
    if track == "mutual":
        product = math.prod(benefits.values())
        score = math.isqrt(math.floor((10 * context) ** 2 * product))
    else:
        learner = next(benefits[person_id] for person_id in benefits if required[person_id])
        other = next((benefits[person_id] for person_id in benefits if not required[person_id]), Fraction(0))
        score = math.floor(10 * context * learner * (Fraction(8, 10) + Fraction(2, 10) * other))
    return score, {person_id: round(float(benefit), 4) for person_id, benefit in benefits.items()}


@pytest.mark.parametrize("track", ["mutual", "reverse", "traditional"])
@settings(max_examples=deep(25))
@given(people=profiles)
def test_score_and_benefits_follow_from_the_reasons_alone(track: str, people: list[dict[str, Any]]) -> None:
    """Transparency: whoever reads the reasons can recompute what was published."""
    story = with_two_who_fit(story_of(people, track=track)).round()

    assert story.proposals()
    for proposal in story.proposals():
        score, benefits = recomputed(proposal, track)
        assert proposal["score"] == score
        published = {side["person_id"]: side["benefit"] for side in proposal["people"] if side["learns"]}
        assert published == benefits


@settings(max_examples=deep(25))
@given(people=profiles)
def test_nobody_is_proposed_more_often_than_there_is_room(people: list[dict[str, Any]]) -> None:
    """Room is capacity less live pairs and open proposals, over any number of rounds."""
    story = with_two_who_fit(story_of(people)).round().round()

    assert story.proposed()
    for number, person in enumerate(people):
        assert sum(f"p{number}" in pair for pair in story.proposed()) <= person["capacity"]


def test_a_dry_run_publishes_proposals_and_unmatched_and_changes_nothing() -> None:
    """What would be proposed can be looked at without anybody hearing of it. The programme only remembers that it was asked."""
    story = ProgrammeStory()
    story.join_in_twos(("ann", "bob"))
    story.joins("cat", "budgeting", "wellbeing")
    before, programme = story.rows_of_people(OF_PEOPLE), story.programme

    report = story.rehearses()

    assert (True, 1) == (report["dry_run"], report["proposed"])
    assert [["ann", "bob"]] == [found["people"] for found in report["proposals"]]
    assert ["cat"] == [left["person_id"] for left in report["unmatched"]]
    assert before == story.rows_of_people(OF_PEOPLE)
    assert programme == replace(story.programme, round_asked=None)
    assert [] == story.proposals()
    assert [] == story.nudges()


@settings(max_examples=deep(15))
@given(people=profiles)
def test_a_dry_run_foretells_the_round(people: list[dict[str, Any]]) -> None:
    """A rehearsal computes the round that is held next, pair by pair and score by score."""
    story = story_of(people)

    foretold = story.rehearses()["proposals"]
    story.round()

    assert [(tuple(found["people"]), found["score"], found["reasons"]) for found in foretold] == [
        (people, proposal["score"], proposal["reasons"]) for people, proposal in zip(story.proposed(), story.proposals(), strict=True)
    ]
