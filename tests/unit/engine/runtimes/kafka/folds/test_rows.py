"""Rows in memory: what was put is what is read, scanned and written, before and after a restore."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.core.stage import Stage
from engine.core.table import Table
from engine.runtimes.kafka.folds.rows import PartitionRows, whole_seconds

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A row."""

    n: int
    wake_at: datetime | None = None


THINGS: Final = Table(Thing, "things")
AS_MARKS: Final = Table(Thing, "seen")
"""Kept as bytes, like marks."""
TABLES: Final = {table.name: table for table in (THINGS, AS_MARKS)}
STAGE: Final = Stage(name=StageName.PEOPLE, tables=TABLES, handlers={}, wakes={})
KEYS: Final = st.text(alphabet="ab/é", max_size=4)
WAKES: Final = st.none() | st.integers(0, 5).map(lambda n: START + timedelta(seconds=n, milliseconds=n))
VALUES: Final = st.none() | st.builds(Thing, n=st.integers(0, 9), wake_at=WAKES)
STEPS: Final = st.lists(st.tuples(st.sampled_from(sorted(TABLES)), KEYS, VALUES, st.booleans()), max_size=40)


@given(steps=STEPS, prefix=KEYS)
def test_rows_behave_like_a_dictionary(steps: list[tuple[str, str, Thing | None, bool]], prefix: str) -> None:
    """Get and scan see the newest put, keys in order, whether scans come in between or not."""
    rows, model = PartitionRows(STAGE), dict[tuple[str, str], Thing]()

    for table, key, thing, is_scanned in steps:
        rows.put(table, key, thing)
        model.pop((table, key), None)
        if thing is not None:
            model[(table, key)] = thing
        if is_scanned:
            expected = sorted((of, row) for (name, of), row in model.items() if name == table and of.startswith(prefix))
            assert [key for key, _ in expected] == [key for key, _ in rows.scan(TABLES[table], prefix)]

    for table, key, _, _ in steps:
        assert model.get((table, key)) == rows.get(TABLES[table], key)


@given(steps=STEPS, commits=st.integers(1, 5))
def test_restored_rows_are_the_ones_that_were_written(steps: list[tuple[str, str, Thing | None, bool]], commits: int) -> None:
    """The changes of all commits, taken over in order, give the same rows and timers (guarantees.S27)."""
    rows, restored = PartitionRows(STAGE), PartitionRows(STAGE)
    for place, (table, key, thing, _) in enumerate(steps):
        rows.put(table, key, thing)
        if place % commits == 0:
            for change in rows.take_changes():
                restored.restore(*change)
    for change in rows.take_changes():
        restored.restore(*change)

    for table in TABLES.values():
        assert list(rows.scan(table, "")) == list(restored.scan(table, ""))
    assert rows.timers.due(START + timedelta(days=1), 99) == restored.timers.due(START + timedelta(days=1), 99)
    assert not rows.is_dirty


def test_cleared_timer_stays_still_after_a_restore() -> None:
    """A row whose wake failed keeps its value and loses its timer, for the next owner too."""
    rows, restored = PartitionRows(STAGE), PartitionRows(STAGE)
    rows.put("things", "a", Thing(n=1, wake_at=START))
    rows.clear_timer("things", "a")
    for change in rows.take_changes():
        restored.restore(*change)

    assert [] == restored.timers.due(START, 9)
    assert Thing(n=1, wake_at=START) == restored.get(THINGS, "a")


def test_timer_is_never_early() -> None:
    """A fraction of a second counts as a whole one."""
    assert START + timedelta(seconds=1) == whole_seconds(START + timedelta(microseconds=1))
    assert whole_seconds(START) == START
    assert whole_seconds(None) is None
