"""Rules of the timers that come next (engine/runtimes/embedded/rows/near_timers.py)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.runtimes.embedded.rows import near_timers
from engine.runtimes.embedded.rows.near_timers import NearTimers, StoredTimer

START = datetime(2025, 1, 1, tzinfo=UTC)

changes = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 20))), max_size=60)


class Stored:
    """What is in the file."""

    def __init__(self) -> None:
        self.wake_at: dict[str, datetime] = {}

    def first(self, limit: int) -> list[StoredTimer]:
        """The first timers."""
        return sorted((at, "table", key) for key, at in self.wake_at.items())[:limit]


@given(changes=changes, window=st.integers(1, 4))
def test_earliest_and_due_are_those_of_all_timers(changes: list[tuple[int, int | None]], window: int) -> None:
    """However small the window in memory is, answers are those of the whole file."""
    stored = Stored()
    timers = NearTimers(stored.first, window_max=window)

    for number, minutes in changes:
        key = f"k{number}"
        wake_at = None if minutes is None else START + timedelta(minutes=minutes)
        if wake_at is None:
            stored.wake_at.pop(key, None)
        else:
            stored.wake_at[key] = wake_at
        timers.set("table", key, wake_at)

        everything = stored.first(100)
        assert (everything[0][0] if everything else None) == timers.earliest()
        at = START + timedelta(minutes=10)
        assert [(table, key) for wake, table, key in everything if wake <= at][:window] == timers.due(at, window)


def test_memory_is_bounded_by_the_window() -> None:
    """Marks that wake in months are not held."""
    assert near_timers.NEAR_TIMERS_MAX <= 10_000
