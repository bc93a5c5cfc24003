"""Rules of the nudges to book: who is asked for the first session and the next one, and when nobody is."""

from datetime import timedelta

import pytest

from schemas.text.fields import instant_text
from tests import builders
from tests.topology.stories.nudges_of_a_pair import SETTLE, about, sent
from tests.topology.stories.pair_story import ANN, BOB, START, PairStory, active_pair


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
    """Two days after, also when the fourteen days are over already, and once only."""
    story = active_pair().after(days=1)
    story.holds("s1")
    story.after(days=1).books("s2", days=18)
    story.after(days=17).cancels("s2", by=BOB)
    cancelled_at = story.now

    story.after(days=20)

    assert [(BOB, cancelled_at + timedelta(days=2) + SETTLE)] == sent(story, "book_next_session")


# Sessions that fell through


def fell_through(how: str, *, held: bool, after_days: float = 13) -> PairStory:
    """An active pair whose booked session came to nothing, some days after it began or met."""
    story = active_pair()
    if held:
        story.holds("s0")
    story.books("s1", by=ANN, days=after_days)
    story.after(days=after_days)
    if how == "cancelled":
        story.cancels("s1", by=BOB)
    else:
        story.misses("s1", BOB)
    return story


@pytest.mark.parametrize(("held", "key"), [(False, "book_first_session"), (True, "book_next_session")])
@pytest.mark.parametrize("how", ["cancelled", "missed"])
def test_whose_session_fell_through_is_asked_to_book_again(how: str, key: str, *, held: bool) -> None:
    """2 days after, cancelled or missed: the first session if none was held, else the next one."""
    story = fell_through(how, held=held)
    fell_at = story.now

    story.after(days=20)

    assert [(BOB, fell_at + timedelta(days=2) + SETTLE)] == sent(story, key)


def test_nobody_is_asked_to_book_again_what_is_booked_by_then() -> None:
    """Whatever becomes of it."""
    again, elsewhere = (fell_through("cancelled", held=False).after(days=1) for _ in range(2))
    again.books("s1", days=3)
    elsewhere.books("s2", days=3)

    assert [] == again.after(days=15).told("book_first_session") == elsewhere.after(days=15).told("book_first_session")


@pytest.mark.parametrize(("fell_after", "asked_after"), [(1, [3, 12]), (4, [6]), (9, [5, 11])])
def test_booking_is_asked_for_once_at_a_time(fell_after: float, asked_after: list[float]) -> None:
    """Beside the reminder to book again no other comes, nor before it."""
    story = active_pair()
    story.after(days=fell_after - 0.5).books("s1", days=9)
    story.after(days=0.5).cancels("s1")

    asked = [at for _, at in sent(story.after(days=25), "book_first_session")]

    assert [START + timedelta(days=days) + SETTLE for days in asked_after] == asked


def test_session_that_falls_through_again_is_asked_for_again() -> None:
    """Also under the same id, booked for another time."""
    story = fell_through("cancelled", held=False).after(days=8)
    story.books("s1", days=5)
    story.after(days=1).cancels("s1", by=ANN)
    fell_at = story.now

    story.after(days=10)

    assert [fell_at + timedelta(days=2) + SETTLE] == [at for _, at in sent(story, "book_first_session")][1:]


def test_time_away_asks_for_nothing_to_be_booked_again() -> None:
    """What fell through before a pause is over; the clocks start anew."""
    story = fell_through("cancelled", held=False).after(days=1)
    story.tell(builders.paused(ANN, story.now))
    story.after(days=30)
    story.tell(builders.resumed(ANN, story.now))
    back_at = story.now

    assert [back_at + timedelta(days=5) + SETTLE] == [at for _, at in sent(story.after(days=6), "book_first_session")]


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
