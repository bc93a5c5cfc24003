"""Names that people type into HR systems: departments, places, legal entities.

Decides: when two spellings are one name, and which of them is shown.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_NAMES_KEPT: Final = 4_096


@lru_cache(maxsize=_NAMES_KEPT)
def normalised(name: str) -> str:
    """Return what a name is compared by: trimmed, case-folded, NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.strip()).casefold())


def shown(name: str, spellings: Iterable[str | None]) -> str:
    """Return the spelling of a name that everybody sees.

    It is the first one of the table in the order of code points.
    """
    wanted = normalised(name)
    return min((known for known in spellings if known is not None and normalised(known) == wanted), default=name)
