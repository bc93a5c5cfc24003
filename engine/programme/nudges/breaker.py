"""The breaker at the door: every nudge intent of a programme passes here.

From here it leaves for the person's stage.

`guarded` wraps the rules and timers of the programmes stage, so that no rule can forget the breaker and none has to know of it. Here too
an intent gets the calendar and the hours of its person.
"""

from datetime import datetime
from typing import Any, Final

from engine.core.effects import Delete, Due, Effects, Handler, Put, Record, Rows, RowsOfStep, Send, StageName, Wake
from engine.core.stage import Processor, processor
from engine.core.table import Table
from engine.programme.coordinators.coordinator_notes import untold, watched
from engine.programme.messages import NudgeHeldBack, NudgeIntended, NudgesWithdrawn
from engine.programme.nudges.breaker_rules import PARKED_MAX, Parked, Storm, counted, limit_of, takes_back
from engine.programme.nudges.intents import coordinator_of, intended, placed
from engine.programme.rounds.programme import Programme, ProgrammeStatus
from engine.programme.tables import PARTICIPANTS, PROGRAMMES
from engine.programme.times.reach import waking_in
from schemas.events.programme import NudgesReleased
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey, SuppressionReason
from schemas.terms.ids import ProgrammeId

STORMS: Final = Table(Storm, "storms")
PARKED: Final = Table(Parked, "parked")
_BESIDE: Final = frozenset({NudgeKey.ENROLMENT_RECORDED})
"""Keys that pass beside the breaker, uncounted: as many as there are forms."""


def guarded(rules: Processor) -> Processor:
    """Let every intent of these rules and timers pass the breaker."""
    return Processor(
        handlers={kind: tuple(map(_guarded_handler, handlers)) for kind, handlers in rules.handlers.items()},
        wakes={table: _guarded_wake(wake) for table, wake in rules.wakes.items()},
    )


def _guarded_handler(handler: Handler) -> Handler:
    def run(rows: RowsOfStep, data: Any, record: Record) -> Effects:
        return _passed(rows, watched(rows, handler(rows, data, record)), record.at)

    return run


def _guarded_wake(wake: Wake) -> Wake:
    def run(rows: RowsOfStep, row: Any, due: Due) -> Effects:
        return _passed(rows, watched(rows, wake(rows, row, due)), due.at)

    return run


def _passed(rows: Rows, effects: Effects, at: datetime) -> Effects:
    for effect in effects:
        message = effect.message if isinstance(effect, Send) else None
        if isinstance(message, NudgeIntended):
            yield from _admitted(rows, _addressed(rows, message, at), at)
            continue
        yield effect
        if isinstance(message, NudgesWithdrawn) and not message.is_settling:
            yield from _unparked(rows, message)


def _addressed(rows: Rows, intent: NudgeIntended, at: datetime) -> NudgeIntended:
    """Give an intent the calendar and the hours of its person.

    It happens here, so that no rule can forget it.
    """
    programme = rows.get(PROGRAMMES, intent.programme_id)
    return intent if programme is None else placed(intent, waking_in(rows, programme, intent.person_id), at)


def _admitted(rows: Rows, intent: NudgeIntended, at: datetime) -> Effects:
    """Let an intent leave, or park it.

    Notes to a coordinator, and what a form recorded in somebody's name, always leave.
    """
    send = Send(StageName.PEOPLE, intent.person_id, intent)
    programme = rows.get(PROGRAMMES, intent.programme_id)
    if programme is None or intent.key in _BESIDE or intent.person_id == coordinator_of(intent.programme_id):
        yield send
        return
    before = _storm(rows, programme, at)
    storm = counted(before)
    if not storm.is_open:
        yield Put(STORMS, programme.programme_id, storm)
        yield send
        return
    yield Put(STORMS, programme.programme_id, replace(storm, parked_count=storm.parked_count + 1))
    key = f"{_parked_of(intent)}{storm.parked_count:08d}"
    if storm.parked_count >= PARKED_MAX:
        yield from held_back(intent, SuppressionReason.STORM)
        return
    yield Put(PARKED, key, Parked(intent=intent, parked_at=at))
    if not before.is_open:
        params = {"parked_count": 1}
        receiver = coordinator_of(programme.programme_id)
        alarm = intended(programme, NudgeKey.COORDINATOR_STORM, receiver, at=at, occasion=f"{at:%Y-%m-%d}", params=params)
        yield from _passed(rows, alarm, at)


def _storm(rows: Rows, programme: Programme, at: datetime) -> Storm:
    """Return the breaker of this day, by the policy in force.

    The day's first intent counts the participants anew.
    """
    storm = rows.get(STORMS, programme.programme_id)
    if storm is not None and storm.day == at.date():
        limit = programme.policy.nudge_storm_per_day or storm.limit
        return storm if limit == storm.limit else replace(storm, limit=limit)
    participants_count = sum(1 for _ in rows.scan(PARTICIPANTS, f"{programme.programme_id}/"))
    limit = limit_of(programme.policy.nudge_storm_per_day, participants_count)
    return Storm(day=at.date(), limit=limit) if storm is None else replace(storm, day=at.date(), intents_count=0, limit=limit)


def _unparked(rows: Rows, withdrawal: NudgesWithdrawn) -> Effects:
    """Take back what is parked and no longer needed."""
    storm = rows.get(STORMS, withdrawal.programme_id)
    if storm is None or not storm.is_open:
        return
    reason = SuppressionReason.CONFLICT if withdrawal.is_conflict else SuppressionReason.DONE
    for key, parked in list(rows.scan(PARKED, _parked_of(withdrawal))):
        if takes_back(withdrawal, parked.intent):
            yield Delete(PARKED, key)
            yield from held_back(parked.intent, reason)


def on_released(rows: Rows, data: NudgesReleased, record: Record) -> Effects:
    """Let everything parked leave in its order, unless the programme is closed.

    Not itself guarded, or it would be parked again.
    """
    programme = rows.get(PROGRAMMES, data.programme_id)
    if programme is not None and programme.status is not ProgrammeStatus.CLOSED:
        yield from _released(rows, data.programme_id, record.at)


def _released(rows: Rows, programme_id: ProgrammeId, at: datetime) -> Effects:
    """Send what still makes sense (nudges.B2).

    What has expired meanwhile is recorded as held back by the storm.
    """
    for key, parked in sorted(rows.scan(PARKED, f"{programme_id}/"), key=_arrival):
        yield Delete(PARKED, key)
        if parked.intent.expires_at <= at:
            yield from held_back(parked.intent, SuppressionReason.STORM)
        else:
            yield Send(StageName.PEOPLE, parked.intent.person_id, parked.intent)
    storm = rows.get(STORMS, programme_id)
    if storm is not None:
        yield Put(STORMS, programme_id, replace(storm, day=at.date(), intents_count=0, is_open=False, parked_count=0))
        if storm.is_open:
            yield from untold(programme_id, NudgeKey.COORDINATOR_STORM)


def _parked_of(message: NudgeIntended | NudgesWithdrawn) -> str:
    """Return the beginning of the keys of one person's parked intents.

    So a withdrawal looks at nobody else's.
    """
    return f"{message.programme_id}/{message.person_id}/"


def _arrival(found: tuple[str, Parked]) -> int:
    return int(found[0].rpartition("/")[2])


def held_back(intent: NudgeIntended, reason: SuppressionReason) -> Effects:
    """Let the person's key record a parked intent as suppressed (nudges.B2, nudges.B3).

    So is one that found no room to park.
    """
    yield Send(StageName.PEOPLE, intent.person_id, NudgeHeldBack(intent=intent, reason=reason))


BEHIND: Final = processor(on_released)
"""What acts behind the breaker."""
