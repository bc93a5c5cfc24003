"""The store behind the loop: one SQLite file that changes in whole transactions.

Between two commits everything waits in memory: changed rows decoded, log entries, outputs and dead letters. `commit` does

    1. write rows, log, outputs, next positions, the last `at` and whose erasure begins into one transaction;
    2. COMMIT, which returns when the write-ahead log is on the disk;
    3. checkpoint, when that log has grown past its limit.

If the process dies before 2 returns, the next start sees the state of the commit before (or of this one, when the disk already had all of
it), never a mixture: the same inputs read again give the same result, and the marks make what was committed a no-op. Between 2 and 3, and
in 3, nothing is lost: a checkpoint copies what the log keeps. Nothing may be acknowledged before `commit` returned.

An error of the disk leaves the store unusable; whoever holds it ends the process.

Source: guarantees.P1, guarantees.P2, guarantees.P9; decision 0003.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from engine.core.cascade import Entry, Heard
from engine.core.dead_letters import DeadLetter
from engine.core.effects import Note, StageName
from engine.core.execution import Transition
from engine.core.intake import Intaken
from engine.core.stage import Topology
from engine.runtimes.embedded.erasing.erasure import Erasures
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.erasing.salts import settled_salt
from engine.runtimes.embedded.layout import LAST_AT, instant_from, seconds_from
from engine.runtimes.embedded.log.input_log import InputLog
from engine.runtimes.embedded.log.output_log import OutputLog
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.rows.facts import fact, put_facts
from engine.runtimes.embedded.rows.stage_rows import StageRows
from schemas.terms.codes import RefusalCode


class SqliteStore:
    """Rows, timers, log, outputs and dead letters of one data directory."""

    def __init__(
        self,
        database: OpenFile,
        topology: Topology,
        *,
        given_salt: bytes | None = None,
        own_salt: bytes | None = None,
        on_notes: Callable[[Sequence[Note]], None] | None = None,
    ) -> None:
        """Read what the last commit left.

        Args:
            given_salt: the salt that is set from outside, if any.
            own_salt: what a new directory keeps as its own instead of drawing one.
            on_notes: is handed the notes of each commit once it is durable.
        """
        self.log = InputLog(database)
        self.salt = settled_salt(database, given_salt, own=own_salt)
        """Of the hashes that stand for people."""
        gone = Gone(database, self.salt)
        self.outputs = OutputLog(database, gone)
        self.erasures = Erasures(database, gone)
        self.database = database
        self._rows = {name: StageRows(database, stage) for name, stage in topology.stages.items()}
        self.changes_count = 0
        """Row changes since the last commit."""
        self.is_refusal_known = False
        self.on_transition: Callable[[Transition], None] | None = None
        """Is handed every transition as it is taken over, before it is durable: for metrics, counts and the live demo."""
        self._latest_refusal: DeadLetter | None = None
        self._latest_decline: RefusalCode | None = None
        self._on_notes = on_notes
        self._notes: list[Note] = []
        stored = fact(database, LAST_AT)
        self.last_at: datetime | None = None if stored is None else instant_from(stored)
        self._committed_at = self.last_at

    def rows(self, stage: StageName) -> StageRows:
        """Return the rows of one stage."""
        return self._rows[stage]

    def look_ahead(self, heard: Sequence[Heard]) -> None:
        """Ask for the marks of records that will be offered next, all in one query a stage."""
        if len(heard) == 1:
            return
        keys: dict[StageName, list[str]] = {}
        for one in heard:
            if isinstance(one.taken, Intaken) and one.mark is not None:
                keys.setdefault(one.taken.stage, []).extend(one.mark.keys)
        for stage, wanted in keys.items():
            self._rows[stage].look_ahead(wanted)

    def apply(self, stage: StageName, transition: Transition) -> None:
        """Take over a step's changes, outputs and dead letters."""
        put = self._rows[stage].put
        self.changes_count += len(transition.changes)
        for (table, key), row in transition.changes.items():
            put(table, key, row)
        if transition.timer_cleared is not None:
            self._rows[stage].clear_timer(*transition.timer_cleared)
        for output in transition.outputs:
            self.outputs.append(output)
        for letter in transition.dead_letters:
            self.is_refusal_known = self.outputs.refuse(letter) and not transition.is_remembered
            self._latest_refusal = letter
        if transition.refusal is not None:
            self._latest_decline = transition.refusal
        if transition.forgotten:
            self.erasures.begin(transition.forgotten)
        if self._on_notes is not None:
            self._notes.extend(transition.notes)
        if self.on_transition is not None:
            self.on_transition(transition)

    def append(self, entry: Entry) -> None:
        """Append to the log."""
        self.log.append(entry)

    def earliest_wake(self) -> datetime | None:
        """Return the smallest `wake_at` of any row of any stage."""
        wakes = [wake_at for rows in self._rows.values() if (wake_at := rows.timers.earliest()) is not None]
        return min(wakes) if wakes else None

    def due(self, stage: StageName, at: datetime, limit: int) -> list[tuple[str, str]]:
        """Return up to `limit` (table, key) of one stage with `wake_at <= at`, in (wake_at, table, key) order."""
        return self._rows[stage].timers.due(at, limit)

    def take_refusal(self) -> DeadLetter | None:
        """Return the newest dead letter since this was last asked, for whoever answers a producer."""
        letter, self._latest_refusal = self._latest_refusal, None
        return letter

    def take_decline(self) -> RefusalCode | None:
        """Return why the newest command was refused since this was last asked."""
        code, self._latest_decline = self._latest_decline, None
        return code

    @property
    def unwritten_bytes(self) -> int:
        """Size of the log entries and outputs that wait, roughly."""
        return self.log.bytes_count + self.outputs.bytes_count

    def commit(self) -> None:
        """Make every unit since the last commit durable, all or none. Returns at once when there is none.

        Raises:
            StoreFailed, CorruptState, IdentityConflict: nothing of this transaction is visible; the process ends.
        """
        for rows in self._rows.values():
            rows.write()
        moved: dict[str, int] = {**self.log.write(), **self.outputs.write()}
        if self.last_at is not None and self.last_at != self._committed_at:
            moved[LAST_AT] = seconds_from(self.last_at)
        put_facts(self.database, moved.items())
        self.erasures.write()
        if self.database.connection.in_transaction:
            self.database.commit()
        self._committed_at = self.last_at
        self.changes_count = 0
        if self._on_notes is not None and self._notes:
            self._on_notes(self._notes)
            self._notes = []
