"""Rules of enrolments (engine/programme/people/enrolment.py)."""

from datetime import UTC, datetime, timedelta

from engine.core.stamp import stamp_of
from engine.programme.people.enrolment import ENROLMENTS_MAX, Enrolments, EnrolmentStatus, after_event, after_refusal
from schemas.base import InputData
from schemas.envelope import Event
from schemas.events.participation import ParticipationEnrolled, ParticipationTrainingCompleted, ParticipationWithdrawn
from schemas.terms.ids import PersonId, ProgrammeId

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN = PersonId("ann")


def event(data: InputData, event_id: str, at: datetime = AT) -> Event:
    """Say something of ann."""
    return Event(id=event_id, source="tests", type=data.TYPE, time=at, data=data)


def enrolment(programme_id: str, event_id: str, at: datetime = AT) -> Event:
    """Enrol ann."""
    return event(ParticipationEnrolled(person_id=ANN, programme_id=ProgrammeId(programme_id), offers=(), wants=()), event_id, at)


def joined(enrolments: Enrolments, programme_id: str, event_id: str, at: datetime = AT) -> Enrolments:
    """Return the enrolments with one more."""
    said = enrolment(programme_id, event_id, at)
    return after_event(enrolments, said.data, said, at=at, zone=None)


def test_n1_enrolments_stand_in_the_order_of_programmes() -> None:
    """One each, sorted, so that programmes are told in that order."""
    enrolments = joined(joined(joined((), "b", "1"), "a", "2"), "b", "3")

    assert ["a", "b"] == [one.programme_id for one in enrolments]


def test_n1_beyond_the_limit_the_one_left_longest_ago_goes() -> None:
    """Nobody takes part in so many programmes; a feed that says so must not grow the row."""
    enrolments: Enrolments = ()
    for n in range(ENROLMENTS_MAX):
        enrolments = joined(enrolments, f"p{n:02}", "e", AT + timedelta(minutes=n))
    left = ParticipationWithdrawn(person_id=ANN, programme_id=ProgrammeId("p07"))
    enrolments = after_event(enrolments, left, event(left, "w", AT + timedelta(days=1)), at=AT + timedelta(days=1), zone=None)
    without_left = joined(enrolments, "x", "e", AT + timedelta(days=2))
    without_oldest = joined(without_left, "y", "e", AT + timedelta(days=3))

    assert {"p07"} == {one.programme_id for one in enrolments} - {one.programme_id for one in without_left}
    assert {"p00"} == {one.programme_id for one in without_left} - {one.programme_id for one in without_oldest}


def test_n2_a_refused_enrolment_is_withdrawn() -> None:
    """The programme did not take it."""
    refused = after_refusal(joined((), "a", "1"), ProgrammeId("a"), stamp_of(enrolment("a", "1")))

    assert [EnrolmentStatus.WITHDRAWN] == [one.status for one in refused]


def test_n2_a_refused_enrolment_counts_when_it_is_taken_after_all() -> None:
    """What a later line mends is taken in a second pass; the same stamp is no reason to refuse it."""
    refused = after_refusal(joined((), "a", "1"), ProgrammeId("a"), stamp_of(enrolment("a", "1")))

    assert [EnrolmentStatus.ENROLLED] == [one.status for one in joined(refused, "a", "1")]


def test_n2_the_refusal_of_a_second_enrolment_leaves_the_first_alone() -> None:
    """What is taken back is what the second brought; the programme must go on hearing of the person."""
    once = joined((), "a", "1")
    twice = joined(once, "a", "2", AT + timedelta(hours=1))
    refused = after_refusal(twice, ProgrammeId("a"), stamp_of(enrolment("a", "2", AT + timedelta(hours=1))))

    assert once == refused


def test_n2_a_refused_first_mention_is_taken_back() -> None:
    """A programme that does not exist is not spoken to for ever."""
    trained = event(ParticipationTrainingCompleted(person_id=ANN, programme_id=ProgrammeId("a")), "1")
    known = after_event((), trained.data, trained, at=AT, zone=None)
    refused = after_refusal(known, ProgrammeId("a"), stamp_of(trained))

    assert [EnrolmentStatus.WITHDRAWN] == [one.status for one in refused]
