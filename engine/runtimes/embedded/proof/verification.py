"""Proof on the user's own data: the log gives everything else, byte for byte.

The log is replayed from its beginning, or from the snapshot where an erasure wrote one; of what was before it, entries and outputs are held
to the hashes beside them. It goes into a store of its own that goes afterwards, and what comes out is compared with what
is kept: rows and timers, outputs, dead letters, the last `at`. A line that intake refused was never logged; its dead letter is checked by
reading its bytes again. What can't be derived again (a conflict with a mark that has gone since) is held to the hash beside it.

Source: guarantees.P6.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from engine.core.cascade import Cascade
from engine.core.dead_letters import CODE_HEADER, DeadLetter, as_it_came
from engine.core.effects import Origin
from engine.core.intake import intake
from engine.core.stage import Topology
from engine.errors import CorruptState
from engine.runtimes.embedded.layout import EPOCH
from engine.runtimes.embedded.log import snapshot
from engine.runtimes.embedded.log.input_log import InputLog
from engine.runtimes.embedded.log.stored_outputs import NEXT_PREFIX, StoredOutput, next_positions, stored_outputs
from engine.runtimes.embedded.open_file import OpenFile, PrivateFile
from engine.runtimes.embedded.proof.integrity import changed_records
from engine.runtimes.embedded.sources import source_of
from engine.runtimes.embedded.store import SqliteStore
from schemas.terms.codes import ErrorCode
from schemas.topics import DEAD_LETTER_PREFIX

COMMIT_ENTRIES: Final = 500
FINDINGS_MAX: Final = 20
_NO_FUTURE: Final = datetime(9998, 1, 1, tzinfo=UTC)
"""Later than any event may be."""

_ROWS: Final = "SELECT stage || '/' || name, key, value, wake_at, hash FROM rows ORDER BY stage, name, key"
_MARKS: Final = "SELECT 'marks/' || stage, key, content, refused, wake_at, hash FROM marks ORDER BY stage, key"
_LOG: Final = "SELECT 'log', position, kind, at, source_position, topic, key, value, headers FROM log ORDER BY position"
_PUBLISHED: Final = """
    SELECT topic, position, id, key, value, headers, body_hash FROM outputs WHERE topic NOT LIKE 'dlq.%' ORDER BY topic, position
"""
_PUBLISHED_SINCE: Final = f"""
    SELECT topic, position, id, key, outputs.value, headers, body_hash FROM outputs
    LEFT JOIN snapshot_meta ON name = '{NEXT_PREFIX}' || topic
    WHERE topic NOT LIKE 'dlq.%' AND position >= coalesce(snapshot_meta.value, 0) ORDER BY topic, position
"""  # noqa: S608 - a constant
"""What the snapshot doesn't stand for; everything where there is none."""
_REFUSED: Final = "SELECT topic, id, key, value, headers, body_hash FROM outputs WHERE topic LIKE 'dlq.%' ORDER BY topic, id"
_LAST_AT: Final = "SELECT name, value FROM meta WHERE name = 'last_at'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One table or topic, as kept and as replayed."""

    name: str
    count: int
    digest: str
    replayed_digest: str

    @property
    def is_identical(self) -> bool:
        """Whether both are the same bytes."""
        return self.digest == self.replayed_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a replay showed."""

    from_position: int = 0
    """Where in the log the replay began: at the snapshot, if there is one."""
    entries_count: int
    """How many entries were replayed."""
    compared: tuple[Compared, ...]
    findings: tuple[str, ...]
    """What is wrong, one line each, without a key or a value; empty when everything is as it was written."""

    @property
    def is_identical(self) -> bool:
        """Whether nothing differs."""
        return not self.findings


def digests(database: OpenFile) -> dict[str, tuple[int, str]]:
    """Return count and digest of each table, topic and the log, by name. When an input arrived is left out: it decides nothing."""
    found: dict[str, tuple[int, str]] = {}
    for query in (_ROWS, _MARKS, _LOG, _PUBLISHED, _REFUSED, _LAST_AT):
        found |= _digested(database, query)
    return found


def verification(
    database: OpenFile, topology: Topology, *, salt: bytes, on_progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Replay the log of an open, committed database and compare. Changes nothing in it.

    Raises:
        StoreFailed: there is no room for the second store.
    """
    damage = database.check_integrity()
    if damage is not None:
        return Verification(entries_count=0, compared=(), findings=(f"the file's structure: {damage}",))
    replayed = PrivateFile.made(database.path)
    try:
        return _compared(database, replayed, topology, salt, on_progress)
    except CorruptState as changed:  # a fact or the snapshot: there is nothing to begin from
        return Verification(entries_count=0, compared=(), findings=(changed.reason,))
    finally:
        replayed.close()


def _compared(
    database: OpenFile,
    replayed: OpenFile,
    topology: Topology,
    salt: bytes,
    on_progress: Callable[[int, int], None] | None,
) -> Verification:
    with database.guarded():
        findings = list(changed_records(database.connection))
    log = InputLog(database)
    start = snapshot.log_position(database)
    snapshot.restore(database, replayed, salt)
    store = SqliteStore(replayed, topology, given_salt=salt)
    total = database.read("SELECT count(*) FROM log WHERE position >= ?", (start,))[0][0]
    count = 0
    missing_count = log.next_position - start - total
    if missing_count:
        findings.append(f"the log: {missing_count} of its entries are missing")
    try:
        log.check(before=start)
        for _ in Cascade(topology, store, salt=salt, source=source_of(database)).replay(entry for _, entry in log.read(start)):
            count += 1
            if count % COMMIT_ENTRIES == 0:
                store.commit()
                if on_progress is not None:
                    on_progress(count, total)
        store.commit()
    except CorruptState:
        pass  # found already, by the hash beside it
    except AssertionError as refused:
        findings.append(f"the log's entry after {count}: {refused}")
    if on_progress is not None:
        on_progress(count, total)
    compared = _side_by_side(digests_of_derived(database), digests_of_derived(replayed))
    findings.extend(f"{each.name}: differs from its replay" for each in compared if not each.is_identical)
    findings.extend(_wrong_letters(database, store, snapshot.topic_positions(database)))
    return Verification(from_position=start, entries_count=count, compared=compared, findings=tuple(findings[:FINDINGS_MAX]))


def digests_of_derived(database: OpenFile) -> dict[str, tuple[int, str]]:
    """Return count and digest of everything that follows from the log, or from the snapshot and the log since."""
    return _digested(database, _ROWS) | _digested(database, _MARKS) | _digested(database, _PUBLISHED_SINCE) | _digested(database, _LAST_AT)


def _digested(database: OpenFile, query: str) -> dict[str, tuple[int, str]]:
    """Digest the records of a query by their first column; lengths keep neighbouring fields apart."""
    counts: dict[str, int] = {}
    hashes: dict[str, Any] = {}
    with database.guarded():
        for name, *fields in database.connection.execute(query):
            if name not in counts:
                counts[name] = 0
                hashes[name] = hashlib.blake2b(digest_size=16)
            counts[name] += 1
            hashes[name].update(repr(fields).encode())
    return {name: (counts[name], hashes[name].hexdigest()) for name in counts}


def _side_by_side(kept: dict[str, tuple[int, str]], replayed: dict[str, tuple[int, str]]) -> tuple[Compared, ...]:
    nothing = (0, "")
    return tuple(
        Compared(
            name=name,
            count=kept.get(name, nothing)[0],
            digest=kept.get(name, nothing)[1],
            replayed_digest=replayed.get(name, nothing)[1],
        )
        for name in sorted({*kept, *replayed})
    )


def _wrong_letters(database: OpenFile, replayed: SqliteStore, starts: dict[str, int]) -> Iterator[str]:
    """Find dead letters that the replay has and the store lacks, and kept ones that neither replay nor a second reading explains."""
    topics = sorted({*next_positions(database), *replayed.outputs.topics})
    for topic in (topic for topic in topics if topic.startswith(DEAD_LETTER_PREFIX)):
        explained = {letter.id: letter.body_hash for letter in replayed.outputs.read(topic)}
        try:
            for letter in stored_outputs(database, topic, starts.get(topic, 0)):
                same = explained.pop(letter.id, None)
                if same != letter.body_hash and not _is_explained(letter):
                    yield f"{topic} position {letter.position}: nothing explains this dead letter"
        except CorruptState:
            continue  # found already, by the hash beside it
        if explained:
            yield f"{topic}: {len(explained)} dead letters are missing"


def _is_explained(letter: StoredOutput) -> bool:
    """Say whether reading a dead letter's bytes again refuses them for the same reason."""
    headers = dict(letter.headers)
    code = (headers.get(CODE_HEADER) or b"").decode()
    own = as_it_came(letter.headers)
    origin = Origin(topic=(headers.get("__dlq.errors.topic") or b"").decode(), key=letter.key, value=letter.value or b"", headers=own)
    refused = intake(origin, EPOCH if code == ErrorCode.FUTURE_TIME else _NO_FUTURE)
    if isinstance(refused, DeadLetter):
        return refused.id == letter.id
    return code == ErrorCode.CONFLICTING_DUPLICATE or headers.get("__dlq.errors.message") == b"refused before"
