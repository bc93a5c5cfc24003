"""When `demo --open` opens a browser."""

import pytest

from engine.cli.running.demo import has_display


@pytest.mark.parametrize(
    ("environment", "platform", "is_seen"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
    ],
)
def test_a_browser_opens_only_where_somebody_would_see_it(environment: dict[str, str], platform: str, is_seen: bool) -> None:
    """On a server a browser in the terminal would take the terminal over; there the path alone is printed."""
    assert is_seen is has_display(environment, platform)
