"""Every event type: a model, a topic, an example that survives the round trip (schemas/registry.py and the event modules)."""

import json
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from schemas.base import Data, data_json
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES, refused_type
from schemas.terms.codes import ErrorCode, NudgeKey
from schemas.topics import INPUT_TOPICS, OUTPUT_TOPICS, topic_of_type

PAIRING: Final = "alpha.0123456789abcdef"
PERSON: Final = {"person_id": "ann"}
FACT: Final = {"person_id": "ann", "effective_on": "2025-02-01"}
PARTICIPANT: Final = {"person_id": "ann", "programme_id": "alpha"}
PROFILE: Final = {
    **PARTICIPANT,
    "offers": [{"topic": "python", "level": 3}],
    "wants": [{"topic": "strategy", "importance": 2, "own_level": 0}],
    "experience_band": 1,
    "hours": [{"weekday": 5, "from": "18:30", "to": "24:00"}],
    "languages": ["en", "de-AT"],
    "capacity": 2,
    "exclude": ["eve"],
}
SESSION: Final = {"session_id": "s-1", "pairing_id": PAIRING}
COORDINATED: Final = {"programme_id": "alpha", "person_ids": ["bob", "ann"], "reason": "asked for"}
OUTCOME: Final = {"person_id": "ann", "nudge_id": "n-1"}
SIDES: Final = {"pairing_id": PAIRING, "programme_id": "alpha", "people": ["ann", "bob"]}
MOVED: Final = {**SIDES, "effective_at": "2025-02-01T06:00:00Z", "policy_version": 1}
PAUSED: Final = {**SIDES, "effective_at": "2025-02-01T06:00:00Z", "until_on": "2025-03-01", "policy_version": 1}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "hr.hired": {
        **FACT,
        "manager_id": "boss",
        "dotted_line_ids": ["vp"],
        "department": "Sales",
        "location": "Vienna",
        "timezone": "Europe/Vienna",
        "languages": ["de"],
        "job_level": 4,
        "job_family": "sales",
        "legal_entity": "AT01",
    },
    "hr.hire_cancelled": PERSON,
    "hr.role_changed": {**FACT, "changes": {"manager_id": None, "job_level": 5}},
    "hr.leave_started": {**FACT, "expected_return_on": "2025-06-01", "leave_id": "l-1"},
    "hr.leave_ended": {**FACT, "leave_id": "l-1"},
    "hr.departed": FACT,
    "hr.departure_cancelled": PERSON,
    "hr.erased": PERSON,
    "participation.enrolled": PROFILE,
    "participation.updated": PROFILE,
    "participation.nominated": PARTICIPANT,
    "participation.paused": {**PARTICIPANT, "until_on": "2025-06-01"},
    "participation.resumed": PARTICIPANT,
    "participation.withdrawn": PARTICIPANT,
    "participation.training_completed": PARTICIPANT,
    "pairing.answered": {**PERSON, "pairing_id": PAIRING, "proposal_version": 1, "answer": "accept"},
    "pairing.continuation_answered": {**PERSON, "pairing_id": PAIRING, "answer": "rematch"},
    "pairing.locked": COORDINATED,
    "pairing.forbidden": COORDINATED,
    "pairing.allowed": COORDINATED,
    "feedback.given": {**PERSON, "pairing_id": PAIRING, "session_id": "s-1", "learned": True, "fit": "not_a_fit", "rating": 5},
    "insight.shared": {"programme_id": "alpha", "insight_id": "i-1", "family": "wellbeing"},
    "insight.answered": {"programme_id": "alpha", "insight_id": "i-1"},
    "session.scheduled": {**SESSION, "starts_at": "2025-02-01T14:00:00Z", "duration_minutes": 60, "proposed_by": "ann"},
    "session.completed": {
        **SESSION,
        "started_at": "2025-02-01T14:00:00Z",
        "duration_minutes": 55,
        "exchanges": [{"topic": "python", "taught_by": "ann"}],
        "evidence": "calendar",
    },
    "session.cancelled": {**SESSION, "cancelled_by": "bob"},
    "session.missed": {**SESSION, "absent": ["bob"]},
    "programme.paused": {"programme_id": "alpha", "reason": "summer"},
    "programme.resumed": {"programme_id": "alpha"},
    "programme.closed": {"programme_id": "alpha"},
    "round.requested": {"programme_id": "alpha", "dry_run": True},
    "proposal.retracted": {"pairing_id": PAIRING, "reason": "asked for"},
    "nudges.released": {"programme_id": "alpha"},
    "departures.released": {"programme_id": "alpha"},
    "nudge.delivered": OUTCOME,
    "nudge.seen": OUTCOME,
    "nudge.acted": OUTCOME,
    "nudge.dismissed": OUTCOME,
    "nudge.failed": OUTCOME,
    "nudge.opted_out": {**PERSON, "category": "learning"},
    "nudge.opted_in": {**PERSON, "category": "learning"},
    "pairing.proposed": {
        "pairing_id": PAIRING,
        "programme_id": "alpha",
        "proposal_version": 1,
        "people": [
            {"person_id": "ann", "learns": [{"topic": "strategy", "level": 3, "own_level": 0, "share": 0.5}], "benefit": 0.5},
            {"person_id": "bob", "learns": [], "benefit": 0.25},
        ],
        "score": 529,
        "track": "mutual",
        "reasons": [{"code": "shared_hours", "params": {"hours": 4}}],
        "data_used": ["offers", "wants"],
        "policy_version": 1,
        "expires_at": "2025-02-08T06:00:00Z",
    },
    "pairing.activated": MOVED,
    "pairing.paused": PAUSED,
    "pairing.resumed": MOVED,
    "pairing.suspended": MOVED,
    "pairing.stalled": MOVED,
    "pairing.concluding": MOVED,
    "pairing.renewed": MOVED,
    "pairing.converted": MOVED,
    "pairing.lapsed": SIDES,
    "pairing.completed": {**SIDES, "code": "completed", "sessions_count": 6, "reciprocity_ratio": 0.5},
    "pairing.ended": {**SIDES, "code": "choice", "sessions_count": 0, "reciprocity_ratio": None},
    "pairing.state": {
        "pairing_id": PAIRING,
        "programme_id": "alpha",
        "state": "active",
        "people": ["ann", "bob"],
        "track": "reverse",
        "term": 1,
        "policy_version": 1,
        "since": "2025-02-01T06:00:00Z",
        "sessions_count": 2,
        "next_session_at": None,
        "taught_count": [3, 1],
    },
    "nudge.requested": {
        **OUTCOME,
        "key": "session_tomorrow",
        "class": "transactional",
        "category": "sessions",
        "params": {
            "programme_id": "alpha",
            "pairing_id": PAIRING,
            "partner_id": "bob",
            "session_id": "s-1",
            "starts_at": "2025-02-02T14:00:00Z",
        },
        "pairing_id": PAIRING,
        "not_before": "2025-02-01T14:00:00Z",
        "expires_at": "2025-02-02T14:00:00Z",
        "timezone": "Europe/Vienna",
        "locale": "de",
        "priority": 50,
        "cancellation_key": "session/s-1",
        "template_version": 1,
        "reasons": [{"code": "session_booked", "params": {}}],
        "data_used": ["session.starts_at"],
        "policy_version": 1,
    },
    "nudge.cancelled": {**OUTCOME, "cancellation_key": "session/s-1", "reason": "no_longer_needed"},
    "nudge.suppressed": {"person": "0123456789abcdef", "key": "open_debate", "reason": "withheld"},
    "round.completed": {
        "programme_id": "alpha",
        "round": 3,
        "dry_run": True,
        "proposed": 1,
        "waiting": 1,
        "no_option_by_reason": {"language": 1},
        "total_score": 529,
        "optimality_bound": 530,
        "optimal_ratio": 0.998,
        "blocking_pairs": 0,
        "proposals": [{"people": ["ann", "bob"], "score": 529, "reasons": [{"code": "beyond_tech", "params": {}}]}],
        "unmatched": [
            {"person_id": "cat", "reasons": [{"code": "language", "params": {}}, {"code": "below_reserve", "params": {"score": 300}}]}
        ],
    },
    "programme.reported": {
        "programme_id": "alpha",
        "as_of": "2025-02-01T06:00:00Z",
        "metrics": {"enrolled": 12, "match_rate": 0.5, "stalled": None},
        "k": 5,
    },
    "command.refused": {"type": "bothways.pairing.locked.v1", "subject": "alpha", "code": "reporting_line"},
    "hr.finding": {"person": "0123456789abcdef", "code": "unreadable", "field": "timezone"},
    "command.recorded": {"type": "bothways.pairing.locked.v1", "subject": "alpha", "actor": "0123456789abcdef", "reason": "asked for"},
}
"""One full example of each type; those that hold a policy are in test_policy."""

MODELS: Final[dict[str, type[Data]]] = {**INPUT_TYPES, **OUTPUT_TYPES}


def test_every_type_has_an_example() -> None:
    """No type goes untested; the two that carry a policy are tested with it."""
    named = {f"bothways.{name}.v1" for name in (*EXAMPLES, "programme.created", "programme.policy_changed")}

    assert named == set(MODELS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_survives_the_round_trip(name: str) -> None:
    """What a model reads it writes again, nothing lost, nothing added."""
    model = MODELS[f"bothways.{name}.v1"]

    data = model.model_validate(EXAMPLES[name])

    assert EXAMPLES[name] == json.loads(data_json(data))
    assert data == model.model_validate(json.loads(data_json(data)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_unknown_fields_are_ignored_and_kept_nowhere(name: str) -> None:
    """A newer producer may say more; nobody hears it, and it is not stored."""
    model = MODELS[f"bothways.{name}.v1"]

    data = model.model_validate({**EXAMPLES[name], "birth_date": "1970-01-01"})

    assert b"1970-01-01" not in data_json(data)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_field_without_a_default_is_required(name: str) -> None:
    """Leaving out a field that contracts don't set in italics is a defect; a role change without changes is odd and no more."""
    model = MODELS[f"bothways.{name}.v1"]
    required = [field.validation_alias or key for key, field in model.model_fields.items() if field.is_required() and key != "changes"]

    for field in required:
        part = {key: value for key, value in EXAMPLES[name].items() if key != field}
        with pytest.raises(ValueError, match=str(field)):
            model.model_validate(part)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_type_says_its_exact_schema(name: str) -> None:
    """`dataschema` names the short type, its major and its minor."""
    assert f"bothways:schema:{name}:1.0" == MODELS[f"bothways.{name}.v1"].schema_uri()


@pytest.mark.parametrize("event_type", MODELS)
def test_every_type_gives_a_json_schema(event_type: str) -> None:
    """Schemas can be generated for readers and for writers; published ones are open."""
    model = MODELS[event_type]

    for mode in ("validation", "serialization"):
        schema = TypeAdapter(model).json_schema(mode=mode, ref_template="#/components/schemas/{model}")

        assert "additionalProperties" not in schema


@pytest.mark.parametrize("event_type", INPUT_TYPES)
def test_input_types_belong_to_an_input_topic(event_type: str) -> None:
    """A line of a file finds its topic by its type."""
    assert topic_of_type(event_type) in INPUT_TOPICS


@pytest.mark.parametrize("event_type", OUTPUT_TYPES)
def test_output_types_belong_to_an_output_topic(event_type: str) -> None:
    """What is published has one topic."""
    assert topic_of_type(event_type) in OUTPUT_TOPICS


def test_only_the_person_acts_where_consent_is_at_stake() -> None:
    """The rule covers exactly the types that domain rules name; training and nominations are reported by others."""
    guarded = {event_type.removeprefix("bothways.").removesuffix(".v1") for event_type, model in INPUT_TYPES.items() if model.PERSON_ACTS}

    assert guarded == {
        "participation.enrolled",
        "participation.updated",
        "participation.paused",
        "participation.resumed",
        "participation.withdrawn",
        "pairing.answered",
        "pairing.continuation_answered",
        "feedback.given",
        "nudge.opted_out",
        "nudge.opted_in",
    }


def test_outputs_without_person_ids_are_not_confidential() -> None:
    """Counts and hashes are open; everything else may hold a person id."""
    open_types = {
        event_type.removeprefix("bothways.").removesuffix(".v1") for event_type, model in OUTPUT_TYPES.items() if not model.CONFIDENTIAL
    }

    assert open_types == {"programme.reported", "nudge.suppressed", "command.refused", "command.recorded", "hr.finding"}


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("bothways.hr.hired.v2", (ErrorCode.UNSUPPORTED_VERSION, "bothways.hr.hired.v1")),
        ("bothways.hr.hired.v0", (ErrorCode.UNSUPPORTED_VERSION, "bothways.hr.hired.v1")),
        ("bothways.hr.promoted.v1", (ErrorCode.UNKNOWN_TYPE, None)),
        ("bothways.pairing.proposed.v1", (ErrorCode.UNKNOWN_TYPE, None)),
        ("hr.hired", (ErrorCode.UNKNOWN_TYPE, None)),
        ("bothways.hr.hired.v1\n", (ErrorCode.UNKNOWN_TYPE, None)),
        (7, (ErrorCode.UNKNOWN_TYPE, None)),
        (None, (ErrorCode.UNKNOWN_TYPE, None)),
    ],
)
def test_refused_type_tells_a_new_major_from_a_stranger(event_type: object, expected: tuple[ErrorCode, str | None]) -> None:
    """A known name with another major is unsupported; anything else, our own outputs included, is unknown."""
    assert expected == refused_type(event_type)


def test_codes_of_nudges_cover_every_coordinator_key() -> None:
    """The six coordinator nudges of the domain rules exist."""
    coordinator = {key.value.removeprefix("coordinator_") for key in NudgeKey if key.value.startswith("coordinator_")}

    assert coordinator == {"momentum", "stuck", "conflict", "round_alarm", "storm", "departures"}


PROTECTED: Final = (
    *("age", "birth", "born", "sex", "gender", "pronoun", "race", "ethnic", "nationality", "citizenship", "origin", "religion", "belief"),
    *("disability", "health", "medical", "orientation", "marital", "married", "pregnan", "parent", "family_status", "union", "photo"),
    *("name", "first_name", "last_name", "surname", "salary", "grade", "rating_of"),
)
NOT_OF_A_PERSON: Final = {"name", "job_family", "family"}
"""Of a programme or topic; a topic's family; an occupation."""


def field_names(schema: object) -> set[str]:
    """Every property of a JSON schema, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(field_names, schema))
    if not isinstance(schema, dict):
        return set()
    properties = schema.get("properties", {})
    return set(properties).union(*map(field_names, schema.values()))


def test_no_input_has_a_field_for_a_protected_trait() -> None:
    """What nobody can say nobody can weigh: no schema takes names, birth dates, gender, origin, health or the like."""
    names = set().union(*(field_names(model.model_json_schema()) for model in INPUT_TYPES.values())) - NOT_OF_A_PERSON

    assert {name for name in names for part in name.split("_") if part.startswith(PROTECTED) and part != "agenda"} == set()
