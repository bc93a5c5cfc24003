"""Given people who are ready, when a round is held or rehearsed, then proposals, reasons and a certificate come of it."""

import math
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.messages import NudgeIntended
from engine.domain.rounds import Certificate
from engine.effects import Send
from engine.processors.rounds import alarmed
from schemas.codes import NudgeKey
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.pair_story import START
from tests.topology.programme_story import DAILY, ProgrammeStory

TOPICS = ("python", "data-literacy", "strategy", "negotiation", "future-of-work")


def two_ready(**policy: Any) -> ProgrammeStory:
    """Ann and Bob could be proposed to each other."""
    story = ProgrammeStory(**policy)
    story.join_in_twos(("ann", "bob"))
    return story


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


def test_no_round_is_held_on_a_day_without_anybody_to_pair() -> None:
    """Without a pool there is nothing to report."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", None)
    story.after(days=3)

    assert [] == times(story)


def test_a_tick_three_days_late_holds_one_round() -> None:
    """Rounds coalesce: what three missed days would have decided is decided once."""
    story = two_ready(**DAILY)

    story._cascade.tick(START + timedelta(days=3))

    assert ["2025-01-09T09:00:00Z"] == times(story)
    assert datetime(2025, 1, 10, 6, tzinfo=UTC) == story.programme.next_round_at


def test_nobody_is_matched_anew_before_the_next_daily_round() -> None:
    """A decline at noon leads to nothing before the next morning, when the two are free for others."""
    story = two_ready(**DAILY).after(days=1)
    story.joins("cat", "python", "strategy")
    story.answers("ann", "decline")

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
    story.answers("ann", "decline")
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))
    story.round()

    assert 2 == len({proposal["pairing_id"] for proposal in story.proposals()})


def test_the_same_story_gives_the_same_pairing_id() -> None:
    """Ids derive from programme, people and round, so that a replay names the same pairing."""
    assert two_ready().round().pairing_id == two_ready().round().pairing_id


profiles = st.lists(
    st.fixed_dictionaries(
        {
            "offers": st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3, unique=True).map(
                lambda topics: [builders.offer(topic, 1 + len(topic) % 3) for topic in topics]
            ),
            "wants": st.lists(st.sampled_from(TOPICS), min_size=1, max_size=4, unique=True).map(
                lambda topics: [builders.want(topic, 1 + len(topic) % 3, len(topics) % 2) for topic in topics]
            ),
            "experience_band": st.integers(0, 3),
            "capacity": st.integers(1, 2),
            "department": st.sampled_from([None, "sales", "it"]),
            "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
        }
    ),
    min_size=2,
    max_size=8,
)


def story_of(people: list[dict[str, Any]], **policy: Any) -> ProgrammeStory:
    """Let everybody of a generated organisation join."""
    story = ProgrammeStory(reserve_start=0, reserve_floor=0, training_required=False, **policy)
    for number, person in enumerate(people):
        data = dict(person)
        hr = {name: value for name in ("department", "timezone") if (value := data.pop(name)) is not None}
        story.tell(builders.hired(f"p{number}", story.now, **hr))
        story.tell(builders.enrolled(f"p{number}", story.now, **data))
    return story


def with_two_who_fit(story: ProgrammeStory) -> ProgrammeStory:
    """Let two more join who may pair on any track, so that every round has somebody to propose."""
    story.joins("ann", "strategy", "python", experience_band=3)
    story.joins("bob", "python", "strategy", experience_band=0)
    return story


def recomputed(proposal: dict[str, Any], track: str) -> tuple[int, dict[str, float]]:
    """Compute score and benefits from the reasons of a proposal and nothing else, by the published formula."""
    points: dict[str, int] = {}
    need: dict[str, int] = {}
    required: dict[str, bool] = {}
    context = 70
    for reason in proposal["reasons"]:
        params = reason["params"]
        if reason["code"] == "learns_topic":
            person_id = params["person_id"]
            points[person_id] = points.get(person_id, 0) + params["points"]
            need[person_id], required[person_id] = params["need_points"], params["is_required"]
        elif reason["code"] == "shared_hours":
            context += 10 * min(params["shared_week_minutes"], 1200) // 1200
        elif reason["code"] == "other_department":
            context += 10
        elif reason["code"] == "bridges_bands":
            context += 5 * params["bands_apart"]
    benefits = {person_id: Fraction(min(points[person_id], need[person_id]), need[person_id]) for person_id in points}
    if track == "mutual":
        product = math.prod(benefits.values())
        score = math.isqrt(math.floor((10 * context) ** 2 * product))
    else:
        learner = next(benefits[person_id] for person_id in benefits if required[person_id])
        other = next((benefits[person_id] for person_id in benefits if not required[person_id]), Fraction(0))
        score = math.floor(10 * context * learner * (Fraction(8, 10) + Fraction(2, 10) * other))
    return score, {person_id: round(float(benefit), 4) for person_id, benefit in benefits.items()}


@pytest.mark.parametrize("track", ["mutual", "reverse", "traditional"])
@settings(max_examples=25)
@given(people=profiles)
def test_score_and_benefits_follow_from_the_reasons_alone(track: str, people: list[dict[str, Any]]) -> None:
    """Transparency: whoever reads the reasons can recompute what was published."""
    story = with_two_who_fit(story_of(people, track=track)).round()

    assert story.proposals()
    for proposal in story.proposals():
        score, benefits = recomputed(proposal, track)
        assert proposal["score"] == score
        published = {side["person_id"]: side["benefit"] for side in proposal["people"] if side["learns"]}
        assert published == benefits


@settings(max_examples=25)
@given(people=profiles)
def test_nobody_is_proposed_more_often_than_there_is_room(people: list[dict[str, Any]]) -> None:
    """Room is capacity less live pairs and open proposals, over any number of rounds."""
    story = with_two_who_fit(story_of(people)).round().round()

    assert story.proposed()
    for number, person in enumerate(people):
        assert sum(f"p{number}" in pair for pair in story.proposed()) <= person["capacity"]


# The report


def test_round_reports_its_certificate() -> None:
    """The ratio is the total over the bound; a round that proposes everybody leaves nobody waiting."""
    story = ProgrammeStory(capacity_max=1)
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

    sent = [effect.message for effect in alarmed(two_ready().programme, certificate, 3, START) if isinstance(effect, Send)]

    assert [NudgeKey.COORDINATOR_ROUND_ALARM] * is_alarmed == [intent.key for intent in sent if isinstance(intent, NudgeIntended)]


@pytest.mark.parametrize(
    ("code", "widen", "ann", "bob"),
    [
        ("language", "languages", {"languages": ["de"]}, {"languages": ["fr"]}),
        ("hours", "hours", {"hours": [{"weekday": 1, "from": "06:00", "to": "08:00"}]}, {}),
        ("excluded_told_as_capacity", "patience", {"exclude": ["bob"]}, {}),
    ],
)
def test_somebody_without_an_option_hears_the_rule_and_what_would_widen_the_choice(
    code: str, widen: str, ann: dict[str, Any], bob: dict[str, Any]
) -> None:
    """Never just "waiting": the rule in the way is named, except where that would show what is confidential."""
    story = ProgrammeStory()
    story.joins("ann", "strategy", "python", **ann)
    story.joins("bob", "python", "strategy", **bob)
    story.round()
    told = story.rehearses()["unmatched"]

    expected = "capacity" if code == "excluded_told_as_capacity" else code
    assert [("ann", expected, widen), ("bob", expected, widen)] == [
        (left["person_id"], left["reasons"][0]["code"], left["reasons"][0]["params"]["widen"]) for left in told
    ]
    assert f"{expected}/{widen}" == story.row_of("ann").unmatched_reason


# Rehearsals


def test_a_dry_run_publishes_proposals_and_unmatched_and_changes_nothing() -> None:
    """What would be proposed can be looked at without anybody hearing of it."""
    story = ProgrammeStory()
    story.join_in_twos(("ann", "bob"))
    story.joins("cat", "budgeting", "wellbeing")
    before = story.rows_of_people()

    report = story.rehearses()

    assert (True, 1) == (report["dry_run"], report["proposed"])
    assert [["ann", "bob"]] == [found["people"] for found in report["proposals"]]
    assert ["cat"] == [left["person_id"] for left in report["unmatched"]]
    assert before == story.rows_of_people()
    assert [] == story.proposals()
    assert [] == story.nudges()


@settings(max_examples=15)
@given(people=profiles)
def test_a_dry_run_foretells_the_round(people: list[dict[str, Any]]) -> None:
    """A rehearsal computes the round that is held next, pair by pair and score by score."""
    story = story_of(people)

    foretold = story.rehearses()["proposals"]
    story.round()

    assert [(tuple(found["people"]), found["score"], found["reasons"]) for found in foretold] == [
        (people, proposal["score"], proposal["reasons"]) for people, proposal in zip(story.proposed(), story.proposals(), strict=True)
    ]


# Locks


def test_a_lock_overrides_reserve_resting_past_partner_and_one_way() -> None:
    """A coordinator may insist on two people, below the reserve too, and the proposal says so."""
    story = two_ready().round()
    story.answers("ann", "decline")
    story.tell(builders.updated("bob", story.now, offers=[builders.offer("budgeting")], wants=[builders.want("wellbeing")]))
    story.tell(builders.pairing_locked(story.now, ["bob", "ann"]))

    story.round()

    assert [("ann", "bob"), ("ann", "bob")] == story.proposed()
    assert "locked" in [reason["code"] for reason in story.proposals()[-1]["reasons"]]
    assert [] == story.refusals()


@pytest.mark.parametrize(
    ("code", "ann", "bob"),
    [
        ("language", {"languages": ["de"]}, {"languages": ["fr"]}),
        ("excluded", {"exclude": ["bob"]}, {}),
        ("reporting_line", {}, {"manager_id": "ann"}),
        ("cross_department", {"department": "it"}, {"department": "it"}),
    ],
)
def test_a_lock_that_a_hard_rule_forbids_is_refused_at_the_round_with_the_code(code: str, ann: dict[str, Any], bob: dict[str, Any]) -> None:
    """A lock overrides no other hard rule; the audit says which one stands in the way."""
    story = ProgrammeStory(cross_department_only=code == "cross_department")
    story.joins("ann", "strategy", "python", **ann)
    story.joins("bob", "python", "strategy", **bob)
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))
    before = story.refusals()

    story.round()

    assert [] == before
    assert [("pairing.locked", code)] == story.refusals()
    assert [] == story.proposed()


def test_a_lock_is_for_the_next_round_only() -> None:
    """What the next round refused is not tried again, though the rule no longer stands in the way."""
    story = ProgrammeStory(reserve_start=1000, reserve_floor=1000)
    story.joins("ann", "strategy", "python", languages=["de"])
    story.joins("bob", "python", "strategy")
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))
    story.round()
    story.tell(
        builders.updated("ann", story.now, offers=[builders.offer("strategy", 3)], wants=[builders.want("python")], languages=["en"])
    )

    story.round()

    assert [] == story.proposed()
    assert () == story.programme.locks
    assert 1 == len(story.refusals())


def test_a_lock_is_answered_on_the_next_day_though_nobody_else_waits() -> None:
    """A locked pair without room would be no pool; the lock has its round all the same."""
    story = two_ready(**DAILY).after(days=1)
    story.tell(builders.pairing_locked(story.now, ["ann", "bob"]))

    story.after(days=1)

    assert [("pairing.locked", "capacity")] == story.refusals()


def test_nothing_of_a_round_ends_as_a_dead_letter() -> None:
    """Every nudge and report of a round fits its schema."""
    story = two_ready(**DAILY).after(days=10)

    assert story.rounds()
    assert [] == story.codes()
