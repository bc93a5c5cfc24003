"""Rules of endings: no fault, a neutral code, nobody named; and what is published with every change."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from schemas.terms.ids import PairingId, programme_of
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair


def _asked_to_end(story: PairStory) -> None:
    story.says(ANN, "end")


def _asked_for_a_rematch(story: PairStory) -> None:
    story.says(ANN, "rematch")


def _withdrew(story: PairStory) -> None:
    story.tell(builders.withdrawn(ANN, story.now))


def _said_it_is_no_fit(story: PairStory) -> None:
    story.holds("s1")
    story.feedback(ANN, fit="not_a_fit")
    story.after(days=1)


def _departed(story: PairStory) -> None:
    story.tell(builders.departed(BOB, story.now, effective_on="2025-01-06"))
    story.after(hours=4)


def _closed(story: PairStory) -> None:
    story.tell(builders.programme_closed(story.now))


def _went_quiet(story: PairStory) -> None:
    story.after(days=45 + 14)


ENDS: dict[str, tuple[Callable[[PairStory], None], str]] = {
    "end": (_asked_to_end, "choice"),
    "rematch": (_asked_for_a_rematch, "choice"),
    "withdrawal": (_withdrew, "choice"),
    "no fit": (_said_it_is_no_fit, "choice"),
    "departure": (_departed, "circumstances"),
    "closure": (_closed, "programme_closed"),
    "silence": (_went_quiet, "inactive"),
}


@pytest.mark.parametrize(("happens", "code"), ENDS.values(), ids=ENDS.keys())
def test_pair_ends_with_a_neutral_code(happens: Callable[[PairStory], None], code: str) -> None:
    """Any live → ended: either asks, departure, programme closed, inactive."""
    story = active_pair().after(days=2)

    happens(story)

    assert "ended" == story.state == story.changes[-1]
    assert code == story.published("ended")["code"]


@pytest.mark.parametrize(("happens", "code"), ENDS.values(), ids=ENDS.keys())
def test_end_names_nobody(happens: Callable[[PairStory], None], code: str) -> None:
    """No-fault exit: a closed list of fields, and an envelope that can't be traced to the record behind it."""
    story = active_pair().after(days=2)
    happens(story)
    event = story.read(type_="pairing.ended")[-1]
    state = story.read(type_="pairing.state")[-1]

    assert {"pairing_id", "programme_id", "people", "code", "sessions_count", "reciprocity_ratio"} == set(event["data"])
    assert code == event["data"]["code"]
    assert not {"causation", "actor"} & {*event, *state}


def test_it_cannot_be_told_who_asked_to_end() -> None:
    """The world where Ann ends and the world where Bob ends differ in opaque ids only, on every topic."""
    texts = []
    for person_id in PEOPLE:
        story = active_pair().after(days=2)
        story.says(person_id, "end")
        story.after(days=20)
        texts.append(json.dumps([{k: v for k, v in event.items() if k not in {"id", "causation"}} for event in story.read()]))

    assert texts[0] == texts[1]


@pytest.mark.parametrize("person_id", PEOPLE)
def test_either_side_can_end_an_active_pair(person_id: str) -> None:
    """Either asks to end, no reason given; both hear that it ended."""
    story = active_pair()

    story.says(person_id, "end")

    assert "ended" == story.state
    assert [ANN, BOB] == story.told("pairing_ended")


def _paused() -> PairStory:
    return active_pair().after(days=1).goes_on_leave(BOB)


def _stalled() -> PairStory:
    return active_pair().after(days=45)


def _concluding() -> PairStory:
    story = active_pair(sessions_planned=1)
    story.holds("s1")
    return story


@pytest.mark.parametrize("live", [_paused, _stalled, _concluding])
def test_either_side_can_end_any_live_pair(live: Callable[[], PairStory]) -> None:
    """Any live → ended `choice` when either asks."""
    story = live()

    story.says(BOB, "end")

    assert "choice" == story.published("ended")["code"]


def test_rematch_puts_the_one_who_asks_first() -> None:
    """The one who asked for a rematch is first in the next round. Both hear the same: a difference would show who asked."""
    story = active_pair()

    story.says(BOB, "rematch")

    assert [False, True] == [story.row_of(person_id).is_first_in_queue for person_id in PEOPLE]
    assert [None, None] == [request["params"].get("first_in_next_round") for request in story.requests("pairing_ended")]


def test_partner_of_somebody_who_departed_comes_first() -> None:
    """Partners are told neutrally and put first in the next round."""
    story = active_pair().after(days=2)

    _departed(story)

    assert story.row_of(ANN).is_first_in_queue
    assert [True] == [request["params"].get("first_in_next_round") for request in story.requests("pairing_ended")]
    assert [] == story.told("partner_found_next")
    reasons = {json.dumps(request["reasons"]) for request in story.requests("pairing_ended")}
    assert {json.dumps([{"code": "pairing_state", "params": {"state": "ended"}}])} == reasons


def test_past_partners_are_not_proposed_again() -> None:
    """They were a pair: only policy brings them together again."""
    story = active_pair().after(days=2)
    story.says(ANN, "end")
    first = story.pairing_id

    story.after(days=400).round()

    assert first == story.pairing_id


def test_ended_pair_is_left_by_nothing() -> None:
    """Terminal: answers are stale, sessions unknown, conflicts and leave without effect."""
    story = active_pair()
    story.says(ANN, "end")
    known = len(story.read("mentorship.pairings.v1"))

    story.says(BOB, "end")
    story.answers(BOB, "accept")
    story.books("s1", days=1)
    story.conflict_arises().goes_on_leave(ANN).after(days=100)

    assert ["stale_answer", "stale_answer", "unknown_pairing"] == story.codes()
    assert known == len(story.read("mentorship.pairings.v1"))
    assert "ended" == story.state


def test_proposed_pair_has_nothing_to_continue() -> None:
    """Before both consent there is nothing to end or to go on with."""
    story = PairStory().round()

    story.says(ANN, "end")
    story.says(ANN, "continue")

    assert ["stale_answer", "stale_answer"] == story.codes()


def test_continuation_of_somebody_else_is_refused() -> None:
    """Only the two say how to go on, each for itself."""
    story = active_pair()

    story.says("cat", "end")
    story.says(ANN, "end", actor=BOB)

    assert ["not_the_person", "not_the_person"] == story.codes()
    assert "active" == story.state


def test_ending_counts_sessions_and_reciprocity() -> None:
    """Sessions and the ratio of credits, min over max."""
    story = active_pair().after(days=1)
    story.holds("s1", ("strategy", ANN), ("python", BOB))
    story.after(days=1)
    story.holds("s2", ("strategy", ANN))

    story.says(ANN, "end")

    ended = story.published("ended")
    assert (2, 0.5) == (ended["sessions_count"], ended["reciprocity_ratio"])


def test_reciprocity_is_null_while_nothing_was_taught() -> None:
    """Neither zero nor one: there is nothing to compare."""
    story = active_pair()

    story.says(ANN, "end")

    assert None is story.published("ended")["reciprocity_ratio"]


# What is published with every change


def _whole_life() -> PairStory:
    story = active_pair(sessions_planned=2).after(days=2)
    story.books("s1", days=1, by=ANN)
    story.after(days=1)
    story.holds("s1")
    story.after(days=3).goes_on_leave(BOB).after(days=20).is_back(BOB).after(days=10).both_say("continue")
    story.after(days=1).conflict_arises().after(days=1).conflict_goes().both_say("continue")
    story.after(days=45)
    story.books("s2", days=2)
    story.after(days=2)
    story.holds("s2")
    story.both_say("renew").after(days=1)
    story.says(BOB, "end")
    return story


def test_state_is_published_with_every_change() -> None:
    """`pairing.state` follows each event about the pair, and each session."""
    story = _whole_life()
    states = [event["data"]["state"] for event in story.read(type_="pairing.state")]

    assert [
        "proposed",
        "activated",
        "paused",
        "resumed",
        "suspended",
        "resumed",
        "stalled",
        "resumed",
        "concluding",
        "renewed",
        "ended",
    ] == story.changes
    assert [
        "proposed",
        "active",
        "active",
        "active",
        "paused",
        "active",
        "suspended",
        "active",
        "stalled",
        "active",
        "active",
        "concluding",
        "active",
        "ended",
    ] == states


def test_state_tells_sessions_credits_and_the_next_session() -> None:
    """`sessions_count`, `next_session_at` and `taught_count` per side, in the order of `people`, are those of the ledger now."""
    story = active_pair().after(days=1)
    story.books("s1", days=1)
    booked = story.latest
    story.after(days=1)
    story.holds("s1", ("strategy", ANN))
    held = story.latest

    assert (0, "2025-01-08T09:00:00Z", [0, 0]) == (booked["sessions_count"], booked["next_session_at"], booked["taught_count"])
    assert (1, None, [1, 0]) == (held["sessions_count"], held["next_session_at"], held["taught_count"])


def test_state_says_since_when() -> None:
    """`since` is the instant of the change of state, not of the last event."""
    story = active_pair().after(days=1)
    story.holds("s1")

    assert "2025-01-06T09:00:00Z" == story.latest["since"]


def test_sequence_grows_by_one_for_each_key() -> None:
    """Total order per key: no gap, no repetition."""
    story = _whole_life()

    for topic in ("mentorship.pairings.v1", "mentorship.pairing-state.v1"):
        sequences = [event["sequence"] for event in story.read(topic)]
        assert list(range(1, len(sequences) + 1)) == sequences


def test_every_event_of_a_pair_has_its_id_as_key_and_its_people_sorted() -> None:
    """Keys route: the pairing's id, which names the programme."""
    story = _whole_life()

    for event in story.read("mentorship.pairings.v1")[1:]:
        assert story.pairing_id == event["subject"] == event["data"]["pairing_id"]
        assert list(PEOPLE) == event["data"]["people"]
    assert PROGRAMME == programme_of(PairingId(story.pairing_id))


def test_telling_it_again_changes_nothing() -> None:
    """Every record of a whole life, offered twice, gives the same outputs once."""
    story = _whole_life()
    before: list[dict[str, Any]] = story.read()

    story.pipe(*[entry.origin.value for entry in story.store.log if entry.origin is not None])

    assert before == story.read()
