"""The snapshot: what a replay starts from once the log no longer tells everything.

An erasure takes records out of the log, so what they did can't be done again; a newer version would do it otherwise (fingerprints.py). A
copy of the tables at one position of the log stands for everything before it. There is at most one, in the same file, written in the
transaction that makes it necessary. It holds rows, marks, the last `at` and the next position of the log and of every topic; outputs
themselves are not copied, only their ids count afterwards.
"""

from collections.abc import Sequence
from typing import Any, Final

from engine.errors import CorruptState
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.layout import LAST_AT
from engine.runtimes.embedded.log.input_log import NEXT_NAME
from engine.runtimes.embedded.log.stored_outputs import NEXT_PREFIX
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash

PAGE_ROWS: Final = 1_000

_WRITE: Final = (
    "DELETE FROM snapshot_rows",
    "DELETE FROM snapshot_marks",
    "DELETE FROM snapshot_meta",
    "INSERT INTO snapshot_rows SELECT stage, name, key, value, wake_at, hash FROM rows ORDER BY stage, name, key",
    "INSERT INTO snapshot_marks SELECT stage, key, content, refused, wake_at, hash FROM marks ORDER BY stage, key",
    f"""
    INSERT INTO snapshot_meta SELECT name, value, hash FROM meta
    WHERE name IN ('{LAST_AT}', '{NEXT_NAME}') OR name GLOB '{NEXT_PREFIX}*'
    """,  # noqa: S608 - constants
)
_RESTORED: Final = (
    (
        "SELECT stage, name, key, value, wake_at, hash FROM snapshot_rows",
        "INSERT INTO rows (stage, name, key, value, wake_at, hash) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    (
        "SELECT stage, key, content, refused, wake_at, hash FROM snapshot_marks",
        "INSERT INTO marks (stage, key, content, refused, wake_at, hash) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    ("SELECT name, value, hash FROM snapshot_meta", "INSERT INTO meta (name, value, hash) VALUES (?, ?, ?)"),
    ("SELECT name, value, hash FROM snapshot_meta", "INSERT INTO snapshot_meta (name, value, hash) VALUES (?, ?, ?)"),
    ("SELECT id, body_hash, hash FROM gone", "INSERT OR IGNORE INTO gone (id, body_hash, hash) VALUES (?, ?, ?)"),
)
"""What is read here → what it becomes in a fresh store."""
_OUTPUTS_OF_BEFORE: Final = f"""
    SELECT id, body_hash FROM outputs JOIN snapshot_meta ON name = '{NEXT_PREFIX}' || topic WHERE position < snapshot_meta.value
"""  # noqa: S608 - a constant
"""Ids that must not come up with another body."""
_FACTS: Final = "SELECT name, value, hash FROM snapshot_meta"


def write_snapshot(database: OpenFile) -> None:
    """Replace the snapshot by what is in the tables, in the open transaction."""
    for statement in _WRITE:
        database.write_many(statement, [()])


def log_position(database: OpenFile) -> int:
    """Return the first position of the log that the snapshot doesn't stand for; 0 where there is none."""
    position: int = _facts(database).get(NEXT_NAME, 0)
    return position


def topic_positions(database: OpenFile) -> dict[str, int]:
    """Return the first position of each topic that the snapshot doesn't stand for."""
    return {name.removeprefix(NEXT_PREFIX): value for name, value in _facts(database).items() if name.startswith(NEXT_PREFIX)}


def restore(database: OpenFile, fresh: OpenFile, salt: bytes) -> None:
    """Bring an empty store to where the snapshot is. Commits there."""
    gone = Gone(fresh, salt)
    for query, statement in _RESTORED:
        with database.guarded():
            cursor = database.connection.execute(query)
        while page := _page(database, cursor):
            fresh.write_many(statement, page)
    with database.guarded():
        cursor = database.connection.execute(_OUTPUTS_OF_BEFORE)
    while page := _page(database, cursor):
        gone.keep((id_, body_hash) for id_, body_hash in page)
    if fresh.connection.in_transaction:
        fresh.commit()


def _facts(database: OpenFile) -> dict[str, Any]:
    stored = database.read(_FACTS)
    if any(fields_hash(name, value) != kept for name, value, kept in stored):
        raise CorruptState(path=database.path, reason="the snapshot")
    return {name: value for name, value, _ in stored}


def _page(database: OpenFile, cursor: Any) -> Sequence[Sequence[Any]]:
    with database.guarded():
        page: Sequence[Sequence[Any]] = cursor.fetchmany(PAGE_ROWS)
    return page
