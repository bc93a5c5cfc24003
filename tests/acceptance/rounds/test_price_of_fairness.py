"""What fairness and never breaking a pair cost, in the report of the day."""

from typing import Any

from tests.acceptance.stories.round_story import couple, crowd
from tests.acceptance.stories.story import INSIGHTS, T0, Story


def reported(story: Story) -> dict[str, Any]:
    """The metrics of the newest report."""
    return dict(story.of_type(INSIGHTS, "programme.reported")[-1]["metrics"])


def test_price_of_fairness_is_reported(story: Story) -> None:
    """What serving those who wait and those without a pair first costs, as a share of the total score, in the report of the day."""
    crowd(story, k_min=1)
    told = story.dry_round()["figures"]
    story.tick("2025-01-07T00:00:00Z")

    assert reported(story)["fairness_price_ratio"] == told["fairness_price_ratio"]
    assert 0 <= told["fairness_price_ratio"] < 0.5
    assert reported(story)["drift_ratio"] == told["drift_ratio"] == 1.0


def test_without_fairness_rules_it_has_no_price(story: Story) -> None:
    """A policy that looks at scores alone pays nothing."""
    crowd(story)

    found = story.dry_round(policy={"wait_bonus": 0, "first_pair_first": False})

    assert found["with_policy"]["figures"]["fairness_price_ratio"] == 0


def test_drift_shows_what_kept_pairs_cost(story: Story) -> None:
    """Ann and bob keep each other although zoe would be better for bob: the score kept is a share of what pairing anew would come to."""
    story.good(story.programme(T0, k_min=1), *(story.hired(T0, person, department=person) for person in ("ann", "bob", "yan", "zoe")))
    story.good(
        story.enrolled(T0, "ann", gives="python:1", wants="strategy:3:0", experience_band=0),
        story.enrolled(T0, "bob", gives="strategy:3", wants="python:3:0", experience_band=2),
    )
    story.tick("2025-01-06T06:00:00Z")
    pairing = story.proposals()[0]["pairing_id"]
    story.good(*(story.accepted("2025-01-06T09:00:00Z", person, pairing) for person in ("ann", "bob")))
    story.good(story.enrolled("2025-01-06T10:00:00Z", "zoe", gives="python:3", wants="strategy:3:0", experience_band=0))
    assert story.dry_round()["figures"]["drift_ratio"] == 0.816

    story.good(story.enrolled("2025-02-05T10:00:00Z", "yan", gives="strategy:1", wants="python:3:0", experience_band=2))
    story.tick("2025-02-07T00:00:00Z")

    assert [one["people"][0]["person_id"] for one in story.proposals()] == ["ann", "yan"]
    assert story.state(pairing) == "active"
    assert reported(story)["drift_ratio"] == round((816 + 816) / (1000 + 666), 4)


def test_round_that_is_too_small_is_not_measured(story: Story) -> None:
    """With fewer pairs than `k_min` the report has no such figure, for it would tell of a few people."""
    couple(story, policy={"k_min": 2})
    story.tick("2025-01-07T00:00:00Z")

    assert (reported(story)["fairness_price_ratio"], reported(story)["drift_ratio"]) == (None, None)
