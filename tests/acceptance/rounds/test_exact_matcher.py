"""The exact matcher, with OR-tools and without."""

import subprocess
import sys
from typing import Final

import pytest

from engine.matching import compiled
from tests.acceptance.stories.round_story import crowd
from tests.acceptance.stories.story import INSIGHTS, OPEN_POLICY, T0, Story


@pytest.mark.skipif(not compiled.has_ortools(), reason="needs the extra `exact` (OR-tools)")
def test_exact_matcher_from_end_to_end(story: Story) -> None:
    """`matcher: exact` holds the daily round and proves the optimum."""
    crowd(story, matcher="exact")
    dry = story.dry_round()
    story.tick("2025-01-06T06:00:00Z")

    (held,) = story.of_type(INSIGHTS, "round.completed")
    assert (held["optimal_ratio"], held["proposed"], held["total_score"]) == (1.0, dry["proposed"], dry["total_score"])
    assert story.run("verify", "--json").json["identical"]


WITHOUT_ORTOOLS: Final = "import sys; sys.modules['ortools'] = None; from engine.cli.app import run; sys.exit(run(sys.argv[1:]))"


def test_exact_matcher_that_is_not_installed_is_refused(story: Story) -> None:
    """Without OR-tools nothing falls back: one line says what to install; the round waits until it is there, or the policy is changed."""
    crowd(story, matcher="exact")
    data = str(story.directory / "data")
    for command in (["round", "p1"], ["round", "p1", "--dry-run"], ["tick", "--to", "2025-01-06T06:00:00Z"]):
        ended = subprocess.run(
            [sys.executable, "-c", WITHOUT_ORTOOLS, *command, "--data", data], capture_output=True, text=True, check=False
        )

        assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1), ended.stderr
        assert "OR-tools" in ended.stderr
        assert "bothways[exact]" in ended.stderr
    assert story.proposals() == []

    change = {"programme_id": "p1", "policy": {**OPEN_POLICY, "matcher": "auction"}}
    story.good(story.event("programme.policy_changed", T0, change, actor="coordinator"))
    story.tick("2025-01-06T06:00:00Z")

    assert len(story.proposals()) > 0
