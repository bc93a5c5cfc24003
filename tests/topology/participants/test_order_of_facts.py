"""Given what people say about taking part, when it arrives in any order or again after a year, then it means what it meant."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.programme.people.person import Person
from engine.programme.people.tables import PEOPLE
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent, offer, want
from tests.depth import deep
from tests.topology.stories.pair_story import START, active_pair
from tests.topology.stories.programme_story import ProgrammeStory

TEACHES = [[], [offer("python")], [offer("strategy", 3), offer("budgeting")]]
LEARNS = [[], [want("negotiation")], [want("storytelling", 1, 2)]]

whole = st.fixed_dictionaries(
    {"offers": st.sampled_from(TEACHES), "wants": st.sampled_from(LEARNS)},
    optional={
        "experience_band": st.sampled_from([None, 0, 3]),
        "hours": st.sampled_from([None, [], [{"weekday": 2, "from": "09:00", "to": "13:00"}]]),
        "capacity": st.sampled_from([None, 1, 3]),
        "languages": st.sampled_from([None, ["de"], ["en", "fr"]]),
        "exclude": st.sampled_from([None, [], ["bob"], ["bob", "cat"]]),
    },
)
partial = st.fixed_dictionaries(
    {},
    optional={
        "offers": st.sampled_from([None, *TEACHES]),
        "wants": st.sampled_from([None, *LEARNS]),
        "capacity": st.sampled_from([None, 2]),
        "hours": st.sampled_from([None, [{"weekday": 1, "from": "10:00", "to": "12:00"}]]),
        "exclude": st.sampled_from([None, ["cat"]]),
    },
)
said = st.one_of(
    st.tuples(st.just("enrolled"), whole),
    st.tuples(st.just("updated"), partial),
    st.tuples(st.just("paused"), st.fixed_dictionaries({}, optional={"until_on": st.sampled_from(["2025-01-05", "2025-01-09"])})),
    st.tuples(st.sampled_from(["resumed", "withdrawn", "nominated", "training_completed"]), st.just({})),
)
"""One thing that is said of Ann: its kind and its fields."""


def facts_of(chosen: Sequence[tuple[str, dict[str, Any]]], *, actor: str | None = "ann") -> list[StructuredEvent]:
    """Make events of what was said, half an hour apart, with nothing in them but what was said."""
    facts = []
    for number, (kind, data) in enumerate(chosen, start=1):
        at = START + timedelta(minutes=30 * number)
        fields = {"person_id": "ann", "programme_id": PROGRAMME, **data}
        acts = actor if kind not in {"nominated", "training_completed"} else None
        facts.append(builders.event(f"participation.{kind}", "ann", at, fields, n=number, attributes={"actor": acts}))
    return facts


def rows_after(facts: Sequence[StructuredEvent]) -> tuple[Any, ...]:
    """Return what both stages know of Ann, and of the programme, after some facts that arrive at noon."""
    story = ProgrammeStory()
    story.tell(builders.hired("ann", START))
    story.after(hours=12).pipe(*facts)
    rows = story.rows_of_people()
    return story.row(StageName.PEOPLE, PEOPLE, "ann"), rows["participants"], rows["programmes"]


@settings(max_examples=deep(50))
@given(chosen=st.lists(said, min_size=2, max_size=7), data=st.data())
def test_any_order_of_facts_ends_in_the_same_rows(chosen: list[tuple[str, dict[str, Any]]], data: st.DataObject) -> None:
    """participants.C1, people.N4: people, participants and programmes are functions of what was said, not of when it came."""
    facts = facts_of(chosen)
    shuffled = data.draw(st.permutations(facts))

    assert rows_after(facts) == rows_after(shuffled)


@settings(max_examples=deep(25))
@given(chosen=st.lists(said, min_size=1, max_size=7))
def test_both_stages_agree_on_who_takes_part(chosen: list[tuple[str, dict[str, Any]]]) -> None:
    """The person's row and the programme's never say different things."""
    person, participants, _ = rows_after(facts_of(chosen))

    [enrolment] = person.enrolments
    [participant] = participants.values()
    alike = {"invited": "known"}.get(enrolment.status, enrolment.status)
    assert (alike, enrolment.course) == (participant.status, participant.course)


@settings(max_examples=deep(25))
@given(chosen=st.lists(said, min_size=1, max_size=6))
def test_a_history_read_again_after_a_year_changes_nothing(chosen: list[tuple[str, dict[str, Any]]]) -> None:
    """The marks of events go after ninety days; stamps stay, so the file may be read again."""
    story = ProgrammeStory()
    facts = [builders.hired("ann", START), *facts_of(chosen)]
    story.pipe(*facts)
    story.after(days=365)
    before, told = (story.row_of("ann"), story.row(StageName.PEOPLE, PEOPLE, "ann")), len(story.read())
    story.pipe(*facts)

    assert before == (story.row_of("ann"), story.row(StageName.PEOPLE, PEOPLE, "ann"))
    assert told == len(story.read())


def test_a_stale_fact_is_taken_and_has_no_effect() -> None:
    """It is no dead letter: whoever reads a file twice did nothing wrong."""
    story = active_pair().after(days=1)
    story.tell(builders.paused("ann", story.now - timedelta(hours=2)))
    story.tell(builders.resumed("ann", story.now - timedelta(hours=1)))
    told = len(story.read())

    story.tell(builders.paused("ann", story.now - timedelta(hours=3)))

    assert (0, "active", told) == (len(story.dead_letters()), story.state, len(story.read()))


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_pause_older_than_the_withdrawal_is_over_with_it(is_in_order: bool) -> None:
    """participants.C4: whoever comes back does not come back paused."""
    facts = facts_of(
        [("enrolled", {"offers": [], "wants": []}), ("paused", {}), ("withdrawn", {}), ("enrolled", {"offers": [], "wants": []})]
    )
    _, participants, _ = rows_after(facts if is_in_order else facts[::-1])

    assert ["enrolled"] == [one.status for one in participants.values()]


def test_whoever_leaves_the_organisation_keeps_its_stamps() -> None:
    """An enrolment from before the departure brings nobody back, however late it comes, and hired again one is asked anew."""
    story = ProgrammeStory()
    story.joins("ann", "python", "strategy")
    story.after(days=1).tell(builders.departed("ann", story.now))
    story.after(days=120).tell(builders.hired("ann", story.now))
    story.tell(builders.enrolled("ann", START))
    story.tell(builders.enrolled("ann", START + timedelta(hours=1)))

    person = story.row(StageName.PEOPLE, PEOPLE, "ann")
    assert isinstance(person, Person)
    assert (["withdrawn"], "withdrawn") == ([enrolment.status for enrolment in person.enrolments], story.row_of("ann").status)


@pytest.mark.parametrize(
    ("last", "data"),
    [
        (builders.programme_closed, {}),
        (builders.policy_changed, {"policy": {"topics": [{"id": "juggling", "family": "craft", "name": "Juggling"}]}}),
    ],
)
def test_what_was_taken_once_is_not_refused_later(last: Any, data: dict[str, Any]) -> None:
    """Read again after the programme has closed, or its catalogue has lost a topic, a line still says nothing new."""
    story = ProgrammeStory()
    facts = facts_of(
        [("nominated", {}), ("enrolled", {"offers": TEACHES[1], "wants": LEARNS[1]}), ("training_completed", {}), ("paused", {})]
    )
    story.pipe(builders.hired("ann", START), *facts)
    story.after(days=1).tell(last(story.now, **data))
    story.after(days=100)
    before = story.row_of("ann"), story.row(StageName.PEOPLE, PEOPLE, "ann")
    story.pipe(*facts)

    assert (before, []) == ((story.row_of("ann"), story.row(StageName.PEOPLE, PEOPLE, "ann")), story.codes())


# What an update says


def test_an_absent_field_of_an_update_keeps_what_was_said() -> None:
    """Hours that one sent last year are not forgotten because one wants to learn something else."""
    story = ProgrammeStory()
    story.joins("ann", "python", "strategy", capacity=3, hours=[{"weekday": 1, "from": "09:00", "to": "12:00"}])
    story.after(hours=1).tell(facts_of([("updated", {"wants": [want("budgeting")]})])[0])

    profile = story.row_of("ann").profile
    assert (3, ((1, "09:00", "12:00"),), (("python", 3),)) == (profile.capacity, profile.hours, profile.offers)
    assert (("budgeting", 3, 0),) == profile.wants


@pytest.mark.parametrize("nothing", [None, []])
def test_null_or_an_empty_list_in_an_update_clears(nothing: object) -> None:
    """So that what was said can be taken back."""
    story = ProgrammeStory()
    story.joins("ann", "python", "strategy", hours=[{"weekday": 1, "from": "09:00", "to": "12:00"}], exclude=["bob"], experience_band=2)
    cleared = {"wants": nothing, "hours": nothing, "exclude": nothing, "experience_band": None}
    story.after(hours=1).tell(facts_of([("updated", cleared)])[0])

    row = story.row_of("ann")
    assert ((), (), None, ()) == (row.profile.wants, row.profile.hours, row.profile.experience_band, row.facts.excluded_ids)
