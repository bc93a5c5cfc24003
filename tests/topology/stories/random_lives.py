"""What random lives are made of: a policy in a hurry, steps with names, and the failures that no life may have."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from engine.core.dead_letters import DeadLetter
from schemas.terms.codes import ErrorCode
from tests.topology.stories.pair_story import PairStory

StoryT = TypeVar("StoryT", bound=PairStory)
SHORT: Final[dict[str, Any]] = {
    "sessions_planned": 3,
    "term_days": 40,
    "stall_days": 9,
    "grace_days": 4,
    "concluding_days": 5,
    "conflict_days": 6,
    "resume_days": 5,
    "soft_landing_days": 3,
    "past_partner_allowed": True,
}
"""A policy under which everything happens within weeks."""


@dataclass(frozen=True)
class Step(Generic[StoryT]):
    """One thing that can happen; its name tells a failing life."""

    name: str
    do: Callable[[StoryT], object] = field(repr=False)


def failures(story: PairStory) -> list[DeadLetter]:
    """Return what a rule tripped over: records that failed, and timers."""
    return [
        letter for letter in story.dead_letters() if letter.code is ErrorCode.PROCESSING_FAILED or letter.topic == "dlq.bothways.timers"
    ]
