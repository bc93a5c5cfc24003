"""Rules of proposal and consent: both, the same version, without a trace of who did not want to."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from schemas.text.fields import instant_text
from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, START, PairStory, proposed_pair


def test_pairing_becomes_active_when_both_accept() -> None:
    """Proposed → active: two consents to the same version."""
    story = proposed_pair()

    story.answers(ANN, "accept")
    after_one = story.state
    story.answers(BOB, "accept")

    assert ("proposed", "active") == (after_one, story.state)
    assert ["proposed", "activated"] == story.changes


def test_one_acceptance_publishes_nothing() -> None:
    """What one side answered is nobody else's business."""
    story = proposed_pair()
    before = len(story.read("mentorship.pairings.v1")), len(story.read("mentorship.pairing-state.v1"))

    story.answers(ANN, "accept")

    assert before == (len(story.read("mentorship.pairings.v1")), len(story.read("mentorship.pairing-state.v1")))


def test_accepting_twice_is_one_consent() -> None:
    """The same person can't consent for both."""
    story = proposed_pair()

    story.answers(ANN, "accept")
    story.answers(ANN, "accept")

    assert "proposed" == story.state
    assert [] == story.codes()


def test_proposal_says_when_it_expires_and_under_which_policy() -> None:
    """A proposal carries reasons, data used, policy version and its end."""
    proposed = proposed_pair().published("proposed")

    assert instant_text(START + timedelta(days=7)) == proposed["expires_at"]
    assert 1 == proposed["policy_version"] == proposed["proposal_version"]
    assert proposed["reasons"]
    assert proposed["data_used"]


def _declined(person_id: str) -> PairStory:
    story = proposed_pair()
    story.after(days=1).answers(person_id, "decline")
    return story.after(days=6)


def _expired() -> PairStory:
    return proposed_pair().after(days=7)


def _retracted() -> PairStory:
    story = proposed_pair().after(days=1)
    story.tell(builders.proposal_retracted(story.now, story.pairing_id))
    return story


def _forbidden() -> PairStory:
    story = proposed_pair().after(days=1)
    story.tell(builders.pairing_forbidden(story.now, PEOPLE))
    return story.after(days=6)


def _barred() -> PairStory:
    return proposed_pair().after(days=1).conflict_arises()


def _left() -> PairStory:
    return proposed_pair().after(days=1).goes_on_leave(BOB)


def _paused() -> PairStory:
    story = proposed_pair().after(days=1)
    story.tell(builders.paused(ANN, story.now))
    return story


def _withdrawn() -> PairStory:
    story = proposed_pair().after(days=1)
    story.tell(builders.withdrawn(ANN, story.now))
    return story


def _departed() -> PairStory:
    story = proposed_pair().after(days=1)
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-06"))
    return story.after(hours=4)


def _closed() -> PairStory:
    story = proposed_pair().after(days=1)
    story.tell(builders.programme_closed(story.now))
    return story


Lapse = Callable[[], PairStory]
LAPSES: dict[str, Lapse] = {
    "ann declines": lambda: _declined(ANN),
    "bob declines": lambda: _declined(BOB),
    "nobody answers": _expired,
    "a coordinator retracts": _retracted,
    "a coordinator forbids": _forbidden,
    "a hard rule breaks": _barred,
    "a leave starts": _left,
    "a pause starts": _paused,
    "one withdraws": _withdrawn,
    "one departs": _departed,
    "the programme closes": _closed,
}


AT_ITS_END = {"ann declines", "bob declines", "nobody answers", "a coordinator forbids"}
EARLY = {name: lapse for name, lapse in LAPSES.items() if name not in AT_ITS_END}
"""Lapses on the same day; the nudges of a proposal that expires end with it, after a reminder."""


def seen(story: PairStory, *topics: str) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """What an observer of some topics sees, opaque ids and instants aside, with the names of all attributes."""
    opaque = {"id", "time", "causation"}
    seen_: list[tuple[dict[str, Any], tuple[str, ...]]] = []
    for topic in topics:
        for event in story.read(topic):
            body = {name: value for name, value in event["data"].items() if name not in {"nudge_id", "since"}}
            seen_.append(({name: value for name, value in event.items() if name not in opaque} | {"data": body}, tuple(sorted(event))))
    return seen_


@pytest.mark.parametrize("lapse", LAPSES.values(), ids=LAPSES.keys())
def test_every_lapse_looks_the_same(lapse: Lapse) -> None:
    """No leak: whatever the cause, a lapse publishes the same events with the same bodies."""
    topics = ("mentorship.pairings.v1", "mentorship.pairing-state.v1")

    assert seen(_declined(ANN), *topics) == seen(lapse(), *topics)


@pytest.mark.parametrize("name", sorted(AT_ITS_END))
def test_a_decline_is_told_like_silence(name: str) -> None:
    """A decline is silent: nudges, reminders, ids and instants are those of a proposal that nobody answers, on every topic."""
    assert _public(_expired().after(days=40)) == _public(LAPSES[name]().after(days=40))


def _public(story: PairStory) -> list[dict[str, Any]]:
    """Everything published, but for the audit of commands."""
    return [event for event in story.read() if event.get("type") != "bothways.command.recorded.v1"]


@pytest.mark.parametrize("lapse", EARLY.values(), ids=EARLY.keys())
def test_every_lapse_is_told_alike(lapse: Lapse) -> None:
    """No leak: whatever the cause, the nudges of a lapse and their withdrawal are the same for both."""
    told = seen(_retracted(), "mentorship.nudges.v1")

    assert told
    assert told == seen(lapse(), "mentorship.nudges.v1")


@pytest.mark.parametrize("lapse", LAPSES.values(), ids=LAPSES.keys())
def test_lapse_has_no_cause_no_name_and_no_trace(lapse: Lapse) -> None:
    """No leak: three fields and an envelope without `causation` and `actor`, on the event and on the state."""
    story = lapse()
    event = story.read(type_="pairing.lapsed")[-1]
    state = story.read(type_="pairing.state")[-1]

    assert {"pairing_id", "programme_id", "people"} == set(event["data"])
    assert "lapsed" == state["data"]["state"]
    assert not {"causation", "actor"} & {*event, *state}


@pytest.mark.parametrize("lapse", EARLY.values(), ids=EARLY.keys())
def test_lapse_takes_both_nudges_back(lapse: Lapse) -> None:
    """The request to answer is withdrawn from both alike."""
    assert list(PEOPLE) == sorted(lapse().recalled("proposal_ready"))


def test_it_cannot_be_told_who_declined() -> None:
    """No leak: the world where Ann declines and the world where Bob declines are the same on every topic, to the byte, a month on."""
    worlds = [_declined(person_id).after(days=40) for person_id in PEOPLE]
    texts = [json.dumps(world.read()) for world in worlds]

    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", sorted(AT_ITS_END - {"a coordinator forbids"}))
def test_pair_that_had_its_chance_rests(name: str) -> None:
    """A proposal that lapsed by reaching `expires_at` rests for `lapsed_rest_days`, declined or not answered."""
    story = LAPSES[name]()
    first = story.pairing_id

    story.after(days=179).round()
    too_early = story.pairing_id
    story.after(days=2).round()

    assert first == too_early
    assert first != story.pairing_id


def test_pair_rests_only_after_a_chance() -> None:
    """What ends by a retraction, or by a hard rule that is gone again, may be proposed in the next round."""
    retracted, barred = _retracted(), _barred()
    first = retracted.pairing_id, barred.pairing_id

    retracted.round()
    barred.conflict_goes().round()

    assert not {retracted.pairing_id, barred.pairing_id} & set(first)


def test_pair_does_not_rest_when_a_side_could_not_be_told() -> None:
    """A proposal whose request was suppressed, or came within its last 24 hours, was no chance."""
    story = proposed_pair(consent_days=1, quiet_from="08:30", quiet_to="12:00")
    first = story.pairing_id

    story.after(days=1).round()

    assert first != story.pairing_id


def test_new_proposal_after_a_lapse_has_a_new_id() -> None:
    """A lapse is final: the next proposal of the same two is another pairing."""
    story = _declined(ANN)
    first = story.pairing_id

    story.tell(builders.pairing_locked(story.now, PEOPLE))
    story.round()

    assert first != story.pairing_id
    assert "proposed" == story.state


def test_lapse_does_not_reset_waiting() -> None:
    """Waiting counts from the moment a person became ready; a decline costs nothing."""
    story = _declined(ANN)

    rows = [story.row_of(person_id) for person_id in PEOPLE]

    assert [START, START] == [row.waiting_since for row in rows]


def test_lapse_gives_the_room_back() -> None:
    """After a lapse both have room for somebody else."""
    story = _declined(ANN)

    assert [(), ()] == [story.row_of(person_id).pairing_ids for person_id in PEOPLE]


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_answer_is_stale_once_the_proposal_lapsed(answer: str) -> None:
    """What comes after a terminal state is refused, and changes nothing."""
    story = _declined(ANN)

    story.answers(BOB, answer)

    assert ["stale_answer"] == story.codes()
    assert "lapsed" == story.state


def test_proposal_lapses_at_its_instant_and_not_before() -> None:
    """`consent_days` (7) pass: not a second earlier, and once."""
    story = proposed_pair().after(days=7, seconds=-1)
    before = story.state

    story.after(seconds=1).after(days=30)

    assert "proposed" == before
    assert 1 == story.changes.count("lapsed")
    assert instant_text(START + timedelta(days=7)) == story.read(type_="pairing.lapsed")[0]["time"]
