"""A pause or a leave without a known end: the partner is asked, may wait, look for somebody meanwhile, or end."""

from datetime import timedelta
from typing import Any

import pytest

from engine.programme.rounds.room import room
from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, START, PairStory, active_pair
from tests.topology.stories.programme_story import ProgrammeStory


def paused_pair(**policy: Any) -> PairStory:
    """Ann has paused without saying until when."""
    story = active_pair(**policy)
    story.tell(builders.paused(ANN, story.now))
    return story


def test_partner_is_asked_once_after_thirty_days_without_a_known_end() -> None:
    """Thirty days after the pause, the partner alone, with three answers; never again in a year."""
    story = paused_pair().after(days=29, hours=23)
    assert [] == story.told("partner_away")

    story.after(hours=1)
    asked = story.requests("partner_away")[0]
    story.after(days=400)

    assert [BOB] == story.told("partner_away")
    assert ("transactional", "pairing") == (asked["class"], asked["category"])
    assert ["continue", "look", "end"] == [answer["choice"] for answer in asked["params"]["answers"]]


def test_known_end_is_waited_for_and_thirty_days_more() -> None:
    """A leave that was to end after 60 days and doesn't: asked on the 90th; a new end moves it, once asked it is not asked again."""
    story = active_pair().goes_on_leave(ANN, expected_return_on=(START + timedelta(days=60)).date())
    story.after(days=10).goes_on_leave(ANN, expected_return_on=(START + timedelta(days=100)).date())
    story.after(days=119)
    assert [] == story.told("partner_away")

    story.after(days=1)

    assert [BOB] == story.told("partner_away")


def test_question_is_not_put_to_somebody_who_is_away_too() -> None:
    """Bob is asked about Ann when he is back himself."""
    story = paused_pair().after(days=1)
    story.tell(builders.paused(BOB, story.now))
    story.after(days=60)
    assert [] == story.told("partner_away")

    story.tell(builders.resumed(BOB, story.now))
    story.after(seconds=1)

    assert [BOB] == story.told("partner_away")


def test_question_goes_when_the_partner_is_back() -> None:
    """A request that is no longer true is taken back."""
    story = paused_pair().after(days=30)
    story.tell(builders.resumed(ANN, story.now))

    assert [BOB] == story.recalled("partner_away")
    assert "active" == story.state


@pytest.mark.parametrize(("answer", "places"), [("continue", 0), ("look", 1)])
def test_only_look_frees_the_place(answer: str, places: int) -> None:
    """Who waits keeps the place taken; who looks has room again, and waits like anybody else."""
    story = paused_pair().after(days=30)

    story.says(BOB, answer)

    assert places == room(story.row_of(BOB), 5, story.now)
    assert 0 == room(story.row_of(ANN), 5, story.now)
    assert (story.row_of(BOB).waiting_since is not None) == bool(places)
    assert [BOB] == story.recalled("partner_away")
    assert [] == story.codes()
    assert "paused" == story.state


def test_answer_may_be_changed_and_the_place_is_taken_again() -> None:
    """The last answer counts while the partner is away."""
    story = paused_pair().after(days=30)
    story.says(BOB, "look")
    story.after(hours=1).says(BOB, "continue")

    assert 0 == room(story.row_of(BOB), 5, story.now)
    assert story.row_of(BOB).waiting_since is None


def test_end_ends_the_pair() -> None:
    """The third answer is the one that always works."""
    story = paused_pair().after(days=30)
    story.says(BOB, "end")

    assert ("ended", "choice") == (story.state, story.published("ended")["code"])


def test_look_answers_nothing_before_the_question_nor_by_the_one_who_is_away() -> None:
    """Nobody frees a place by an answer to a question that was not put."""
    story = paused_pair().after(days=1)
    story.says(BOB, "look")
    story.after(days=29).says(ANN, "look")

    assert ["stale_answer", "stale_answer"] == story.codes()
    assert 0 == room(story.row_of(BOB), 5, story.now)


def test_pair_resumes_over_capacity_and_room_is_never_below_nought() -> None:
    """Bob finds Cem meanwhile; Ann comes back, and both pairs live."""
    story = ProgrammeStory()
    story.joins(ANN, "strategy", "python")
    story.joins(BOB, "python", "strategy")
    story.round().activates(ANN, BOB)
    story.tell(builders.paused(ANN, story.now))
    story.after(days=30).says(BOB, "look")
    first = story.pairing_id
    story.joins("cem", "strategy", "python")
    story.round().activates(BOB, "cem")

    story.tell(builders.resumed(ANN, story.now))

    states = [event["data"]["state"] for event in story.read(type_="pairing.state") if event["data"]["pairing_id"] == first]
    assert "active" == states[-1]
    assert 2 == len(story.row_of(BOB).pairing_ids)
    assert 0 == room(story.row_of(BOB), 5, story.now)
    assert () == story.row_of(BOB).roomless
    story.after(days=1).round()
    assert 2 == len(story.row_of(BOB).pairing_ids)


def test_time_away_is_no_part_of_the_term_and_the_clocks_start_anew() -> None:
    """Away from the tenth day for 100 days: the term ends 100 days later, and the reminders to book count from the return."""
    story = active_pair(stall_days=366).after(days=1)
    story.holds("s1")
    story.after(days=9)
    story.tell(builders.paused(ANN, story.now))
    story.after(days=100)
    story.tell(builders.resumed(ANN, story.now))

    story.after(days=13)
    assert [] == story.told("book_next_session")
    story.after(days=2)
    assert 1 == len(story.told("book_next_session"))
    story.after(days=190 - 10 - 15 - 1)
    assert "active" == story.state
    story.after(days=1)
    assert "concluding" == story.state


def test_reminder_to_book_comes_again_after_time_away() -> None:
    """Reminded once, then away: the clock starts anew, with an occasion of its own."""
    story = active_pair(stall_days=366).after(days=1)
    story.holds("s1")
    story.after(days=15)
    story.tell(builders.paused(ANN, story.now))
    story.after(days=20)
    story.tell(builders.resumed(ANN, story.now))

    story.after(days=15)

    assert 2 == len(story.told("book_next_session"))


def test_time_in_a_conflict_is_no_part_of_the_term() -> None:
    """Suspended from the day after the start for ten days: the term ends ten days later."""
    story = active_pair(stall_days=366).after(days=1).conflict_arises().after(days=10).conflict_goes().both_say("continue")
    assert "active" == story.state

    story.after(days=188)
    assert "active" == story.state
    story.after(days=1)
    assert "concluding" == story.state
