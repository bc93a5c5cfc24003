"""The topology: two keyed stages, their tables, and which rule handles what.

`build` is the only place that knows every processor. `validate` refuses a topology in which an input type, a message or a timed table has
no rule, so that a gap is found at start-up and in a test, not by the first record that falls into it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.effects import Handler, Row, StageName, Wake

SEEN: Final = "seen"
SEQUENCES: Final = "sequences"


def _unchecked(row: Row) -> None:
    """Accept any row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of one stage."""

    name: str
    row_type: type[Any]
    check: Callable[[Any], None] = _unchecked
    """Asserts the row's invariants before it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A key, an inbox and the tables of that key."""

    name: StageName
    tables: Mapping[str, Table]
    handlers: Mapping[type, tuple[Handler, ...]]
    """Type of event data or message → the rules that handle it, in order."""
    wakes: Mapping[str, Wake]
    """Table → the rule for a row whose timer is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything a runtime has to run."""

    stages: Mapping[StageName, Stage]
