"""Histories of one person's HR facts, for the tests of what such facts come to."""

from datetime import UTC, date, datetime

from engine.programme.facts.attributes import Attribute, Value
from engine.programme.facts.person_facts import FactKind, History, HrFact, with_fact

TOLD_AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
ALL_PAST = datetime(2030, 1, 1, tzinfo=UTC)


def fact(id_: str, day: str, kind: FactKind = FactKind.ROLE_CHANGED, **says: Value) -> HrFact:
    """Build a fact."""
    named = tuple((Attribute(name), value) for name, value in says.items())
    return HrFact(kind=kind, effective_on=date.fromisoformat(day), time=TOLD_AT, id=id_, says=named)


def history_of(*facts: HrFact) -> History:
    """Take in facts, one after the other."""
    history: History = ()
    for one in facts:
        history = with_fact(history, one)
    return history
