"""Where a person stands with the organisation: a fold over the hires, leaves and departures in force.

Decides: the employment that a history comes to, and what goes with it (date of hire, expected return, end of the last leave).
Never knows: when a fact takes effect (domain/person_facts); who has to hear of it (processors/roster).

States and transitions
    unknown → expected → active ⇄ on_leave → departed, and from departed to expected or active when hired again. `expected` is no step
    of the fold: it is what unknown and departed look like while a hire is pending.

Invariants
    E1  Only a hire makes anybody active; a leave or a departure of somebody who is not employed then changes nothing.
    E2  Only `leave_ended` ends a leave; the expected return informs and no more, and a second hire does not end it.
    E3  Facts count in the order in which they take effect. On one day a departure comes first (it is the end of the day before), then
        hires, then leaves as HR recorded them.

How conflicts are resolved: the fold starts from nothing each time, so the order of arrival has no say.

Source: house rule; decision 0000 (time is data).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from engine.domain.frozen import replace
from engine.domain.messages import Employment
from engine.domain.person_facts import FactKind, History, HrFact

EMPLOYED: Final = frozenset({Employment.ACTIVE, Employment.ON_LEAVE})

_ORDER_OF_DAY: Final = {FactKind.DEPARTED: 0, FactKind.HIRED: 1, FactKind.LEAVE_STARTED: 2, FactKind.LEAVE_ENDED: 2}


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
    for fact in sorted((fact for fact in history if fact.is_employment and fact.in_force_at is not None), key=_order):
        now = _after(now, fact)
    if now.employment not in EMPLOYED and any(fact.kind is FactKind.HIRED and fact.in_force_at is None for fact in history):
        return replace(now, employment=Employment.EXPECTED)
    return now


def _order(fact: HrFact) -> tuple[date, int, datetime, int, str]:
    return fact.effect_on, _ORDER_OF_DAY[fact.kind], fact.recorded_at or fact.time, fact.sequence, fact.id


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
