"""Rules of a simulated programme year (engine/simulation): what people say and do, and when."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.simulation.load import hires, mixed_events
from engine.simulation.people.organisation import organisation
from engine.simulation.people.participants import TWO_WAY
from engine.simulation.summary import YearSummary, summarise
from engine.simulation.year import START_AT, ProgrammeYear
from schemas.codec import decode_structured
from schemas.envelope import Event
from schemas.nudges.catalogue import answers_to
from schemas.terms.codes import NudgeKey
from schemas.text.zones import time_zone
from tests.simulation.telling.stub_engine import Json, StubEngine, published, short

PERSON_MUST_ACT = {
    "participation.enrolled",
    "participation.updated",
    "participation.paused",
    "participation.resumed",
    "participation.withdrawn",
    "pairing.answered",
    "pairing.continuation_answered",
    "feedback.given",
}


def played(people: int, seed: int, months: int) -> tuple[list[Json], StubEngine, ProgrammeYear]:
    """A whole year against the stub, one step a day."""
    year, engine = ProgrammeYear(people=people, seed=seed, months=months), StubEngine()
    events = year.start_events()
    outputs, now = engine.take(events, START_AT), START_AT
    while now < year.end_at:
        now += timedelta(days=1)
        fresh = year.events_until(now, outputs)
        outputs = engine.take(fresh, now)
        events += fresh
    return events, engine, year


@pytest.fixture(scope="module")
def year_events() -> list[Json]:
    """The events of the default year."""
    return played(300, 1, 12)[0]


def test_a_year_is_the_same_for_the_same_seed_and_outputs() -> None:
    """simulation.Y1: nothing but the arguments and the outputs decides what people do."""
    assert played(60, 7, 3)[0] == played(60, 7, 3)[0]


def test_another_seed_gives_another_year() -> None:
    """The seed reaches everything that people do."""
    assert played(60, 7, 2)[0] != played(60, 8, 2)[0]


def test_times_never_go_backwards_across_calls(year_events: list[Json]) -> None:
    """simulation.Y2: ascending over all calls, whole seconds, UTC, none before the start."""
    times = [event["time"] for event in year_events]

    assert sorted(times) == times
    assert times[0] == "2025-01-06T00:00:00Z"
    assert {len(time) for time in times} == {20}


def test_ids_count_the_events(year_events: list[Json]) -> None:
    """Ids are stable numbers in order of time."""
    assert [f"sim-{number}" for number in range(1, len(year_events) + 1)] == [event["id"] for event in year_events]


def test_only_the_person_acts_for_the_person(year_events: list[Json]) -> None:
    """simulation.Y3: an answer signed by somebody else would be refused."""
    acted = [event for event in year_events if short(event) in PERSON_MUST_ACT]

    assert acted
    assert [event["data"]["person_id"] for event in acted] == [event["actor"] for event in acted]


def test_a_year_of_three_hundred_people_is_lively_but_small(year_events: list[Json]) -> None:
    """A default year shows every kind of event that people and HR cause without an elaborate engine, in a bounded number."""
    counts = Counter(short(event) for event in year_events)

    assert 4_000 < len(year_events) < 15_000
    assert {"hr.hired", "hr.role_changed", "hr.leave_started", "hr.leave_ended", "hr.departed", "hr.departure_cancelled"} <= counts.keys()
    assert {"participation.paused", "participation.withdrawn", "participation.training_completed", "nudge.opted_out"} <= counts.keys()
    assert {"session.scheduled", "session.completed", "session.cancelled", "session.missed", "feedback.given"} <= counts.keys()
    assert {
        "pairing.locked",
        "pairing.forbidden",
        "pairing.allowed",
        "programme.policy_changed",
        "round.requested",
        "insight.shared",
    } <= counts.keys()


def test_sessions_are_held_as_they_were_booked(year_events: list[Json]) -> None:
    """A session is reported after it ended, by its own id, once."""
    starts = {event["data"]["session_id"]: event["data"]["starts_at"] for event in year_events if short(event) == "session.scheduled"}
    held = [event for event in year_events if short(event) == "session.completed"]

    assert held
    assert [starts[event["data"]["session_id"]] for event in held] == [event["data"]["started_at"] for event in held]
    assert all(event["data"]["started_at"] < event["time"] for event in held)
    assert len(held) == len({event["data"]["session_id"] for event in held})


def test_people_act_in_their_own_working_hours(year_events: list[Json]) -> None:
    """Enrolling is done at one's desk: Monday to Friday, daytime, in the person's zone."""
    staff = organisation(300, 1).by_id
    moved = {event["data"]["person_id"] for event in year_events if "timezone" in event["data"].get("changes", {})}
    locals_ = [
        datetime.fromisoformat(event["time"]).astimezone(time_zone(staff[event["actor"]].employee.timezone))
        for event in year_events
        if short(event) == "participation.enrolled" and event["actor"] not in moved
    ]

    assert locals_
    assert {local.isoweekday() for local in locals_} <= {1, 2, 3, 4, 5}
    assert all(8 <= local.hour < 18 for local in locals_)


@pytest.mark.parametrize(("people", "months"), [(1, 1), (2, 2), (9, 1), (25, 13)])
def test_any_size_of_organisation_and_year_plays(people: int, months: int) -> None:
    """Nothing in a year needs a minimum of people or months."""
    assert played(people, 1, months)[0]


def test_summary_counts_what_was_published() -> None:
    """What a coordinator reads adds up from the outputs alone."""
    _, engine, year = played(120, 2, 8)
    summary: YearSummary = summarise(engine.outputs, year.organisation)
    kinds = Counter(short(output) for output in engine.outputs)

    assert (kinds["pairing.proposed"], kinds["pairing.activated"]) == (summary.proposed, summary.formed)
    assert summary.completed == kinds["pairing.completed"]
    assert summary.double_consent_ratio == pytest.approx(summary.formed / (summary.formed + summary.lapsed))
    assert sum(summary.nudges_sent_by_key.values()) == kinds["nudge.requested"]
    assert summary.pairs_by_bands
    assert all(count is None or count >= 5 for count in summary.pairs_by_bands.values())
    assert 3 == len(summary.examples)


def conforming(events: list[Json] | Iterator[Json]) -> int:
    """Decode every event with the schemas; the number decoded."""
    decoded = 0
    for event in events:
        at = datetime.fromisoformat(event["time"])
        assert isinstance(decode_structured(json.dumps(event).encode(), at.astimezone(UTC)), Event), event
        decoded += 1
    return decoded


def test_every_event_of_a_year_is_of_a_known_type_and_shape(year_events: list[Json]) -> None:
    """The simulation speaks the contracts: nothing of it is dead-lettered for its form."""
    assert len(year_events) == conforming(year_events)


def test_every_event_of_the_load_is_of_a_known_type_and_shape() -> None:
    """So do the streams for benchmarks."""
    assert 2_200 == conforming(mixed_events(2_000, 4, 80)) + conforming(hires(200, 4))


def test_role_changes_never_make_a_cycle(year_events: list[Json]) -> None:
    """The tree stays a tree while people move through it."""
    manager_of: dict[str, str | None] = {}
    moves_count = 0
    for event in year_events:
        data = event["data"]
        if short(event) == "hr.hired":
            manager_of[data["person_id"]] = data.get("manager_id")
        elif short(event) == "hr.role_changed" and "manager_id" in data["changes"]:
            moves_count += 1
            manager_of[data["person_id"]] = data["changes"]["manager_id"]
            met, here = {data["person_id"]}, manager_of[data["person_id"]]
            while here is not None:
                assert here not in met
                met.add(here)
                here = manager_of.get(here)
    assert moves_count > 10


@pytest.mark.parametrize(
    ("change", "key", "answers"),
    [
        ("paused", "pairing_resumable", {"continue", "end"}),
        ("suspended", "conflict_choice", {"end", "rematch"}),
        ("concluding", "renew_or_finish", {"renew", "finish"}),
        ("activated", "convert_offer", {"convert"}),
        ("paused", "partner_away", {"continue", "look", "end"}),
    ],
)
def test_people_choose_among_the_answers_that_a_nudge_offers(change: str, key: str, answers: set[str]) -> None:
    """A question about going on gets an answer that fits it, from most people, in person and once each."""
    year = ProgrammeYear(people=120, seed=3, months=2)
    year.start_events()
    staff = [person.person_id for person in year.organisation.people if person.employee.hired_on <= START_AT.date()]
    outputs = []
    for number in range(40):
        people = staff[2 * number : 2 * number + 2]
        pair = {"pairing_id": f"two-way.{number:016x}", "programme_id": "two-way"}
        sides = [{"person_id": person_id, "learns": []} for person_id in people]
        proposal = {"proposal_version": 1, "people": sides, "score": 500, "expires_at": "2025-01-13T00:00:00Z"}
        outputs += [published("pairing.proposed", pair | proposal), published(f"pairing.{change}", pair)]
        for person_id in people:
            times = {"not_before": "2025-01-06T10:00:00Z", "expires_at": "2025-01-25T00:00:00Z"}
            nudge = {"nudge_id": f"n-{person_id}", "person_id": person_id, "key": key, "class": "transactional", "params": {}}
            outputs.append(published("nudge.requested", pair | nudge | times))

    events = year.events_until(START_AT + timedelta(days=20), outputs)

    given = [event["data"] for event in events if short(event) == "pairing.continuation_answered"]
    assert 20 < len(given) == len({data["person_id"] for data in given})
    assert {data["answer"] for data in given} == answers


def test_people_act_as_a_nudge_spells_the_answer_out() -> None:
    """The question whether somebody still takes part is answered by the events that it names itself, in person."""
    year = ProgrammeYear(people=120, seed=3, months=2, programmes=[replace(TWO_WAY, join_ratio=1.0)])
    year.start_events()
    year.events_until(START_AT + timedelta(days=45), [])
    outputs = []
    for person in year.organisation.people:
        asked = {"nudge_id": f"n-{person.person_id}", "person_id": person.person_id, "key": "still_taking_part", "class": "transactional"}
        times = {"not_before": "2025-02-21T10:00:00Z", "expires_at": "2025-03-07T00:00:00Z"}
        about: Json = {"programme_id": "two-way"}
        params = {**about, "answers": answers_to(NudgeKey.STILL_TAKING_PART, person.person_id, about)}
        outputs.append(published("nudge.requested", asked | times | {"params": params}))

    events = year.events_until(START_AT + timedelta(days=55), outputs)

    told = [event for event in events if event["data"].get("programme_id") == "two-way" and "person_id" in event["data"]]
    kinds = Counter(short(event) for event in told)
    assert {"participation.resumed", "participation.paused", "participation.updated", "participation.withdrawn"} <= kinds.keys()
    assert len(told) == conforming(told)


def test_a_withdrawn_nudge_has_no_effect() -> None:
    """Nobody follows what was called back before they read it, although many would have."""
    year, other = (ProgrammeYear(people=60, seed=3, months=2, programmes=[replace(TWO_WAY, join_ratio=0.0)]) for _ in range(2))
    for one in (year, other):
        one.start_events()
    outputs = []
    for person in year.organisation.people:
        nudge = {"nudge_id": f"n-{person.person_id}", "person_id": person.person_id}
        times = {"not_before": "2025-01-06T10:00:00Z", "expires_at": "2025-01-25T00:00:00Z"}
        invitation = {"key": "open_invitation", "class": "behavioural", "params": {"programme_id": "two-way"}}
        outputs += [published("nudge.requested", nudge | times | invitation), published("nudge.cancelled", nudge)]

    events = year.events_until(START_AT + timedelta(days=20), outputs)

    left_alone = other.events_until(START_AT + timedelta(days=20), [output for output in outputs if short(output) == "nudge.requested"])
    assert {"participation.enrolled", "nudge.acted"} <= {short(event) for event in left_alone}
    assert not [event for event in events if short(event).startswith(("participation.", "nudge."))]
