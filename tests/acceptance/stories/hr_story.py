"""What the scenarios of HR facts are told with: a fact, and when pairs ended or moved."""

from typing import Any

from tests.acceptance.stories.story import PAIRINGS, Story


def hr(story: Story, kind: str, at: str, person_id: str, **data: Any) -> dict[str, Any]:
    """An HR event."""
    return story.event(f"hr.{kind}", at, {"person_id": person_id, **data})


def ends(story: Story) -> list[tuple[str, str]]:
    """(time, code) of the pairings that ended."""
    return [(one["time"], one["data"]["code"]) for one in story.tail(PAIRINGS) if one["type"] == "bothways.pairing.ended.v1"]


def times(story: Story, kind: str) -> list[str]:
    """When events of a type were published on the pairings topic."""
    return [one["time"] for one in story.tail(PAIRINGS) if one["type"] == f"bothways.pairing.{kind}.v1"]
