"""The cadence of sessions: when a pair is asked to book, is reminded, is asked for a report, and is told that it is quiet."""

from tests.acceptance.stories.nudge_story import are_spread, asked
from tests.acceptance.stories.session_story import booked, meet
from tests.acceptance.stories.story import Story


def test_first_session_is_asked_for_at_5_and_12_days(story: Story) -> None:
    """Nobody proposed a time: alternately, one person each time."""
    story.pair()
    story.tick("2025-02-10T00:00:00Z")

    found = asked(story, "book_first_session")
    assert are_spread([at for _, at in found], ["2025-01-13T08:00:00Z", "2025-01-20T08:00:00Z"])
    assert sorted(person for person, _ in found) == ["ann", "bob"]


def test_booked_pair_is_not_asked_to_book(story: Story) -> None:
    """Nothing once the action is done; what waits or is requested goes."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-08T09:00:00Z", pairing, "2025-01-30T10:00:00Z"))
    story.tick("2025-01-29T00:00:00Z")

    assert len(asked(story, "pairing_started")) == 2
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


def test_late_booking_is_reminded_of_at_once(story: Story) -> None:
    """Booked within the 24 hours: the reminder comes with the booking."""
    pairing = story.pair()
    story.good(booked(story, "2025-01-14T12:00:00Z", pairing, "2025-01-15T10:00:00Z"))
    story.tick("2025-01-16T00:00:00Z")

    assert sorted(asked(story, "session_tomorrow")) == [("ann", "2025-01-14T12:00:00Z"), ("bob", "2025-01-14T12:00:00Z")]


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

    assert len(asked(story, "session_tomorrow")) == 2
    assert asked(story, "log_session") == []


def test_next_session_is_asked_for_after_14_days(story: Story) -> None:
    """`book_next_session` 14 days after the last one, one side at a time."""
    pairing = story.pair()
    meet(story, pairing, "python:ann strategy:bob")
    story.tick("2025-02-10T00:00:00Z")

    assert asked(story, "book_next_session") == [("bob", "2025-01-27T11:01:00Z")]


def test_silent_pair_is_told_it_is_quiet(story: Story) -> None:
    """`pairing_quiet` to both when it stalls."""
    story.pair()
    story.tick("2025-02-24T00:00:00Z")

    assert sorted(asked(story, "pairing_quiet")) == [("ann", "2025-02-20T09:01:00Z"), ("bob", "2025-02-20T09:01:00Z")]
