"""Every record of a file held against the hash beside it: for `verify`, and for a backup before it gets its name.

Finds a changed record, and names its table or topic and its position, never a key or a value. What no hash can show, a record that is
missing, is found by the replay of `verify`.

Source: guarantees.P13.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final

from engine.runtimes.embedded.log.input_log import entry_hash
from engine.runtimes.embedded.log.stored_outputs import body_hash
from engine.runtimes.embedded.proof.hashes import fields_hash, row_hash

_LOG: Final = "SELECT position, kind, at, received_at, source_position, topic, key, value, headers, hash FROM log ORDER BY position"
_ROWS: Final = "SELECT stage, name, key, value, wake_at, hash FROM {table}"
_OUTPUTS: Final = "SELECT topic, position, id, key, value, headers, body_hash, hash FROM outputs ORDER BY topic, position"
_OTHERS: Final = {
    "meta": "SELECT name, value, hash FROM meta",
    "marks": "SELECT stage, key, content, refused, wake_at, hash FROM marks",
    "gone": "SELECT id, body_hash, hash FROM gone",
    "erasing": "SELECT person_id, hash FROM erasing",
    "snapshot_meta": "SELECT name, value, hash FROM snapshot_meta",
    "snapshot_marks": "SELECT stage, key, content, refused, wake_at, hash FROM snapshot_marks",
}


def changed_records(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield one line for each record whose bytes are not those that were written.

    Raises:
        sqlite3.DatabaseError: the structure of the file is damaged.
    """
    for *fields, kept in connection.execute(_LOG):
        if entry_hash(tuple(fields)) != kept:
            yield f"log position {fields[0]}: its bytes are not those that were written"
    for table in ("rows", "snapshot_rows"):
        for stage, name, key, value, wake_at, kept in connection.execute(_ROWS.format(table=table)):
            if row_hash(stage, name, key, value, wake_at) != kept:
                yield f"{table} of {stage}/{name}: the bytes of one are not those that were written"
    for topic, position, id_, key, value, headers, body, kept in connection.execute(_OUTPUTS):
        if body_hash(topic, key, value, headers) != body or fields_hash(topic, position, id_, body) != kept:
            yield f"{topic} position {position}: its bytes are not those that were written"
    for table, query in _OTHERS.items():
        for *fields, kept in connection.execute(query):
            if fields_hash(*fields) != kept:
                yield f"{table}: the bytes of a record are not those that were written"


def first_damage(connection: sqlite3.Connection) -> str | None:
    """Return the first thing that is wrong with a file, its structure first, or None."""
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        return next(changed_records(connection), None) if found == "ok" else " ".join(found.split())[:120]
    except sqlite3.DatabaseError as error:
        return str(error)
