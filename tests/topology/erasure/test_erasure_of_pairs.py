"""What an erasure leaves of the pairs of somebody: all that counts, under another name (engine/programme/erasure/in_programmes.py)."""

from datetime import timedelta
from typing import Any

import pytest

from engine.core.effects import StageName
from engine.core.execution import Outcome, Transition
from engine.core.identity import pseudonym_on
from engine.programme.erasure.rules import ERASED_TOO
from engine.programme.facts.pending_reviews import ARRIVALS
from engine.programme.insights.insights import ATTENTION, evidence_of
from engine.programme.insights.metrics import report
from engine.programme.insights.people_figures import figures_of
from engine.programme.participants.participant import Arrival
from engine.programme.tables import PAIRINGS, PARTICIPANTS, PROGRAMMES
from schemas.terms.ids import ERASED, PersonId, ProgrammeId
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.erasure_story import PAT, XEN, YAN, erased, named_everywhere, rows_naming, tables_of
from tests.topology.stories.pair_story import ANN, BOB, START, PairStory, active_pair, proposed_pair


def test_the_end_names_nobody() -> None:
    """What is published at the erasure reads `erased`, in the order of ids, and has no cause."""
    story = named_everywhere()
    erased(story)
    pairing_id = story.pairing_of(PAT, XEN)
    (ended,) = [event for event in story.read(type_="pairing.ended") if event["data"]["pairing_id"] == pairing_id]

    assert ([ERASED, XEN], "circumstances", 1) == (ended["data"]["people"], ended["data"]["code"], ended["data"]["sessions_count"])
    assert "causation" not in ended
    assert [ERASED] == [body["params"]["partner_id"] for body in story.requests("pairing_ended") if body["pairing_id"] == pairing_id]
    assert XEN == story.told("pairing_ended")[-1]


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


@pytest.mark.parametrize("days", [0, 401])
def test_no_pair_gets_a_second_tombstone(days: int) -> None:
    """Neither after its retention, nor when that is over before the erasure."""
    story = active_pair()
    story.says(ANN, "end")
    story.after(days=days)
    erased(story, ANN)
    erased(story, BOB)
    story.after(days=450)

    assert [story.pairing_id] == [event["key"] for event in story.read("mentorship.pairing-state.v1") if "tombstone" in event]


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
    programme = rows.get(PROGRAMMES, ProgrammeId(PROGRAMME))
    assert programme is not None
    evidence = evidence_of(rows, programme, story.now)
    return {**{name: figure.value for name, figure in figures_of(evidence).items()}, **report(evidence)}


def test_counts_stay() -> None:
    """An erasure moves no figure of what is past: pairs, ends, sessions, nudges heard, opt-outs."""
    story = named_everywhere(k_min=1)
    story.tell(builders.opted_out(PAT, story.now, "learning"))
    story.after(days=1).tell(builders.departed(PAT, story.now, effective_on="2025-01-06"))
    story.after(days=1)
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
    """The breaker is open: intents to the person end without a word, those to the partner go with the pair."""
    story = active_pair(nudge_storm_per_day=1)
    parked = [row.intent for table, _, row in tables_of(story) if table == "programmes/parked"]
    erased(story, ANN)

    assert {(ANN, BOB), (BOB, ANN)} == {(intent.person_id, intent.params["partner_id"]) for intent in parked}
    assert [] == rows_naming(story, '"ann"')
    story.after(days=1)
    days = [story.now.date() - timedelta(days=days) for days in range(3)]
    assert not {event["subject"] for event in story.read(type_="nudge.suppressed")} & {pseudonym_on(ANN, day, b"test") for day in days}


@pytest.mark.parametrize("is_over", [False, True])
def test_what_waits_for_a_partner_of_before_names_nobody(*, is_over: bool) -> None:
    """A prompt that waits in the partner's ledger goes with the pair; the question how it was, which outlives a pair, with the person."""
    story = active_pair()
    story.holds("s1")
    if is_over:
        story.says(BOB, "end")
    before = rows_naming(story, '"ann"')
    erased(story, ANN)
    after = rows_naming(story, '"ann"')

    assert "people/contacts bob" in before
    assert [] == after == rows_naming(story.after(days=30), '"ann"')
    assert [] == story.told("share_feedback")
    assert ("share_feedback", "done") in story.withheld()


def test_what_was_said_and_reported_keeps_no_id_that_names_the_person() -> None:
    """The id of an event may hold the person's; the ledger stays as it is without it."""
    story = active_pair()
    story.books("s1", by=ANN, days=1)
    story.holds("s2")
    story.feedback(ANN, session_id="s2", rating=5)
    before = story.pairing
    erased(story, ANN)

    assert "feedback.given/ann" in str(before)
    assert [] == rows_naming(story, "/ann/")
    assert [(word.session_id, word.rating) for word in before.feedback] == [(w.session_id, w.rating) for w in story.pairing.feedback]
    assert len(before.meetings) == len(story.pairing.meetings)


def test_the_participant_goes_and_the_programme_goes_on() -> None:
    """No row of the person, none under the word that stands for it."""
    story = named_everywhere()
    erased(story)

    nameless = [f"{table} {key}" for table, key, _ in tables_of(story) if ERASED in key.split("/") and table.startswith("programmes")]
    keys = [key for table, key, _ in tables_of(story) if table == f"programmes/{PARTICIPANTS}"]
    assert [f"programmes/{ATTENTION} {PROGRAMME}/{ERASED}/00000000"] == nameless
    assert [f"{PROGRAMME}/{one}" for one in sorted(("dot", "rex", "sub", "vic", XEN, YAN))] == keys
    assert {"ended"} == {row.state.value for table, _, row in tables_of(story) if table == f"programmes/{PAIRINGS}"}


def test_facts_that_were_not_judged_yet_go() -> None:
    """On Kafka an erasure may come between a midnight's facts and the tick that judges them."""
    story = active_pair()
    arrival = Arrival(programme_id=ProgrammeId(PROGRAMME), person_id=PersonId(ANN), since_at=START + timedelta(days=1))
    changes: dict[tuple[str, str], Any] = {(ARRIVALS.name, f"{PROGRAMME}/{ANN}/1"): arrival}
    story.store.apply(StageName.PROGRAMMES, Transition(outcome=Outcome.APPLIED, changes=changes))
    erased(story, ANN)

    assert [] == rows_naming(story, '"ann"')
