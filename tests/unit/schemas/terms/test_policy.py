"""Policy and the built-in topics (schemas/terms/policy.py, schemas/terms/catalogue.py)."""

import json
from datetime import date
from typing import Any, Final

import pytest
from pydantic import ValidationError

from schemas.base import data_json
from schemas.events.programme import ProgrammeCreated, ProgrammePolicyChanged
from schemas.nudges.questions import BUILT_IN_QUESTIONS
from schemas.terms.catalogue import BUILT_IN_TOPICS
from schemas.terms.codes import TopicFamily, Track
from schemas.terms.policy import Policy

DEFAULTS: Final = {
    "track": "mutual",
    "experience_gap_min": 0,
    "min_benefit_ratio": 0.25,
    "shared_hours_min": 1,
    "cross_department_only": False,
    "same_manager_allowed": False,
    "past_partner_allowed": False,
    "capacity_max": 5,
    "round_every_days": 1,
    "round_at": "06:00",
    "reserve_start": 550,
    "reserve_floor": 250,
    "reserve_drop_per_day": 10,
    "reserve_first_round": 0,
    "wait_bonus": 50,
    "first_pair_first": True,
    "training_required": False,
    "stage_stands_for_band": False,
    "sessions_planned": 6,
    "session_minutes": 60,
    "cadence_days": 30,
    "term_days": 190,
    "concluding_days": 14,
    "stall_days": 45,
    "grace_days": 14,
    "soft_landing_days": 10,
    "resume_days": 14,
    "conflict_days": 14,
    "conflict_settle_hours": 24,
    "departure_settle_hours": 4,
    "away_question_days": 30,
    "rest_after_days": 14,
    "consent_days": 7,
    "room_days": 3,
    "eligible_after_days": 30,
    "nudge_daily_cap": 3,
    "quiet_from": "20:00",
    "quiet_to": "08:00",
    "quiet_weekends": True,
    "holidays": [],
    "calendars": [],
    "holdout_percent": 10,
    "k_min": 5,
    "lapsed_rest_days": 180,
    "nudge_storm_per_day": 0,
    "matcher": "auction",
    "repair_at_term_end": False,
    "debate_every_days": 90,
    "circles": False,
}
NAMED_IN_CONTRACTS: Final = (
    "python data-literacy ai-assistants social-media cloud-basics strategy negotiation people-leadership giving-feedback work-life-balance "
    "remote-teams storytelling stakeholder-management budgeting career-planning inclusion wellbeing future-of-work customer-insight "
    "company-history"
)


def test_an_empty_policy_has_every_default_of_the_contracts() -> None:
    """Each field is optional; its default is the one in the table, and there is no other field."""
    written = json.loads(Policy().model_dump_json())
    topics, questions = written.pop("topics"), written.pop("questions")

    assert written == DEFAULTS
    assert [question[0] for question in BUILT_IN_QUESTIONS] == [question["id"] for question in questions]
    assert [topic[0] for topic in BUILT_IN_TOPICS] == [topic["id"] for topic in topics]


@pytest.mark.parametrize(("track", "gap", "training"), [(Track.MUTUAL, 0, False), (Track.REVERSE, 1, True), (Track.TRADITIONAL, 1, False)])
def test_two_defaults_follow_the_track(track: Track, gap: int, training: bool) -> None:
    """The experience gap and the training, where the policy says nothing; the resolved policy is concrete."""
    policy = Policy.model_validate({"track": track.value})

    assert (gap, training) == (policy.experience_gap_min, policy.training_required)


def test_what_a_policy_says_wins_over_its_track() -> None:
    """A reverse programme may do without the gap and the training, whatever order it says so in."""
    policy = Policy.model_validate({"training_required": False, "experience_gap_min": 0, "track": "reverse"})

    assert (0, False) == (policy.experience_gap_min, policy.training_required)


def test_null_means_the_default() -> None:
    """Null says nothing, and leaves the track to decide."""
    assert Policy(track=Track.REVERSE) == Policy.model_validate({"track": "reverse", "experience_gap_min": None, "topics": None})


@pytest.mark.parametrize(
    "wrong",
    [
        {"track": "sideways"},
        {"consent_days": 0},
        {"consent_days": 91},
        {"consent_days": 7.0},
        {"consent_days": "7"},
        {"consent_days": True},
        {"cross_department_only": 1},
        {"min_benefit_ratio": 1.5},
        {"min_benefit_ratio": True},
        {"holdout_percent": 101},
        {"round_at": "6:00"},
        {"quiet_to": "24:00"},
        {"holidays": ["25.12."]},
        {"capacity_max": 6},
        {"topics": []},
        {"topics": [{"id": "Python", "family": "digital", "name": "Python"}]},
        {"topics": [{"id": "python", "family": "snakes", "name": "Python"}]},
        {"topics": [{"id": "python", "family": "digital", "name": "a"}, {"id": "python", "family": "data", "name": "b"}]},
        {"matcher": "magic"},
        {"conflict_settle_hours": 169},
        {"room_days": 0},
        {"reserve_first_round": 1001},
        {"debate_every_days": -1},
        {"circles": 1},
        {"calendars": [{"locations": ["Riyadh"]}]},
        {"calendars": [{"id": "riyadh", "weekend": [0]}]},
        {"calendars": [{"id": "riyadh", "weekend": [5, 5]}]},
        {"calendars": [{"id": "riyadh", "timezones": ["Asia/Riad"]}]},
        {"calendars": [{"id": "riyadh"}, {"id": "riyadh"}]},
        {"questions": []},
        {"questions": [{"id": "q", "family": "digital", "stances": ["a", "b", "c"]}]},
        {"questions": [{"id": "q", "family": "culture", "stances": ["a", "b"]}]},
        {"questions": [{"id": "q", "family": "culture", "stances": ["a", "b", "a"]}]},
    ],
)
def test_a_policy_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    """Every number has bounds, every name a closed set; nothing is coerced."""
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ({"sesions_planned": 3}, "sessions_planned"),
        ({"TRACK": "reverse"}, "track"),
        ({"calendars": [{"id": "riyadh", "week_end": [5, 6]}]}, "weekend"),
        ({"topics": [{"id": "python", "family": "digital", "name": "Python", "nmae": "Py"}]}, "name"),
        ({"questions": [{"id": "q", "family": "culture", "stance": ["a", "b", "c"]}]}, "stances"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_one(wrong: dict[str, Any], nearest: str) -> None:
    """A misspelt rule is not a rule left out, at whatever depth it stands."""
    with pytest.raises(ValidationError, match=f"a field is unknown; the nearest is `{nearest}`"):
        Policy.model_validate(wrong)


def test_a_calendar_has_its_own_weekend() -> None:
    """Weekend days are Saturday and Sunday unless it says otherwise, also none."""
    calendars = Policy.model_validate(
        {"calendars": [{"id": "riyadh", "weekend": [5, 6]}, {"id": "plant", "weekend": []}, {"id": "rest"}]}
    ).calendars

    assert [(5, 6), (), (6, 7)] == [calendar.weekend for calendar in calendars]


def test_the_built_in_questions_are_well_formed() -> None:
    """They pass the check of a policy's own."""
    policy = Policy()

    assert policy == Policy.model_validate_json(policy.model_dump_json())
    assert 12 == len(policy.questions)


def test_whole_numbers_will_do_for_a_ratio() -> None:
    """JSON writes 0.0 and 1.0 as 0 and 1 as it likes."""
    assert (0.0, 1.0) == (Policy.model_validate({"min_benefit_ratio": 0}).min_benefit_ratio, Policy(min_benefit_ratio=1).min_benefit_ratio)


def test_holidays_and_families_are_looked_up() -> None:
    """A policy answers for its days and its topics."""
    policy = Policy.model_validate({"holidays": ["2025-12-25"], "topics": [{"id": "beekeeping", "family": "craft", "name": "Beekeeping"}]})

    assert policy.is_holiday(date(2025, 12, 25))
    assert not policy.is_holiday(date(2025, 12, 26))
    assert {"beekeeping": TopicFamily.CRAFT} == policy.families()


def test_a_programme_carries_its_policy_whole() -> None:
    """A created programme and a changed policy read back equal, defaults made concrete."""
    created = ProgrammeCreated.model_validate({"programme_id": "alpha", "name": "Alpha", "policy": {"track": "reverse", "k_min": 7}})
    changed = ProgrammePolicyChanged.model_validate({"programme_id": "alpha", "policy": {}})

    assert created == ProgrammeCreated.model_validate(json.loads(data_json(created)))
    assert changed == ProgrammePolicyChanged.model_validate(json.loads(data_json(changed)))
    assert (7, True) == (created.policy.k_min, created.policy.training_required)


def test_the_built_in_catalogue_spans_every_family() -> None:
    """At least two topics in each of the twelve families, ids once and well formed, all that contracts name."""
    ids = [topic for topic, _, _ in BUILT_IN_TOPICS]
    families = [family for _, family, _ in BUILT_IN_TOPICS]

    assert len(set(ids)) == len(ids)
    assert set(NAMED_IN_CONTRACTS.split()) <= set(ids)
    assert all(families.count(family) > 1 for family in TopicFamily)
    assert all(len(topic) <= 40 and topic == topic.lower() for topic in ids)
