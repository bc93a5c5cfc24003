"""The salt of a directory: drawn and kept in it, or set from outside and never written into it.

Whoever holds the file of a directory with a salt of its own can try out ids; one that comes from the environment or a file keeps that
from them. Of such a salt the directory knows a fingerprint, slow to make, so that it can't be guessed quickly, and refuses another one.

Source: guarantees.P8; house rule (secrets from outside are never written into the data directory).
"""

import hashlib
from secrets import compare_digest, token_bytes, token_hex
from typing import Final

from engine.errors import CorruptState, InvalidSettings
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.rows.facts import fact, put_facts

SALT: Final = "salt"
"""In `meta`: a salt that was drawn."""
FINGERPRINT: Final = "salt_fingerprint"
"""In `meta`: of a salt that was set from outside; 16 random bytes, then the hash."""

_RANDOM_BYTES: Final = 16
_COST: Final = 2**12
"""Of scrypt: 4 MiB and about 10 ms."""


def settled_salt(database: OpenFile, given: bytes | None, *, own: bytes | None = None) -> bytes:
    """Return the salt in force; a new directory takes the one that is set, or draws one. Written into the open transaction.

    Args:
        given: the salt that is set from outside, if any.
        own: what a new directory keeps as its own instead of drawing one, for data whose names must be the same each time.
    Raises:
        InvalidSettings: it is not the salt that the directory was made with, or is missing. The process stops.
    """
    kept, fingerprint = fact(database, SALT), fact(database, FINGERPRINT)
    if kept is None and fingerprint is None:
        return _first(database, given, own)
    if kept is not None:
        if given is not None and given != kept:
            raise InvalidSettings(name="BOTHWAYS_SALT", reason="is not the salt that this data directory was made with")
        assert isinstance(kept, bytes)
        return kept
    if given is None:
        raise InvalidSettings(name="BOTHWAYS_SALT", reason="this data directory was made with a salt that is set; set the same one")
    if not isinstance(fingerprint, bytes) or len(fingerprint) <= _RANDOM_BYTES:
        raise CorruptState(path=database.path, reason="the fingerprint of the salt")
    if not compare_digest(_fingerprint(given, fingerprint[:_RANDOM_BYTES]), fingerprint):
        raise InvalidSettings(name="BOTHWAYS_SALT", reason="is not the salt that this data directory was made with")
    return given


def is_salted(database: OpenFile) -> bool:
    """Say whether the directory has a salt already; a new one has none."""
    return fact(database, SALT) is not None or fact(database, FINGERPRINT) is not None


def _first(database: OpenFile, given: bytes | None, own: bytes | None) -> bytes:
    if given is None:
        drawn = own or token_hex(16).encode()
        put_facts(database, [(SALT, drawn)])
        return drawn
    put_facts(database, [(FINGERPRINT, _fingerprint(given, token_bytes(_RANDOM_BYTES)))])
    return given


def _fingerprint(salt: bytes, random: bytes) -> bytes:
    return random + hashlib.scrypt(salt, salt=random, n=_COST, r=8, p=1, dklen=16)
