"""What those hear who wait, whose profile is incomplete, or who are invited."""

from datetime import timedelta

from tests import builders
from tests.builders import offer, want
from tests.topology.stories.nudges_of_a_pair import choices
from tests.topology.stories.pair_story import START
from tests.topology.stories.programme_story import DAILY, ProgrammeStory, lonely


def test_waiting_update_comes_after_30_days_with_the_rule_and_what_would_widen_the_choice() -> None:
    """Who is unmatched for a month hears why."""
    story = ProgrammeStory(**DAILY, k_min=1)
    story.joins("ann", "strategy", "python", languages=["de"])
    story.joins("bob", "python", "strategy", languages=["fr"])

    story.after(days=29)
    early = story.told("waiting_update")
    story.after(days=2)

    assert [] == early
    assert ["ann", "bob"] == sorted(story.told("waiting_update"))
    update = story.requests("waiting_update")[0]
    assert ["language"] == update["params"]["rules"]
    assert ["languages"] == update["params"]["widen"]
    assert "language" == update["params"]["reason"]
    assert "2025-01-06T09:00:00Z" == update["params"]["waiting_since"]


def test_waiting_update_says_that_options_fell_short_of_the_reserve_and_what_would_raise_them() -> None:
    """No rule stands in the way then, but there is a reason all the same."""
    story = ProgrammeStory(**DAILY, reserve_start=1_000, reserve_floor=1_000, reserve_first_round=1_000, k_min=1)
    story.join_in_twos(("ann", "bob"))
    story.after(days=31)

    params = story.requests("waiting_update")[0]["params"]
    assert ("below_reserve", ["wants"]) == (params["reason"], params["widen"])
    assert "rules" not in params
    assert ["wants"] == choices(story.requests("waiting_update")[0])


def test_waiting_update_says_that_few_people_are_free() -> None:
    """Three want two: of whoever has a partner already nothing is said, so nobody is there to be told of."""
    story = ProgrammeStory(**DAILY)
    story.join_in_twos(("ann", "bob"))
    story.joins("cat", "strategy", "python")
    story.round().activates("ann", "bob")
    story.after(days=31)

    told = [(request["person_id"], request["params"]) for request in story.requests("waiting_update")]
    assert [("cat", "few_people", ["patience"])] == [(person_id, params["reason"], params["widen"]) for person_id, params in told]


def test_waiting_update_with_nothing_to_say_is_not_sent() -> None:
    """Without a round there is no reason; once a round has found one, it is told within a week."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python")
    story.after(days=40)
    before = story.told("waiting_update")

    story.round().after(days=8)

    assert [] == before
    assert ["few_people"] == [request["params"]["reason"] for request in story.requests("waiting_update")]


def test_waiting_update_says_that_the_training_is_still_to_come() -> None:
    """It keeps a person out of rounds, so no round says it; and nothing that the person could send would change it."""
    story = ProgrammeStory(**DAILY, training_required=True)
    story.joins("ann", "strategy", "python")
    story.after(days=31)

    params = story.requests("waiting_update")[0]["params"]
    assert ("training", ["training"], ["training"]) == (params["reason"], params["rules"], params["widen"])
    assert "answers" not in params


def test_waiting_update_comes_once_a_month() -> None:
    """It is no weekly reminder, and a changed profile does not bring another one."""
    story = lonely().after(days=45)
    story.tell(builders.updated("ann", story.now, offers=[offer("strategy")], wants=[want("python")]))
    story.after(days=14)
    in_two_months = len(story.told("waiting_update"))
    story.after(days=2)

    assert 1 == in_two_months
    assert 2 == len(story.told("waiting_update"))


def test_waiting_update_is_not_sent_to_somebody_with_an_open_proposal_but_later_if_that_lapses() -> None:
    """A proposal on the day of the update puts it off by a week."""
    story = ProgrammeStory()
    story.join_in_twos(("ann", "bob"))
    story.after(days=29).round().after(days=2)
    with_proposal = story.told("waiting_update")
    story.after(days=6).round().after(days=8)

    assert [] == with_proposal
    assert ["ann", "bob"] == sorted(story.told("waiting_update"))


def test_waiting_update_that_has_not_left_yet_goes_when_a_proposal_comes() -> None:
    """Nobody hears that there is nobody while a proposal is open."""
    story = lonely().after(days=30)
    story.joins("bob", "python", "strategy")
    story.round().after(days=3)

    assert [] == story.told("waiting_update")
    assert ["ann", "bob"] == sorted(story.told("proposal_ready"))


def test_waiting_update_that_has_not_left_yet_goes_when_the_profile_is_changed() -> None:
    """Whoever has widened the choice need not hear what would."""
    waits, left = lonely().after(days=30), lonely().after(days=30, minutes=2)
    for story in (waits, left):
        story.tell(builders.updated("ann", story.now, offers=[offer("strategy"), offer("budgeting")], wants=[want("python")]))
        story.after(days=3)

    assert ([], []) == (waits.told("waiting_update"), waits.recalled("waiting_update"))
    assert (["ann"], ["ann"]) == (left.told("waiting_update"), left.recalled("waiting_update"))


def test_waiting_update_comes_to_somebody_whose_pair_ended_beside_an_open_proposal() -> None:
    """Ann takes two: freed by the end of one pair, she waits from then on, and the lapse of the other proposal changes nothing."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python", capacity=2)
    story.joins("bob", "python", "strategy")
    story.round()
    pairing_id = story.activates("ann", "bob")
    story.after(days=2).joins("cy", "python", "strategy")
    story.round().after(days=1).tell(builders.continuation_answered("ann", story.now, pairing_id, answer="end"))
    freed_at = story.now
    for person_id in ("bob", "cy"):
        story.tell(builders.withdrawn(person_id, story.now))
    story.round().after(days=32)

    assert ["ann"] == story.told("waiting_update")
    assert f"{freed_at:%Y-%m-%dT%H:%M:%SZ}" == story.requests("waiting_update")[0]["params"]["waiting_since"]


def test_waiting_update_is_sent_once_after_a_late_tick() -> None:
    """Missed months coalesce into one note."""
    story = lonely()

    story._cascade.tick(START + timedelta(days=100))
    story.now = START + timedelta(days=101)
    story.advance(story.now)

    assert ["ann"] == story.told("waiting_update")


def test_profile_incomplete_comes_after_7_and_14_days_and_no_more() -> None:
    """Somebody without wants is reminded twice, of what is missing."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", None)

    days = [(story.after(days=1).now - START).days for _ in range(60) if len(story.told("profile_incomplete")) < 2]
    story.after(days=60)

    assert 2 == len(story.told("profile_incomplete"))
    assert 15 == max(days)
    assert [["wants"], ["wants"]] == [nudge["params"]["missing"] for nudge in story.requests("profile_incomplete")]
    times = [event["time"] for event in story.read(type_="nudge.requested")]
    assert ["2025-01-13", "2025-01-20"] == [time[:10] for time in times]


def test_profile_incomplete_is_taken_back_when_the_profile_is_whole() -> None:
    """Done is done: no second reminder, and the first is recalled."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", None)
    story.after(days=8).tell(builders.updated("ann", story.now, offers=[offer("strategy")], wants=[want("python")]))
    story.after(days=30)

    assert ["ann"] == story.told("profile_incomplete")
    assert ["ann"] == story.recalled("profile_incomplete")


def test_a_profile_that_loses_its_wants_is_reminded_of_from_then_on() -> None:
    """The week counts from the day on which the profile became incomplete."""
    story = lonely().after(days=20)
    story.tell(builders.updated("ann", story.now, offers=[offer("strategy")], wants=[]))
    story.after(days=6)
    early = story.told("profile_incomplete")
    story.after(days=2)

    assert [] == early
    assert ["ann"] == story.told("profile_incomplete")


def test_a_profile_that_stays_incomplete_does_not_begin_its_week_again() -> None:
    """Another update without wants changes nothing about the day."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", None)
    story.after(days=5).tell(builders.updated("ann", story.now, offers=[offer("budgeting")], wants=[]))
    story.after(days=3)

    assert ["ann"] == story.told("profile_incomplete")


def test_a_late_reminder_of_an_incomplete_profile_has_expired() -> None:
    """A reminder is valid for 14 days from the day it was due."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", None)

    story._cascade.tick(START + timedelta(days=40))
    story._cascade.tick(START + timedelta(days=40))
    story.now = START + timedelta(days=41)
    story.advance(story.now)

    assert [] == story.told("profile_incomplete")
    assert [("profile_incomplete", "expired_waiting")] * 2 == story.withheld()


def test_open_invitation_is_sent_once_a_programme_and_names_nobody() -> None:
    """However often and by whom somebody is nominated, one neutral invitation leaves."""
    story = ProgrammeStory()
    story.tell(builders.hired("ann", story.now))
    for by in ("boss", "coach"):
        story.tell(builders.nominated("ann", story.now, attributes={"actor": by}))
        story.after(days=10)

    assert ["ann"] == story.told("open_invitation")
    assert "boss" not in str(story.read("mentorship.nudges.v1"))


def test_open_invitation_that_was_suppressed_is_not_tried_again() -> None:
    """Once a programme, whatever became of it."""
    story = ProgrammeStory()
    story.tell(builders.hired("ann", story.now))
    story.tell(builders.opted_out("ann", story.now, "invitations"))
    story.tell(builders.nominated("ann", story.now))
    story.after(days=10).tell(builders.opted_in("ann", story.now, "invitations"))
    story.tell(builders.nominated("ann", story.now))
    story.after(days=10)

    assert [] == story.told("open_invitation")
    assert [("open_invitation", "opted_out")] == story.withheld()


def test_open_invitation_goes_when_the_person_has_enrolled() -> None:
    """Nobody is invited to what it has joined: not by a nomination before, not by one after."""
    story = ProgrammeStory()
    story.tell(builders.hired("ann", story.now))
    story.tell(builders.nominated("ann", story.now))
    story.joins("ann", "strategy", "python", hired=False)
    story.tell(builders.nominated("ann", story.now + timedelta(seconds=1)))
    story.after(days=10)

    assert [] == story.told("open_invitation")
    assert [("open_invitation", "done")] == story.withheld()


def test_a_nomination_enrols_nobody() -> None:
    """Only the person enrols."""
    story = ProgrammeStory(**DAILY, k_min=1)
    story.joins("bob", "python", "strategy")
    story.tell(builders.hired("ann", story.now))
    story.tell(builders.nominated("ann", story.now))
    story.after(days=3)

    assert [(0, 1)] * 3 == [(held["proposed"], held["waiting"]) for held in story.rounds()]
    assert [] == story.proposed()
    assert "known" == story.row_of("ann").status
