"""What an erasure leaves of somebody: nothing that names them (engine/programme/erasure, people/mentions)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from engine.core.effects import Origin, Record, StageName
from engine.core.execution import Outcome, Transition, step
from engine.core.intake import Intaken, intake
from engine.programme.people.tables import ERASURES, PEOPLE, REPORTS, TRACES
from engine.programme.tables import BARS, PAIRINGS, PARTICIPANTS
from engine.testing import FAR_FUTURE, TopologyDriver
from engine.topology import build
from schemas.terms.ids import ERASED
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent
from tests.topology.stories.erasure_story import PAT, erased, named_everywhere, outputs_naming, rows_naming, tables_of
from tests.topology.stories.pair_story import ANN, BOB, START, active_pair
from tests.topology.stories.programme_story import ProgrammeStory


def stepped(driver: TopologyDriver, event: StructuredEvent) -> Transition:
    """Return what one event comes to at its own key, without its hops."""
    origin = Origin(topic="", value=json.dumps(event).encode(), headers=(("content-type", b"application/cloudevents+json"),))
    taken = intake(origin, FAR_FUTURE)
    assert isinstance(taken, Intaken)
    record = Record(stage=taken.stage, key=taken.key, id=taken.event.id, at=START, payload=taken.event, origin=taken.origin)
    return step(build().stages[taken.stage], driver.rows(taken.stage), record, salt=b"test")


def person(story: TopologyDriver, person_id: str) -> Any:
    """Return the row of a person."""
    return story.row(StageName.PEOPLE, PEOPLE, person_id)


# The word to the runtime


def test_a_runtime_hears_whom_to_forget() -> None:
    """An erasure names its person to the runtime, known here or not; nothing else does."""
    driver = TopologyDriver()

    assert (PAT,) == stepped(driver, builders.erased(PAT, START)).forgotten
    assert () == stepped(driver, builders.departed(PAT, START)).forgotten


# Rows


def test_z1_no_row_holds_the_id_of_somebody_who_was_erased() -> None:
    """Wherever it was: own rows, reports, dotted lines, pending facts, exclusions, bars, locks, pairs, sessions, nudges."""
    story = named_everywhere()
    tables = {name.split(" ")[0] for name in rows_naming(story)}

    assert [] == erased(story)

    assert [] == rows_naming(story)
    assert {"people/contacts", "people/people", "people/reports", "people/sequences", "people/traces"} <= tables
    assert {"programmes/bars", "programmes/pairings", "programmes/participants", "programmes/programmes", "programmes/attention"} <= tables


def test_what_comes_later_never_holds_the_id() -> None:
    """Nothing that time brings after an erasure does, either."""
    story = named_everywhere(round_every_days=1)
    erased(story)
    before = len(story.store.outputs)
    story.after(days=500)

    assert [] == outputs_naming(story.store.outputs[before:])
    assert [] == rows_naming(story)
    assert [] == story.dead_letters()


def test_an_erasure_of_somebody_unknown_leaves_one_hashed_row() -> None:
    """The id came from outside, so it may come again: older facts must stay out."""
    driver = TopologyDriver()
    driver.pipe(builders.erased(PAT, START))

    assert [f"people/{ERASURES}"] == [table for table, _, _ in tables_of(driver) if not table.endswith(("seen", "sequences"))]
    assert [] == rows_naming(driver)


def test_a_second_erasure_reaches_further() -> None:
    """Twice is once, up to the later of both."""
    driver = TopologyDriver()
    driver.pipe(builders.erased(PAT, START + timedelta(days=2)), builders.erased(PAT, START))
    driver.pipe(builders.hired(PAT, START + timedelta(days=1)))

    assert None is person(driver, PAT)


def test_whoever_is_erased_leaves_no_trace_with_those_it_named() -> None:
    """Managers and dotted lines of the person, in force, past and pending, know it no longer."""
    driver = TopologyDriver()
    driver.pipe(builders.hired(PAT, START, manager_id="m1", dotted_line_ids=["d1", "d2"]))
    driver.pipe(builders.role_changed(PAT, START, effective_on="2025-06-01", manager_id="m2", dotted_line_ids=["d1"], n=1))
    driver.pipe(builders.departed(PAT, START + timedelta(days=1), effective_on="2025-01-06"))
    before = rows_naming(driver)
    driver.pipe(builders.erased(PAT, START + timedelta(days=2)))

    assert {f"people/{TRACES} {other}/people/{PAT}" for other in ("m2", "d1", "d2")} | {f"people/{REPORTS} m1/{PAT}"} <= set(before)
    assert [] == rows_naming(driver)


def test_a_programme_in_which_somebody_never_took_part_may_name_it() -> None:
    """Excluded by one, forbidden to another: the key of whoever is named knows the programme."""
    story = ProgrammeStory()
    story.joins(ANN, "strategy", "python", exclude=[PAT])
    story.tell(builders.pairing_forbidden(story.now, ["quin-1", ANN]))
    before = rows_naming(story, PAT) + rows_naming(story, "quin-1")
    erased(story, PAT)
    erased(story, "quin-1")

    assert {f"programmes/{PARTICIPANTS} {PROGRAMME}/{ANN}", f"programmes/{BARS} {PROGRAMME}/{ANN}/quin-1"} <= set(before)
    assert [] == rows_naming(story, PAT) + rows_naming(story, "quin-1")


def test_a_programme_that_somebody_left_long_ago_is_found() -> None:
    """The hire was cancelled, so the person's row knows of no enrolment any more; the pair of then does."""
    story = ProgrammeStory()
    story.join_in_twos((PAT, BOB))
    story.round().activates(PAT, BOB)
    story.tell(builders.hire_cancelled(PAT, story.now))
    before = rows_naming(story)
    erased(story)

    assert f"programmes/{PAIRINGS} {story.pairing_of(PAT, BOB)}" in before
    assert [] == rows_naming(story)


def test_a_trace_goes_with_the_name() -> None:
    """A dotted line that is no more is no reason to be told of an erasure."""
    driver = TopologyDriver()
    driver.pipe(builders.hired(ANN, START, dotted_line_ids=[PAT]), builders.role_changed(ANN, START, dotted_line_ids=[]))

    assert [] == [key for _, key, _ in tables_of(driver) if PAT in key]


def test_nobody_keeps_facts_of_somebody_who_withdrew() -> None:
    """participants.A5: nobody would tell the programme of an erasure above that person."""
    story = ProgrammeStory()
    story.joins(ANN, "strategy", "python", manager_id=PAT)
    story.tell(builders.withdrawn(ANN, story.now))
    story.tell(builders.training_completed(ANN, story.now))
    story.tell(builders.role_changed(ANN, story.now, manager_id=None))
    kept = rows_naming(story)
    story.tell(builders.role_changed(ANN, story.now, department="sales"))
    story.after(minutes=1).joins(ANN, "strategy", "python", hired=False)

    assert [] == kept
    assert (None, "sales") == (story.row_of(ANN).facts.manager_id, story.row_of(ANN).facts.department)


# The reporting line


def test_reports_read_erased_in_the_place_of_their_manager() -> None:
    """Also their own reports, in the line above; whoever stood over the manager stands over them, as after a departure."""
    story = named_everywhere()
    erased(story)

    assert (ERASED, "boss") == (person(story, "rex").attributes.manager_id, person(story, "rex").registered_with)
    assert (ERASED, "boss") == person(story, "rex").line == story.row_of("rex").facts.line
    assert ("rex", ERASED, "boss") == person(story, "sub").line == story.row_of("sub").facts.line
    assert (ERASED, "una") == person(story, "dot").attributes.dotted_line_ids
    assert [] == [key for table, key, _ in tables_of(story) if table == f"people/{REPORTS}" and key.startswith(ERASED)]


def test_a_line_closes_over_several_erased_managers_and_follows_those_who_are_left() -> None:
    """From ann up: m1, m2, m3, m4; the second and the first go, then the third gets another manager, then goes, too."""
    driver = TopologyDriver()
    for person_id, manager_id in ((ANN, "m1"), ("m1", "m2"), ("m2", "m3"), ("m3", "m4"), ("m4", None)):
        driver.pipe(builders.hired(person_id, START, manager_id=manager_id))
    lines = []
    for event in (
        builders.erased("m2", START),
        builders.erased("m1", START),
        builders.role_changed("m3", START, manager_id="m5"),
        builders.erased("m3", START + timedelta(days=1)),
        builders.role_changed(ANN, START + timedelta(days=1), manager_id="m5"),
    ):
        driver.pipe(event)
        lines.append(person(driver, ANN).line)

    assert [("m1", ERASED, "m3", "m4"), (ERASED, "m3", "m4"), (ERASED, "m3", "m5"), (ERASED, "m5"), ("m5",)] == lines
    assert [] == rows_naming(driver, '"m1"') + rows_naming(driver, '"m2"') + rows_naming(driver, '"m3"')
    assert None is person(driver, ANN).above_erased


def test_a_line_may_lead_through_erased_managers_with_somebody_between() -> None:
    """From ann up: m1, m2, m3, m4; the first and the third go. That is no cycle."""
    driver = TopologyDriver()
    for person_id, manager_id in ((ANN, "m1"), ("m1", "m2"), ("m2", "m3"), ("m3", "m4")):
        driver.pipe(builders.hired(person_id, START, manager_id=manager_id))
    driver.pipe(builders.erased("m1", START), builders.erased("m3", START))

    assert ((ERASED, "m2", "m4"), False) == (person(driver, ANN).line, person(driver, ANN).is_line_cyclic)


def test_a_pending_manager_who_was_erased_takes_effect_as_erased() -> None:
    """What HR has said for a later day stands, without the name."""
    driver = TopologyDriver()
    driver.pipe(builders.hired(ANN, START), builders.role_changed(ANN, START, effective_on="2025-02-01", manager_id=PAT))
    driver.pipe(builders.erased(PAT, START + timedelta(days=1)))
    driver.advance(START + timedelta(days=60))

    assert (ERASED, (ERASED,)) == (person(driver, ANN).attributes.manager_id, person(driver, ANN).line)


def test_somebody_whose_manager_was_erased_can_have_another_or_none() -> None:
    """The word `erased` is in nobody's way."""
    driver = TopologyDriver()
    driver.pipe(builders.hired(ANN, START, manager_id=PAT), builders.hired(BOB, START, manager_id=PAT), builders.erased(PAT, START))
    driver.pipe(builders.role_changed(ANN, START, manager_id="max", n=1), builders.role_changed(BOB, START, manager_id=None, n=1))

    assert ("max", ("max",)) == (person(driver, ANN).registered_with, person(driver, ANN).line)
    assert (None, ()) == (person(driver, BOB).registered_with, person(driver, BOB).line)


def test_z4_two_erased_managers_put_no_pair_at_odds() -> None:
    """Each had a manager of their own; that both read `erased` now means nothing."""
    story = active_pair()
    story.tell(builders.role_changed(ANN, story.now, manager_id="m1"))
    story.tell(builders.role_changed(BOB, story.now, manager_id="m2"))
    for manager_id in ("m1", "m2"):
        erased(story, manager_id)
    story.tell(builders.role_changed(ANN, story.now, department="sales"))

    assert "active" == story.state


def test_a_common_manager_who_is_erased_stays_a_reason_to_stay_apart() -> None:
    """As after a departure: a suspended pair is not asked anew because its manager was erased."""
    story = active_pair()
    for person_id in (ANN, BOB):
        story.tell(builders.role_changed(person_id, story.now, manager_id=PAT))
    story.after(days=1)
    erased(story)

    assert "suspended" == story.state


# Names that are said late


@pytest.mark.parametrize("names", [{"manager_id": PAT}, {"dotted_line_ids": [PAT]}, {"manager_id": PAT, "effective_on": "2025-06-01"}])
def test_a_name_that_was_said_before_the_erasure_and_comes_after_it_is_taken_back(names: dict[str, Any]) -> None:
    """Any order of arrival ends without the id."""
    driver = TopologyDriver()
    driver.pipe(builders.hired(PAT, START), builders.erased(PAT, START + timedelta(days=2)))
    driver.pipe(builders.hired(ANN, START, department="sales"), builders.role_changed(ANN, START + timedelta(days=1), **names))

    assert [] == rows_naming(driver)


def test_an_exclusion_or_a_ban_that_comes_late_is_taken_back() -> None:
    """The programme asks the key of whomever it names, and hears that there is nobody."""
    story = ProgrammeStory()
    story.tell(builders.erased(PAT, story.now + timedelta(hours=1)))
    story.joins(ANN, "strategy", "python", exclude=[PAT])
    story.tell(builders.pairing_forbidden(story.now, [PAT, ANN]))

    assert [] == rows_naming(story)


@pytest.mark.parametrize(
    "again",
    [
        builders.hired(ANN, START, manager_id=PAT),
        builders.role_changed(ANN, START, dotted_line_ids=[PAT]),
        builders.enrolled(ANN, START, exclude=[PAT]),
    ],
    ids=lambda event: event["type"],
)
def test_an_old_statement_that_comes_again_is_forgotten_like_a_new_one(again: StructuredEvent) -> None:
    """It changes nothing, because a later one stands; the record that brought it names the erased person all the same."""
    story, later = ProgrammeStory(), START + timedelta(days=1)
    for event in (
        builders.hired(ANN, later, manager_id="boss"),
        builders.role_changed(ANN, later, dotted_line_ids=[]),
        builders.enrolled(ANN, later, exclude=[]),
        again,
    ):
        story.tell(event)
    assert rows_naming(story) in ([], [f"people/people {ANN}", f"people/traces {PAT}/people/{ANN}"])
    erased(story)
    story.store.forgotten.clear()

    story.tell(again)

    assert (PAT in story.store.forgotten, rows_naming(story)) == (True, [])


def test_a_name_that_is_said_later_than_the_erasure_stands_until_the_next() -> None:
    """HR speaks of somebody again: that is news, and the next erasure finds it."""
    driver = TopologyDriver()
    driver.pipe(builders.erased(PAT, START))
    driver.pipe(builders.hired(ANN, START + timedelta(days=1), manager_id=PAT, dotted_line_ids=[PAT]))
    line = person(driver, ANN).line
    driver.pipe(builders.erased(PAT, START + timedelta(days=2)))

    assert (PAT,) == line
    assert [] == rows_naming(driver)


# Coming back


@pytest.mark.parametrize(
    "event",
    [
        builders.hired(PAT, START, manager_id="max"),
        builders.role_changed(PAT, START, department="sales"),
        builders.departed(PAT, START, effective_on="2026-01-01"),
        builders.hire_cancelled(PAT, START),
        builders.enrolled(PAT, START),
        builders.nominated(PAT, START),
        builders.opted_out(PAT, START, "sessions"),
        builders.departed(PAT, START + timedelta(days=9)),
        builders.withdrawn(PAT, START + timedelta(days=9)),
        builders.enrolled(PAT, START + timedelta(days=9)),
        builders.opted_out(PAT, START + timedelta(days=9), "sessions"),
    ],
    ids=lambda event: f"{event['type']} {event['time'][:10]}",
)
def test_z2_what_is_older_and_whatever_is_no_hire_is_ignored_without_a_trace(event: StructuredEvent) -> None:
    """Not a row, not a mark, not a line of the log: a replayed feed brings nothing back, and its bytes hold the id."""
    story = active_pair()
    story.tell(builders.erased(PAT, START + timedelta(days=1)))
    before = (list(tables_of(story)), len(story.store.outputs), len(story.store.log))

    assert Outcome.IGNORED is story.pipe(event) is story.pipe(event)

    ticks = [entry for entry in story.store.log[before[2] :] if entry.origin is not None]
    assert ([], []) == (ticks, story.dead_letters())
    assert event["time"] > "2025-01-08" or before[:2] == (list(tables_of(story)), len(story.store.outputs))
    assert [] == rows_naming(story)


def test_a_later_hire_starts_from_nothing() -> None:
    """Same id, nobody's partner of before, nobody's exclusion, no enrolment; older facts stay out for ever."""
    story = named_everywhere()
    erased(story)
    story.after(days=1).tell(builders.hired(PAT, story.now, department="law"))
    story.tell(builders.role_changed(PAT, START, location="Oslo"))

    row = person(story, PAT)
    assert ("active", "law", None, ()) == (row.employment, row.attributes.department, row.attributes.location, row.enrolments)
    assert [f"people/{PEOPLE} {PAT}"] == rows_naming(story)


def test_an_erasure_that_comes_late_leaves_what_was_said_since() -> None:
    """Somebody who has been hired again by HR's own clock is that new somebody; what it takes part in ends all the same."""
    story = ProgrammeStory()
    story.joins(PAT, "strategy", "python", manager_id="old", department="sales")
    story.tell(builders.hired("rex", story.now, manager_id=PAT))
    story.after(days=9).tell(builders.hired(PAT, story.now, manager_id="new"))
    story.tell(builders.role_changed("rex", story.now, manager_id=PAT))
    story.tell(builders.erased(PAT, START + timedelta(days=1)))

    row = person(story, PAT)
    assert ("active", None, "new", ("new",), ()) == (
        row.employment,
        row.attributes.department,
        row.registered_with,
        row.line,
        row.enrolments,
    )
    assert (PAT, "new") == person(story, "rex").line
    assert [f"new/{PAT}", f"{PAT}/rex"] == sorted(key for table, key, _ in tables_of(story) if table == f"people/{REPORTS}")
