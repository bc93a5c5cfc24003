"""Which stored bytes name a person.

Decides: whether a record holds an id. It must not miss one, and it must not take `p10` for `p1`.

The rule
    rows.T1  An id is named by a token that is the id. A token is a longest run of the characters that ids are made of, without the colon
        (`A-Z a-z 0-9 . _ -`), so a session `s-p1` names nobody, and the parts of `two-way/p1`, `mailto:p1@example.org` and
        `urn:staff:p1` are tokens of their own. An id that holds colons itself is looked for whole.
    rows.T2  Punctuation of those characters around the id doesn't count: "asked by p1." names p1.
    rows.T3  Of JSON only strings are looked at, names and values, unescaped: an id is never a number, so `"level":3` does not name 3.
        A repeated name hides nothing.
    rows.T4  Bytes that are no JSON are looked at as they are, then with JSON's escapes undone, then without NULs (UTF-16).
    rows.T5  Percent signs are undone as in an address: `mailto%3Ap1` names p1.

Where rows.T2 is in doubt it takes too much: what goes is history, never state.

Source: house rule; guarantees.P8.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from engine.core.effects import Headers

_OF_TOKENS: Final = rb"A-Za-z0-9._-"
_PUNCTUATION: Final = rb"[._-]*"
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)


class Mentions:
    """Looks for some people's ids."""

    def __init__(self, person_ids: Iterable[str]) -> None:
        """Prepare to look.

        Args:
            person_ids: at least one.
        """
        self._ids = tuple(sorted(person_id.encode() for person_id in person_ids))
        assert self._ids
        named = b"|".join(re.escape(each) for each in self._ids)
        self._token = re.compile(rb"(?<![%b])%b(?:%b)%b(?![%b])" % (_OF_TOKENS, _PUNCTUATION, named, _PUNCTUATION, _OF_TOKENS))

    def in_record(self, key: str | None, value: bytes | None, headers: Headers) -> bool:
        """Say whether a record names one of them, wherever in it."""
        if (key is not None and self.in_bytes(_bytes(key))) or (value is not None and self.in_bytes(value)):
            return True
        return any(self.in_bytes(_bytes(name)) or self.in_bytes(of or b"") for name, of in headers)

    def in_bytes(self, value: bytes) -> bool:
        """Say whether bytes name one of them."""
        if not (b"\\" in value or b"\0" in value or b"%" in value or any(each in value for each in self._ids)):
            return False
        try:
            found = json.loads(value, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError):
            return self._is_in(value)
        return any(self._is_in(_bytes(text)) for text in _strings(found))

    def _is_in(self, text: bytes) -> bool:
        forms = [text]
        if b"\\" in text:
            forms.append(_ESCAPE.sub(_unescaped, text))
        if b"%" in text:
            forms.append(unquote_to_bytes(text))
        if b"\0" in text:
            forms.append(text.replace(b"\0", b""))
        return any(self._token.search(form) for form in forms)


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, repeated names included."""


def _strings(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case _Pairs() as members:
                for name, member in members:
                    yield name
                    waiting.append(member)
            case list(members):
                waiting.extend(members)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    digits = escape[1]
    return b" " if digits is None or int(digits, 16) > 0x7E else bytes([int(digits, 16)])
