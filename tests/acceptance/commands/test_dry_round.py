"""What a coordinator sees before deciding: a round that is tried and leaves nothing behind."""

import pytest

from tests.acceptance.stories.round_story import RESERVES, couple, crowd
from tests.acceptance.stories.story import INSIGHTS, Story


def test_dry_run_changes_nothing(story: Story) -> None:
    """It shows the pairs of the round that follows, and proposes nobody."""
    couple(story)
    dry = story.dry_round()
    assert (story.proposals(), dry["dry_run"], dry["proposed"], dry["total_score"]) == ([], True, 1, 1000)
    story.tick("2025-01-06T06:00:00Z")

    assert [(sorted(one["people"]), one["score"]) for one in dry["proposals"]] == [(["ann", "bob"], story.proposals()[0]["score"])]


def test_dry_run_with_another_policy(story: Story) -> None:
    """`--policy` compares: what would be with these fields."""
    couple(story)

    found = story.dry_round(policy={"experience_gap_min": 3})
    assert (found["proposed"], found["with_policy"]["proposed"]) == (1, 0)


def test_policies_stand_side_by_side(story: Story) -> None:
    """Matched people, scores, bridges and the worst pair under both policies, and who is matched under one of them only."""
    crowd(story)

    found = story.dry_round(policy={"experience_gap_min": 2})
    told = story.run("round", "p1", "--dry-run", "--policy", str(story.directory / "policy.json")).out

    for report in (found, found["with_policy"]):
        figures, scores = report["figures"], [pair["score"] for pair in report["proposals"]]
        assert figures["matched_count"] == len({person for pair in report["proposals"] for person in pair["people"]})
        assert (figures["total_score"], figures["mean_score"]) == (sum(scores), sum(scores) // len(scores))
        assert figures["worst_score"] == min(scores)
        spanning = [reason for pair in report["proposals"] for reason in pair["reasons"] if reason["code"] == "bridges_bands"]
        assert figures["bridges_count"] == len(spanning)
    assert found["with_policy"]["figures"]["bridges_count"] == found["with_policy"]["proposed"]
    matched = [{person for pair in report["proposals"] for person in pair["people"]} for report in (found, found["with_policy"])]
    assert (set(found["compared"]["lost_ids"]), set(found["compared"]["gained_ids"])) == (matched[0] - matched[1], matched[1] - matched[0])
    for name in ("current policy", "other policy", "people matched", "mean score", "worst pair", "bridges", "price of fairness"):
        assert name in told


def test_dry_run_leaves_no_trace(story: Story) -> None:
    """Not a byte of the data directory changes, whatever policy is tried."""
    crowd(story)
    before = (story.directory / "data" / "bothways.db").read_bytes()

    found = story.dry_round(policy=dict.fromkeys(RESERVES, 1000))

    assert found["proposed"] > found["with_policy"]["proposed"]
    assert before == (story.directory / "data" / "bothways.db").read_bytes()
    assert story.tail(INSIGHTS) == []


def test_left_out_are_told_what_would_widen_the_choice(story: Story) -> None:
    """Everybody without a pair has a reason and the one thing to change, on a terminal too."""
    couple(story, ann={"languages": ["it"]}, policy={"k_min": 1})

    found = story.dry_round()
    told = story.run("round", "p1", "--dry-run").out

    assert [one["reasons"][0]["params"]["widen"] for one in found["unmatched"]] == ["languages", "languages"]
    assert "what would widen the choice" in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"reserv_start": 1}', "the nearest is `reserve_start`"),
        ('{"wait_bonus": -1}', "wait_bonus"),
        ('{"track": "sideways"}', "track"),
        ("[]", "a JSON object"),
        ("{", "no JSON"),
    ],
)
def test_unusable_policy_file_is_refused_in_one_line(story: Story, content: str, said: str) -> None:
    """A policy file that can't be used ends the command with 1 and names what is wrong with it."""
    couple(story)
    path = story.directory / "policy.json"
    path.write_text(content, "utf-8")

    answer = story.run("round", "p1", "--dry-run", "--policy", str(path))

    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 1)
    assert said in answer.err
    assert str(path) in answer.err
