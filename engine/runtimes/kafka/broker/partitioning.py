"""Which partition a key belongs to: murmur2, as the Java client and aiokafka count by default.

Keys of people and programmes come again and again, so the answer is remembered.
"""

from functools import lru_cache
from typing import Final

from aiokafka.partitioner import murmur2

REMEMBERED_KEYS_MAX: Final = 200_000


@lru_cache(maxsize=REMEMBERED_KEYS_MAX)
def _hash(key: bytes) -> int:
    found: int = murmur2(key) & 0x7FFFFFFF
    return found


def partition_of(key: bytes, count: int) -> int:
    """Return the partition of a key among so many."""
    return _hash(key) % count
