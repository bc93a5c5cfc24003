"""Given a programme, when people say that they take part, pause or leave, then only they decide, at once and without a trace of others."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from engine.core.effects import StageName
from engine.programme.tables import PARTICIPANTS
from tests import builders
from tests.builders import PROGRAMME, offer, want
from tests.topology.stories.pair_story import START, active_pair, proposed_pair
from tests.topology.stories.programme_story import DAILY, ProgrammeStory

# Joining


@pytest.mark.parametrize(
    ("programme_id", "topic", "code"),
    [("elsewhere", "python", "unknown_programme"), (PROGRAMME, "alchemy", "schema_invalid")],
)
def test_an_enrolment_for_an_unknown_programme_or_topic_is_refused(programme_id: str, topic: str, code: str) -> None:
    """The record ends on the dead-letter topic with its code, and nobody is enrolled."""
    story = ProgrammeStory()
    story.tell(builders.hired("ann", story.now))

    story.tell(builders.enrolled("ann", story.now, programme_id, offers=[offer(topic)], wants=[want("strategy")]))

    assert [code] == story.codes()
    assert None is story.row(StageName.PROGRAMMES, PARTICIPANTS, f"{programme_id}/ann")


def test_a_refused_enrolment_names_the_topic_that_is_unknown() -> None:
    """Whoever sent it can see what to change."""
    story = ProgrammeStory()
    story.tell(builders.enrolled("ann", story.now, offers=[offer("python")], wants=[want("alchemy")]))

    assert "alchemy" in str(dict(story.dead_letters()[0].headers)["__dlq.errors.message"])


@pytest.mark.parametrize("event", [builders.enrolled, builders.updated, builders.paused, builders.resumed, builders.withdrawn])
def test_only_the_person_acts_for_the_person(event: object) -> None:
    """A manager's word for somebody else is refused."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python")
    before = story.row_of("ann")

    story.tell(event("ann", story.now, actor="boss"))  # type: ignore[operator]

    assert ["not_the_person"] == story.codes()
    assert before == story.row_of("ann")


def test_an_enrolment_without_wants_is_taken_and_proposed_to_nobody() -> None:
    """Everyone offers and everyone wants; until then the person is reminded, not matched."""
    story = ProgrammeStory(**DAILY, k_min=1)
    story.joins("ann", "strategy", None)
    story.joins("bob", "python", "strategy")
    story.after(days=2)

    assert "enrolled" == story.row_of("ann").status
    assert [(0, 1)] * 2 == [(held["proposed"], held["waiting"]) for held in story.rounds()]
    assert [] == story.proposed()


def test_a_person_of_whom_hr_has_not_spoken_yet_is_ready_when_the_hire_comes() -> None:
    """Feeds arrive out of order: the enrolment waits for the hire."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python", hired=False)
    story.joins("bob", "python", "strategy")
    story.round()
    before = story.proposed()
    story.tell(builders.hired("ann", story.now))
    story.round()

    assert [] == before
    assert [("ann", "bob")] == story.proposed()


def test_an_older_profile_never_overwrites_a_newer_one() -> None:
    """By event time, whatever the order of arrival."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python")
    story.tell(builders.updated("ann", START + timedelta(hours=2), offers=[offer("budgeting")], wants=[want("python")]))
    story.tell(builders.updated("ann", START + timedelta(hours=1), offers=[offer("storytelling")], wants=[want("python")]))

    assert (("budgeting", 2),) == story.row_of("ann").profile.offers


def test_an_update_of_somebody_new_enrols() -> None:
    """The person has said what it offers and wants; that is what enrolling is."""
    story = ProgrammeStory()
    story.tell(builders.hired("ann", story.now))
    story.tell(builders.updated("ann", story.now))

    assert "enrolled" == story.row_of("ann").status


def test_training_done_before_enrolling_counts() -> None:
    """A learning system may report first."""
    story = ProgrammeStory()
    story.tell(builders.training_completed("ann", story.now))
    story.joins("ann", "strategy", "python")

    assert story.row_of("ann").is_trained


def test_capacity_of_the_policy_bounds_that_of_the_person() -> None:
    """Somebody who would take two gets one where the programme allows one."""
    story = ProgrammeStory(capacity_max=1)
    story.joins("ann", "strategy", "python", capacity=2)
    story.joins("bob", "python", "strategy")
    story.joins("cat", "python", "strategy")
    story.round()

    assert 1 == len(story.proposed())


def test_the_exclude_list_is_never_shown() -> None:
    """Whom somebody would rather not meet is in no output, for nobody, rehearsals included."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python", exclude=["zed-the-excluded"])
    story.joins("bob", "python", "strategy")
    story.rehearses()
    story.after(days=40)

    assert [("ann", "bob")] == story.proposed()[:1]
    assert "zed-the-excluded" not in json.dumps(story.read())


# Pausing


def test_a_self_pause_pauses_live_pairs_and_ends_by_itself() -> None:
    """The pair is back on the morning of `until_on`, without a question."""
    story = active_pair()
    story.tell(builders.paused("ann", story.now, until_on="2025-01-20"))
    while_paused, until_on = story.state, story.published("paused")["until_on"]
    story.after(days=13)
    still = story.state
    story.after(days=1)

    assert ("paused", "2025-01-20", "paused") == (while_paused, until_on, still)
    assert "active" == story.state
    assert (["bob"], []) == (story.told("pairing_paused"), story.told("pairing_resumable"))
    assert "2025-01-20T00:00:00Z" == story.published("resumed")["effective_at"]


def test_a_self_pause_ends_at_midnight_in_the_persons_zone() -> None:
    """Days are the person's own."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python", timezone="America/New_York")
    story.tell(builders.paused("ann", story.now, until_on="2025-01-10"))
    story.now = datetime(2025, 1, 10, 4, 59, tzinfo=UTC)
    story.advance(story.now)
    before = story.row_of("ann").status
    story.after(minutes=1)

    assert ("paused", "enrolled") == (before, story.row_of("ann").status)


def test_a_self_pause_ends_in_the_zone_in_which_the_person_then_lives() -> None:
    """Who moves from Auckland to Los Angeles during a pause has its last day there."""
    story = active_pair()
    story.tell(builders.role_changed("ann", story.now, timezone="Pacific/Auckland"))
    story.tell(builders.paused("ann", story.now, until_on="2025-01-20"))
    story.after(days=3).tell(builders.role_changed("ann", story.now, timezone="America/Los_Angeles"))

    assert "paused" == story.advance_to("2025-01-20T07:59:59+00:00").state
    assert "active" == story.advance_to("2025-01-20T08:00:00+00:00").state


def test_a_pause_without_an_end_lasts_until_the_person_is_back() -> None:
    """Nobody is brought back by a timer that was not asked for."""
    story = active_pair()
    story.tell(builders.paused("ann", story.now))
    story.after(days=100)
    before = story.state
    story.tell(builders.resumed("ann", story.now))

    assert ("paused", "active") == (before, story.state)


def test_a_pause_lets_open_proposals_lapse() -> None:
    """Nobody waits for an answer of somebody who has taken a break."""
    story = proposed_pair()
    story.tell(builders.paused("ann", story.now))

    assert "lapsed" == story.state
    assert ["lapsed"] == [event["type"].split(".")[2] for event in story.read(type_="pairing.lapsed")]


def test_nobody_on_a_pause_is_in_a_round() -> None:
    """A rehearsal says so to the coordinator."""
    story = ProgrammeStory()
    story.join_in_twos(("ann", "bob"))
    story.tell(builders.paused("ann", story.now))
    story.round()

    assert [] == story.proposed()
    assert {"ann": "paused", "bob": "few_people"} == {
        left["person_id"]: left["reasons"][0]["code"] for left in story.rehearses()["unmatched"]
    }


def test_a_pause_that_is_over_already_pauses_nothing() -> None:
    """`until_on` of today or before has passed."""
    story = active_pair()
    story.tell(builders.paused("ann", story.now, until_on="2025-01-06"))

    assert "active" == story.state
    assert "enrolled" == story.row_of("ann").status


def test_a_pair_of_two_who_pause_is_back_when_the_second_is() -> None:
    """Both have to be there."""
    story = active_pair()
    story.tell(builders.paused("ann", story.now, until_on="2025-01-10"))
    story.tell(builders.paused("bob", story.now, until_on="2025-01-15"))
    story.after(days=6)
    before = story.state
    story.after(days=3)

    assert ("paused", "active") == (before, story.state)


# Leaving


def test_a_withdrawal_lets_proposals_lapse_and_drops_the_profile() -> None:
    """At once, and what the person said about itself goes with it."""
    story = proposed_pair()
    story.tell(builders.withdrawn("ann", story.now))
    row = story.row_of("ann")

    assert "lapsed" == story.state
    assert ("withdrawn", (), (), None, ()) == (row.status, row.profile.offers, row.profile.wants, row.waiting_since, row.timers)


def test_a_withdrawal_ends_live_pairs_by_choice() -> None:
    """The code is neutral and the partner hears that it is over, no more."""
    story = active_pair()
    story.tell(builders.withdrawn("ann", story.now))

    assert "choice" == story.published("ended")["code"]
    assert "bob" in story.told("pairing_ended")
    assert [] == story.recalled("pairing_ended")


def test_whoever_has_withdrawn_is_in_no_round_and_hears_nothing() -> None:
    """No reminder follows anybody out of the door."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", None)
    story.joins("bob", "python", "strategy")
    story.tell(builders.withdrawn("ann", story.now))
    story.after(days=60)

    assert [] == story.proposed()
    assert [("bob", "waiting_update")] == story.nudges()


def test_a_withdrawal_takes_back_what_has_not_left_yet() -> None:
    """A reminder that is due in the same minute stays unsent."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", None)
    story.after(days=7, seconds=30).tell(builders.withdrawn("ann", story.now))
    story.after(days=30)

    assert [] == story.nudges()
    assert [("profile_incomplete", "done")] == story.withheld()


def test_a_late_update_never_brings_back_who_has_withdrawn() -> None:
    """Only enrolling anew does."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python")
    story.tell(builders.withdrawn("ann", story.now + timedelta(hours=1)))
    story.tell(builders.updated("ann", story.now + timedelta(hours=2)))
    late = story.row_of("ann").status
    story.tell(builders.enrolled("ann", story.now + timedelta(hours=3)))

    assert ("withdrawn", "enrolled") == (late, story.row_of("ann").status)


def test_enrolling_anew_begins_anew() -> None:
    """Waiting counts from the new enrolment."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python")
    story.after(days=5).tell(builders.withdrawn("ann", story.now))
    story.after(days=5).tell(builders.enrolled("ann", story.now))

    assert START + timedelta(days=10) == story.row_of("ann").waiting_since


# Changes of the profile


def test_a_profile_that_keeps_none_of_what_was_promised_lets_the_proposal_lapse() -> None:
    """A proposal says what each would learn; Bob no longer teaches it."""
    story = proposed_pair()
    story.enrols("bob", offers=[offer("budgeting", 3)])

    assert "lapsed" == story.state


def test_a_profile_that_keeps_the_promise_keeps_the_proposal() -> None:
    """More to offer is no reason to begin again."""
    story = proposed_pair()
    story.enrols("bob", offers=[offer("python", 3), offer("budgeting", 3)])

    assert "proposed" == story.state


def test_a_changed_proposal_has_a_new_version_and_voids_old_answers() -> None:
    """Ann said yes to less than is proposed now: both are asked again, and an answer to the old version is stale."""
    story = proposed_pair()
    story.answers("ann", "accept")
    story.enrols("bob", offers=[offer("python", 1)])

    proposals = [event["data"] for event in story.read(type_="pairing.proposed")]
    assert [1, 2] == [body["proposal_version"] for body in proposals]
    assert proposals[1]["score"] < proposals[0]["score"]
    assert proposals[0]["pairing_id"] == proposals[1]["pairing_id"]

    story.answers("bob", "accept", proposal_version=1)
    assert (["stale_answer"], "proposed") == ([letter.code for letter in story.dead_letters()], story.state)

    story.answers("bob", "accept", proposal_version=2)
    assert "proposed" == story.state
    story.answers("ann", "accept", proposal_version=2)
    assert "active" == story.state


def test_both_are_told_of_a_changed_proposal() -> None:
    """The old question is taken back and the new one asked, of both alike."""
    story = proposed_pair()
    story.enrols("bob", offers=[offer("python", 1)])

    ready = [event["data"] for event in story.read(type_="nudge.requested") if event["data"]["key"] == "proposal_ready"]
    assert [("ann", 1), ("bob", 1), ("ann", 2), ("bob", 2)] == [(body["person_id"], body["params"]["proposal_version"]) for body in ready]
    assert ["ann", "bob"] == [event["data"]["person_id"] for event in story.read(type_="nudge.cancelled")]


def test_a_profile_that_changes_nothing_proposed_makes_no_new_version() -> None:
    """More to offer that nobody asked for leaves score and reasons as they were."""
    story = proposed_pair()
    story.answers("ann", "accept")
    story.enrols("bob", offers=[offer("python", 3), offer("budgeting", 3)])
    story.answers("bob", "accept")

    assert (1, "active") == (len(story.read(type_="pairing.proposed")), story.state)


def test_an_exclusion_declines_the_open_proposal_in_silence() -> None:
    """The proposal stays until it expires, as if that side had not answered."""
    story = proposed_pair()
    story.enrols("bob", exclude=["ann"])

    assert "proposed" == story.state
    assert "lapsed" == story.after(days=7).state


def test_a_live_pair_is_not_judged_by_later_profiles() -> None:
    """Two people who have begun go on, whatever they teach and speak; whoever excludes the other ends it (test_apart)."""
    story = active_pair()
    story.enrols("bob", languages=["fr"], offers=[offer("budgeting", 3)])

    assert "active" == story.state
