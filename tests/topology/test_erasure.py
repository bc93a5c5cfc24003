"""What an erasure leaves of somebody: nothing that names them (engine/processors/erasure.py, erasure_in_programmes.py and naming.py)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from engine.domain.erasure import ERASED_TOO
from engine.domain.insights import report
from engine.effects import Origin, Record, StageName
from engine.execution import Outcome, Transition, step
from engine.processors.insights import evidence_of
from engine.processors.intake import Intaken, intake
from engine.processors.people_tables import ERASURES, PEOPLE, REPORTS, TRACES
from engine.processors.tables import PAIRINGS, PARTICIPANTS
from engine.testing import FAR_FUTURE, TopologyDriver
from engine.topology import build
from schemas.ids import ERASED
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent
from tests.topology.erasure_story import PAT, XEN, YAN, named_everywhere, outputs_naming, rows_naming, tables_of
from tests.topology.pair_story import ANN, BOB, START, PairStory, active_pair, proposed_pair
from tests.topology.programme_story import ProgrammeStory


def erased(story: PairStory, person_id: str = PAT) -> list[str]:
    """Erase somebody now. Returns what is published from here on that holds the id."""
    before = len(story.store.outputs)
    assert Outcome.APPLIED is story.tell(builders.erased(person_id, story.now))
    return outputs_naming(story.store.outputs[before:], person_id)


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

    assert {f"people/{TRACES} {other}/people/{PAT}" for other in ("m1", "m2", "d1", "d2")} <= set(before)
    assert [] == rows_naming(driver)


def test_a_trace_goes_with_the_name() -> None:
    """A dotted line that is no more is no reason to be told of an erasure."""
    driver = TopologyDriver()
    driver.pipe(builders.hired(ANN, START, dotted_line_ids=[PAT]), builders.role_changed(ANN, START, dotted_line_ids=[]))

    assert [] == [key for _, key, _ in tables_of(driver) if PAT in key]


def test_nobody_keeps_facts_of_somebody_who_withdrew() -> None:
    """A5: nobody would tell the programme of an erasure above that person."""
    story = ProgrammeStory()
    story.joins(ANN, "strategy", "python", manager_id=PAT)
    story.tell(builders.withdrawn(ANN, story.now))
    story.tell(builders.training_completed(ANN, story.now))
    story.tell(builders.role_changed(ANN, story.now, manager_id=None))
    kept = rows_naming(story)
    story.joins(ANN, "strategy", "python", hired=False)

    assert [] == kept
    assert (None, "active") == (story.row_of(ANN).facts.manager_id, story.row_of(ANN).facts.employment)


# The reporting line


def test_reports_read_erased_in_the_place_of_their_manager() -> None:
    """Also their own reports, in the line above; nobody is registered under that word."""
    story = named_everywhere()
    erased(story)

    assert (ERASED, (ERASED,), None) == (
        person(story, "rex").attributes.manager_id,
        person(story, "rex").line,
        person(story, "rex").registered_with,
    )
    assert ("rex", ERASED) == person(story, "sub").line == story.row_of("sub").facts.line
    assert (ERASED, "una") == person(story, "dot").attributes.dotted_line_ids
    assert [] == [key for table, key, _ in tables_of(story) if table == f"people/{REPORTS}" and key.startswith(ERASED)]


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


# Pairs


def test_the_end_names_nobody() -> None:
    """What is published at the erasure reads `erased`, in the order of ids, and has no cause."""
    story = named_everywhere()
    erased(story)
    pairing_id = story.pairing_of(PAT, XEN)
    (ended,) = [event for event in story.read(type_="pairing.ended") if event["data"]["pairing_id"] == pairing_id]

    assert ([ERASED, XEN], "circumstances", 1) == (ended["data"]["people"], ended["data"]["code"], ended["data"]["sessions_count"])
    assert "causation" not in ended
    assert [ERASED] == [body["params"]["partner_id"] for body in story.requests("pairing_ended") if body["pairing_id"] == pairing_id]
    assert XEN == story.told("partner_found_next")[-1]


def test_a_nudge_that_was_not_heard_yet_is_recalled_by_its_own_id() -> None:
    """The consumer knows it by `nudge_id`; the person is named no more, not even by the cause."""
    story = active_pair(quiet_from="20:00", quiet_to="08:00")
    (told,) = [body for body in story.requests("pairing_started") if body["person_id"] == ANN]
    story.after(hours=12).goes_on_leave(BOB)
    (paused,) = [body for body in story.requests("pairing_paused") if body["person_id"] == ANN]

    assert [] == erased(story, ANN)

    recalled = [event["data"]["nudge_id"] for event in story.read(type_="nudge.cancelled") if event["data"]["person_id"] == ERASED]
    assert paused["nudge_id"] in recalled
    assert told["nudge_id"] not in recalled


@pytest.mark.parametrize("person_id", [ANN, BOB])
def test_an_open_proposal_lapses(person_id: str) -> None:
    """With no cause, as every lapse."""
    story = proposed_pair()
    erased(story, person_id)

    assert "lapsed" == story.state
    assert [] == rows_naming(story, f'"{person_id}"')


def test_each_pair_of_the_person_gets_a_tombstone() -> None:
    """Those that are over, too, each once; nobody else's."""
    story = named_everywhere()
    story.join_in_twos((ANN, BOB))
    story.round()
    pairs = [row.pairing_id for table, _, row in tables_of(story) if table == f"programmes/{PAIRINGS}" and PAT in row.people]
    others = [row.pairing_id for table, _, row in tables_of(story) if table == f"programmes/{PAIRINGS}" and PAT not in row.people]
    erased(story)
    erased(story)

    tombstones = [event["key"] for event in story.read("mentorship.pairing-state.v1") if "tombstone" in event]
    assert others
    assert sorted(pairs) == sorted(tombstones)
    assert {story.pairing_of(PAT, XEN), story.pairing_of(PAT, YAN)} <= set(tombstones)


def test_a_pair_leaves_the_state_topic_400_days_after_its_end() -> None:
    """An ordinary end: the latest state stays as long as reports do."""
    story = active_pair()
    story.says(ANN, "end")
    story.after(days=399)
    before = story.read("mentorship.pairing-state.v1")[-1]
    story.after(days=2)

    assert ("ended", {"key": story.pairing_id, "tombstone": True}) == (
        before["data"]["state"],
        story.read("mentorship.pairing-state.v1")[-1],
    )
    assert None is story.pairing.wake_at
    assert [] == story.codes()


def test_z3_a_pair_keeps_its_numbers_when_both_are_erased() -> None:
    """Who taught how much, and whether both learned, is counted as before."""
    story = active_pair(k_min=1)
    story.holds("s1", ("strategy", ANN), ("python", BOB), ("strategy", ANN))
    story.feedback(ANN, session_id="s1")
    story.feedback(BOB, session_id="s1", learned=False)
    story.says(ANN, "end")
    before = metrics(story)
    for person_id in (ANN, BOB):
        erased(story, person_id)

    after = metrics(story)
    kept = ("sessions_held_count", "reciprocity_ratio_p50", "two_way_learning_ratio", "pairs_formed_count", "ended_count.choice")
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    assert (ERASED, ERASED_TOO) == story.pairing.people
    assert [] == rows_naming(story, '"ann"') + rows_naming(story, '"bob"')


def metrics(story: PairStory) -> dict[str, Any]:
    """Return the programme's report as of now."""
    rows = story.rows(StageName.PROGRAMMES)
    return report(evidence_of(rows, rows.get("programmes", PROGRAMME), story.now))


def test_counts_stay() -> None:
    """An erasure moves no figure of what is past: pairs, ends, sessions, nudges heard, opt-outs."""
    story = named_everywhere(k_min=1)
    story.tell(builders.opted_out(PAT, story.now, "learning"))
    story.after(days=1).tell(builders.departed(PAT, story.now, effective_on="2025-01-06"))
    before = metrics(story)
    erased(story)

    assert before == metrics(story)


# What comes late to a pair


@pytest.mark.parametrize("person_id", [PAT, "somebody"])
def test_a_late_word_of_the_erased_side_is_ignored(person_id: str) -> None:
    """Answers and feedback: refused, it would lie in the dead letters with the id."""
    story = named_everywhere()
    erased(story)
    pairing_id = story.pairing_of(PAT, XEN)

    assert Outcome.IGNORED is story.answers(person_id, "accept", pairing_id=pairing_id)
    assert Outcome.IGNORED is story.says(person_id, "end", pairing_id=pairing_id)
    assert Outcome.IGNORED is story.feedback(person_id)
    assert [] == story.codes()


def test_a_late_session_is_ignored_if_it_names_the_erased_side_and_refused_like_any_other_if_not() -> None:
    """The pair is over."""
    story = named_everywhere()
    erased(story)

    assert Outcome.IGNORED is story.holds("s2", ("strategy", PAT))
    assert Outcome.IGNORED is story.books("s3", by=PAT, days=1)
    assert Outcome.IGNORED is story.cancels("s3", by=PAT)
    assert Outcome.DEAD_LETTERED is story.holds("s2", ("python", XEN))
    assert ["unknown_pairing"] == story.codes()


def test_a_lock_with_the_person_ends_as_one_with_somebody_who_left() -> None:
    """The coordinator hears a code in the next round."""
    codes = []
    for farewell in (builders.erased, lambda one, at: builders.departed(one, at, effective_on="2025-01-06")):
        story = named_everywhere().after(days=1)
        story.tell(farewell(PAT, story.now))
        story.round()
        codes.append(story.refusals())

    assert [codes[1]] * 2 == codes
    assert [("pairing.locked", codes[0][0][1])] == codes[0]


def test_what_is_parked_for_the_person_or_names_it_goes() -> None:
    """The breaker is open: intents to the person end as suppressed, those about it lose the name."""
    story = active_pair(nudge_storm_per_day=3).after(hours=1)
    story.goes_on_leave(BOB)
    erased(story, ANN)
    story.tell(builders.nudges_released(story.now))

    assert [] == rows_naming(story, '"ann"')
    assert [] == [key for table, key, _ in tables_of(story) if table == "programmes/parked" and ANN in key]


def test_what_waits_for_a_partner_of_before_names_nobody() -> None:
    """A prompt about a pair that is over still waits in the partner's ledger."""
    story = active_pair(sessions_planned=1, concluding_days=1)
    story.holds("s1")
    story.both_say("finish")
    erased(story, ANN)
    story.after(days=30)

    assert [] == rows_naming(story, '"ann"')
    assert {ERASED} >= {body["params"]["partner_id"] for body in story.requests("share_feedback") if body["person_id"] == BOB}


def test_the_participant_goes_and_the_programme_goes_on() -> None:
    """No row of the person, none under the word that stands for it."""
    story = named_everywhere()
    erased(story)

    keys = [key for table, key, _ in tables_of(story) if table == f"programmes/{PARTICIPANTS}"]
    assert [f"{PROGRAMME}/{one}" for one in sorted(("dot", "rex", "sub", "vic", XEN, YAN))] == keys
    assert {"ended"} == {row.state.value for table, _, row in tables_of(story) if table == f"programmes/{PAIRINGS}"}
