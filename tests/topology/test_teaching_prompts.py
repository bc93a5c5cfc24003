"""Rules of what the ledger leads to: balance, breadth, debate, protected time, feedback asked of both alike."""

from typing import Any

import pytest

from tests.builders import offer, want
from tests.topology.pair_story import ANN, BOB, PEOPLE, PairStory, active_pair

ONE_WAY = (("strategy", ANN),)
TECH = (("python", BOB), ("data-literacy", ANN))
CONTROL = "coordinator:reverse-2025"


def with_sessions(count: int, *exchanges: tuple[str, str], **policy: Any) -> PairStory:
    """An active pair that has held sessions, a week apart, from the second day on."""
    return active_pair(**policy).after(days=1).holds_many(count, *exchanges)


# Balance


def test_one_way_pair_is_told_so_after_three_sessions() -> None:
    """Ratio below 0.34 after 3 sessions in a mutual programme → one `flip_roles` nudge to both."""
    two = with_sessions(2, *ONE_WAY).after(days=60)
    three = with_sessions(3, *ONE_WAY).after(days=60)

    assert [] == two.told("flip_roles")
    assert [ANN, BOB] == sorted(three.told("flip_roles"))


def test_flip_roles_names_what_the_quieter_side_could_teach() -> None:
    """What the other wants to learn of it; where that is nothing, whatever it offers."""
    wanted, anything = active_pair(), active_pair()
    for story, topic in ((wanted, "python"), (anything, "data-literacy")):
        story.enrols(BOB, offers=[offer("cloud-basics", 2), offer("social-media", 1), offer(topic, 3)])
        story.enrols(ANN, wants=[want("python")])
        story.after(days=1).holds_many(3, *ONE_WAY)

    topics = [story.after(days=40).requests("flip_roles")[0]["params"]["topics"] for story in (wanted, anything)]
    assert [["python"], ["cloud-basics", "data-literacy", "social-media"]] == topics


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


@pytest.mark.parametrize("track", ["reverse", "traditional"])
def test_other_tracks_are_not_asked_to_flip(track: str) -> None:
    """In those tracks one direction is the point."""
    story = with_sessions(4, *ONE_WAY, track=track, training_required=False).after(days=40)

    assert [ANN, BOB] == sorted(story.told("open_debate"))
    assert [] == story.told("flip_roles")


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


def test_debate_without_a_topic_left_still_comes() -> None:
    """Whoever had all of them debates without a prompt."""
    exchanges = (("future-of-work", ANN), ("remote-teams", BOB), ("sustainability", ANN))

    story = with_sessions(3, *exchanges).after(days=40)

    assert [ANN, BOB] == sorted(story.told("open_debate"))


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


# Protected time


def cancelled(*by: str | None) -> PairStory:
    """An active pair whose booked sessions were cancelled in turn by these."""
    story = active_pair().after(days=1)
    for number, person_id in enumerate(by, 1):
        story.books(f"s{number}", days=10)
        story.after(days=1).cancels(f"s{number}", by=person_id)
        story.after(hours=1)
    return story


def test_two_cancellations_in_a_row_ask_the_senior_side_to_protect_the_time() -> None:
    """By the more experienced side: one nudge to that side, one to the coordinator, none to the other."""
    story = cancelled(ANN, ANN).after(days=10)

    assert [ANN] == story.told("protect_the_time")
    assert [CONTROL] == story.told("coordinator_momentum")
    assert [story.pairing_id] == story.requests("coordinator_momentum")[0]["params"]["pairing_ids"]


@pytest.mark.parametrize("by", [(BOB, BOB), (ANN,), (ANN, BOB), (None, None), (ANN, BOB, ANN), (ANN, None, ANN)])
def test_other_cancellations_ask_nobody(by: tuple[str | None, ...]) -> None:
    """The less experienced side is never asked, nor anybody for one cancellation or a broken row."""
    story = cancelled(*by).after(days=20)

    assert [ANN, BOB] == sorted(story.told("book_first_session"))
    assert [] == story.told("protect_the_time")
    assert [] == story.told("coordinator_momentum")


def test_session_in_between_breaks_the_row() -> None:
    """A session that was held starts the count anew."""
    story = cancelled(ANN)
    story.holds("held")
    story.after(days=1).books("s9", days=2)

    story.cancels("s9", by=ANN)

    assert [] == story.after(days=20).told("protect_the_time")
    assert [ANN, BOB] == sorted(story.told("share_feedback"))


def test_third_cancellation_asks_no_more() -> None:
    """One row, one nudge."""
    story = cancelled(ANN, ANN, ANN).after(days=30)

    assert [ANN] == story.told("protect_the_time")


def test_pair_of_equal_experience_has_no_senior_side() -> None:
    """Without a more experienced side the rule has nobody to ask."""
    story = active_pair(bands=(2, 2)).after(days=1)
    for session_id in ("s1", "s2"):
        story.books(session_id, days=5)
        story.cancels(session_id, by=ANN)

    assert [] == story.after(days=20).told("protect_the_time")
    assert [ANN, BOB] == sorted(story.told("book_first_session"))


def test_due_protection_is_withdrawn_by_a_correction() -> None:
    """It was the other side that cancelled."""
    story = cancelled(ANN)
    story.books("s2", days=10)
    story.cancels("s2", by=ANN, sequence=1)

    story.cancels("s2", by=BOB, sequence=2)

    assert [] == story.after(days=30).told("protect_the_time")
    assert [("protect_the_time", "done")] == story.withheld()


# Feedback


@pytest.mark.parametrize(("held", "is_asked"), [(1, True), (2, False), (3, True), (4, False), (6, True)])
def test_feedback_is_asked_after_sessions_1_3_and_the_last(held: int, *, is_asked: bool) -> None:
    """`share_feedback` to both, the same questions, about the session."""
    story = active_pair(stall_days=366, term_days=3_000).after(days=1)
    story.holds_many(held, days_apart=40)
    asked = [request for request in story.after(days=9).requests("share_feedback") if request["params"]["session_id"] == f"s{held}"]

    assert (sorted(PEOPLE) if is_asked else []) == sorted(request["person_id"] for request in asked)
    assert {("good", "unsure", "not_a_fit")} >= {tuple(request["params"]["fits"]) for request in asked}


def test_feedback_given_is_not_asked_for() -> None:
    """Nothing once the action is done, and the other side is still asked."""
    story = with_sessions(1)

    story.feedback(ANN, session_id="s1")
    story.after(days=5)

    assert [BOB] == story.told("share_feedback")


def test_feedback_for_a_session_that_was_not_held_is_not_asked() -> None:
    """A correction withdraws what is due."""
    story = active_pair().after(days=1)
    story.holds("s1", sequence=1)

    story.misses("s1", sequence=2)
    story.after(days=20)

    assert [] == story.told("share_feedback")
    assert [] == story.told("still_right_for_you")
    assert 2 == story.withheld().count(("share_feedback", "done")) == story.withheld().count(("still_right_for_you", "done"))


@pytest.mark.parametrize("person_id", PEOPLE)
@pytest.mark.parametrize("held", [1, 3])
def test_one_no_ends_the_pair_kindly(person_id: str, held: int) -> None:
    """One "no" after session 1 or 3 ends the pair, with a rematch offer to both."""
    story = with_sessions(held)

    story.feedback(person_id, fit="not_a_fit", session_id=f"s{held}")

    assert "choice" == story.published("ended")["code"]
    assert [ANN, BOB] == story.told("pairing_ended") == story.told("partner_found_next")
    assert all(story.row_of(other).is_first_in_queue for other in PEOPLE)


def test_no_at_another_time_is_only_kept() -> None:
    """After session 2 the exit is `end`."""
    story = with_sessions(2)

    story.feedback(ANN, fit="not_a_fit", session_id="s2")

    assert "active" == story.state


@pytest.mark.parametrize("fit", ["good", "unsure"])
def test_other_feedback_ends_nothing(fit: str) -> None:
    """Only a "no" is a no."""
    story = with_sessions(1)

    story.feedback(ANN, fit=fit, learned=False, rating=1)

    assert "active" == story.state


def test_feedback_leaves_no_trace() -> None:
    """No rating, no word about who learned leaves the engine: the worlds with either answer look the same."""
    worlds = []
    for learned, rating in ((True, 5), (False, 1)):
        story = with_sessions(1)
        story.feedback(BOB, learned=learned, rating=rating, session_id="s1")
        worlds.append([{**event, "id": "", "causation": ""} for event in story.after(days=20).read()])

    assert worlds[0] == worlds[1]


def test_feedback_of_somebody_else_is_refused() -> None:
    """Only the two, each for itself."""
    story = with_sessions(1)

    story.feedback("cat")
    story.feedback(ANN, actor=BOB)

    assert ["not_the_person", "not_the_person"] == story.codes()


def test_feedback_on_a_proposal_is_refused() -> None:
    """Nobody has met yet."""
    story = PairStory().round()

    story.feedback(ANN)

    assert ["unknown_pairing"] == story.codes()


def test_feedback_after_the_end_is_taken() -> None:
    """The last session is asked about when the pair may be over already."""
    story = with_sessions(1)
    story.says(BOB, "end")

    story.feedback(ANN, fit="not_a_fit", session_id="s1")

    assert [] == story.codes()
    assert 1 == story.changes.count("ended")
