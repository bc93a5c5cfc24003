"""Hashes beside what is stored: a changed byte is found when it is read, before anything is decided on it.

Every record carries a hash of all its columns. SQLite checks its write-ahead log by itself, but not the pages of the file.

What a hash beside a record can't show: a record that is missing, because a changed index hides it. `verify` compares with a replay and
finds that too.

Source: guarantees.P13.
"""

import hashlib
from typing import Final

HASH_BYTES: Final = 8
"""One changed record in 2^64 would pass; a short hash keeps small records small."""

Field = str | int | bytes | None


def row_hash(stage: str, table: str, key: str, value: bytes, wake_at: int | None) -> bytes:
    """Return the hash beside a row.

    Ids have no line feed, so it keeps the fields apart.
    """
    head = f"{stage}\n{table}\n{key}\n{wake_at}\n".encode(errors="surrogatepass")
    return hashlib.blake2b(head + value, digest_size=HASH_BYTES).digest()


def fields_hash(*fields: Field) -> bytes:
    """Return the hash beside any other record; the form of each field keeps neighbours apart."""
    return hashlib.blake2b(repr(fields).encode(errors="surrogatepass"), digest_size=HASH_BYTES).digest()
