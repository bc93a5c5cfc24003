"""The form of an inbox record: an external event byte for byte, or a message from another key, with what the receiver has to know.

The first headers are ours and stand in fixed places; an external record's own headers follow untouched, so that a refusal in any later
stage returns exactly what came in.

    bw_kind   `event`, `tick`, or the name of a message
    bw_id     identity of the cause
    bw_at     engine time that the sender asks for, seconds since 1970; the owner of the partition never goes back behind its own
    bw_from   only where an external record is behind it: JSON of topic, partition, position, received_at, redrive count
    bw_key    the same: the external record's key, as it came
    bw_value  the same, on messages: the external record's bytes (an event has them as its value)

Never knows: partitions, transactions, what a message means.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, get_args

import msgspec

from engine.domain.messages import Message, ParticipationReported, PersonFacts
from engine.effects import Headers, Origin, Record, StageName
from schemas.codec import decode
from schemas.envelope import Event
from schemas.ids import PersonId, ProgrammeId

KIND: Final = "bw_kind"
ID: Final = "bw_id"
AT: Final = "bw_at"
FROM: Final = "bw_from"
KEY: Final = "bw_key"
VALUE: Final = "bw_value"

EVENT_KIND: Final = "event"
TICK_KIND: Final = "tick"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
TAKEN_BEFORE: Final = datetime(9998, 1, 1, tzinfo=UTC)
"""Stands for `received_at` where a message brings an event along: intake has checked that it is not from the future."""


class Wired(NamedTuple):
    """One record, ready to be appended to a partition."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class Unreadable(ValueError):
    """An inbox record that no version of this engine wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passes in one partition: what is due at `at` fires."""

    at: datetime
    row: tuple[str, str] | None = None
    """Only this (table, key), if it is due; a driver in data time fires rows one by one."""
    limit: int | None = None
    """At most so many rows; 0 moves time alone. None leaves it to the engine."""


class _From(msgspec.Struct, array_like=True):
    topic: str
    partition: int
    position: int
    received_at: int
    redrive_count: int


class _Participation(msgspec.Struct):
    """A ParticipationReported without its event, which is decoded again from the external record."""

    programme_id: str
    person_id: str
    facts: PersonFacts


class _Tick(msgspec.Struct, omit_defaults=True):
    row: tuple[str, str] | None = None
    limit: int | None = None


_encode: Final = msgspec.json.Encoder().encode
_decode_from: Final = msgspec.json.Decoder(_From).decode
_decode_tick: Final = msgspec.json.Decoder(_Tick).decode
_decode_participation: Final = msgspec.json.Decoder(_Participation).decode
_decoders: Final[dict[str, Any]] = {
    kind.__name__: msgspec.json.Decoder(kind).decode for kind in get_args(Message) if kind is not ParticipationReported
}
_PARTICIPATION_KIND: Final = ParticipationReported.__name__


def seconds_from(at: datetime) -> int:
    """Return an instant in whole seconds since 1970."""
    return (at - _EPOCH) // _SECOND


def instant_from(seconds: int) -> datetime:
    """Return the instant of so many seconds since 1970."""
    return _EPOCH + timedelta(seconds=seconds)


def key_text(key: bytes | None) -> str | None:
    """Return a key as text that gives the same bytes back, whatever they are."""
    return None if key is None else key.decode("utf-8", "surrogateescape")


def key_bytes(key: str | None) -> bytes | None:
    """Return a key's bytes."""
    return None if key is None else key.encode("utf-8", "surrogateescape")


def encode_event(key: str, event_id: str, at: datetime, origin: Origin, received_at: datetime) -> Wired:
    """Write an external event for the inbox of its owner.

    Args:
        at: that the event asks for: `received_at`, or its own time in data time.
    """
    headers: list[tuple[str, bytes | None]] = [(KIND, b"event"), (ID, event_id.encode()), (AT, b"%d" % seconds_from(at))]
    headers.append((FROM, _from(origin, received_at)))
    headers.append((KEY, key_bytes(origin.key)))
    headers.extend(origin.headers)
    return Wired(key_bytes(key), origin.value, headers)


def encode_hop(hop: Record) -> Wired:
    """Write a message for the inbox of its receiver."""
    assert not isinstance(hop.payload, Event), "a hop carries a message"
    message = hop.payload
    kind = type(message).__name__
    headers: list[tuple[str, bytes | None]] = [(KIND, kind.encode()), (ID, hop.id.encode()), (AT, b"%d" % seconds_from(hop.at))]
    body: object = message
    if isinstance(message, ParticipationReported):
        assert hop.origin is not None, "an event travels with the record that it came in"
        body = _Participation(message.programme_id, message.person_id, message.facts)
    if hop.origin is not None:
        headers.append((FROM, _from(hop.origin, hop.received_at or hop.at)))
        headers.append((KEY, key_bytes(hop.origin.key)))
        headers.append((VALUE, hop.origin.value))
        headers.extend(hop.origin.headers)
    return Wired(key_bytes(hop.key), _encode(body), headers)


def encode_tick(tick: Tick) -> Wired:
    """Write a tick for one partition."""
    headers: list[tuple[str, bytes | None]] = [(KIND, b"tick"), (ID, b""), (AT, b"%d" % seconds_from(tick.at))]
    return Wired(b"", _encode(_Tick(tick.row, tick.limit)), headers)


def decode_inbox(stage: StageName, key: bytes | None, value: bytes | None, headers: Headers) -> Record | Tick:
    """Read an inbox record. Its `at` is the one that the sender asked for.

    Raises:
        Unreadable: not a record that this engine wrote.
    """
    try:
        (kind_name, kind), (id_name, id_), (at_name, at) = headers[:3]
        if (kind_name, id_name, at_name) != (KIND, ID, AT) or kind is None or id_ is None or at is None or value is None:
            raise Unreadable("its headers")
        asked_at = instant_from(int(at))
        if kind == b"tick":
            tick = _decode_tick(value)
            return Tick(at=asked_at, row=tick.row, limit=tick.limit)
        text = key_text(key) or ""
        if kind == b"event":
            return _event(stage, text, value, headers, asked_at)
        origin, received_at = (None, None) if len(headers) == 3 else _origin(headers, None)
        message = _message(kind.decode(), value, origin)
    except (ValueError, KeyError, OverflowError, msgspec.MsgspecError) as error:
        raise Unreadable(f"{type(error).__name__}") from error
    return Record(stage=stage, key=text, id=id_.decode(), at=asked_at, payload=message, origin=origin, received_at=received_at)


def _event(stage: StageName, key: str, value: bytes, headers: Headers, at: datetime) -> Record:
    origin, received_at = _origin(headers, value)
    event = decode(value, origin.headers, received_at)
    if not isinstance(event, Event):
        raise Unreadable("an event that intake would not have taken")
    return Record(stage=stage, key=key, id=event.id, at=at, payload=event, origin=origin, received_at=received_at)


def _message(kind: str, value: bytes, origin: Origin | None) -> Message:
    if kind != _PARTICIPATION_KIND:
        message: Message = _decoders[kind](value)
        return message
    reported = _decode_participation(value)
    event = decode(origin.value, origin.headers, TAKEN_BEFORE) if origin is not None else None
    if not isinstance(event, Event):
        raise Unreadable("a participation without its event")
    return ParticipationReported(
        programme_id=ProgrammeId(reported.programme_id), person_id=PersonId(reported.person_id), event=event, facts=reported.facts
    )


def _from(origin: Origin, received_at: datetime) -> bytes:
    return _encode(_From(origin.topic, origin.partition, origin.position, seconds_from(received_at), origin.redrive_count))


def _origin(headers: Headers, value: bytes | None) -> tuple[Origin, datetime]:
    """Read what is behind a record; `value` where the record's own value is the external one."""
    (from_name, from_), (key_name, key) = headers[3:5]
    if (from_name, key_name) != (FROM, KEY) or from_ is None:
        raise Unreadable("its origin")
    own = 5
    if value is None:
        name, value = headers[own]
        own += 1
        if name != VALUE or value is None:
            raise Unreadable("its origin's value")
    facts = _decode_from(from_)
    origin = Origin(
        topic=facts.topic,
        key=key_text(key),
        value=value,
        headers=tuple(headers[own:]),
        position=facts.position,
        partition=facts.partition,
        redrive_count=facts.redrive_count,
    )
    return origin, instant_from(facts.received_at)
