"""Identity: ids that are a function of what they name.

An id has no wall time, host, position or software version in it, so a replay, a retry and the other runtime all arrive at the same one.

Nobody may recompute from guesses what is published: the id of an output derives from its cause, and the cause may be what a person did in
private. So everything published derives with the installation's salt (`hidden_id`, `pseudonym_on`). Ids that stay inside are public hashes.

Source: guarantees.P3.
"""

import hashlib
from datetime import date
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final
from uuid import UUID

from schemas.envelope import SOURCE

_NAMESPACE: Final = UUID("6f1c6b0e-3f0b-5d55-9c5e-0b07a4b07a11").bytes
_VARIANT: Final = {f"{digit:x}": f"{digit & 0x3 | 0x8:x}" for digit in range(16)}
"""Hex digit → the same with the two high bits that mark a UUID of RFC 9562."""


def derived_id(kind: str, *parts: str | int) -> str:
    """Return the UUIDv5 of canonical JSON of (kind, parts…).

    Args:
        kind: what is named (an event type, `wake`, `hop`).
        parts: subjects, then the cause's id, then a counter.
    """
    return _uuid(_NAMESPACE, kind, parts)


class DerivedId:
    """An id as `derived_id` gives it, computed when it is first asked for.

    Most records publish nothing, and nobody asks for theirs.
    """

    __slots__ = ("_kind", "_parts", "_text")

    def __init__(self, kind: str, *parts: "str | int | DerivedId") -> None:
        self._kind = kind
        self._parts = parts
        self._text: str | None = None

    def __str__(self) -> str:
        if self._text is None:
            self._text = derived_id(self._kind, *(str(part) if isinstance(part, DerivedId) else part for part in self._parts))
            self._parts = ()
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str | DerivedId) and str(self) == str(other)

    def __hash__(self) -> int:
        return str(self).__hash__()


def hidden_id(salt: bytes, kind: str, *parts: str | int) -> str:
    """Return an id like `derived_id`, which nobody can recompute without the salt."""
    return _uuid(_secret_namespace(salt), kind, parts)


@lru_cache(maxsize=8)
def _secret_namespace(salt: bytes) -> bytes:
    return hashlib.blake2b(_NAMESPACE, key=salt[:64], digest_size=32).digest()


def _uuid(namespace: bytes, kind: str, parts: tuple[str | int, ...]) -> str:
    # The members are joined here because an encoder of `json` costs more than the hash.
    members = ",".join([encode_basestring(part) if isinstance(part, str) else str(part) for part in (kind, *parts)])
    text = hashlib.sha1(namespace + f"[{members}]".encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def salt_of(salt: bytes, source: str) -> bytes:
    """Return the salt of an installation, by its name.

    Two installations that share a salt share no hash and no id.
    """
    return salt if source == SOURCE else hashlib.blake2b(source.encode(), key=salt[:64], digest_size=32, person=b"source").digest()


def pseudonym(person_id: str, salt: bytes) -> str:
    """Return the salted hash that stands for a person's id in a row: 32 hex characters.

    Never published.
    """
    return hashlib.blake2b(person_id.encode(), key=salt[:64], digest_size=16).hexdigest()


def pseudonym_on(person_id: str, day: date, salt: bytes) -> str:
    """Return what stands for a person on the audit topic for one UTC day: 32 hex characters.

    Another day has another one, so that no reader can gather what one person did or missed.
    """
    return hashlib.blake2b(f"{day.isoformat()}/{person_id}".encode(), key=salt[:64], digest_size=16, person=b"day").hexdigest()


def drawn_percent(subject: str, salt: bytes) -> int:
    """Return a number from 0 to 99: the same for ever, and secret without the salt."""
    digest = hashlib.blake2b(subject.encode(), key=salt[:64], digest_size=8, person=b"draw").digest()
    return int.from_bytes(digest, "big") % 100


def hidden_name(subject: str, salt: bytes) -> str:
    """Return 16 hex characters that name a subject for ever.

    Nobody without the salt can compute them from a guess of the subject.
    """
    return hashlib.blake2b(subject.encode(), key=salt[:64], digest_size=8, person=b"name").hexdigest()
