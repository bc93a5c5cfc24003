"""Rules of the course of one person in one programme (engine/programme/participants/course.py)."""

from datetime import UTC, datetime, timedelta

from engine.core.stamp import stamp_of
from engine.programme.participants.course import NOTHING_SAID, SAID_MAX, Course, ended, refused, told, wholeness
from schemas.envelope import Event
from schemas.events.participation import ParticipationEnrolled, ParticipationPaused, ParticipationUpdated, ParticipationWithdrawn
from schemas.terms.ids import PersonId, ProgrammeId

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
WHO = {"person_id": PersonId("ann"), "programme_id": ProgrammeId("p")}


def said(kind: type, hours: int, **data: object) -> Event:
    """Say something some hours after nine."""
    if kind is ParticipationEnrolled:
        data = {"offers": (), "wants": (), **data}
    return Event(id=f"{kind.__name__}/{hours}", source="tests", type=kind.TYPE, time=AT + timedelta(hours=hours), data=kind(**WHO, **data))


def after(*events: Event) -> Course:
    """Take in some facts."""
    course = NOTHING_SAID
    for event in events:
        course = told(course, event, left_at=None)
    return course


def test_c2_nothing_said_up_to_the_leaving_counts() -> None:
    """Neither before nor after it is heard of."""
    assert None is after(said(ParticipationWithdrawn, 2), said(ParticipationEnrolled, 1)).begun_at


def test_c3_an_update_brings_nobody_back() -> None:
    """Only an enrolment does; to somebody new an update is as good."""
    assert None is after(said(ParticipationWithdrawn, 1), said(ParticipationUpdated, 2)).begun_at
    assert AT + timedelta(hours=2) == after(said(ParticipationUpdated, 2)).begun_at


def test_c4_a_pause_said_before_the_beginning_is_none() -> None:
    """It was about another time."""
    assert None is after(said(ParticipationPaused, 1), said(ParticipationEnrolled, 2)).paused_at
    assert AT + timedelta(hours=3) == after(said(ParticipationPaused, 3), said(ParticipationEnrolled, 2)).paused_at


def test_what_was_said_before_the_person_left_the_organisation_ended_with_it() -> None:
    """However late it comes."""
    late = told(NOTHING_SAID, said(ParticipationEnrolled, 1), left_at=AT + timedelta(hours=2))

    assert None is late.begun_at
    assert None is ended(after(said(ParticipationEnrolled, 1))).begun_at


def test_a_refusal_takes_back_its_own_fact_alone() -> None:
    """The first enrolment stands when the second is refused."""
    once = after(said(ParticipationEnrolled, 1))
    second = said(ParticipationEnrolled, 2)

    assert once == refused(told(once, second, left_at=None), stamp_of(second))


def test_c2_a_course_is_bounded() -> None:
    """Whoever says much keeps the beginning and the last word."""
    course = after(*(said(ParticipationUpdated, hours) for hours in range(3 * SAID_MAX)))

    assert (SAID_MAX, AT, 3 * SAID_MAX - 1) == (len(course.said), course.begun_at, (course.said[-1].stamp.time - AT) // timedelta(hours=1))


def test_a_profile_is_whole_from_the_fact_that_made_it_so() -> None:
    """And lacks something from the fact that took it away."""
    offers, wants = ({"topic": "python", "level": 2},), ({"topic": "strategy", "importance": 3, "own_level": 0},)
    course = after(
        said(ParticipationEnrolled, 1, offers=offers), said(ParticipationUpdated, 2, wants=wants), said(ParticipationUpdated, 3, offers=())
    )
    found = wholeness(course)

    assert (AT + timedelta(hours=2), AT + timedelta(hours=3)) == (found.whole_since, found.lacking_since)
