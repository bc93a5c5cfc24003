"""Which HR facts are no longer worth keeping.

Decides: what goes from a history, and in which order when there is too much of it.
Never knows: the result of the facts (facts/person_facts, facts/employment).

Invariants
    facts.H1  A hire can be cancelled later, so it never pushes an older value out of the history; a role change in force does.
    facts.H2  At most PENDING_ROLE_CHANGES_MAX role changes wait (the farthest go first) and at most EMPLOYMENT_FACTS_MAX hires, leaves and
        departures are kept: leaves that are over go first, each whole, the oldest first; then other leaves, then whatever is oldest.

Source: house rule; a row stays small whatever a feed says.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from engine.programme.facts.attributes import Attribute
from engine.programme.facts.employment import settled_leaves
from engine.programme.facts.person_facts import FactKind, History, HrFact, Stamp
from schemas.frozen import replace

PENDING_ROLE_CHANGES_MAX: Final = 64
EMPLOYMENT_FACTS_MAX: Final = 40


def compacted(history: History) -> History:
    """Drop what can't matter any more (facts.H1) and what is over the limits (facts.H2)."""
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
    employment = [fact for fact in history if fact.is_employment]
    for leave in settled_leaves(history):
        if len(employment) > EMPLOYMENT_FACTS_MAX:
            employment = [fact for fact in employment if fact not in leave]
            dropped.update(leave)
    employment.sort(key=_worth)
    dropped.update(employment[: max(0, len(employment) - EMPLOYMENT_FACTS_MAX)])
    return tuple(fact for fact in history if fact not in dropped) if dropped else history


def _worth(fact: HrFact) -> tuple[bool, Stamp]:
    return fact.kind in {FactKind.HIRED, FactKind.DEPARTED}, fact.stamp
