"""What a data directory remembers of the version that wrote it: its number, and the shape of every row.

Rows written under one shape may decode under another and mean something else: such a directory is refused. A log replayed by other rules
gives other bytes: so a newer version writes a snapshot before its first step, and each position is always replayed by the version that
decided it. An older version than the one that wrote last is refused.

Source: guarantees.P6, guarantees.S36.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from engine.core.effects import StageName
from engine.core.stage import Topology
from engine.errors import OtherRules
from engine.runtimes.embedded.log import snapshot
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.rows.facts import facts, put_facts
from schemas.frozen import Frozen

WRITTEN_BY: Final = "written_by"
"""In `meta`: the version that wrote last."""
ROWS: Final = "row_shape/"
"""In `meta`, before stage and table: the fingerprint of the row type."""


def own(topology: Topology) -> dict[str, str]:
    """Return what this version would write, by name in `meta`."""
    return {WRITTEN_BY: own_version(), **shapes(topology)}


def shapes(topology: Topology) -> dict[str, str]:
    """Return the fingerprint of every row type, by name in `meta`."""
    of_stages = ((name, table) for name, stage in topology.stages.items() for table in stage.tables.values())
    return {name_of(name, table.name): fingerprint(table.row_type) for name, table in of_stages}


def remembered_by(database: OpenFile) -> dict[str, str]:
    """Return what the directory remembers."""
    return facts(database, WRITTEN_BY) | facts(database, ROWS)


def settle(database: OpenFile, expected: Mapping[str, str]) -> None:
    """Let a directory be written by this version: as it is if this one wrote last, after a snapshot if an older one did.

    Raises:
        OtherRules: a newer version wrote it, or one with other rows. The process stops without touching it.
    """
    remembered = remembered_by(database)
    refuse_others(database.path, remembered, {name: value for name, value in expected.items() if name != WRITTEN_BY})
    last, this = remembered.get(WRITTEN_BY, "unknown"), expected[WRITTEN_BY]
    if last == this:
        return
    if not _is_older(last, this):
        raise OtherRules(path=database.path, found=last, own=this)
    database.begin()
    snapshot.write_snapshot(database)
    put_facts(database, [(WRITTEN_BY, this)])
    database.commit()


def refuse_others(path: Path, remembered: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Refuse a directory that remembers anything else than what is expected of it.

    Raises:
        OtherRules: it has other rows. The process stops without touching it.
    """
    if any(remembered.get(name) != value for name, value in expected.items()):
        raise OtherRules(path=path, found=remembered.get(WRITTEN_BY, "unknown"), own=own_version())


def name_of(stage: StageName, table: str) -> str:
    """Name a table's fingerprint in `meta`."""
    return f"{ROWS}{stage.value}/{table}"


def fingerprint(row_type: type[Any]) -> str:
    """Hash the fields of a row type and of every type in them, in their order."""
    return hashlib.blake2b(_described(row_type).encode(), digest_size=8).hexdigest()


def own_version() -> str:
    """Return the version of this package; `unknown` where it runs without being installed."""
    try:
        return version("bothways")
    except PackageNotFoundError:
        return "unknown"


def _is_older(version: str, than: str) -> bool:
    """Compare two released versions; anything else is older than nothing."""
    one, other = version.split("."), than.split(".")
    return all(part.isdecimal() for part in (*one, *other)) and [int(part) for part in one] < [int(part) for part in other]


def _described(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Frozen):
        hints = get_type_hints(kind)
        return f"{kind.__name__}({','.join(f'{name}:{_described(hints[name])}' for name in kind.__struct_fields__)})"
    arguments = get_args(kind)
    if arguments:
        name = "union" if get_origin(kind) in {Union, UnionType} else get_origin(kind).__name__
        return f"{name}[{','.join(_described(argument) for argument in arguments)}]"
    return str(getattr(kind, "__name__", kind))
