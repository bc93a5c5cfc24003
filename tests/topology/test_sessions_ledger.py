"""Rules of sessions and the ledger of teaching: who taught what, one meeting once, corrections recompute."""

import pytest

from tests import builders
from tests.builders import PROGRAMME
from tests.topology.pair_story import ANN, BOB, PairStory, active_pair, proposed_pair


def on_second_day() -> PairStory:
    """An active pair, a day after it began."""
    return active_pair().after(days=1)


def test_session_counts_one_credit_per_exchange() -> None:
    """The ledger keeps credits per side: one for each exchange, to the side that taught."""
    story = on_second_day()

    story.holds("s1", ("strategy", ANN), ("leading-change", ANN), ("python", BOB))

    assert 1 == story.latest["sessions_count"]
    assert [2, 1] == story.latest["taught_count"]


def test_booking_and_cancelling_count_nothing() -> None:
    """Only what was held counts."""
    story = on_second_day()

    story.books("s1", days=2)
    story.cancels("s1")
    story.misses("s2")

    assert (0, [0, 0], None) == (story.latest["sessions_count"], story.latest["taught_count"], story.latest["next_session_at"])


def test_next_session_is_the_first_that_is_booked() -> None:
    """Of several booked sessions the next one is published; a cancelled one makes room for the following."""
    story = on_second_day()
    story.books("s1", days=9)
    story.books("s2", days=2)
    first = story.latest["next_session_at"]

    story.cancels("s2")

    assert ("2025-01-09T09:00:00Z", "2025-01-16T09:00:00Z") == (first, story.latest["next_session_at"])


def test_session_can_be_moved() -> None:
    """A later booking of the same session replaces the earlier one."""
    story = on_second_day()
    story.books("s1", days=9)

    story.after(hours=1).books("s1", days=2)

    assert "2025-01-09T10:00:00Z" == story.latest["next_session_at"]


def test_correction_recomputes_the_credits() -> None:
    """A later event for the same session_id with a higher `sequence` replaces the earlier one."""
    story = on_second_day()
    story.holds("s1", ("strategy", ANN), sequence=1)

    story.after(hours=1).holds("s1", ("python", BOB), ("ai-assistants", BOB), sequence=2)

    assert 1 == story.latest["sessions_count"]
    assert [0, 2] == story.latest["taught_count"]


def test_correction_can_take_a_session_back() -> None:
    """Reported as held, then as cancelled with a higher sequence: it was not held."""
    story = on_second_day()
    story.holds("s1", sequence=1)

    story.cancels("s1", sequence=2)

    assert (0, [0, 0]) == (story.latest["sessions_count"], story.latest["taught_count"])


def test_lower_sequence_never_replaces() -> None:
    """An old report that arrives late changes nothing and publishes nothing."""
    story = on_second_day()
    story.holds("s1", ("strategy", ANN), sequence=3)
    before = story.read("mentorship.pairing-state.v1")

    story.after(hours=1).holds("s1", ("python", BOB), sequence=2)
    story.cancels("s1", sequence=1)

    assert before == story.read("mentorship.pairing-state.v1")
    assert [] == story.codes()


def test_source_that_does_not_count_still_takes_a_session_further() -> None:
    """A calendar counts its bookings, the person who reports the session doesn't: it was held."""
    story = on_second_day()
    story.books("s1", days=1, sequence=4)
    story.after(days=1)

    story.holds("s1")

    assert 1 == story.latest["sessions_count"]


def test_booking_that_arrives_late_does_not_undo_a_session() -> None:
    """Held is further than planned, whatever comes last."""
    story = on_second_day()
    story.holds("s1")

    story.after(hours=2).books("s1", days=1)

    assert (1, None) == (story.latest["sessions_count"], story.latest["next_session_at"])


def test_same_session_from_two_sources_is_one() -> None:
    """By overlapping time where the ids differ; the better evidence counts."""
    story = on_second_day()
    story.holds("calendar-7", ("strategy", ANN), evidence="calendar")

    story.after(minutes=30).holds("lms-1", ("strategy", ANN), ("python", BOB), evidence="lms")

    assert 1 == story.latest["sessions_count"]
    assert [1, 1] == story.latest["taught_count"]


@pytest.mark.parametrize(
    ("better", "worse"), [("calendar", "self_report"), ("conference_record", "calendar"), ("lms", "conference_record")]
)
@pytest.mark.parametrize("is_better_first", [True, False])
def test_better_evidence_counts_whichever_comes_first(better: str, worse: str, *, is_better_first: bool) -> None:
    """Evidence grades, weakest first: self_report, calendar, conference_record, lms."""
    story = on_second_day()
    reports = [("one", better, ("strategy", ANN)), ("two", worse, ("python", BOB))]

    for session_id, evidence, exchange in reports if is_better_first else reversed(reports):
        story.holds(session_id, exchange, evidence=evidence)

    assert [1, 0] == story.latest["taught_count"]


def test_sessions_back_to_back_are_two() -> None:
    """Intervals are half-open: one that begins as the other ends doesn't overlap."""
    story = on_second_day()
    story.holds("s1")
    story.after(hours=1)

    story.holds("s2")

    assert 2 == story.latest["sessions_count"]


def test_reciprocity_compares_the_credits_of_both() -> None:
    """`reciprocity_ratio` = min(taught) / max(taught)."""
    story = on_second_day()
    story.holds("s1", ("strategy", ANN), ("leading-change", ANN), ("decision-making", ANN), ("python", BOB))

    story.says(ANN, "end")

    assert 0.3333 == story.published("ended")["reciprocity_ratio"]


@pytest.mark.parametrize("report", ["books", "holds", "cancels", "misses"])
def test_session_of_a_proposal_is_refused(report: str) -> None:
    """A session counts while the pair is live; for any other it is refused as `unknown_pairing`."""
    story = proposed_pair()

    _reported(story, report)

    assert ["unknown_pairing"] == story.codes()


@pytest.mark.parametrize("report", ["books", "holds", "cancels", "misses"])
def test_session_of_an_ended_pair_is_refused(report: str) -> None:
    """Also for a pair that was live once."""
    story = active_pair()
    story.says(ANN, "end")

    _reported(story, report)

    assert ["unknown_pairing"] == story.codes()


def _reported(story: PairStory, report: str) -> None:
    if report == "books":
        story.books("s1", days=1)
    else:
        getattr(story, report)("s1")


@pytest.mark.parametrize(
    ("pairing_id", "code"),
    [("elsewhere.0123456789abcdef", "unknown_programme"), (f"{PROGRAMME}.0123456789abcdef", "unknown_pairing")],
)
def test_session_of_an_unknown_pairing_is_refused(pairing_id: str, code: str) -> None:
    """Unknown programme before unknown pairing."""
    story = on_second_day()

    story.tell(builders.session_missed("s1", story.now, pairing_id))
    story.tell(builders.feedback_given(ANN, story.now, pairing_id))

    assert [code, code] == story.codes()


def test_exchange_of_an_unknown_topic_is_refused() -> None:
    """An unknown topic is refused with `schema_invalid` naming it; nothing of the report counts."""
    story = on_second_day()

    story.holds("s1", ("strategy", ANN), ("basket-weaving", BOB))

    assert ["schema_invalid"] == story.codes()
    assert b"basket-weaving" in dict(story.dead_letters()[0].headers)["__dlq.errors.message"]  # type: ignore[operator]
    assert 0 == story.latest["sessions_count"]


def test_exchange_taught_by_somebody_else_is_refused() -> None:
    """Only the two teach each other."""
    story = on_second_day()

    story.holds("s1", ("strategy", "cat"))

    assert ["schema_invalid"] == story.codes()


def test_concluding_pair_still_counts_sessions() -> None:
    """Concluding is live: a session counts and moves nothing."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")

    story.after(days=1).holds("s2")

    assert "concluding" == story.state
    assert 2 == story.latest["sessions_count"]


def test_session_that_was_reported_late_counts_where_it_belongs() -> None:
    """A session of the first term, told in the second, doesn't count for the plan of the second."""
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")
    held_at = story.now
    story.after(days=1).both_say("renew").after(days=1)

    story.holds("s0", started=held_at.replace(hour=18))

    assert "active" == story.state
    assert 2 == story.latest["sessions_count"]
