"""The form of an inbox record: an external event byte for byte, or a message from another key, with what the receiver has to know.

The headers are ours and stand in fixed places.

    bw_kind    `event`, `tick`, or the name of a message
    bw_id      identity of the cause
    bw_at      engine time that the sender asks for, seconds since 1970; the owner of the partition never goes back behind its own
    bw_behind  only where an external record is behind it: MessagePack of where it lay, its key and headers as they came, so that a refusal
               in any later stage returns exactly that, and the attributes of the event that intake read in it
    bw_value   the same, on messages: the external record's bytes (an event has them as its value)

Intake judges an external record once, strictly. Who reads the inbox trusts what it wrote down, and reads only the data again, from the
external record's bytes, because those travel anyway.

Earlier versions wrote `bw_from` (JSON of topic, partition, position, received_at, redrive count) and `bw_key` in the place of `bw_behind`,
then `bw_value` on messages, then the external record's headers one by one, and no attributes. Such records are still read, strictly.

Never knows: partitions, transactions, what a message means.

Source: decision 0104 (inboxes).
"""

from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple, get_args

import msgspec

from engine.core.effects import Headers, Origin, Record, StageName
from engine.programme.messages import Message, ParticipationReported, PersonFacts
from schemas.codec import data_again, decode
from schemas.envelope import Event
from schemas.frozen import Frozen
from schemas.terms.ids import PersonId, ProgrammeId

KIND: Final = "bw_kind"
ID: Final = "bw_id"
AT: Final = "bw_at"
BEHIND_HEADER: Final = "bw_behind"
VALUE: Final = "bw_value"
_OLD_FROM: Final = "bw_from"
_OLD_KEY: Final = "bw_key"

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


class Tick(Frozen, kw_only=True):
    """Time passes in one partition: what is due at `at` fires."""

    at: datetime
    row: tuple[str, str] | None = None
    """Only this (table, key), if it is due; a driver in data time fires rows one by one."""
    limit: int | None = None
    """At most so many rows; 0 moves time alone. None leaves it to the engine."""


class _Attributes(msgspec.Struct, array_like=True):
    """An event without its data; names are those of `Event`."""

    id: str
    source: str
    type: str
    time: datetime
    actor: str | None
    relayedby: str | None
    recordedtime: datetime | None
    sequence: int | None
    expirytime: datetime | None
    content: str


class _Behind(msgspec.Struct, array_like=True):
    """An external record without its value, and what intake read in it; None where the message does not carry the event on."""

    topic: str
    partition: int
    position: int
    received_at: datetime
    redrive_count: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    event: _Attributes | None


class _OldFrom(msgspec.Struct, array_like=True):
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
    is_leaving: bool = False


class _Tick(msgspec.Struct, omit_defaults=True):
    row: tuple[str, str] | None = None
    limit: int | None = None


_attributes_of: Final = attrgetter(*_Attributes.__struct_fields__)
_encode: Final = msgspec.json.Encoder(order="deterministic").encode
"""A row that was restored has its keys in another order than one that was never written; what is said of both has the same bytes."""
_encode_behind: Final = msgspec.msgpack.Encoder().encode
_decode_behind: Final = msgspec.msgpack.Decoder(_Behind).decode
_decode_old_from: Final = msgspec.json.Decoder(_OldFrom).decode
_decode_tick: Final = msgspec.json.Decoder(_Tick).decode
_decode_participation: Final = msgspec.json.Decoder(_Participation).decode
_decoders: Final[dict[str, Any]] = {
    kind.__name__: msgspec.json.Decoder(kind).decode for kind in get_args(Message) if kind is not ParticipationReported
}
_PARTICIPATION_KIND: Final = ParticipationReported.__name__


def whole_seconds_of(at: datetime) -> int:
    """Return an instant in whole seconds since 1970."""
    return (at - _EPOCH) // _SECOND


def instant_of_seconds(seconds: int) -> datetime:
    """Return the instant of so many seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def key_text(key: bytes | None) -> str | None:
    """Return a key as text that gives the same bytes back, whatever they are."""
    return None if key is None else key.decode("utf-8", "surrogateescape")


def key_bytes(key: str | None) -> bytes | None:
    """Return a key's bytes."""
    return None if key is None else key.encode("utf-8", "surrogateescape")


def encode_event(key: str, event: Event, at: datetime, origin: Origin, received_at: datetime) -> Wired:
    """Write an external event for the inbox of its owner.

    Args:
        event: as intake read it.
        at: that the event asks for: `received_at`, or its own time in data time.
    """
    headers: list[tuple[str, bytes | None]] = [(KIND, b"event"), (ID, event.id.encode()), (AT, b"%d" % whole_seconds_of(at))]
    headers.append((BEHIND_HEADER, _behind(origin, received_at, event)))
    return Wired(key_bytes(key), origin.value, headers)


def encode_hop(hop: Record) -> Wired:
    """Write a message for the inbox of its receiver."""
    assert not isinstance(hop.payload, Event), "a hop carries a message"
    message = hop.payload
    kind = type(message).__name__
    headers: list[tuple[str, bytes | None]] = [(KIND, kind.encode()), (ID, str(hop.id).encode()), (AT, b"%d" % whole_seconds_of(hop.at))]
    body: object = message
    event = None
    if isinstance(message, ParticipationReported):
        assert hop.origin is not None, "an event travels with the record that it came in"
        event = message.event
        body = _Participation(message.programme_id, message.person_id, message.facts, message.is_leaving)
    if hop.origin is not None:
        headers.append((BEHIND_HEADER, _behind(hop.origin, hop.received_at or hop.at, event)))
        headers.append((VALUE, hop.origin.value))
    return Wired(key_bytes(hop.key), _encode(body), headers)


def encode_tick(tick: Tick) -> Wired:
    """Write a tick for one partition."""
    headers: list[tuple[str, bytes | None]] = [(KIND, b"tick"), (ID, b""), (AT, b"%d" % whole_seconds_of(tick.at))]
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
        asked_at = instant_of_seconds(int(at))
        if kind == b"tick":
            tick = _decode_tick(value)
            return Tick(at=asked_at, row=tick.row, limit=tick.limit)
        text = key_text(key) or ""
        if kind == b"event":
            return _event(stage, text, value, headers, asked_at)
        found = None if len(headers) == 3 else _found(headers, None)
        message = _message(kind.decode(), value, found)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, msgspec.MsgspecError) as error:
        raise Unreadable(f"{type(error).__name__}") from error
    origin, received_at = (None, None) if found is None else (found.origin, found.received_at)
    return Record(stage=stage, key=text, id=id_.decode(), at=asked_at, payload=message, origin=origin, received_at=received_at)


class _Found(NamedTuple):
    """What is behind a record, read."""

    origin: Origin
    received_at: datetime
    event: _Attributes | None


def _event(stage: StageName, key: str, value: bytes, headers: Headers, at: datetime) -> Record:
    found = _found(headers, value)
    event = _event_of(found, found.received_at)
    return Record(stage=stage, key=key, id=event.id, at=at, payload=event, origin=found.origin, received_at=found.received_at)


def _message(kind: str, value: bytes, found: _Found | None) -> Message:
    if kind != _PARTICIPATION_KIND:
        message: Message = _decoders[kind](value)
        return message
    if found is None:
        raise Unreadable("a participation without its event")
    reported = _decode_participation(value)
    return ParticipationReported(
        programme_id=ProgrammeId(reported.programme_id),
        person_id=PersonId(reported.person_id),
        event=_event_of(found, TAKEN_BEFORE),
        facts=reported.facts,
        is_leaving=reported.is_leaving,
    )


def _event_of(found: _Found, received_at: datetime) -> Event:
    """Return the event behind a record; one that an earlier version wrote is read whole once more."""
    said, origin = found.event, found.origin
    if said is None:
        event = decode(origin.value, origin.headers, received_at)
        if not isinstance(event, Event):
            raise Unreadable("an event that intake would not have taken")
        return event
    return Event(data=data_again(said.type, origin.value, origin.headers), **msgspec.structs.asdict(said))


def _behind(origin: Origin, received_at: datetime, event: Event | None) -> bytes:
    """Write what is behind a record, the external bytes left out."""
    behind = _Behind(
        origin.topic,
        origin.partition,
        origin.position,
        received_at.replace(microsecond=0),
        origin.redrive_count,
        key_bytes(origin.key),
        origin.headers,
        None if event is None else _Attributes(*_attributes_of(event)),
    )
    return _encode_behind(behind)


def place_behind(headers: Headers) -> tuple[str, int, int] | None:
    """Return topic, partition and position of the external record that an event was; None for what is no event."""
    if len(headers) < 4 or headers[0] != (KIND, b"event"):
        return None
    origin = _found(headers, b"").origin
    return origin.topic, origin.partition, origin.position


def _found(headers: Headers, value: bytes | None) -> _Found:
    """Read what is behind a record; `value` where the record's own value is the external one."""
    name, written = headers[3]
    if name == _OLD_FROM:
        return _found_of_old(headers, value)
    if value is None:
        value = _external_value(headers, 4)
    if name != BEHIND_HEADER or written is None:
        raise Unreadable("what is behind it")
    behind = _decode_behind(written)
    origin = Origin(
        topic=behind.topic,
        key=key_text(behind.key),
        value=value,
        headers=behind.headers,
        position=behind.position,
        partition=behind.partition,
        redrive_count=behind.redrive_count,
    )
    return _Found(origin, behind.received_at, behind.event)


def _found_of_old(headers: Headers, value: bytes | None) -> _Found:
    """Read what is behind a record of an earlier version."""
    (_, from_), (key_name, key) = headers[3:5]
    if key_name != _OLD_KEY or from_ is None:
        raise Unreadable("its origin")
    own = 5
    if value is None:
        value = _external_value(headers, own)
        own += 1
    facts = _decode_old_from(from_)
    origin = Origin(
        topic=facts.topic,
        key=key_text(key),
        value=value,
        headers=tuple(headers[own:]),
        position=facts.position,
        partition=facts.partition,
        redrive_count=facts.redrive_count,
    )
    return _Found(origin, instant_of_seconds(facts.received_at), None)


def _external_value(headers: Headers, place: int) -> bytes:
    name, value = headers[place] if len(headers) > place else ("", None)
    if name != VALUE or value is None:
        raise Unreadable("the value behind it")
    return value
