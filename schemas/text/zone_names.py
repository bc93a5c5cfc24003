"""What feeds call time zones: IANA names in any case, and the names that Windows has.

Decides: which zone a name means.
Never knows: offsets; `UTC+01:00` is no place, and nobody can say when its clocks change. (Of such names Windows has four, which count.)
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from schemas.text.fields import is_timezone
from schemas.text.windows_zones import WINDOWS_ZONES
from schemas.text.zones import zone_names

ZONE_NAME_CHARS_MAX: Final = 64
_ZONES_KEPT: Final = 1_024


@lru_cache(maxsize=_ZONES_KEPT)
def zone_named(name: str) -> str | None:
    """Return the IANA zone that a name means; None for a name that means none."""
    trimmed = name.strip()
    if is_timezone(trimmed):
        return trimmed
    return _zones_by_folded().get(trimmed.casefold()) if len(trimmed) <= ZONE_NAME_CHARS_MAX else None


@lru_cache(maxsize=1)
def _zones_by_folded() -> Mapping[str, str]:
    """Return every known name without regard to case."""
    known = {name.casefold(): zone for name, zone in WINDOWS_ZONES.items()}
    return known | {zone.casefold(): zone for zone in sorted(zone_names())}
