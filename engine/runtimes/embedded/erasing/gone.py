"""What an erasure removed from the topics: enough to know an output again, too little to tell whose it was.

A replay or a repetition makes an erased output again; it must not come back, nor come up with another body. So its id and body hash are
kept, both keyed with the installation's salt: without the salt nobody can try out ids.

Source: guarantees.P3, guarantees.P8.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from engine.errors import CorruptState
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.proof.hashes import fields_hash

_GET: Final = "SELECT body_hash, hash FROM gone WHERE id = ?"
_PUT: Final = "INSERT OR IGNORE INTO gone (id, body_hash, hash) VALUES (?, ?, ?)"


class Gone:
    """The removed outputs of one directory."""

    def __init__(self, database: OpenFile, salt: bytes) -> None:
        self._database = database
        self._salt = salt[:64]

    def keep(self, outputs: Iterable[tuple[str, bytes]]) -> None:
        """Keep (id, body hash) of outputs that go, in the open transaction."""
        keyed = [(self._keyed(id_.encode()), self._keyed(body_hash)) for id_, body_hash in outputs]
        self._database.write_many(_PUT, [(id_, body_hash, fields_hash(id_, body_hash)) for id_, body_hash in keyed])

    def is_same(self, id_: str, body_hash: bytes) -> bool | None:
        """Say whether an output that went had this body; None where none of this id went.

        Raises:
            CorruptState: what is kept is not what was written.
        """
        name = self._keyed(id_.encode())
        found = self._database.read(_GET, (name,))
        if not found:
            return None
        kept, its_hash = found[0]
        if fields_hash(name, kept) != its_hash:
            raise CorruptState(path=self._database.path, reason="what an erasure left")
        return bool(kept == self._keyed(body_hash))

    def _keyed(self, value: bytes) -> bytes:
        return hashlib.blake2b(value, key=self._salt, digest_size=16).digest()
