"""Given whom people exclude and coordinators forbid, then the two are not there for each other, in any programme and for ever."""

import json
from datetime import timedelta
from typing import Any

import pytest

from engine.core.effects import Record, StageName
from engine.core.execution import step
from engine.core.stamp import Stamp
from engine.programme.messages import PairAllowed
from engine.programme.people.person import Person
from engine.programme.people.tables import PEOPLE
from engine.topology import build
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.pair_story import ANN, BOB, POLICY, START, active_pair, proposed_pair
from tests.topology.stories.programme_story import ProgrammeStory

OTHER = "other"


def updated(person_id: str, at: Any, programme_id: str = PROGRAMME, **fields: Any) -> builders.StructuredEvent:
    """Say nothing but the fields given."""
    data = {"person_id": person_id, "programme_id": programme_id, **fields}
    return builders.event("participation.updated", person_id, at, data, attributes={"actor": person_id})


def two_programmes(**joins: Any) -> ProgrammeStory:
    """Ann and Bob suit each other and take part in two programmes; Ann says the fields given in the first."""
    story = ProgrammeStory()
    story.tell(builders.programme_created(story.now, OTHER, policy=POLICY))
    story.joins("ann", "strategy", "python", **joins)
    story.joins("bob", "python", "strategy")
    story.tell(builders.enrolled("ann", story.now, OTHER, offers=[builders.offer("strategy", 3)], wants=[builders.want("python")]))
    story.tell(builders.enrolled("bob", story.now, OTHER, offers=[builders.offer("python", 3)], wants=[builders.want("strategy")]))
    return story


def proposed_in(story: ProgrammeStory, programme_id: str) -> int:
    """Hold a round in one programme and count what it proposed."""
    story.tell(builders.round_requested(story.now, programme_id))
    proposed: int = story.rounds()[-1]["proposed"]
    return proposed


def person(story: ProgrammeStory, person_id: str) -> Person:
    """Return the row of somebody."""
    row = story.row(StageName.PEOPLE, PEOPLE, person_id)
    assert isinstance(row, Person)
    return row


def allowed(story: ProgrammeStory, programme_id: str) -> None:
    """Let the coordinator of a programme take back what it said of the two."""
    for one, two in ((ANN, BOB), (BOB, ANN)):
        stamp = Stamp(story.now, 0, "allowed")
        message = PairAllowed(person_id=one, other_id=two, programme_id=programme_id, stamp=stamp)  # type: ignore[arg-type]
        record = Record(stage=StageName.PEOPLE, key=one, id=f"allowed/{programme_id}/{one}", at=story.now, payload=message)
        story.store.apply(
            StageName.PEOPLE, step(build().stages[StageName.PEOPLE], story.store.rows(StageName.PEOPLE), record, salt=b"test")
        )


@pytest.mark.parametrize("programme_id", [PROGRAMME, OTHER])
def test_an_exclusion_holds_in_every_programme(programme_id: str) -> None:
    """people.X2: it was said in one, and nobody has to say it twice."""
    assert 0 == proposed_in(two_programmes(exclude=["bob"]), programme_id)


@pytest.mark.parametrize("programme_id", [PROGRAMME, OTHER])
def test_a_forbid_holds_in_every_programme(programme_id: str) -> None:
    """A coordinator of one programme speaks for the two, not for the programme."""
    story = two_programmes()
    story.tell(builders.pairing_forbidden(story.now, ["bob", "ann"]))

    assert 0 == proposed_in(story, programme_id)


def test_what_was_said_in_one_programme_is_taken_back_there_only() -> None:
    """people.X2: while it stands anywhere it holds everywhere."""
    story = two_programmes(exclude=["bob"])
    story.after(hours=1).tell(updated("ann", story.now, OTHER, exclude=["bob"]))
    story.after(hours=1).tell(updated("ann", story.now, exclude=None))
    once = proposed_in(story, OTHER)
    story.after(hours=1).tell(updated("ann", story.now, OTHER, exclude=[]))

    assert (0, 1) == (once, proposed_in(story, OTHER))


def test_an_exclusion_outlives_withdrawal_and_a_silent_enrolment() -> None:
    """Whoever comes back need not think of it."""
    story = two_programmes(exclude=["bob"])
    story.after(hours=1).tell(builders.withdrawn("ann", story.now))
    story.after(hours=1).tell(builders.enrolled("ann", story.now))

    assert (("bob",), 0) == (story.row_of("ann").facts.excluded_ids, proposed_in(story, OTHER))


def test_an_exclusion_outlives_the_departure() -> None:
    """It is the only thing that does, beside the stamps."""
    story = two_programmes(exclude=["bob"])
    story.tell(builders.departed("ann", story.now))
    story.after(days=40).tell(builders.hired("ann", story.now))
    story.tell(builders.enrolled("ann", story.now))

    assert ("bob",) == story.row_of("ann").facts.excluded_ids


def test_an_erasure_ends_it() -> None:
    """Nothing is kept of somebody erased, nor of whom it excluded, nor by whom it was excluded."""
    story = two_programmes(exclude=["bob"])
    story.tell(builders.pairing_forbidden(story.now, ["bob", "ann"]))
    story.after(hours=1).tell(builders.erased("bob", story.now))

    assert (((),), (), ()) == (
        tuple(one.excluded_ids for one in person(story, "ann").exclusions),
        person(story, "ann").forbids,
        story.row_of("ann").facts.excluded_ids,
    )


def test_a_forbid_of_somebody_whom_hr_has_not_named_yet_is_kept() -> None:
    """Feeds arrive out of order; the row is nobody's until the hire comes."""
    story = ProgrammeStory()
    story.tell(builders.pairing_forbidden(story.now, ["eve", "ann"]))

    assert (True, ("ann",)) == (person(story, "eve").is_bare, person(story, "eve").facts().forbidden_ids)


def test_an_exclusion_can_be_taken_back_where_the_programme_has_closed() -> None:
    """It would stand in every other programme for ever."""
    story = two_programmes(exclude=["bob"])
    story.after(hours=1).tell(builders.programme_closed(story.now))
    story.after(hours=1).tell(updated("ann", story.now, exclude=None))

    assert ([], 1) == (story.codes(), proposed_in(story, OTHER))


def test_an_older_exclusion_changes_nothing() -> None:
    """people.X1: by event time, whatever came last."""
    story = two_programmes()
    story.after(hours=3).tell(updated("ann", START + timedelta(hours=2), exclude=[]))
    story.tell(updated("ann", START + timedelta(hours=1), exclude=["bob"]))

    assert () == story.row_of("ann").facts.excluded_ids


def test_a_refused_update_excludes_nobody() -> None:
    """What a programme did not take was not said."""
    story = two_programmes()
    story.after(hours=1).tell(updated("ann", story.now, offers=[builders.offer("alchemy")], exclude=["bob"]))

    assert ((), 1) == (person(story, "ann").exclusions, proposed_in(story, PROGRAMME))


def test_excluding_a_live_partner_ends_the_pair_like_ones_own_end() -> None:
    """Both are told alike, and nothing says who, or why."""
    excluding, ending = active_pair().after(days=1), active_pair().after(days=1)

    excluding.tell(updated(ANN, excluding.now, exclude=[BOB]))
    ending.says(ANN, "end")

    bodies = [[event["data"] for event in story.read()] for story in (excluding, ending)]
    assert ("ended", "ended") == (excluding.state, ending.state)
    assert bodies[0] == bodies[1]
    assert "exclude" not in json.dumps(excluding.read())


def test_an_exclusion_said_in_one_programme_ends_a_pair_of_another() -> None:
    """Nobody has to go on meeting somebody whom it would rather not meet."""
    story = two_programmes()
    story.tell(builders.round_requested(story.now, OTHER))
    story.activates("ann", "bob")

    story.after(days=1).tell(updated("ann", story.now, exclude=["bob"]))

    assert "choice" == story.read(type_="pairing.ended")[-1]["data"]["code"]


def test_a_live_pair_that_is_forbidden_is_theirs_to_end() -> None:
    """A coordinator keeps people from being proposed, not from each other."""
    story = active_pair()
    story.tell(builders.pairing_forbidden(story.now, [ANN, BOB]))

    assert "active" == story.state


@pytest.mark.parametrize("is_forbidden", [True, False])
def test_an_open_proposal_goes_on_as_if_nobody_had_answered(is_forbidden: bool) -> None:
    """An exclusion and a forbid act as silent declines: nothing shows, and two accepts make no pair."""
    story, silent = proposed_pair().after(hours=1), proposed_pair().after(hours=1)
    story.tell(builders.pairing_forbidden(story.now, [ANN, BOB]) if is_forbidden else updated(ANN, story.now, exclude=[BOB]))
    at_once = story.state
    story.answers(BOB, "accept")
    story.answers(ANN, "accept")

    for one in (story, silent):
        one.after(days=8)
    bodies = [[event["data"] for event in one.read() if "command" not in event["type"]] for one in (story, silent)]
    assert ("proposed", "lapsed") == (at_once, story.state)
    assert bodies[0] == bodies[1]


def test_allowing_takes_back_only_the_forbid_of_the_programme_that_it_names() -> None:
    """people.X2: the other programme's coordinator has not changed their mind."""
    story = two_programmes()
    for programme_id in (PROGRAMME, OTHER):
        story.tell(builders.pairing_forbidden(story.now, ["bob", "ann"], programme_id=programme_id))
    story.after(hours=1)
    allowed(story, PROGRAMME)
    once = person(story, "ann").facts().forbidden_ids
    allowed(story, OTHER)

    assert (("bob",), ()) == (once, person(story, "ann").facts().forbidden_ids)
