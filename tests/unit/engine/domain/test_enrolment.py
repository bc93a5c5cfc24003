"""Rules of enrolments (engine/domain/enrolment.py)."""

from datetime import UTC, datetime, timedelta

from engine.domain.enrolment import ENROLMENTS_MAX, Enrolments, EnrolmentStatus, after_event, after_refusal
from schemas.ids import PersonId, ProgrammeId
from schemas.participation import ParticipationEnrolled, ParticipationTrainingCompleted, ParticipationWithdrawn

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN = PersonId("ann")


def joined(enrolments: Enrolments, programme_id: str, event_id: str, at: datetime = AT) -> Enrolments:
    """Enrol ann."""
    data = ParticipationEnrolled(person_id=ANN, programme_id=ProgrammeId(programme_id), offers=(), wants=())
    return after_event(enrolments, data, event_id=event_id, at=at, zone=None)


def test_n1_enrolments_stand_in_the_order_of_programmes() -> None:
    """One each, sorted, so that programmes are told in that order."""
    enrolments = joined(joined(joined((), "b", "1"), "a", "2"), "b", "3")

    assert ["a", "b"] == [enrolment.programme_id for enrolment in enrolments]


def test_n1_beyond_the_limit_the_one_left_longest_ago_goes() -> None:
    """Nobody takes part in so many programmes; a feed that says so must not grow the row."""
    enrolments: Enrolments = ()
    for n in range(ENROLMENTS_MAX):
        enrolments = joined(enrolments, f"p{n:02}", "e", AT + timedelta(minutes=n))
    left = ParticipationWithdrawn(person_id=ANN, programme_id=ProgrammeId("p07"))
    enrolments = after_event(enrolments, left, event_id="w", at=AT + timedelta(days=1), zone=None)
    without_left = joined(enrolments, "x", "e", AT + timedelta(days=2))
    without_oldest = joined(without_left, "y", "e", AT + timedelta(days=3))

    assert {"p07"} == {one.programme_id for one in enrolments} - {one.programme_id for one in without_left}
    assert {"p00"} == {one.programme_id for one in without_left} - {one.programme_id for one in without_oldest}


def test_n2_a_refused_enrolment_is_withdrawn() -> None:
    """The programme did not take it."""
    refused = after_refusal(joined((), "a", "1"), ProgrammeId("a"), event_id="1", is_enrolment=True, at=AT)

    assert [EnrolmentStatus.WITHDRAWN] == [enrolment.status for enrolment in refused]


def test_n2_the_refusal_of_a_second_enrolment_leaves_the_first_alone() -> None:
    """The second changed nothing, so there is nothing to take back; the programme must go on hearing of the person."""
    twice = joined(joined((), "a", "1"), "a", "2")
    refused = after_refusal(twice, ProgrammeId("a"), event_id="2", is_enrolment=True, at=AT)

    assert twice is refused


def test_n2_a_refused_first_mention_is_taken_back() -> None:
    """A programme that does not exist is not spoken to for ever."""
    data = ParticipationTrainingCompleted(person_id=ANN, programme_id=ProgrammeId("a"))
    known = after_event((), data, event_id="1", at=AT, zone=None)
    refused = after_refusal(known, ProgrammeId("a"), event_id="1", is_enrolment=False, at=AT)

    assert [EnrolmentStatus.WITHDRAWN] == [enrolment.status for enrolment in refused]
