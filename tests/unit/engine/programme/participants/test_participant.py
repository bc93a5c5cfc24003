"""Rules of a participant (engine/programme/participants/participant.py)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.messages import Employment, PersonFacts
from engine.programme.participants.course import Course
from engine.programme.participants.participant import (
    Participant,
    ParticipantStatus,
    ParticipantTimer,
    at_rest,
    check,
    enrolled,
    is_ready,
    standing,
    timer_of,
    waiting,
    with_timer,
    withdrawn,
)
from engine.programme.participants.profile import NEVER_SAID, Profile, ProfileStamps
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode
from schemas.terms.ids import PersonId, ProgrammeId

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
SAID_AT = Stamp(AT, 0, "e")
WHOLE = Profile(offers=(("python", 2),), wants=(("strategy", 3, 0),))
KNOWN = Participant(
    programme_id=ProgrammeId("p"), person_id=PersonId("ann"), facts=PersonFacts(person_id=PersonId("ann"), employment=Employment.ACTIVE)
)
READY = replace(enrolled(KNOWN, AT), profile=WHOLE)

kinds = st.sampled_from(sorted(ParticipantTimer))
instants = st.integers(0, 1000).map(lambda hours: AT + timedelta(hours=hours))


def test_nobody_takes_part_without_having_enrolled() -> None:
    """participants.A1: whoever takes part has a day of enrolment."""
    with pytest.raises(AssertionError, match=r"participants\.A1"):
        check(replace(KNOWN, status=ParticipantStatus.ENROLLED))


@pytest.mark.parametrize("leftover", [{"profile": WHOLE, "profile_stamps": ProfileStamps(oldest=SAID_AT)}, {"waiting_since": AT}])
def test_whoever_does_not_take_part_keeps_nothing(leftover: dict[str, object]) -> None:
    """participants.A4: no profile from before it left, no timers, no place in the queue."""
    with pytest.raises(AssertionError, match=r"participants\.A4"):
        check(replace(KNOWN, status=ParticipantStatus.WITHDRAWN, course=Course(left=SAID_AT), **leftover))


def test_withdrawing_leaves_a_row_that_may_be_written() -> None:
    """participants.A4 holds after a withdrawal, whatever there was."""
    busy = with_timer(waiting(READY, AT, 3), ParticipantTimer.STILL_WAITING, AT)

    left = replace(busy, course=Course(left=SAID_AT), profile_stamps=ProfileStamps(oldest=SAID_AT))
    gone = withdrawn(replace(left, is_first_in_queue=True, unmatched_reason="hours/hours"))

    check(gone)
    assert (Profile(), NEVER_SAID, None, False, None) == (
        gone.profile,
        gone.profile_stamps,
        gone.waiting_since,
        gone.is_first_in_queue,
        gone.unmatched_reason,
    )


def test_enrolling_begins_anew_and_keeps_training_and_pairings() -> None:
    """What was learned stays learned; waiting, pauses and reminders start from nothing."""
    before = replace(READY, is_trained=True, waiting_since=AT, profile_reminders=2, status=ParticipantStatus.WITHDRAWN)

    again = enrolled(before, AT + timedelta(days=1))

    assert (True, None, 0, AT + timedelta(days=1)) == (again.is_trained, again.waiting_since, again.profile_reminders, again.enrolled_at)


@pytest.mark.parametrize("profile", [Profile(), replace(WHOLE, wants=()), replace(WHOLE, offers=())])
def test_nobody_is_ready_without_offers_and_wants(profile: Profile) -> None:
    """Everyone offers and everyone wants."""
    assert is_ready(READY)
    assert not is_ready(replace(READY, profile=profile))


def test_waiting_begins_once() -> None:
    """participants.A2: whoever waits already keeps the day and the round it began with."""
    begun = waiting(READY, AT, 4)
    again = waiting(begun, AT + timedelta(days=3), 7)

    assert (AT, 4) == (again.waiting_since, again.waiting_since_round)


@pytest.mark.parametrize("status", [ParticipantStatus.KNOWN, ParticipantStatus.PAUSED, ParticipantStatus.WITHDRAWN])
def test_waiting_begins_only_for_the_ready(status: ParticipantStatus) -> None:
    """participants.A2: readiness comes first."""
    assert None is waiting(replace(READY, status=status), AT, 0).waiting_since


@pytest.mark.parametrize(
    ("employment", "status", "code"),
    [
        (Employment.ON_LEAVE, ParticipantStatus.PAUSED, EligibilityCode.ON_LEAVE),
        (Employment.UNKNOWN, ParticipantStatus.ENROLLED, EligibilityCode.NOT_ACTIVE),
        (Employment.EXPECTED, ParticipantStatus.PAUSED, EligibilityCode.NOT_ACTIVE),
        (Employment.ACTIVE, ParticipantStatus.PAUSED, EligibilityCode.PAUSED),
        (Employment.ACTIVE, ParticipantStatus.ENROLLED, EligibilityCode.TRAINING),
    ],
)
def test_standing_names_the_first_thing_in_the_way(employment: Employment, status: ParticipantStatus, code: EligibilityCode) -> None:
    """One person, one code."""
    participant = replace(READY, status=status, facts=replace(READY.facts, employment=employment))

    assert code is standing(participant, training_required=True, at=AT)


def test_nothing_stands_in_the_way_of_somebody_active_and_trained() -> None:
    """None means: may be paired."""
    assert None is standing(replace(READY, is_trained=True), training_required=True, at=AT)
    assert None is standing(READY, training_required=False, at=AT)


@given(changes=st.lists(st.tuples(kinds, st.none() | instants), max_size=12))
def test_each_kind_has_one_timer_and_the_first_wakes_the_row(changes: list[tuple[ParticipantTimer, datetime | None]]) -> None:
    """Setting replaces, None removes, the earliest is the row's."""
    participant = READY
    for kind, due_at in changes:
        participant = with_timer(participant, kind, due_at)
    expected = {kind: due_at for kind, due_at in dict(changes).items() if due_at is not None}

    assert {kind: expected.get(kind) for kind in ParticipantTimer} == {kind: timer_of(participant, kind) for kind in ParticipantTimer}
    assert min(expected.values(), default=None) == participant.wake_at


def test_nobody_waits_in_a_programme_that_is_over() -> None:
    """No timer, no queue."""
    resting = at_rest(with_timer(waiting(READY, AT, 0), ParticipantTimer.STILL_WAITING, AT))

    assert (None, None) == (resting.wake_at, resting.waiting_since)
