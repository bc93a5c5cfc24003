"""Employment of a person: a fold over the hires, leaves and departures in force.

Decides: the employment that follows from a history, and what goes with it (date of hire, expected return, end of the last leave).
Never knows: when a fact takes effect (facts/person_facts); who has to hear of it (people/roster).

States and transitions
    unknown → expected → active ⇄ on_leave → departed, and from departed to expected or active when hired again. `expected` is no step
    of the fold: it is what unknown and departed look like while a hire is pending.

Invariants
    facts.E1  Only a hire makes anybody active; a leave or a departure of somebody who is not employed then changes nothing.
    facts.E2  Only `leave_ended` ends a leave (facts/leaves); the expected return informs and no more, and a second hire does not end it.
        The person is away until the last of several leaves has ended.
    facts.E3  Facts count in the order of their effective days; on one day first hires, then leaves as HR recorded them, then the departure,
        which takes effect when the day is over. A hire that HR recorded after the departure of the same day is the newer word and follows
        it: the person has left and is back, so the departure ends what was, and the hire says how the person stands.

How conflicts are resolved: the fold starts from nothing each time, so the order of arrival plays no part.

Source: house rule; decisions 0004 (time is data), 0007 (HR facts in time).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from engine.programme.facts.leaves import Running, begun, ended_by
from engine.programme.facts.person_facts import FactKind, History, HrFact, Stamp
from engine.programme.messages import Employment
from schemas.frozen import Frozen, replace

EMPLOYED: Final = frozenset({Employment.ACTIVE, Employment.ON_LEAVE})

_ORDER_OF_DAY: Final = {FactKind.HIRED: 0, FactKind.LEAVE_STARTED: 1, FactKind.LEAVE_ENDED: 1, FactKind.DEPARTED: 2}


class Standing(Frozen, kw_only=True):
    """Employment, as it follows from the facts in force."""

    employment: Employment = Employment.UNKNOWN
    hired_on: date | None = None
    """Day of the hire in force."""
    expected_return_on: date | None = None
    """Only while on leave, if HR said so."""
    leave_ended_at: datetime | None = None
    """When the last leave of this employment ended."""


class _Fold(Frozen, kw_only=True):
    """How far a history has been read."""

    state: Standing = Standing()
    running: Running = ()
    settled: tuple[History, ...] = ()
    """Of each leave that is over: what was said of it, in the order in which they ended."""


def standing(history: History) -> Standing:
    """Fold a history (facts.E3)."""
    now = _folded(history).state
    if now.employment not in EMPLOYED and any(fact.kind is FactKind.HIRED and fact.in_force_at is None for fact in history):
        return replace(now, employment=Employment.EXPECTED)
    return now


def settled_leaves(history: History) -> tuple[History, ...]:
    """Return the facts of each leave that is over.

    Without them the history gives the same employment.
    """
    return _folded(history).settled


def hired_by(history: History) -> str | None:
    """Return the source of the latest hire in force."""
    hires = [fact for fact in history if fact.kind is FactKind.HIRED and fact.in_force_at is not None]
    return hires[-1].source if hires else None


def _folded(history: History) -> _Fold:
    fold = _Fold()
    for fact in _in_order([fact for fact in history if fact.is_employment and fact.in_force_at is not None]):
        fold = _after(fold, fact)
    return fold


def _in_order(facts: Sequence[HrFact]) -> list[HrFact]:
    """Put the facts in force in order (facts.E3).

    Ids don't tell which of two words is the newer one, so they count among equals only.
    """
    departures = [fact for fact in facts if fact.kind is FactKind.DEPARTED]

    def place(fact: HrFact) -> tuple[date, int, int, Stamp]:
        left_before = sum(left.effective_on == fact.effective_on and _said(left) < _said(fact) for left in departures)
        return fact.effective_on, left_before, _ORDER_OF_DAY[fact.kind], fact.stamp

    return sorted(facts, key=place)


def _said(fact: HrFact) -> tuple[datetime, int]:
    return fact.recorded_at or fact.time, fact.sequence


def _after(fold: _Fold, fact: HrFact) -> _Fold:
    now = fold.state
    is_employed = now.employment in EMPLOYED
    match fact.kind:
        case FactKind.HIRED:
            return replace(fold, state=replace(now, hired_on=fact.effective_on) if is_employed else _active(fact))
        case FactKind.LEAVE_STARTED if is_employed:
            return _on_leave(fold, begun(fold.running, fact))
        case FactKind.LEAVE_ENDED if now.employment is Employment.ON_LEAVE:
            return _back(fold, fact)
        case FactKind.DEPARTED if is_employed:
            gone = replace(now, employment=Employment.DEPARTED, expected_return_on=None)
            return replace(fold, state=gone, running=(), settled=(*fold.settled, *(leave.told for leave in fold.running)))
        case _:
            return fold


def _on_leave(fold: _Fold, running: Running) -> _Fold:
    """Be away until the last leave ends; nobody knows when that is while one of them is open."""
    days = [leave.expected_return_on for leave in running]
    last_on = None if None in days else max(day for day in days if day is not None)
    return replace(fold, state=replace(fold.state, employment=Employment.ON_LEAVE, expected_return_on=last_on), running=running)


def _back(fold: _Fold, end: HrFact) -> _Fold:
    over = ended_by(fold.running, end)
    if over is None:
        return fold
    others = tuple(leave for leave in fold.running if leave is not over)
    told = replace(fold, settled=(*fold.settled, (*over.told, end)))
    if others:
        return _on_leave(told, others)
    back = replace(fold.state, employment=Employment.ACTIVE, expected_return_on=None, leave_ended_at=end.in_force_at)
    return replace(told, state=back, running=())


def _active(fact: HrFact) -> Standing:
    return Standing(employment=Employment.ACTIVE, hired_on=fact.effective_on)
