"""The days of the roster's stories."""

from datetime import UTC, datetime

JAN_6 = "2025-01-06T09:00:00Z"
JAN_7 = "2025-01-07T09:00:00Z"
JAN_8 = "2025-01-08T09:00:00Z"


def at(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text).astimezone(UTC)
