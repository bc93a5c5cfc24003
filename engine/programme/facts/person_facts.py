"""HR facts of one person: a short history.

Some facts are in force, others wait for their day.

Decides: when a fact takes effect, which value of an attribute is in force.
Never knows: other people; what a change means for employment (facts/employment), for the line or for a programme (people/roster).

Invariants
    facts.F1  A history is sorted by stamp: (effective_on, recordedtime or time, sequence, id). The newest fact in force that names an
        attribute gives its value, so an older one never overwrites a newer one, whatever order they arrive in.
    facts.F2  A fact is in force from the first instant of its effective day in the person's zone; a departure from the first instant after
        it. Once in force it stays so, even if the person then moves to a zone where that day has not begun; since when is said in that
        zone.
    facts.F3  The zone is the one in force; while none is, that of the earliest pending fact that names one; else UTC.
    facts.F4  A fact is in the history once, however often it comes.

How conflicts are resolved: facts are kept, not values, so arrival in any order ends in the same history (within the limits of
facts/compaction).

Source: house rule; effective-dated HR records, as every HR system keeps them.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from engine.programme.facts.attributes import Attribute, Attributes, Value, attributes_of
from engine.programme.times.calendar import start_of_day
from schemas.frozen import Frozen, replace

_DAY: Final = timedelta(days=1)


class FactKind(StrEnum):
    """The HR events that take effect on a day."""

    HIRED = "hired"
    ROLE_CHANGED = "role_changed"
    LEAVE_STARTED = "leave_started"
    LEAVE_ENDED = "leave_ended"
    DEPARTED = "departed"


Stamp = tuple[date, datetime, int, str]
History = tuple["HrFact", ...]


class HrFact(Frozen, kw_only=True):
    """One HR event, kept until it can matter no more."""

    kind: FactKind
    effective_on: date
    time: datetime
    recorded_at: datetime | None = None
    """When HR wrote it down, if the feed says so; orders facts of one day before `time` does."""
    sequence: int = 0
    id: str
    says: tuple[tuple[Attribute, Value], ...] = ()
    """The attributes that it names and that no newer fact has settled."""
    expected_return_on: date | None = None
    leave_id: str | None = None
    """What HR calls the leave."""
    source: str | None = None
    """Of a hire: who said so."""
    in_force_at: datetime | None = None
    """The instant at which it took effect; None while it waits for that."""

    @property
    def stamp(self) -> Stamp:
        """The order of facts (facts.F1)."""
        return self.effective_on, self.recorded_at or self.time, self.sequence, self.id

    @property
    def effect_on(self) -> date:
        """The day whose first instant brings the fact into force.

        For a departure it is the day after.
        """
        return self.effective_on + _DAY if self.kind is FactKind.DEPARTED else self.effective_on

    @property
    def is_employment(self) -> bool:
        """Whether it says where the person stands with the organisation."""
        return self.kind is not FactKind.ROLE_CHANGED


class Cancellation(Frozen, kw_only=True):
    """Everything of some kinds up to here is void: by (time, id), so in any order of arrival."""

    time: datetime
    id: str

    def voids(self, fact: HrFact) -> bool:
        """Say whether the fact is earlier than this or equal to it."""
        return (fact.time, fact.id) <= (self.time, self.id)


def later(first: Cancellation | None, second: Cancellation) -> Cancellation:
    """Return the cancellation that reaches further."""
    return second if first is None or (first.time, first.id) < (second.time, second.id) else first


def without(history: History, void: Cancellation, kinds: Collection[FactKind]) -> History:
    """Drop the facts of some kinds that a cancellation reaches."""
    return tuple(fact for fact in history if fact.kind not in kinds or not void.voids(fact))


def with_fact(history: History, fact: HrFact) -> History:
    """Put a fact in its place (facts.F1, facts.F4)."""
    if is_known(history, fact):
        return history
    return tuple(sorted((*history, fact), key=lambda kept: (kept.stamp, kept.kind, kept.source or "")))


def is_known(history: History, fact: HrFact) -> bool:
    """Say whether a fact has come before."""
    return any((kept.stamp, kept.kind, kept.source) == (fact.stamp, fact.kind, fact.source) for kept in history)


def attributes_in_force(history: History) -> Attributes:
    """Return the values that follow from the facts in force (facts.F1)."""
    values: dict[Attribute, Value] = {}
    for fact in history:
        if fact.in_force_at is not None:
            values.update(fact.says)
    return attributes_of(values)


def zone_of(history: History) -> str | None:
    """Return the zone in which the person's days begin (facts.F3); None stands for UTC."""
    in_force: Value = None
    pending: Value = None
    for fact in history:
        for attribute, value in fact.says:
            if attribute is Attribute.TIMEZONE:
                if fact.in_force_at is not None:
                    in_force = value
                else:
                    pending = pending or value
    zone = in_force or pending
    assert zone is None or isinstance(zone, str), "a zone is a name"
    return zone


def has_departed(history: History) -> bool:
    """Say whether a departure is in force, whatever came after it."""
    return any(fact.kind is FactKind.DEPARTED and fact.in_force_at is not None for fact in history)


def next_due_at(history: History) -> datetime | None:
    """Return the earliest instant at which a pending fact takes effect (facts.F2), or None."""
    day = _next_day(history)
    return None if day is None else start_of_day(day, zone_of(history))


def brought_into_force(history: History, at: datetime) -> History:
    """Bring everything into force that is due at `at`, the earliest first.

    A new zone decides when the next day begins.
    """
    while (day := _next_day(history)) is not None:
        due_at = start_of_day(day, zone_of(history))
        if due_at > at:
            break
        history = tuple(
            replace(fact, in_force_at=due_at) if fact.in_force_at is None and fact.effect_on == day else fact for fact in history
        )
    return _dated(history)


def _dated(history: History) -> History:
    """Date every fact in force by the zone now in force.

    So the order and the time of arrival play no part.

    After a move to the west that may be some hours ahead.
    """
    zone = zone_of(history)
    dated = []
    for fact in history:
        begun_at = None if fact.in_force_at is None else start_of_day(fact.effect_on, zone)
        dated.append(fact if begun_at == fact.in_force_at else replace(fact, in_force_at=begun_at))
    return tuple(dated)


def _next_day(history: History) -> date | None:
    return min((fact.effect_on for fact in history if fact.in_force_at is None), default=None)
