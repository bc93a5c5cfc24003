"""What the scenarios of rounds begin with: two people who suit each other with changes, a lock, a crowd."""

from collections.abc import Mapping
from typing import Any, Final

from tests.acceptance.stories.story import T0, Event, Story


def couple(
    story: Story,
    *,
    ann: Mapping[str, Any] | None = None,
    bob: Mapping[str, Any] | None = None,
    hr: Mapping[str, Mapping[str, Any]] | None = None,
    policy: Mapping[str, Any] | None = None,
) -> None:
    """Ann gives python for strategy, bob the other way round; with changes."""
    of = hr or {}
    story.good(
        story.programme(T0, **(policy or {})),
        story.hired(T0, "ann", **{"department": "lab", **of.get("ann", {})}),
        story.hired(T0, "bob", **{"department": "board", **of.get("bob", {})}),
        story.enrolled(T0, "ann", **{"gives": "python:3", "wants": "strategy:3:0", "experience_band": 0, **(ann or {})}),
        story.enrolled(T0, "bob", **{"gives": "strategy:3", "wants": "python:3:0", "experience_band": 2, **(bob or {})}),
    )


RESERVES: Final = ("reserve_start", "reserve_floor", "reserve_first_round")
"""What holds back a poor pair, in the first round as well."""


def mornings(hours: int = 0, *, minutes: int = 0) -> list[dict[str, Any]]:
    """Monday to Friday from nine, so long."""
    return [{"weekday": day, "from": "09:00", "to": f"{9 + hours:02}:{minutes:02}"} for day in range(1, 6)]


def locked(story: Story, at: str = T0) -> Event:
    """The coordinator's lock of the couple."""
    return story.event("pairing.locked", at, {"programme_id": "p1", "person_ids": ["ann", "bob"], "reason": "r"}, actor="coordinator")


def crowd(story: Story, size: int = 12, **policy: Any) -> None:
    """People of whom every other one teaches what the rest want, with bands and levels that make some pairs better than others."""
    story.good(story.programme(T0, **policy))
    for number in range(size):
        person = f"p{number:02}"
        gives, wants = ("python", "strategy") if number % 2 else ("strategy", "python")
        story.good(
            story.hired(T0, person, department=f"d{number % 3}"),
            story.enrolled(
                T0, person, gives=f"{gives}:{1 + number % 3}", wants=f"{wants}:3:0", experience_band=number % 4, capacity=1 + number // 9
            ),
        )
