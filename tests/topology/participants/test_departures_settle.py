"""Rules of departures in a programme: a few hours in which one may be taken back, and many at once that wait for the coordinator."""

from datetime import timedelta

import pytest

from engine.core.effects import StageName
from engine.programme.messages import Employment
from engine.programme.people.person import Person
from engine.programme.people.tables import PEOPLE
from tests import builders
from tests.builders import PROGRAMME, offer
from tests.topology.stories.pair_story import ANN, BOB, PairStory, active_pair, proposed_pair

YESTERDAY = timedelta(days=1)


def departs(story: PairStory, *people: str) -> None:
    """Let people depart as of yesterday."""
    for person_id in people:
        story.tell(builders.departed(person_id, story.now, effective_on=(story.now - YESTERDAY).date()))


def crowd(count: int, **policy: object) -> tuple[PairStory, list[str]]:
    """A pair, and so many others who take part."""
    story = active_pair(**policy).after(days=2)
    people = [f"c{number:02}" for number in range(count)]
    for person_id in people:
        story.tell(builders.hired(person_id, story.now, effective_on="2024-01-01"))
        story.tell(builders.enrolled(person_id, story.now, offers=[offer("python")], wants=[]))
    return story, people


def enrolment_of(story: PairStory, person_id: str) -> str:
    """Return where somebody stands, by the person's own row."""
    person = story.row(StageName.PEOPLE, PEOPLE, person_id)
    assert isinstance(person, Person)
    return person.enrolments[0].status.value


def left(story: PairStory, people: list[str]) -> int:
    """Count who has left the programme."""
    return sum(story.row_of(person_id).status.value == "withdrawn" for person_id in people)


def test_a_departure_settles_after_its_hours() -> None:
    """`departure_settle_hours` (4); until then nothing is published, requested or taken back."""
    story = active_pair().after(days=3)
    known = (len(story.read()), story.pairing.state, story.row_of(ANN).profile)
    departs(story, ANN)
    story.after(hours=4, seconds=-1)
    before = (len(story.read()), story.pairing.state, story.row_of(ANN).profile)
    kept = enrolment_of(story, ANN)
    story.after(seconds=1)

    assert (known, "enrolled") == (before, kept)
    assert ("ended", "withdrawn") == (story.state, enrolment_of(story, ANN))
    assert [BOB] == story.told("pairing_ended")


def test_a_departure_that_was_none_leaves_no_trace() -> None:
    """Enrolment, profile, pair and clocks are what they were."""
    story = active_pair().after(days=3)
    rows = (story.pairing, story.row_of(ANN), story.row(StageName.PEOPLE, PEOPLE, ANN).enrolments)
    known = len(story.changes)
    departs(story, ANN)
    story.after(hours=2)
    story.tell(builders.departure_cancelled(ANN, story.now))

    assert rows == (story.pairing, story.row_of(ANN), story.row(StageName.PEOPLE, PEOPLE, ANN).enrolments)
    assert known == len(story.changes)


def test_a_departure_that_was_none_leaves_an_invitation_open() -> None:
    """Whoever has only been nominated is invited as before, in both rows; a departure that settles ends the invitation."""
    story = active_pair()
    story.tell(builders.hired("cat", story.now, effective_on="2024-01-01"))
    story.tell(builders.nominated("cat", story.now))
    rows = (story.row_of("cat"), story.row(StageName.PEOPLE, PEOPLE, "cat").enrolments)
    departs(story, "cat")
    story.after(hours=2)
    story.tell(builders.departure_cancelled("cat", story.now))
    back = (story.row_of("cat"), story.row(StageName.PEOPLE, PEOPLE, "cat").enrolments)
    departs(story, "cat")
    story.after(hours=5)

    assert rows == back
    assert ("withdrawn", "withdrawn") == (story.row_of("cat").status.value, enrolment_of(story, "cat"))


def test_what_comes_due_meanwhile_comes_afterwards() -> None:
    """A reminder to book is late by as long as nobody knew."""
    story = active_pair().after(days=5, hours=-1)
    departs(story, BOB)
    story.after(hours=2)
    meanwhile = story.requests("book_first_session")
    story.tell(builders.departure_cancelled(BOB, story.now))
    story.after(days=1)

    assert ([], 1) == (meanwhile, len(story.requests("book_first_session")))


def test_a_proposal_of_somebody_who_departed_does_not_begin() -> None:
    """Not even when both accept; after a mistake it begins then, else it lapses."""
    stories = (proposed_pair().after(days=2), proposed_pair().after(days=2))
    for story in stories:
        departs(story, ANN)
        story.answers(ANN, "accept")
        story.answers(BOB, "accept")
    states = [story.state for story in stories]
    stories[0].after(hours=1).tell(builders.departure_cancelled(ANN, stories[0].now))
    stories[1].after(hours=4)

    assert ["proposed", "proposed"] == states
    assert ["active", "lapsed"] == [story.state for story in stories]


def test_nobody_who_departed_is_proposed() -> None:
    """Before it is settled, too."""
    story = PairStory().after(days=2)
    departs(story, BOB)
    story.round()

    assert [] == story.read(type_="pairing.proposed")


def test_erasure_never_waits() -> None:
    """Settled or not."""
    story = active_pair().after(days=3)
    departs(story, ANN)
    story.after(hours=1).tell(builders.erased(ANN, story.now))

    assert "ended" == story.changes[-1]


def test_two_who_depart_at_once_end_their_pair_once() -> None:
    """And nobody is told."""
    story = active_pair().after(days=3)
    departs(story, ANN, BOB)
    story.after(days=1)

    assert 1 == story.changes.count("ended")
    assert ["withdrawn", "withdrawn"] == [enrolment_of(story, person_id) for person_id in (ANN, BOB)]


def test_hired_again_before_it_is_settled_the_old_pair_ends_all_the_same() -> None:
    """A hire takes no departure back; consent is asked anew."""
    story = active_pair().after(days=3)
    departs(story, ANN)
    story.after(hours=1).tell(builders.hired(ANN, story.now))
    before = story.state
    story.after(hours=3)

    assert ("active", "ended", "withdrawn") == (before, story.state, enrolment_of(story, ANN))
    assert Employment.ACTIVE is story.row(StageName.PEOPLE, PEOPLE, ANN).employment


def test_whoever_is_hired_again_and_enrols_before_it_is_settled_begins_anew() -> None:
    """The old pair ends with that, and the new enrolment stays."""
    story = active_pair().after(days=3)
    departs(story, ANN)
    story.after(hours=1).tell(builders.hired(ANN, story.now))
    story.after(minutes=5).enrols(ANN)
    at_once = story.state
    story.after(days=1)

    assert ("ended", "enrolled", "enrolled") == (at_once, enrolment_of(story, ANN), story.row_of(ANN).status.value)


def test_a_departure_in_the_future_settles_after_its_day() -> None:
    """Nothing leaves before, and the hours count from when the programme heard."""
    story = active_pair().after(days=3)
    story.tell(builders.departed(ANN, story.now, effective_on=story.now.date()))
    story.advance_to("2025-01-10T03:59:59+00:00")
    before = story.state
    story.after(seconds=1)

    assert ("active", "ended") == (before, story.state)


@pytest.mark.parametrize(("departed", "others", "is_held"), [(10, 2, True), (9, 2, False), (10, 88, True), (10, 90, False)])
def test_many_departures_at_once_wait_for_the_coordinator(departed: int, others: int, *, is_held: bool) -> None:
    """At least ten, and more than a tenth of all who take part."""
    story, people = crowd(departed + others - 2)
    departs(story, *people[:departed])
    story.after(hours=5)

    assert (0 if is_held else departed) == left(story, people[:departed])
    assert is_held == bool(story.requests("coordinator_departures"))


def test_the_coordinator_lets_them_settle() -> None:
    """`departures.released`, once; the note is taken back."""
    story, people = crowd(10)
    departs(story, *people)
    story.after(hours=5)
    note = story.requests("coordinator_departures")[0]
    story.tell(builders.departures_released(story.now))

    assert 10 == left(story, people) == note["params"]["departures_count"]
    assert ["withdrawn"] * 10 == [enrolment_of(story, person_id) for person_id in people]
    assert note["nudge_id"] in {event["data"]["nudge_id"] for event in story.read(type_="nudge.cancelled")}


def test_without_a_word_they_settle_after_three_days_on_which_somebody_may_hear_of_it() -> None:
    """A weekend is none; here nothing is quiet."""
    story, people = crowd(10)
    departs(story, *people)
    story.after(hours=4).after(days=3, seconds=-1)
    before = left(story, people)
    story.after(seconds=1)

    assert (0, 10) == (before, left(story, people))


def test_held_departures_can_be_taken_back_with_everything() -> None:
    """Also of somebody with a pair, days later; when nothing is held any more the note goes."""
    story, people = crowd(9)
    row = story.row_of(ANN)
    departs(story, ANN, *people)
    story.after(days=2)
    for person_id in (ANN, *people):
        story.tell(builders.departure_cancelled(person_id, story.now))

    assert ("active", row.profile, 0) == (story.state, story.row_of(ANN).profile, left(story, people))
    assert 1 == len([event for event in story.read(type_="nudge.cancelled") if "coordinator" in event["data"]["person_id"]])


def test_a_programme_that_closes_settles_what_is_open() -> None:
    """Nobody's own row waits for a programme that is over."""
    story = active_pair().after(days=3)
    departs(story, ANN)
    story.tell(builders.programme_closed(story.now, PROGRAMME))

    assert "withdrawn" == enrolment_of(story, ANN)
