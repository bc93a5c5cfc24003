"""Time zones from the pinned `tzdata` package, never from the machine: a local midnight is the same instant everywhere.

Whoever needs a zone asks `time_zone`. The search path of `zoneinfo` stays as the program that imports this package set it.
"""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ("ZoneInfo", "time_zone", "zone_names")


@cache
def zone_names() -> frozenset[str]:
    """Return every name that the IANA database has for a zone, aliases among them."""
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split())


@cache
def time_zone(name: str) -> ZoneInfo:
    """Return the zone of a name. One name gives one object, so two instants in a zone are compared by their offsets.

    Raises:
        ZoneInfoNotFoundError: the IANA database has no such zone. Only known names are kept, so the cache can't grow past them.
    """
    if name not in zone_names():
        raise ZoneInfoNotFoundError(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as stored:
        return ZoneInfo.from_file(stored, key=name)
