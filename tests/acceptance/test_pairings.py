"""The life of a pair: consent, privacy of a decline, endings, terms, conversion."""

import json
from typing import Any, Final

import pytest

from tests.acceptance.story import AUDIT, INSIGHTS, NUDGES, PAIRINGS, PARTICIPATION, STATES, Story

T0: Final = "2025-01-06T05:00:00Z"
Event = dict[str, Any]


def answered(story: Story, at: str, person: str, pairing: str, answer: str) -> Event:
    """A person's word about going on."""
    return story.by("pairing.continuation_answered", at, person, pairing_id=pairing, answer=answer)


def last(story: Story) -> Event:
    """The newest event on the pairings topic, its type as `kind`."""
    event = story.tail(PAIRINGS)[-1]
    return {"kind": event["type"].removeprefix("bothways.pairing.").removesuffix(".v1"), "time": event["time"], **event["data"]}


def proposed(story: Story, **policy: Any) -> str:
    """The couple with its open proposal; the pairing's id."""
    story.couple(**policy)
    story.tick("2025-01-06T06:00:00Z")
    return str(story.proposals()[-1]["pairing_id"])


def meet(story: Story, pairing: str, count: int, *, first: int = 1) -> None:
    """Hold sessions on Mondays from 13 January on, in both directions."""
    days = ["2025-01-13", "2025-02-10", "2025-03-10", "2025-04-07", "2025-05-05", "2025-06-02"]
    story.good(
        *(
            story.held(f"{day}T10:00:00Z", pairing, f"s{number}", "python:ann", "strategy:bob")
            for number, day in enumerate(days, 1)
            if first <= number <= count
        )
    )


# Consent


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
    """Let a proposal lapse on 7 January at noon by one cause."""
    pairing = proposed(story)
    noon = "2025-01-07T12:00:00Z"
    events = {
        "ann": [story.accepted(noon, "ann", pairing, answer="decline")],
        "bob": [story.accepted(noon, "bob", pairing, answer="decline")],
        "coordinator": [story.event("proposal.retracted", noon, {"pairing_id": pairing, "reason": "r"}, actor="c")],
    }
    story.good(*[event | {"id": "the-end"} for event in events[cause]])
    story.tick("2025-01-20T00:00:00Z")


def test_decline_leaks_nothing(story: Story) -> None:
    """Whoever declined, every public stream but the audit has the same events with the same bodies."""
    told = []
    for cause in ("ann", "bob"):
        one = Story(story.directory / cause)
        one.directory.mkdir()
        ended_by(one, cause)
        told.append(
            {
                topic: [(event["type"], event["time"], event["data"]) for event in one.tail(topic)]
                for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS)
            }
        )

    assert told[0] == told[1]


def test_lapse_of_any_cause_looks_the_same(story: Story) -> None:
    """A decline and a retraction publish the same lapse."""
    told = []
    for cause in ("ann", "coordinator"):
        one = Story(story.directory / cause)
        one.directory.mkdir()
        ended_by(one, cause)
        told.append([{name: event[name] for name in event if name != "id"} for event in one.tail(PAIRINGS)[1:]])

    assert told[0] == told[1]


def test_lapse_makes_no_nudge(story: Story) -> None:
    """No nudge about it; those requested are cancelled, whatever the cause with the one reason."""
    ended_by(story, "ann")

    assert {one["key"] for one in story.nudges()} == {"proposal_ready"}
    assert {one["reason"] for one in story.cancelled()} == {"no_longer_needed"}
    assert sorted(one["person_id"] for one in story.cancelled()) == ["ann", "bob"]


def test_lapsed_state_names_no_cause(story: Story) -> None:
    """The state topic says `lapsed`, without causation or actor."""
    ended_by(story, "ann")

    event = story.tail(STATES)[-1]
    assert event["data"]["state"] == "lapsed"
    assert not {"causation", "actor"} & set(event)
    assert "declin" not in json.dumps([story.tail(topic) for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)]).replace(
        '"accept", "decline"', ""
    )


def test_no_rematch_before_the_daily_round(story: Story) -> None:
    """A decline frees both for the next daily round, no sooner."""
    pairing = proposed(story)
    story.good(story.hired("2025-01-06T07:00:00Z", "cy", department="x"))
    story.good(story.enrolled("2025-01-06T07:00:00Z", "cy", gives="python:3", wants="strategy:3:0", experience_band=0))
    story.good(story.accepted("2025-01-07T12:00:00Z", "ann", pairing, answer="decline"))
    story.tick("2025-01-08T05:59:59Z")
    assert len(story.proposals()) == 1
    story.tick("2025-01-08T06:00:00Z")

    assert len(story.proposals()) == 2


# Endings


@pytest.mark.parametrize("answer", ["end", "rematch"])
def test_either_ends_by_choice(story: Story, answer: str) -> None:
    """Either asks to end: `choice`."""
    pairing = story.pair()
    story.good(answered(story, "2025-01-08T09:00:00Z", "ann", pairing, answer))

    found = last(story)
    assert (found["kind"], found["code"], found["sessions_count"], found["reciprocity_ratio"]) == ("ended", "choice", 0, None)


def test_withdrawal_ends_by_choice(story: Story) -> None:
    """Withdrawal is immediate and ends live pairs `choice`."""
    story.pair()
    story.good(story.by("participation.withdrawn", "2025-01-08T09:00:00Z", "ann", programme_id="p1"))

    assert (last(story)["kind"], last(story)["code"]) == ("ended", "choice")


def test_withdrawal_lapses_a_proposal(story: Story) -> None:
    """And lapses open proposals."""
    proposed(story)
    story.good(story.by("participation.withdrawn", "2025-01-08T09:00:00Z", "ann", programme_id="p1"))

    assert last(story)["kind"] == "lapsed"


def test_closed_programme_ends_its_pairs(story: Story) -> None:
    """Closed: every live pair ends `programme_closed`."""
    story.pair()
    story.good(story.event("programme.closed", "2025-01-08T09:00:00Z", {"programme_id": "p1"}, actor="c"))

    assert (last(story)["kind"], last(story)["code"]) == ("ended", "programme_closed")


def test_paused_programme_keeps_its_pairs(story: Story) -> None:
    """Consent and pairs go on in a paused programme."""
    pairing = proposed(story)
    story.good(story.event("programme.paused", "2025-01-06T07:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.good(*(story.accepted("2025-01-06T09:00:00Z", person, pairing) for person in ("ann", "bob")))

    assert story.state(pairing) == "active"


def test_silence_stalls_then_ends(story: Story) -> None:
    """No session for `stall_days` (45): stalled; `grace_days` (14) later ended `inactive`."""
    story.pair()
    story.tick("2025-04-01T00:00:00Z")

    assert [(one["type"].split(".")[2], one["time"]) for one in story.tail(PAIRINGS)][2:] == [
        ("stalled", "2025-02-20T09:00:00Z"),
        ("ended", "2025-03-06T09:00:00Z"),
    ]
    assert last(story)["code"] == "inactive"


def test_booking_keeps_a_pair_from_stalling(story: Story) -> None:
    """A session scheduled counts as well as one held."""
    pairing = story.pair()
    story.good(
        story.event(
            "session.scheduled",
            "2025-02-10T09:00:00Z",
            {"session_id": "s1", "pairing_id": pairing, "starts_at": "2025-02-28T09:00:00Z", "duration_minutes": 60},
        )
    )
    story.tick("2025-02-21T00:00:00Z")

    assert story.state(pairing) == "active"


def test_session_wakes_a_stalled_pair(story: Story) -> None:
    """Stalled to active on a session, published as `resumed`."""
    pairing = story.pair()
    story.tick("2025-02-21T00:00:00Z")
    story.good(story.held("2025-02-24T10:00:00Z", pairing, "s1", "python:ann"))

    assert story.pairings()[2:] == ["stalled", "resumed"]


def test_self_pause_pauses_and_ends_by_itself(story: Story) -> None:
    """A self-pause of one side pauses the pair; it ends by itself."""
    pairing = story.pair()
    story.good(story.by("participation.paused", "2025-01-08T09:00:00Z", "ann", programme_id="p1", until_on="2025-01-20"))
    assert (last(story)["kind"], last(story)["until_on"]) == ("paused", "2025-01-20")
    story.tick("2025-01-22T00:00:00Z")

    assert (story.state(pairing), story.pairings()[-1]) == ("active", "resumed")


def test_resuming_ends_a_self_pause(story: Story) -> None:
    """`participation.resumed` ends an open-ended pause."""
    pairing = story.pair()
    story.good(story.by("participation.paused", "2025-01-08T09:00:00Z", "ann", programme_id="p1"))
    story.tick("2025-03-22T00:00:00Z")
    assert story.state(pairing) == "paused"
    story.good(story.by("participation.resumed", "2025-03-22T09:00:00Z", "ann", programme_id="p1"))

    assert story.state(pairing) == "active"


# Enrolment


def test_enrolment_shows_on_the_row(story: Story) -> None:
    """`enrolments[]` names programme and status."""
    story.couple()

    assert [(one["programme_id"], one["status"]) for one in story.person("ann")["enrolments"]] == [("p1", "enrolled")]


def test_nomination_is_one_open_invitation(story: Story) -> None:
    """A nomination says not who nominated or why, and comes once a programme."""
    story.good(story.programme(T0), story.hired(T0, "cy"))
    for number in (1, 2):
        story.good(
            story.event(
                "participation.nominated", f"2025-01-0{5 + number}T09:00:00Z", {"person_id": "cy", "programme_id": "p1"}, actor="boss"
            )
        )
    story.tick("2025-03-06T00:00:00Z")

    (invitation,) = story.nudges("open_invitation")
    assert (invitation["person_id"], invitation["class"], invitation["category"], invitation["priority"]) == (
        "cy",
        "behavioural",
        "invitations",
        10,
    )
    assert "boss" not in json.dumps(story.tail(NUDGES))


def test_invite_nominates_who_is_here_long_enough(story: Story) -> None:
    """Active, hired at least `eligible_after_days` (30) ago, neither enrolled nor invited."""
    story.couple()
    story.good(
        story.hired(T0, "old"),
        story.hired(T0, "new", effective_on="2024-12-20"),
        story.hired(T0, "next", effective_on="2025-02-01"),
        story.hired(T0, "gone"),
        story.event("hr.departed", T0, {"person_id": "gone", "effective_on": "2025-01-01"}),
    )

    first, second = story.run("invite", "p1", "--json"), story.run("invite", "p1", "--json")
    story.tick("2025-01-20T00:00:00Z")

    assert (first.json["invited"], second.json["invited"]) == (1, 0)
    assert [one["person_id"] for one in story.nudges("open_invitation")] == ["old"]


def test_invite_one_department(story: Story) -> None:
    """`--department` narrows it."""
    story.good(story.programme(T0), story.hired(T0, "a", department="lab"), story.hired(T0, "b", department="yard"))

    assert story.run("invite", "p1", "--department", "lab", "--json").json["invited"] == 1


def test_invite_to_no_programme_is_refused(story: Story) -> None:
    """Exit 1."""
    story.good(story.hired(T0, "a"))

    assert story.run("invite", "p9", "--json").code == 1


def test_incomplete_profile_is_never_proposed(story: Story) -> None:
    """Enrolment needs an offer and a want; the reminder comes after 7 days and once more after 14."""
    story.couple()
    story.good(story.hired(T0, "cy"), story.enrolled(T0, "cy", gives="", wants=""))
    story.tick("2025-03-01T00:00:00Z")

    assert [one["not_before"] for one in story.nudges("profile_incomplete", "cy")] == ["2025-01-13T08:00:00Z", "2025-01-20T08:00:00Z"]
    assert len(story.proposals()) == 1


def test_command_is_audited(story: Story) -> None:
    """Every coordinator's command is on the audit topic with its type; a refused one with its code."""
    story.couple()
    story.good(story.programme(T0), story.event("programme.closed", T0, {"programme_id": "p1", "reason": "budget"}, actor="c"))

    audited = story.tail(AUDIT)
    assert "bothways.programme.created.v1" in [event["data"].get("type") for event in audited]
    refused = [event["data"] for event in audited if event["type"] == "bothways.command.refused.v1"]
    assert [(one["type"], one["code"]) for one in refused] == [("bothways.programme.created.v1", "already_exists")]
    assert set(refused[0]) == {"type", "subject", "code"}
