"""Outreach alone: the people stage in memory with one person, intents that go in, and what leaves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from engine.core.dead_letters import DeadLetter
from engine.core.effects import Effects, Origin, Record, Rows, StageName
from engine.core.execution import Outcome, Transition, fire, step
from engine.core.stage import in_order, processor, stage
from engine.core.table import RowT, Table
from engine.programme.coordinators import audit_days
from engine.programme.messages import Employment, NudgeIntended, NudgeOutcome, NudgesWithdrawn, OutreachTerms, Reason
from engine.programme.nudges.outreach import PROCESSOR, erased, person_changed
from engine.programme.nudges.outreach_rows import CONTACTS, CONTROLS, NUDGED
from engine.programme.people.tables import PEOPLE
from schemas.envelope import Event
from schemas.events.hr import HrErased, HrLeaveStarted
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey, NudgeReasonCode
from schemas.terms.ids import PairingId, PersonId, ProgrammeId
from schemas.topics import NUDGE_FEEDBACK
from tests.outreach_terms import TERMS as DEFAULT_TERMS

ANN: Final = PersonId("ann")
SALT: Final = b"test"
START: Final = datetime(2025, 1, 8, 10, tzinfo=UTC)
"""A Wednesday."""
TERMS: Final = replace(DEFAULT_TERMS, policy_version=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """What outreach reads of the roster's row."""

    employment: Employment = Employment.ACTIVE
    timezone: str | None = None
    languages: tuple[str, ...] = ()
    leave_ended_at: datetime | None = None
    wake_at: None = None


def _on_erased(rows: Rows, data: HrErased, record: Record) -> Effects:
    yield from erased(rows, data.person_id, record.at)


def _on_leave(rows: Rows, data: HrLeaveStarted, record: Record) -> Effects:
    yield from person_changed(rows, data.person_id, record.at)


STAGE: Final = stage(
    StageName.PEOPLE,
    in_order(PROCESSOR, audit_days.PROCESSOR, processor(_on_erased, _on_leave)),
    *(CONTACTS, NUDGED, CONTROLS, audit_days.AUDIT_DAYS, PEOPLE),
)


@dataclass(slots=True)
class Desk:
    """The people stage in memory: messages go in, time passes, outputs and hops are kept."""

    at: datetime = START
    tables: dict[str, dict[str, Any]] = field(default_factory=lambda: {PEOPLE.name: {ANN: Somebody()}})
    outputs: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[NudgeOutcome] = field(default_factory=list)
    """What programmes heard."""
    counted: list[str] = field(default_factory=list)
    """What the metrics count at once of each nudge."""
    count: int = 0

    def get(self, table: Table[RowT], key: str) -> RowT | None:
        """Return a row."""
        return self.tables.get(table.name, {}).get(key)

    def scan(self, table: Table[RowT], prefix: str) -> Iterator[tuple[str, RowT]]:
        """Yield rows in key order."""
        rows = self.tables.get(table.name, {})
        yield from ((key, rows[key]) for key in sorted(rows) if key.startswith(prefix))

    def send(self, message: Any, *, key: str = ANN) -> None:
        """Handle one message or one event's data now."""
        self._take(self._stepped(message, key))

    def refused(self, message: Any, *, key: str = ANN) -> DeadLetter:
        """Handle one event's data now, which had better be refused; return its dead letter."""
        transition = self._stepped(message, key)
        assert Outcome.DEAD_LETTERED == transition.outcome
        return transition.dead_letters[0]

    def _stepped(self, message: Any, key: str) -> Transition:
        self.count += 1
        payload = message
        if hasattr(message, "TYPE"):
            payload = Event(id=str(self.count), source="test", type=message.TYPE, time=self.at, data=message)
        origin = Origin(topic=NUDGE_FEEDBACK.name, value=b"{}")
        record = Record(stage=StageName.PEOPLE, key=key, id=f"r{self.count}", at=self.at, payload=payload, origin=origin)
        return step(STAGE, self, record, salt=SALT)

    def advance(self, by: timedelta, *, late: bool = False) -> None:
        """Let time pass, firing timers each at its instant, or all of them only at the end."""
        to = self.at + by
        while (due := self._due()) is not None and due[0] <= to:
            self.at = to if late else max(self.at, due[0])
            self._take(fire(STAGE, self, due[1], due[2], at=self.at, salt=SALT))
        self.at = to

    def read(self, name: str) -> list[dict[str, Any]]:
        """Return the bodies of one type, oldest first, each with its `at`."""
        return [output for output in self.outputs if output["type"] == f"bothways.nudge.{name}.v1"]

    def suppressions(self) -> list[str]:
        """Return the true reasons of all suppressions, oldest first, as the programmes hear them."""
        told = [outcome.outcome.partition(":") for outcome in self.outcomes]
        return [reason for kind, _, reason in told if kind == "suppressed"]

    def _due(self) -> tuple[datetime, str, str] | None:
        timed = (
            (row.wake_at, table, key) for table in STAGE.wakes for key, row in self.tables.get(table, {}).items() if row.wake_at is not None
        )
        return min(timed, default=None)

    def _take(self, transition: Any) -> None:
        assert Outcome.APPLIED == transition.outcome, transition.dead_letters
        for (table, key), row in transition.changes.items():
            if row is None:
                self.tables.get(table, {}).pop(key, None)
            else:
                self.tables.setdefault(table, {})[key] = row
        self.outcomes.extend(hop.payload for hop in transition.hops)
        self.counted.extend(note.labels["outcome"] for note in transition.notes if note.metric == "bothways_nudges_total")
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
