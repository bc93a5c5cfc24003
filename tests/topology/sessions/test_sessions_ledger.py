"""Rules of sessions and the ledger of teaching: who taught what, one meeting once, corrections recompute."""

from datetime import timedelta

import pytest

from engine.programme.sessions.meetings import SESSIONS_MAX
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent
from tests.topology.stories.pair_story import ANN, BOB, PairStory, active_pair, proposed_pair


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


@pytest.mark.parametrize("sequence", [None, 2, 1])
def test_correction_recomputes_the_credits(sequence: int | None) -> None:
    """A later event for the same session_id replaces the earlier one, whatever it counts."""
    story = on_second_day()
    story.holds("s1", ("strategy", ANN), sequence=2)

    story.after(hours=1).holds("s1", ("python", BOB), ("ai-assistants", BOB), sequence=sequence)

    assert 1 == story.latest["sessions_count"]
    assert [0, 2] == story.latest["taught_count"]


def test_sequence_decides_at_one_instant() -> None:
    """Later means a higher (time, sequence, id)."""
    story = on_second_day()

    story.holds("s1", ("python", BOB), sequence=2)
    story.holds("s1", ("strategy", ANN), sequence=1)

    assert [0, 1] == story.latest["taught_count"]


@pytest.mark.parametrize("correction", ["cancels", "misses", "books"])
def test_correction_can_take_a_session_back(correction: str) -> None:
    """Reported as held, then otherwise: it was not held."""
    story = on_second_day()
    story.holds("s1")
    story.after(hours=1)

    _reported(story, correction)

    assert (0, [0, 0]) == (story.latest["sessions_count"], story.latest["taught_count"])


@pytest.mark.parametrize("late", ["books", "holds", "cancels", "misses"])
def test_older_report_never_replaces(late: str) -> None:
    """What arrives late changes nothing and publishes nothing."""
    story = on_second_day()
    event = {
        "books": builders.session_scheduled("s1", story.now, story.pairing_id, starts_at=story.now),
        "holds": builders.session_completed("s1", story.now, story.pairing_id, exchanges=[("python", BOB)]),
        "cancels": builders.session_cancelled("s1", story.now, story.pairing_id),
        "misses": builders.session_missed("s1", story.now, story.pairing_id),
    }[late]
    story.after(hours=1).holds("s1", ("strategy", ANN))
    before = story.after(hours=1).read()

    story.tell(event)

    assert before == story.read()
    assert [] == story.codes()


def test_reports_taken_again_change_nothing() -> None:
    """However late they come, when nothing else remembers them: a file read a second time is the file read once."""
    story = on_second_day()
    told: list[StructuredEvent] = [
        builders.session_scheduled("s1", story.now, story.pairing_id, starts_at=story.now, proposed_by=ANN),
        builders.session_missed("s1", story.now + timedelta(hours=1), story.pairing_id, absent=[BOB]),
        builders.session_completed("s1", story.now + timedelta(hours=2), story.pairing_id, exchanges=[("python", BOB)]),
        builders.session_cancelled("s2", story.now + timedelta(hours=3), story.pairing_id, cancelled_by=ANN),
    ]
    for event in told:
        story.pipe(event)
    story.after(days=1).says(ANN, "end")
    story.after(days=100)
    row, published = story.pairing, story.read()

    for event in told:
        story.pipe(event)

    assert row == story.pairing
    assert published == story.read()


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
def test_session_after_the_end_is_refused(report: str) -> None:
    """Also for a pair that was live once."""
    story = active_pair()
    story.says(ANN, "end")

    _reported(story, report)

    assert ["unknown_pairing"] == story.codes()


def test_session_held_before_the_end_counts_when_it_is_reported_after_it() -> None:
    """For 14 days: ledger and latest state are recomputed, and nobody is asked or told anything."""
    story = on_second_day()
    held_at = story.now
    story.after(days=1).says(ANN, "end")
    nudges = story.after(days=14).nudges()

    story.holds("s1", ("python", BOB), started=held_at)

    assert [] == story.codes()
    assert ("ended", 1, [0, 1]) == (story.latest["state"], story.latest["sessions_count"], story.latest["taught_count"])
    assert nudges == story.after(days=10).nudges()


def test_session_reported_later_than_14_days_after_the_end_is_refused() -> None:
    """By the time of the report."""
    story = on_second_day()
    held_at = story.now
    story.after(days=1).says(ANN, "end")

    story.after(days=14, seconds=1).holds("s1", started=held_at)

    assert ["unknown_pairing"] == story.codes()


@pytest.mark.parametrize("correction", ["cancels", "misses"])
def test_session_can_be_taken_back_after_the_end(correction: str) -> None:
    """A correction counts as long as a report does."""
    story = on_second_day()
    story.holds("s1")
    story.after(days=1).says(ANN, "end")

    _reported(story.after(days=2), correction)

    assert [] == story.codes()
    assert 0 == story.latest["sessions_count"]


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


def test_term_counts_a_hundred_sessions() -> None:
    """One more is refused, a correction of one that counts is not."""
    story = active_pair(sessions_planned=SESSIONS_MAX, stall_days=366)
    for number in range(SESSIONS_MAX):
        story.after(hours=1).holds(f"s{number}")

    story.after(hours=1).holds("more")
    story.after(hours=1).holds("s7", ("python", BOB))

    assert ["too_large"] == story.codes()
    assert (SESSIONS_MAX, [SESSIONS_MAX - 1, SESSIONS_MAX]) == (story.latest["sessions_count"], story.latest["taught_count"])
