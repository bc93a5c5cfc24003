"""Rules of the lifecycle's nudges: who hears what, when, until when, and what takes it back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.fields import instant_text
from tests import builders
from tests.topology.pair_story import ANN, BOB, PEOPLE, START, PairStory, active_pair, proposed_pair

SETTLE = timedelta(seconds=60)
"""A behavioural nudge waits that long before it is chosen."""


def sent(story: PairStory, key: str) -> list[tuple[str, datetime]]:
    """Who was to hear a nudge, and when it was requested."""
    events = [event for event in story.read(type_="nudge.requested") if event["data"]["key"] == key]
    return [(event["data"]["person_id"], datetime.fromisoformat(event["time"])) for event in events]


def about(story: PairStory, key: str) -> dict[str, Any]:
    """The body of the last request of a key."""
    return story.requests(key)[-1]


# Proposal


def test_both_hear_of_a_proposal_at_once() -> None:
    """`proposal_ready`: proposed → both, transactional, valid until the proposal expires."""
    story = proposed_pair()

    assert [(ANN, START), (BOB, START)] == sent(story, "proposal_ready")
    request = about(story, "proposal_ready")
    expires_at = instant_text(START + timedelta(days=7))
    assert ("transactional", expires_at, expires_at) == (request["class"], request["expires_at"], request["params"]["answer_by"])
    assert ["accept", "decline"] == request["params"]["answers"]


def test_whoever_has_not_answered_is_reminded_after_three_days() -> None:
    """`answer_proposal`: 3 days unanswered → the one who has not answered, until the proposal expires."""
    story = proposed_pair().after(days=1)
    story.answers(ANN, "accept")

    story.after(days=5)

    assert [(BOB, START + timedelta(days=3) + SETTLE)] == sent(story, "answer_proposal")
    assert (90, instant_text(START + timedelta(days=7))) == (
        about(story, "answer_proposal")["priority"],
        about(story, "answer_proposal")["expires_at"],
    )


def test_both_are_reminded_when_neither_answered() -> None:
    """Each for itself."""
    assert [ANN, BOB] == sorted(proposed_pair().after(days=4).told("answer_proposal"))


def test_answer_takes_the_reminder_back() -> None:
    """Nothing once the action is done."""
    story = proposed_pair().after(days=4)

    story.answers(ANN, "accept")

    assert [ANN] == story.recalled("answer_proposal") == story.recalled("proposal_ready")


def test_both_hear_that_the_pair_has_begun() -> None:
    """`pairing_started`: active → both, valid for 14 days."""
    story = active_pair()

    assert [(ANN, START), (BOB, START)] == sent(story, "pairing_started")
    assert instant_text(START + timedelta(days=14)) == about(story, "pairing_started")["expires_at"]


# Booking


def test_nobody_having_booked_is_a_reminder_after_5_and_12_days() -> None:
    """`book_first_session`: 5 days active, none booked; again at 12; both alternately, and no third time."""
    story = active_pair().after(days=40)

    assert [(ANN, START + timedelta(days=5) + SETTLE), (BOB, START + timedelta(days=12) + SETTLE)] == sent(story, "book_first_session")


def test_side_that_has_not_proposed_a_time_is_asked_to_book() -> None:
    """Ann proposed a time that was given up; it is Bob's turn."""
    story = active_pair().after(days=1)
    story.books("s1", by=ANN, days=20)
    story.after(hours=1).cancels("s1", by=BOB)

    story.after(days=13)

    assert [BOB, BOB] == story.told("book_first_session")


def test_nobody_is_asked_to_book_what_is_booked() -> None:
    """With a session booked the reminder does not come; one that was requested is recalled by the booking."""
    booked = active_pair().after(days=1)
    booked.books("s1", days=20)
    late = active_pair().after(days=6)
    late.books("s1", days=3)

    assert [] == booked.after(days=14).told("book_first_session")
    assert [ANN] == late.recalled("book_first_session")


def test_five_days_count_from_the_return() -> None:
    """Time away doesn't count: who comes back without a session is reminded five days later."""
    story = active_pair().after(days=2)
    story.tell(builders.paused(ANN, story.now))
    story.after(days=30)
    story.tell(builders.resumed(ANN, story.now))
    back_at = story.now

    story.after(days=6)

    assert [(ANN, back_at + timedelta(days=5) + SETTLE)] == sent(story, "book_first_session")


def test_next_session_is_asked_for_two_weeks_after_the_last() -> None:
    """`book_next_session`: 14 days after the last session, none booked, term goes on; valid for 21 days."""
    story = active_pair().after(days=1)
    story.holds("s1")
    ended_at = story.now + timedelta(hours=1)

    story.after(days=14)
    before = sent(story, "book_next_session")
    story.after(hours=2)

    assert [] == before
    assert [(ANN, ended_at + timedelta(days=14) + SETTLE)] == sent(story, "book_next_session")
    assert "2025-01-07T09:00:00Z" == about(story, "book_next_session")["params"]["last_session_at"]
    assert instant_text(ended_at + timedelta(days=14 + 21)) == about(story, "book_next_session")["expires_at"]


def test_booking_the_next_session_alternates() -> None:
    """Where nobody cancelled or owes, one is asked, then the other."""
    story = active_pair().after(days=1)
    for session_id in ("s1", "s2"):
        story.holds(session_id)
        story.after(days=16)

    assert [ANN, BOB] == story.told("book_next_session")


def test_side_that_owes_is_asked_to_book() -> None:
    """Bob has taught less."""
    story = active_pair().after(days=1)
    story.holds("s1", ("strategy", ANN))

    assert [BOB] == story.after(days=16).told("book_next_session")


def test_side_that_cancelled_is_asked_to_book() -> None:
    """Also when the fourteen days are over already: at once then, and once only."""
    story = active_pair().after(days=1)
    story.holds("s1")
    story.after(days=1).books("s2", days=18)
    story.after(days=17).cancels("s2", by=BOB)
    cancelled_at = story.now
    story.after(days=1).books("s3", days=2)
    story.after(days=1).cancels("s3", by=ANN)

    story.after(days=10)

    assert [(BOB, cancelled_at + SETTLE)] == sent(story, "book_next_session")


def test_booked_next_session_is_not_asked_for() -> None:
    """None booked is part of the rule."""
    story = active_pair().after(days=1)
    story.holds("s1")
    story.books("s2", days=30)

    assert [] == story.after(days=29).told("book_next_session")


def test_nobody_is_asked_to_book_when_the_plan_is_done() -> None:
    """The term goes on is part of the rule."""
    story = active_pair(sessions_planned=1, concluding_days=60).after(days=1)
    story.holds("s1")

    assert [] == story.after(days=40).told("book_next_session")


# Sessions


def test_both_are_reminded_a_day_before() -> None:
    """`session_tomorrow`: 24 h before start → both, valid to the start."""
    story = active_pair().after(days=1)
    story.books("s1", days=5)
    starts_at = story.now + timedelta(days=5)

    story.after(days=5)

    assert [(ANN, starts_at - timedelta(days=1)), (BOB, starts_at - timedelta(days=1))] == sent(story, "session_tomorrow")
    request = about(story, "session_tomorrow")
    assert (instant_text(starts_at), instant_text(starts_at), 60) == (
        request["expires_at"],
        request["params"]["starts_at"],
        request["params"]["duration_minutes"],
    )


def test_session_booked_at_short_notice_is_reminded_of_at_once() -> None:
    """Less than a day ahead: now, and once."""
    story = active_pair().after(days=1)
    booked_at = story.now
    story.books("s1", hours=5)

    story.after(hours=6)

    assert [(ANN, booked_at), (BOB, booked_at)] == sent(story, "session_tomorrow")


@pytest.mark.parametrize("happens", ["cancels", "misses", "moves"])
def test_reminder_of_a_session_that_does_not_stand_is_recalled(happens: str) -> None:
    """Cancelled or moved: the reminder is taken back from both, and the new time has its own."""
    story = active_pair().after(days=1)
    story.books("s1", hours=20)
    story.after(hours=1)

    if happens == "moves":
        story.books("s1", days=3)
        story.after(days=3)
    else:
        getattr(story, happens)("s1")

    assert list(PEOPLE) == sorted(story.recalled("session_tomorrow"))
    assert (4 if happens == "moves" else 2) == len(story.told("session_tomorrow"))


def test_session_during_the_conclusion_is_reminded_of_too() -> None:
    """What is booked still takes place while both decide how to go on."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")
    story.books("s2", days=5)

    story.after(days=5)

    assert "concluding" == story.state
    assert [ANN, BOB] == story.told("session_tomorrow")


def test_session_booked_before_the_conclusion_is_reminded_of_too() -> None:
    """The conclusion doesn't forget what was booked."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.books("s2", days=5)
    story.holds("s1")

    story.after(days=5)

    assert [ANN, BOB] == story.told("session_tomorrow")


def test_unreported_session_is_asked_about_a_day_after_its_end() -> None:
    """`log_session`: 24 h after a booked end without a report → one side, alternating, valid for 7 days."""
    story = active_pair().after(days=1)
    story.books("s1", days=1)
    story.books("s2", days=9)
    first_end, second_end = story.now + timedelta(days=1, hours=1), story.now + timedelta(days=9, hours=1)

    story.after(days=20)

    day = timedelta(days=1)
    assert [(ANN, first_end + day + SETTLE), (BOB, second_end + day + SETTLE)] == sent(story, "log_session")
    assert instant_text(second_end + 8 * day) == about(story, "log_session")["expires_at"]


@pytest.mark.parametrize("report", ["holds", "cancels", "misses"])
def test_reported_session_is_not_asked_about(report: str) -> None:
    """Any report is a report, before the question or after it."""
    early, late = (active_pair().after(days=1) for _ in range(2))
    for story, hours in ((early, 40), (late, 55)):
        story.books("s1", days=1)
        story.after(hours=hours)
        getattr(story, report)("s1")
        story.after(days=10)

    assert [] == early.told("log_session")
    assert [ANN] == late.told("log_session") == late.recalled("log_session")


def test_session_reported_under_another_id_is_not_asked_about() -> None:
    """The same session from two sources is one, by overlapping time."""
    story = active_pair().after(days=1)
    story.books("calendar-1", days=1)
    story.after(days=1).holds("mine-1")

    assert [] == story.after(days=10).told("log_session")
    assert None is story.latest["next_session_at"]


# After a session


def test_exit_ramp_comes_after_session_1_and_3() -> None:
    """`still_right_for_you` to both, with the way on and the way out; silence means go on."""
    story = active_pair(sessions_planned=100).after(days=1).holds_many(3, days_apart=20).after(days=12)

    assert [ANN, ANN, BOB, BOB] == sorted(story.told("still_right_for_you"))
    assert ["continue", "end", "rematch"] == about(story, "still_right_for_you")["params"]["answers"]
    assert "active" == story.state


def test_saying_go_on_takes_the_exit_ramp_back() -> None:
    """`continue` answers it, for the one who says so."""
    story = active_pair(sessions_planned=100).after(days=1)
    story.holds("s1")

    story.says(ANN, "continue")

    assert [BOB] == story.after(days=13).told("still_right_for_you")
    assert [] == story.codes()


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
    """`concluding` and `renew_or_finish` to both, at once, with the day by which to answer."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")

    for key in ("concluding", "renew_or_finish"):
        assert [(ANN, story.now), (BOB, story.now)] == sent(story, key)
        assert instant_text(story.now + timedelta(days=14)) == about(story, key)["params"]["answer_by"]
    assert ["renew", "finish"] == about(story, "renew_or_finish")["params"]["answers"]


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
        for request in story.requests(key):
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
