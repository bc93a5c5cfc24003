"""When rounds are held, what they propose and what they report."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.core.effects import Send
from engine.matching.round import Certificate
from engine.programme.messages import NudgeIntended
from engine.programme.rounds.rounds import alarmed
from engine.testing import MemoryRows
from schemas.terms.codes import NudgeKey
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.pair_story import START, active_pair
from tests.topology.stories.programme_story import DAILY, ProgrammeStory, two_ready


def times(story: ProgrammeStory) -> list[str]:
    """When rounds were reported."""
    return [event["time"] for event in story.read(type_="round.completed")]


# When


def test_round_is_held_daily_at_round_at_in_utc() -> None:
    """`round_at` is 06:00 UTC by default, so a programme of nine in the morning has its first round on the next day."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python")
    story.after(days=3)

    assert ["2025-01-07T06:00:00Z", "2025-01-08T06:00:00Z", "2025-01-09T06:00:00Z"] == times(story)


def test_round_is_held_on_the_day_itself_if_round_at_is_still_to_come() -> None:
    """The first round is the first `round_at` after the programme began."""
    story = two_ready(**DAILY, round_at="13:30").after(days=1)

    assert "2025-01-06T13:30:00Z" == times(story)[0]


def test_rounds_come_every_round_every_days_from_creation() -> None:
    """The days of rounds are counted from the day of creation, not from the last round."""
    story = ProgrammeStory(round_every_days=7)
    story.joins("ann", "strategy", "python")
    story.after(days=22)

    assert ["2025-01-13T06:00:00Z", "2025-01-20T06:00:00Z", "2025-01-27T06:00:00Z"] == times(story)


def test_round_on_request_is_held_at_once_and_shifts_no_other() -> None:
    """A coordinator may ask for a round at any time; the daily one is held all the same."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python")
    story.round().after(days=1)

    assert ["2025-01-06T09:00:00Z", "2025-01-07T06:00:00Z"] == times(story)


def test_no_round_is_held_by_timer_where_zero_days_say_so() -> None:
    """`round_every_days` 0 means on request only."""
    story = two_ready(round_every_days=0).after(days=30)

    assert [] == times(story)
    assert [["ann", "bob"]] == [sorted(pair) for pair in story.round().proposed()]


def test_no_round_is_held_on_a_day_without_anybody_to_pair() -> None:
    """Without a pool there is nothing to report."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", None)
    story.after(days=3)
    early = times(story)
    story.joins("bob", "python", "strategy")
    story.after(days=1)

    assert ([], ["2025-01-10T06:00:00Z"]) == (early, times(story))


def test_a_tick_three_days_late_holds_one_round() -> None:
    """Rounds coalesce: what three missed days would have decided is decided once."""
    story = two_ready(**DAILY)

    story._cascade.tick(START + timedelta(days=3))

    assert ["2025-01-09T09:00:00Z"] == times(story)
    assert datetime(2025, 1, 10, 6, tzinfo=UTC) == story.programme.next_round_at


def test_nobody_is_matched_anew_before_the_next_daily_round() -> None:
    """A retraction at noon leads to nothing before the next morning, when the two are free for others."""
    story = two_ready(**DAILY).after(days=1)
    story.joins("cat", "python", "strategy")
    story.tell(builders.pairing_forbidden(story.now, ["ann", "bob"]))
    story.tell(builders.proposal_retracted(story.now, story.pairing_id))

    story.after(hours=20)
    before = story.proposed()
    story.after(hours=4)

    assert [("ann", "bob")] == before
    assert [("ann", "bob"), ("ann", "cat")] == story.proposed()


# What is proposed


def test_proposal_says_what_the_contract_promises() -> None:
    """A pairing id of the programme, version 1, both people sorted, expiry after `consent_days`, the policy version, the data used."""
    story = two_ready(consent_days=5).round()
    proposal = story.proposals()[0]

    assert re.fullmatch(PROGRAMME + r"\.[0-9a-f]{16}", proposal["pairing_id"])
    assert (PROGRAMME, 1, "mutual", 1) == tuple(proposal[name] for name in ("programme_id", "proposal_version", "track", "policy_version"))
    assert ["ann", "bob"] == [side["person_id"] for side in proposal["people"]]
    assert [["python"], ["strategy"]] == [[lesson["topic"] for lesson in side["learns"]] for side in proposal["people"]]
    assert "2025-01-11T09:00:00Z" == proposal["expires_at"]
    assert {"offers", "wants", "hours", "languages", "reporting_line"} <= set(proposal["data_used"])


def test_a_new_proposal_after_a_lapse_has_a_new_pairing_id() -> None:
    """A lapsed pairing is over for good; a lock makes another one."""
    story = two_ready().round()
    story.after(days=7)
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))
    story.round()

    assert 2 == len({proposal["pairing_id"] for proposal in story.proposals()})


def test_the_same_story_gives_the_same_pairing_id() -> None:
    """Ids derive from programme, people and round, so that a replay names the same pairing."""
    assert two_ready().round().pairing_id == two_ready().round().pairing_id


# The report


def test_round_reports_its_certificate() -> None:
    """The ratio is the total over the bound; a round that proposes everybody leaves nobody waiting."""
    story = ProgrammeStory(capacity_max=1, k_min=1)
    story.join_in_twos(("ann", "bob"), ("cat", "dan"))
    story.joins("eve", "budgeting", "wellbeing")
    story.round()
    report = story.rounds()[0]

    assert (PROGRAMME, 1, False, 2, 1) == tuple(report[name] for name in ("programme_id", "round", "dry_run", "proposed", "waiting"))
    assert round(report["total_score"] / report["optimality_bound"], 6) == report["optimal_ratio"]
    assert {"one_way": 1} == report["no_option_by_reason"]
    assert "proposals" not in report
    assert "unmatched" not in report


@pytest.mark.parametrize(("total", "is_alarmed"), [(989, True), (990, False), (1000, False)])
def test_the_coordinator_is_alarmed_below_99_percent_of_the_bound(total: int, is_alarmed: bool) -> None:
    """A round that is provably not good enough is for a person to look at."""
    certificate = Certificate(total=total, bound=1000, blocking_pairs_count=0)

    sent = [effect.message for effect in alarmed(MemoryRows(), two_ready().programme, certificate, 3, START) if isinstance(effect, Send)]

    assert [NudgeKey.COORDINATOR_ROUND_ALARM] * is_alarmed == [intent.key for intent in sent if isinstance(intent, NudgeIntended)]


@pytest.mark.parametrize(
    ("code", "widen", "ann", "bob"),
    [
        ("language", "languages", {"languages": ["de"]}, {"languages": ["fr"]}),
        ("hours", "hours", {"hours": [{"weekday": 1, "from": "06:00", "to": "08:00"}]}, {}),
        ("few_people", "patience", {"exclude": ["bob"]}, {}),
    ],
)
def test_somebody_without_an_option_hears_the_rule_and_what_would_widen_the_choice(
    code: str, widen: str, ann: dict[str, Any], bob: dict[str, Any]
) -> None:
    """Never just "waiting": the rule in the way is named, except where that would show what is confidential."""
    story = ProgrammeStory(k_min=1)
    story.joins("ann", "strategy", "python", **ann)
    story.joins("bob", "python", "strategy", **bob)
    story.round()
    told = story.rehearses()["unmatched"]

    assert [("ann", code, widen), ("bob", code, widen)] == [
        (left["person_id"], left["reasons"][0]["code"], left["reasons"][0]["params"]["widen"]) for left in told
    ]
    assert f"{code}/{widen}" == story.row_of("ann").unmatched_reason


def test_nothing_of_a_round_ends_as_a_dead_letter() -> None:
    """Every nudge and report of a round fits its schema."""
    story = two_ready(**DAILY).after(days=10)

    assert story.rounds()
    assert [] == story.codes()


def test_a_dry_run_tells_the_matched_the_asked_and_the_waiting_apart() -> None:
    """Only the waiting are counted as waiting, in the dry run and in the round, whoever else is without a proposal."""
    story = ProgrammeStory(k_min=1)
    story.join_in_twos(("ann", "bob"))
    story.round().activates("ann", "bob")
    story.join_in_twos(("cat", "dan"))
    story.round()
    story.joins("eve", "budgeting", "wellbeing")
    story.joins("fay", "budgeting", "wellbeing")
    story.tell(builders.paused("fay", story.now))

    rehearsed = story.rehearses()
    story.round()

    assert {"ann": "matched", "bob": "matched", "cat": "asked", "dan": "asked", "eve": "waiting", "fay": "away"} == {
        left["person_id"]: left["standing"] for left in rehearsed["unmatched"]
    }
    assert [1, 1] == [rehearsed["waiting"], story.rounds()[-1]["waiting"]]


def test_somebody_with_a_partner_who_looks_for_another_is_matched() -> None:
    """Room for a second partner makes nobody wait."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python", capacity=2)
    story.joins("bob", "python", "strategy")
    story.round().activates("ann", "bob")

    rehearsed = story.rehearses()

    assert {"ann": "matched", "bob": "matched"} == {left["person_id"]: left["standing"] for left in rehearsed["unmatched"]}
    assert (0, {}) == (rehearsed["waiting"], rehearsed["no_option_by_reason"])


def test_a_round_says_how_many_wait_only_where_nobody_stands_out() -> None:
    """Seven wait; when one more comes the number is null; when nobody has come or gone since it was told, it is told again."""
    story = ProgrammeStory()
    for number in range(7):
        story.joins(f"p{number}", "budgeting", "wellbeing")
    story.round().round()
    story.joins("late", "budgeting", "wellbeing")
    story.round()

    assert [7, 7, None] == [held["waiting"] for held in story.rounds()]
    assert [{"one_way": 7}, {"one_way": 7}, None] == [held["no_option_by_reason"] for held in story.rounds()]


def test_a_launch_pairs_people_whom_a_later_round_would_let_wait() -> None:
    """In the first round in which anybody is eligible for both, the reserve is that of a first round."""
    policy = {"k_min": 1, "reserve_start": 900, "reserve_floor": 900}
    story, strict = ProgrammeStory(**policy), ProgrammeStory(**policy, reserve_first_round=900)
    for each in (story, strict):
        each.joins("ann", "strategy", "python")
        each.joins("bob", "python", "strategy budgeting negotiation")
        each.round()

    assert [[("ann", "bob")], []] == [story.proposed(), strict.proposed()]
    assert "below_reserve/wants" == strict.row_of("ann").unmatched_reason


def test_a_round_without_anybody_eligible_is_no_first_round() -> None:
    """The first round counts in which anybody was eligible for a person, however many were held before."""
    story = ProgrammeStory(k_min=1, reserve_start=900, reserve_floor=900)
    story.joins("ann", "strategy", "python")
    story.round()
    before = story.row_of("ann").had_options
    story.joins("bob", "python", "strategy budgeting negotiation")
    story.round()

    assert (False, True) == (before, story.row_of("ann").had_options)
    assert [("ann", "bob")] == story.proposed()


def test_a_newcomer_alone_in_a_first_round_needs_the_higher_reserve() -> None:
    """Whoever had options before still waits for a good pair; the newcomer's first round doesn't change that."""
    story = ProgrammeStory(k_min=1, reserve_start=900, reserve_floor=900)
    story.joins("ann", "strategy", "python")
    story.joins("zoe", "python", "strategy")
    story.round()
    story.after(days=8)
    story.joins("bob", "python", "strategy budgeting")
    story.round()

    assert [("ann", "zoe")] == story.proposed()
    assert "below_reserve/wants" == story.row_of("ann").unmatched_reason


def test_whoever_looks_for_somebody_while_the_partner_is_away_is_waiting() -> None:
    """`look` frees the place that the partner holds: there is nobody to meet."""
    story = active_pair(k_min=1).after(days=1)
    story.goes_on_leave("ann").after(days=31)
    story.says("bob", "look")
    story.tell(builders.round_requested(story.now, dry_run=True))

    found = story.read(type_="round.completed")[-1]["data"]
    assert {"ann": "matched", "bob": "waiting"} == {left["person_id"]: left["standing"] for left in found["unmatched"]}
