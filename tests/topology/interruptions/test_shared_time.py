"""Shared time of two people: one stretch as long as a session, enough hours a week, and a note when a live pair loses it."""

from typing import Any

import pytest

from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair


def slot(weekday: int, start: str, end: str) -> dict[str, Any]:
    """A stretch of a weekday."""
    return {"weekday": weekday, "from": start, "to": end}


@pytest.mark.parametrize(
    ("hours", "policy", "is_proposed"),
    [
        ([slot(2, "09:00", "13:00"), slot(3, "09:00", "13:00")], {}, True),
        ([slot(2, "09:00", "10:00")], {}, True),
        ([slot(2, "09:00", "09:59")], {}, False),
        ([slot(day, "09:00", "09:45") for day in range(1, 6)], {}, False),
        ([slot(day, "09:00", "09:45") for day in range(1, 6)], {"session_minutes": 45}, True),
        ([slot(2, "09:00", "10:00")], {"shared_hours_min": 2}, False),
        ([slot(2, "09:00", "10:00"), slot(4, "09:00", "10:00")], {"shared_hours_min": 2}, True),
        ([slot(1, "22:00", "10:00")], {}, True),
        ([slot(7, "22:00", "10:00")], {}, True),
        ([slot(5, "22:00", "10:00")], {}, False),
    ],
)
def test_two_people_need_one_stretch_of_a_session_and_the_hours_of_the_policy(
    hours: list[dict[str, Any]], policy: dict[str, Any], is_proposed: bool
) -> None:
    """Against an ordinary week from nine to five; a slot may pass midnight."""
    story = PairStory(**policy)
    story.enrols(ANN, hours=hours)
    story.round()

    assert is_proposed == bool(story.read(type_="pairing.proposed"))


def test_pair_that_loses_its_time_gets_one_note_and_lives_on() -> None:
    """Ann moves to Auckland: both are asked to find a time, once, and nothing ends."""
    story = active_pair().after(days=1)
    story.tell(builders.role_changed(ANN, story.now, timezone="Pacific/Auckland"))
    story.after(days=4)
    story.tell(builders.role_changed(ANN, story.now, department="lab"))
    story.after(days=20)

    note = story.requests("find_a_time")[0]
    assert sorted(PEOPLE) == sorted(story.told("find_a_time"))
    assert ("behavioural", "sessions", 65) == (note["class"], note["category"], note["priority"])
    assert ["hours"] == [reason["code"] for reason in note["reasons"]]
    assert 60 == note["params"]["session_minutes"]
    assert {"hours", "book", "end"} == {answer["choice"] for answer in note["params"]["answers"]}
    assert "active" == story.state


def test_note_is_taken_back_when_there_is_time_again() -> None:
    """Bob widens the hours; if the time is lost once more, both hear once more."""
    story = active_pair().after(days=1)
    story.tell(builders.role_changed(ANN, story.now, timezone="Pacific/Auckland"))
    story.after(hours=1)
    story.enrols(BOB, hours=[slot(day, "18:00", "23:00") for day in range(1, 8)])
    story.after(days=15)
    assert sorted(PEOPLE) == sorted(story.recalled("find_a_time"))

    story.enrols(BOB)
    story.after(days=15)

    assert 4 == len(story.told("find_a_time"))


def test_booking_a_session_answers_the_note() -> None:
    """They found a time, whatever their hours say."""
    story = active_pair().after(days=1)
    story.tell(builders.role_changed(ANN, story.now, timezone="Pacific/Auckland"))
    story.after(hours=1).books("s1", days=3)

    assert sorted(PEOPLE) == sorted(story.recalled("find_a_time"))


def test_paused_pair_is_asked_when_it_goes_on() -> None:
    """Nobody who is away has to find a time."""
    story = active_pair().after(days=1)
    story.tell(builders.paused(ANN, story.now))
    story.tell(builders.role_changed(ANN, story.now, timezone="Pacific/Auckland"))
    story.after(days=10)
    assert [] == story.told("find_a_time")

    story.tell(builders.resumed(ANN, story.now))
    story.after(hours=1)

    assert sorted(PEOPLE) == sorted(story.told("find_a_time"))
