"""Which keys a table may have, by what comes before their first `/`: a scan that would find nothing is not asked of the file.

A filter in fixed memory. It never says no where there is a row. It says yes for nothing where two heads share a slot, or where the rows
have gone since, and then the scan finds out.
"""

import zlib
from collections.abc import Callable, Iterable
from typing import Final

SLOTS: Final = 1 << 17
"""With 10,000 heads, one answer in 14 is yes for nothing."""


class Heads:
    """The heads of one table."""

    def __init__(self, load: Callable[[], Iterable[str]]) -> None:
        """Start with what is in the file, once somebody asks.

        Args:
            load: returns every key that is written.
        """
        self._load = load
        self._slots: bytearray | None = None

    def add(self, key: str) -> None:
        """Take over a key that is written."""
        if self._slots is not None:
            self._slots[_slot(key)] = 1

    def may_have(self, prefix: str) -> bool:
        """Say whether there may be a key that starts with a prefix; yes where the prefix is no more than a part of a head."""
        if "/" not in prefix:
            return True
        if self._slots is None:
            self._slots = bytearray(SLOTS)
            for key in self._load():
                self._slots[_slot(key)] = 1
        return bool(self._slots[_slot(prefix)])


def _slot(key: str) -> int:
    return zlib.crc32(key.partition("/")[0].encode()) % SLOTS
