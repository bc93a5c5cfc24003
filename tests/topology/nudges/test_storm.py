"""The breaker: a mass of nudges waits for a person to look."""

from datetime import datetime, timedelta

from engine.core.effects import StageName
from engine.core.identity import pseudonym_on
from engine.programme.insights.insights import ATTENTION
from engine.programme.insights.trials import Attention
from engine.programme.nudges.breaker import STORMS
from engine.programme.nudges.breaker_rules import PARKED_MAX, Storm
from schemas.frozen import replace
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.programme_story import ProgrammeStory

FOUR: tuple[tuple[str, str], ...] = (("ann", "bob"), ("cat", "dan"))


def story(limit: int) -> ProgrammeStory:
    """Two pairs to be proposed: four `proposal_ready` in one round."""
    told = ProgrammeStory(nudge_storm_per_day=limit)
    told.join_in_twos(*FOUR)
    return told


def requested(told: ProgrammeStory) -> list[tuple[str, str]]:
    """(person, key) of every nudge that left."""
    return [(event["data"]["person_id"], event["data"]["key"]) for event in told.read(type_="nudge.requested")]


def held_back(told: ProgrammeStory, key: str) -> list[str]:
    """Return why nudges of a key were held back."""
    return [reason for of, reason in told.withheld() if of == key]


def test_intents_above_the_daily_limit_are_parked_and_the_coordinator_is_told_once() -> None:
    """The first intents of a day leave, the rest waits; nobody but the coordinator hears of it."""
    told = story(3).round()

    keys = [key for _, key in requested(told)]
    assert (3, 1) == (keys.count("proposal_ready"), keys.count("coordinator_storm"))


def test_the_breaker_stays_open_on_the_next_day() -> None:
    """nudges.B1: only the coordinator closes it."""
    told = story(3).round()
    before = len(requested(told))

    told.after(days=1)
    told.answers("ann", "accept", pairing_id=told.pairing_of("ann", "bob"))
    told.answers("bob", "accept", pairing_id=told.pairing_of("ann", "bob"))

    assert before == len(requested(told))


def test_a_release_lets_everything_parked_leave_in_its_order() -> None:
    """nudges.B2: nothing parked is lost, and what came first leaves first, whoever it is for."""
    told = story(1)
    for pair in (("ann", "dan"), ("bob", "cat")):
        told.tell(builders.pairing_locked(told.now, pair))
    told.round()
    assert ["ann"] == told.told("proposal_ready")

    told.tell(builders.nudges_released(told.now))

    assert ["ann", "dan", "bob", "cat"] == told.told("proposal_ready")


def test_one_answer_takes_back_nothing_that_is_parked() -> None:
    """What is said about a proposal is taken back for both, when it is decided; before that nothing shows who has answered."""
    told = story(1).round()

    told.answers("bob", "accept", pairing_id=told.pairing_of("ann", "bob"))
    told.tell(builders.nudges_released(told.now))

    assert ["ann", "bob", "cat", "dan"] == told.told("proposal_ready")
    assert [] == told.withheld()


def test_a_decision_takes_back_the_parked_intents_of_its_pair_alone() -> None:
    """The answers of two people leave what waits for the others."""
    told = story(1).round()

    told.activates("ann", "bob")
    told.tell(builders.nudges_released(told.now))

    assert ["ann", "cat", "dan"] == told.told("proposal_ready")
    assert [("proposal_ready", "done")] == told.withheld()


def test_what_has_expired_while_parked_is_recorded_as_held_back_by_the_storm() -> None:
    """A proposal that is over needs no more asking; of an invitation that is over the audit says that the storm kept it."""
    told = story(1).round()
    told.tell(builders.hired("gus", told.now))
    told.tell(builders.nominated("gus", told.now))
    told.after(days=40)
    before = told.withheld()

    told.tell(builders.nudges_released(told.now))

    assert {("proposal_ready", "done"), ("answer_proposal", "done")} == set(before)
    assert [("open_invitation", "storm")] == told.withheld()[len(before) :]


def test_a_parked_intent_that_is_no_longer_needed_is_taken_back() -> None:
    """An answer that comes while the question is parked leaves nothing to ask."""
    told = story(1).round()

    for person_id in ("ann", "bob", "cat", "dan"):
        pair = ("ann", "bob") if person_id in {"ann", "bob"} else ("cat", "dan")
        told.answers(person_id, "accept", pairing_id=told.pairing_of(*pair))
    told.tell(builders.nudges_released(told.now))

    ready = [person_id for person_id, key in requested(told) if key == "proposal_ready"]
    assert (1, {"done"}) == (len(ready), set(held_back(told, "proposal_ready")))


def test_what_was_held_back_from_one_person_has_one_order_whatever_held_it_back() -> None:
    """The breaker of a programme and the person's own ledger both hold nudges back; one key records them, numbered through."""
    told = story(1).round()
    pairing_id = told.pairing_of("ann", "bob")
    told.answers("bob", "accept", pairing_id=pairing_id)
    told.tell(builders.policy_changed(told.now, policy={**told.policy, "nudge_storm_per_day": 50, "holdout_percent": 100}))
    told.tell(builders.nudges_released(told.now))
    told.answers("ann", "accept", pairing_id=pairing_id)
    told.after(days=13)

    events = told.read(type_="nudge.suppressed")
    for event in events:
        day = datetime.fromisoformat(event["time"]).date() - timedelta(days=1)
        assert event["subject"] in {pseudonym_on(person_id, day, b"test") for person_id in ("ann", "bob", "cat", "dan")}
    assert {"withheld"} == {event["data"]["reason"] for event in events}
    hashes = [event["subject"] for event in events]
    assert all(number == hashes[: place + 1].count(hashes[place]) for place, number in enumerate(event["sequence"] for event in events))


def test_the_programme_counts_what_its_breaker_held_back() -> None:
    """The audit says of whom by hash; the figures of the programme say how many by reason, as for everything else held back."""
    told = story(1).round()
    for pair in FOUR:
        for person_id in pair:
            told.answers(person_id, "accept", pairing_id=told.pairing_of(*pair))

    attention = told.store.rows(StageName.PROGRAMMES).tables[ATTENTION.name].values()
    assert 3 == sum("done" in row.held_back for row in attention if isinstance(row, Attention))


def test_no_more_are_parked_than_there_is_room_for_and_the_rest_is_recorded() -> None:
    """nudges.B3: what comes after the last place is held back by the storm at once; what is parked still leaves on release."""
    told = story(1).round()
    storms = told.store.rows(StageName.PROGRAMMES).tables[STORMS.name]
    storm = storms[PROGRAMME]
    assert isinstance(storm, Storm)
    storms[PROGRAMME] = replace(storm, parked_count=PARKED_MAX)
    told.join_in_twos(("eve", "fay"))
    told.round()
    stopped = held_back(told, "proposal_ready")
    told.tell(builders.nudges_released(told.now))

    assert ["storm", "storm"] == stopped
    assert 4 == [key for _, key in requested(told)].count("proposal_ready")


def test_a_new_policy_sets_the_limit_of_the_same_day() -> None:
    """A coordinator who has looked may widen the limit: what was parked leaves on release, and what comes then is within it."""
    told = story(3).round()
    told.tell(builders.policy_changed(told.now, policy={**told.policy, "nudge_storm_per_day": 50}))
    parked = [key for _, key in requested(told)].count("proposal_ready")
    told.tell(builders.nudges_released(told.now))
    told.join_in_twos(("eve", "fay"), ("gus", "hal"))
    told.round()

    assert (3, 8) == (parked, [key for _, key in requested(told)].count("proposal_ready"))


def test_without_a_figure_in_the_policy_the_limit_is_four_a_participant_and_at_least_200() -> None:
    """A small programme is never stopped by its own small size."""
    told = story(0).round()

    assert 4 == [key for _, key in requested(told)].count("proposal_ready")
