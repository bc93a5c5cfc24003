"""Time zones from the pinned `tzdata` package, never from the machine: a local midnight is the same instant everywhere.

Everything that needs a zone imports `ZoneInfo` from here, so that the path is set before the first zone is read.
"""

from zoneinfo import ZoneInfo, reset_tzpath

reset_tzpath(to=())

__all__ = ("ZoneInfo",)
