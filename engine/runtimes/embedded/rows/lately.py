"""Rows read or written lately, decoded: a bounded number of them, in two generations of which the old one goes as a whole.

What is absent is remembered too. A row is a frozen value, so whoever was handed it can't change what is remembered.
"""

from typing import Any, Final

REMEMBERED_ROWS_MAX: Final = 10_000
"""Rows in each of the two generations."""
NOT_KEPT: Final = object()
"""Stands for a row of which nothing is remembered; None is one that isn't there."""

RowName = tuple[str, str]
"""(table, key)."""


class Lately:
    """What is remembered of one stage."""

    def __init__(self, *, rows_max: int = REMEMBERED_ROWS_MAX) -> None:
        """Start empty.

        Args:
            rows_max: rows in each generation.
        """
        self._rows_max = rows_max
        self._young: dict[RowName, Any] = {}
        self._old: dict[RowName, Any] = {}

    def recall(self, name: RowName) -> Any:
        """Return the row, None where there is none, or UNKNOWN."""
        row = self._young.get(name, NOT_KEPT)
        if row is NOT_KEPT and (row := self._old.get(name, NOT_KEPT)) is not NOT_KEPT:
            self.remember(name, row)
        return row

    def remember(self, name: RowName, row: Any | None) -> None:
        """Keep a row as it now is in the file, or that it isn't there."""
        if len(self._young) >= self._rows_max:
            self._old, self._young = self._young, {}
        self._young[name] = row
