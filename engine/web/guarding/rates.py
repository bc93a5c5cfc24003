"""How often somebody may ask: a bucket of so many requests that fills again steadily."""

import time
from collections.abc import Callable
from typing import Final

BURST_SECONDS: Final = 2.0
"""How long nothing has to be asked until the bucket is full."""


class Rates:
    """One bucket for each asker. Askers are tokens, so there are few."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            per_second: requests that one asker may send for ever.
        """
        self._per_second = per_second
        self._room = max(1.0, per_second * BURST_SECONDS)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, asker: str) -> float:
        """Take one request of somebody. Returns 0, or how long to wait until there is room for it."""
        now = self._clock()
        left, since = self._buckets.get(asker, (self._room, now))
        left = min(self._room, left + (now - since) * self._per_second)
        if left < 1:
            self._buckets[asker] = (left, now)
            return (1 - left) / self._per_second
        self._buckets[asker] = (left - 1, now)
        return 0.0
