"""The people stage as it is, and programmes that write down what they hear and settle every departure at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from engine.core.effects import Effects, Put, Record, Refuse, Rows, Send, StageName
from engine.core.execution import step
from engine.core.stage import Topology, processor, stage
from engine.core.stamp import stamp_of
from engine.core.table import Table
from engine.programme.messages import (
    DepartureSettled,
    Employment,
    FactsChanged,
    Message,
    NudgeOutcome,
    ParticipantErased,
    ParticipationRefused,
    ParticipationReported,
)
from engine.programme.people.person import Person
from engine.programme.people.person_view import described
from engine.programme.people.tables import PEOPLE, REPORTS
from engine.testing import TopologyDriver
from engine.topology import build
from schemas.terms.codes import ErrorCode

UNKNOWN_PROGRAMME = "nowhere"
"""The one programme that refuses everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that reached a programme."""

    at: datetime
    message: Any
    """Facts, a participation event or an erasure."""
    wake_at: datetime | None = None


HEARD: Final = Table(Heard, "heard")


def _hear(rows: Rows, message: FactsChanged | ParticipationReported | ParticipantErased, record: Record) -> Effects:
    n = sum(1 for _ in rows.scan(HEARD, f"{record.key}/"))
    yield Put(HEARD, f"{record.key}/{n:06}", Heard(at=record.at, message=message))
    if isinstance(message, FactsChanged) and message.is_leaving:
        settled = DepartureSettled(person_id=message.facts.person_id, programme_id=message.programme_id)
        yield Send(StageName.PEOPLE, message.facts.person_id, settled)
    if record.key == UNKNOWN_PROGRAMME and isinstance(message, ParticipationReported):
        assert record.origin is not None
        refusal = ParticipationRefused(
            person_id=message.person_id,
            programme_id=message.programme_id,
            stamp=stamp_of(message.event),
            source=message.event.source,
            event_id=message.event.id,
            redrive_count=record.origin.redrive_count,
        )
        yield Send(StageName.PEOPLE, message.person_id, refusal)
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "no such programme")


def _ignore(_rows: Rows, _message: NudgeOutcome, _record: Record) -> Effects:
    yield from ()


class PeopleDriver(TopologyDriver):
    """The driver, and short ways to ask it about people."""

    def __init__(self) -> None:
        programmes = stage(StageName.PROGRAMMES, processor(_hear, _ignore), HEARD)
        super().__init__(Topology(stages={StageName.PEOPLE: build().stages[StageName.PEOPLE], StageName.PROGRAMMES: programmes}))

    def deliver(self, person_id: str, message: Message, at: datetime) -> None:
        """Let one message arrive at a person's key; what it leads to elsewhere is left out."""
        record = Record(stage=StageName.PEOPLE, key=person_id, id="delivered", at=at, payload=message)
        people = build().stages[StageName.PEOPLE]
        self.store.apply(StageName.PEOPLE, step(people, self.store.rows(StageName.PEOPLE), record, salt=b"test"))

    def tick_late(self, at: datetime) -> None:
        """Let one tick find everything that has become due up to it, as after a time of standing still."""
        self._cascade.tick(at)

    def person(self, person_id: str) -> Person | None:
        """Return a person's row."""
        return self.row(StageName.PEOPLE, PEOPLE, person_id)

    def seen(self, person_id: str) -> dict[str, Any]:
        """Return what `inspect person` shows."""
        person = self.person(person_id)
        assert person is not None, person_id
        return described(person)

    def employment(self, person_id: str) -> Employment | None:
        """Return a person's employment; None for somebody without a row."""
        person = self.person(person_id)
        return None if person is None else person.employment

    def people(self) -> dict[str, dict[str, Any]]:
        """Return everybody, as `inspect person` shows them."""
        return {key: described(person) for key, person in self.rows(StageName.PEOPLE).scan(PEOPLE, "")}

    def reports(self, manager_id: str) -> list[str]:
        """Return who reports to a manager."""
        return [report.report_id for _, report in self.rows(StageName.PEOPLE).scan(REPORTS, f"{manager_id}/")]

    def heard(self, programme_id: str = "") -> list[Heard]:
        """Return what one programme has heard, oldest first; every programme's without an id."""
        prefix = f"{programme_id}/" if programme_id else ""
        return [heard for _, heard in self.rows(StageName.PROGRAMMES).scan(HEARD, prefix)]

    def facts(self, programme_id: str) -> list[FactsChanged]:
        """Return the changes of facts that one programme has heard of."""
        return [heard.message for heard in self.heard(programme_id) if isinstance(heard.message, FactsChanged)]
