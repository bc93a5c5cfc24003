"""The published score and benefits against the published formula."""

import random
from typing import Final

import pytest

from tests.acceptance.stories.arithmetic import Member, benefit, mutual_score, one_way_score, topic_weights
from tests.acceptance.stories.round_story import mornings
from tests.acceptance.stories.story import T0, Story

FAMILIES: Final = ("digital", "data", "leadership", "career", "culture", "craft", "inclusion")


def pool(seed: int) -> list[Member]:
    """Ten people with seven topics, of all bands, departments and hours."""
    chance = random.Random(seed)  # noqa: S311 - a pool, no secret
    topics = [f"t{number}" for number in range(len(FAMILIES))]
    return [
        Member(
            person_id=f"m{number:02}",
            gives={topic: chance.randint(1, 3) for topic in chance.sample(topics, chance.randint(1, 4))},
            wants={topic: (chance.randint(1, 3), chance.randint(0, 2)) for topic in chance.sample(topics, chance.randint(1, 4))},
            band=chance.choice([0, 1, 2, 3, None]),
            department=chance.choice(["a", "b", None]),
            week_minutes=300 * chance.choice([2, 3, 4, 8]),
        )
        for number in range(10)
    ]


@pytest.mark.parametrize("track", ["mutual", "reverse", "traditional"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_published_scores_are_the_formula_s(story: Story, seed: int, track: str) -> None:
    """Score and benefits of every proposal equal those worked out from the published formula, topic weights included."""
    members = {one.person_id: one for one in pool(seed)}
    families = {f"t{number}": family for number, family in enumerate(FAMILIES)}
    topics = [{"id": topic, "family": family, "name": topic} for topic, family in families.items()]
    story.good(
        story.programme(T0, track=track, training_required=False, first_pair_first=False, topics=topics),
        *(
            story.hired(T0, one.person_id, department=one.department) if one.department else story.hired(T0, one.person_id)
            for one in members.values()
        ),
        *(
            story.enrolled(
                T0,
                one.person_id,
                gives=",".join(f"{topic}:{level}" for topic, level in one.gives.items()),
                wants=",".join(f"{topic}:{importance}:{own}" for topic, (importance, own) in one.wants.items()),
                experience_band=one.band,
                capacity=5,
                hours=mornings(one.week_minutes // 300),
            )
            for one in members.values()
        ),
    )
    story.tick("2025-01-06T06:00:00Z")

    weights = topic_weights(list(members.values()), families)
    proposals = story.proposals()
    assert proposals
    for proposal in proposals:
        one, other = (members[side["person_id"]] for side in proposal["people"])
        gains = [round(float(benefit(one, other, weights)), 4), round(float(benefit(other, one, weights)), 4)]
        senior, junior = (one, other) if (one.band or 0) > (other.band or 0) else (other, one)
        score = {
            "mutual": mutual_score(one, other, weights),
            "reverse": one_way_score(senior, junior, weights),
            "traditional": one_way_score(junior, senior, weights),
        }[track]
        assert ([side["benefit"] for side in proposal["people"]], proposal["score"]) == (gains, score), proposal
