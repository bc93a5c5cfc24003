"""Rules of protected time: a senior side that cancels twice in a row is asked to keep it."""

import pytest

from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair

CONTROL = "coordinator:reverse-2025"


def cancelled(*by: str | None) -> PairStory:
    """An active pair whose booked sessions were cancelled in turn by these."""
    return given_up(*(("cancelled", person_id) for person_id in by))


def given_up(*outcomes: tuple[str | None, ...]) -> PairStory:
    """An active pair whose booked sessions came to nothing in turn: how, and by whom."""
    story = active_pair().after(days=1)
    for number, (how, *people) in enumerate(outcomes, 1):
        story.books(f"s{number}", days=10)
        story.after(days=1)
        if how == "cancelled":
            story.cancels(f"s{number}", by=people[0])
        else:
            story.misses(f"s{number}", *filter(None, people))
        story.after(hours=1)
    return story


def test_two_cancellations_in_a_row_ask_the_senior_side_to_protect_the_time() -> None:
    """By the more experienced side: one nudge to that side, one to the coordinator, none to the other."""
    story = cancelled(ANN, ANN).after(days=10)

    assert [ANN] == story.told("protect_the_time")
    assert [CONTROL] == story.told("coordinator_momentum")
    assert [story.pairing_id] == story.requests("coordinator_momentum")[0]["params"]["pairing_ids"]


@pytest.mark.parametrize("by", [(BOB, BOB), (ANN,), (ANN, BOB), (None, None), (ANN, BOB, ANN), (ANN, None, ANN)])
def test_other_cancellations_ask_nobody(by: tuple[str | None, ...]) -> None:
    """The less experienced side is never asked, nor anybody for one cancellation or a broken row."""
    story = cancelled(*by).after(days=20)

    assert story.told("book_first_session")
    assert [] == story.told("protect_the_time")
    assert [] == story.told("coordinator_momentum")


@pytest.mark.parametrize("second", ["cancelled", "missed"])
@pytest.mark.parametrize("first", ["cancelled", "missed"])
def test_missed_session_counts_like_a_cancellation(first: str, second: str) -> None:
    """By the side that was absent."""
    story = given_up((first, ANN), (second, ANN)).after(days=10)

    assert [ANN] == story.told("protect_the_time")
    assert [CONTROL] == story.told("coordinator_momentum")


@pytest.mark.parametrize("absent", [PEOPLE, ()], ids=["both", "nobody known"])
def test_session_that_both_missed_is_passed_over(absent: tuple[str, ...]) -> None:
    """It neither counts for a side nor breaks its row; so does a miss of which nobody says who was absent."""
    story = given_up(("cancelled", ANN), ("missed", *absent)).after(days=1)
    before = story.told("protect_the_time")

    story.books("s3", days=5)
    story.after(days=5).misses("s3", ANN)

    assert [] == before
    assert [ANN] == story.after(days=10).told("protect_the_time")


@pytest.mark.parametrize("row", [(BOB, BOB), (ANN, BOB), (ANN, BOB, ANN)])
def test_other_misses_ask_nobody(row: tuple[str, ...]) -> None:
    """The less experienced side is never asked, and its absence breaks the row."""
    story = given_up(*(("missed", person_id) for person_id in row)).after(days=20)

    assert story.told("book_first_session")
    assert [] == story.told("protect_the_time")
    assert [] == story.told("coordinator_momentum")


def test_session_in_between_breaks_the_row() -> None:
    """A session that was held starts the count anew."""
    story = cancelled(ANN)
    story.holds("held")
    story.after(days=1).books("s9", days=2)

    story.cancels("s9", by=ANN)

    assert [] == story.after(days=20).told("protect_the_time")
    assert [ANN, BOB] == sorted(story.told("share_feedback"))


def test_third_cancellation_asks_no_more() -> None:
    """One row, one nudge."""
    story = cancelled(ANN, ANN, ANN).after(days=30)

    assert [ANN] == story.told("protect_the_time")


def test_pair_of_equal_experience_has_no_senior_side() -> None:
    """Without a more experienced side the rule has nobody to ask."""
    story = active_pair(bands=(2, 2)).after(days=1)
    for session_id in ("s1", "s2"):
        story.books(session_id, days=5)
        story.cancels(session_id, by=ANN)

    assert [] == story.after(days=20).told("protect_the_time")
    assert [ANN, BOB] == sorted(story.told("book_first_session"))


def test_due_protection_is_withdrawn_by_a_correction() -> None:
    """It was the other side that cancelled."""
    story = cancelled(ANN)
    story.books("s2", days=10)
    story.cancels("s2", by=ANN, sequence=1)

    story.cancels("s2", by=BOB, sequence=2)

    assert [] == story.after(days=30).told("protect_the_time")
    assert [("protect_the_time", "done")] == story.withheld()
