"""Leaves of one person, which may overlap: which one an end ends.

Decides: which leave a start or an end is about.
Never knows: when a fact takes effect (facts/person_facts), what a leave means for employment (facts/employment).

Invariants
    facts.V1  A leave is known by the name that HR gives it, one without a name by its first day. A second start of the same leave tells it
        anew.
    facts.V2  An end ends the leave that it names; a name that no running leave has ends nothing.
    facts.V3  An end without a name ends the running leave whose expected return is its day, else the one that started first.

How conflicts are resolved: ends are matched anew over the whole history each time, in the order of the facts, so the order of arrival plays
no part.

Source: HR systems that keep one record for each absence, and others that only say "back".
"""

from datetime import date

from engine.programme.facts.person_facts import FactKind, History, HrFact
from schemas.frozen import Frozen


class Leave(Frozen):
    """A leave that has begun."""

    told: History
    """Its starts, the newest last."""

    @property
    def name(self) -> tuple[str | None, date | None]:
        """What it is known by (facts.V1)."""
        first = self.told[0]
        return first.leave_id, None if first.leave_id is not None else first.effective_on

    @property
    def expected_return_on(self) -> date | None:
        """When it should end, as last said; None is open."""
        return self.told[-1].expected_return_on


Running = tuple[Leave, ...]
"""Leaves that have not ended, in the order in which they began."""


def begun(running: Running, start: HrFact) -> Running:
    """Begin a leave, or tell one anew (facts.V1); it began when it began."""
    new = Leave((start,))
    if all(leave.name != new.name for leave in running):
        return (*running, new)
    return tuple(Leave((*leave.told, start)) if leave.name == new.name else leave for leave in running)


def ended_by(running: Running, end: HrFact) -> Leave | None:
    """Return the running leave that an end ends (facts.V2, facts.V3)."""
    if end.leave_id is not None:
        return next((leave for leave in running if leave.name == (end.leave_id, None)), None)
    return next((leave for leave in running if leave.expected_return_on == end.effective_on), next(iter(running), None))


def stray_ends(history: History) -> tuple[HrFact, ...]:
    """Return the ends in force of leaves that nobody has told of."""
    names = {fact.leave_id for fact in history if fact.kind is FactKind.LEAVE_STARTED}
    return tuple(
        fact
        for fact in history
        if fact.kind is FactKind.LEAVE_ENDED and fact.in_force_at is not None and fact.leave_id is not None and fact.leave_id not in names
    )
