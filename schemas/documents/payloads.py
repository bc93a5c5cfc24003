"""Payloads that are kept: data of every event type and minor version, as it was published or taken once.

They are the examples of the schemas and of the pages. A file of an older minor is never changed: it stands for what somebody out there
still sends, or has stored.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from schemas.base import Data

PAYLOADS: Final = Path(__file__).parent.parent / "payloads"


@lru_cache(maxsize=1)
def kept_payloads() -> Mapping[tuple[str, str], list[dict[str, Any]]]:
    """Return every payload, by the name of its type and its version."""
    files = sorted(PAYLOADS.glob("*/*.json"))
    return {(file.parent.name, file.stem): json.loads(file.read_text(encoding="utf-8")) for file in files}


def of(model: type[Data]) -> list[dict[str, Any]]:
    """Return the payloads of a model's own version; none where nobody has written any yet."""
    return kept_payloads().get(model.name_and_version(), [])
