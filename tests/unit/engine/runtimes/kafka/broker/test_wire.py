"""Inbox records: what is written is what is read, for every message there is, and the external record stays byte for byte."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.effects import Origin, Record, StageName
from engine.core.intake import Intaken, intake
from engine.programme import messages
from engine.programme.messages import Message, ParticipationReported
from engine.runtimes.kafka.broker.wire import (
    Tick,
    Unreadable,
    Wired,
    decode_inbox,
    encode_event,
    encode_hop,
    encode_tick,
    instant_of_seconds,
)
from schemas.codec import encode_binary
from schemas.envelope import Event
from schemas.terms.codes import NudgeKey
from schemas.terms.ids import PersonId, ProgrammeId
from tests.builders import enrolled
from tests.contract.runtimes import line
from tests.outreach_terms import TERMS

RECEIVED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
IDS: Final = st.text(alphabet="abcdefghijkl-._:0123456789", min_size=1, max_size=12)
INSTANTS: Final = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive by contract
WHOLE_INSTANTS: Final = INSTANTS.map(lambda at: at.replace(microsecond=0))
DAYS: Final = st.dates(date(1990, 1, 1), date(2100, 1, 1))
PARAM: Final = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
HEADERS: Final = st.lists(st.tuples(st.text(max_size=9), st.none() | st.binary(max_size=9)), max_size=4).map(tuple)

EVENT_LINE: Final = line(enrolled("ann", "2025-01-06T09:00:00Z"))
STRUCTURED: Final = (("content-type", b"application/cloudevents+json"),)


def event_in(origin: Origin) -> Event:
    """The event that a record decodes to."""
    taken = intake(origin, RECEIVED_AT)
    assert isinstance(taken, Intaken)
    return taken.event


PARTICIPATION_ORIGIN: Final = Origin(
    topic="mentorship.participation.v1", key="k", value=EVENT_LINE, headers=STRUCTURED, position=7, partition=3
)
PARTICIPATION_HOP: Final = Record(
    stage=StageName.PROGRAMMES,
    key="p",
    id="i",
    at=instant_of_seconds(0),
    payload=ParticipationReported(
        programme_id=ProgrammeId("p"),
        person_id=PersonId("ann"),
        event=event_in(PARTICIPATION_ORIGIN),
        facts=messages.PersonFacts(person_id=PersonId("ann")),
    ),
    origin=PARTICIPATION_ORIGIN,
    received_at=RECEIVED_AT,
)

st.register_type_strategy(datetime, WHOLE_INSTANTS)
st.register_type_strategy(date, DAYS)
SPECIAL: Final[dict[type, dict[str, st.SearchStrategy[Any]]]] = {
    messages.NudgeIntended: {
        "params": st.dictionaries(st.text(max_size=5), PARAM | st.lists(st.text(max_size=3), max_size=2).map(tuple), max_size=3)
    },
    messages.Reason: {"params": st.dictionaries(st.text(max_size=5), PARAM.filter(lambda value: value is not None), max_size=3)},
    ParticipationReported: {"event": st.just(event_in(PARTICIPATION_ORIGIN))},
}
for _kind, _fields in SPECIAL.items():
    st.register_type_strategy(_kind, st.builds(_kind, **_fields))
ORIGINS: Final = st.builds(
    Origin,
    topic=st.sampled_from(["hr.people.v1", "mentorship.sessions.v1"]),
    key=st.none() | st.text(max_size=6),
    value=st.binary(max_size=20),
    headers=HEADERS,
    position=st.integers(0, 2**50),
    partition=st.integers(0, 500),
    redrive_count=st.integers(0, 9),
)


def read_back(record: Wired, stage: StageName) -> Record | Tick:
    """Decode what was encoded, headers as a broker hands them over."""
    return decode_inbox(stage, record.key, record.value, tuple(record.headers))


@pytest.mark.parametrize("kind", get_args(Message), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_message_comes_back_as_it_left(kind: type[Any], data: st.DataObject) -> None:
    """A hop is the same record on the other side, whatever its message, with or without an external record behind it."""
    message = data.draw(st.from_type(kind))
    origin = PARTICIPATION_ORIGIN if kind is ParticipationReported else data.draw(st.none() | ORIGINS)
    at = data.draw(WHOLE_INSTANTS)
    hop = Record(stage=StageName.PEOPLE, key=data.draw(IDS), id=data.draw(IDS), at=at, payload=message, origin=origin)

    found = read_back(encode_hop(hop), StageName.PEOPLE)

    assert isinstance(found, Record)
    assert (hop.key, hop.id, hop.at, hop.payload, hop.origin) == (found.key, found.id, found.at, found.payload, found.origin)


@given(key=st.none() | st.binary(max_size=6), extra=HEADERS, position=st.integers(0, 2**50))
def test_external_event_stays_byte_for_byte(key: bytes | None, extra: tuple[tuple[str, bytes | None], ...], position: int) -> None:
    """The owner of an event sees the record as it came: value, headers in order with duplicates and nulls, key, and where it lay."""
    text = None if key is None else key.decode("utf-8", "surrogateescape")
    headers = (*STRUCTURED, *((name, value) for name, value in extra if name.lower() != "content-type"))
    origin = Origin(topic="mentorship.participation.v1", key=text, value=EVENT_LINE, headers=headers, position=position, partition=2)
    event = event_in(origin)

    found = read_back(encode_event("ann", event, event.time, origin, RECEIVED_AT), StageName.PEOPLE)

    assert isinstance(found, Record)
    assert (origin, event, RECEIVED_AT, "ann") == (found.origin, found.payload, found.received_at, found.key)


def test_a_message_has_the_same_bytes_whichever_order_its_parameters_came_in() -> None:
    """A parked intent that was restored has them sorted, one that never left the memory as they were said."""

    def written(*names: str) -> bytes | None:
        intent = messages.NudgeIntended(
            person_id=PersonId("ann"),
            programme_id=ProgrammeId("p"),
            key=NudgeKey.PAIRING_STARTED,
            occasion="",
            params=dict.fromkeys(names, "x"),
            expires_at=RECEIVED_AT,
            terms=TERMS,
        )
        return encode_hop(Record(stage=StageName.PEOPLE, key="ann", id="i", at=instant_of_seconds(0), payload=intent)).value

    assert written("programme_id", "pairing_id") == written("pairing_id", "programme_id")


def test_binary_event_comes_back() -> None:
    """An event in binary mode has its attributes in headers, which travel with it."""
    headers, value = encode_binary(
        {"id": "1", "source": "s", "type": "bothways.hr.hired.v1", "time": "2025-01-06T00:00:00Z"},
        b'{"person_id":"ann","effective_on":"2025-01-06"}',
    )
    origin = Origin(topic="hr.people.v1", value=value, headers=tuple(headers))
    event = event_in(origin)

    found = read_back(encode_event("ann", event, event.time, origin, RECEIVED_AT), StageName.PEOPLE)

    assert isinstance(found, Record)
    assert event == found.payload


def old_headers(record: Wired, origin: Origin) -> list[tuple[str, bytes | None]]:
    """The headers that version 0.1 gave a record with this origin."""
    key = None if origin.key is None else origin.key.encode()
    where = b'["%s",%d,%d,%d,%d]' % (
        origin.topic.encode(),
        origin.partition,
        origin.position,
        int(RECEIVED_AT.timestamp()),
        origin.redrive_count,
    )
    value = [header for header in record.headers if header[0] == "bw_value"]
    return [*record.headers[:3], ("bw_from", where), ("bw_key", key), *value, *origin.headers]


def test_event_of_an_earlier_version_is_read() -> None:
    """An inbox may hold events that the version before wrote: they come to the same record."""
    event = event_in(PARTICIPATION_ORIGIN)
    now = encode_event("ann", event, event.time, PARTICIPATION_ORIGIN, RECEIVED_AT)

    old = now._replace(headers=old_headers(now, PARTICIPATION_ORIGIN))

    assert read_back(now, StageName.PEOPLE) == read_back(old, StageName.PEOPLE)


def test_message_of_an_earlier_version_is_read() -> None:
    """So may messages that carry an event on."""
    now = encode_hop(PARTICIPATION_HOP)

    old = now._replace(headers=old_headers(now, PARTICIPATION_ORIGIN))

    assert read_back(now, StageName.PROGRAMMES) == read_back(old, StageName.PROGRAMMES)


@given(at=WHOLE_INSTANTS, row=st.none() | st.tuples(IDS, IDS), limit=st.none() | st.integers(0, 1_000))
def test_tick_comes_back(at: datetime, row: tuple[str, str] | None, limit: int | None) -> None:
    """A tick says until when, and what may fire."""
    tick = Tick(at=at, row=row, limit=limit)

    assert tick == read_back(encode_tick(tick), StageName.PROGRAMMES)


@given(value=st.none() | st.binary(max_size=30), headers=HEADERS)
def test_foreign_record_is_refused_not_raised(value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]) -> None:
    """Whatever somebody writes into an inbox, reading it ends in one known way."""
    with pytest.raises(Unreadable):
        decode_inbox(StageName.PEOPLE, b"k", value, headers)


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record._replace(value=None),
        lambda record: record._replace(value=b"{"),
        lambda record: record._replace(headers=record.headers[:4]),
        lambda record: record._replace(headers=[*record.headers[:4], ("bw_value", b"{}")]),
        lambda record: record._replace(headers=[*record.headers[:4], ("bw_value", b"[]")]),
        lambda record: record._replace(headers=[*record.headers[:4], ("bw_worth", EVENT_LINE)]),
        lambda record: record._replace(headers=[("bw_kind", b"Nothing"), *record.headers[1:]]),
        lambda record: record._replace(headers=[*record.headers[:2], ("bw_at", b"soon"), *record.headers[3:]]),
        lambda record: record._replace(headers=[*record.headers[:2], ("bw_at", b"9" * 30), *record.headers[3:]]),
        lambda record: record._replace(headers=[*record.headers[:2], ("bw_at", b"9" * 18), *record.headers[3:]]),
        lambda record: record._replace(headers=[*record.headers[:3], ("bw_behind", b"[]"), *record.headers[4:]]),
        lambda record: record._replace(headers=[*record.headers[:3], ("bw_from", b"[]"), *record.headers[4:]]),
    ],
)
def test_damaged_record_is_refused(damage: Callable[[Wired], Wired]) -> None:
    """A record that is nearly ours is refused like any other."""
    with pytest.raises(Unreadable):
        read_back(damage(encode_hop(PARTICIPATION_HOP)), StageName.PROGRAMMES)
