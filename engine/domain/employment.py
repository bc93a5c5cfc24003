"""Where a person stands with the organisation: a fold over the hires, leaves and departures in force.

Decides: the employment that a history comes to, and what goes with it (date of hire, expected return, end of the last leave).
Never knows: when a fact takes effect (domain/person_facts); who has to hear of it (processors/roster).

States and transitions
    unknown → expected → active ⇄ on_leave → departed, and from departed to expected or active when hired again. `expected` is no step
    of the fold: it is what unknown and departed look like while a hire is pending.

Invariants
    E1  Only a hire makes anybody active; a leave or a departure of somebody who is not employed then changes nothing.
    E2  Only `leave_ended` ends a leave; the expected return informs and no more, and a second hire does not end it.
    E3  Facts count in the order of their effective days; on one day first hires, then leaves as HR recorded them, then the departure, which
        takes effect when the day is over. A hire that HR recorded after the departure of the same day is the newer word and follows it:
        the person has left and is back, so the departure ends what was, and the hire says how the person stands.

How conflicts are resolved: the fold starts from nothing each time, so the order of arrival has no say.

Source: house rule; decisions 0004 (time is data), 0007 (HR facts in time).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from engine.domain.messages import Employment
from engine.domain.person_facts import FactKind, History, HrFact, Stamp
from schemas.frozen import quick, replace

EMPLOYED: Final = frozenset({Employment.ACTIVE, Employment.ON_LEAVE})

_ORDER_OF_DAY: Final = {FactKind.HIRED: 0, FactKind.LEAVE_STARTED: 1, FactKind.LEAVE_ENDED: 1, FactKind.DEPARTED: 2}


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the facts in force come to."""

    employment: Employment = Employment.UNKNOWN
    hired_on: date | None = None
    """Day of the hire in force."""
    expected_return_on: date | None = None
    """Only while on leave, if HR said so."""
    leave_ended_at: datetime | None = None
    """When the last leave of this employment ended."""


def standing(history: History) -> Standing:
    """Fold a history (E3)."""
    now = Standing()
    for fact in _in_order([fact for fact in history if fact.is_employment and fact.in_force_at is not None]):
        now = _after(now, fact)
    if now.employment not in EMPLOYED and any(fact.kind is FactKind.HIRED and fact.in_force_at is None for fact in history):
        return replace(now, employment=Employment.EXPECTED)
    return now


def _in_order(facts: Sequence[HrFact]) -> list[HrFact]:
    """Put the facts in force in order (E3). Ids don't tell which of two words is the newer one, so they count among equals only."""
    departures = [fact for fact in facts if fact.kind is FactKind.DEPARTED]

    def place(fact: HrFact) -> tuple[date, int, int, Stamp]:
        left_before = sum(left.effective_on == fact.effective_on and _said(left) < _said(fact) for left in departures)
        return fact.effective_on, left_before, _ORDER_OF_DAY[fact.kind], fact.stamp

    return sorted(facts, key=place)


def _said(fact: HrFact) -> tuple[datetime, int]:
    return fact.recorded_at or fact.time, fact.sequence


def _after(now: Standing, fact: HrFact) -> Standing:
    is_employed = now.employment in EMPLOYED
    match fact.kind:
        case FactKind.HIRED:
            return replace(now, hired_on=fact.effective_on) if is_employed else _active(fact)
        case FactKind.LEAVE_STARTED if is_employed:
            return replace(now, employment=Employment.ON_LEAVE, expected_return_on=fact.expected_return_on)
        case FactKind.LEAVE_ENDED if now.employment is Employment.ON_LEAVE:
            return replace(now, employment=Employment.ACTIVE, expected_return_on=None, leave_ended_at=fact.in_force_at)
        case FactKind.DEPARTED if is_employed:
            return replace(now, employment=Employment.DEPARTED, expected_return_on=None)
        case _:
            return now


def _active(fact: HrFact) -> Standing:
    return Standing(employment=Employment.ACTIVE, hired_on=fact.effective_on)
