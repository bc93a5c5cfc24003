"""What every command of a coordinator gets: an answer on the audit topic, once.

Decides: nothing; whether a command was answered before is coordinators/answered.
Never knows: what a command does (rounds/commands, rounds/pair_commands).

A command that is older than the last word on the same thing changes nothing. It is answered all the same: it came, and was heard.
"""

from typing import Final

from engine.core.effects import Declined, Effects, Emit, Put, Record, Rows
from engine.core.stamp import stamp_of
from engine.core.table import Table
from engine.programme.coordinators.answered import NOTHING, Answered, was_answered, with_answer
from engine.programme.times.calendar import start_of_day
from schemas.base import OutputData
from schemas.events.audit import CommandRecorded, CommandRefused
from schemas.events.pairing import PairingAllowed, PairingForbidden
from schemas.terms.codes import RefusalCode
from schemas.terms.ids import PairingId, ProgrammeId, programme_of
from schemas.terms.reasons import published_reason
from schemas.topics import AUDIT

ANSWERED: Final = Table(Answered, "answered")
_DAILY: Final = (PairingForbidden, PairingAllowed)
"""Commands that are recorded with the start of their day.

What follows at that second would show whom they name.
"""

Subject = ProgrammeId | PairingId


def is_repeated(rows: Rows, programme_id: ProgrammeId, record: Record) -> bool:
    """Say whether a command of a programme was answered before, though its mark is gone."""
    return was_answered(rows.get(ANSWERED, programme_id) or NOTHING, stamp_of(record.event), record.at)


def done(rows: Rows, subject_id: Subject, record: Record) -> Effects:
    """Record a command that was carried out, or that a later one has overtaken.

    A reason is published only as a code.
    """
    event = record.event
    reason = published_reason(getattr(event.data, "reason", None))
    yield _noted(rows, subject_id, record)
    yield _audited(subject_id, record, CommandRecorded(type=event.type, subject=subject_id, reason=reason), actor_id=event.actor)


def refused(rows: Rows, subject_id: Subject, record: Record, code: RefusalCode) -> Effects:
    """Refuse a command."""
    yield Declined(code)
    yield _noted(rows, subject_id, record)
    yield _audited(subject_id, record, CommandRefused(type=record.event.type, subject=subject_id, code=code))


def _noted(rows: Rows, subject_id: Subject, record: Record) -> Put[Answered]:
    key = programme_of(PairingId(subject_id)) if "." in subject_id else subject_id
    known = rows.get(ANSWERED, key) or NOTHING
    return Put(ANSWERED, key, with_answer(known, stamp_of(record.event)))


def _audited(subject_id: Subject, record: Record, data: OutputData, *, actor_id: str | None = None) -> Emit:
    time = start_of_day(record.at.date(), None) if isinstance(record.event.data, _DAILY) else None
    return Emit(topic=AUDIT, key=subject_id, data=data, actor_id=actor_id, time=time)
