"""Rules of room and rest: how long an undecided proposal takes a place, and when somebody is proposed again after a completed pair."""

from typing import Any

import pytest

from tests import builders
from tests.builders import offer, want
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, active_pair, proposed_pair
from tests.topology.stories.programme_story import DAILY, ProgrammeStory


def one_for_two(**policy: Any) -> ProgrammeStory:
    """Ann could meet Bob or Cat, and is proposed to Bob on the first morning."""
    story = ProgrammeStory(**{**DAILY, **policy})
    story.joins("ann", "strategy", "python")
    story.joins("bob", "python", "strategy")
    story.advance_to("2025-01-07T06:00:00+00:00")
    story.joins("cat", "python", "strategy")
    return story


@pytest.mark.parametrize("answer", ["accept", "decline", None])
def test_undecided_proposal_takes_no_room_after_three_days_whatever_was_answered(answer: str | None) -> None:
    """`room_days` (3): the round of that instant proposes both sides to others; the first proposal stays open."""
    story = one_for_two()
    if answer is not None:
        story.answers("ann", answer)

    story.advance_to("2025-01-10T05:59:59+00:00")
    before = story.proposed()
    story.after(seconds=1)

    assert [("ann", "bob")] == before
    assert [("ann", "bob"), ("ann", "cat")] == story.proposed()
    assert 2 == len(story.row_of("ann").pairing_ids)


def test_undecided_proposal_can_still_become_a_pair_while_both_have_room() -> None:
    """After `room_days`, with nobody else proposed, two accepts count as before, and the pair takes room again."""
    story = proposed_pair(room_days=2).after(days=5)

    for person_id in PEOPLE:
        story.answers(person_id, "accept")
    story.after(days=1).round()

    assert "active" == story.state
    assert ["proposed", "activated"] == story.changes


def test_for_want_of_room_a_proposal_lapses_without_rest() -> None:
    """Ann's place is taken by a younger proposal when both accept the older one; the two may be proposed again."""
    story = one_for_two()
    first = story.pairing_of("ann", "bob")
    story.advance_to("2025-01-10T07:00:00+00:00")

    for person_id in ("ann", "bob"):
        story.answers(person_id, "accept", pairing_id=first)
    lapsed = [event["data"]["pairing_id"] for event in story.read(type_="pairing.lapsed")]
    story.advance_to("2025-01-13T06:00:00+00:00")

    assert [first] == lapsed
    assert ("ann", "bob") == story.proposed()[-1]


def test_only_one_of_two_open_proposals_becomes_a_pair_of_somebody_with_one_place() -> None:
    """Capacity holds whatever order four accepts come in."""
    story = one_for_two().advance_to("2025-01-13T07:00:00+00:00")
    pairing_ids = [story.pairing_of("ann", other) for other in ("bob", "cat")]

    for pairing_id, other in zip(pairing_ids, ("bob", "cat"), strict=True):
        for person_id in ("ann", other):
            story.answers(person_id, "accept", pairing_id=pairing_id)

    assert 1 == len(story.read(type_="pairing.activated"))
    assert 1 == len(story.row_of("ann").pairing_ids)


def finished(**policy: Any) -> ProgrammeStory:
    """Ann and Bob have completed their pair; Cat, whom Ann could meet, waits."""
    story = one_for_two(sessions_planned=1, **policy)
    story.activates("ann", "bob")
    story.after(days=1).holds("s1")
    if not policy.get("repair_at_term_end"):
        for person_id in ("ann", "bob"):
            story.says(person_id, "finish")
    return story


def test_whoever_completed_a_pair_is_left_in_peace_for_two_weeks() -> None:
    """`rest_after_days` (14): not proposed again before, and proposed by the first round after."""
    story = finished()
    story.advance_to("2025-01-22T05:59:59+00:00")
    before = story.proposed()

    story.after(seconds=1)

    assert [("ann", "bob")] == before
    assert [("ann", "bob"), ("ann", "cat")] == story.proposed()


def test_whoever_says_that_it_is_back_is_proposed_at_once() -> None:
    """`participation.resumed` ends the rest; nothing else does."""
    story = finished()
    story.after(hours=1).tell(builders.updated("ann", story.now, offers=[offer("strategy", 3)], wants=[want("python")]))
    story.after(days=2)
    after_update = story.proposed()

    story.tell(builders.resumed("ann", story.now))
    story.after(days=1)

    assert [("ann", "bob")] == after_update
    assert ("ann", "cat") == story.proposed()[-1]


def test_word_from_before_the_end_does_not_end_the_rest() -> None:
    """A late record of an older `resumed` changes nothing."""
    story = finished()

    story.tell(builders.resumed("ann", story.now.replace(hour=1)))

    assert [("ann", "bob")] == story.after(days=5).proposed()


def test_programme_that_pairs_anew_at_the_end_of_a_term_knows_no_rest() -> None:
    """With `repair_at_term_end` the next pair is what everybody has signed up for."""
    story = finished(repair_at_term_end=True).after(days=16)

    assert ("ann", "cat") in story.proposed()[1:]


def test_pair_that_ended_by_choice_brings_no_rest() -> None:
    """Only a completed pair does."""
    story = active_pair().after(days=1)
    story.says(ANN, "end")

    assert None is story.row_of(ANN).rest is story.row_of(BOB).rest
