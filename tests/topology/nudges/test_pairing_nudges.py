"""Rules of the lifecycle's nudges: a proposal, a beginning, silence, the conclusion and the end."""

from datetime import timedelta

import pytest

from schemas.text.fields import instant_text
from tests import builders
from tests.topology.stories.nudges_of_a_pair import SETTLE, about, choices, sent
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, START, active_pair, proposed_pair

# Proposal


def test_both_hear_of_a_proposal_at_once() -> None:
    """`proposal_ready`: proposed → both, transactional, valid until the proposal expires."""
    story = proposed_pair()

    assert [(ANN, START), (BOB, START)] == sent(story, "proposal_ready")
    request = about(story, "proposal_ready")
    expires_at = instant_text(START + timedelta(days=7))
    assert ("transactional", expires_at, expires_at) == (request["class"], request["expires_at"], request["params"]["answer_by"])
    assert ["accept", "decline"] == choices(request)
    assert [("ann", "python", "Python", 3, 0), ("bob", "strategy", "Strategy", 3, 0)] == [
        tuple(lesson[name] for name in ("person_id", "topic", "name", "level", "own_level")) for lesson in request["params"]["learns"]
    ]


@pytest.mark.parametrize("answer", ["accept", "decline", None])
def test_both_are_reminded_after_three_days_whatever_one_has_answered(answer: str | None) -> None:
    """`answer_proposal`: 3 days undecided → both, until the proposal expires; who has answered what shows in nothing."""
    story = proposed_pair().after(days=1)
    if answer is not None:
        story.answers(ANN, answer)

    story.after(days=5)

    due_at = START + timedelta(days=3) + SETTLE
    assert [(ANN, due_at), (BOB, due_at)] == sent(story, "answer_proposal")
    assert (90, instant_text(START + timedelta(days=7))) == (
        about(story, "answer_proposal")["priority"],
        about(story, "answer_proposal")["expires_at"],
    )


def test_both_are_reminded_when_neither_answered() -> None:
    """Each for itself."""
    assert [ANN, BOB] == sorted(proposed_pair().after(days=4).told("answer_proposal"))


def test_decision_takes_what_was_asked_back_from_both_at_once() -> None:
    """One answer takes nothing back; when both accept, nothing is left to answer."""
    story = proposed_pair().after(days=4)

    story.answers(ANN, "accept")
    after_one = story.recalled("answer_proposal")
    story.answers(BOB, "accept")

    assert [] == after_one
    assert list(PEOPLE) == story.recalled("answer_proposal") == story.recalled("proposal_ready")


def test_both_hear_that_the_pair_has_begun() -> None:
    """`pairing_started`: active → both, valid for 14 days."""
    story = active_pair()

    assert [(ANN, START), (BOB, START)] == sent(story, "pairing_started")
    assert instant_text(START + timedelta(days=14)) == about(story, "pairing_started")["expires_at"]


# Stall, end, conclusion


def test_both_hear_that_the_pair_has_gone_quiet() -> None:
    """`pairing_quiet`: stalled → both, with the end of the grace period."""
    story = active_pair().after(days=46)
    stalled_at = START + timedelta(days=45)

    assert [(ANN, stalled_at + SETTLE), (BOB, stalled_at + SETTLE)] == sent(story, "pairing_quiet")
    assert instant_text(stalled_at + timedelta(days=14)) == about(story, "pairing_quiet")["params"]["ends_at"]


def test_session_takes_the_quiet_note_back() -> None:
    """Nothing once the action is done."""
    story = active_pair().after(days=46)

    story.books("s1", days=2)

    assert list(PEOPLE) == sorted(story.recalled("pairing_quiet"))


def test_both_are_asked_how_to_go_on_when_the_plan_is_done() -> None:
    """`renew_or_finish` to both, at once, with the day by which to answer; no other message says the same."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")

    assert [(ANN, story.now), (BOB, story.now)] == sent(story, "renew_or_finish")
    assert instant_text(story.now + timedelta(days=14)) == about(story, "renew_or_finish")["params"]["answer_by"]
    assert [] == story.told("concluding")
    assert ["renew", "finish"] == choices(about(story, "renew_or_finish"))


def test_answer_takes_the_question_back() -> None:
    """From the one who answered; from both when it is settled."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")

    story.says(ANN, "renew")
    one = story.recalled("renew_or_finish")
    story.says(BOB, "renew")

    assert [ANN] == one
    assert [ANN, BOB] == story.recalled("renew_or_finish")


def test_completion_says_no_farewell() -> None:
    """A pair that ran its course ends as both were told it would."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")

    story.both_say("finish")

    assert list(PEOPLE) == sorted(story.told("renew_or_finish"))
    assert [] == story.told("pairing_ended")


def test_end_takes_back_whatever_was_open() -> None:
    """Nothing about a pair that is over."""
    story = active_pair().after(days=1)
    story.books("s1", hours=20)
    story.after(hours=1).says(ANN, "end")
    known = len(story.requests())

    story.after(days=60)

    assert list(PEOPLE) == sorted(story.recalled("session_tomorrow"))
    assert [] == [request["key"] for request in story.requests()[known:] if request.get("pairing_id") == story.pairing_id]


def test_reasons_name_the_state_only() -> None:
    """Lifecycle nudges say which state the pairing is in, never what HR said."""
    story = active_pair().after(days=10).goes_on_leave(BOB).after(days=20).is_back(BOB).after(days=10)

    for key in ("pairing_started", "pairing_paused", "pairing_resumable"):
        requests = story.requests(key)
        assert requests, key
        for request in requests:
            assert ["pairing_state"] == [reason["code"] for reason in request["reasons"]]
            assert ["pairing.state"] == request["data_used"]


def test_paused_programme_sends_no_behavioural_nudges_and_pairs_go_on() -> None:
    """Consent and pairs go on; only the reminders stop."""
    story = proposed_pair()
    story.tell(builders.programme_paused(story.now))
    for person_id in PEOPLE:
        story.answers(person_id, "accept")

    story.after(days=46)

    assert "stalled" == story.state
    assert {"proposal_ready", "pairing_started"} == {key for person_id, key in story.nudges() if person_id in PEOPLE}


# Time


@pytest.mark.parametrize("days", [1, 7, 45, 365])
def test_coarse_ticks_bring_the_same_timers_as_fine_ones(days: int) -> None:
    """Timers come at their instants and never twice, however time is told to pass."""
    fine, coarse = (active_pair().after(days=1) for _ in range(2))
    for story in (fine, coarse):
        story.books("s1", days=2)
    fine.after(days=365)

    while coarse.now < fine.now:
        coarse.after(days=min(days, (fine.now - coarse.now).days))

    assert fine.read() == coarse.read()
