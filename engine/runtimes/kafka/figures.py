"""What can be counted about the programmes of one partition: pairs that are active, people whom the last rounds left waiting.

Counted with the rows, so that the figures move to another worker together with the partition. Who waits is known from the last round on;
of a round that another worker held, nothing is known.

Time: how long a round took comes from a monotonic clock and is nowhere but in metrics.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from engine.effects import Note
from engine.execution import Transition
from engine.observation import has_active, rounds_in, waiting_after
from engine.processors.tables import PAIRINGS
from schemas.codes import PairingState


class _Standing(msgspec.Struct):
    """As much of a pairing's row as is counted."""

    state: str


_standing: Final = msgspec.json.Decoder(_Standing).decode


class Figures:
    """The counts of one partition."""

    def __init__(self) -> None:
        self._active: set[str] = set()
        self._waiting: dict[str, dict[str, int]] = {}

    @property
    def active_count(self) -> int:
        """How many pairs are active."""
        return len(self._active)

    @property
    def waiting(self) -> Counter[str]:
        """How many people wait, by reason; reasons of which nobody is left are nought."""
        found = Counter[str]()
        for counts in list(self._waiting.values()):  # a thread may be at work on them
            found.update(counts)
        return found

    def restored(self, table: str, key: str, value: bytes | None) -> None:
        """Take over a row of the changelog."""
        if table == PAIRINGS:
            is_active = value is not None and _standing(value).state == PairingState.ACTIVE
            (self._active.add if is_active else self._active.discard)(key)

    def applied(self, transition: Transition, seconds: float) -> Iterator[Note]:
        """Count a transition. Yields what is to be told of the rounds in it.

        Args:
            seconds: how long it took.
        """
        for (table, key), row in transition.changes.items():
            if table == PAIRINGS:
                (self._active.add if has_active(row) else self._active.discard)(key)
        for report in rounds_in(transition):
            yield Note("bothways_round_seconds", seconds)
            if not report["dry_run"]:
                gone = dict.fromkeys(self._waiting.get(report["programme_id"], {}), 0)
                self._waiting[report["programme_id"]] = gone | waiting_after(report)
