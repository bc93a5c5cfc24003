"""Erasure: what is left to do once the rules have forgotten a person.

The rules have changed the rows, so that none names the person; this removes every other stored byte that does. Steps:

    1. in the transaction of the erasing event itself, the id is written to `erasing`;
    2. one transaction writes a snapshot of all state, deletes every record of the log, the topics and the dead letters that names an id of
       `erasing` (mentions.py), keeps the deleted outputs' ids and hashes in `gone`, empties `erasing` and sets `UNSCRUBBED`;
    3. the file is written anew, and the write-ahead log emptied, as soon as no reader needs it any more;
    4. `UNSCRUBBED` goes. Only now the erasure is done; until then it is pending, and 3 is tried again.

If the process dies before 1 commits, nothing was erased and the same input erases again. Between 1 and 2, `erasing` says at the next
start that 2 is due; from then on UNSCRUBBED says that 3 is. Every step may be repeated. Positions of what remains don't move, so
readers meet gaps. Whoever opens the directory next to write finishes; whoever reads is shown nothing of it in the meantime.

A snapshot costs as much as the state is large, so 2 to 4 wait for the end of the command, in wall time for the next tick (a second at
most). They never wait beyond the next input that names such a person: what is said of somebody after an erasure is news and stays.

What it can't reach: backups and copies made earlier, what consumers have read, freed blocks of the disk.

Source: guarantees.P8, guarantees.S38; decision 0008.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from engine.core.effects import Origin
from engine.errors import CorruptState
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.layout import headers_from
from engine.runtimes.embedded.log import snapshot
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash
from engine.runtimes.embedded.rows.facts import drop_fact, fact, put_facts
from engine.runtimes.embedded.rows.mentions import Mentions

UNSCRUBBED: Final = "unscrubbed"
"""In `meta` while deleted bytes may still be in the files."""

LOG: Final = "log"
PENDING_MAX: Final = 100
"""People whose erasures may be finished together; each input is looked through for all of them."""

_ROWS: Final = "SELECT stage || '/' || name, key, value, NULL FROM rows"
_LOG: Final = f"SELECT '{LOG}', key, value, headers, position FROM log"  # noqa: S608 - a constant
_OUTPUTS: Final = "SELECT topic, key, value, headers, id FROM outputs"

_PENDING: Final = "SELECT person_id, hash FROM erasing ORDER BY person_id"
_BEGIN: Final = "INSERT INTO erasing (person_id, hash) VALUES (?, ?) ON CONFLICT DO NOTHING"
_BODY_HASH: Final = "SELECT id, body_hash FROM outputs WHERE id = ?"
_DELETE_OUTPUT: Final = "DELETE FROM outputs WHERE id = ?"
_DELETE_ENTRY: Final = "DELETE FROM log WHERE position = ?"


class Erasures:
    """The erasures of one data directory that are not finished."""

    def __init__(self, database: OpenFile, gone: Gone) -> None:
        """Read what the last process left unfinished.

        Raises:
            CorruptState: an id is not what was written; erasing another person instead would be worse than stopping.
        """
        self._database = database
        self._gone = gone
        self._pending = pending(database)
        self._unwritten: list[str] = []
        self._is_unscrubbed = fact(database, UNSCRUBBED) is not None
        self._is_rewritten = False
        self._mentions = Mentions(self._pending) if self._pending else None

    def begin(self, person_ids: Sequence[str]) -> None:
        """Take over who was forgotten by a step, at least one; it is written with the transaction."""
        self._unwritten.extend(person_ids)
        self._pending.update(self._unwritten)
        self._mentions = Mentions(self._pending)

    def write(self) -> None:
        """Write what waits into the open transaction."""
        self._database.write_many(_BEGIN, [(person_id, fields_hash(person_id)) for person_id in self._unwritten])
        self._unwritten.clear()

    def come_before(self, origin: Origin) -> bool:
        """Say whether what is pending has to be finished before an input: it names such a person, or there are PENDING_MAX of them."""
        if self._mentions is None:
            return False
        return len(self._pending) >= PENDING_MAX or self._mentions.in_record(origin.key, origin.value, origin.headers)

    @property
    def are_pending(self) -> bool:
        """Whether anything is left to do."""
        return self._mentions is not None or self._is_unscrubbed

    def finish(self, wait_seconds: float = 0.0) -> None:
        """Do what is left to do, if anything is, as far as readers let it. Everything else must be committed.

        Args:
            wait_seconds: how long to wait for readers that still see what was deleted.
        Raises:
            StoreFailed: the disk refused; the next start goes on.
        """
        assert not self._unwritten, "an erasure is finished after the commit that begins it"
        if self._mentions is not None:
            _remove(self._database, self._mentions, self._gone)
            self._pending.clear()
            self._mentions = None
            self._is_unscrubbed, self._is_rewritten = True, False
        if self._is_unscrubbed:
            if not self._is_rewritten:
                self._database.write_anew()
                self._is_rewritten = True
            if self._database.is_log_emptied(wait_seconds):
                drop_fact(self._database, UNSCRUBBED)
                self._database.commit()
                self._is_unscrubbed = False


def pending(database: OpenFile) -> set[str]:
    """Return whose erasures are not finished.

    Raises:
        CorruptState: an id is not what was written.
    """
    stored = database.read(_PENDING)
    if any(fields_hash(person_id) != kept for person_id, kept in stored):
        raise CorruptState(path=database.path, reason="whose erasure is not finished")
    return {person_id for person_id, _ in stored}


def is_due(database: OpenFile) -> bool:
    """Say whether an erasure is to be finished before anything is read."""
    return bool(pending(database)) or fact(database, UNSCRUBBED) is not None


def named_counts(database: OpenFile, person_id: str) -> dict[str, int]:
    """Count the rows of each table (`people/contacts`), and the records of the log and of each topic, that name a person."""
    mentions = Mentions([person_id])
    counts = Counter(name for query in (_ROWS, _LOG, _OUTPUTS) for name, _ in _naming(database, query, mentions))
    return dict(sorted(counts.items()))


def _remove(database: OpenFile, mentions: Mentions, gone: Gone) -> None:
    """Write the snapshot and delete every record that names somebody, in one transaction."""
    entries = [(position,) for _, position in _naming(database, _LOG, mentions)]
    outputs = [(output_id,) for _, output_id in _naming(database, _OUTPUTS, mentions)]
    database.begin()
    snapshot.write_snapshot(database)
    database.write_many(_DELETE_ENTRY, entries)
    gone.keep(database.read(_BODY_HASH, output)[0] for output in outputs)
    database.write_many(_DELETE_OUTPUT, outputs)
    database.write_many("DELETE FROM erasing", [()])
    put_facts(database, [(UNSCRUBBED, 1)])
    database.commit()


def _naming(database: OpenFile, query: str, mentions: Mentions) -> Iterator[tuple[str, Any]]:
    """Yield the first and the last column of each record that names somebody."""
    with database.guarded():
        for name, key, value, headers, *rest in database.connection.execute(query):
            if mentions.in_record(key, value, () if headers is None else headers_from(headers)):
                yield name, rest[0] if rest else None
