"""One record in, one transition out: the step that every runtime shares.

A runtime reads bytes, loads rows, calls `step` or `fire`, and persists the returned `Transition` in one transaction: row changes, outputs,
dead letters and the position together, or none of them. It never looks inside. If the process dies before that commit, the same record
gives the same transition again (no clock, no random numbers, ids derived from causes); after it, the record's mark makes it a no-op.
What is published names no cause: ids and `causation` are hashes keyed with the salt, and no input's own id is ever passed on.
The order inside a step: deduplicate → apply, laying each effect over the rows → check invariants → collect.
Source: decisions 0002 (one core, two runtimes) and 0005 (effects as a stream); guarantees.P2, guarantees.P3, guarantees.P6, guarantees.P7.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, cast

from engine.core.dead_letters import DeadLetter, dead_letter
from engine.core.effects import (
    Declined,
    Delete,
    Due,
    Effects,
    Emit,
    Forget,
    Handler,
    Ignore,
    Note,
    Origin,
    Put,
    Record,
    Refuse,
    Repeated,
    Rows,
    Send,
)
from engine.core.identity import DerivedId, drawn_percent, hidden_id, hidden_name, pseudonym, pseudonym_on
from engine.core.marks import MARK_DAYS, MARK_PREFIX, Mark, Seen, Sequence, is_taken, mark_expiry, mark_of
from engine.core.stage import Stage
from engine.core.table import SEEN, SEQUENCES, Keys, Row, RowT, Table
from engine.errors import FatalError
from schemas.base import OutputData, data_json
from schemas.envelope import SOURCE, Event
from schemas.frozen import Frozen
from schemas.terms.codes import ErrorCode, RefusalCode
from schemas.terms.ids import PersonId
from schemas.text.fields import instant_text
from schemas.topics import DLQ_TIMERS

DAY_LENGTH: Final = len("2025-01-31")
CIRCUMSTANCES: Final = frozenset({ErrorCode.UNKNOWN_PROGRAMME, ErrorCode.UNKNOWN_PAIRING, ErrorCode.UNKNOWN_NUDGE})
"""Refusals that a later event can mend."""


class Outcome(StrEnum):
    """What became of a record. Values are metric labels."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    DEAD_LETTERED = "dead_lettered"
    IGNORED = "ignored"
    """Accepted, and left no trace: it was about somebody who had been erased."""
    REFUSED = "refused"
    """A command that was heard, and not carried out."""


TAKEN: Final = frozenset({Outcome.APPLIED, Outcome.REFUSED})
"""Outcomes of what moves the engine on: it is logged, marked and has its time."""


class Output(Frozen, kw_only=True):
    """One published event, not yet in either CloudEvents mode."""

    topic: str
    key: str
    id: str
    attributes: dict[str, str | int]
    data: bytes | None
    """Compact JSON of the body; None is a tombstone."""


@dataclass(slots=True, kw_only=True)
class Transition:
    """Everything that one step changes. The runtime persists all of it in one transaction."""

    outcome: Outcome
    changes: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    """(table, key) → the new row, or None for a deletion."""
    hops: list[Record] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    forgotten: tuple[PersonId, ...] = ()
    """People whom this step erased: the runtime drops the rest of them after the commit."""
    is_remembered: bool = True
    """Whether a repetition is answered from the mark; a refusal of circumstance isn't."""
    refusal: RefusalCode | None = None
    """Why a command was refused."""
    timer_cleared: tuple[str, str] | None = None
    """The (table, key) whose wake failed: its timer is cleared until the row is written again."""


class Draft:
    """The rows as one step sees them: the stored ones with the step's changes laid over.

    In a table of pseudonyms a rule names a person, or a day and a person, and the row is found and written under the salted hash: rules
    know no salt.
    """

    __slots__ = ("_salt", "_stored", "changes", "is_refused", "source")

    def __init__(self, stored: Rows, salt: bytes, source: str = SOURCE) -> None:
        self.source = source
        self._stored = stored
        self._salt = salt
        self.changes: dict[tuple[str, str], Row | None] = {}
        self.is_refused = False

    def get(self, table: Table[RowT], key: str) -> RowT | None:
        """Return the row as changed so far."""
        if table.keys is not Keys.PLAIN:
            key = self._stored_key(table.keys, key)
        changes = self.changes
        if changes and (table.name, key) in changes:
            return cast("RowT | None", changes[table.name, key])
        return self._stored.get(table, key)

    def lay(self, table: Table[RowT], key: str, row: RowT | None) -> None:
        """Lay a change over; None deletes."""
        if table.keys is not Keys.PLAIN:
            key = self._stored_key(table.keys, key)
        self.changes[table.name, key] = row

    def _stored_key(self, keys: Keys, key: str) -> str:
        """Return the key under which a row is stored; a key that a timer gave is one already."""
        if keys is Keys.PERSON or (keys is Keys.MARK and key.startswith(MARK_PREFIX)):
            return pseudonym(key, self._salt)
        if keys is Keys.DAY_AND_PERSON and key[DAY_LENGTH] == "/":
            day = key[:DAY_LENGTH]
            return f"{day}#{pseudonym_on(key[DAY_LENGTH + 1 :], date.fromisoformat(day), self._salt)}"
        return key

    def drawn_percent(self, subject: str) -> int:
        """Draw a lot for a subject."""
        return drawn_percent(subject, self._salt)

    def hidden_name(self, subject: str) -> str:
        """Name a subject so that a guess of it can't be tried out."""
        return hidden_name(subject, self._salt)

    def scan(self, table: Table[RowT], prefix: str) -> Iterator[tuple[str, RowT]]:
        """Yield (key, row) in key order as changed so far."""
        laid_over = {key: row for (of, key), row in self.changes.items() if of == table.name and key.startswith(prefix)}
        if not laid_over:
            yield from self._stored.scan(table, prefix)
            return
        merged = {**dict(self._stored.scan(table, prefix)), **cast("dict[str, RowT | None]", laid_over)}
        for key in sorted(merged):
            if (row := merged[key]) is not None:
                yield key, row


def step(stage: Stage, rows: Rows, record: Record, *, salt: bytes, source: str = SOURCE, unseen: Mark | None = None) -> Transition:
    """Apply one record to the rows of its key.

    Args:
        rows: the stored rows of the stage; only read.
        record: decoded by intake; its `at` is stamped by the runtime and never goes back within a partition.
        salt: of the pseudonyms on the audit topic; a setting of the installation.
        source: what the installation calls itself; part of what it publishes.
        unseen: the mark of an external record, where the caller knows from `repeated` that it was not seen before.
    Returns: the transition. A processor that raises gives `DEAD_LETTERED` with the original bytes and nothing else changed.
    """
    if not isinstance(record.payload, Event):
        return _applied(stage, rows, record, salt, source)
    mark = unseen or mark_of(record.event, record.redrive_count, salt)
    known = None if unseen else repeated(rows, record, mark)
    if known is not None:
        return known
    transition = _applied(stage, rows, record, salt, source)
    return transition if transition.outcome in {Outcome.IGNORED, Outcome.DUPLICATE} else _marked(transition, rows, record, mark)


def unpublishable(rows: Rows, record: Record, message: str, salt: bytes) -> Transition:
    """Refuse an external record whose outputs a runtime can't publish; nothing else changes."""
    return _marked(_refused(record, ErrorCode.PROCESSING_FAILED, message), rows, record, mark_of(record.event, record.redrive_count, salt))


def _marked(transition: Transition, rows: Rows, record: Record, mark: Mark) -> Transition:
    """Mark an external record as seen, unless it is to be judged anew."""
    is_refused = transition.outcome is Outcome.DEAD_LETTERED
    own, *first = mark.keys
    transition.is_remembered &= not (is_refused and first)
    if transition.is_remembered:
        refused = transition.dead_letters[0].code if is_refused else None
        seen = Seen(content=mark.content, refused=refused, wake_at=mark_expiry(record.at))
        free = (key for key in first if (known := rows.get(SEEN, key)) is None or known.refused is not None)
        transition.changes |= {(SEEN.name, key): seen for key in (own, *free)}
    return transition


def repeated(rows: Rows, record: Record, own: Mark) -> Transition | None:
    """Return the outcome of a record whose source and id were seen before; None for a new one.

    A repetition changes no row and has no effect in time, so a runtime in data time asks this before it fires timers up to the record.
    What was refused for good is refused again, with the same dead letter, whatever has become true since: only a redrive gives it another
    chance, as often as it takes. It stands in the way of nothing: another content under its id is judged as if it had never come. A redrive
    of what was taken meanwhile, by a redrive or because it was sent again, is a repetition.
    """
    mark, *first = [rows.get(SEEN, key) for key in own.keys]
    if first:
        return Transition(outcome=Outcome.DUPLICATE) if is_taken((mark, *first), own.content) else None
    if mark is None:
        return None
    if mark.content != own.content:
        if mark.refused is not None:
            return None
        message = f"first seen with content {mark.content}, now {own.content}"
        return _refused(record, ErrorCode.CONFLICTING_DUPLICATE, message)
    if mark.refused is not None:
        return _refused(record, mark.refused, "refused before")
    return Transition(outcome=Outcome.DUPLICATE)


def fire(stage: Stage, rows: Rows, table: str, key: str, *, at: datetime, salt: bytes, source: str = SOURCE) -> Transition:
    """Wake one row whose timer is due.

    The timer is cleared first; the processor sets the next one by what it writes. A wake that raises is its own dead letter: the row stays
    as it was, without its timer, so one bad row never stops time for the others.

    Args:
        at: the engine time of the tick, at or after the row's `wake_at`.
    Returns: the transition; never a `DUPLICATE`.
    """
    of = stage.tables[table]
    row = rows.get(of, key)
    assert row is not None and row.wake_at is not None and row.wake_at <= at, (table, key)
    due_at: datetime = row.wake_at
    cause_id = DerivedId("wake", stage.name, table, key, due_at.isoformat(), at.isoformat())
    draft = Draft(rows, salt, source)
    try:
        transition = _collect(
            stage, draft, stage.wakes[table](draft, row, Due(key=key, due_at=due_at, at=at)), _Cause(cause_id, at, None), salt
        )
        rewoken = draft.get(of, key)
        assert rewoken is None or rewoken.wake_at is None or rewoken.wake_at > due_at, f"timer of {table} does not move on"
    except FatalError:
        raise
    except Exception as error:  # noqa: BLE001 - the loop boundary of the core: one row's failure is a dead letter, not a stop
        return _timer_failed(stage, table, key, due_at, error)
    return transition


class _Cause(Frozen):
    seed: str | DerivedId
    """Name the cause that ids derive from, never published; two sources may give one id."""
    at: datetime
    record: Record | None


def _applied(stage: Stage, rows: Rows, record: Record, salt: bytes, source: str) -> Transition:
    payload = record.payload
    data = payload.data if isinstance(payload, Event) else payload
    handlers = stage.handlers[type(data)]
    draft = Draft(rows, salt, source)
    try:
        return _collect(stage, draft, _effects(handlers, draft, data, record), _Cause(_seed(record), record.at, record), salt)
    except FatalError:
        raise
    except Exception as error:  # noqa: BLE001 - the loop boundary of the core: one record's failure is a dead letter, not a stop
        transition = _refused(record, ErrorCode.PROCESSING_FAILED, _described(error))
        transition.notes.extend(_violations(error))
        return transition


def _effects(handlers: tuple[Handler, ...], draft: Draft, data: object, record: Record) -> Effects:
    for handler in handlers:
        if draft.is_refused:
            return
        yield from handler(draft, data, record)


def _seed(record: Record) -> str | DerivedId:
    """Return what ids made from a record derive from.

    The source counts, because ids are unique per source only; the content, because a conflicting record may be redriven; the window,
    because a record that comes again after its mark has gone is applied again, later. A redrive within it gives the ids it would have had.
    """
    event = record.payload
    if not isinstance(event, Event):
        return record.id
    window = record.at.toordinal() // MARK_DAYS
    return DerivedId("event", event.source, event.id, event.content, window)


def _collect(stage: Stage, draft: Draft, effects: Effects, cause: _Cause, salt: bytes) -> Transition:
    transition = Transition(outcome=Outcome.APPLIED, changes=draft.changes)
    counts: dict[tuple[str, str], int] = {}
    for effect in effects:
        if isinstance(effect, Put):  # by far the most frequent one, and told apart faster than by a pattern
            stage.tables[effect.table.name].check(effect.row)
            draft.lay(effect.table, effect.key, effect.row)
            continue
        match effect:
            case Delete(table, key):
                draft.lay(table, key, None)
            case Emit():
                transition.outputs.append(_output(draft, effect, cause, counts, salt))
            case Send():
                transition.hops.append(_hop(effect, cause, counts))
            case Note():
                transition.notes.append(effect)
            case Forget(person_id):
                transition.forgotten = (*transition.forgotten, person_id)
            case Ignore() | Repeated():
                assert not draft.changes and not transition.hops and not transition.outputs, "what is ignored has done nothing yet"
                transition.outcome = Outcome.IGNORED if isinstance(effect, Ignore) else Outcome.DUPLICATE
                break
            case Declined(code):
                transition.outcome = Outcome.REFUSED
                transition.refusal = code
            case Refuse(error, message, may_pass):
                assert cause.record is not None and cause.record.origin is not None, "only an external record can be refused"
                draft.is_refused = True
                transition.dead_letters.append(dead_letter(cause.record.origin, error, message))
                transition.outcome = Outcome.DEAD_LETTERED
                transition.is_remembered = not may_pass and error not in CIRCUMSTANCES
    return transition


def _hop(send: Send, cause: _Cause, counts: dict[tuple[str, str], int]) -> Record:
    kind = type(send.message).__name__
    n = counts[(kind, send.key)] = counts.get((kind, send.key), -1) + 1
    origin = cause.record.origin if send.carries_origin and cause.record else None
    id_ = DerivedId("hop", kind, send.key, cause.seed, n)
    return Record(stage=send.stage, key=send.key, id=id_, at=cause.at, payload=send.message, origin=origin)


def _output(draft: Draft, emit: Emit, cause: _Cause, counts: dict[tuple[str, str], int], salt: bytes) -> Output:
    type_ = emit.data.TYPE if emit.data is not None else "tombstone"
    key = pseudonym_on(emit.person_id, cause.at.date(), salt) if emit.person_id is not None else emit.key
    n = counts[(type_, key)] = counts.get((type_, key), -1) + 1
    seed = str(cause.seed)
    id_ = hidden_id(salt, type_, key, *emit.subjects, seed, n)
    sequence_key = f"{emit.topic.name}/{key}"
    past = draft.get(SEQUENCES, sequence_key) or Sequence(count=0)
    draft.lay(SEQUENCES, sequence_key, Sequence(count=past.count + 1))
    attributes: dict[str, str | int] = {
        "specversion": "1.0",
        "id": id_,
        "source": draft.source,
        "type": type_,
        "subject": key,
        "time": instant_text(emit.time or cause.at),
        "sequence": past.count + 1,
    }
    if emit.data is None:
        return Output(topic=emit.topic.name, key=key, id=id_, attributes=attributes, data=None)
    attributes["datacontenttype"] = "application/json"
    attributes["dataschema"] = emit.data.schema_uri()
    if emit.is_traceable:
        attributes["causation"] = hidden_id(salt, "cause", seed)
    if emit.expires_at is not None:
        attributes["expirytime"] = instant_text(emit.expires_at)
    if type(emit.data).CONFIDENTIAL:
        attributes["dataclassification"] = "confidential"
    return Output(
        topic=emit.topic.name, key=key, id=id_, attributes=attributes, data=data_json(_pseudonymous(emit.data, emit, cause.at.date(), salt))
    )


def _pseudonymous(data: OutputData, emit: Emit, day: date, salt: bytes) -> OutputData:
    people = (("subject", emit.person_id), ("actor", emit.actor_id))
    hashed = {field: pseudonym_on(person_id, day, salt) for field, person_id in people if person_id is not None}
    return data.model_copy(update=hashed) if hashed else data


def _refused(record: Record, code: ErrorCode, message: str) -> Transition:
    origin = record.origin or Origin(topic=f"bothways.{record.stage}-inbox.v1", key=record.key, value=repr(record.payload).encode())
    return Transition(outcome=Outcome.DEAD_LETTERED, dead_letters=[dead_letter(origin, code, message)])


def _timer_failed(stage: Stage, table: str, key: str, due_at: datetime, error: Exception) -> Transition:
    value = f'{{"table":"{table}","key":"{key}","due_at":"{instant_text(due_at)}"}}'.encode()
    origin = Origin(topic=DLQ_TIMERS.name, key=f"{stage.name}/{table}/{key}", value=value)
    letter = dead_letter(origin, ErrorCode.PROCESSING_FAILED, _described(error))
    return Transition(outcome=Outcome.DEAD_LETTERED, dead_letters=[letter], timer_cleared=(table, key), notes=_violations(error))


def _violations(error: Exception) -> list[Note]:
    """Count an assertion of the core that failed: a defect, where others may be odd input."""
    return [Note("bothways_invariant_violations_total")] if isinstance(error, AssertionError) else []


def _described(error: Exception) -> str:
    """Name a failure without its data: the type, and a hash of the message."""
    return f"{type(error).__name__} {hashlib.blake2b(str(error).encode(), digest_size=6).hexdigest()}"
