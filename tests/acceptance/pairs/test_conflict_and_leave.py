"""What a conflict in the reporting line and a leave do to a pair, and what people are told of it."""

from typing import Any

import pytest

from tests.acceptance.stories.hr_story import ends, hr, times
from tests.acceptance.stories.story import PAIRINGS, Story

# Conflict


def conflicted(story: Story, **changes: Any) -> str:
    """A pair whose junior moves under the senior on 20 January."""
    pairing = story.pair()
    story.good(
        hr(story, "role_changed", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20", changes=changes or {"manager_id": "bob"})
    )
    return pairing


def test_manager_change_suspends_the_pair(story: Story) -> None:
    """One became the other's ancestor."""
    pairing = conflicted(story)

    assert (story.state(pairing), times(story, "suspended")) == ("suspended", ["2025-01-20T09:00:00Z"])


def test_line_above_suspends_the_pair(story: Story) -> None:
    """An ancestor further up is one too."""
    pairing = story.pair()
    story.good(
        story.hired("2025-01-20T09:00:00Z", "max", manager_id="bob"),
        hr(story, "role_changed", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20", changes={"manager_id": "max"}),
    )

    assert story.state(pairing) == "suspended"


def test_same_manager_suspends_the_pair(story: Story) -> None:
    """Both got the same manager."""
    pairing = story.pair()
    for person in ("ann", "bob"):
        story.good(hr(story, "role_changed", "2025-01-20T09:00:00Z", person, effective_on="2025-01-20", changes={"manager_id": "max"}))

    assert story.state(pairing) == "suspended"


def test_same_manager_is_allowed_by_policy(story: Story) -> None:
    """Unless the policy allows it."""
    pairing = story.pair(same_manager_allowed=True)
    for person in ("ann", "bob"):
        story.good(hr(story, "role_changed", "2025-01-20T09:00:00Z", person, effective_on="2025-01-20", changes={"manager_id": "max"}))

    assert story.state(pairing) == "active"


def test_dotted_line_suspends_the_pair(story: Story) -> None:
    """Somebody also reported to is in the reporting line."""
    pairing = conflicted(story, dotted_line_ids=["bob"])

    assert story.state(pairing) == "suspended"


def test_ancestor_of_a_dotted_line_is_no_conflict(story: Story) -> None:
    """Only the people named as dotted lines count, not their ancestors."""
    pairing = story.pair()
    story.good(
        story.hired("2025-01-20T09:00:00Z", "max", manager_id="bob"),
        hr(story, "role_changed", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20", changes={"dotted_line_ids": ["max"]}),
    )

    assert story.state(pairing) == "active"


def test_conflict_asks_each_side_privately(story: Story) -> None:
    """A transactional choice of two, and nothing else about the pair afterwards."""
    pairing = conflicted(story)
    story.tick("2025-02-02T00:00:00Z")

    after = [one for one in story.nudges() if one.get("pairing_id") == pairing and one["not_before"] >= "2025-01-20T09:00:00Z"]
    assert sorted((one["person_id"], one["key"], one["class"]) for one in after) == [
        ("ann", "conflict_choice", "transactional"),
        ("bob", "conflict_choice", "transactional"),
    ]
    assert all({answer["choice"] for answer in one["params"]["answers"]} == {"end", "rematch"} for one in after)


def test_conflict_cancels_what_was_requested(story: Story) -> None:
    """A nudge already requested is cancelled, reason `no_longer_needed`."""
    pairing = story.pair()
    story.tick("2025-01-11T09:00:00Z")
    story.tick("2025-01-13T09:00:00Z")
    booked = story.nudges("book_first_session")
    story.good(hr(story, "role_changed", "2025-01-13T10:00:00Z", "ann", effective_on="2025-01-13", changes={"manager_id": "bob"}))

    cancelled = {one["nudge_id"]: one["reason"] for one in story.cancelled()}
    assert booked
    assert [cancelled.get(one["nudge_id"]) for one in booked] == ["no_longer_needed"] * len(booked)
    assert story.state(pairing) == "suspended"


@pytest.mark.parametrize("answer", ["end", "rematch"])
def test_conflict_ends_in_circumstances_by_choice(story: Story, answer: str) -> None:
    """Either choice of either side ends the pair `circumstances`."""
    pairing = conflicted(story)
    story.good(story.by("pairing.continuation_answered", "2025-01-21T09:00:00Z", "ann", pairing_id=pairing, answer=answer))

    assert ends(story) == [("2025-01-21T09:00:00Z", "circumstances")]


def test_unresolved_conflict_ends_after_its_days(story: Story) -> None:
    """`conflict_days` (14) after the notes, which wait a day, the pair ends `circumstances`."""
    conflicted(story)
    story.tick("2025-02-04T08:59:59Z")
    assert ends(story) == []
    story.tick("2025-02-04T09:00:00Z")

    assert ends(story) == [("2025-02-04T09:00:00Z", "circumstances")]


def test_resolved_conflict_asks_both_again(story: Story) -> None:
    """If it disappears the pair is active only after both consent again."""
    pairing = conflicted(story)
    story.good(hr(story, "role_changed", "2025-01-22T09:00:00Z", "ann", effective_on="2025-01-22", changes={"manager_id": None}))
    assert story.state(pairing) == "suspended"
    story.good(story.by("pairing.continuation_answered", "2025-01-23T09:00:00Z", "ann", pairing_id=pairing, answer="continue"))
    assert story.state(pairing) == "suspended"
    story.good(story.by("pairing.continuation_answered", "2025-01-23T10:00:00Z", "bob", pairing_id=pairing, answer="continue"))

    assert (story.state(pairing), times(story, "resumed")) == ("active", ["2025-01-23T10:00:00Z"])


def test_coordinator_sees_a_code_only(story: Story) -> None:
    """`coordinator_conflict` goes to `coordinator:<programme_id>` and names nobody."""
    conflicted(story)
    story.tick("2025-01-22T00:00:00Z")

    (told,) = story.nudges("coordinator_conflict")

    assert told["person_id"] == "coordinator:p1"
    assert not {"ann", "bob"} & set(map(str, told["params"].values()))


def test_promotion_within_hard_rules_changes_no_live_pair(story: Story) -> None:
    """Live pairs are re-checked against hard rules only: the same department is none."""
    pairing = conflicted(story, department="board", job_level=11)

    assert story.state(pairing) == "active"


# Leave


def test_leave_pauses_to_the_expected_return(story: Story) -> None:
    """The pair is paused from the first day, with the expected return."""
    pairing = story.pair()
    story.good(hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-22", expected_return_on="2025-03-01"))
    assert story.state(pairing) == "active"
    story.tick("2025-01-22T00:00:00Z")

    paused = story.of_type(PAIRINGS, "pairing.paused")
    assert [(one["until_on"], one["effective_at"]) for one in paused] == [("2025-03-01", "2025-01-22T00:00:00Z")]
    assert story.person("ann")["employment"] == "on_leave"


def test_partner_hears_paused_and_the_person_nothing(story: Story) -> None:
    """The partner hears `paused`, never why; nothing to a person on leave."""
    story.pair()
    story.good(hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20"))
    story.tick("2025-04-20T09:00:00Z")

    after = [(one["person_id"], one["key"]) for one in story.nudges() if one["not_before"] >= "2025-01-20T09:00:00Z"]
    assert after == [("bob", "pairing_paused"), ("bob", "partner_away")]
    assert "leave" not in str(story.nudges("pairing_paused"))


def test_leave_ends_only_by_its_event(story: Story) -> None:
    """`expected_return_on` just fills `until_on`."""
    pairing = story.pair()
    story.good(hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20", expected_return_on="2025-02-01"))
    story.tick("2025-06-20T09:00:00Z")

    assert (story.state(pairing), story.person("ann")["employment"]) == ("paused", "on_leave")


def test_soft_landing_then_one_question_to_both(story: Story) -> None:
    """Ten days of silence after the return, then one `pairing_resumable` to both."""
    story.pair()
    story.good(
        hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20"),
        hr(story, "leave_ended", "2025-02-10T09:00:00Z", "ann", effective_on="2025-02-10"),
    )
    story.tick("2025-02-19T23:59:00Z")
    assert story.nudges("pairing_resumable") == []
    story.tick("2025-02-21T09:00:00Z")

    asked = story.nudges("pairing_resumable")
    assert sorted(one["person_id"] for one in asked) == ["ann", "bob"]
    assert all(one["not_before"][:10] == "2025-02-20" for one in asked)


def test_paused_pair_resumes_when_both_continue(story: Story) -> None:
    """Paused until both answer `continue`; the return publishes `resumed`."""
    pairing = story.pair()
    story.good(
        hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20"),
        hr(story, "leave_ended", "2025-02-10T09:00:00Z", "ann", effective_on="2025-02-10"),
    )
    story.tick("2025-02-21T09:00:00Z")
    story.good(story.by("pairing.continuation_answered", "2025-02-21T10:00:00Z", "ann", pairing_id=pairing, answer="continue"))
    assert story.state(pairing) == "paused"
    story.good(story.by("pairing.continuation_answered", "2025-02-21T11:00:00Z", "bob", pairing_id=pairing, answer="continue"))

    assert (story.state(pairing), times(story, "resumed")) == ("active", ["2025-02-21T11:00:00Z"])


def test_unanswered_return_ends_without_penalty(story: Story) -> None:
    """No answer in `resume_days` (14) after the question ends the pair `circumstances`."""
    story.pair()
    story.good(
        hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20"),
        hr(story, "leave_ended", "2025-02-10T09:00:00Z", "ann", effective_on="2025-02-10"),
    )
    story.tick("2025-04-01T00:00:00Z")

    assert [(ended[:10], code) for ended, code in ends(story)] == [("2025-03-06", "circumstances")]


def test_leave_stops_the_cadence_clock(story: Story) -> None:
    """A paused pair never stalls."""
    story.pair()
    story.good(hr(story, "leave_started", "2025-01-20T09:00:00Z", "ann", effective_on="2025-01-20"))
    story.tick("2025-06-01T00:00:00Z")

    assert story.pairings() == ["proposed", "activated", "paused"]


def test_leave_doesnt_move_a_suspended_pair(story: Story) -> None:
    """Leave and timers don't move a suspended pair, the conflict's own days aside."""
    pairing = conflicted(story)
    story.good(hr(story, "leave_started", "2025-01-21T09:00:00Z", "ann", effective_on="2025-01-21"))

    assert story.state(pairing) == "suspended"


def test_person_on_leave_is_not_proposed(story: Story) -> None:
    """`on_leave` is a hard rule."""
    story.couple()
    story.good(hr(story, "leave_started", "2025-01-06T05:30:00Z", "ann", effective_on="2025-01-06"))

    assert story.unmatched()["ann"] == ["on_leave"]


@pytest.mark.parametrize("cause", ["departure", "rematch"])
def test_bereft_partner_comes_first_in_the_next_round(story: Story, cause: str) -> None:
    """Whoever lost a partner, or asked for a rematch in a conflict, comes before equals who have waited for many rounds."""
    pairing = story.pair()
    waiting = ("w1", "w2", "w3", "w4")
    story.good(*(story.hired("2025-01-07T00:00:00Z", person, department=person) for person in (*waiting, "eve")))
    story.good(
        *(story.enrolled("2025-01-07T00:00:00Z", person, gives="strategy:3", wants="python:3:0", experience_band=2) for person in waiting)
    )
    if cause == "departure":
        story.good(hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-01-19"))
    else:
        story.good(
            hr(story, "role_changed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-01-20", changes={"manager_id": "bob"}),
            story.by("pairing.continuation_answered", "2025-01-20T12:30:00Z", "bob", pairing_id=pairing, answer="rematch"),
            story.by("participation.withdrawn", "2025-01-20T12:40:00Z", "ann", programme_id="p1"),
        )
    story.good(story.enrolled("2025-01-20T13:00:00Z", "eve", gives="python:3", wants="strategy:3:0", experience_band=0))
    story.tick("2025-01-21T12:00:00Z")

    assert [side["person_id"] for side in story.proposals()[-1]["people"]] == ["bob", "eve"]
