"""Given a pair, when HR says that somebody goes on leave, comes back or leaves, then the partner hears what is needed and never why."""

import json
from datetime import UTC, datetime

import pytest

from engine.core.effects import Record, StageName
from engine.core.execution import step
from engine.programme.messages import Employment, ParticipationReported
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.profile import BLANK
from engine.programme.tables import PAIRINGS, PARTICIPANTS
from engine.topology import build
from schemas.codec import decode_structured
from schemas.envelope import Event
from schemas.frozen import replace
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.pair_story import ANN, BOB, PairStory, active_pair, proposed_pair
from tests.topology.stories.programme_story import DAILY, ProgrammeStory

# Leave


def test_a_leave_pauses_the_pair_to_the_expected_return() -> None:
    """`until_on` is what HR expects, no promise."""
    story = active_pair().goes_on_leave(ANN, expected_return_on="2025-04-01")

    assert "paused" == story.state
    assert "2025-04-01" == story.published("paused")["until_on"]


def test_the_expected_return_ends_no_leave() -> None:
    """Only `leave_ended` does."""
    story = active_pair().goes_on_leave(ANN, expected_return_on="2025-02-01").after(days=90)

    assert "paused" == story.state
    assert ([BOB], []) == (story.told("pairing_paused"), story.told("pairing_resumable"))


def test_a_leave_that_begins_later_pauses_on_its_day_and_nobody_hears_before() -> None:
    """A fact with a day is applied when that day begins in the person's zone."""
    story = active_pair().goes_on_leave(ANN, effective_on="2025-01-20")
    story.now = datetime(2025, 1, 19, 23, 59, tzinfo=UTC)
    story.advance(story.now)
    before = (story.state, story.told("pairing_paused"))
    story.after(minutes=1)

    assert ("active", []) == before
    assert ("paused", [BOB]) == (story.state, story.told("pairing_paused"))


def test_the_partner_hears_paused_and_never_why() -> None:
    """Until when, as the pairing's own event says it; no leave, no record that leads there. The person on leave hears nothing."""
    story = active_pair().goes_on_leave(ANN, expected_return_on="2025-04-01")
    note = story.requests("pairing_paused")[0]

    assert [BOB] == story.told("pairing_paused")
    assert "leave" not in json.dumps(note)
    assert {"programme_id", "programme_name", "pairing_id", "partner_id", "until_on"} == set(note["params"])
    assert "2025-04-01" == note["params"]["until_on"]


def test_reminders_of_a_pair_are_withdrawn_when_a_leave_begins() -> None:
    """The cadence clock stops: nothing to book, nothing to report, no stall."""
    story = active_pair(stall_days=30).after(days=4)
    told = len(story.nudges())
    story.goes_on_leave(ANN).after(days=200)

    assert [(BOB, "pairing_paused"), (BOB, "partner_away")] == story.nudges()[told:]
    assert "paused" == story.state


def test_a_leave_lets_open_proposals_lapse() -> None:
    """As every lapse: without a cause, a nudge or a trace."""
    story = proposed_pair()
    story.goes_on_leave(ANN)

    assert "lapsed" == story.state
    assert {"pairing_id", "programme_id", "people"} == set(story.published("lapsed"))
    assert "causation" not in story.read(type_="pairing.lapsed")[0]
    assert [(ANN, "proposal_ready"), (BOB, "proposal_ready")] == story.nudges()


def test_nobody_on_leave_is_in_a_round() -> None:
    """A rehearsal says so to the coordinator; the one who waits is told of nobody who is not free."""
    story = ProgrammeStory()
    story.join_in_twos((ANN, BOB))
    story.goes_on_leave(ANN).round()

    assert [] == story.proposed()
    told = {left["person_id"]: left["reasons"][0]["code"] for left in story.rehearses()["unmatched"]}
    assert {ANN: "on_leave", BOB: "few_people"} == told


def back_from_leave(**policy: int) -> PairStory:
    """Ann has been on leave for 30 days and is back today."""
    return active_pair(**policy).goes_on_leave(ANN).after(days=30).is_back(ANN)


def test_the_end_of_a_leave_is_followed_by_silence_and_one_question_to_both() -> None:
    """`soft_landing_days` of silence for the person, then one `pairing_resumable` to both."""
    story = back_from_leave(soft_landing_days=10)
    told = len(story.nudges())
    story.after(days=9)
    silence = story.nudges()[told:]
    story.after(days=3)

    assert [] == silence
    assert [(ANN, "pairing_resumable"), (BOB, "pairing_resumable")] == sorted(story.nudges()[told:])
    assert "paused" == story.state


def test_a_pair_is_back_when_both_continue() -> None:
    """One answer is not enough."""
    story = back_from_leave(soft_landing_days=2).after(days=3)
    story.says(BOB, "continue")
    one = story.state
    story.says(ANN, "continue")

    assert ("paused", "active") == (one, story.state)
    assert "resumed" == story.changes[-1]


def test_no_answer_after_a_leave_ends_the_pair_as_circumstances_after_resume_days() -> None:
    """Without a penalty: both wait from now on like anybody."""
    story = back_from_leave(soft_landing_days=10, resume_days=14)
    story.after(days=23)
    before = story.state
    story.after(days=2)

    assert ("paused", "ended") == (before, story.state)
    assert "circumstances" == story.published("ended")["code"]
    assert [False, False] == [story.row_of(person_id).is_first_in_queue for person_id in (ANN, BOB)]
    assert None is not story.row_of(ANN).waiting_since


def test_a_second_leave_during_the_soft_landing_puts_the_question_off() -> None:
    """Nobody is asked while away, and the pair does not end for want of an answer."""
    story = back_from_leave(soft_landing_days=10, resume_days=14).after(days=5)
    story.goes_on_leave(ANN).after(days=60)
    away = (story.state, story.told("pairing_resumable"))
    story.is_back(ANN).after(days=12)

    assert ("paused", []) == away
    assert [ANN, BOB] == sorted(story.told("pairing_resumable"))


def test_two_leaves_are_over_when_the_second_is() -> None:
    """Both are asked once, when the later soft landing is over."""
    story = active_pair(soft_landing_days=10).goes_on_leave(ANN).goes_on_leave(BOB).after(days=10)
    story.is_back(ANN).after(days=20)
    before = story.told("pairing_resumable")
    story.is_back(BOB).after(days=9)
    landing = story.told("pairing_resumable")
    story.after(days=2)

    assert ([], []) == (before, landing)
    assert [ANN, BOB] == sorted(story.told("pairing_resumable"))


def test_a_leave_without_soft_landing_asks_at_once() -> None:
    """0 days mean no silence."""
    story = back_from_leave(soft_landing_days=0)

    assert [ANN, BOB] == sorted(story.told("pairing_resumable"))


def test_a_self_pause_during_a_leave_does_not_end_it() -> None:
    """Each absence has an end of its own."""
    story = active_pair(soft_landing_days=0).goes_on_leave(ANN)
    story.tell(builders.paused(BOB, story.now, until_on="2025-01-10"))
    story.after(days=10)
    before = (story.state, story.told("pairing_resumable"))
    story.is_back(ANN)

    assert ("paused", []) == before
    assert [ANN, BOB] == sorted(story.told("pairing_resumable"))


def test_a_person_back_from_leave_waits_where_it_waited_before() -> None:
    """A leave costs nobody its place."""
    story = ProgrammeStory()
    story.joins(ANN, "strategy", "python")
    since = story.row_of(ANN).waiting_since
    story.goes_on_leave(ANN).after(days=30).is_back(ANN)

    assert since == story.row_of(ANN).waiting_since


# Departure


def test_a_departure_takes_effect_when_its_day_is_over_in_the_persons_zone() -> None:
    """Nothing leaves before: midnight in New York is five in the morning, UTC."""
    story = active_pair()
    story.tell(builders.role_changed(ANN, story.now, timezone="America/New_York"))
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-10"))
    seen = len(story.read())
    story.now = datetime(2025, 1, 11, 4, 59, tzinfo=UTC)
    story.advance(story.now)
    pairs_before = [event for event in story.read()[seen:] if "pairing" in event["type"]]
    story.after(minutes=1)
    as_the_day_ends = story.state
    story.after(hours=4)

    assert [] == pairs_before
    assert ("active", "ended") == (as_the_day_ends, story.state)


def test_a_departure_ends_live_pairs_as_circumstances_and_puts_the_partner_first() -> None:
    """The partner is told neutrally; who left is told nothing."""
    story = active_pair()
    told = len(story.nudges())
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-06"))
    story.after(days=1)

    assert "circumstances" == story.published("ended")["code"]
    assert "causation" not in story.read(type_="pairing.ended")[0]
    assert [(BOB, "pairing_ended")] == story.nudges()[told:]
    assert story.row_of(BOB).is_first_in_queue


def test_a_departure_lets_open_proposals_lapse() -> None:
    """As every lapse."""
    story = proposed_pair()
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-06"))
    story.after(days=1)

    assert "lapsed" == story.state
    assert [(ANN, "proposal_ready"), (BOB, "proposal_ready")] == story.nudges()


def test_a_departure_drops_what_the_person_said_and_what_hr_said() -> None:
    """The row that stays says that the person is gone, and no more."""
    story = active_pair()
    story.tell(builders.role_changed(ANN, story.now, department="sales"))
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-06"))
    story.after(days=1)
    row = story.row_of(ANN)

    assert ("withdrawn", (), None, "departed") == (row.status, row.profile.offers, row.facts.department, row.facts.employment)


def test_a_cancelled_departure_leaves_all_as_it_was() -> None:
    """Before its day nobody has heard of it."""
    story = active_pair()
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-20"))
    story.after(days=3).tell(builders.departure_cancelled(ANN, story.now))
    story.after(days=20)

    assert "active" == story.state


def test_a_cancelled_hire_removes_row_and_proposals_quietly() -> None:
    """No "left" message to anyone: the proposal lapses like any other."""
    story = proposed_pair().after(hours=1)
    story.tell(builders.hire_cancelled(ANN, story.now))

    assert "lapsed" == story.state
    row = story.row_of(ANN)
    assert ("withdrawn", BLANK, "unknown") == (row.status, row.profile, row.facts.employment)
    assert [(ANN, "proposal_ready"), (BOB, "proposal_ready")] == story.nudges()
    assert [] == story.codes()


def test_an_erasure_removes_the_row() -> None:
    """Nothing of the participant is kept."""
    story = active_pair().after(hours=1)
    story.tell(builders.erased(ANN, story.now))

    assert "ended" == story.state
    assert None is story.row(StageName.PROGRAMMES, PARTICIPANTS, f"{PROGRAMME}/{ANN}")


def test_whoever_is_hired_again_has_to_enrol_anew() -> None:
    """Same person id, no old pair, no old profile: consent is asked anew."""
    story = ProgrammeStory(**DAILY)
    story.join_in_twos((ANN, BOB))
    story.round().activates(ANN, BOB)
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-06"))
    story.after(days=10).tell(builders.hired(ANN, story.now))
    story.after(days=5)
    row = story.row_of(ANN)
    before = (row.status, row.pairing_ids, story.state, len(story.proposed()))
    story.joins(ANN, "strategy", "python", hired=False)

    assert ("withdrawn", (), "ended", 1) == before
    assert "enrolled" == story.row_of(ANN).status


@pytest.mark.parametrize("event", [builders.paused, builders.withdrawn, builders.training_completed])
def test_nothing_that_is_said_for_somebody_departed_ends_as_a_failure(event: object) -> None:
    """Late events of a person who is gone change nothing for others."""
    story = active_pair()
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-06"))
    story.after(days=1)
    story.tell(event(ANN, story.now))  # type: ignore[operator]

    assert [] == story.codes()
    assert "withdrawn" == story.row_of(ANN).status


def test_a_departure_together_with_a_new_manager_suspends_nothing_that_is_over() -> None:
    """What has just ended is not looked at again."""
    story = active_pair()
    story.tell(builders.role_changed(ANN, story.now, effective_on="2025-01-08", manager_id=BOB))
    story.tell(builders.departed(ANN, story.now, effective_on="2025-01-07"))
    story.after(days=5)

    assert "ended" == story.state
    assert [] == story.codes()


def test_a_leave_together_with_a_new_manager_lapses_a_proposal_once() -> None:
    """Two changes of one day are one change of facts."""
    story = proposed_pair()
    story.tell(builders.role_changed(ANN, story.now, effective_on="2025-01-08", manager_id=BOB))
    story.goes_on_leave(ANN, effective_on="2025-01-08").after(days=3)

    assert ["proposed", "lapsed"] == story.changes
    assert [] == story.codes()


def test_an_event_that_overtakes_a_leave_brings_it() -> None:
    """A participation event carries the facts in force; the pair is paused by them, and the facts that follow change nothing more."""
    story = active_pair()
    row = story.row_of(ANN)
    facts = replace(row.facts, employment=Employment.ON_LEAVE)
    trained = decode_structured(json.dumps(builders.training_completed(ANN, story.now)).encode(), story.now)
    assert isinstance(trained, Event)
    message = ParticipationReported(programme_id=row.programme_id, person_id=row.person_id, event=trained, facts=facts)
    record = Record(stage=StageName.PROGRAMMES, key=PROGRAMME, id="early", at=story.now, payload=message)

    transition = step(build().stages[StageName.PROGRAMMES], story.rows(StageName.PROGRAMMES), record, salt=b"test")

    pairing = transition.changes[PAIRINGS.name, story.pairing_id]
    assert isinstance(pairing, Pairing)
    assert "paused" == pairing.state
