"""Rules of the nudges to book: who is asked for the first session and the next one, and when nobody is."""

from datetime import timedelta

from schemas.fields import instant_text
from tests import builders
from tests.topology.nudges_of_a_pair import SETTLE, about, sent
from tests.topology.pair_story import ANN, BOB, START, active_pair


def test_nobody_having_booked_is_a_reminder_after_5_and_12_days() -> None:
    """`book_first_session`: 5 days active, none booked; again at 12; both alternately, and no third time."""
    story = active_pair().after(days=40)

    assert [(ANN, START + timedelta(days=5) + SETTLE), (BOB, START + timedelta(days=12) + SETTLE)] == sent(story, "book_first_session")


def test_side_that_has_not_proposed_a_time_is_asked_to_book() -> None:
    """Ann proposed a time that was given up; it is Bob's turn."""
    story = active_pair().after(days=1)
    story.books("s1", by=ANN, days=20)
    story.after(hours=1).cancels("s1", by=BOB)

    story.after(days=13)

    assert [BOB, BOB] == story.told("book_first_session")


def test_nobody_is_asked_to_book_what_is_booked() -> None:
    """With a session booked the reminder does not come; one that was requested is recalled by the booking."""
    booked = active_pair().after(days=1)
    booked.books("s1", days=20)
    late = active_pair().after(days=6)
    late.books("s1", days=3)

    assert [] == booked.after(days=14).told("book_first_session")
    assert [ANN] == late.recalled("book_first_session")


def test_five_days_count_from_the_return() -> None:
    """Time away doesn't count: who comes back without a session is reminded five days later."""
    story = active_pair().after(days=2)
    story.tell(builders.paused(ANN, story.now))
    story.after(days=30)
    story.tell(builders.resumed(ANN, story.now))
    back_at = story.now

    story.after(days=6)

    assert [(ANN, back_at + timedelta(days=5) + SETTLE)] == sent(story, "book_first_session")


def test_next_session_is_asked_for_two_weeks_after_the_last() -> None:
    """`book_next_session`: 14 days after the last session, none booked, term goes on; valid for 21 days."""
    story = active_pair().after(days=1)
    story.holds("s1")
    ended_at = story.now + timedelta(hours=1)

    story.after(days=14)
    before = sent(story, "book_next_session")
    story.after(hours=2)

    assert [] == before
    assert [(ANN, ended_at + timedelta(days=14) + SETTLE)] == sent(story, "book_next_session")
    assert "2025-01-07T09:00:00Z" == about(story, "book_next_session")["params"]["last_session_at"]
    assert instant_text(ended_at + timedelta(days=14 + 21)) == about(story, "book_next_session")["expires_at"]


def test_booking_the_next_session_alternates() -> None:
    """Where nobody cancelled or owes, one is asked, then the other."""
    story = active_pair().after(days=1)
    for session_id in ("s1", "s2"):
        story.holds(session_id)
        story.after(days=16)

    assert [ANN, BOB] == story.told("book_next_session")


def test_side_that_owes_is_asked_to_book() -> None:
    """Bob has taught less."""
    story = active_pair().after(days=1)
    story.holds("s1", ("strategy", ANN))

    assert [BOB] == story.after(days=16).told("book_next_session")


def test_side_that_cancelled_is_asked_to_book() -> None:
    """Also when the fourteen days are over already: at once then, and once only."""
    story = active_pair().after(days=1)
    story.holds("s1")
    story.after(days=1).books("s2", days=18)
    story.after(days=17).cancels("s2", by=BOB)
    cancelled_at = story.now
    story.after(days=1).books("s3", days=2)
    story.after(days=1).cancels("s3", by=ANN)

    story.after(days=10)

    assert [(BOB, cancelled_at + SETTLE)] == sent(story, "book_next_session")


def test_booked_next_session_is_not_asked_for() -> None:
    """None booked is part of the rule."""
    story = active_pair().after(days=1)
    story.holds("s1")
    story.books("s2", days=30)

    assert [] == story.after(days=29).told("book_next_session")
    assert [ANN, BOB] == sorted(story.told("session_tomorrow"))


def test_nobody_is_asked_to_book_when_the_plan_is_done() -> None:
    """The term goes on is part of the rule."""
    story = active_pair(sessions_planned=1, concluding_days=60).after(days=1)
    story.holds("s1")

    assert [] == story.after(days=40).told("book_next_session")
    assert [ANN, BOB] == sorted(story.told("renew_or_finish"))
