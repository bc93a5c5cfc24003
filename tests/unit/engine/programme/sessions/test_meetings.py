"""Rules of meetings and the ledger of teaching (engine/programme/sessions/meetings.py)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.sessions.meetings import (
    EVIDENCE_ORDER,
    SESSIONS_MAX,
    Exchange,
    Meeting,
    MeetingState,
    booked,
    cancellations_in_a_row,
    families,
    has_room,
    held,
    last_done,
    last_fallen_through,
    overlaps,
    planned,
    reciprocity_ratio,
    reported,
    taught_count,
    topics_had,
)
from schemas.terms.codes import Evidence, TopicFamily
from schemas.terms.ids import PersonId, SessionId

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
    given_up_by: tuple[PersonId, ...] = (),
    proposed_by: PersonId | None = None,
    id_: str = "e",
) -> Meeting:
    """Build a report of a meeting of an hour that begins some hours after the start and is reported then.

    A cancellation or a miss doesn't say when the session is: it stands at the time of the report until another report says.
    """
    starts_at = START + timedelta(hours=hours)
    at = starts_at if reported_hours is None else START + timedelta(hours=reported_hours)
    stamp = Stamp(at, sequence, id_)
    says_when = state in {_M.SCHEDULED, _M.COMPLETED}
    return Meeting(
        session_id=SessionId(session_id),
        state=state,
        starts_at=starts_at if says_when else at,
        duration_minutes=60,
        exchanges=tuple(Exchange(topic="python", family=TopicFamily.DIGITAL, taught_by=person_id) for person_id in taught_by),
        evidence=evidence if evidence is not None or state is not _M.COMPLETED else Evidence.SELF_REPORT,
        stamp=stamp,
        timed_by=stamp if says_when else None,
        booked_by=stamp if state is _M.SCHEDULED else None,
        cancelled_by=given_up_by[0] if state is _M.CANCELLED and given_up_by else None,
        absent=given_up_by if state is _M.MISSED else (),
        proposed_by=proposed_by if state is _M.SCHEDULED else None,
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


@pytest.mark.parametrize("later", [{"reported_hours": 2}, {"sequence": 1}, {"id_": "f"}], ids=["time", "sequence", "id"])
@pytest.mark.parametrize("state", _M)
def test_later_report_replaces_whatever_stands(state: MeetingState, later: dict[str, Any]) -> None:
    """sessions.T1: later means a higher (time, sequence, id), also where it takes a held session back."""
    known, report = meeting("s", reported_hours=1), meeting("s", state, **{"reported_hours": 1, **later})

    assert [state] == states(told(known, report)) == states(told(report, known))


def test_earlier_report_is_kept_out() -> None:
    """The very same tuple says that nothing has changed."""
    meetings = told(meeting("s", reported_hours=2))

    assert reported(meetings, meeting("s", _M.CANCELLED, sequence=9, reported_hours=1)) is meetings


def test_report_that_comes_again_changes_nothing() -> None:
    """However often, and whatever came after it."""
    reports_ = [meeting("s", _M.SCHEDULED, hours=5, reported_hours=1), meeting("s", _M.CANCELLED, reported_hours=2)]
    meetings = told(*reports_)

    assert all(reported(meetings, report) is meetings for report in reports_)


def test_session_is_when_the_latest_report_says_that_speaks_of_it() -> None:
    """A cancellation doesn't move a session, whether it comes before the booking that it is about or after."""
    booking, cancellation = meeting("s", _M.SCHEDULED, hours=50, reported_hours=1), meeting("s", _M.CANCELLED, reported_hours=2)

    for meetings in (told(booking, cancellation), told(cancellation, booking)):
        assert [(_M.CANCELLED, START + timedelta(hours=50))] == [(one.state, one.starts_at) for one in meetings]


def test_who_proposed_the_time_is_remembered() -> None:
    """A later report of the same session that doesn't speak of it keeps it."""
    booking, cancellation = meeting("s", _M.SCHEDULED, proposed_by=ANN), meeting("s", _M.CANCELLED, reported_hours=1)

    assert ANN == told(booking, cancellation)[0].proposed_by == told(cancellation, booking)[0].proposed_by


def test_two_bookings_with_one_stamp_are_one_whichever_came_first() -> None:
    """sessions.T1: two sources may share a stamp; the later time counts then, and one of the two who proposed it."""
    one, other = meeting("s", _M.SCHEDULED, reported_hours=0, proposed_by=BOB), meeting("s", _M.SCHEDULED, hours=2, reported_hours=0)

    for meetings in (told(one, other), told(other, one)):
        assert [(START + timedelta(hours=2), BOB)] == [(known.starts_at, known.proposed_by) for known in meetings]


# One meeting, several reports


def test_overlapping_reports_are_one_meeting() -> None:
    """sessions.T3: by overlapping time where the ids differ."""
    meetings = told(meeting("a"), meeting("b", hours=0.5), meeting("c", hours=2))

    assert ["a", "c"] == [one.session_id for one in held(meetings)]


def test_meetings_back_to_back_do_not_overlap() -> None:
    """Intervals are half-open."""
    assert not overlaps(meeting("a"), meeting("b", hours=1))
    assert overlaps(meeting("a"), meeting("b", hours=0.99))


def test_better_evidence_counts_and_the_earlier_report_among_equals() -> None:
    """sessions.T3, whatever the order of arrival."""
    graded = [meeting(grade, evidence=grade, reported_hours=hours) for hours, grade in enumerate(EVIDENCE_ORDER)]
    equal = [meeting("late", reported_hours=3), meeting("early", reported_hours=2)]

    for reports in (graded, graded[::-1]):
        assert ["lms"] == [one.session_id for one in held(told(*reports))]
    for reports in (equal, equal[::-1]):
        assert ["early"] == [one.session_id for one in held(told(*reports))]


def test_correction_of_the_report_that_counts_lets_the_other_in() -> None:
    """sessions.T1: what stands now decides, nothing is remembered."""
    meetings = told(meeting("a", evidence=Evidence.LMS, taught_by=(ANN,)), meeting("b", taught_by=(BOB,)))

    corrected = reported(meetings, meeting("a", _M.CANCELLED, reported_hours=1))

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
    given_up_by=st.sampled_from([(), (ANN,), (BOB,), PEOPLE]),
    proposed_by=st.sampled_from([None, ANN, BOB]),
)


@given(given_=st.lists(reports, max_size=12))
def test_invariants_t1_to_t3_hold_for_any_reports(given_: list[Meeting]) -> None:
    """sessions.T2, sessions.T3: meetings that count never overlap, credits are their exchanges; sessions.T1: said twice is said once."""
    meetings = told(*given_)
    counted = held(meetings)

    assert not any(overlaps(one, other) for one in counted for other in counted if one is not other)
    assert sum(len(one.exchanges) for one in counted) == sum(taught_count(meetings, person_id) for person_id in PEOPLE)
    for one in meetings:
        assert reported(meetings, one) == meetings


@given(given_=st.lists(reports, max_size=10), data=st.data())
def test_order_of_arrival_does_not_matter(given_: list[Meeting], data: st.DataObject) -> None:
    """sessions.T1: the same reports in any order give the same meetings."""
    shuffled = data.draw(st.permutations(given_))

    assert set(told(*given_)) == set(told(*shuffled))


def test_term_takes_a_hundred_sessions() -> None:
    """Held ones, and as many that came to nothing or are ahead; a report of one that is known is no further one."""
    full = told(*(meeting(f"held-{n}", hours=2 * n) for n in range(SESSIONS_MAX)))
    ahead = told(*(meeting(f"booked-{n}", _M.SCHEDULED, hours=2 * n) for n in range(SESSIONS_MAX)))

    assert not has_room(full, meeting("new", hours=999), None)
    assert has_room(full, meeting("held-7", hours=999), None)
    assert has_room(full, meeting("new", _M.SCHEDULED, hours=999), None)
    assert not has_room(ahead, meeting("new", _M.CANCELLED, reported_hours=5), None)
    assert has_room(ahead, meeting("booked-3", hours=5), None)


def test_each_term_has_room_of_its_own() -> None:
    """A session belongs to the term in which it began, whenever it is reported."""
    full = told(*(meeting(f"held-{n}", hours=2 * n) for n in range(SESSIONS_MAX)))
    since = START + timedelta(hours=2 * SESSIONS_MAX)

    assert has_room(full, meeting("new", hours=999), since)
    assert not has_room(full, meeting("late", hours=1.5, reported_hours=999), since)


# The ledger


def test_one_credit_per_exchange_of_a_held_meeting() -> None:
    """sessions.T2: what was planned, cancelled or missed teaches nobody."""
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


# Sessions that fell through


def _given_up(number: int, *by: PersonId, state: MeetingState = _M.CANCELLED) -> Meeting:
    return meeting(f"s{number}", state, reported_hours=number, given_up_by=by)


@pytest.mark.parametrize("states_", list(product((_M.CANCELLED, _M.MISSED), repeat=2)))
def test_sessions_given_up_in_a_row_are_counted_from_the_last(states_: tuple[MeetingState, MeetingState]) -> None:
    """sessions.T4: cancelled or missed, by event time and not by order of arrival."""
    row = [_given_up(1, BOB), *(_given_up(number, ANN, state=state) for number, state in enumerate(states_, 2))]

    for reports_ in permutations(row):
        assert ["s2", "s3"] == [one.session_id for one in cancellations_in_a_row(told(*reports_), ANN)]
        assert [] == cancellations_in_a_row(told(*reports_), BOB)


@pytest.mark.parametrize(
    "between",
    [
        meeting("x", hours=1.5, reported_hours=1.5),
        meeting("x", _M.CANCELLED, reported_hours=1.5),
        meeting("x", _M.CANCELLED, reported_hours=1.5, given_up_by=(BOB,)),
        meeting("x", _M.MISSED, reported_hours=1.5, given_up_by=(BOB,)),
    ],
    ids=["held", "cancelled by nobody known", "cancelled by the other", "missed by the other"],
)
def test_anything_else_breaks_the_row(between: Meeting) -> None:
    """In a row means one after the other."""
    meetings = told(_given_up(1, ANN), between, _given_up(2, ANN))

    assert ["s2"] == [one.session_id for one in cancellations_in_a_row(meetings, ANN)]


@pytest.mark.parametrize(
    "between",
    [
        meeting("x", _M.SCHEDULED, hours=50, reported_hours=1.5),
        meeting("x", _M.MISSED, reported_hours=1.5, given_up_by=PEOPLE),
        meeting("x", _M.MISSED, reported_hours=1.5),
    ],
    ids=["booked", "missed by both", "missed by nobody known"],
)
def test_what_says_nothing_about_a_side_is_passed_over(between: Meeting) -> None:
    """sessions.T4: it neither counts nor breaks the row."""
    meetings = told(_given_up(1, ANN), between, _given_up(2, ANN))

    assert ["s1", "s2"] == [one.session_id for one in cancellations_in_a_row(meetings, ANN)]


def test_last_outcome_is_the_last_by_event_time() -> None:
    """Bookings are no outcome."""
    meetings = told(_given_up(2, ANN), _given_up(1, BOB), meeting("x", _M.SCHEDULED, hours=200))
    last = last_done(meetings)

    assert last is not None
    assert "s2" == last.session_id
    assert last is last_fallen_through(meetings)
    assert None is last_done(()) is last_fallen_through(())
    assert None is last_fallen_through(told(_given_up(1, ANN), meeting("x", hours=3)))
