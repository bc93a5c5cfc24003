"""What waiting counts from, and that declining costs nobody anything."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.builders import offer, want
from tests.depth import deep
from tests.topology.stories.generated_programmes import profiles, story_of, with_two_who_fit
from tests.topology.stories.pair_story import START
from tests.topology.stories.programme_story import DAILY, ProgrammeStory, lonely

# What waiting counts from


def test_waiting_counts_from_enrolment() -> None:
    """Whoever enrols with offers and wants is ready."""
    story = lonely().after(days=10)

    assert START == story.row_of("ann").waiting_since


def test_waiting_counts_from_the_day_on_which_the_profile_is_whole() -> None:
    """Nobody is ready who can't be proposed to anybody."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", None)
    before = story.row_of("ann").waiting_since
    story.after(days=3).tell(builders.updated("ann", story.now, offers=[offer("strategy")], wants=[want("python")]))

    assert None is before
    assert START + timedelta(days=3) == story.row_of("ann").waiting_since


def test_a_lapse_does_not_reset_waiting() -> None:
    """A decline costs neither side its place."""
    story = ProgrammeStory()
    story.join_in_twos(("ann", "bob"))
    story.after(days=5).round()
    story.answers("bob", "decline")

    assert [START, START] == [story.row_of(person_id).waiting_since for person_id in ("ann", "bob")]


def test_a_pause_does_not_reset_waiting() -> None:
    """A break costs nobody its place."""
    story = lonely().after(days=5)
    story.tell(builders.paused("ann", story.now))
    story.after(days=20).tell(builders.resumed("ann", story.now))

    assert START == story.row_of("ann").waiting_since


def test_waiting_ends_with_an_active_pair_and_begins_anew_when_it_ends() -> None:
    """Somebody freed by the end of a pair waits from that moment."""
    story = ProgrammeStory()
    story.join_in_twos(("ann", "bob"))
    story.round().activates("ann", "bob")
    while_paired = story.row_of("ann").waiting_since
    story.after(days=9).says("bob", "end")

    assert None is while_paired
    assert START + timedelta(days=9) == story.row_of("ann").waiting_since


# No penalty


@settings(max_examples=deep(25))
@given(people=profiles, data=st.data())
def test_the_next_round_is_the_same_with_and_without_a_past_decline(people: list[dict[str, Any]], data: st.DataObject) -> None:
    """A decline leaves the pair resting, as a proposal that nobody answers does, and nothing else behind."""
    asked = with_two_who_fit(story_of(people, **DAILY)).round()
    chosen = data.draw(st.integers(0, len(asked.proposals()) - 1))
    pairing_id, decliner = asked.proposals()[chosen]["pairing_id"], asked.proposed()[chosen][0]
    other = with_two_who_fit(story_of(people, **DAILY)).round()

    asked.answers(decliner, "decline", pairing_id=pairing_id)
    asked.after(days=8), other.after(days=8)

    assert other.proposals() == asked.proposals()
    assert other.rounds() == asked.rounds()
    assert other.rows_of_people() == asked.rows_of_people()


def test_a_declined_pair_rests_and_everybody_else_is_as_likely_as_before() -> None:
    """The two are not proposed to each other again for `lapsed_rest_days`; Ann is first choice for the next who comes."""
    story = ProgrammeStory(**DAILY, lapsed_rest_days=20)
    story.join_in_twos(("ann", "bob"))
    story.round().answers("bob", "decline")

    story.after(days=27)
    resting = story.proposed()
    story.after(days=1)

    assert [("ann", "bob")] == resting
    assert [("ann", "bob"), ("ann", "bob")] == story.proposed()


def test_a_declined_proposal_leads_to_no_nudge() -> None:
    """Nobody is told of a lapse."""
    story = ProgrammeStory(**DAILY)
    story.join_in_twos(("ann", "bob"))
    story.round()
    story.answers("bob", "decline")
    story.after(days=2)

    assert [("ann", "proposal_ready"), ("bob", "proposal_ready")] == story.nudges()


def test_a_long_wait_lowers_the_reserve() -> None:
    """The score that a pair needs falls by `reserve_drop_per_day` down to the floor, so patience has an end."""
    story = ProgrammeStory(**DAILY, reserve_start=1000, reserve_floor=0, reserve_drop_per_day=20, reserve_first_round=1000)
    story.join_in_twos(("ann", "bob"))

    story.after(days=5)
    early = story.proposed()
    story.after(days=20)

    assert [] == early
    assert [("ann", "bob")] == story.proposed()


def test_who_lost_a_pair_through_a_departure_comes_first_in_the_next_round() -> None:
    """Bob waited long before Dan's partner left; Dan is served first all the same."""
    story = ProgrammeStory(**DAILY, reserve_start=0, reserve_floor=0)
    story.join_in_twos(("cat", "dan"))
    story.round().activates("cat", "dan")
    story.joins("bob", "python", "strategy")
    story.after(days=2).tell(builders.departed("cat", story.now, effective_on="2025-01-08"))
    story.after(hours=4)
    story.after(hours=16)
    is_first = story.row_of("dan").is_first_in_queue
    story.joins("eve", "strategy", "python")

    story.after(days=1)

    assert is_first
    assert ("dan", "eve") == story.proposed()[-1]


def test_a_partner_on_a_pause_of_its_own_comes_first_when_it_is_back() -> None:
    """Whose partner leaves the organisation lost the pair through no doing of its own, paused or not."""
    story = ProgrammeStory(**DAILY)
    story.join_in_twos(("cat", "dan"))
    story.round().activates("cat", "dan")
    story.joins("bob", "python", "strategy")
    story.tell(builders.paused("dan", story.now))
    story.after(days=2).tell(builders.departed("cat", story.now, effective_on="2025-01-08"))
    story.after(hours=4)
    story.after(hours=16)
    while_paused = (story.row_of("dan").is_first_in_queue, story.row_of("dan").waiting_since)
    story.tell(builders.resumed("dan", story.now))
    story.joins("eve", "strategy", "python")
    story.after(days=1)

    assert (True, None) == while_paused
    assert ("dan", "eve") == story.proposed()[-1]
