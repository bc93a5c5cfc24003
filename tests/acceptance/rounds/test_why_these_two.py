"""Why these two: the reasons explain the score, and name nobody else."""

import json
import re

from tests.acceptance.stories.round_story import couple, crowd
from tests.acceptance.stories.story import Story


def test_reasons_explain_the_score(story: Story) -> None:
    """`explain --check` computes the score again from the reasons; `--json` gives them."""
    couple(story)
    story.tick("2025-01-06T06:00:00Z")
    pairing = story.proposals()[0]["pairing_id"]

    checked, told = story.run("explain", pairing, "--check"), story.run("explain", pairing, "--json")

    assert (checked.code, told.code) == (0, 0)
    assert (told.json["score"], told.json["people"], told.json["policy_version"]) == (1000, ["ann", "bob"], 1)
    assert story.run("explain", "p1.0000000000000000").code == 1


def test_explanation_names_the_two_alone(story: Story) -> None:
    """What each learns, both levels, the share, shared hours, options; never a third person; and the event alone proves it."""
    crowd(story)
    story.tick("2025-01-06T06:00:00Z")

    assert len(story.proposals()) > 3
    for proposal in story.proposals():
        answer = story.run("explain", proposal["pairing_id"], "--check", "--json").json
        first, second = answer["people"]
        told = " ".join(answer["sentences"])
        assert set(re.findall(r"p\d\d", json.dumps(answer["reasons"]) + told)) == {first, second}
        for side in proposal["people"]:
            for lesson in side["learns"]:
                assert f"level {lesson['level']} of 3; own level {lesson['own_level']}" in told
                assert f"{round(100 * lesson['share'])} % of what {side['person_id']} needs" in told
        for said in ("working hours a week", "of 1000 points", f"{first} had ", f"{second} had ", "in that round"):
            assert said in told
        benefits = {side["person_id"]: side["benefit"] for side in proposal["people"]}
        assert answer["check"] == {
            "identical": True,
            "recomputed": {"score": proposal["score"], "benefit": benefits},
            "published": {"score": proposal["score"], "benefit": benefits},
        }
