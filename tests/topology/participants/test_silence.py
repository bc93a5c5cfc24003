"""Rules of silence: who is asked whether it still takes part, what answers the question, what becomes of it unanswered."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from engine.core.effects import StageName
from engine.programme.people.tables import PEOPLE
from schemas.terms.codes import EligibilityCode
from tests import builders
from tests.builders import PROGRAMME, offer, want
from tests.topology.stories.programme_story import DAILY, ProgrammeStory

QUESTION = "still_taking_part"


def twice_expired(**policy: object) -> ProgrammeStory:
    """Ann is proposed to Bob on the first morning and to Cat three days later, and both proposals reach their end."""
    story = ProgrammeStory(**{**DAILY, **policy})
    story.joins("ann", "strategy", "python")
    for person_id in ("bob", "cat"):
        story.joins(person_id, "python", "strategy")
    return story.advance_to("2025-01-17T06:00:00+00:00")


def newcomer(story: ProgrammeStory) -> ProgrammeStory:
    """Somebody joins whom Ann could meet, and the next round is held."""
    story.joins("dan", "python", "strategy")
    return story.after(days=1)


def test_two_proposals_that_reached_their_end_lead_to_one_question() -> None:
    """Ann is asked, and nobody else; one question, however many proposals."""
    story = twice_expired()

    assert ["ann"] == story.told(QUESTION)
    assert ["ann"] == story.after(days=20).told(QUESTION)


def test_question_says_how_it_is_answered_and_nothing_of_proposals() -> None:
    """Transactional, of category `pairing`, valid for 30 days; its parameters are the programme and the answers."""
    request = twice_expired().requests(QUESTION)[0]

    assert ("transactional", "pairing") == (request["class"], request["category"])
    assert timedelta(days=30) == datetime.fromisoformat(request["expires_at"]) - datetime.fromisoformat("2025-01-17T06:00:00Z")
    assert {"programme_id", "programme_name", "answers"} == set(request["params"])
    assert ["stay", "change", "pause", "leave"] == [answer["choice"] for answer in request["params"]["answers"]]


@pytest.mark.parametrize("answers", [("accept", "accept"), ("decline", "decline"), ("decline", None), (None, "accept")])
def test_question_does_not_tell_silence_from_a_no(answers: tuple[str | None, str | None]) -> None:
    """Whatever Ann answered to the two proposals, everything published is what it is when she answers nothing."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python")
    for person_id in ("bob", "cat"):
        story.joins(person_id, "python", "strategy")
    for day, answer in zip((8, 11), answers, strict=True):
        story.advance_to(f"2025-01-{day:02}T06:00:00+00:00")
        if answer is not None:
            story.answers("ann", answer)

    assert twice_expired().after(days=60).read() == story.advance_to("2025-03-18T06:00:00+00:00").read()


def test_nobody_is_proposed_while_the_question_is_open() -> None:
    """The pool has Ann again as soon as she says that she is still there."""
    story = newcomer(twice_expired())
    before = story.proposed()
    story.tell(builders.resumed("ann", story.now))
    story.after(days=1)

    assert 2 == len(before)
    assert ("ann", "dan") == story.proposed()[-1]
    assert ["ann"] == story.recalled(QUESTION)


def test_question_leaves_open_what_was_proposed_before_it() -> None:
    """Ann meets a third proposal when she is asked; news that changes nothing for it lets it stand until its own time."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python")
    for person_id in ("bob", "cat", "dan"):
        story.joins(person_id, "python", "strategy")
    story.advance_to("2025-01-17T06:00:00+00:00")
    asked, proposed = story.told(QUESTION), story.proposed()[-1]
    story.tell(builders.role_changed("ann", story.now, department="people"))
    story.tell(builders.pairing_forbidden(story.now, ("ann", "bob")))

    assert (["ann"], ("ann", "dan")) == (asked, proposed)
    assert not [event for event in story.read(type_="pairing.lapsed") if "dan" in event["data"]["people"]]


def _updates(story: ProgrammeStory) -> None:
    story.tell(builders.updated("ann", story.now, offers=[offer("strategy", 3)], wants=[want("python")]))


def _enrols_again(story: ProgrammeStory) -> None:
    story.tell(builders.enrolled("ann", story.now, offers=[offer("strategy", 3)], wants=[want("python")]))


ACTS: dict[str, Callable[[ProgrammeStory], None]] = {"an update": _updates, "an enrolment": _enrols_again}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_any_act_in_the_programme_answers_the_question(act: Callable[[ProgrammeStory], None]) -> None:
    """What the person does says that it is there; the count begins anew."""
    story = twice_expired()

    act(story.after(hours=1))

    assert ("ann", "dan") == newcomer(story).proposed()[-1]
    assert ["ann"] == story.after(days=8).told(QUESTION)


def test_act_before_the_question_plays_no_part() -> None:
    """A late record of something that Ann did before she was asked answers nothing."""
    story = twice_expired()

    story.tell(builders.resumed("ann", story.now - timedelta(hours=1)))

    assert 2 == len(newcomer(story).proposed())


def test_unanswered_question_becomes_a_pause_like_any_other() -> None:
    """30 days after the person could hear of it, in the programme's row and in the person's own; `resumed` ends it."""
    story = twice_expired()
    requested = datetime.fromisoformat(story.requests(QUESTION)[0]["not_before"])

    story.advance_to((requested + timedelta(days=30, seconds=-1)).isoformat())
    before = _statuses(story)
    story.after(seconds=1)
    paused = _statuses(story)
    story.after(hours=1).tell(builders.resumed("ann", story.now))

    assert [("enrolled", "enrolled"), ("paused", "paused"), ("enrolled", "enrolled")] == [before, paused, _statuses(story)]


def _statuses(story: ProgrammeStory) -> tuple[str, str]:
    person = story.row(StageName.PEOPLE, PEOPLE, "ann")
    assert person is not None
    return str(story.row_of("ann").status), str(person.enrolments[0].status)


def test_proposal_that_ended_otherwise_begins_the_count_anew() -> None:
    """The last two proposals must both have reached their end."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python")
    for person_id in ("bob", "cat", "dan"):
        story.joins(person_id, "python", "strategy")
    story.advance_to("2025-01-10T07:00:00+00:00")
    retracted = story.proposals()[-1]["pairing_id"]
    story.after(days=5).tell(builders.proposal_retracted(story.now, retracted))

    story.advance_to("2025-01-20T09:00:00+00:00")

    assert 4 == len([people for people in story.proposed() if "ann" in people])
    assert [] == story.told(QUESTION)


def test_question_that_nobody_could_hear_was_never_put() -> None:
    """With nothing but holidays until it expires, no question is open, and nobody pauses for it."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python")
    for person_id in ("bob", "cat"):
        story.joins(person_id, "python", "strategy")
    story.advance_to("2025-01-16T06:00:00+00:00")
    days = [(story.now + timedelta(days=days)).date().isoformat() for days in range(40)]
    story.tell(builders.policy_changed(story.now, policy={**story.policy, "holidays": days}))

    story.after(days=60)

    assert [] == story.told(QUESTION)
    assert "enrolled" == story.row_of("ann").status
    assert not story.row_of("ann").silence.is_open


def test_withdrawal_ends_the_question() -> None:
    """Nothing of it is left when the person enrols again."""
    story = twice_expired()
    story.after(hours=1).tell(builders.withdrawn("ann", story.now))
    story.after(hours=1)
    _enrols_again(story)

    assert ["ann"] == story.recalled(QUESTION)
    assert "enrolled" == story.after(days=40).row_of("ann").status


def test_end_of_the_programme_ends_the_question() -> None:
    """Nobody is asked whether they take part in what is over, and nobody pauses there."""
    story = twice_expired().after(hours=1)
    story.tell(builders.programme_closed(story.now))

    assert ["ann"] == story.recalled(QUESTION)
    assert "enrolled" == story.after(days=40).row_of("ann").status


def test_whoever_has_an_open_question_is_told_as_paused_to_a_rehearsal() -> None:
    """`resumed` is what widens the choice."""
    story = newcomer(twice_expired())

    member = next(one for one in story.rehearses()["unmatched"] if one["person_id"] == "ann")

    assert (EligibilityCode.PAUSED, "resume") == (member["reasons"][0]["code"], member["reasons"][0]["params"]["widen"])
    assert PROGRAMME == story.programme.programme_id
