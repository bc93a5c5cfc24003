"""Rules of answers to a proposal: whose counts, which of several, and when it comes too late."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.terms.ids import PairingId, programme_of
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, active_pair, proposed_pair


@pytest.mark.parametrize("first", ["accept", "decline"])
def test_answer_can_be_changed_until_the_end(first: str) -> None:
    """Only two present accepts make a pair: a decline may become an accept, and an accept a decline."""
    second = {"accept": "decline", "decline": "accept"}[first]
    story = proposed_pair()

    story.answers(ANN, first)
    story.after(hours=1).answers(ANN, second)
    story.after(hours=1).answers(BOB, "accept")

    assert {"accept": "active", "decline": "proposed"}[second] == story.state
    assert [] == story.codes()


def test_older_answer_never_wins() -> None:
    """The last answer by its own time counts, whatever order the answers come in; an older one is stale for ever."""
    story = proposed_pair().after(hours=2)
    earlier = builders.answered(ANN, story.now - timedelta(hours=1), story.pairing_id, answer="accept")

    story.answers(ANN, "decline")
    story.tell(earlier)
    story.answers(BOB, "accept")

    assert ["stale_answer"] == story.codes()
    assert "proposed" == story.state


def test_answer_given_before_the_proposal_was_made_is_stale() -> None:
    """Nobody can answer what was not yet asked."""
    story = proposed_pair()

    story.tell(builders.answered(ANN, story.now - timedelta(seconds=1), story.pairing_id, answer="accept"))

    assert ["stale_answer"] == story.codes()


def test_what_one_side_reports_of_a_nudge_closes_nothing() -> None:
    """Both nudges are taken back together, though a channel reports that one of the two has acted."""
    story = proposed_pair()
    nudge = next(event["data"] for event in story.read(type_="nudge.requested") if event["data"]["person_id"] == ANN)
    story.tell(builders.nudge_reported("acted", ANN, story.now, nudge["nudge_id"]))

    story.tell(builders.proposal_retracted(story.now, story.pairing_id))

    assert list(PEOPLE) == sorted(story.recalled("proposal_ready"))


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_exclusion_acts_as_a_silent_decline(*, is_taken_back: bool) -> None:
    """Two accepts make no pair once a side excludes the other; taken back, the exclusion was a decline that can be changed."""
    story = proposed_pair()
    story.answers(ANN, "accept")
    story.after(hours=1).enrols(ANN, exclude=[BOB])
    if is_taken_back:
        story.after(hours=1).enrols(ANN, exclude=[])

    story.after(hours=1).answers(BOB, "accept")
    after_exclusion = story.state
    story.after(hours=1).answers(ANN, "accept")

    assert ("proposed", "active" if is_taken_back else "proposed") == (after_exclusion, story.state)


def test_answer_is_stale_once_the_pair_is_active() -> None:
    """A second thought is `end`, not `decline`."""
    story = active_pair()

    story.answers(BOB, "decline")

    assert ["stale_answer"] == story.codes()
    assert "active" == story.state


def test_answer_to_another_version_is_stale() -> None:
    """Consent is given to one version of a proposal."""
    story = proposed_pair()

    story.answers(ANN, "accept", proposal_version=2)
    story.answers(BOB, "accept")

    assert ["stale_answer"] == story.codes()
    assert "proposed" == story.state


def test_answer_of_somebody_else_is_refused() -> None:
    """Only the two answer."""
    story = proposed_pair()

    story.answers("cat", "accept")

    assert ["not_the_person"] == story.codes()


def test_answer_on_behalf_of_somebody_is_refused() -> None:
    """Only the person acts for the person."""
    story = proposed_pair()

    story.answers(ANN, "accept", actor=BOB)

    assert ["not_the_person"] == story.codes()


@pytest.mark.parametrize(
    ("pairing_id", "code"),
    [("elsewhere.0123456789abcdef", "unknown_programme"), (f"{PROGRAMME}.0123456789abcdef", "unknown_pairing")],
)
def test_unknown_programme_comes_before_unknown_pairing(pairing_id: str, code: str) -> None:
    """An answer names what is missing, the programme first."""
    story = proposed_pair()
    assert programme_of(PairingId(pairing_id))

    story.answers(ANN, "accept", pairing_id=pairing_id)
    story.says(ANN, "end", pairing_id=pairing_id)

    assert [code, code] == story.codes()


def test_room_is_checked_again_at_the_second_acceptance() -> None:
    """Room = capacity less live pairs less open proposals, also when the second side accepts; without it the proposal just lapses."""
    story = proposed_pair(capacity_max=2)
    cat: dict[str, Any] = {"offers": [builders.offer("strategy", 3)], "wants": [builders.want("python")], "experience_band": 2}
    first = story.pairing_id
    story.tell(builders.hired("cat", story.now))
    story.tell(builders.enrolled("cat", story.now, **cat))
    story.enrols(BOB, capacity=2)
    story.round()
    second = story.pairing_id
    assert first != second
    story.answers(BOB, "accept", pairing_id=first)
    story.answers(ANN, "accept", pairing_id=first)
    story.answers(BOB, "accept", pairing_id=second)
    story.enrols(BOB, capacity=1)

    story.answers("cat", "accept", pairing_id=second)

    assert "lapsed" == story.state
    assert [] == story.codes()
