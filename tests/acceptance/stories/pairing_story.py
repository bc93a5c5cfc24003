"""What the scenarios of a pair are told with: a proposal, sessions, a word about going on, the newest event."""

from typing import Any

from tests.acceptance.stories.story import PAIRINGS, Event, Story


def answered(story: Story, at: str, person: str, pairing: str, answer: str) -> Event:
    """A person's word about going on."""
    return story.by("pairing.continuation_answered", at, person, pairing_id=pairing, answer=answer)


def last(story: Story) -> Event:
    """The newest event on the pairings topic, its type as `kind`."""
    event = story.tail(PAIRINGS)[-1]
    return {"kind": event["type"].removeprefix("bothways.pairing.").removesuffix(".v1"), "time": event["time"], **event["data"]}


def proposed(story: Story, **policy: Any) -> str:
    """The couple with its open proposal; the pairing's id."""
    story.couple(**policy)
    story.tick("2025-01-06T06:00:00Z")
    return str(story.proposals()[-1]["pairing_id"])


def meet(story: Story, pairing: str, count: int, *, first: int = 1) -> None:
    """Hold sessions on Mondays from 13 January on, in both directions."""
    days = ["2025-01-13", "2025-02-10", "2025-03-10", "2025-04-07", "2025-05-05", "2025-06-02"]
    story.good(
        *(
            story.held(f"{day}T10:00:00Z", pairing, f"s{number}", "python:ann", "strategy:bob")
            for number, day in enumerate(days, 1)
            if first <= number <= count
        )
    )
