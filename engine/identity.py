"""Identity: ids that are a function of what they name.

An id has no wall time, host, position or software version in it, so a replay, a retry and the other runtime all arrive at the same one.

Source: reliability promise P3; architecture, Identity.
"""

import hashlib
from json.encoder import encode_basestring
from typing import Final
from uuid import UUID

_NAMESPACE: Final = UUID("6f1c6b0e-3f0b-5d55-9c5e-0b07a4b07a11").bytes
_VARIANT: Final = {f"{digit:x}": f"{digit & 0x3 | 0x8:x}" for digit in range(16)}
"""Hex digit → the same with the two high bits that mark a UUID of RFC 9562."""


def derived_id(kind: str, *parts: str | int) -> str:
    """Return the UUIDv5 of canonical JSON of (kind, parts…).

    Args:
        kind: what is named (an event type, `wake`, `hop`).
        parts: subjects, then the cause's id, then a counter.
    """
    # The members are joined here because an encoder of `json` costs more than the hash.
    members = ",".join([encode_basestring(part) if isinstance(part, str) else str(part) for part in (kind, *parts)])
    text = hashlib.sha1(_NAMESPACE + f"[{members}]".encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def pseudonym(person_id: str, salt: bytes) -> str:
    """Return the salted hash that stands for a person on the audit topic: 32 hex characters, the same within one installation."""
    return hashlib.blake2b(person_id.encode(), key=salt[:64], digest_size=16).hexdigest()
