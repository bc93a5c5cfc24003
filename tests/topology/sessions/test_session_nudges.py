"""Rules of the nudges around one session: the reminder before, the report and the way out after."""

from datetime import timedelta

import pytest

from schemas.text.fields import instant_text
from tests.topology.stories.nudges_of_a_pair import SETTLE, about, choices, sent
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, active_pair

# Sessions


def test_both_are_reminded_a_day_before() -> None:
    """`session_tomorrow`: 24 h before start → both, valid to the start."""
    story = active_pair().after(days=1)
    story.books("s1", days=5)
    starts_at = story.now + timedelta(days=5)

    story.after(days=5)

    assert [(ANN, starts_at - timedelta(days=1)), (BOB, starts_at - timedelta(days=1))] == sent(story, "session_tomorrow")
    request = about(story, "session_tomorrow")
    assert (instant_text(starts_at), instant_text(starts_at), 60) == (
        request["expires_at"],
        request["params"]["starts_at"],
        request["params"]["duration_minutes"],
    )


def test_session_booked_at_short_notice_is_reminded_of_at_once() -> None:
    """Less than a day ahead: now, and once."""
    story = active_pair().after(days=1)
    booked_at = story.now
    story.books("s1", hours=5)

    story.after(hours=6)

    assert [(ANN, booked_at), (BOB, booked_at)] == sent(story, "session_tomorrow")


@pytest.mark.parametrize("happens", ["cancels", "misses", "moves"])
def test_reminder_of_a_session_that_does_not_stand_is_recalled(happens: str) -> None:
    """Cancelled or moved: the reminder is taken back from both, and the new time has its own."""
    story = active_pair().after(days=1)
    story.books("s1", hours=20)
    story.after(hours=1)

    if happens == "moves":
        story.books("s1", days=3)
        story.after(days=3)
    else:
        getattr(story, happens)("s1")

    assert list(PEOPLE) == sorted(story.recalled("session_tomorrow"))
    assert (4 if happens == "moves" else 2) == len(story.told("session_tomorrow"))


def test_session_during_the_conclusion_is_reminded_of_too() -> None:
    """What is booked still takes place while both decide how to go on."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")
    story.books("s2", days=5)

    story.after(days=5)

    assert "concluding" == story.state
    assert [ANN, BOB] == story.told("session_tomorrow")


def test_session_booked_before_the_conclusion_is_reminded_of_too() -> None:
    """The conclusion doesn't forget what was booked."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.books("s2", days=5)
    story.holds("s1")

    story.after(days=5)

    assert [ANN, BOB] == story.told("session_tomorrow")


def test_unreported_session_is_asked_about_a_day_after_its_end() -> None:
    """`log_session`: 24 h after a booked end without a report → one side, alternating, valid for 7 days."""
    story = active_pair().after(days=1)
    story.books("s1", days=1)
    story.books("s2", days=9)
    first_end, second_end = story.now + timedelta(days=1, hours=1), story.now + timedelta(days=9, hours=1)

    story.after(days=20)

    day = timedelta(days=1)
    assert [(ANN, first_end + day + SETTLE), (BOB, second_end + day + SETTLE)] == sent(story, "log_session")
    assert instant_text(second_end + 8 * day) == about(story, "log_session")["expires_at"]


@pytest.mark.parametrize("report", ["holds", "cancels", "misses"])
def test_reported_session_is_not_asked_about(report: str) -> None:
    """Any report is a report, before the question or after it."""
    early, late = (active_pair().after(days=1) for _ in range(2))
    for story, hours in ((early, 40), (late, 55)):
        story.books("s1", days=1)
        story.after(hours=hours)
        getattr(story, report)("s1")
        story.after(days=10)

    assert [] == early.told("log_session")
    assert [ANN] == late.told("log_session") == late.recalled("log_session")


def test_session_reported_under_another_id_is_not_asked_about() -> None:
    """The same session from two sources is one, by overlapping time."""
    story = active_pair().after(days=1)
    story.books("calendar-1", days=1)
    story.after(days=1).holds("mine-1")

    assert [] == story.after(days=10).told("log_session")
    assert list(PEOPLE) == sorted(story.told("share_feedback"))
    assert None is story.latest["next_session_at"]


# After a session


def test_exit_ramp_comes_after_session_1_and_3() -> None:
    """`still_right_for_you` to both, with the way on and the way out; silence means go on."""
    story = active_pair(sessions_planned=100).after(days=1).holds_many(3, days_apart=20).after(days=12)

    assert [ANN, ANN, BOB, BOB] == sorted(story.told("still_right_for_you"))
    assert ["continue", "end", "rematch"] == choices(about(story, "still_right_for_you"))
    assert "active" == story.state


def test_saying_go_on_takes_the_exit_ramp_back() -> None:
    """`continue` answers it, for the one who says so."""
    story = active_pair(sessions_planned=100).after(days=1)
    story.holds("s1")

    story.says(ANN, "continue")

    assert [BOB] == story.after(days=13).told("still_right_for_you")
    assert [] == story.codes()


def test_the_exit_ramp_is_taken_back_when_the_pair_concludes() -> None:
    """`still_right_for_you` is a question of the term; how to go on after it is asked by `renew_or_finish`."""
    story = active_pair(sessions_planned=3).after(days=1)
    story.holds("s1")
    story.after(days=10)
    story.holds_many(2, first=2, days_apart=1)

    assert "concluding" == story.state
    assert {ANN, BOB} == set(story.recalled("still_right_for_you"))
