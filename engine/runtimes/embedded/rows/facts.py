"""Facts about the directory: name → value in `meta`, each with its hash."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from engine.errors import CorruptState
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash

MetaValue = int | bytes | str

_GET: Final = "SELECT name, value, hash FROM meta WHERE name = ?"
_WITH_PREFIX: Final = "SELECT name, value, hash FROM meta WHERE name >= ? AND name < ? ORDER BY name"
_PUT: Final = """
    INSERT INTO meta (name, value, hash) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, hash = excluded.hash
"""
_DELETE: Final = "DELETE FROM meta WHERE name = ?"
_LAST: Final = "\U0010ffff"


def fact(database: OpenFile, name: str) -> Any | None:
    """Return one fact, or None.

    Raises:
        CorruptState: it is not what was written.
    """
    return _checked(database, database.read(_GET, (name,))).get(name)


def facts(database: OpenFile, prefix: str) -> dict[str, Any]:
    """Return every fact whose name starts with `prefix`.

    Raises:
        CorruptState: one is not what was written.
    """
    return _checked(database, database.read(_WITH_PREFIX, (prefix, prefix + _LAST)))


def put_facts(database: OpenFile, given: Iterable[tuple[str, MetaValue]]) -> None:
    """Write facts into the open transaction."""
    database.write_many(_PUT, [(name, value, fields_hash(name, value)) for name, value in given])


def drop_fact(database: OpenFile, name: str) -> None:
    """Remove a fact in the open transaction."""
    database.write_many(_DELETE, [(name,)])


def _checked(database: OpenFile, stored: Sequence[tuple[str, MetaValue, bytes]]) -> dict[str, Any]:
    for name, value, kept in stored:
        if fields_hash(name, value) != kept:
            raise CorruptState(path=database.path, reason="a fact about the directory")
    return {name: value for name, value, _ in stored}
