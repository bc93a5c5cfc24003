"""Given intents, withdrawals, feedback and time, when the people stage handles them, then nudges leave at the pace that was promised."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.calendar import Quiet, is_quiet, local_date
from engine.domain.messages import EmissionBounded, Employment, NudgeIntended, NudgeOutcome, NudgesWithdrawn, OutreachTerms, Reason
from engine.domain.nudging import LatePolicy, rule_of
from engine.domain.outreach import Contact
from engine.effects import Record, StageName
from engine.execution import Outcome, fire, step
from engine.identity import pseudonym
from engine.processors.outreach import CHECKS, CONTACTS, HANDLERS, NUDGED, ROW_TYPES, WAKES, erased, nudge_id_of
from engine.processors.people_tables import PEOPLE
from engine.topology import Stage, Table
from schemas.codes import NudgeCategory, NudgeClass, NudgeKey, NudgeReasonCode
from schemas.envelope import Event
from schemas.hr import HrErased, HrLeaveStarted
from schemas.ids import NudgeId, PairingId, PersonId, ProgrammeId
from schemas.nudge import NudgeActed, NudgeDelivered, NudgeDismissed, NudgeFailed, NudgeOptedIn, NudgeOptedOut

ANN: Final = PersonId("ann")
SALT: Final = b"test"
START: Final = datetime(2025, 1, 8, 10, tzinfo=UTC)
"""A Wednesday."""
WEEK: Final = timedelta(hours=168)
TERMS: Final = OutreachTerms(
    quiet_from="20:00",
    quiet_to="08:00",
    quiet_weekends=True,
    holidays=(),
    daily_cap=3,
    holdout_percent=0,
    soft_landing_days=10,
    policy_version=4,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """What outreach reads of the roster's row."""

    employment: Employment = Employment.ACTIVE
    timezone: str | None = None
    languages: tuple[str, ...] = ()
    leave_ended_at: datetime | None = None
    wake_at: None = None


STAGE: Final = Stage(
    name=StageName.PEOPLE,
    tables={name: Table(name=name, row_type=row_type, check=CHECKS.get(name, lambda _: None)) for name, row_type in ROW_TYPES.items()}
    | {name: Table(name=name, row_type=object) for name in (PEOPLE, "seen", "sequences")},
    handlers={
        payload: (handler,) for payload, handler in {**HANDLERS, HrErased: lambda rows, record: erased(rows, ANN, record.at)}.items()
    },
    wakes=WAKES,
)


@dataclass(slots=True)
class Desk:
    """The people stage in memory: messages go in, time passes, outputs and hops are kept."""

    at: datetime = START
    tables: dict[str, dict[str, Any]] = field(default_factory=lambda: {PEOPLE: {ANN: Somebody()}})
    outputs: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[NudgeOutcome] = field(default_factory=list)
    count: int = 0

    def get(self, table: str, key: str) -> Any | None:
        """Return a row."""
        return self.tables.get(table, {}).get(key)

    def scan(self, table: str, prefix: str) -> Iterator[tuple[str, Any]]:
        """Yield rows in key order."""
        rows = self.tables.get(table, {})
        yield from ((key, rows[key]) for key in sorted(rows) if key.startswith(prefix))

    def send(self, message: Any, *, key: str = ANN) -> None:
        """Handle one message or one event's data now."""
        self.count += 1
        payload = message
        if hasattr(message, "TYPE"):
            payload = Event(id=str(self.count), source="test", type=message.TYPE, time=self.at, data=message)
        self._take(step(STAGE, self, Record(stage=StageName.PEOPLE, key=key, id=f"r{self.count}", at=self.at, payload=payload), salt=SALT))

    def advance(self, by: timedelta, *, late: bool = False) -> None:
        """Let time pass, firing timers each at its instant, or all of them only at the end."""
        to = self.at + by
        while (due := self._due()) is not None and due[0] <= to:
            self.at = to if late else max(self.at, due[0])
            transition = fire(STAGE, self, CONTACTS, due[1], at=self.at, salt=SALT)
            self._take(transition)
        self.at = to

    def read(self, name: str) -> list[dict[str, Any]]:
        """Return the bodies of one type, oldest first, each with its `at`."""
        return [output for output in self.outputs if output["type"] == f"bothways.nudge.{name}.v1"]

    def suppressions(self) -> list[str]:
        """Return the reasons of all suppressions, oldest first."""
        return [body["reason"] for body in self.read("suppressed")]

    def _due(self) -> tuple[datetime, str] | None:
        return min(((row.wake_at, key) for key, row in self.tables.get(CONTACTS, {}).items() if row.wake_at is not None), default=None)

    def _take(self, transition: Any) -> None:
        assert Outcome.APPLIED == transition.outcome, transition.dead_letters
        for (table, key), row in transition.changes.items():
            if row is None:
                self.tables.get(table, {}).pop(key, None)
            else:
                self.tables.setdefault(table, {})[key] = row
        self.outcomes.extend(hop.payload for hop in transition.hops)
        for output in transition.outputs:
            self.outputs.append(
                {
                    "at": self.at,
                    "id": output.id,
                    "topic": output.topic,
                    "bus_key": output.key,
                    **output.attributes,
                    **json.loads(output.data),
                }
            )


def params_of(key: NudgeKey, programme_id: str, pairing_id: str | None) -> dict[str, Any]:
    """Return the least that a key's parameters need."""
    pair = {} if pairing_id is None else {"pairing_id": pairing_id, "partner_id": "bob"}
    extra: dict[NudgeKey, dict[str, Any]] = {
        NudgeKey.SESSION_TOMORROW: {"session_id": "s", "starts_at": "2025-01-09T10:00:00Z"},
        NudgeKey.LOG_SESSION: {"session_id": "s", "ended_at": "2025-01-07T10:00:00Z"},
        NudgeKey.PROFILE_INCOMPLETE: {"missing": ("offers",)},
        NudgeKey.COORDINATOR_STORM: {"parked_count": 3},
    }
    return {"programme_id": programme_id, **pair, **extra.get(key, {})}


def an_intent(
    key: NudgeKey = NudgeKey.PAIRING_STARTED,
    *,
    at: datetime = START,
    days: float = 14,
    occasion: str = "1",
    programme_id: str = "p",
    pairing: str | None = "p.0123456789abcdef",
    person_id: str = ANN,
    terms: OutreachTerms = TERMS,
) -> NudgeIntended:
    """Return an intent that is valid for some days."""
    return NudgeIntended(
        person_id=PersonId(person_id),
        programme_id=ProgrammeId(programme_id),
        pairing_id=None if pairing is None else PairingId(pairing),
        key=key,
        occasion=occasion,
        params=params_of(key, programme_id, pairing),
        expires_at=at + timedelta(days=days),
        terms=terms,
        reasons=(Reason(code=NudgeReasonCode.PAIRING_STATE, params={"state": "active"}),),
        data_used=("pairing.state",),
    )


def a_withdrawal(**changes: Any) -> NudgesWithdrawn:
    """Return a withdrawal of everything of the programme."""
    return NudgesWithdrawn(**({"person_id": ANN, "programme_id": ProgrammeId("p")} | changes))


def test_request_carries_what_a_notifier_needs() -> None:
    """The body is whole: no prose, no channel, and why under which policy."""
    desk = Desk()
    desk.tables[PEOPLE][ANN] = Somebody(timezone="Europe/Berlin", languages=("de", "en"))

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
        "template_version": 1,
        "reasons": [{"code": "pairing_state", "params": {"state": "active"}}],
        "data_used": ["pairing.state"],
        "policy_version": 4,
    }.items() <= request.items()
    assert ["requested"] == [outcome.outcome for outcome in desk.outcomes]


def test_suppression_is_audited_under_a_hash() -> None:
    """The audit names no person, and the programme hears the reason."""
    desk = Desk()
    desk.tables[PEOPLE][ANN] = Somebody(employment=Employment.ON_LEAVE)

    desk.send(an_intent())

    (suppressed,) = desk.read("suppressed")
    hashed = pseudonym(ANN, SALT)
    assert ("mentorship.audit.v1", hashed, hashed, "away") == tuple(suppressed[name] for name in ("topic", "bus_key", "person", "reason"))
    assert ["suppressed:away"] == [outcome.outcome for outcome in desk.outcomes]


def test_behavioural_nudges_come_one_a_week() -> None:
    """Two that wait: the more urgent one after a minute, the other 168 hours later, whatever the clocks do meanwhile."""
    desk = Desk(at=datetime(2025, 3, 26, 10, tzinfo=UTC))
    desk.tables[PEOPLE][ANN] = Somebody(timezone="Europe/Berlin")
    desk.send(an_intent(NudgeKey.OPEN_DEBATE, at=desk.at, days=45))
    desk.send(an_intent(NudgeKey.LOG_SESSION, at=desk.at, days=7))

    desk.advance(timedelta(days=10))

    assert [("log_session", "2025-03-26T10:01:00Z"), ("open_debate", "2025-04-02T10:01:00Z")] == [
        (body["key"], body["not_before"]) for body in desk.read("requested")
    ]
    assert desk.get(CONTACTS, ANN).wake_at is None


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


def test_done_action_withdraws_what_waits_and_cancels_what_was_requested() -> None:
    """Nothing once the action is done; the cancellation says the same whatever the cause."""
    desk = Desk()
    desk.send(an_intent(NudgeKey.LOG_SESSION))
    desk.send(an_intent(NudgeKey.PAIRING_STARTED))

    desk.send(a_withdrawal(pairing_id=PairingId("p.0123456789abcdef"), is_conflict=True))
    desk.send(a_withdrawal(pairing_id=PairingId("p.0123456789abcdef")))

    assert ["conflict"] == desk.suppressions()
    (cancelled,) = desk.read("cancelled")
    assert (nudge_id_of(an_intent()), "pairing_started:p.0123456789abcdef", "no_longer_needed") == (
        cancelled["nudge_id"],
        cancelled["cancellation_key"],
        cancelled["reason"],
    )
    assert ["requested", "suppressed:conflict", "cancelled"] == [outcome.outcome for outcome in desk.outcomes]


def test_withdrawn_intent_never_fires() -> None:
    """A withdrawal that comes before the timer wins, and takes the timer with it."""
    desk = Desk()
    desk.send(an_intent(NudgeKey.LOG_SESSION))
    desk.send(a_withdrawal())

    desk.advance(timedelta(days=30))

    assert desk.get(CONTACTS, ANN) is None
    assert [] == desk.read("requested")


@pytest.mark.parametrize(
    ("data_type", "outcome", "is_closed"),
    [
        (NudgeDelivered, "delivered", False),
        (NudgeActed, "acted", True),
        (NudgeDismissed, "dismissed", True),
        (NudgeFailed, "failed", True),
    ],
)
def test_feedback_reaches_the_programme_and_closes_the_nudge(data_type: Any, outcome: str, is_closed: bool) -> None:
    """What was delivered can still be recalled; what was acted on, dismissed or failed is over."""
    desk = Desk()
    desk.send(an_intent())

    desk.send(data_type(person_id=ANN, nudge_id=nudge_id_of(an_intent())))
    desk.send(a_withdrawal())

    assert ["requested", outcome] == [told.outcome for told in desk.outcomes][:2]
    assert is_closed == (desk.read("cancelled") == [])


def test_feedback_about_an_unknown_nudge_changes_nothing() -> None:
    """It is accepted: the nudge may be long settled."""
    desk = Desk()

    desk.send(NudgeActed(person_id=ANN, nudge_id=NudgeId("nobody-knows")))

    assert ([], []) == (desk.outputs, desk.outcomes)


def test_opting_out_silences_a_category_and_opting_in_opens_it() -> None:
    """What was requested for later is cancelled, what waits is suppressed when its turn comes, and the programme hears of it."""
    desk = Desk(at=START.replace(hour=22))
    desk.send(an_intent(NudgeKey.SESSION_TOMORROW, at=desk.at))
    desk.send(an_intent(NudgeKey.LOG_SESSION, at=desk.at))

    desk.send(NudgeOptedOut(person_id=ANN, category=NudgeCategory.SESSIONS))
    desk.advance(timedelta(days=1))
    desk.send(NudgeOptedIn(person_id=ANN, category=NudgeCategory.SESSIONS))
    desk.send(an_intent(NudgeKey.SESSION_TOMORROW, at=desk.at, occasion="2"))

    assert ["session_tomorrow"] == [body["cancellation_key"].split(":")[0] for body in desk.read("cancelled")]
    assert ["opted_out"] == desk.suppressions()
    assert ["requested", "opted_out", "opted_out", "cancelled", "suppressed:opted_out", "requested"] == [
        told.outcome for told in desk.outcomes
    ]


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
    assert ["2025-01-08T10:00:00Z"] * 3 + ["2025-01-09T08:00:00Z"] == [body["not_before"] for body in requested]


def test_person_without_a_row_is_left_alone() -> None:
    """Nobody knows them, or they were erased."""
    desk = Desk()

    desk.send(an_intent(person_id="zoe"), key="zoe")

    assert ["away"] == desk.suppressions()
    assert {} == desk.tables.get(CONTACTS, {})


def test_going_on_leave_recalls_what_was_not_heard_yet() -> None:
    """Nothing to a person on leave: what was requested for tomorrow morning is cancelled."""
    desk = Desk(at=START.replace(hour=21))
    desk.send(an_intent(at=desk.at))
    desk.tables[PEOPLE][ANN] = Somebody(employment=Employment.ON_LEAVE)

    desk.send(HrLeaveStarted(person_id=ANN, effective_on=date(2025, 1, 8)))

    assert [nudge_id_of(an_intent())] == [body["nudge_id"] for body in desk.read("cancelled")]


def test_erasure_drops_the_ledger_and_every_mark() -> None:
    """Nothing of the person stays, and what comes later brings nothing back."""
    desk = Desk()
    desk.send(an_intent())
    desk.send(an_intent(NudgeKey.LOG_SESSION))
    del desk.tables[PEOPLE][ANN]

    desk.send(HrErased(person_id=ANN))
    desk.send(an_intent(NudgeKey.OPEN_DEBATE))
    desk.send(a_withdrawal())
    desk.advance(timedelta(days=30))

    assert ({}, {}) == (desk.tables[CONTACTS], desk.tables[NUDGED])


def test_intent_with_parameters_that_do_not_fit_never_enters_the_ledger() -> None:
    """It is lost alone; a timer that trips over it would stop the whole ledger."""
    desk = Desk()
    record = Record(stage=StageName.PEOPLE, key=ANN, id="bad", at=START, payload=replace(an_intent(NudgeKey.LOG_SESSION), params={}))

    assert Outcome.DEAD_LETTERED is step(STAGE, desk, record, salt=SALT).outcome


KEYS: Final = (
    NudgeKey.PAIRING_STARTED,
    NudgeKey.SESSION_TOMORROW,
    NudgeKey.CONCLUDING,
    NudgeKey.LOG_SESSION,
    NudgeKey.BOOK_NEXT_SESSION,
    NudgeKey.OPEN_DEBATE,
    NudgeKey.STILL_RIGHT_FOR_YOU,
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "Australia/Lord_Howe"])
terms_drawn = st.builds(
    lambda cap, quiet_from, weekends: replace(TERMS, daily_cap=cap, quiet_from=quiet_from, quiet_weekends=weekends, holdout_percent=20),
    st.sampled_from([1, 3]),
    st.sampled_from(["20:00", "08:00", "02:30"]),
    st.booleans(),
)
"""Each programme keeps its terms: p and q."""
intending = st.tuples(st.just("intend"), st.sampled_from(KEYS), st.sampled_from("pq"), st.integers(1, 6), st.sampled_from([45, 14, 2, 0.1]))
advancing = st.tuples(st.just("advance"), st.sampled_from([61, 3_600, 40_000, 86_400, 600_000]), st.booleans())
disturbing = st.one_of(
    st.tuples(st.just("withdraw"), st.sampled_from("pq"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("choice"), st.sampled_from([NudgeOptedIn, NudgeOptedOut]), st.sampled_from(NudgeCategory)),
    st.tuples(st.just("person"), st.sampled_from([Employment.ACTIVE, Employment.ACTIVE, Employment.ON_LEAVE]), zones),
)
chapters = st.tuples(st.lists(intending, min_size=1, max_size=6), advancing, st.lists(disturbing, max_size=1), advancing)
"""A burst of intents, some time, perhaps something that comes between, some more time."""


@given(st.lists(chapters, min_size=4, max_size=12), st.tuples(terms_drawn, terms_drawn))
def test_promises_hold_over_any_history(history: list[Any], both: tuple[OutreachTerms, OutreachTerms]) -> None:
    """O1 to O5 from outside: gaps, caps, quiet hours, one end for each intent, cancellations only of what was requested."""
    desk = Desk(at=datetime(2025, 3, 26, 10, tzinfo=UTC))
    terms, taken_count = dict(zip("pq", both, strict=True)), 0
    for kind, *rest in (action for intents, first, between, then in history for action in (*intents, first, *between, then)):
        match kind, rest:
            case "intend", [key, programme_id, occasion, days]:
                intent = an_intent(
                    key,
                    at=desk.at,
                    days=days,
                    occasion=str(occasion),
                    programme_id=programme_id,
                    pairing=f"{programme_id}.0123456789abcdef",
                    terms=terms[programme_id],
                )
                taken_count += not _is_known(desk, intent)
                desk.send(intent)
            case "advance", [seconds, late]:
                desk.advance(timedelta(seconds=seconds), late=late)
            case "withdraw", [programme_id, keys]:
                desk.send(a_withdrawal(programme_id=ProgrammeId(programme_id), keys=tuple(keys)))
            case "choice", [data_type, category]:
                desk.send(data_type(person_id=ANN, category=category))
            case "person", [employment, zone]:
                desk.tables[PEOPLE][ANN] = Somebody(employment=employment, timezone=zone)

    requested = desk.read("requested")
    _assert_paced(requested)
    _assert_in_waking_hours(requested, terms)
    _assert_each_ended_once(desk, taken_count)


def _assert_paced(requested: list[dict[str, Any]]) -> None:
    behavioural = [_at(body["not_before"]) for body in requested if body["class"] == NudgeClass.BEHAVIOURAL]
    assert all(later - earlier >= WEEK for earlier, later in pairwise(behavioural))


def _assert_in_waking_hours(requested: list[dict[str, Any]], terms: dict[str, OutreachTerms]) -> None:
    counts: dict[date, int] = {}
    for body in requested:
        its, not_before = terms[body["programme_id"]], _at(body["not_before"])
        quiet = Quiet(from_clock=its.quiet_from, to_clock=its.quiet_to, is_weekend_quiet=its.quiet_weekends)
        assert not is_quiet(not_before, body["timezone"], quiet)
        assert body["at"] <= not_before < _at(body["expires_at"])
        day = local_date(not_before, body["timezone"])
        counts[day] = counts.get(day, 0) + 1
        assert counts[day] <= its.daily_cap


def _assert_each_ended_once(desk: Desk, taken_count: int) -> None:
    open_ids: set[str] = set()
    for body in desk.outputs:
        if body["type"].endswith("requested.v1"):
            open_ids.add(body["nudge_id"])
        elif body["type"].endswith("cancelled.v1"):
            open_ids.remove(body["nudge_id"])
    requested = {body["nudge_id"] for body in desk.read("requested")}
    contact = desk.get(CONTACTS, ANN) or Contact()
    assert len(requested) == len(desk.read("requested"))
    assert not requested & {waiting.nudge_id for waiting in contact.waiting}
    assert all(rule_of(waiting.intent.key).class_ is NudgeClass.BEHAVIOURAL for waiting in contact.waiting)
    assert taken_count == len(requested) + len(desk.read("suppressed")) + len(contact.waiting)
    assert len({body["id"] for body in desk.outputs}) == len(desk.outputs)


def _is_known(desk: Desk, intent: NudgeIntended) -> bool:
    """Say whether an intent is the same nudge as an earlier one, and so none of its own."""
    nudge_id = nudge_id_of(intent)
    contact = desk.get(CONTACTS, ANN) or Contact()
    waits = any(waiting.nudge_id == nudge_id for waiting in contact.waiting)
    is_replaced = rule_of(intent.key).late is LatePolicy.COALESCE or intent.expires_at <= desk.at
    return desk.get(NUDGED, f"{ANN}/{nudge_id}") is not None or (waits and not is_replaced)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
