"""Stages: a key, an inbox, the tables of that key, and a rule for whatever comes.

A rule is declared with the data that it takes, as its second parameter, and gets it: an event's data or a message. A union stands for
each of its types. So no rule checks the type of what it gets, and none is registered for what it doesn't take.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, get_args, get_type_hints

from engine.core.effects import Delete, Due, Effects, Handler, Rows, RowsOfStep, StageName, Wake
from engine.core.marks import Seen
from engine.core.table import SEEN, SEQUENCES, RowT, Table
from schemas.frozen import Frozen

_NO_WAKES: Final[Mapping[str, Wake]] = MappingProxyType({})


class Processor(Frozen, kw_only=True):
    """Rules that belong together."""

    handlers: Mapping[type, tuple[Handler, ...]]
    """Type of event data or message → the rules that handle it, in order."""
    wakes: Mapping[str, Wake]
    """Name of a table → the rule for a row whose timer is due."""


class Stage(Frozen, kw_only=True):
    """A key, an inbox, the tables of that key, and its rules."""

    name: StageName
    tables: Mapping[str, Table[Any]]
    handlers: Mapping[type, tuple[Handler, ...]]
    """As of Processor, and below."""
    wakes: Mapping[str, Wake]


class Topology(Frozen, kw_only=True):
    """Everything a runtime has to run."""

    stages: Mapping[StageName, Stage]


def processor(*handlers: Handler, wakes: Mapping[str, Wake] = _NO_WAKES) -> Processor:
    """Declare the rules of one module, each under the types that it takes."""
    return Processor(handlers=MappingProxyType({kind: (rule,) for rule in handlers for kind in _taken_by(rule)}), wakes=wakes)


def woken(table: Table[RowT], rule: Callable[[RowsOfStep, RowT, Due], Effects]) -> Mapping[str, Wake]:
    """Declare the rule for rows of a table that are due."""
    return MappingProxyType({table.name: rule})


def in_order(*processors: Processor) -> Processor:
    """Join processors; where several handle one type, the earlier one comes first."""
    handlers: dict[type, tuple[Handler, ...]] = {}
    for one in processors:
        for kind, rules in one.handlers.items():
            handlers[kind] = (*handlers.get(kind, ()), *rules)
    return Processor(handlers=handlers, wakes={table: rule for one in processors for table, rule in one.wakes.items()})


def stage(name: StageName, rules: Processor, *tables: Table[Any]) -> Stage:
    """Declare a stage.

    The tables of the step itself, and the timer of its marks, belong to each.
    """
    own: tuple[Table[Any], ...] = (SEEN, SEQUENCES)
    by_name = {table.name: table for table in (*own, *tables)}
    return Stage(name=name, tables=by_name, handlers=rules.handlers, wakes={**woken(SEEN, _mark_over), **rules.wakes})


def _mark_over(_rows: Rows, _mark: Seen, due: Due) -> Effects:
    yield Delete(SEEN, due.key)


def _taken_by(rule: Handler) -> tuple[type, ...]:
    taken = list(get_type_hints(rule).values())[1]
    return get_args(taken) or (taken,)
