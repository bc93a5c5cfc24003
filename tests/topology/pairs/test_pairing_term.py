"""Rules of the term: stall and grace, the plan that is done, another term or a good end, going on as equals."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.text.fields import instant_text
from tests.topology.stories.nudges_of_a_pair import choices
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, START, PairStory, active_pair

STALL_DAYS = 45
GRACE_DAYS = 14
TERM_DAYS = 190
CONCLUDING_DAYS = 14


def stalled() -> PairStory:
    """Nobody has met or booked for `stall_days`."""
    return active_pair().after(days=STALL_DAYS)


def concluding(**policy: Any) -> PairStory:
    """The only planned session was held on the second day."""
    story = active_pair(**{"sessions_planned": 1, **policy}).after(days=1)
    story.holds("s1")
    return story


# Stall


def test_pair_stalls_at_its_instant() -> None:
    """Active, no session scheduled or held for `stall_days` (45) → stalled."""
    story = active_pair().after(days=STALL_DAYS, seconds=-1)
    before = story.state

    story.after(seconds=1)

    assert ("active", "stalled") == (before, story.state)
    assert instant_text(START + timedelta(days=STALL_DAYS)) == story.published("stalled")["effective_at"]


def test_session_held_puts_the_stall_off() -> None:
    """The clock counts from the end of the last session."""
    story = active_pair().after(days=30)
    story.holds("s1")

    story.after(days=STALL_DAYS, minutes=59)
    before = story.state
    story.after(minutes=1)

    assert ("active", "stalled") == (before, story.state)


def test_booking_puts_the_stall_off() -> None:
    """A booked session is a session scheduled, until it is over for `stall_days`."""
    story = active_pair().after(days=30)
    story.books("s1", days=40)

    story.after(days=40 + STALL_DAYS)
    before = story.state
    story.after(hours=1)

    assert ("active", "stalled") == (before, story.state)


def test_cancelled_booking_no_longer_puts_the_stall_off() -> None:
    """What counts then is when the booking was made."""
    story = active_pair().after(days=10)
    story.books("s1", days=60)
    story.after(days=1)
    story.cancels("s1")

    story.after(days=STALL_DAYS - 1, seconds=-1)
    before = story.state
    story.after(seconds=1)

    assert ("active", "stalled") == (before, story.state)


def test_stalled_pair_ends_inactive_after_the_grace_period() -> None:
    """Stalled → ended `inactive` after `grace_days` (14), at its instant."""
    story = stalled().after(days=GRACE_DAYS, seconds=-1)
    before = story.state

    story.after(seconds=1)

    assert ("stalled", "ended") == (before, story.state)
    assert "inactive" == story.published("ended")["code"]


@pytest.mark.parametrize("happens", ["books", "holds"])
def test_session_brings_a_stalled_pair_back(happens: str) -> None:
    """Stalled → active on a session, scheduled or held; the return publishes `resumed`, and the grace period is over."""
    story = stalled().after(days=3)

    if happens == "books":
        story.books("s1", days=20)
    else:
        story.holds("s1")

    assert "resumed" == story.changes[-1]
    story.after(days=GRACE_DAYS)
    assert "active" == story.state


@pytest.mark.parametrize("happens", ["cancels", "misses"])
def test_only_a_session_brings_a_stalled_pair_back(happens: str) -> None:
    """A cancelled or missed session is none."""
    story = stalled()

    getattr(story, happens)("s1")

    assert "stalled" == story.state


def test_session_moves_only_a_stalled_pair() -> None:
    """Booking and holding leave an active pair active, without a word but the state."""
    story = active_pair().after(days=1)

    story.books("s1", days=1)
    story.after(days=1)
    story.holds("s1")

    assert ["proposed", "activated"] == story.changes


# Plan done


def test_pair_concludes_when_the_planned_sessions_were_held() -> None:
    """Active, planned sessions held → concluding."""
    story = active_pair(sessions_planned=3).after(days=1).holds_many(2)
    before = story.state
    story.after(days=7)

    story.holds("s3")

    assert ("active", "concluding") == (before, story.state)


def test_pair_concludes_when_the_term_is_over() -> None:
    """Active, `term_days` (190) over → concluding, at its instant."""
    story = active_pair().after(days=150)
    assert "ended" == story.state  # without sessions it does not last that long
    story = active_pair(stall_days=366).after(days=TERM_DAYS, seconds=-1)
    before = story.state

    story.after(seconds=1)

    assert ("active", "concluding") == (before, story.state)
    assert instant_text(START + timedelta(days=TERM_DAYS)) == story.published("concluding")["effective_at"]


def test_last_session_of_a_stalled_pair_resumes_and_concludes() -> None:
    """A session moves the stalled pair to active, and the plan that is done moves it on."""
    story = active_pair(sessions_planned=1).after(days=STALL_DAYS)

    story.holds("s1")

    assert ["stalled", "resumed", "concluding"] == story.changes[-3:]


def test_concluding_pair_completes_when_both_have_answered() -> None:
    """Concluding → completed when both answered, unless both chose renewal."""
    for answers in (("finish", "finish"), ("renew", "finish"), ("finish", "renew")):
        story = concluding()

        story.says(ANN, answers[0])
        after_one = story.state
        story.says(BOB, answers[1])

        assert ("concluding", "completed") == (after_one, story.state)
        assert "completed" == story.published("completed")["code"]
        assert "completed" == story.changes[-1]


def test_concluding_pair_completes_when_time_is_up() -> None:
    """Concluding → completed when `concluding_days` (14) passed, at its instant; one answer changes nothing about it."""
    story = concluding()
    story.says(ANN, "renew")
    story.after(days=CONCLUDING_DAYS, seconds=-1)
    before = story.state

    story.after(seconds=1)

    assert ("concluding", "completed") == (before, story.state)


def test_later_answer_of_the_same_side_counts() -> None:
    """Who changes its mind before the other has answered is heard."""
    story = concluding()

    story.says(ANN, "finish")
    story.says(ANN, "renew")
    story.says(BOB, "renew")

    assert "active" == story.state


def test_both_renewing_begins_a_new_term() -> None:
    """Concluding → active (new term) if both choose renewal; `renewed` is published alone."""
    story = concluding().both_say("renew")

    assert "active" == story.state
    assert 2 == story.latest["term"]
    assert ["proposed", "activated", "concluding", "renewed"] == story.changes


def test_new_term_counts_its_own_sessions() -> None:
    """The plan of the new term begins at zero; the ledger of the pair goes on."""
    story = concluding(sessions_planned=2)
    story.after(days=1)
    story.holds("s2")
    story.both_say("renew").after(days=1)

    story.holds("s3")
    after_one = story.state
    story.after(days=1)
    story.holds("s4")

    assert ("active", "concluding") == (after_one, story.state)
    assert 4 == story.latest["sessions_count"]


def test_new_term_has_its_own_length() -> None:
    """`term_days` count from the renewal."""
    story = concluding(stall_days=366).both_say("renew").after(days=TERM_DAYS, seconds=-1)
    before = story.state

    story.after(seconds=1)

    assert ("active", "concluding") == (before, story.state)


@pytest.mark.parametrize("answer", ["continue", "convert"])
def test_other_answers_are_stale_while_concluding(answer: str) -> None:
    """The question is renew or finish."""
    story = concluding()

    story.says(ANN, answer)

    assert ["stale_answer"] == story.codes()


@pytest.mark.parametrize("answer", ["renew", "finish"])
def test_renewal_is_stale_before_the_plan_is_done(answer: str) -> None:
    """Nobody has asked yet."""
    story = active_pair()

    story.says(ANN, answer)

    assert ["stale_answer"] == story.codes()


def test_completed_pair_is_left_by_nothing() -> None:
    """Terminal: every later answer is stale, every later session unknown."""
    story = concluding().both_say("finish")

    for answer in ("continue", "end", "rematch", "renew", "finish", "convert"):
        story.says(ANN, answer)
    story.holds("s9")

    assert [*["stale_answer"] * 6, "unknown_pairing"] == story.codes()
    assert "completed" == story.state


def test_completed_pair_gives_room_and_waiting_begins() -> None:
    """Whoever is freed by the end of a pair is ready from then on."""
    story = concluding().after(days=3).both_say("finish")

    for person_id in PEOPLE:
        row = story.row_of(person_id)
        assert () == row.pairing_ids
        assert story.now == row.waiting_since


# Conversion


def reverse_pair(**policy: Any) -> PairStory:
    """A reverse pair: Bob has three bands less experience than Ann."""
    return active_pair(track="reverse", training_required=False, **policy)


def convertible() -> PairStory:
    """Bob's band has risen: the gap that `reverse` needs is gone."""
    story = reverse_pair().after(days=1)
    story.enrols(BOB, experience_band=3)
    return story


def test_lost_gap_offers_conversion_and_ends_nothing() -> None:
    """Active, the gap gone: stays active; both are offered `convert`, once."""
    story = convertible()
    story.after(days=1).enrols(BOB, experience_band=3)

    assert "active" == story.state
    assert [ANN, BOB] == story.told("convert_offer")
    assert ["convert", "end"] == choices(story.requests("convert_offer")[0])


def test_pair_is_converted_when_both_answer() -> None:
    """Converted when both answer: the pair is mutual from then on."""
    story = convertible()

    story.says(ANN, "convert")
    after_one = story.latest["track"]
    story.says(BOB, "convert")

    assert ("reverse", "mutual") == (after_one, story.latest["track"])
    assert ["proposed", "activated", "converted"] == story.changes
    assert "active" == story.state


def test_conversion_is_offered_to_nobody_whose_gap_is_there() -> None:
    """Without an offer the answer is stale."""
    story = reverse_pair()

    story.says(ANN, "convert")

    assert ["stale_answer"] == story.codes()
    assert list(PEOPLE) == story.told("pairing_started")
    assert [] == story.told("convert_offer")


def test_mutual_pair_needs_no_gap() -> None:
    """A mutual pair is never offered conversion."""
    story = active_pair().after(days=1)

    story.enrols(BOB, experience_band=3)

    assert list(PEOPLE) == story.told("pairing_started")
    assert [] == story.told("convert_offer")


def test_conversion_is_offered_again_after_a_pause() -> None:
    """The pause withdrew the offer; the gap is still gone at the return."""
    story = convertible().goes_on_leave(ANN).after(days=20).is_back(ANN).after(days=10)

    story.both_say("continue")
    story.both_say("convert")

    assert [ANN, BOB, ANN, BOB] == story.told("convert_offer")
    assert "mutual" == story.latest["track"]
