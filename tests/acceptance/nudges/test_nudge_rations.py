"""The rations of nudges: one a week, the daily cap, and the breaker of a storm."""

import itertools
from datetime import timedelta

from tests.acceptance.stories.nudge_story import are_spread, asked, instant, invited, lone
from tests.acceptance.stories.story import T0, Story


def test_one_behavioural_nudge_in_168_hours_over_programmes(story: Story) -> None:
    """Two programmes, one ration; hours in UTC."""
    lone(story, programmes=3)
    story.good(*(invited(story, "2025-01-07T12:00:00Z", "ann", f"p{number}") for number in (1, 2, 3)))
    story.tick("2025-03-01T00:00:00Z")

    assert [at for _, at in asked(story, "open_invitation")] == ["2025-01-07T12:01:00Z", "2025-01-14T12:01:00Z", "2025-01-21T12:01:00Z"]


def test_ration_counts_168_hours_over_a_change_of_clocks(story: Story) -> None:
    """Never seven local days: 168 h after Thursday 12:01 in Berlin is 13:01 local."""
    lone(story, programmes=2, hr={"timezone": "Europe/Berlin"})
    story.good(*(invited(story, "2025-03-27T12:00:00Z", "ann", f"p{number}") for number in (1, 2)))
    story.tick("2025-05-01T00:00:00Z")

    assert [at for _, at in asked(story, "open_invitation")] == ["2025-03-27T12:01:00Z", "2025-04-03T12:01:00Z"]


def test_never_two_behavioural_nudges_in_seven_days(story: Story) -> None:
    """Over a whole term, for everybody."""
    pairing = story.pair()
    for number, day in enumerate(("2025-01-10", "2025-01-17", "2025-02-14", "2025-03-03"), 1):
        story.good(story.held(f"{day}T10:00:00Z", pairing, f"s{number}", "python:ann"))
    story.tick("2025-09-01T00:00:00Z")

    for person in ("ann", "bob"):
        times = [instant(one["not_before"]) for one in story.nudges(person=person) if one["class"] == "behavioural"]
        assert len(times) > 5
        assert all(later - earlier >= timedelta(days=7) for earlier, later in itertools.pairwise(times))


def test_highest_priority_goes_first(story: Story) -> None:
    """`profile_incomplete` (35) before `open_invitation` (10), though younger."""
    lone(story, programmes=2)
    story.good(story.enrolled(T0, "ann", gives="", wants=""), invited(story, "2025-01-11T12:00:00Z", "ann", "p2"))
    story.tick("2025-01-21T12:00:00Z")

    assert [one["key"] for one in story.nudges()] == ["profile_incomplete", "profile_incomplete"]
    assert are_spread([one["not_before"] for one in story.nudges()], ["2025-01-13T08:00:00Z", "2025-01-20T08:00:00Z"])


def test_nudge_that_waits_too_long_expires(story: Story) -> None:
    """`open_invitation` is valid for 30 days: of six, the sixth never comes, and is suppressed `expired_waiting`."""
    lone(story, programmes=6)
    story.good(*(invited(story, "2025-01-07T12:00:00Z", "ann", f"p{number}") for number in range(1, 7)))
    story.tick("2025-04-01T00:00:00Z")

    assert len(asked(story, "open_invitation")) == 5
    assert [one["reason"] for one in story.suppressed("open_invitation")] == ["expired_waiting"]


def test_daily_cap_moves_the_next_one_to_the_next_day(story: Story) -> None:
    """Four proposals of four programmes on one day: three then, one on the next waking day."""
    for number in range(1, 5):
        story.couple(programme_id=f"p{number}") if number == 1 else story.good(
            story.programme(T0, programme_id=f"p{number}"),
            *(
                story.enrolled(T0, person, gives=gives, wants=wants, experience_band=band, programme_id=f"p{number}")
                for person, gives, wants, band in (("ann", "python:3", "strategy:3:0", 0), ("bob", "strategy:3", "python:3:0", 2))
            ),
        )
    story.tick("2025-01-06T06:00:00Z")

    found = sorted(at for _, at in asked(story, "proposal_ready", "ann"))
    assert are_spread(found, ["2025-01-06T08:00:00Z"] * 3 + ["2025-01-07T08:00:00Z"])


def test_cap_by_policy(story: Story) -> None:
    """`nudge_daily_cap` 1: the start of the pair is told the day after its proposal."""
    story.pair(nudge_daily_cap=1)

    assert are_spread([at for _, at in asked(story, "pairing_started", "ann")], ["2025-01-07T08:00:00Z"])


# The breaker


def storm(story: Story) -> None:
    """Ten invitations in a programme that takes four intents a day."""
    story.good(story.programme(T0, nudge_storm_per_day=4), *(story.hired(T0, f"m{number}") for number in range(10)))
    story.good(*(invited(story, "2025-01-07T12:00:00Z", f"m{number}") for number in range(10)))
    story.tick("2025-01-07T13:00:00Z")


def test_breaker_parks_the_rest(story: Story) -> None:
    """More than `nudge_storm_per_day` in a day: the rest is parked, and the coordinator told."""
    storm(story)

    assert len(asked(story, "open_invitation")) == 4
    assert [one["person_id"] for one in story.nudges("coordinator_storm")] == ["coordinator:p1"]


def test_breaker_waits_for_its_release(story: Story) -> None:
    """`nudges.released` lets them go."""
    storm(story)
    story.tick("2025-01-08T09:00:00Z")
    assert len(asked(story, "open_invitation")) == 4
    story.good(story.event("nudges.released", "2025-01-08T12:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.tick("2025-01-09T00:00:00Z")

    assert len(asked(story, "open_invitation")) == 10


def test_small_programmes_have_a_wide_breaker(story: Story) -> None:
    """Automatic: four per participant, at least 200."""
    story.good(story.programme(T0), *(story.hired(T0, f"m{number:03}") for number in range(205)))
    story.good(*(invited(story, "2025-01-07T12:00:00Z", f"m{number:03}") for number in range(205)))
    story.tick("2025-01-07T13:00:00Z")

    assert len(asked(story, "open_invitation")) == 200
