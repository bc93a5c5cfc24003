"""What a pair's nudges are read by: who was asked, when, with which body."""

from datetime import datetime, timedelta
from typing import Any

from tests.topology.stories.pair_story import PairStory

SETTLE = timedelta(seconds=60)
"""A behavioural nudge waits that long before it is chosen."""


def sent(story: PairStory, key: str) -> list[tuple[str, datetime]]:
    """Who was to hear a nudge, and when it was requested."""
    events = [event for event in story.read(type_="nudge.requested") if event["data"]["key"] == key]
    return [(event["data"]["person_id"], datetime.fromisoformat(event["time"])) for event in events]


def about(story: PairStory, key: str) -> dict[str, Any]:
    """The body of the last request of a key."""
    return story.requests(key)[-1]


def choices(request: dict[str, Any]) -> list[str]:
    """The names of the answers that a request offers."""
    return [answer["choice"] for answer in request["params"]["answers"]]
