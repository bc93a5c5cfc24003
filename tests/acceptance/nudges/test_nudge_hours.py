"""The hours of nudges: nobody is written to at night, on a weekend or on a holiday."""

from datetime import timedelta

import pytest

from tests.acceptance.stories.nudge_story import are_spread, asked, instant, invited, lone
from tests.acceptance.stories.story import NUDGES, Story


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("UTC", "2025-01-07T12:00:00Z", "2025-01-07T12:01:00Z"),
        ("UTC", "2025-01-07T12:00:30Z", "2025-01-07T12:01:30Z"),
        ("UTC", "2025-01-07T19:58:59Z", "2025-01-07T19:59:59Z"),
        ("UTC", "2025-01-07T19:59:00Z", "2025-01-08T08:00:00Z"),
        ("UTC", "2025-01-07T07:59:00Z", "2025-01-07T08:00:00Z"),
        ("UTC", "2025-01-10T20:00:00Z", "2025-01-13T08:00:00Z"),
        ("Asia/Tokyo", "2025-01-07T12:00:00Z", "2025-01-07T23:00:00Z"),
        ("America/Los_Angeles", "2025-01-07T12:00:00Z", "2025-01-07T16:00:00Z"),
        ("Pacific/Auckland", "2025-01-09T12:00:00Z", "2025-01-09T19:00:00Z"),
        ("Pacific/Auckland", "2025-01-10T12:00:00Z", "2025-01-12T19:00:00Z"),
        ("Asia/Kathmandu", "2025-01-07T20:00:00Z", "2025-01-08T02:15:00Z"),
        ("Europe/Berlin", "2025-03-29T12:00:00Z", "2025-03-31T06:00:00Z"),
        ("America/New_York", "2025-03-08T12:00:00Z", "2025-03-10T12:00:00Z"),
    ],
)
def test_behavioural_nudge_waits_for_a_waking_instant(story: Story, zone: str, at: str, expected: str) -> None:
    """The first waking instant at least a minute after arrival: 08:00-20:00, Monday to Friday, in the zone of the person."""
    lone(story, hr={"timezone": zone})
    story.good(invited(story, at, "ann"))
    story.tick("2025-04-03T00:00:00Z")

    (found,) = asked(story, "open_invitation")
    assert found == ("ann", expected) or (instant(expected) - instant(at) > timedelta(minutes=2) and are_spread([found[1]], [expected]))


def test_weekends_are_quiet_by_policy(story: Story) -> None:
    """`quiet_weekends` off: Saturday is a day."""
    lone(story, quiet_weekends=False)
    story.good(invited(story, "2025-01-11T12:00:00Z", "ann"))
    story.tick("2025-01-12T00:00:00Z")

    assert asked(story, "open_invitation") == [("ann", "2025-01-11T12:01:00Z")]


def test_holidays_are_quiet(story: Story) -> None:
    """Days named by the policy are skipped."""
    lone(story, holidays=["2025-01-08", "2025-01-09"])
    story.good(invited(story, "2025-01-07T21:00:00Z", "ann"))
    story.tick("2025-01-12T00:00:00Z")

    assert are_spread([at for _, at in asked(story, "open_invitation")], ["2025-01-10T08:00:00Z"])


def test_quiet_hours_by_policy(story: Story) -> None:
    """`quiet_from` and `quiet_to`."""
    lone(story, quiet_from="18:00", quiet_to="10:30")
    story.good(invited(story, "2025-01-07T18:00:00Z", "ann"))
    story.tick("2025-01-12T00:00:00Z")

    assert are_spread([at for _, at in asked(story, "open_invitation")], ["2025-01-08T10:30:00Z"])


def test_transactional_nudge_is_asked_at_once_for_the_next_waking_instant(story: Story) -> None:
    """Requested in the same step; `not_before` waits for the morning."""
    story.couple(hr={"ann": {"timezone": "America/New_York"}, "bob": {"timezone": "America/New_York"}})
    story.tick("2025-01-06T06:00:00Z")

    found = list(story.tail(NUDGES))
    assert {event["time"] for event in found} == {"2025-01-06T06:00:00Z"}
    assert are_spread([event["data"]["not_before"] for event in found], ["2025-01-06T13:00:00Z"] * 2)
