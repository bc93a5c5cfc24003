"""Rules of single event types: hr, participation, pairing, session, nudge."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from pydantic import BaseModel, ValidationError

from schemas.base import PSEUDONYM_PENDING, data_json
from schemas.events.audit import CommandRefused
from schemas.events.hr import HrDeparted, HrHired, HrLeaveEnded, HrLeaveStarted, HrRoleChanged
from schemas.events.nudge import NudgeOptedOut, NudgeRequested, NudgeSuppressed
from schemas.events.pairing import PairingCompleted, PairingEnded, PairingLapsed, PairingLocked, PairingProposed
from schemas.events.participation import HourSlot, ParticipationEnrolled, ParticipationUpdated
from schemas.events.session import SessionCompleted, SessionScheduled
from schemas.nudges.catalogue import CATALOGUE, can_opt_out
from schemas.nudges.params import FlipRolesParams, NudgeParams, OpenInvitationParams
from schemas.terms.codes import EligibilityCode, NudgeCategory, NudgeClass, NudgeKey, RefusalCode, SuppressionCode
from schemas.terms.ids import PairingId, PersonId, ProgrammeId

PAIRING: Final = "alpha.0123456789abcdef"
FACT: Final = {"person_id": "ann", "effective_on": "2025-02-01"}


def problem_of(model: type[BaseModel], value: dict[str, Any]) -> str:
    """The field that the model complains about first."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(value)
    return ".".join(map(str, refused.value.errors()[0]["loc"]))


def test_a_role_change_tells_clearing_from_keeping() -> None:
    """Null clears an attribute, absence keeps it, and both survive the wire."""
    change = HrRoleChanged.model_validate({**FACT, "changes": {"manager_id": None, "languages": ["de"], "shoe_size": 43}})

    assert {"manager_id": None, "languages": ("de",)} == change.changes.named()
    assert change.changes.model_fields_set == HrRoleChanged.model_validate(json.loads(data_json(change))).changes.model_fields_set


def test_null_reads_as_absent_in_a_hire() -> None:
    """Feeds send null for what they don't know."""
    assert HrHired.model_validate(FACT) == HrHired.model_validate({**FACT, "manager_id": None, "timezone": None})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("person_id", "ann smith"),
        ("person_id", ""),
        ("person_id", "a" * 65),
        ("person_id", "ann\n"),
        ("person_id", 7),
        ("effective_on", "tomorrow"),
        ("effective_on", ""),
        ("effective_on", None),
    ],
)
@pytest.mark.parametrize("model", [HrHired, HrRoleChanged, HrLeaveStarted, HrLeaveEnded, HrDeparted])
def test_whom_a_fact_is_about_and_since_when_are_strict(model: type[BaseModel], field: str, value: object) -> None:
    """Without either the fact says nothing; an odd value beside it plays no part."""
    assert problem_of(model, {**FACT, "changes": {"job_level": 13}, "job_level": 13, field: value}) == field


@pytest.mark.parametrize(("start", "end"), [("10:00", "10:00"), ("24:00", "24:00")])
def test_hours_cover_something(start: str, end: str) -> None:
    """`from` and `to` differ; a slot that ends before it starts passes midnight."""
    assert HourSlot.model_validate({"weekday": 1, "from": "22:00", "to": "06:00"})
    with pytest.raises(ValidationError):
        HourSlot.model_validate({"weekday": 1, "from": start, "to": end})


def test_hours_count_in_minutes() -> None:
    """The end of the day is minute 1,440."""
    slot = HourSlot(weekday=7, from_="22:30", to="24:00")

    assert (1_350, 1_440) == (slot.start_minute, slot.end_minute)
    assert {"weekday": 7, "from": "22:30", "to": "24:00"} == json.loads(slot.model_dump_json())


def test_an_enrolment_may_be_empty_but_not_silent() -> None:
    """No offers and no wants are allowed, a nudge asks for them; leaving the lists out is a defect."""
    enrolment = {"person_id": "ann", "programme_id": "alpha", "offers": [], "wants": []}

    assert ParticipationEnrolled.model_validate(enrolment).capacity is None
    assert problem_of(ParticipationEnrolled, {**enrolment, "offers": None}) == "offers"
    assert problem_of(ParticipationEnrolled, {**enrolment, "capacity": 6}) == "capacity"
    assert problem_of(ParticipationEnrolled, {**enrolment, "experience_band": 4}) == "experience_band"
    assert problem_of(ParticipationEnrolled, {**enrolment, "exclude": ["eve"] * 501}) == "exclude"
    assert problem_of(ParticipationEnrolled, {**enrolment, "offers": [{"topic": "python", "level": 1}] * 41}) == "offers"


def test_an_update_is_no_enrolment() -> None:
    """Matching on the class tells the two apart, though they say the same things."""
    assert not issubclass(ParticipationUpdated, ParticipationEnrolled)


def test_a_coordinator_names_two_different_people() -> None:
    """In any order, but never one person twice."""
    command = {"programme_id": "alpha", "person_ids": ["bob", "ann"], "reason": "asked for"}

    assert PairingLocked.model_validate(command).person_ids == ("bob", "ann")
    assert problem_of(PairingLocked, {**command, "person_ids": ["ann", "ann"]}) == "person_ids"
    assert problem_of(PairingLocked, {**command, "person_ids": ["ann"]}).startswith("person_ids")


def test_published_people_are_sorted() -> None:
    """Sides have one order everywhere; after an erasure both may read alike."""
    sides = {"pairing_id": PAIRING, "programme_id": "alpha"}

    assert problem_of(PairingLapsed, {**sides, "people": ["bob", "ann"]}) == "people"
    assert PairingLapsed.model_validate({**sides, "people": ["erased", "erased"]}).people == ("erased", "erased")


def test_a_lapse_has_no_room_for_a_cause() -> None:
    """No field of `pairing.lapsed` could hold why, how often or who."""
    assert set(PairingLapsed.model_fields) == {"pairing_id", "programme_id", "people"}


def test_completed_and_ended_never_mix() -> None:
    """A completed pairing says `completed`, an ended one never does; the ratio is null, not absent."""
    closed = {"pairing_id": PAIRING, "programme_id": "alpha", "people": ["ann", "bob"], "sessions_count": 1, "reciprocity_ratio": None}

    assert b'"reciprocity_ratio":null' in data_json(PairingEnded.model_validate({**closed, "code": "inactive"}))
    for model, code in ((PairingCompleted, "choice"), (PairingEnded, "completed")):
        with pytest.raises(ValidationError, match="code must be"):
            model.model_validate({**closed, "code": code})


def test_proposed_people_are_sorted() -> None:
    """The two sides of a proposal stand in id order too."""
    side = {"learns": [], "benefit": 0.5}

    with pytest.raises(ValidationError, match="sorted"):
        PairingProposed.model_validate(
            {
                "pairing_id": PAIRING,
                "programme_id": "alpha",
                "proposal_version": 1,
                "people": [{"person_id": "bob", **side}, {"person_id": "ann", **side}],
                "score": 500,
                "track": "mutual",
                "reasons": [],
                "data_used": [],
                "policy_version": 1,
                "expires_at": "2025-02-08T06:00:00Z",
            }
        )


def test_sessions_end_at_start_plus_duration() -> None:
    """Intervals are half-open, and their ends are derived."""
    session = {"session_id": "s-1", "pairing_id": PAIRING, "duration_minutes": 90}
    booked = SessionScheduled.model_validate({**session, "starts_at": "2025-02-01T23:00:00+01:00"})
    held = SessionCompleted.model_validate({**session, "started_at": "2025-02-01T22:00:00Z", "exchanges": [], "evidence": "lms"})

    assert datetime(2025, 2, 1, 23, 30, tzinfo=UTC) == booked.ends_at == held.ended_at


@pytest.mark.parametrize("minutes", [0, 1_441, -5, 60.0, "60", True, None])
def test_a_session_lasts_a_minute_to_a_day(minutes: object) -> None:
    """1 to 1,440 whole minutes."""
    session = {"session_id": "s-1", "pairing_id": PAIRING, "starts_at": "2025-02-01T22:00:00Z", "duration_minutes": minutes}

    assert problem_of(SessionScheduled, session) == "duration_minutes"


def requested(key: NudgeKey, params: object) -> dict[str, Any]:
    """A nudge request around some parameters."""
    return {
        "nudge_id": "n-1",
        "person_id": "coordinator:alpha",
        "key": key.value,
        "class": CATALOGUE[key].class_.value,
        "category": CATALOGUE[key].category.value,
        "params": params,
        "not_before": "2025-02-01T14:00:00Z",
        "expires_at": "2025-02-02T14:00:00Z",
        "timezone": "UTC",
        "locale": "en",
        "priority": 50,
        "cancellation_key": "x",
        "template_version": 1,
        "reasons": [],
        "data_used": [],
        "policy_version": 1,
    }


def test_every_nudge_key_has_parameters_category_and_class() -> None:
    """The registries are complete, and no two keys share a model."""
    assert set(NudgeKey) == set(CATALOGUE)
    assert len({nudge.params for nudge in CATALOGUE.values()}) == len(NudgeKey)
    assert all(isinstance(CATALOGUE[key].category, NudgeCategory) and isinstance(CATALOGUE[key].class_, NudgeClass) for key in NudgeKey)


def test_parameters_hold_no_free_text() -> None:
    """Whatever a nudge says comes from a template: every text among the parameters is an id, one of a closed set or a policy's name."""
    for model in (nudge.params for nudge in CATALOGUE.values()):
        schema = json.dumps(model.model_json_schema())
        texts = [part for part in _parts(json.loads(schema)) if part.get("type") == "string" and part.get("maxLength") != NAME_CHARS_MAX]

        assert all({"pattern", "enum", "format", "const"} & set(part) for part in texts)


NAME_CHARS_MAX = 120
"""A policy's names of programmes and topics are the one text that isn't the template's; by its bound it can't be a sentence."""


def _parts(schema: Any) -> list[dict[str, Any]]:
    found = [schema] if isinstance(schema, dict) else []
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return found + [part for item in inner for part in _parts(item)]


def test_parameters_are_read_as_their_keys_own_model() -> None:
    """The key decides the shape, and the shape survives the wire."""
    pair = {"programme_id": "alpha", "pairing_id": PAIRING, "partner_id": "bob", "topics": [{"topic": "python", "name": "Python"}]}

    nudge = NudgeRequested.model_validate(requested(NudgeKey.FLIP_ROLES, pair))

    assert isinstance(nudge.params, FlipRolesParams)
    assert pair == json.loads(data_json(nudge))["params"]
    assert nudge == NudgeRequested.model_validate(json.loads(data_json(nudge)))


def test_parameters_of_another_key_are_refused() -> None:
    """A model of the wrong key never gets through, as JSON or as an object."""
    invitation = OpenInvitationParams(programme_id=ProgrammeId("alpha"))

    assert problem_of(NudgeRequested, requested(NudgeKey.FLIP_ROLES, {"programme_id": "alpha"})).startswith("params")
    assert problem_of(NudgeRequested, requested(NudgeKey.FLIP_ROLES, invitation)).startswith("params")
    assert problem_of(NudgeRequested, requested(NudgeKey.FLIP_ROLES, NudgeParams(programme_id=ProgrammeId("alpha")))).startswith("params")


def test_an_object_of_the_right_key_is_kept() -> None:
    """The engine hands over the model itself."""
    params = FlipRolesParams(programme_id=ProgrammeId("alpha"), pairing_id=PairingId(PAIRING), partner_id=PersonId("bob"))

    assert params is NudgeRequested.model_validate(requested(NudgeKey.FLIP_ROLES, params)).params


TRANSACTIONAL: Final = (
    "proposal_ready pairing_started session_tomorrow pairing_paused pairing_resumable pairing_ended partner_found_next conflict_choice "
    "concluding renew_or_finish convert_offer coordinator_momentum coordinator_stuck coordinator_conflict coordinator_round_alarm "
    "coordinator_storm coordinator_departures enrolment_recorded partner_away still_taking_part"
)


def test_exactly_the_lifecycle_nudges_are_transactional() -> None:
    """The classes are those of the domain rules' table."""
    assert set(TRANSACTIONAL.split()) == {key.value for key in NudgeKey if CATALOGUE[key].class_ is NudgeClass.TRANSACTIONAL}


def test_transactional_nudges_about_a_pairing_cannot_be_opted_out_of() -> None:
    """Consent and endings always arrive; a reminder to answer, or of a session, need not."""
    assert not can_opt_out(NudgeKey.PROPOSAL_READY)
    assert not can_opt_out(NudgeKey.PAIRING_ENDED)
    assert can_opt_out(NudgeKey.ANSWER_PROPOSAL)
    assert can_opt_out(NudgeKey.SESSION_TOMORROW)


def test_what_was_recorded_in_ones_name_and_what_coordinators_hear_cannot_be_left() -> None:
    """Nobody is enrolled unawares, and no alarm can be switched off."""
    kept = {key for key in NudgeKey if CATALOGUE[key].category is NudgeCategory.COORDINATION} | {NudgeKey.ENROLMENT_RECORDED}

    assert set() == {key for key in kept if can_opt_out(key)}
    assert problem_of(NudgeOptedOut, {"person_id": "ann", "category": "coordination"}) == "category"


def test_a_suppressed_nudge_waits_for_its_pseudonym() -> None:
    """Processors don't know the salt, and no person id fits where the hash goes."""
    waiting = NudgeSuppressed(person=PSEUDONYM_PENDING, key=NudgeKey.OPEN_DEBATE, reason=SuppressionCode.WITHHELD)

    assert waiting.person == "0" * 16
    assert problem_of(NudgeSuppressed, {"person": "ann", "key": "open_debate", "reason": "withheld"}) == "person"


@pytest.mark.parametrize("code", [*RefusalCode, *EligibilityCode])
def test_a_refused_command_names_its_rule(code: RefusalCode | EligibilityCode) -> None:
    """A command is refused for its own reasons, a lock also for a hard rule; the code reads back as the same name."""
    refused = CommandRefused.model_validate({"type": "bothways.pairing.locked.v1", "subject": "alpha", "code": code.value})

    assert code is refused.code
