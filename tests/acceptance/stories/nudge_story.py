"""What the scenarios of nudges are told with: one person, invitations, and whom a nudge asked when."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.acceptance.stories.story import T0, Event, Story


def asked(story: Story, key: str | None = None, person: str | None = None) -> list[tuple[str, str]]:
    """(person, not_before) of the nudges of a key."""
    return [(one["person_id"], one["not_before"]) for one in story.nudges(key, person)]


def instant(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text)


def are_spread(found: Iterable[str], openings: Iterable[str]) -> bool:
    """Say whether each instant lies in the first hour after the opening in its place: what wakes together is spread."""
    pairs = list(zip(found, openings, strict=True))
    return all(instant(opening) <= instant(at) < instant(opening) + timedelta(hours=1) for at, opening in pairs)


def invited(story: Story, at: str, person: str, programme: str = "p1") -> Event:
    """A nomination, which makes one behavioural nudge."""
    return story.event("participation.nominated", at, {"person_id": person, "programme_id": programme}, actor="boss")


def lone(story: Story, *, hr: dict[str, Any] | None = None, programmes: int = 1, **policy: Any) -> None:
    """Programmes p1, p2 ... and ann, who is in none."""
    story.good(
        *(story.programme(T0, programme_id=f"p{number}", **policy) for number in range(1, programmes + 1)),
        story.hired(T0, "ann", **(hr or {})),
    )
