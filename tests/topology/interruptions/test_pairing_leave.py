"""Rules of pauses and leave: the partner hears "paused", never why; the way back needs both, or only time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair

SOFT_LANDING_DAYS = 10
RESUME_DAYS = 14


def on_leave() -> PairStory:
    """Bob has been on leave since the tenth day."""
    return active_pair().after(days=10).goes_on_leave(BOB)


def asked_to_resume() -> PairStory:
    """Bob is back, has landed softly, and both have been asked whether to go on."""
    return on_leave().after(days=30).is_back(BOB).after(days=SOFT_LANDING_DAYS)


def self_paused(**data: Any) -> PairStory:
    """Ann has taken a break since the tenth day."""
    story = active_pair().after(days=10)
    story.tell(builders.paused(ANN, story.now, **data))
    return story


def test_leave_pauses_an_active_pair() -> None:
    """Active, leave of either → paused."""
    assert "paused" == on_leave().state


def test_leave_pauses_a_stalled_pair() -> None:
    """Stalled, leave of either → paused; the grace period no longer runs."""
    story = active_pair().after(days=45)
    stalled = story.state

    story.goes_on_leave(BOB).after(days=60)

    assert ("stalled", "paused") == (stalled, story.state)


def test_leave_does_not_move_a_concluding_pair() -> None:
    """The table has no way from concluding to paused: the question how to go on stays open."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")

    story.goes_on_leave(BOB)

    assert "concluding" == story.state
    assert "paused" not in story.changes


def test_paused_says_until_when_the_leave_is_expected_to_last() -> None:
    """`expected_return_on` fills `until_on`."""
    story = active_pair().after(days=10)

    story.goes_on_leave(BOB, expected_return_on="2025-03-01")

    assert "2025-03-01" == story.published("paused")["until_on"]


def test_expected_return_does_not_end_a_leave() -> None:
    """Only `hr.leave_ended` ends a leave; its expected day passes without a word, and 30 days later the partner is asked."""
    story = active_pair().after(days=10).goes_on_leave(BOB, expected_return_on="2025-02-01")
    before = len(story.read())

    story.advance_to("2025-03-02T23:59:59+00:00")
    in_time = story.read()[before:]
    story.after(days=200)

    assert "paused" == story.state
    assert [] == in_time
    assert [(ANN, "partner_away")] == [(event["data"]["person_id"], event["data"]["key"]) for event in story.read()[before:]]


def test_only_the_partner_hears_of_a_pause_and_never_why() -> None:
    """The partner hears "paused": reasons and data name the pairing's state, nothing else."""
    leave, pause = on_leave(), self_paused()

    assert [ANN] == leave.told("pairing_paused")
    assert [BOB] == pause.told("pairing_paused")
    for story in (leave, pause):
        request = story.requests("pairing_paused")[0]
        assert [{"code": "pairing_state", "params": {"state": "paused"}}] == request["reasons"]
        assert ["pairing.state"] == request["data_used"]
        assert {"programme_id", "programme_name", "pairing_id", "partner_id"} == request["params"].keys() - {"until_on"}


def test_pause_and_leave_look_the_same() -> None:
    """What is published about a pause doesn't tell a leave from a break."""
    leave, pause = on_leave().published("paused"), self_paused().published("paused")

    assert {**leave, "pairing_id": ""} == {**pause, "pairing_id": ""}


def test_pause_withdraws_reminders() -> None:
    """What was asked about the pair is taken back from both."""
    story = active_pair()
    story.books("s1", hours=20)
    story.after(hours=1)

    story.goes_on_leave(BOB)

    assert list(PEOPLE) == sorted(story.recalled("session_tomorrow"))


def test_cadence_clock_stops_during_a_leave() -> None:
    """No stall, no reminders to book while one of the two is away."""
    story = on_leave().after(days=120)

    assert "paused" == story.state
    assert [ANN] == story.told("pairing_paused")
    assert "stalled" not in story.changes
    assert [] == [key for _, key in story.nudges() if key.startswith("book_next")]


def test_cadence_clock_starts_again_at_the_return() -> None:
    """The stall counts from the return, not from before the leave."""
    story = asked_to_resume().both_say("continue")

    story.after(days=45, seconds=-1)
    before = story.state
    story.after(seconds=1)

    assert ("active", "stalled") == (before, story.state)


def test_end_of_a_leave_is_followed_by_a_soft_landing() -> None:
    """`soft_landing_days` (10) of silence, then one `pairing_resumable` to both."""
    story = on_leave().after(days=30).is_back(BOB)

    story.after(days=9)
    silent = story.told("pairing_resumable")
    story.after(days=1)

    assert [] == silent
    assert [ANN, BOB] == story.told("pairing_resumable")
    assert "paused" == story.state


def test_pair_stays_paused_until_both_continue() -> None:
    """Paused → active after leave when both answer `continue`."""
    story = asked_to_resume()

    story.says(ANN, "continue")
    after_one = story.state
    story.says(BOB, "continue")

    assert ("paused", "active") == (after_one, story.state)
    assert ["proposed", "activated", "paused", "resumed"] == story.changes


def test_continue_twice_is_one_answer() -> None:
    """Nobody answers for the other."""
    story = asked_to_resume()

    story.says(ANN, "continue")
    story.says(ANN, "continue")

    assert "paused" == story.state


def test_answer_during_the_soft_landing_is_stale_and_both_are_asked() -> None:
    """Nobody can answer what was not yet asked; the question comes to both when the landing is over."""
    story = on_leave().after(days=30).is_back(BOB).after(days=1)

    story.says(ANN, "continue")
    story.after(days=SOFT_LANDING_DAYS)

    assert ["stale_answer"] == story.codes()
    assert list(PEOPLE) == sorted(story.told("pairing_resumable"))


def test_older_answer_to_go_on_never_wins() -> None:
    """Answers of one person to one question are ordered by their own time: `end` said before `continue` is stale."""
    story = on_leave().after(days=30).is_back(BOB).after(days=SOFT_LANDING_DAYS, hours=2)
    earlier = builders.continuation_answered(ANN, story.now - timedelta(hours=1), story.pairing_id, answer="end")

    story.says(ANN, "continue")
    story.tell(earlier)
    story.says(BOB, "continue")

    assert ["stale_answer"] == story.codes()
    assert "active" == story.state


def test_no_answer_ends_the_pair_without_penalty() -> None:
    """No answer in `resume_days` (14) → ended `circumstances`, at its instant; both hear that it ended."""
    story = asked_to_resume()
    over_at = datetime.fromisoformat(story.requests("pairing_resumable")[0]["params"]["answer_by"])

    story.after(seconds=(over_at - story.now).total_seconds() - 1)
    before = story.state
    story.after(seconds=1)

    assert ("paused", "ended") == (before, story.state)
    assert "circumstances" == story.published("ended")["code"]
    assert [ANN, BOB] == story.told("pairing_ended")
    assert [None, None] != [story.row_of(person_id).waiting_since for person_id in PEOPLE]


def test_one_answer_is_not_enough() -> None:
    """One `continue` doesn't stop the clock."""
    story = asked_to_resume()

    story.says(ANN, "continue")
    story.after(days=RESUME_DAYS)

    assert "ended" == story.state


@pytest.mark.parametrize("answer", ["continue", "renew", "finish", "convert"])
def test_answer_is_stale_while_somebody_is_away(answer: str) -> None:
    """Nobody can go on before the leave is over."""
    story = on_leave()

    story.says(ANN, answer)

    assert ["stale_answer"] == story.codes()


def test_leave_of_the_other_keeps_the_pair_paused() -> None:
    """Both have to be there before anybody is asked."""
    story = on_leave().after(days=5).goes_on_leave(ANN)

    story.after(days=30).is_back(BOB).after(days=60)
    asked_early = story.told("pairing_resumable")
    story.is_back(ANN).after(days=SOFT_LANDING_DAYS)

    assert [] == asked_early
    assert [ANN, BOB] == story.told("pairing_resumable")
    assert 1 == story.changes.count("paused")


def test_new_leave_takes_the_question_back() -> None:
    """Asked whether to go on, then away again: the question is withdrawn and the answers of before don't count."""
    story = asked_to_resume()
    story.says(ANN, "continue")

    story.after(days=1).goes_on_leave(BOB).after(days=60)
    paused = story.state
    story.is_back(BOB).after(days=SOFT_LANDING_DAYS)
    story.says(BOB, "continue")

    assert "paused" == paused == story.state
    assert BOB in story.recalled("pairing_resumable")
    assert [ANN, BOB, ANN, BOB] == story.told("pairing_resumable")


def test_self_pause_ends_by_itself() -> None:
    """A break with an end is over at the start of that day; nobody has to say anything."""
    story = self_paused(until_on="2025-02-01")

    story.advance_to("2025-01-31T23:59:59Z")
    before = story.state
    story.after(seconds=1)

    assert ("paused", "active") == (before, story.state)
    assert "resumed" == story.changes[-1]
    assert "2025-02-01" == story.published("paused")["until_on"]


def test_self_pause_ends_when_the_person_says_so() -> None:
    """`participation.resumed` brings the pair back at once."""
    story = self_paused()

    story.tell(builders.resumed(ANN, story.now))

    assert "active" == story.state


def test_self_pause_of_one_and_leave_of_the_other_both_count() -> None:
    """A break that is over doesn't bring back somebody on leave."""
    story = on_leave()
    story.tell(builders.paused(ANN, story.now))
    story.after(days=5)

    story.tell(builders.resumed(ANN, story.now))

    assert "paused" == story.state


def test_session_reported_during_a_pause_counts_and_moves_nothing() -> None:
    """A session counts for the ledger while the pair is live and moves only a stalled one."""
    story = on_leave()

    story.holds("s1")

    assert "paused" == story.state
    assert 1 == story.latest["sessions_count"]
    assert [1, 1] == story.latest["taught_count"]


def test_term_stands_still_while_the_pair_is_paused() -> None:
    """A pair that was paused for longer than its term resumes with all of the rest before it."""
    story = on_leave().after(days=250).is_back(BOB).after(days=SOFT_LANDING_DAYS)

    story.both_say("continue")

    assert ["activated", "paused", "resumed"] == story.changes[-3:]
    assert [] == story.requests("renew_or_finish")


def test_plan_that_was_done_meanwhile_concludes_at_the_return() -> None:
    """The last planned session, reported during a pause, counts at the return."""
    story = active_pair(sessions_planned=1).after(days=10).goes_on_leave(BOB)
    story.holds("s1")
    paused = story.state

    story.after(days=5).is_back(BOB).after(days=SOFT_LANDING_DAYS).both_say("continue")

    assert ("paused", "concluding") == (paused, story.state)
