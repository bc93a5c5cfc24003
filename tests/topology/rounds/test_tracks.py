"""Given the three tracks, when a round is held, then who must learn, the gap and the training decide who is proposed."""

from typing import Any

import pytest

from tests import builders
from tests.builders import offer, want
from tests.topology.stories.pair_story import ANN, BOB, active_pair
from tests.topology.stories.programme_story import ProgrammeStory

EVERYTHING = {"strategy": "python", "python": "strategy"}


def story_of(track: str, *, bands: tuple[int | None, int | None] = (3, 0), is_trained: bool = True, **policy: Any) -> ProgrammeStory:
    """Ann, the more experienced, and Bob; who learns what is for the test to say."""
    story = ProgrammeStory(track=track, **policy)
    for person_id, band in zip((ANN, BOB), bands, strict=True):
        story.tell(builders.hired(person_id, story.now))
        if is_trained:
            story.tell(builders.training_completed(person_id, story.now))
        teaches = "strategy" if person_id == ANN else "python"
        profile = {"offers": [offer(teaches, 3)], "wants": [want(EVERYTHING[teaches])], "experience_band": band}
        story.tell(builders.enrolled(person_id, story.now, **profile))
    return story


def learns_nothing(story: ProgrammeStory, person_id: str) -> ProgrammeStory:
    """The person wants something that the other can't teach."""
    row = story.row_of(person_id)
    offers = [offer(topic, level) for topic, level in row.profile.offers]
    band = row.profile.experience_band
    story.tell(builders.updated(person_id, story.now, offers=offers, wants=[want("wellbeing")], experience_band=band))
    return story


@pytest.mark.parametrize(
    ("track", "idle", "is_proposed"),
    [
        ("mutual", ANN, False),
        ("mutual", BOB, False),
        ("reverse", ANN, False),
        ("reverse", BOB, True),
        ("traditional", ANN, True),
        ("traditional", BOB, False),
    ],
)
def test_the_track_says_who_must_learn(track: str, idle: str, is_proposed: bool) -> None:
    """Mutual: both. Reverse: the more experienced side. Traditional: the less experienced side."""
    story = learns_nothing(story_of(track), idle).round()

    assert is_proposed == bool(story.proposed())


@pytest.mark.parametrize(
    ("track", "bands", "is_proposed"),
    [
        ("mutual", (2, 2), True),
        ("mutual", (None, 0), True),
        ("reverse", (2, 2), False),
        ("reverse", (1, 0), True),
        ("reverse", (None, 0), False),
        ("traditional", (2, 2), False),
        ("traditional", (1, 0), True),
    ],
)
def test_the_track_says_which_gap_is_needed(track: str, bands: tuple[int | None, int | None], is_proposed: bool) -> None:
    """Reverse and traditional need a band between the two, and both bands known; mutual needs none."""
    story = story_of(track, bands=bands).round()

    assert is_proposed == bool(story.proposed())


def test_a_wider_gap_may_be_asked_for() -> None:
    """`experience_gap_min` counts bands."""
    narrow, wide = (story_of("mutual", bands=bands, experience_gap_min=2).round() for bands in ((1, 0), (2, 0)))

    assert ([], [(ANN, BOB)]) == (narrow.proposed(), wide.proposed())


def test_a_career_stage_stands_in_for_a_missing_band_if_policy_says_so() -> None:
    """Job levels 1 to 12 in four stages."""
    stories = [story_of("reverse", bands=(None, 0), stage_stands_for_band=is_allowed) for is_allowed in (False, True)]
    for story in stories:
        story.tell(builders.role_changed(ANN, story.now, job_level=12))
        story.round()

    assert [[], [(ANN, BOB)]] == [story.proposed() for story in stories]


@pytest.mark.parametrize(("track", "is_proposed"), [("mutual", True), ("reverse", False), ("traditional", True)])
def test_reverse_needs_training_of_both(track: str, is_proposed: bool) -> None:
    """The short training is required on the reverse track, unless policy says otherwise."""
    untrained = story_of(track, is_trained=False).round()

    assert is_proposed == bool(untrained.proposed())


def test_training_of_one_is_not_enough_and_of_both_is() -> None:
    """A rehearsal says what is missing, and what to do about it."""
    story = story_of("reverse", is_trained=False)
    story.tell(builders.training_completed(ANN, story.now))
    left = story.round().rehearses()["unmatched"]
    story.tell(builders.training_completed(BOB, story.now))
    story.round()

    assert ("training", "training") == (left[1]["reasons"][0]["code"], left[1]["reasons"][0]["params"]["widen"])
    assert [(ANN, BOB)] == story.proposed()


def test_the_state_of_a_pairing_names_its_track() -> None:
    """The track is that of the policy when the pair was proposed."""
    assert "traditional" == story_of("traditional").round().latest["track"]


def test_a_gap_that_is_gone_is_offered_conversion_and_never_ends_the_pair() -> None:
    """Bob is promoted to Ann's band: both are offered `convert`, and converted when both answer."""
    story = active_pair(track="reverse", training_required=False)
    story.enrols(BOB, experience_band=3)
    offered = (story.state, sorted(story.told("convert_offer")))
    story.says(ANN, "convert")
    one = story.latest["track"]
    story.says(BOB, "convert")

    assert ("active", [ANN, BOB]) == offered
    assert ("reverse", "mutual") == (one, story.latest["track"])
    assert "converted" in story.changes


def test_a_gap_that_turns_round_is_gone_too() -> None:
    """Bob is the more experienced one now: the pair no longer teaches upwards."""
    story = active_pair(track="reverse", training_required=False, bands=(1, 0))
    story.enrols(BOB, experience_band=2)

    assert [ANN, BOB] == sorted(story.told("convert_offer"))


def test_a_gap_that_comes_back_takes_the_offer_back() -> None:
    """Nobody is asked about what is no longer so."""
    story = active_pair(track="reverse", training_required=False)
    story.enrols(BOB, experience_band=3)
    story.enrols(BOB, experience_band=1)
    story.says(ANN, "convert")

    assert [ANN, BOB] == sorted(story.recalled("convert_offer"))
    assert ["stale_answer"] == story.codes()


def test_a_gap_that_goes_while_the_pair_is_paused_is_offered_at_its_return() -> None:
    """The offer waits until both are there."""
    story = active_pair(track="reverse", training_required=False)
    story.tell(builders.paused(ANN, story.now, until_on="2025-01-20"))
    story.enrols(BOB, experience_band=3)
    before = story.told("convert_offer")
    story.after(days=15)

    assert ([], [ANN, BOB]) == (before, sorted(story.told("convert_offer")))


def test_a_gap_that_is_gone_is_offered_again_with_a_new_term() -> None:
    """Whoever renews goes on as an active pair, and those are offered `convert`, whether the gap went before or while they decided."""
    before, meanwhile = (active_pair(track="reverse", training_required=False, sessions_planned=1) for _ in range(2))
    before.enrols(BOB, experience_band=3)
    before.holds("s1")
    meanwhile.holds("s1")
    meanwhile.enrols(BOB, experience_band=3)
    for story in (before, meanwhile):
        story.after(days=1).both_say("renew").both_say("convert")

    assert ([ANN, BOB] * 2, [ANN, BOB]) == (before.told("convert_offer"), meanwhile.told("convert_offer"))
    assert ("converted", "converted") == (before.changes[-1], meanwhile.changes[-1])


def test_a_promotion_never_converts_a_mutual_pair() -> None:
    """A mutual pair needs no gap."""
    story = active_pair()
    story.enrols(BOB, experience_band=3)

    assert [ANN, BOB] == story.told("pairing_started")
    assert [] == story.told("convert_offer")
