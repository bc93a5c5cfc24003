"""Given pairings that need a coordinator, when a day passes, then one note of each kind names all of that day."""

from datetime import timedelta
from typing import Any, Final

from tests import builders
from tests.builders import PROGRAMME, offer, want
from tests.topology.stories.pair_story import active_pair
from tests.topology.stories.programme_story import ProgrammeStory

COORDINATOR: Final = f"coordinator:{PROGRAMME}"
STALL_DAYS: Final = 45


def notes(story: ProgrammeStory, key: str) -> list[tuple[str, dict[str, Any]]]:
    """When the coordinator was to hear a key, and the parameters."""
    found = [(event["time"], event["data"]) for event in story.read(type_="nudge.requested")]
    return [(time, data["params"]) for time, data in found if data["key"] == key and data["person_id"] == COORDINATOR]


def pairs(count: int, *, minutes_apart: int) -> tuple[ProgrammeStory, list[str]]:
    """So many pairs that begin one after the other. Returns their ids in that order."""
    story = ProgrammeStory(round_every_days=0, reserve_start=0, reserve_floor=0)
    people = [(f"a{number}", f"b{number}") for number in range(count)]
    for pair in people:
        for person_id in pair:
            story.tell(builders.hired(person_id, story.now))
            profile: dict[str, Any] = {"offers": [offer("python", 3), offer("strategy", 3)], "wants": [want("python"), want("strategy")]}
            story.tell(builders.enrolled(person_id, story.now, **profile))
        story.tell(builders.pairing_locked(story.now, pair))
    story.tell(builders.round_requested(story.now))
    pairing_ids = {
        frozenset(side["person_id"] for side in event["data"]["people"]): event["data"]["pairing_id"]
        for event in story.read(type_="pairing.proposed")
    }
    begun = []
    for pair in people:
        begun.append(pairing_ids[frozenset(pair)])
        for person_id in pair:
            story.tell(builders.answered(person_id, story.now, begun[-1]))
        story.after(minutes=minutes_apart)
    return story, begun


def test_pairs_that_stall_at_one_instant_are_named_in_one_note() -> None:
    """All of them, at that instant."""
    story, begun = pairs(3, minutes_apart=0)
    story.after(days=STALL_DAYS)

    assert [sorted(begun)] == [list(params["pairing_ids"]) for _, params in notes(story, "coordinator_stuck")]
    assert {event["time"] for event in story.read(type_="pairing.stalled")} == {time for time, _ in notes(story, "coordinator_stuck")}


def test_pairs_that_stall_later_on_the_day_are_named_together_as_the_next_begins() -> None:
    """Never two notes of a kind on one day, and no pair is left out."""
    story, begun = pairs(3, minutes_apart=30)
    story.after(days=STALL_DAYS + 1)

    told = notes(story, "coordinator_stuck")
    assert [begun[:1], sorted(begun[1:])] == [list(params["pairing_ids"]) for _, params in told]
    assert "T00:00:00Z" == told[1][0][10:]


def test_a_pair_that_moves_again_before_it_is_named_is_left_out() -> None:
    """There is nothing for a coordinator to do about it."""
    story, begun = pairs(2, minutes_apart=30)
    story.after(days=STALL_DAYS)
    story.tell(builders.session_scheduled("s1", story.now, begun[1], starts_at=story.now + timedelta(days=2)))
    story.after(days=1)

    assert [begun[:1]] == [list(params["pairing_ids"]) for _, params in notes(story, "coordinator_stuck")]


def test_conflicts_of_one_instant_are_counted_by_rule_and_never_named() -> None:
    """One change of managers, two pairs: the coordinator hears the rule and the number."""
    story, _ = pairs(2, minutes_apart=0)
    tomorrow = (story.now + timedelta(days=1)).date()
    for number in range(2):
        for person_id in (f"a{number}", f"b{number}"):
            story.tell(builders.role_changed(person_id, story.now, manager_id=f"boss{number}", effective_on=tomorrow))
    story.after(days=2)

    assert [{"programme_id": PROGRAMME, "programme_name": PROGRAMME, "code": "same_manager", "pairings_count": 2}] == [
        params for _, params in notes(story, "coordinator_conflict")
    ]


def test_a_closed_programme_says_nothing_more_of_its_pairs() -> None:
    """They are over."""
    story, begun = pairs(2, minutes_apart=30)
    story.after(days=STALL_DAYS)
    story.tell(builders.programme_closed(story.now))
    story.after(days=2)

    assert [begun[:1]] == [list(params["pairing_ids"]) for _, params in notes(story, "coordinator_stuck")]


def taken_back(story: ProgrammeStory) -> list[str]:
    """The keys of which the coordinator's notes were cancelled."""
    cancelled = [event["data"] for event in story.read(type_="nudge.cancelled")]
    return [one["cancellation_key"].partition(":")[0] for one in cancelled if one["person_id"] == COORDINATOR]


def test_a_note_is_taken_back_when_none_of_the_pairs_it_names_is_stuck_any_more() -> None:
    """One that moves again leaves the note standing for the other; with the last one it goes at once."""
    story, begun = pairs(2, minutes_apart=0)
    story.after(days=STALL_DAYS + 1)
    story.tell(builders.session_scheduled("s1", story.now, begun[0], starts_at=story.now + timedelta(days=2)))
    with_one = taken_back(story)
    story.tell(builders.session_scheduled("s2", story.now, begun[1], starts_at=story.now + timedelta(days=2)))

    assert ([], ["coordinator_stuck"]) == (with_one, taken_back(story))


def test_a_note_is_taken_back_when_the_pairs_it_names_end() -> None:
    """There is nobody left to be stuck."""
    story, _ = pairs(2, minutes_apart=0)
    story.after(days=STALL_DAYS + 1)
    story.tell(builders.programme_closed(story.now))

    assert ["coordinator_stuck"] == taken_back(story)


def test_a_note_of_a_conflict_is_taken_back_when_the_conflict_is_gone() -> None:
    """The coordinator hears of a rule and a number; when no pair is left of that number, the note goes."""
    story, _ = pairs(1, minutes_apart=0)
    story.tell(builders.role_changed("a0", story.now, manager_id="b0"))
    story.after(days=2)
    told = len(notes(story, "coordinator_conflict"))
    story.tell(builders.role_changed("a0", story.now, manager_id=None))

    assert (1, ["coordinator_conflict"]) == (told, taken_back(story))


def test_a_note_of_sessions_given_up_is_taken_back_when_one_is_held() -> None:
    """Two in a row are a row no more."""
    story = active_pair().after(days=1)
    for number in (1, 2):
        story.books(f"s{number}", days=10)
        story.after(days=1)
        story.cancels(f"s{number}", by=story.pairing.senior_id)
        story.after(hours=1)
    told = story.told("coordinator_momentum")
    story.holds("s3")

    assert [COORDINATOR] == told
    assert ["coordinator_momentum"] == taken_back(story)
