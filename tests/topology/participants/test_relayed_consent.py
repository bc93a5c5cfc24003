"""Given a form that somebody else brings in, then it is the person's own act, and the person hears what was recorded."""

import json
from typing import Any

import pytest

from tests import builders
from tests.builders import StructuredEvent, offer, want
from tests.topology.stories.programme_story import ProgrammeStory

FORMS = {"relayedby": "people-team"}
PAGE = {"relayedby": "urn:bothways:page"}


def form(story: ProgrammeStory, person_id: str = "ann", **data: Any) -> StructuredEvent:
    """A form of Ann's that the people team brings in."""
    return builders.enrolled(person_id, story.now, attributes={"actor": person_id, **FORMS}, **data)


def hired(**policy: Any) -> ProgrammeStory:
    """Ann works here."""
    story = ProgrammeStory(**policy)
    story.tell(builders.hired("ann", story.now))
    return story


def told(story: ProgrammeStory) -> list[dict[str, Any]]:
    """What was said of what is recorded."""
    requested = [event["data"] for event in story.read(type_="nudge.requested")]
    return [body for body in requested if body["key"] == "enrolment_recorded"]


def test_a_form_is_told_to_its_person_with_all_that_it_recorded() -> None:
    """Topics have names, and each choice says which event makes it."""
    story = hired()
    story.tell(form(story, offers=[offer("python", 3)], wants=[want("strategy", 2, 1)], capacity=2, hours=[], languages=["de"]))

    [body] = told(story)
    params = body["params"]
    assert ("transactional", "profile", "ann") == (body["class"], body["category"], body["person_id"])
    assert [{"topic": "python", "name": "Python", "level": 3}] == params["offers"]
    assert [{"topic": "strategy", "name": "Strategy", "importance": 2, "own_level": 1}] == params["wants"]
    assert (2, ["de"], False) == (params["capacity"], params["languages"], params["has_experience_band"])
    assert ["change", "pause", "leave"] == [answer["choice"] for answer in params["answers"]]


def test_nothing_says_who_brought_it_or_whom_it_excludes_or_which_band() -> None:
    """Two secrets of the person, and one of somebody who did a favour."""
    story = hired()
    story.tell(form(story, exclude=["zed-the-excluded"], experience_band=3))

    published = json.dumps(story.read())
    assert ("ann", True) == (story.row_of("ann").person_id, told(story)[0]["params"]["has_experience_band"])
    assert not any(word in published for word in ("people-team", "zed-the-excluded", 'experience_band":3', 'experience_band": 3'))


def test_one_is_sent_for_each_change_of_what_was_recorded() -> None:
    """A file that is read again, or a form that says the same, is no news."""
    story = hired()
    first = form(story)
    story.pipe(first)
    story.after(days=1).tell(form(story))
    story.after(days=1).tell(form(story, wants=[want("budgeting")]))
    story.after(days=100).pipe(first)

    assert [["strategy"], ["budgeting"]] == [[one["topic"] for one in body["params"]["wants"]] for body in told(story)]


def test_what_the_person_says_itself_is_not_told_back() -> None:
    """Neither an enrolment of one's own nor one through one's own page."""
    story = hired()
    story.tell(builders.enrolled("ann", story.now))
    story.after(days=1).tell(builders.enrolled("ann", story.now, wants=[want("budgeting")], attributes={"actor": "ann", **PAGE}))

    assert [] == told(story)


def test_a_form_older_than_the_withdrawal_says_nothing() -> None:
    """It enrols nobody, so nothing is recorded."""
    story = hired()
    early = form(story)
    story.after(days=1).tell(builders.withdrawn("ann", story.now))
    story.pipe(early)

    assert ([], "withdrawn") == (told(story), story.row_of("ann").status)


def test_it_passes_beside_the_breaker_and_cannot_be_left() -> None:
    """However many forms there are, each of their people hears of it."""
    story = hired(nudge_storm_per_day=1)
    story.tell(builders.opted_out("ann", story.now, "profile"))
    for person_id in ("ann", "bob", "cat"):
        story.tell(builders.hired(person_id, story.now))
        story.tell(form(story, person_id))

    assert ["ann", "bob", "cat"] == [body["person_id"] for body in told(story)]


def test_an_open_one_is_taken_back_when_the_person_leaves() -> None:
    """There is nothing left to change."""
    story = hired()
    story.tell(form(story))
    story.after(hours=1).tell(builders.withdrawn("ann", story.now))

    assert [told(story)[0]["nudge_id"]] == [event["data"]["nudge_id"] for event in story.read(type_="nudge.cancelled")]


# Who may bring in what


@pytest.mark.parametrize("event", [builders.updated, builders.paused, builders.resumed, builders.withdrawn])
def test_nobody_brings_in_anything_but_an_enrolment(event: Any) -> None:
    """A word of one's own comes from oneself."""
    story = hired()
    story.tell(builders.enrolled("ann", story.now))
    story.tell(event("ann", story.now, attributes={"actor": "ann", **FORMS}))

    assert ["not_the_person"] == story.codes()


@pytest.mark.parametrize("event", [builders.updated, builders.paused, builders.resumed, builders.withdrawn])
def test_the_persons_own_page_may_bring_in_what_the_person_does(event: Any) -> None:
    """It carries no less than the person's word."""
    story = hired()
    story.tell(builders.enrolled("ann", story.now))
    story.tell(event("ann", story.now, attributes={"actor": "ann", **PAGE}))

    assert [] == story.codes()


@pytest.mark.parametrize("attributes", [{"actor": "people-team", **FORMS}, {"actor": None, **FORMS}, {"actor": "people-team", **PAGE}])
def test_whoever_brings_it_in_is_never_the_actor(attributes: dict[str, Any]) -> None:
    """Without the person's own act nobody is enrolled."""
    story = hired()
    story.tell(builders.enrolled("ann", story.now, attributes=attributes))

    assert ["not_the_person"] == story.codes()


@pytest.mark.parametrize("attributes", [FORMS, PAGE])
def test_nobody_brings_in_what_a_system_reports(attributes: dict[str, Any]) -> None:
    """HR speaks for itself."""
    story = hired()
    story.tell(builders.departed("ann", story.now, attributes=attributes))
    story.tell(builders.programme_paused(story.now, attributes=attributes))

    assert ["not_the_person"] * 2 == story.codes()


# Opting out


@pytest.mark.parametrize("event", [builders.opted_out, builders.opted_in])
def test_opting_out_and_in_is_the_persons_own_act(event: Any) -> None:
    """Nobody silences somebody else, and nobody else undoes it."""
    story = hired()
    story.tell(event("ann", story.now, "invitations", actor="boss"))

    assert ["not_the_person"] == story.codes()


def test_an_older_choice_has_no_effect() -> None:
    """Whoever opted out stays so, whatever arrives late."""
    story = hired()
    early = builders.opted_in("ann", story.now, "invitations")
    story.after(hours=1).tell(builders.opted_out("ann", story.now, "invitations"))
    story.pipe(early)
    story.tell(builders.nominated("ann", story.now))
    story.after(days=30)

    assert ([], []) == (story.told("open_invitation"), story.codes())
