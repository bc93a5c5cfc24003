"""The snapshot: what a replay starts from once the log no longer tells everything.

An erasure takes records out of the log, so what they did can't be done again; a newer version would do it otherwise (fingerprints.py). A
copy of the tables at one position of the log stands for everything before it. There is at most one, in the same file, written in the
transaction that makes it necessary. It holds rows, marks, the last `at` and the next position of the log and of every topic; outputs
themselves are not copied, only their ids count afterwards.
"""

from collections.abc import Sequence
from typing import Any, Final

from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.input_log import NEXT_NAME
from engine.runtimes.embedded.layout import LAST_AT
from engine.runtimes.embedded.stored_outputs import NEXT_PREFIX

PAGE_ROWS: Final = 1_000

_WRITE: Final = (
    "DELETE FROM snapshot_rows",
    "DELETE FROM snapshot_marks",
    "DELETE FROM snapshot_meta",
    "INSERT INTO snapshot_rows SELECT stage, name, key, value, wake_at FROM rows ORDER BY stage, name, key",
    "INSERT INTO snapshot_marks SELECT stage, key, content, refused, wake_at FROM marks ORDER BY stage, key",
    f"INSERT INTO snapshot_meta SELECT name, value FROM meta WHERE name IN ('{LAST_AT}', '{NEXT_NAME}') OR name GLOB '{NEXT_PREFIX}*'",  # noqa: S608 - constants
)
_RESTORED: Final = (
    (
        "SELECT stage, name, key, value, wake_at FROM snapshot_rows",
        "INSERT INTO rows (stage, name, key, value, wake_at) VALUES (?, ?, ?, ?, ?)",
    ),
    (
        "SELECT stage, key, content, refused, wake_at FROM snapshot_marks",
        "INSERT INTO marks (stage, key, content, refused, wake_at) VALUES (?, ?, ?, ?, ?)",
    ),
    ("SELECT name, value FROM snapshot_meta", "INSERT INTO meta (name, value) VALUES (?, ?)"),
    ("SELECT name, value FROM snapshot_meta", "INSERT INTO snapshot_meta (name, value) VALUES (?, ?)"),
    (
        f"""
        SELECT id, body_hash FROM gone UNION ALL
        SELECT id, body_hash FROM outputs JOIN snapshot_meta ON name = '{NEXT_PREFIX}' || topic WHERE position < snapshot_meta.value
        """,  # noqa: S608 - a constant
        "INSERT OR IGNORE INTO gone (id, body_hash) VALUES (?, ?)",
    ),
)
"""What is read here → what it becomes in a fresh store. Outputs of before are ids that must not come up with another body."""


def write(database: Database) -> None:
    """Replace the snapshot by what is in the tables, in the open transaction."""
    for statement in _WRITE:
        database.write_many(statement, [()])


def log_position(database: Database) -> int:
    """Return the first position of the log that the snapshot doesn't stand for; 0 where there is none."""
    found = database.read("SELECT value FROM snapshot_meta WHERE name = ?", (NEXT_NAME,))
    position: int = found[0][0] if found else 0
    return position


def topic_positions(database: Database) -> dict[str, int]:
    """Return the first position of each topic that the snapshot doesn't stand for."""
    found = database.read("SELECT name, value FROM snapshot_meta WHERE name GLOB ?", (f"{NEXT_PREFIX}*",))
    return {name.removeprefix(NEXT_PREFIX): value for name, value in found}


def restore(database: Database, fresh: Database) -> None:
    """Bring an empty store to where the snapshot is. Commits there."""
    for query, statement in _RESTORED:
        with database.guarded():
            cursor = database.connection.execute(query)
        while page := _page(database, cursor):
            fresh.write_many(statement, page)
    if fresh.connection.in_transaction:
        fresh.commit()


def _page(database: Database, cursor: Any) -> Sequence[Sequence[Any]]:
    with database.guarded():
        page: Sequence[Sequence[Any]] = cursor.fetchmany(PAGE_ROWS)
    return page
