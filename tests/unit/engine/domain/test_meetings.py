"""Rules of meetings and the ledger of teaching (engine/domain/meetings.py)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.meetings import (
    EVIDENCE_ORDER,
    MEETINGS_MAX,
    Exchange,
    Meeting,
    MeetingState,
    booked,
    cancellations_in_a_row,
    families,
    find,
    held,
    last_done,
    overlaps,
    planned,
    reciprocity_ratio,
    reported,
    taught_count,
    topics_had,
)
from schemas.codes import Evidence, TopicFamily
from schemas.ids import PersonId, SessionId

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN, BOB = PersonId("ann"), PersonId("bob")
PEOPLE: Final = (ANN, BOB)
_M = MeetingState


def meeting(
    session_id: str,
    state: MeetingState = MeetingState.COMPLETED,
    *,
    hours: float = 0,
    taught_by: tuple[PersonId, ...] = (),
    evidence: Evidence | None = None,
    sequence: int = 0,
    reported_hours: float | None = None,
    cancelled_by: PersonId | None = None,
    proposed_by: PersonId | None = None,
) -> Meeting:
    """Build a meeting of an hour that begins some hours after the start and is reported then."""
    starts_at = START + timedelta(hours=hours)
    return Meeting(
        session_id=SessionId(session_id),
        state=state,
        starts_at=starts_at,
        duration_minutes=60,
        exchanges=tuple(Exchange(topic="python", family=TopicFamily.DIGITAL, taught_by=person_id) for person_id in taught_by),
        evidence=evidence if evidence is not None or state is not _M.COMPLETED else Evidence.SELF_REPORT,
        sequence=sequence,
        reported_at=starts_at if reported_hours is None else START + timedelta(hours=reported_hours),
        cancelled_by=cancelled_by,
        proposed_by=proposed_by,
    )


def told(*reports: Meeting) -> tuple[Meeting, ...]:
    """Take in reports one after the other."""
    meetings: tuple[Meeting, ...] = ()
    for report in reports:
        meetings = reported(meetings, report)
    return meetings


def states(meetings: tuple[Meeting, ...]) -> list[MeetingState]:
    """Name where each meeting stands."""
    return [one.state for one in meetings]


# Reports of one session


def test_higher_sequence_replaces_whatever_stands() -> None:
    """A correction counts, also one that takes a held session back."""
    assert [_M.CANCELLED] == states(told(meeting("s", sequence=1), meeting("s", _M.CANCELLED, sequence=2)))
    assert [_M.SCHEDULED] == states(told(meeting("s", _M.MISSED, sequence=1), meeting("s", _M.SCHEDULED, sequence=2)))


def test_lower_sequence_is_kept_out() -> None:
    """The very same tuple says that nothing has changed."""
    meetings = told(meeting("s", sequence=2))

    assert reported(meetings, meeting("s", _M.CANCELLED, sequence=1)) is meetings


@given(order=st.permutations([1, 2, 3, 4]))
def test_highest_sequence_stands_in_any_order_of_arrival(order: list[int]) -> None:
    """Order doesn't matter where sequences differ."""
    by_sequence = {1: _M.SCHEDULED, 2: _M.COMPLETED, 3: _M.CANCELLED, 4: _M.MISSED}

    meetings = told(*(meeting("s", by_sequence[sequence], sequence=sequence) for sequence in order))

    assert [_M.MISSED] == states(meetings)


@pytest.mark.parametrize("order", list(permutations((_M.SCHEDULED, _M.CANCELLED, _M.COMPLETED))))
def test_held_comes_before_planned_without_sequences(order: tuple[MeetingState, ...]) -> None:
    """A late booking or cancellation doesn't undo a session that was held."""
    assert [_M.COMPLETED] == states(told(*(meeting("s", state, reported_hours=hours) for hours, state in enumerate(order))))


def test_later_event_counts_among_plans() -> None:
    """Booked anew after a cancellation, or cancelled after a booking: the later event time, whatever arrives first."""
    booking, cancellation = meeting("s", _M.SCHEDULED, reported_hours=1), meeting("s", _M.CANCELLED, reported_hours=2)

    assert [_M.CANCELLED] == states(told(booking, cancellation)) == states(told(cancellation, booking))


def test_source_without_sequence_takes_a_session_further_only() -> None:
    """After a counted booking: held, cancelled and missed are news, another booking is not."""
    counted = meeting("s", _M.SCHEDULED, sequence=7)

    for state in (_M.COMPLETED, _M.CANCELLED, _M.MISSED):
        assert [state] == states(told(counted, meeting("s", state)))
    assert [START] == [one.starts_at for one in told(counted, meeting("s", _M.SCHEDULED, hours=5))]


def test_sequence_that_was_reached_is_not_forgotten() -> None:
    """An uncounted report in between doesn't let an old counted one back in."""
    meetings = told(meeting("s", _M.SCHEDULED, sequence=7), meeting("s"), meeting("s", _M.CANCELLED, sequence=6))

    assert [_M.COMPLETED] == states(meetings)


def test_better_evidence_replaces_within_one_session() -> None:
    """For one id and sequence the better evidence stands, whichever comes first."""
    weak, strong = meeting("s", taught_by=(ANN,)), meeting("s", taught_by=(BOB,), evidence=Evidence.LMS)

    for meetings in (told(weak, strong), told(strong, weak)):
        assert [0, 1] == [taught_count(meetings, person_id) for person_id in PEOPLE]


def test_who_proposed_the_time_is_remembered() -> None:
    """A later report of the same session that doesn't say so keeps it."""
    meetings = told(meeting("s", _M.SCHEDULED, proposed_by=ANN), meeting("s", _M.CANCELLED, reported_hours=1))

    assert ANN == meetings[0].proposed_by


# One meeting, several reports


def test_overlapping_reports_are_one_meeting() -> None:
    """T3: by overlapping time where the ids differ."""
    meetings = told(meeting("a"), meeting("b", hours=0.5), meeting("c", hours=2))

    assert ["a", "c"] == [one.session_id for one in held(meetings)]


def test_meetings_back_to_back_do_not_overlap() -> None:
    """Intervals are half-open."""
    assert not overlaps(meeting("a"), meeting("b", hours=1))
    assert overlaps(meeting("a"), meeting("b", hours=0.99))


def test_better_evidence_counts_and_the_earlier_report_among_equals() -> None:
    """T3, whatever the order of arrival."""
    graded = [meeting(grade, evidence=grade, reported_hours=hours) for hours, grade in enumerate(EVIDENCE_ORDER)]
    equal = [meeting("late", reported_hours=3), meeting("early", reported_hours=2)]

    for reports in (graded, graded[::-1]):
        assert ["lms"] == [one.session_id for one in held(told(*reports))]
    for reports in (equal, equal[::-1]):
        assert ["early"] == [one.session_id for one in held(told(*reports))]


def test_correction_of_the_report_that_counts_lets_the_other_in() -> None:
    """T1: what stands now decides, nothing is remembered."""
    meetings = told(meeting("a", evidence=Evidence.LMS, taught_by=(ANN,)), meeting("b", taught_by=(BOB,)))

    corrected = reported(meetings, meeting("a", _M.CANCELLED, sequence=1))

    assert ["b"] == [one.session_id for one in held(corrected)]
    assert [0, 1] == [taught_count(corrected, person_id) for person_id in PEOPLE]


def test_booking_that_another_source_reports_as_held_is_not_planned() -> None:
    """One meeting: booked under one id, held under another."""
    meetings = told(meeting("booked", _M.SCHEDULED, hours=5), meeting("held", hours=5.5))

    assert [] == planned(meetings)
    assert [] == booked(meetings, START)


reports = st.builds(
    meeting,
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(MeetingState),
    hours=st.integers(0, 12).map(lambda half: half / 2),
    taught_by=st.lists(st.sampled_from(PEOPLE), max_size=3).map(tuple),
    evidence=st.sampled_from(Evidence),
    sequence=st.integers(0, 3),
    reported_hours=st.integers(0, 6),
)


@given(given_=st.lists(reports, max_size=12))
def test_invariants_t1_to_t3_hold_for_any_reports(given_: list[Meeting]) -> None:
    """T2, T3: meetings that count never overlap, credits are their exchanges; T1: telling it all again changes nothing."""
    meetings = told(*given_)
    counted = held(meetings)

    assert not any(overlaps(one, other) for one in counted for other in counted if one is not other)
    assert sum(len(one.exchanges) for one in counted) == sum(taught_count(meetings, person_id) for person_id in PEOPLE)
    for one in meetings:
        assert reported(meetings, one) == meetings


@given(given_=st.lists(reports, max_size=10, unique_by=lambda report: (report.session_id, report.sequence)), data=st.data())
def test_order_of_arrival_does_not_matter_where_sequences_decide(given_: list[Meeting], data: st.DataObject) -> None:
    """With a sequence of its own for each report of a session, the ledger is the same in any order."""
    counted = [report for report in given_ if report.sequence > 0]
    shuffled = data.draw(st.permutations(counted))

    ledgers = [{(one.session_id, one.starts_at, one.exchanges) for one in held(told(*order))} for order in (counted, shuffled)]

    assert ledgers[0] == ledgers[1]


def test_row_is_bounded_and_keeps_what_counts() -> None:
    """At MEETINGS_MAX the first that doesn't count goes; if all count, the first."""
    bookings = [meeting(f"booked-{n}", _M.SCHEDULED, hours=n) for n in range(MEETINGS_MAX)]
    mixed = told(meeting("first"), *(meeting(f"booked-{n}", _M.SCHEDULED, hours=2 * n + 2) for n in range(MEETINGS_MAX)))
    full = told(*(meeting(f"held-{n}", hours=2 * n) for n in range(MEETINGS_MAX)))

    assert MEETINGS_MAX == len(told(*bookings, meeting("new", hours=999))) == len(mixed)
    assert find(mixed, SessionId("first")) is not None
    assert find(mixed, SessionId("booked-0")) is None
    assert "held-1" == reported(full, meeting("new", hours=2_000))[0].session_id


# The ledger


def test_one_credit_per_exchange_of_a_held_meeting() -> None:
    """T2: what was planned, cancelled or missed teaches nobody."""
    meetings = told(meeting("a", taught_by=(ANN, ANN, BOB)), meeting("b", _M.CANCELLED, hours=5, taught_by=(BOB,)))

    assert [2, 1] == [taught_count(meetings, person_id) for person_id in PEOPLE]


@pytest.mark.parametrize(
    ("taught_by", "ratio"),
    [((), None), ((ANN,), 0.0), ((ANN, BOB), 1.0), ((ANN, ANN, BOB), 0.5), ((BOB, BOB, BOB, ANN), 0.3333)],
)
def test_reciprocity_is_the_smaller_share_over_the_larger(taught_by: tuple[PersonId, ...], ratio: float | None) -> None:
    """Min over max, the same from both sides; null while nothing was taught."""
    meetings = told(meeting("a", taught_by=taught_by))

    assert ratio == reciprocity_ratio(meetings, PEOPLE) == reciprocity_ratio(meetings, (BOB, ANN))


def test_term_counts_what_began_after_it_did() -> None:
    """A session that began with the old term still belongs to it."""
    meetings = told(meeting("a", taught_by=(ANN,)), meeting("b", hours=3, taught_by=(BOB,)))

    assert ["b"] == [one.session_id for one in held(meetings, START)]
    assert 0 == taught_count(meetings, ANN, START)
    assert {TopicFamily.DIGITAL} == families(meetings, START)
    assert set() == families(meetings, START + timedelta(hours=3))
    assert {"python"} == topics_had(meetings)


def test_booked_meetings_are_those_not_over() -> None:
    """In time order, until their end."""
    meetings = told(meeting("b", _M.SCHEDULED, hours=5), meeting("a", _M.SCHEDULED, hours=2))

    assert ["a", "b"] == [one.session_id for one in booked(meetings, START + timedelta(hours=2.9))]
    assert ["b"] == [one.session_id for one in booked(meetings, START + timedelta(hours=3))]


# Cancellations


def _cancelled(number: int, by: PersonId | None) -> Meeting:
    return meeting(f"s{number}", _M.CANCELLED, hours=100 + number, reported_hours=number, cancelled_by=by)


def test_cancellations_in_a_row_are_counted_from_the_last() -> None:
    """By event time, not by order of arrival."""
    row = [_cancelled(1, BOB), _cancelled(2, ANN), _cancelled(3, ANN)]

    for reports_ in permutations(row):
        assert ["s2", "s3"] == [one.session_id for one in cancellations_in_a_row(told(*reports_), ANN)]
        assert [] == cancellations_in_a_row(told(*reports_), BOB)


@pytest.mark.parametrize(
    "between",
    [
        meeting("x", hours=1.5, reported_hours=1.5),
        meeting("x", _M.MISSED, hours=1.5, reported_hours=1.5),
        meeting("x", _M.CANCELLED, hours=1.5, reported_hours=1.5),
    ],
    ids=["held", "missed", "cancelled by nobody known"],
)
def test_anything_else_breaks_the_row(between: Meeting) -> None:
    """In a row means one after the other."""
    meetings = told(_cancelled(1, ANN), between, _cancelled(2, ANN))

    assert ["s2"] == [one.session_id for one in cancellations_in_a_row(meetings, ANN)]


def test_booking_in_between_breaks_no_row() -> None:
    """Two bookings given up one after the other are two in a row."""
    meetings = told(_cancelled(1, ANN), meeting("x", _M.SCHEDULED, hours=50), _cancelled(2, ANN))

    assert 2 == len(cancellations_in_a_row(meetings, ANN))


def test_last_outcome_is_the_last_by_event_time() -> None:
    """Bookings are no outcome."""
    meetings = told(_cancelled(2, ANN), _cancelled(1, BOB), meeting("x", _M.SCHEDULED, hours=200))
    last = last_done(meetings)

    assert last is not None
    assert "s2" == last.session_id
    assert None is last_done(())
