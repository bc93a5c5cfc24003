"""Rules of proposal and consent: both, the same version, without a trace of who did not want to."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from schemas.fields import instant_text
from schemas.ids import PairingId, programme_of
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.pair_story import ANN, BOB, PEOPLE, START, PairStory, active_pair, proposed_pair


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


@pytest.mark.parametrize("first", ["accept", "decline"])
def test_answer_can_be_changed_until_the_end(first: str) -> None:
    """Only two present accepts make a pair: a decline may become an accept, and an accept a decline."""
    second = {"accept": "decline", "decline": "accept"}[first]
    story = proposed_pair()

    story.answers(ANN, first)
    story.after(hours=1).answers(ANN, second)
    story.after(hours=1).answers(BOB, "accept")

    assert {"accept": "active", "decline": "proposed"}[second] == story.state
    assert [] == story.codes()


def test_older_answer_never_wins() -> None:
    """The last answer by its own time counts, whatever order the answers come in; an older one is stale for ever."""
    story = proposed_pair().after(hours=2)
    earlier = builders.answered(ANN, story.now - timedelta(hours=1), story.pairing_id, answer="accept")

    story.answers(ANN, "decline")
    story.tell(earlier)
    story.answers(BOB, "accept")

    assert ["stale_answer"] == story.codes()
    assert "proposed" == story.state


def test_answer_given_before_the_proposal_was_made_is_stale() -> None:
    """Nobody can answer what was not yet asked."""
    story = proposed_pair()

    story.tell(builders.answered(ANN, story.now - timedelta(seconds=1), story.pairing_id, answer="accept"))

    assert ["stale_answer"] == story.codes()


def test_what_one_side_reports_of_a_nudge_closes_nothing() -> None:
    """Both nudges are taken back together, though a channel reports that one of the two has acted."""
    story = proposed_pair()
    nudge = next(event["data"] for event in story.read(type_="nudge.requested") if event["data"]["person_id"] == ANN)
    story.tell(builders.nudge_reported("acted", ANN, story.now, nudge["nudge_id"]))

    story.tell(builders.proposal_retracted(story.now, story.pairing_id))

    assert list(PEOPLE) == sorted(story.recalled("proposal_ready"))


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_exclusion_acts_as_a_silent_decline(*, is_taken_back: bool) -> None:
    """Two accepts make no pair once a side excludes the other; taken back, the exclusion was a decline that can be changed."""
    story = proposed_pair()
    story.answers(ANN, "accept")
    story.after(hours=1).enrols(ANN, exclude=[BOB])
    if is_taken_back:
        story.after(hours=1).enrols(ANN, exclude=[])

    story.after(hours=1).answers(BOB, "accept")
    after_exclusion = story.state
    story.after(hours=1).answers(ANN, "accept")

    assert ("proposed", "active" if is_taken_back else "proposed") == (after_exclusion, story.state)


def test_answer_is_stale_once_the_pair_is_active() -> None:
    """A second thought is `end`, not `decline`."""
    story = active_pair()

    story.answers(BOB, "decline")

    assert ["stale_answer"] == story.codes()
    assert "active" == story.state


def test_answer_to_another_version_is_stale() -> None:
    """Consent is given to one version of a proposal."""
    story = proposed_pair()

    story.answers(ANN, "accept", proposal_version=2)
    story.answers(BOB, "accept")

    assert ["stale_answer"] == story.codes()
    assert "proposed" == story.state


def test_answer_of_somebody_else_is_refused() -> None:
    """Only the two answer."""
    story = proposed_pair()

    story.answers("cat", "accept")

    assert ["not_the_person"] == story.codes()


def test_answer_on_behalf_of_somebody_is_refused() -> None:
    """Only the person acts for the person."""
    story = proposed_pair()

    story.answers(ANN, "accept", actor=BOB)

    assert ["not_the_person"] == story.codes()


@pytest.mark.parametrize(
    ("pairing_id", "code"),
    [("elsewhere.0123456789abcdef", "unknown_programme"), (f"{PROGRAMME}.0123456789abcdef", "unknown_pairing")],
)
def test_unknown_programme_comes_before_unknown_pairing(pairing_id: str, code: str) -> None:
    """An answer names what is missing, the programme first."""
    story = proposed_pair()
    assert programme_of(PairingId(pairing_id))

    story.answers(ANN, "accept", pairing_id=pairing_id)
    story.says(ANN, "end", pairing_id=pairing_id)

    assert [code, code] == story.codes()


def test_room_is_checked_again_at_the_second_acceptance() -> None:
    """Room = capacity less live pairs less open proposals, also when the second side accepts; without it the proposal just lapses."""
    story = proposed_pair(capacity_max=2)
    cat: dict[str, Any] = {"offers": [builders.offer("strategy", 3)], "wants": [builders.want("python")], "experience_band": 2}
    first = story.pairing_id
    story.tell(builders.hired("cat", story.now))
    story.tell(builders.enrolled("cat", story.now, **cat))
    story.enrols(BOB, capacity=2)
    story.round()
    second = story.pairing_id
    assert first != second
    story.answers(BOB, "accept", pairing_id=first)
    story.answers(ANN, "accept", pairing_id=first)
    story.answers(BOB, "accept", pairing_id=second)
    story.enrols(BOB, capacity=1)

    story.answers("cat", "accept", pairing_id=second)

    assert "lapsed" == story.state
    assert [] == story.codes()


def test_proposal_lapses_at_its_instant_and_not_before() -> None:
    """`consent_days` (7) pass: not a second earlier, and once."""
    story = proposed_pair().after(days=7, seconds=-1)
    before = story.state

    story.after(seconds=1).after(days=30)

    assert "proposed" == before
    assert 1 == story.changes.count("lapsed")
    assert instant_text(START + timedelta(days=7)) == story.read(type_="pairing.lapsed")[0]["time"]
