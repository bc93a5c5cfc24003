"""Tokens: who may ask, over HTTP. The file `tokens.json` in the data directory holds their hashes, never a token.

A token has 256 random bits, so one plain hash is enough; it is compared in constant time. Once a first token was made, every request needs
one, also after all of them were revoked or have expired: nothing opens by itself. A file that can't be read lets nobody in.
A service reads the file anew when it has changed, so a revoked token ends with the next request.

Source: docs/http.md, Tokens.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from schemas.terms.http import ProblemCode, Role

FILE_NAME: Final = "tokens.json"
LOCK_NAME: Final = "tokens.lock"
_BEGIN: Final = "bw"
_ID_BYTES: Final = 4
_SECRET_BYTES: Final = 32
_TEXT_LENGTH_MAX: Final = 200


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a token."""

    id: str
    name: str | None = None
    roles: tuple[Role, ...]
    hash: str
    """Of the whole token, SHA-256 in hex."""
    created_at: datetime
    expires_at: datetime | None = None
    """From then on it is refused."""
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """Say whether it holds: `valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


class _Kept(msgspec.Struct, frozen=True):
    tokens: tuple[Token, ...] = ()


_NONE: Final = _Kept()


class UnreadableTokens(Exception):
    """The file is damaged, or not for this user."""


class TokenFile:
    """The tokens of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE_NAME
        self._stamp: tuple[int, int, int] | None = None
        self._kept = _NONE

    def all(self) -> tuple[Token, ...]:
        """Return every token that was ever made here.

        Raises:
            UnreadableTokens: the file is damaged, or not for this user.
        """
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                self._kept = msgspec.json.decode(self.path.read_bytes(), type=_Kept)
                self._stamp = stamp
        except FileNotFoundError:
            self._kept, self._stamp = _NONE, None
        except (OSError, msgspec.MsgspecError) as error:
            self._stamp = None
            raise UnreadableTokens from error
        return self._kept.tokens

    def judged(self, text: str, now: datetime) -> Token | ProblemCode:
        """Return the token that somebody showed, or why it doesn't hold."""
        try:
            known = self.all()
        except UnreadableTokens:
            return ProblemCode.TOKEN_INVALID
        shown = _hash_of(text[:_TEXT_LENGTH_MAX])
        found: Token | None = None
        for token in known:
            if hmac.compare_digest(token.hash, shown):
                found = token
        if found is None or found.state(now) == "revoked":
            return ProblemCode.TOKEN_INVALID
        return ProblemCode.TOKEN_EXPIRED if found.state(now) == "expired" else found

    def is_in_use(self) -> bool:
        """Whether requests need a token."""
        try:
            return bool(self.all())
        except UnreadableTokens:
            return True

    def create(self, roles: Iterable[Role], *, name: str | None = None, expires_at: datetime | None = None) -> tuple[Token, str]:
        """Make a token. Returns it and its text, which is known to nobody afterwards."""
        id_ = secrets.token_hex(_ID_BYTES)
        text = f"{_BEGIN}_{id_}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        token = Token(id=id_, name=name, roles=tuple(sorted(set(roles))), hash=_hash_of(text), created_at=_now(), expires_at=expires_at)
        with self._changing():
            self._write((*self.all(), token))
        return token, text

    def revoke(self, id_: str) -> bool:
        """Let a token hold no longer. Returns False where there is none of that id."""
        with self._changing():
            known = self.all()
            revoked = [
                msgspec.structs.replace(one, revoked_at=_now()) if one.id == id_ and one.revoked_at is None else one for one in known
            ]
            self._write(revoked)
        return any(one.id == id_ for one in known)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        handle = os.open(self.path.with_name(LOCK_NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, tokens: Iterable[Token]) -> None:
        """Put a whole new file in the place of the old one."""
        beside = self.path.with_name(f"{FILE_NAME}.new")
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_Kept(tuple(tokens)))) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
