"""Consent: who may answer what until when, and that a decline leaks nothing."""

import json
import re

import pytest

from tests.acceptance.stories.pairing_story import last, proposed
from tests.acceptance.stories.story import AUDIT, INSIGHTS, NUDGES, PAIRINGS, PARTICIPATION, STATES, Story


def test_one_acceptance_is_not_enough(story: Story) -> None:
    """Both must accept."""
    pairing = proposed(story)
    story.good(story.accepted("2025-01-06T09:00:00Z", "ann", pairing))

    assert story.pairings() == ["proposed"]


def test_both_acceptances_activate(story: Story) -> None:
    """Active with the second; people sorted."""
    story.pair()

    found = last(story)
    assert (found["kind"], found["people"], found["effective_at"], found["policy_version"]) == (
        "activated",
        ["ann", "bob"],
        "2025-01-06T09:00:00Z",
        1,
    )


def test_state_follows_the_pair(story: Story) -> None:
    """The state topic carries the latest state with its fields."""
    pairing = story.pair()

    states = story.of_type(STATES, "pairing.state")
    assert [one["state"] for one in states] == ["proposed", "active"]
    assert states[-1] == {
        "pairing_id": pairing,
        "programme_id": "p1",
        "state": "active",
        "people": ["ann", "bob"],
        "track": "mutual",
        "term": 1,
        "policy_version": 1,
        "since": "2025-01-06T09:00:00Z",
        "sessions_count": 0,
        "next_session_at": None,
        "taught_count": [0, 0],
    }


@pytest.mark.parametrize("version", [0, 2])
def test_answer_to_another_version_is_stale(story: Story, version: int) -> None:
    """An answer names the version it is about."""
    pairing = proposed(story)

    story.take(story.accepted("2025-01-06T09:00:00Z", "ann", pairing, version=version))

    assert story.dead_letters() in ([(f"dlq.{PARTICIPATION}", "stale_answer")], [(f"dlq.{PARTICIPATION}", "schema_invalid")])


@pytest.mark.parametrize("at", ["2025-01-13T06:00:00Z", "2025-02-13T06:00:00Z"])
def test_late_answer_is_stale(story: Story, at: str) -> None:
    """After `consent_days` (7) the proposal is over; an answer at that very instant is late."""
    pairing = proposed(story)

    story.take(story.accepted(at, "ann", pairing))

    assert (story.dead_letters(), story.pairings()) == ([(f"dlq.{PARTICIPATION}", "stale_answer")], ["proposed", "lapsed"])


def test_proposal_lapses_at_its_expiry(story: Story) -> None:
    """Exactly at `expires_at`."""
    proposed(story)
    story.tick("2025-01-20T00:00:00Z")

    assert (last(story)["kind"], last(story)["time"]) == ("lapsed", "2025-01-13T06:00:00Z")


def test_stranger_cannot_answer(story: Story) -> None:
    """Somebody outside the pair has no say in it."""
    pairing = proposed(story)
    story.good(story.hired("2025-01-06T07:00:00Z", "eve"))

    answer = story.take(story.accepted("2025-01-06T09:00:00Z", "eve", pairing))

    assert (answer.code, len(story.dead_letters())) == (3, 1)


def test_coordinator_cannot_answer(story: Story) -> None:
    """Only the person acts for the person."""
    pairing = proposed(story)

    story.take(story.accepted("2025-01-06T09:00:00Z", "ann", pairing) | {"actor": "coordinator"})

    assert story.dead_letters() == [(f"dlq.{PARTICIPATION}", "not_the_person")]


def test_coordinator_retracts(story: Story) -> None:
    """A retracted proposal lapses like any other."""
    pairing = proposed(story)
    story.good(story.event("proposal.retracted", "2025-01-07T00:00:00Z", {"pairing_id": pairing, "reason": "r"}, actor="c"))

    assert last(story) | {} == {
        "kind": "lapsed",
        "time": "2025-01-07T00:00:00Z",
        "pairing_id": pairing,
        "programme_id": "p1",
        "people": ["ann", "bob"],
    }


def ended_by(story: Story, cause: str) -> None:
    """Let a proposal be declined, or retracted, on 7 January at noon; declined, or not answered at all, it lapses when it expires."""
    pairing = proposed(story)
    noon = "2025-01-07T12:00:00Z"
    events = {
        "nobody": [],
        "ann": [story.accepted(noon, "ann", pairing, answer="decline")],
        "bob": [story.accepted(noon, "bob", pairing, answer="decline")],
        "coordinator": [story.event("proposal.retracted", noon, {"pairing_id": pairing, "reason": "r"}, actor="c")],
    }
    if events[cause]:
        story.good(*[event | {"id": "the-end"} for event in events[cause]])
    # A retracted proposal doesn't rest: the next round would propose the same two.
    story.tick("2025-01-08T00:00:00Z" if cause == "coordinator" else "2025-01-20T00:00:00Z")


def test_decline_leaks_nothing(story: Story) -> None:
    """Whoever declined, or nobody: every public stream is the same, byte for byte."""
    told = []
    for cause in ("nobody", "ann", "bob"):
        one = Story(story.directory / cause)
        one.directory.mkdir()
        ended_by(one, cause)
        told.append([one.run("tail", topic).out for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)])

    assert told[0] == told[1] == told[2]


def test_lapse_of_any_cause_looks_the_same(story: Story) -> None:
    """An expiry and a retraction publish the same lapse, but for its time."""
    told = []
    for cause in ("ann", "coordinator"):
        one = Story(story.directory / cause)
        one.directory.mkdir()
        ended_by(one, cause)
        told.append([{name: event[name] for name in event if name not in {"id", "time"}} for event in one.tail(PAIRINGS)[1:]])

    assert told[0] == told[1]


def test_lapse_makes_no_nudge(story: Story) -> None:
    """No nudge about it; those requested are cancelled for both, with the one reason."""
    ended_by(story, "coordinator")

    assert {one["key"] for one in story.nudges()} == {"proposal_ready"}
    assert {one["reason"] for one in story.cancelled()} == {"no_longer_needed"}
    assert sorted(one["person_id"] for one in story.cancelled()) == ["ann", "bob"]


def test_decline_can_be_taken_back(story: Story) -> None:
    """Until the proposal expires the answer may be changed; only two present accepts make a pair."""
    pairing = proposed(story)
    story.good(
        story.accepted("2025-01-06T09:00:00Z", "ann", pairing, answer="decline"),
        story.accepted("2025-01-07T09:00:00Z", "ann", pairing),
        story.accepted("2025-01-07T09:00:00Z", "bob", pairing),
    )

    assert story.pairings() == ["proposed", "activated"]


def test_answer_that_comes_late_but_was_given_earlier_is_stale(story: Story) -> None:
    """The last answer by its own time counts, whatever order they arrive in."""
    pairing = proposed(story)
    story.good(story.accepted("2025-01-07T09:00:00Z", "ann", pairing, answer="decline"))
    story.take(story.accepted("2025-01-06T09:00:00Z", "ann", pairing))
    story.good(story.accepted("2025-01-07T10:00:00Z", "bob", pairing))

    assert story.pairings() == ["proposed"]
    assert story.dead_letters() == [(f"dlq.{PARTICIPATION}", "stale_answer")]


def test_lapsed_state_names_no_cause(story: Story) -> None:
    """The state topic says `lapsed`, without causation or actor."""
    ended_by(story, "ann")

    event = story.tail(STATES)[-1]
    assert event["data"]["state"] == "lapsed"
    assert not {"causation", "actor"} & set(event)
    told = json.dumps([story.tail(topic) for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)])
    assert "declin" not in re.sub(r'"(choice|answer)": "decline"', "", told)


def test_no_rematch_before_the_daily_round(story: Story) -> None:
    """A retraction frees both for the next daily round, no sooner; what nobody decides takes no room after three days."""
    pairing = proposed(story)
    story.good(story.hired("2025-01-06T07:00:00Z", "cy", department="x"))
    story.good(story.enrolled("2025-01-06T07:00:00Z", "cy", gives="python:3", wants="strategy:3:0", experience_band=0))
    story.good(story.accepted("2025-01-07T12:00:00Z", "ann", pairing, answer="decline"))
    story.tick("2025-01-09T05:59:59Z")
    assert len(story.proposals()) == 1
    story.tick("2025-01-09T06:00:00Z")

    assert len(story.proposals()) == 2
