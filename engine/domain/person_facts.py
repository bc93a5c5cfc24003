"""What HR has said about one person: a short history of facts, of which some are in force and some wait for their day.

Decides: when a fact takes effect, which value of an attribute is in force, which facts are no longer worth keeping.
Never knows: other people; what a change means for employment (domain/employment), for the line or for a programme (processors/roster).

Invariants
    F1  A history is sorted by stamp: (effective_on, recordedtime or time, sequence, id). The newest fact in force that names an attribute
        gives its value, so an older one never overwrites a newer one, whatever order they arrive in.
    F2  A fact is in force from the first instant of its effective day in the person's zone; a departure from the first instant after it.
        Once in force it stays so, even if the person then moves to a zone where that day has not begun.
    F3  The zone is the one in force; while none is, that of the earliest pending fact that names one; else UTC.
    F4  A hire can be cancelled later, so it never pushes an older value out of the history; a role change in force does.
    F5  At most PENDING_ROLE_CHANGES_MAX role changes wait (the farthest go first) and at most EMPLOYMENT_FACTS_MAX hires, leaves and
        departures are kept (old leaves go first, then whatever is oldest).

How conflicts are resolved: facts are kept, not values, so arrival in any order ends in the same history (within F5).

Source: house rule; effective-dated HR records, as every HR system keeps them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from engine.domain.attributes import Attribute, Attributes, Value, attributes_of
from engine.domain.calendar import start_of_day
from schemas.frozen import quick, replace

PENDING_ROLE_CHANGES_MAX: Final = 64
EMPLOYMENT_FACTS_MAX: Final = 40

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


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class HrFact:
    """One HR event, kept as long as it can matter."""

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
    in_force_at: datetime | None = None
    """The instant at which it took effect; None while it waits for that."""

    @property
    def stamp(self) -> Stamp:
        """The order of facts (F1)."""
        return self.effective_on, self.recorded_at or self.time, self.sequence, self.id

    @property
    def effect_on(self) -> date:
        """The day whose first instant brings it into force: a departure counts when its day is over."""
        return self.effective_on + _DAY if self.kind is FactKind.DEPARTED else self.effective_on

    @property
    def is_employment(self) -> bool:
        """Whether it says where the person stands with the organisation."""
        return self.kind is not FactKind.ROLE_CHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
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
    """Put a fact in its place (F1)."""
    return tuple(sorted((*history, fact), key=lambda kept: kept.stamp))


def attributes_in_force(history: History) -> Attributes:
    """Return the values that the facts in force come to (F1)."""
    values: dict[Attribute, Value] = {}
    for fact in history:
        if fact.in_force_at is not None:
            values.update(fact.says)
    return attributes_of(values)


def zone_of(history: History) -> str | None:
    """Return the zone in which the person's days begin (F3); None stands for UTC."""
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
    """Return the earliest instant at which a pending fact takes effect (F2); None when nothing is pending."""
    day = _next_day(history)
    return None if day is None else start_of_day(day, zone_of(history))


def brought_into_force(history: History, at: datetime) -> History:
    """Bring everything into force that is due at `at`, the earliest first: a new zone decides when the next day begins."""
    while (day := _next_day(history)) is not None:
        due_at = start_of_day(day, zone_of(history))
        if due_at > at:
            break
        history = tuple(
            replace(fact, in_force_at=due_at) if fact.in_force_at is None and fact.effect_on == day else fact for fact in history
        )
    return history


def _next_day(history: History) -> date | None:
    return min((fact.effect_on for fact in history if fact.in_force_at is None), default=None)


def compacted(history: History) -> History:
    """Drop what can't matter any more (F4) and what is over the limits (F5)."""
    if len(history) <= 1:
        return history
    return _bounded(tuple(reversed(list(_still_telling(history)))))


def _still_telling(history: History) -> Iterable[HrFact]:
    """Yield, newest first, the facts without the values that a newer role change has settled."""
    settled: set[Attribute] = set()
    day: date | None = None
    named_that_day: set[Attribute] = set()
    for fact in reversed(history):
        if fact.effective_on != day:
            day, named_that_day = fact.effective_on, set()
        shadow = settled if fact.in_force_at is not None else settled | named_that_day
        says = tuple(saying for saying in fact.says if saying[0] not in shadow)
        if fact.kind is FactKind.ROLE_CHANGED:
            # Facts of one day take effect at one instant, so of those that wait only the newest will ever be heard.
            named_that_day.update(attribute for attribute, _ in says)
            if fact.in_force_at is not None:
                settled.update(attribute for attribute, _ in says)
            if not says:
                continue
        yield fact if len(says) == len(fact.says) else replace(fact, says=says)


def _bounded(history: History) -> History:
    if len(history) <= EMPLOYMENT_FACTS_MAX:
        return history
    waiting = [fact for fact in history if not fact.is_employment and fact.in_force_at is None]
    dropped = set(waiting[PENDING_ROLE_CHANGES_MAX:])
    employment = sorted((fact for fact in history if fact.is_employment), key=_worth)
    dropped.update(employment[: max(0, len(employment) - EMPLOYMENT_FACTS_MAX)])
    return tuple(fact for fact in history if fact not in dropped) if dropped else history


def _worth(fact: HrFact) -> tuple[bool, Stamp]:
    return fact.kind in {FactKind.HIRED, FactKind.DEPARTED}, fact.stamp
