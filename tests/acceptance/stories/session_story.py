"""What the scenarios of sessions are told with: sessions held, sessions booked."""

from typing import Any, Final

from tests.acceptance.stories.story import Event, Story

MONDAYS: Final = ("2025-01-13", "2025-01-27", "2025-02-10", "2025-02-24", "2025-03-10", "2025-03-24")


def meet(story: Story, pairing: str, *sessions: str) -> None:
    """Hold sessions every second Monday; each names its exchanges, with blanks between."""
    for number, (day, exchanges) in enumerate(zip(MONDAYS, sessions, strict=False), 1):
        story.good(story.held(f"{day}T10:00:00Z", pairing, f"s{number}", *exchanges.split()))


def booked(story: Story, at: str, pairing: str, starts_at: str, session_id: str = "b1", **data: Any) -> Event:
    """A session is booked."""
    return story.event(
        "session.scheduled", at, {"session_id": session_id, "pairing_id": pairing, "starts_at": starts_at, "duration_minutes": 60, **data}
    )
