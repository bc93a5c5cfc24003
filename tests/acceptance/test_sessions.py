"""Sessions, the ledger of teaching, and the prompts that follow from it."""

from typing import Any, Final

import pytest

from tests.acceptance.story import NUDGES, PAIRINGS, SESSIONS, STATES, Story

MONDAYS: Final = ("2025-01-13", "2025-01-27", "2025-02-10", "2025-02-24", "2025-03-10", "2025-03-24")
Event = dict[str, Any]


def meet(story: Story, pairing: str, *sessions: str) -> None:
    """Hold sessions every second Monday; each names its exchanges, with blanks between."""
    for number, (day, exchanges) in enumerate(zip(MONDAYS, sessions, strict=False), 1):
        story.good(story.held(f"{day}T10:00:00Z", pairing, f"s{number}", *exchanges.split()))


def booked(story: Story, at: str, pairing: str, starts_at: str, session_id: str = "b1", **data: Any) -> Event:
    """A session is booked."""
    return story.event(
        "session.scheduled", at, {"session_id": session_id, "pairing_id": pairing, "starts_at": starts_at, "duration_minutes": 60, **data}
    )


def asked(story: Story, key: str) -> list[tuple[str, str]]:
    """(person, not_before) of the nudges of a key."""
    return [(one["person_id"], one["not_before"]) for one in story.nudges(key)]


def test_one_credit_per_exchange(story: Story) -> None:
    """Each exchange is one credit of who taught."""
    pairing = story.pair()
    meet(story, pairing, "python:ann social-media:ann strategy:bob")

    assert story.of_type(STATES, "pairing.state")[-1]["taught_count"] == [2, 1]
    assert story.pairing(pairing)["reciprocity_ratio"] == 0.5


def test_ratio_is_null_while_nothing_was_taught(story: Story) -> None:
    """A session without exchanges counts as a session, and teaches nothing."""
    pairing = story.pair()
    meet(story, pairing, "")

    row = story.pairing(pairing)
    assert (row["sessions_count"], row["reciprocity_ratio"]) == (1, None)


def test_same_session_from_two_sources_is_one(story: Story) -> None:
    """By session_id."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z", evidence="calendar"),
    )

    assert story.pairing(pairing)["sessions_count"] == 1


def test_overlapping_sessions_are_one(story: Story) -> None:
    """Else by pairing and overlapping time."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s2", "python:ann", started_at="2025-01-13T10:30:00Z", evidence="conference_record"),
    )

    assert (story.pairing(pairing)["sessions_count"], story.pairing(pairing)["taught_count"]) == (1, {"ann": 1, "bob": 0})


def test_adjoining_sessions_are_two(story: Story) -> None:
    """Intervals are half-open."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s2", "python:ann", started_at="2025-01-13T11:00:00Z"),
    )

    assert story.pairing(pairing)["sessions_count"] == 2


def test_correction_replaces(story: Story) -> None:
    """A later event of the session with a higher `sequence` replaces it; credits are worked out again."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", "social-media:ann", sequence=1),
        story.held("2025-01-14T11:00:00Z", pairing, "s1", "strategy:bob", started_at="2025-01-13T11:00:00Z", sequence=2),
    )

    assert (story.pairing(pairing)["sessions_count"], story.pairing(pairing)["taught_count"]) == (1, {"ann": 0, "bob": 1})


def test_older_sequence_changes_nothing(story: Story) -> None:
    """A lower `sequence` that comes later is old news."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", sequence=5),
        story.held("2025-01-14T11:00:00Z", pairing, "s1", "strategy:bob", started_at="2025-01-13T11:00:00Z", sequence=4),
    )

    assert story.pairing(pairing)["taught_count"] == {"ann": 1, "bob": 0}


@pytest.mark.parametrize("bad", ["juggling:ann", "python:eve"])
def test_exchange_of_unknown_topic_or_stranger_is_refused(story: Story, bad: str) -> None:
    """A topic outside the catalogue and a teacher outside the pair are refused."""
    pairing = story.pair()

    answer = story.take(story.held("2025-01-13T11:00:00Z", pairing, "s1", bad))

    assert (answer.code, story.dead_letters()) == (3, [(f"dlq.{SESSIONS}", "schema_invalid")])
    assert story.pairing(pairing)["sessions_count"] == 0


def test_session_of_a_pair_that_is_over_is_refused(story: Story) -> None:
    """Only a live pair has sessions; any other is `unknown_pairing`."""
    pairing = story.pair()
    story.good(story.by("pairing.continuation_answered", "2025-01-08T09:00:00Z", "ann", pairing_id=pairing, answer="end"))

    story.take(story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann"))

    assert story.dead_letters() == [(f"dlq.{SESSIONS}", "unknown_pairing")]


def test_session_of_a_proposal_is_refused(story: Story) -> None:
    """A proposal isn't live."""
    story.couple()
    story.tick("2025-01-06T06:00:00Z")

    story.take(story.held("2025-01-13T05:00:00Z", story.proposals()[0]["pairing_id"], "s1", "python:ann"))

    assert story.dead_letters() == [(f"dlq.{SESSIONS}", "unknown_pairing")]


def test_session_of_a_paused_pair_counts_and_moves_nothing(story: Story) -> None:
    """A session counts for the ledger while the pair is live, and moves only a stalled one."""
    pairing = story.pair()
    story.good(
        story.by("participation.paused", "2025-01-08T09:00:00Z", "ann", programme_id="p1"),
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann"),
    )

    assert (story.state(pairing), story.pairing(pairing)["sessions_count"]) == ("paused", 1)


def test_ended_pair_says_how_it_went(story: Story) -> None:
    """`sessions_count` and `reciprocity_ratio` of the end."""
    pairing = story.pair()
    meet(story, pairing, "python:ann python:ann strategy:bob", "strategy:bob python:ann python:ann")
    story.good(story.by("pairing.continuation_answered", "2025-01-28T09:00:00Z", "ann", pairing_id=pairing, answer="end"))

    found = story.tail(PAIRINGS)[-1]["data"]
    assert (found["sessions_count"], found["reciprocity_ratio"]) == (2, 0.5)


# Prompts of the ledger


def test_one_way_street_is_told_once(story: Story) -> None:
    """After three sessions below 0.34: one `flip_roles` to both."""
    pairing = story.pair(sessions_planned=12)
    meet(
        story,
        pairing,
        "python:ann strategy:ann",
        "strategy:ann",
        "career-planning:ann strategy:bob",
        "python:ann",
        "python:ann",
        "python:ann",
    )
    story.tick("2025-04-20T00:00:00Z")

    assert sorted(person for person, _ in asked(story, "flip_roles")) == ["ann", "bob"]


def test_two_way_street_is_told_nothing(story: Story) -> None:
    """One in two is fine."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob", "python:ann", "career-planning:bob strategy:ann")
    story.tick("2025-04-20T00:00:00Z")

    assert asked(story, "flip_roles") == []


@pytest.mark.parametrize("track", ["reverse", "traditional"])
def test_roles_are_flipped_in_mutual_programmes_only(story: Story, track: str) -> None:
    """A one-way track may be one-way."""
    pairing = story.pair(track=track, training_required=False)
    meet(story, pairing, "python:ann", "python:ann", "strategy:ann")
    story.tick("2025-04-20T00:00:00Z")

    assert asked(story, "flip_roles") == []


def test_tech_only_pairs_are_broadened(story: Story) -> None:
    """Three sessions in digital and data only: one `broaden_topic` to both."""
    pairing = story.pair()
    meet(story, pairing, "python:ann python:bob", "data-literacy:bob", "ai-assistants:ann")
    story.tick("2025-05-20T00:00:00Z")

    assert sorted(person for person, _ in asked(story, "broaden_topic")) == ["ann", "bob"]


def test_broad_pairs_are_not_broadened(story: Story) -> None:
    """One other topic is enough."""
    pairing = story.pair()
    meet(story, pairing, "python:ann python:bob", "strategy:bob", "ai-assistants:ann")
    story.tick("2025-05-20T00:00:00Z")

    assert asked(story, "broaden_topic") == []


def test_midpoint_opens_a_debate(story: Story) -> None:
    """At the midpoint, ceil(6 / 2), exactly one `open_debate` each, on a topic of the future of work."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob", "python:ann strategy:bob")
    story.tick("2025-02-03T00:00:00Z")
    assert asked(story, "open_debate") == []
    story.good(
        *(
            story.held(f"{day}T10:00:00Z", pairing, f"x{day}", "python:ann", "strategy:bob")
            for day in ("2025-02-10", "2025-02-24", "2025-03-10")
        )
    )
    story.tick("2025-04-20T00:00:00Z")

    assert sorted(person for person, _ in asked(story, "open_debate")) == ["ann", "bob"]
    assert any("topic" in name for name in story.nudges("open_debate")[0]["params"])


def test_correction_withdraws_a_due_prompt(story: Story) -> None:
    """A nudge that is due but not sent goes when a correction takes its reason away."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:ann", "strategy:ann", "career-planning:ann strategy:bob")
    story.good(
        story.held(
            "2025-02-10T10:00:30Z",
            pairing,
            "s3",
            "strategy:bob",
            "strategy:bob",
            "strategy:bob",
            started_at="2025-02-10T10:00:00Z",
            sequence=9,
        )
    )
    story.tick("2025-05-20T00:00:00Z")

    assert asked(story, "flip_roles") == []


def cancelled_twice(story: Story, who: str) -> None:
    """Two bookings in a row called off by one side."""
    pairing = story.pair()
    for number, day in ((1, "2025-01-14"), (2, "2025-01-16")):
        story.good(
            booked(story, f"{day}T09:00:00Z", pairing, f"2025-01-2{number}T09:00:00Z", f"b{number}"),
            story.event("session.cancelled", f"{day}T10:00:00Z", {"session_id": f"b{number}", "pairing_id": pairing, "cancelled_by": who}),
        )
    story.tick("2025-02-10T00:00:00Z")


def test_busy_senior_is_asked_to_protect_the_time(story: Story) -> None:
    """Two in a row by the more experienced side: that side and the coordinator hear of it, the other doesn't."""
    cancelled_twice(story, "bob")

    assert [person for person, _ in asked(story, "protect_the_time")] == ["bob"]
    assert [person for person, _ in asked(story, "coordinator_momentum")] == ["coordinator:p1"]


def test_busy_junior_is_not(story: Story) -> None:
    """Two by the less experienced side aren't the same."""
    cancelled_twice(story, "ann")

    assert asked(story, "protect_the_time") == asked(story, "coordinator_momentum") == []


# Cadence


def test_first_session_is_asked_for_at_5_and_12_days(story: Story) -> None:
    """Nobody proposed a time: alternately, one person each time."""
    story.pair()
    story.tick("2025-02-10T00:00:00Z")

    found = asked(story, "book_first_session")
    assert [at for _, at in found] == ["2025-01-13T08:00:00Z", "2025-01-20T08:00:00Z"]
    assert sorted(person for person, _ in found) == ["ann", "bob"]


def test_booked_pair_is_not_asked_to_book(story: Story) -> None:
    """Nothing once the action is done; what waits or is requested goes."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-08T09:00:00Z", pairing, "2025-01-30T10:00:00Z"))
    story.tick("2025-01-29T00:00:00Z")

    assert asked(story, "book_first_session") == []


def test_booking_cancels_the_request(story: Story) -> None:
    """Booked after the nudge: it is cancelled, reason `no_longer_needed`, with its own cancellation key."""
    pairing = story.pair()
    story.tick("2025-01-13T09:00:00Z")
    (nudge,) = story.nudges("book_first_session")
    story.good(booked(story, "2025-01-13T10:00:00Z", pairing, "2025-01-30T10:00:00Z"))

    assert {
        "nudge_id": nudge["nudge_id"],
        "person_id": nudge["person_id"],
        "cancellation_key": nudge["cancellation_key"],
        "reason": "no_longer_needed",
    } in story.cancelled()


def test_reminder_comes_the_day_before(story: Story) -> None:
    """`session_tomorrow` 24 h before the start to both, valid to the start."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-08T09:00:00Z", pairing, "2025-01-15T10:00:00Z"))
    story.tick("2025-01-15T00:00:00Z")

    found = story.nudges("session_tomorrow")
    assert sorted((one["person_id"], one["not_before"], one["expires_at"]) for one in found) == [
        (person, "2025-01-14T10:00:00Z", "2025-01-15T10:00:00Z") for person in ("ann", "bob")
    ]
    assert {one["class"] for one in found} == {"transactional"}


def test_late_booking_has_no_reminder(story: Story) -> None:
    """Booked within the 24 hours: it expires."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-14T12:00:00Z", pairing, "2025-01-15T10:00:00Z"))
    story.tick("2025-01-16T00:00:00Z")

    assert len(asked(story, "session_tomorrow")) in {0, 2}


def test_called_off_session_cancels_its_reminder(story: Story) -> None:
    """A reminder already requested is cancelled."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-08T09:00:00Z", pairing, "2025-01-15T10:00:00Z"))
    story.tick("2025-01-14T11:00:00Z")
    story.good(story.event("session.cancelled", "2025-01-14T12:00:00Z", {"session_id": "b1", "pairing_id": pairing, "cancelled_by": "ann"}))

    ids = {one["nudge_id"] for one in story.nudges("session_tomorrow")}
    assert len(ids) == 2
    assert ids <= {one["nudge_id"] for one in story.cancelled()}


def test_unreported_session_is_asked_for(story: Story) -> None:
    """24 h after a booked end without a report, one side gets `log_session`."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-08T09:00:00Z", pairing, "2025-01-15T10:00:00Z"))
    story.tick("2025-01-20T00:00:00Z")

    found = story.nudges("log_session")
    assert [(one["not_before"], one["class"], one["category"], one["priority"]) for one in found] == [
        ("2025-01-16T11:01:00Z", "behavioural", "sessions", 70)
    ]


def test_reported_session_is_not_asked_for(story: Story) -> None:
    """Reported in time."""
    pairing = story.pair()
    story.good(
        booked(story, "2025-01-08T09:00:00Z", pairing, "2025-01-15T10:00:00Z"),
        story.held("2025-01-15T12:00:00Z", pairing, "b1", "python:ann", started_at="2025-01-15T10:00:00Z"),
    )
    story.tick("2025-01-25T00:00:00Z")

    assert asked(story, "log_session") == []


def test_next_session_is_asked_for_after_14_days(story: Story) -> None:
    """`book_next_session` 14 days after the last one, one side at a time."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob")
    story.tick("2025-02-10T00:00:00Z")

    assert len(asked(story, "book_next_session")) <= 1
    waiting = story.nudges("book_next_session")
    assert not waiting or waiting[0]["not_before"] >= "2025-01-27T10:01:00Z"


def early(story: Story) -> str:
    """A pair that met on the second day, before anybody was asked for anything."""
    pairing = story.pair()
    story.good(story.held("2025-01-07T10:00:00Z", pairing, "s1", "python:ann", "strategy:bob"))
    story.tick("2025-01-07T12:00:00Z")
    return pairing


def test_feedback_is_asked_for_after_session_1(story: Story) -> None:
    """`share_feedback` to both, a minute later."""
    early(story)

    assert asked(story, "share_feedback") == [("ann", "2025-01-07T10:01:00Z"), ("bob", "2025-01-07T10:01:00Z")]
    assert {(one["class"], one["category"], one["priority"]) for one in story.nudges("share_feedback")} == {("behavioural", "learning", 65)}


def test_feedback_given_cancels_the_request(story: Story) -> None:
    """Done is done."""
    pairing = early(story)
    story.good(
        story.by("feedback.given", "2025-01-07T13:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=True, fit="good", rating=5)
    )

    (mine,) = story.nudges("share_feedback", "ann")
    assert [one["nudge_id"] for one in story.cancelled()][-1:] == [mine["nudge_id"]]


def test_one_no_ends_kindly(story: Story) -> None:
    """One "no" after session 1 ends the pair `choice`, with the promise of another partner to both, and says no more."""
    pairing = early(story)
    story.good(
        story.by("feedback.given", "2025-01-07T13:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=False, fit="not_a_fit")
    )
    before = len(story.tail(NUDGES))
    story.tick("2025-01-16T00:00:00Z")

    assert story.tail(PAIRINGS)[-1]["data"]["code"] == "choice"
    assert "not_a_fit" not in str(story.tail(NUDGES)[before:]) + str(story.tail(PAIRINGS))
    assert sorted({person for person, _ in asked(story, "partner_found_next")}) == ["ann", "bob"]


def test_no_after_session_2_is_only_noted(story: Story) -> None:
    """The exit ramp is after session 1 and 3."""
    pairing = early(story)
    story.good(
        story.held("2025-01-14T10:00:00Z", pairing, "s2", "python:ann", "strategy:bob"),
        story.by("feedback.given", "2025-01-14T13:00:00Z", "ann", pairing_id=pairing, session_id="s2", learned=False, fit="not_a_fit"),
    )

    assert story.state(pairing) == "active"


def test_rating_is_never_shown(story: Story) -> None:
    """A rating leaves the engine nowhere."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob")
    story.good(
        story.by("feedback.given", "2025-01-14T10:00:00Z", "ann", pairing_id=pairing, session_id="s1", learned=True, fit="unsure", rating=2)
    )
    story.tick("2025-03-16T00:00:00Z")

    assert (
        "rating"
        not in story.run("tail", NUDGES).out + story.run("tail", PAIRINGS).out + story.run("inspect", "pairing", pairing, "--json").out
    )


def test_silent_pair_is_told_it_is_quiet(story: Story) -> None:
    """`pairing_quiet` to both when it stalls."""
    story.pair()
    story.tick("2025-02-24T00:00:00Z")

    assert sorted(asked(story, "pairing_quiet")) == [("ann", "2025-02-20T09:01:00Z"), ("bob", "2025-02-20T09:01:00Z")]
