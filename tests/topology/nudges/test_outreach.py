"""Given intents and time, when outreach handles them, then nudges leave whole, once, at the pace that was promised."""

from datetime import UTC, date, datetime, timedelta

from engine.core.effects import Record, StageName
from engine.core.execution import Outcome, step
from engine.core.identity import pseudonym_on
from engine.programme.messages import EmissionBounded, Employment
from engine.programme.nudges.outreach import nudge_id_of
from engine.programme.nudges.outreach_rows import CONTACTS
from engine.programme.people.tables import PEOPLE
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey
from tests.spread import is_spread
from tests.topology.stories.outreach_desk import ANN, SALT, STAGE, START, Desk, Somebody, an_intent


def test_request_carries_what_a_notifier_needs() -> None:
    """The body is whole: no prose, no channel, and why under which policy."""
    desk = Desk()
    desk.tables[PEOPLE.name][ANN] = Somebody(timezone="Europe/Berlin", languages=("de", "en"))

    desk.send(an_intent())

    (request,) = desk.read("requested")
    assert {
        "topic": "mentorship.nudges.v1",
        "bus_key": ANN,
        "expirytime": "2025-01-22T10:00:00Z",
        "dataclassification": "confidential",
        "nudge_id": nudge_id_of(an_intent()),
        "person_id": ANN,
        "key": "pairing_started",
        "class": "transactional",
        "category": "pairing",
        "params": {"programme_id": "p", "pairing_id": "p.0123456789abcdef", "partner_id": "bob"},
        "pairing_id": "p.0123456789abcdef",
        "programme_id": "p",
        "not_before": "2025-01-08T10:00:00Z",
        "expires_at": "2025-01-22T10:00:00Z",
        "timezone": "Europe/Berlin",
        "locale": "de",
        "priority": 0,
        "cancellation_key": "pairing_started:p.0123456789abcdef",
        "template_version": 2,
        "reasons": [{"code": "pairing_state", "params": {"state": "active"}}],
        "data_used": ["pairing.state"],
        "policy_version": 4,
    }.items() <= request.items()
    assert ["requested"] == [outcome.outcome for outcome in desk.outcomes]


def test_no_programme_hears_what_became_of_a_note_to_its_coordinator() -> None:
    """It is counted; no figure and no rule of a programme goes by it."""
    desk = Desk()

    desk.send(an_intent(NudgeKey.COORDINATOR_STORM, pairing=None, person_id="coordinator:p"))

    assert (["requested"], []) == (desk.counted, desk.outcomes)


def test_suppression_is_audited_at_the_end_of_the_day_under_a_hash_of_that_day() -> None:
    """The audit names no person and no private reason, the programme hears the true one at once."""
    desk = Desk()
    desk.tables[PEOPLE.name][ANN] = Somebody(employment=Employment.ON_LEAVE)

    desk.send(an_intent())
    assert ["suppressed:away"] == [outcome.outcome for outcome in desk.outcomes]
    assert ([], []) == (desk.read("suppressed"), desk.counted)
    desk.advance(timedelta(days=1))

    (suppressed,) = desk.read("suppressed")
    hashed = pseudonym_on(ANN, date(2025, 1, 8), SALT)
    told = tuple(suppressed[name] for name in ("topic", "bus_key", "person", "reason", "time", "sequence"))
    assert ("mentorship.audit.v1", hashed, hashed, "withheld", "2025-01-09T00:00:00Z", 1) == told
    assert "causation" not in suppressed


def test_behavioural_nudges_come_one_a_week() -> None:
    """Two that wait: the more urgent one after a minute, the other 168 hours later, whatever the clocks do meanwhile."""
    desk = Desk(at=datetime(2025, 3, 26, 10, tzinfo=UTC))
    desk.tables[PEOPLE.name][ANN] = Somebody(timezone="Europe/Berlin")
    desk.send(an_intent(NudgeKey.OPEN_DEBATE, at=desk.at, days=45))
    desk.send(an_intent(NudgeKey.LOG_SESSION, at=desk.at, days=7))

    desk.advance(timedelta(days=10))

    assert [("log_session", "2025-03-26T10:01:00Z"), ("open_debate", "2025-04-02T10:01:00Z")] == [
        (body["key"], body["not_before"]) for body in desk.read("requested")
    ]
    contact = desk.get(CONTACTS, ANN)
    assert contact is not None
    assert contact.wake_at is None


def test_late_timer_chooses_at_the_next_waking_instant() -> None:
    """A tick that comes at night, long after the timer was due, wakes nobody."""
    desk = Desk()
    desk.send(an_intent(NudgeKey.OPEN_DEBATE, days=45))

    desk.advance(timedelta(days=2, hours=11), late=True)
    assert [] == desk.read("requested")

    desk.advance(timedelta(days=3))
    assert ["2025-01-13T08:00:00Z"] == [body["not_before"] for body in desk.read("requested")]


def test_intents_expire_once_after_long_downtime() -> None:
    """A year away: what waited is over, and nothing is sent."""
    desk = Desk()
    for key in (NudgeKey.OPEN_DEBATE, NudgeKey.LOG_SESSION):
        desk.send(an_intent(key))

    desk.advance(timedelta(days=365), late=True)

    assert ["expired_waiting", "expired_waiting"] == desk.suppressions()
    assert [] == desk.read("requested")


def test_same_occasion_is_requested_once_for_ever() -> None:
    """One nudge per key, person, pairing and occasion, long after the first is settled; another occasion is another nudge."""
    desk = Desk()
    desk.send(an_intent())
    desk.advance(timedelta(days=100))

    desk.send(an_intent(at=desk.at))
    desk.send(an_intent(at=desk.at, occasion="2"))

    assert 2 == len(desk.read("requested"))
    assert [] == desk.read("suppressed")


def test_history_before_the_bound_sends_nothing() -> None:
    """Backfill: transactional intents are suppressed as they come, behavioural ones when their turn comes, and no slot is taken."""
    desk = Desk()
    desk.send(EmissionBounded(emit_from=START + timedelta(days=30)))
    desk.send(an_intent())
    desk.send(an_intent(NudgeKey.LOG_SESSION, days=7))
    desk.send(an_intent(NudgeKey.OPEN_DEBATE, days=45))
    desk.advance(timedelta(days=31))
    desk.send(an_intent(NudgeKey.FLIP_ROLES, at=desk.at))
    desk.advance(timedelta(days=3))

    assert ["backfill", "backfill", "backfill"] == desk.suppressions()
    assert ["flip_roles"] == [body["key"] for body in desk.read("requested")]


def test_coordinator_is_always_there_in_utc() -> None:
    """A coordinator has no row with the roster; the fourth nudge of a day waits for the next like anybody's."""
    desk = Desk()
    for number in range(4):
        intent = an_intent(NudgeKey.COORDINATOR_STORM, pairing=None, person_id="coordinator:p", occasion=str(number))
        desk.send(intent, key="coordinator:p")

    requested = desk.read("requested")
    assert {("UTC", "coordinator_storm:p", "coordination")} == {
        (body["timezone"], body["cancellation_key"], body["category"]) for body in requested
    }
    assert ["2025-01-08T10:00:00Z"] * 3 == [body["not_before"] for body in requested[:3]]
    assert is_spread(datetime.fromisoformat(requested[3]["not_before"]), datetime(2025, 1, 9, 8, tzinfo=UTC))


def test_person_without_a_row_is_left_alone() -> None:
    """Nobody knows them, or they were erased."""
    desk = Desk()

    desk.send(an_intent(person_id="zoe"), key="zoe")

    assert ["away"] == desk.suppressions()
    assert {} == desk.tables.get(CONTACTS.name, {})


def test_intent_with_parameters_that_do_not_fit_never_enters_the_ledger() -> None:
    """It is lost alone; a timer that trips over it would stop the whole ledger."""
    desk = Desk()
    record = Record(stage=StageName.PEOPLE, key=ANN, id="bad", at=START, payload=replace(an_intent(NudgeKey.LOG_SESSION), params={}))

    assert Outcome.DEAD_LETTERED is step(STAGE, desk, record, salt=SALT).outcome
