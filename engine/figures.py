"""What can be counted about the programmes of one owner, in every runtime: pairs that are active, people whom the last rounds left waiting.

An owner is a data directory, or a partition on Kafka: there the figures move to another worker together with the rows. Who waits is known
from the last round on; of a round that another process held, nothing is known.

Time: how long a round took comes from a monotonic clock and is nowhere but in metrics.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from engine.core.effects import Note
from engine.core.execution import Transition
from engine.core.table import Row
from engine.programme.pairs.pairing import Pairing
from engine.programme.tables import PAIRINGS
from schemas.events.round import RoundCompleted
from schemas.terms.codes import PairingState

NO_OPTION_AT_ALL: Final = "other"
"""Of `waiting_people`: somebody was there, but others were chosen, or nobody was good enough yet."""


class _Standing(msgspec.Struct):
    """As much of a pairing's row as is counted."""

    state: str


_standing: Final = msgspec.json.Decoder(_Standing).decode
_read_json: Final = msgspec.json.Decoder().decode


class Figures:
    """The counts of one owner."""

    def __init__(self) -> None:
        self._active: set[str] = set()
        self._waiting: dict[str, dict[str, int]] = {}

    @property
    def active_count(self) -> int:
        """How many pairs are active."""
        return len(self._active)

    @property
    def waiting(self) -> Counter[str]:
        """How many people wait, by reason; a reason without anybody is zero."""
        found = Counter[str]()
        for counts in list(self._waiting.values()):  # a thread may be at work on them
            found.update(counts)
        return found

    def found_active(self, pairing_ids: Iterable[str]) -> None:
        """Begin with the pairings that are active already."""
        self._active.update(pairing_ids)

    def restored(self, table: str, key: str, value: bytes | None) -> None:
        """Take over a row of the changelog."""
        if table == PAIRINGS.name:
            is_active = value is not None and _standing(value).state == PairingState.ACTIVE
            (self._active.add if is_active else self._active.discard)(key)

    def applied(self, transition: Transition, seconds: float) -> Iterator[Note]:
        """Count a transition. Yields what is to be told of the rounds in it.

        Args:
            seconds: how long it took.
        """
        for (table, key), row in transition.changes.items():
            if table == PAIRINGS.name:
                (self._active.add if _is_active(row) else self._active.discard)(key)
        for output in transition.outputs:
            if output.data is not None and output.attributes["type"] == RoundCompleted.TYPE:
                yield Note("bothways_round_seconds", seconds)
                self._round_held(_read_json(output.data))

    def _round_held(self, report: Mapping[str, Any]) -> None:
        if report["dry_run"] or report["waiting"] is None:
            return  # what was last told stands
        reasons: dict[str, int] = report["no_option_by_reason"]
        gone = dict.fromkeys(self._waiting.get(report["programme_id"], {}), 0)
        self._waiting[report["programme_id"]] = gone | reasons | {NO_OPTION_AT_ALL: report["waiting"] - sum(reasons.values())}


def _is_active(row: Row | None) -> bool:
    return isinstance(row, Pairing) and row.state is PairingState.ACTIVE
