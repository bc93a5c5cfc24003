"""Identity: ids that are a function of what they name.

An id has no wall time, host, position or software version in it, so a replay, a retry and the other runtime all arrive at the same one.

Source: reliability promise P3; architecture, Identity.
"""

import hashlib
import json
from typing import Final
from uuid import UUID

_NAMESPACE: Final = UUID("6f1c6b0e-3f0b-5d55-9c5e-0b07a4b07a11").bytes

# Made once: `json.dumps` with options of its own builds an encoder at every call, which costs more than the hash.
_canonical: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def derived_id(kind: str, *parts: str | int) -> str:
    """Return the UUIDv5 of canonical JSON of (kind, parts…).

    Args:
        kind: what is named (an event type, `wake`, `hop`).
        parts: subjects, then the cause's id, then a counter.
    """
    name = _canonical((kind, *parts))
    digest = bytearray(hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def pseudonym(person_id: str, salt: bytes) -> str:
    """Return the salted hash that stands for a person on the audit topic: 32 hex characters, the same within one installation."""
    return hashlib.blake2b(person_id.encode(), key=salt[:64], digest_size=16).hexdigest()
