"""Rules of stamps (engine/core/stamp.py)."""

from datetime import UTC, datetime
from itertools import pairwise

from engine.core.stamp import Stamp

NINE = datetime(2025, 1, 7, 9, tzinfo=UTC)
TEN = datetime(2025, 1, 7, 10, tzinfo=UTC)


def test_t1_time_comes_before_sequence_and_sequence_before_id() -> None:
    """A later fact wins over a higher sequence, and a higher sequence over a higher id."""
    rising = [Stamp(NINE, 0, "b"), Stamp(NINE, 1, "a"), Stamp(NINE, 1, "b"), Stamp(TEN, 0, "a")]

    assert all(one < other for one, other in pairwise(rising))
