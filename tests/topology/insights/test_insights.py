"""The daily report: when it comes, what it says, what it never says."""

from datetime import timedelta
from typing import Any

from engine.core.effects import StageName
from engine.programme.insights.insights import TALLIES
from engine.programme.insights.trials import Arms, Tally
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.pair_story import ANN, BOB, active_pair
from tests.topology.stories.programme_story import ProgrammeStory

TEAMS = tuple((f"a{n}", f"b{n}") for n in range(6))


def twelve(**policy: Any) -> ProgrammeStory:
    """Six pairs to be: twelve people, half of them with long experience."""
    told = ProgrammeStory(**policy)
    for first, second in TEAMS:
        told.joins(first, "strategy", "python", experience_band=3, department="sales")
        told.joins(second, "python", "strategy", experience_band=0, department="it")
    return told


def reports(told: ProgrammeStory) -> list[dict[str, Any]]:
    """Bodies of all reports."""
    return [event["data"] for event in told.read(type_="programme.reported")]


def started(told: ProgrammeStory) -> list[str]:
    """Let a round propose and everybody accept; return the pairings."""
    told.round()
    return [told.activates(*people) for people in told.proposed()]


def test_a_programme_reports_at_the_next_midnight_and_not_again_while_nothing_changes() -> None:
    """Daily while it changes."""
    told = twelve().after(days=10)

    assert ["2025-01-07T00:00:00Z"] == [body["as_of"] for body in reports(told)][:1]
    assert 1 == len(reports(told))


def test_a_programme_that_closes_reports_at_once() -> None:
    """And at its end."""
    told = twelve()
    told.tell(builders.programme_closed(told.now))

    assert 1 == len(reports(told))


def test_a_report_counts_the_funnel_and_the_bridges() -> None:
    """Twelve enrolled and ready, all matched across three bands and two departments."""
    told = twelve()
    started(told)
    told.after(days=1)

    metrics = reports(told)[-1]["metrics"]
    expected = {
        "enrolled_count": 12,
        "ready_count": 12,
        "matched_count": 12,
        "match_ratio": 1.0,
        "pairs_formed_count": 6,
        "double_consent_ratio": 1.0,
        "bridge_ratio": 1.0,
        "cross_department_ratio": 1.0,
    }
    assert expected == {name: metrics[name] for name in expected}


def test_a_group_under_five_is_null() -> None:
    """insights.Y1: four people are too few to say anything about."""
    told = ProgrammeStory()
    told.join_in_twos(("ann", "bob"), ("cat", "dan"))
    told.after(days=1)

    metrics = reports(told)[-1]["metrics"]
    assert (None, None, None) == (metrics["enrolled_count"], metrics["ready_count"], metrics["match_ratio"])


def test_a_complement_under_five_hides_the_group_too() -> None:
    """insights.Y1: eleven of twelve would point at the twelfth."""
    told = twelve()
    told.joins("late", None, None)
    told.after(days=1)

    metrics = reports(told)[-1]["metrics"]
    assert (13, None) == (metrics["enrolled_count"], metrics["ready_count"])


def test_teaching_and_breadth_come_from_the_ledger() -> None:
    """Six pairs met once, both taught, one topic of two beyond tech."""
    told = twelve()
    for number, pairing_id in enumerate(started(told)):
        people = told.proposed()[number]
        exchanges = [("strategy", next(p for p in people if p.startswith("a"))), ("python", next(p for p in people if p.startswith("b")))]
        told.tell(builders.session_completed(f"s{number}", told.now, pairing_id, exchanges=exchanges))
    told.after(days=1)

    metrics = reports(told)[-1]["metrics"]
    assert (1.0, 1.0, 0.5, 1.0) == tuple(
        metrics[name] for name in ("reciprocity_ratio_p50", "reciprocal_pairs_ratio", "non_tech_ratio", "topic_entropy_bits")
    )


def test_anonymous_notes_are_counted_and_aged_until_a_sponsor_answers() -> None:
    """Opt-in notes: nobody is named, and an answer stops the clock."""
    told = twelve()
    for number in range(10):
        told.tell(builders.insight_shared(told.now, f"n{number}"))
    for number in range(5):
        told.tell(builders.insight_answered(told.now, f"n{number}"))
    told.after(days=1)

    metrics = reports(told)[-1]["metrics"]
    assert (10, 5) == (metrics["insights_shared_count"], metrics["insights_open_count"])


def test_a_report_names_nobody() -> None:
    """No person and no pairing is in a report."""
    told = twelve()
    started(told)
    told.after(days=2)

    told_of = reports(told)
    text = str(told_of)
    assert 12 == told_of[-1]["metrics"]["matched_count"]
    assert not [person_id for pair in TEAMS for person_id in pair if f"'{person_id}'" in text]
    assert f"{PROGRAMME}." not in text


def test_the_effect_of_a_nudge_compares_the_nudged_with_those_held_out() -> None:
    """insights.X3: half the pairs are held out, both sides alike; those nudged answer, the others don't. A pair is one trial."""
    told = twelve(holdout_percent=50, k_min=1)
    told.round().after(days=5)
    asked = {
        (e["data"]["person_id"], e["data"]["pairing_id"])
        for e in told.read(type_="nudge.requested")
        if e["data"]["key"] == "answer_proposal"
    }
    for person_id, pairing_id in sorted(asked):
        told.answers(person_id, "accept", pairing_id=pairing_id)
    told.after(days=1)

    nudged = {pairing_id for _, pairing_id in asked}
    tally = told.row(StageName.PROGRAMMES, TALLIES, PROGRAMME)
    assert isinstance(tally, Tally)
    assert 2 * len(nudged) == len(asked), "both of a pair, or neither"
    assert Arms(nudged=len(nudged), nudged_acted=len(nudged), held_out=6 - len(nudged)) == tally.arms["answer_proposal"]
    assert (1.0 if 0 < len(nudged) < 6 else None) == reports(told)[-1]["metrics"]["nudge_effect_ratio.answer_proposal"]


def test_one_pair_is_in_no_number_however_often_it_meets_and_hears() -> None:
    """Sessions, gaps, weeks, suppressions and seconds are no people: what counts is how many are behind them."""
    story = active_pair(sessions_planned=6)
    story.tell(builders.opted_out(ANN, story.now, "learning"))
    for number in range(6):
        story.after(days=20).holds(f"s{number}")
    story.after(days=10)
    story.tell(builders.role_changed(BOB, story.now - timedelta(days=2), effective_on="2025-05-01", manager_id=ANN))
    story.after(days=10)

    metrics = [event["data"]["metrics"] for event in story.read(type_="programme.reported")]
    names = (
        "sessions_held_count",
        "cadence_ratio",
        "nudges_per_person_week_p95",
        "suppressed_count.opted_out",
        "conflict_exposure_seconds",
    )
    assert "suspended" in story.changes
    assert [None, None, None, None, 0] == [metrics[-1][name] for name in names], "seconds stand as they were before the one conflict"
    assert set() == {value for body in metrics for value in body.values()} - {None, 0}


def test_what_five_pairs_did_is_told() -> None:
    """The same numbers, with enough people behind them."""
    told = twelve()
    for pairing_id in started(told):
        told.tell(builders.session_completed(f"s-{pairing_id}", told.now, pairing_id))
    told.after(days=1)

    metrics = reports(told)[-1]["metrics"]
    assert (6, 1.0, 3.0) == (metrics["sessions_held_count"], metrics["cadence_ratio"], metrics["nudges_per_person_week_p95"])
