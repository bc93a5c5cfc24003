"""Rules of the prompts of teaching: balance, breadth, debate."""

import pytest

from tests import builders
from tests.builders import offer, want
from tests.topology.stories.pair_story import ANN, BOB, active_pair, with_sessions

ONE_WAY = (("strategy", ANN),)
TECH = (("python", BOB), ("data-literacy", ANN))


# Balance


def test_one_way_pair_is_told_so_after_three_sessions() -> None:
    """Ratio below 0.34 after 3 sessions in a mutual programme → one `flip_roles` nudge to both."""
    two = with_sessions(2, *ONE_WAY).after(days=60)
    three = with_sessions(3, *ONE_WAY).after(days=60)

    assert [] == two.told("flip_roles")
    assert [ANN, BOB] == sorted(three.told("flip_roles"))


def test_flip_roles_says_who_could_teach_what() -> None:
    """The side that taught less: what the other wants to learn of it; where that is nothing, whatever it offers."""
    wanted, anything = active_pair(), active_pair()
    for story, topic in ((wanted, "python"), (anything, "data-literacy")):
        story.enrols(BOB, offers=[offer("cloud-basics", 2), offer("social-media", 1), offer(topic, 3)])
        story.enrols(ANN, wants=[want("python")])
        story.after(days=1).holds_many(3, *ONE_WAY)

    told = [[request["params"] for request in story.after(days=40).requests("flip_roles")] for story in (wanted, anything)]
    topics = [[topic["topic"] for topic in params["topics"]] for both in told for params in both]
    assert [["python"]] * 2 + [["cloud-basics", "data-literacy", "social-media"]] * 2 == topics
    assert {BOB} == {params["teacher_id"] for both in told for params in both}
    assert {"topic": "python", "name": "Python"} == told[0][0]["topics"][0]


def test_balance_at_a_third_is_not_enough_and_at_a_half_it_is() -> None:
    """The line is 0.34: one credit in three is one-way, one in two is not."""
    third, half = (active_pair().after(days=1).holds_many(2, *ONE_WAY).after(days=7) for _ in range(2))

    third.holds("s3", ("strategy", ANN), ("python", BOB))
    half.holds("s3", ("python", BOB))

    assert [ANN, BOB] == sorted(third.after(days=40).told("flip_roles"))
    assert [] == half.after(days=40).told("flip_roles")


def test_flip_roles_comes_once_per_pair_and_term() -> None:
    """Further one-way sessions prompt no further; the new term has its own."""
    story = with_sessions(5, *ONE_WAY, sessions_planned=5)
    story.after(days=10)
    first_term = sorted(story.told("flip_roles"))

    story.both_say("renew").after(days=1)
    story.holds_many(4, *ONE_WAY, first=6)
    story.after(days=40)

    assert [ANN, BOB] == first_term
    assert [ANN, ANN, BOB, BOB] == sorted(story.told("flip_roles"))


@pytest.mark.parametrize("teacher", [ANN, BOB])
@pytest.mark.parametrize("track", ["reverse", "traditional"])
def test_other_tracks_are_asked_to_flip_where_one_side_taught_nothing(track: str, teacher: str) -> None:
    """One direction is the point there, but not all of it, whichever it is: after 3 sessions."""
    topic = "strategy" if teacher == ANN else "python"
    two, three = (with_sessions(count, (topic, teacher), track=track, training_required=False) for count in (2, 3))
    some = with_sessions(2, (topic, teacher), track=track, training_required=False).after(days=7)
    some.holds("s3", *[(topic, teacher)] * 9, ("python", BOB), ("strategy", ANN))

    assert [] == two.after(days=40).told("flip_roles") == some.after(days=40).told("flip_roles")
    assert [ANN, BOB] == sorted(three.after(days=40).told("flip_roles"))


@pytest.mark.parametrize("track", ["mutual", "reverse", "traditional"])
def test_sessions_that_taught_nothing_are_not_one_way(track: str) -> None:
    """Nobody taught, so nobody taught alone."""
    story = active_pair(track=track, training_required=False).after(days=1)
    for number in range(4):
        story.tell(builders.session_completed(f"s{number}", story.now, story.pairing_id))
        story.after(days=7)

    assert [] == story.after(days=40).told("flip_roles")


def test_due_prompt_is_withdrawn_by_a_correction() -> None:
    """Credits are recomputed; a due nudge is withdrawn."""
    story = with_sessions(2, *ONE_WAY).after(days=7)
    story.holds("s3", *ONE_WAY, sequence=1)

    story.after(seconds=30).holds("s3", ("python", BOB), ("ai-assistants", BOB), sequence=2)
    story.after(days=60)

    assert [] == story.told("flip_roles")
    assert 2 == story.withheld().count(("flip_roles", "done"))


def test_prompt_that_was_sent_is_never_unsent() -> None:
    """A correction after the request cancels nothing."""
    story = with_sessions(2, *ONE_WAY).after(days=7)
    story.holds("s3", *ONE_WAY, sequence=1)
    story.after(days=30)
    sent = story.told("flip_roles")

    story.holds("s3", ("python", BOB), ("ai-assistants", BOB), sequence=2)

    assert [ANN, BOB] == sorted(sent)
    assert [] == story.recalled("flip_roles")


def test_balance_that_was_found_withdraws_the_prompt() -> None:
    """Nothing once the action is done: the roles were flipped."""
    story = with_sessions(3, *ONE_WAY).after(days=30)

    story.holds("s4", ("python", BOB), ("ai-assistants", BOB))

    assert [ANN, BOB] == sorted(story.recalled("flip_roles"))


# Breadth


def test_pair_with_tech_only_is_asked_to_broaden() -> None:
    """3 sessions in the digital and data families only → one `broaden_topic` nudge with the other families."""
    story = with_sessions(3, *TECH).after(days=60)

    assert [ANN, BOB] == sorted(story.told("broaden_topic"))
    families = story.requests("broaden_topic")[0]["params"]["families"]
    assert 10 == len(families)
    assert not {"digital", "data"} & set(families)


def test_pair_with_anything_else_is_not_asked_to_broaden() -> None:
    """One topic beyond tech is enough."""
    story = active_pair().after(days=1).holds_many(2, *TECH).after(days=7)

    story.holds("s3", ("wellbeing", ANN), ("python", BOB))

    assert [] == story.after(days=60).told("broaden_topic")
    assert [ANN, BOB] == sorted(story.told("open_debate"))


def test_due_broadening_is_withdrawn_by_a_correction() -> None:
    """The third session was about wellbeing after all."""
    story = active_pair().after(days=1).holds_many(2, *TECH).after(days=7)
    story.holds("s3", *TECH, sequence=1)

    story.holds("s3", ("wellbeing", ANN), ("python", BOB), sequence=2)

    assert [] == story.after(days=60).told("broaden_topic")
    assert 2 == story.withheld().count(("broaden_topic", "done"))


# Debate


@pytest.mark.parametrize(("planned", "midpoint"), [(6, 3), (5, 3), (4, 2), (2, 1)])
def test_debate_comes_at_the_midpoint(planned: int, midpoint: int) -> None:
    """Midpoint = ceil(sessions_planned / 2): exactly one `open_debate` to both, and not before."""
    before = with_sessions(midpoint - 1, sessions_planned=planned).after(days=40) if midpoint > 1 else active_pair().after(days=40)
    at_midpoint = with_sessions(midpoint, sessions_planned=planned).after(days=40)

    assert [] == before.told("open_debate")
    assert [ANN, BOB] == sorted(at_midpoint.told("open_debate"))


def test_debate_comes_exactly_once_a_term() -> None:
    """Later sessions bring no further debate; a new term does."""
    story = with_sessions(4, sessions_planned=4).after(days=2)
    story.both_say("renew").after(days=1)
    story.holds_many(3, first=5)
    story.after(days=60)

    assert [ANN, ANN, BOB, BOB] == sorted(story.told("open_debate"))


def test_debate_that_was_held_is_asked_for_no_more() -> None:
    """Nothing once the action is done: what waits goes, what was requested is recalled, and no other comes in its place."""
    waits, asked = with_sessions(3), with_sessions(3).after(days=10)
    for story in (waits, asked):
        story.holds("s4", ("future-of-work", ANN), ("python", BOB))
        story.after(days=7).holds("s5")
        story.after(days=14)

    assert ([], []) == (waits.told("open_debate"), waits.recalled("open_debate"))
    assert ([ANN, BOB], [ANN, BOB]) == (sorted(asked.told("open_debate")), sorted(asked.recalled("open_debate")))


def test_debate_is_about_work_in_ten_years() -> None:
    """A topic of the `future_of_work` family that they have not had."""
    fresh = with_sessions(3).after(days=40)
    had = with_sessions(3, ("future-of-work", ANN), ("python", BOB)).after(days=40)

    assert {"future-of-work"} == {request["params"]["topic"] for request in fresh.requests("open_debate")}
    assert {"remote-teams"} == {request["params"]["topic"] for request in had.requests("open_debate")}


def test_a_debate_without_a_topic_left_is_not_asked_for() -> None:
    """Whoever had all of them would get a prompt that says nothing."""
    exchanges = (("future-of-work", ANN), ("remote-teams", BOB), ("sustainability", ANN))

    story = with_sessions(3, *exchanges).after(days=40)

    assert [] == story.told("open_debate")


def test_due_debate_is_withdrawn_when_the_midpoint_was_none() -> None:
    """The third session turns out not to have been held: no debate until it is."""
    story = with_sessions(2).after(days=7)
    story.holds("s3", sequence=1)
    story.misses("s3", sequence=2)
    story.after(days=30)
    without = story.told("open_debate")

    story.holds("s4")
    story.after(days=60)

    assert [] == without
    assert [ANN, BOB] == sorted(story.told("open_debate"))
