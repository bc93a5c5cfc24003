"""How a term ends, how a pair becomes another, and the rarer ways."""

from typing import Any

import pytest

from tests.acceptance.stories.pairing_story import answered, last, meet, proposed
from tests.acceptance.stories.story import INSIGHTS, NUDGES, PAIRINGS, STATES, T0, Event, Story

# Terms


def test_term_end_pairs_everybody_anew_where_policy_says_so(story: Story) -> None:
    """`repair_at_term_end`: both may only finish, `renew` is stale, and the next round pairs everybody with somebody new."""
    pairing = story.pair(repair_at_term_end=True, sessions_planned=1)
    at = "2025-01-07T09:00:00Z"
    story.good(story.hired(at, "cy", department="lab"), story.hired(at, "dan", department="board"))
    story.good(
        story.enrolled(at, "cy", gives="python:3", wants="strategy:3:0", experience_band=0),
        story.enrolled(at, "dan", gives="strategy:3", wants="python:3:0", experience_band=2),
    )
    story.tick("2025-01-08T06:00:00Z")
    other = story.proposals()[-1]["pairing_id"]
    story.good(*(story.accepted("2025-01-08T09:00:00Z", person, other) for person in ("cy", "dan")))
    for one, people in ((pairing, ("ann", "bob")), (other, ("cy", "dan"))):
        story.good(story.held("2025-01-13T10:00:00Z", one, f"s-{one}", f"python:{people[0]}", f"strategy:{people[1]}"))
    assert {story.state(pairing), story.state(other)} == {"concluding"}
    answer = story.take(answered(story, "2025-01-14T10:00:00Z", "ann", pairing, "renew"))
    assert answer.json["dead_lettered"] == 1
    assert ("dlq.mentorship.participation.v1", "stale_answer") in story.dead_letters()
    before = len(story.proposals())

    story.tick("2025-01-29T06:00:00Z")

    assert [story.state(one) for one in (pairing, other)] == ["completed", "completed"]
    offered = [[answer["choice"] for answer in one["params"]["answers"]] for one in story.nudges("renew_or_finish")]
    assert (offered, story.nudges("concluding")) == ([["finish"]] * 4, [])
    assert {tuple(side["person_id"] for side in one["people"]) for one in story.proposals()[before:]} == {("ann", "dan"), ("bob", "cy")}


def test_planned_sessions_conclude_the_term(story: Story) -> None:
    """With the sixth session the pair is concluding; both are asked."""
    pairing = story.pair()
    meet(story, pairing, 5)
    assert story.state(pairing) == "active"
    meet(story, pairing, 6, first=6)

    assert (story.state(pairing), last(story)["kind"], last(story)["effective_at"]) == ("concluding", "concluding", "2025-06-02T10:00:00Z")
    assert {"concluding", "renew_or_finish"} & {one["key"] for one in story.nudges()} == {"renew_or_finish"}


def test_silence_completes_a_term(story: Story) -> None:
    """`concluding_days` (14) later it is completed."""
    pairing = story.pair()
    meet(story, pairing, 6)
    story.tick("2025-06-20T00:00:00Z")

    found = last(story)
    assert (found["kind"], found["time"], found["code"], found["sessions_count"], found["reciprocity_ratio"]) == (
        "completed",
        "2025-06-16T10:00:00Z",
        "completed",
        6,
        1.0,
    )


def test_both_finish_completes_at_once(story: Story) -> None:
    """Completed when both answered."""
    pairing = story.pair()
    meet(story, pairing, 6)
    story.good(answered(story, "2025-06-03T09:00:00Z", "ann", pairing, "finish"))
    assert story.state(pairing) == "concluding"
    story.good(answered(story, "2025-06-03T10:00:00Z", "bob", pairing, "finish"))

    assert last(story)["kind"] == "completed"


def test_both_renew_begins_a_term(story: Story) -> None:
    """If both choose renewal a new term begins, published as `renewed` alone."""
    pairing = story.pair()
    meet(story, pairing, 6)
    story.good(
        answered(story, "2025-06-03T09:00:00Z", "ann", pairing, "renew"), answered(story, "2025-06-03T10:00:00Z", "bob", pairing, "renew")
    )

    assert (story.pairings()[-2:], story.state(pairing), story.of_type(STATES, "pairing.state")[-1]["term"]) == (
        ["concluding", "renewed"],
        "active",
        2,
    )


@pytest.mark.parametrize("answers", [("renew", "finish"), ("finish", "renew")])
def test_one_finish_completes(story: Story, answers: tuple[str, str]) -> None:
    """One who doesn't go on is enough: completed once both answered."""
    pairing = story.pair()
    meet(story, pairing, 6)
    story.good(
        *(answered(story, "2025-06-03T09:00:00Z", person, pairing, answer) for person, answer in zip(("ann", "bob"), answers, strict=True))
    )

    assert last(story)["kind"] == "completed"


def test_term_ends_after_its_days(story: Story) -> None:
    """`term_days` (190) after the start the pair is concluding, with fewer sessions."""
    pairing = story.pair()
    meet(story, pairing, 5)
    story.good(
        story.event(
            "session.scheduled",
            "2025-06-10T09:00:00Z",
            {"session_id": "x", "pairing_id": pairing, "starts_at": "2025-07-28T09:00:00Z", "duration_minutes": 60},
        )
    )
    story.tick("2025-07-15T09:00:00Z")

    assert (last(story)["kind"], last(story)["effective_at"]) == ("concluding", "2025-07-15T09:00:00Z")


def reverse(story: Story) -> str:
    """An active reverse pair of bands 0 and 2."""
    return story.pair(track="reverse", training_required=False)


def narrowed(story: Story, at: str) -> Event:
    """The junior is of the senior's band now."""
    event = story.enrolled(at, "ann", gives="python:3", wants="strategy:3:0", experience_band=2)
    return event | {"type": "bothways.participation.updated.v1"}


def test_lost_gap_offers_conversion(story: Story) -> None:
    """The pair stays active; both are offered `convert`, and it is converted when both answer."""
    pairing = reverse(story)
    story.good(narrowed(story, "2025-01-08T09:00:00Z"))
    story.tick("2025-01-09T09:00:00Z")
    assert (story.state(pairing), sorted(one["person_id"] for one in story.nudges("convert_offer"))) == ("active", ["ann", "bob"])
    story.good(answered(story, "2025-01-09T09:00:00Z", "ann", pairing, "convert"))
    assert story.pairings()[-1] == "activated"
    story.good(answered(story, "2025-01-09T10:00:00Z", "bob", pairing, "convert"))

    assert (story.pairings()[-1], story.of_type(STATES, "pairing.state")[-1]["track"], story.state(pairing)) == (
        "converted",
        "mutual",
        "active",
    )


def test_lost_gap_never_ends_a_pair(story: Story) -> None:
    """Nobody is force-ended for a promotion."""
    pairing = reverse(story)
    story.good(narrowed(story, "2025-01-08T09:00:00Z"))
    story.tick("2025-02-10T00:00:00Z")

    assert story.state(pairing) == "active"


# The rarer ways


def test_one_renewal_and_silence_completes(story: Story) -> None:
    """A new term takes both."""
    pairing = story.pair()
    meet(story, pairing, 6)
    story.good(answered(story, "2025-06-03T09:00:00Z", "ann", pairing, "renew"))
    story.tick("2025-06-20T00:00:00Z")

    assert last(story)["kind"] == "completed"


def test_leave_moves_no_concluding_pair(story: Story) -> None:
    """Only active and stalled pairs are paused by a leave."""
    pairing = story.pair()
    meet(story, pairing, 6)
    story.good(story.event("hr.leave_started", "2025-06-03T09:00:00Z", {"person_id": "ann", "effective_on": "2025-06-03"}))

    assert story.state(pairing) == "concluding"


def test_leave_pauses_a_stalled_pair(story: Story) -> None:
    """And the grace days stop."""
    pairing = story.pair()
    story.tick("2025-02-21T00:00:00Z")
    story.good(story.event("hr.leave_started", "2025-02-21T09:00:00Z", {"person_id": "ann", "effective_on": "2025-02-21"}))
    story.tick("2025-05-21T00:00:00Z")

    assert (story.pairings()[-2:], story.state(pairing)) == (["stalled", "paused"], "paused")


def test_room_is_checked_at_the_second_acceptance(story: Story) -> None:
    """Bob has two proposals and then room for one only: the second lapses."""
    story.good(story.programme(T0), *(story.hired(T0, person, department=person) for person in ("ann", "bob", "cy")))
    story.good(story.enrolled(T0, "bob", gives="strategy:3", wants="python:3:0", experience_band=2, capacity=2))
    story.good(*(story.enrolled(T0, person, gives="python:3", wants="strategy:3:0", experience_band=0) for person in ("ann", "cy")))
    story.tick("2025-01-08T06:00:00Z")
    first, second = story.proposals()
    for at, proposal in (("2025-01-08T07:00:00Z", first), ("2025-01-08T09:00:00Z", second)):
        story.take(*(story.accepted(at, side["person_id"], proposal["pairing_id"]) for side in proposal["people"]))
        narrower = story.enrolled("2025-01-08T08:00:00Z", "bob", gives="strategy:3", wants="python:3:0", experience_band=2, capacity=1)
        story.good(narrower | {"type": "bothways.participation.updated.v1"})

    assert story.pairings() == ["proposed", "proposed", "activated", "lapsed"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("hr.role_changed", {"effective_on": "2025-01-06", "changes": {"manager_id": "bob"}}),
        ("hr.role_changed", {"effective_on": "2025-01-06", "changes": {"timezone": "Pacific/Auckland"}}),
        ("hr.role_changed", {"effective_on": "2025-01-06", "changes": {"languages": ["it"]}}),
        ("hr.leave_started", {"effective_on": "2025-01-06"}),
    ],
)
def test_open_proposal_is_checked_again(story: Story, kind: str, data: dict[str, Any]) -> None:
    """A hard rule that breaks lapses it at once."""
    proposed(story)
    story.good(story.event(kind, "2025-01-06T07:00:00Z", {"person_id": "ann", **data}))

    assert (last(story)["kind"], last(story)["time"]) == ("lapsed", "2025-01-06T07:00:00Z")


def test_answer_out_of_turn_is_stale(story: Story) -> None:
    """Nobody asked: nothing to renew in an active pair."""
    pairing = story.pair()

    for answer in ("renew", "finish", "convert", "continue"):
        story.take(answered(story, "2025-01-07T09:00:00Z", "ann", pairing, answer))

    assert {code for _, code in story.dead_letters()} == {"stale_answer"}
    assert story.pairings() == ["proposed", "activated"]


def test_decline_leaves_the_next_round_as_it_was(story: Story) -> None:
    """Everything is the same whoever declined, or if nobody answered: nobody's rank changes."""
    told = []
    for cause in ("first", "second", "nobody"):
        one = Story(story.directory / cause)
        one.directory.mkdir()
        one.good(one.programme(T0), *(one.hired(T0, f"m{number}", department=f"d{number}") for number in range(6)))
        for number in range(6):
            gives, wants = ("python:3", "strategy:3:0") if number % 2 else ("strategy:3", "python:3:0")
            one.good(one.enrolled(T0, f"m{number}", gives=gives, wants=wants, experience_band=number % 4))
        one.tick("2025-01-06T06:00:00Z")
        proposal, noon = one.proposals()[0], "2025-01-07T12:00:00Z"
        people = [side["person_id"] for side in proposal["people"]]
        end = {
            "first": [one.accepted(noon, people[0], proposal["pairing_id"], answer="decline")],
            "second": [one.accepted(noon, people[1], proposal["pairing_id"], answer="decline")],
            "nobody": [],
        }[cause]
        if end:
            one.good(*end)
        for person, gives, wants in (("n1", "python:3", "strategy:3:0"), ("n2", "strategy:3", "python:3:0")):
            one.good(
                one.hired("2025-01-07T13:00:00Z", person),
                one.enrolled("2025-01-07T13:00:00Z", person, gives=gives, wants=wants, experience_band=1),
            )
        one.tick("2025-01-16T00:00:00Z")
        told.append(
            [(event["type"], event["time"], event["data"]) for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS) for event in one.tail(topic)]
        )

    assert told[0] == told[1] == told[2]
