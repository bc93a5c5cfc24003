"""Stages: a key, an inbox, the tables of that key, and the rule for whatever may arrive or come due."""

from collections.abc import Mapping
from typing import Any

from engine.core.effects import Handler, StageName, Wake
from engine.core.table import Table
from schemas.frozen import Frozen


class Stage(Frozen, kw_only=True):
    """A key, an inbox and the tables of that key."""

    name: StageName
    tables: Mapping[str, Table[Any]]
    handlers: Mapping[type, tuple[Handler, ...]]
    """Type of event data or message → the rules that handle it, in order."""
    wakes: Mapping[str, Wake]
    """Name of a table → the rule for a row whose timer is due."""


class Topology(Frozen, kw_only=True):
    """Everything a runtime has to run."""

    stages: Mapping[StageName, Stage]
