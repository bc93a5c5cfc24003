"""The embedded engine's own figures: how long commits take, how late timers are, how many rows there are.

Time: durations come from a monotonic clock and are nowhere but in metrics.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Final

from engine.core.effects import StageName
from engine.observation import Observer
from engine.programme.tables import PAIRINGS
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.store import SqliteStore
from engine.telemetry import METRIC_PREFIX
from schemas.terms.codes import PairingState

DUE_COUNTED_MAX: Final = 1_000
"""Timers that are due are counted per stage up to this many."""

_ROW_COUNTS: Final = "SELECT name, count(*) FROM rows GROUP BY name UNION ALL SELECT 'seen', count(*) FROM marks"


class TimedStore(SqliteStore):
    """A store that says how long its commits took."""

    on_commit: Callable[[float], None] | None = None

    def commit(self) -> None:
        """Commit; time it unless there was nothing to write."""
        is_idle = self.changes_count == 0 and self.unwritten_bytes == 0
        began_at = time.monotonic()
        super().commit()
        if self.on_commit is not None and not is_idle:
            self.on_commit(time.monotonic() - began_at)


class ObservedEngine(EmbeddedEngine):
    """An engine whose figures can be looked at while it runs."""

    store_type: ClassVar[type[SqliteStore]] = TimedStore

    def observed_by(self, observer: Observer) -> None:
        """Show an observer what there is already, and let it hear of every commit; transitions are handed over with `observe`."""
        assert isinstance(self._store, TimedStore)
        telemetry = observer.telemetry
        rows = self.scan(StageName.PROGRAMMES, PAIRINGS)
        observer.found_active({key for key, row in rows if row.state is PairingState.ACTIVE})
        self._store.on_commit = lambda seconds: telemetry.observe(METRIC_PREFIX + "commit_seconds", seconds)

    @property
    def next_wake_at(self) -> datetime | None:
        """The earliest timer."""
        return self._store.earliest_wake()

    def due_count(self, at: datetime) -> int:
        """Count the timers that are due, each stage up to DUE_COUNTED_MAX."""
        return sum(len(self._store.due(stage, at, DUE_COUNTED_MAX)) for stage in StageName)

    def row_counts(self) -> dict[str, int]:
        """Count the rows of each table. Reads all of their keys, so it isn't for every second."""
        return dict(self._database.read(_ROW_COUNTS))
