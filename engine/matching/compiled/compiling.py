"""Where compiled code is kept; every module with compiled functions takes `njit` from here.

Compiled code is kept beside this file under a name made from every source it was compiled from: numba by itself looks only at the file
of the function, and would go on using scores of an older version. Where the directory can't be written, each process compiles anew.

Several processes may compile at once. numba gives each form of a function (its types) the next free number as a file name; without a
lock two processes give one number to two forms, and a third runs the code of the wrong one.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Any, Final

from numba import config, njit
from numba.core import caching

__all__ = ["njit"]

LOCK_NAME: Final = "writer.lock"

CONSTANT_SOURCES: Final = (
    "matching/assigning/assignment",
    "matching/assigning/auction",
    "matching/assigning/blossom",
    "matching/search/bounded",
    "matching/search/candidates",
    "matching/assigning/choosing",
    "matching/search/coded",
    "matching/eligibility",
    "matching/hours",
    "matching/pool",
    "matching/scoring",
    "matching/search/standby",
    "matching/ties",
)
"""In the package `engine`: whatever a compiled function may take a constant from."""


class OneWriter(caching.IndexDataCacheFile):
    """The files of a function's compiled forms, written by one process at a time; each writer sees what the one before wrote."""

    def save(self, key: Any, data: Any) -> None:
        """Keep one form."""
        with (Path(self._cache_path) / LOCK_NAME).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # closing lets go of it
            unlocked: Any = super()
            unlocked.save(key, data)


def _keep_compiled() -> None:
    """Tell numba where compiled code is kept, before the first function is compiled."""
    settings: Any = config
    if settings.CACHE_DIR:
        return
    here = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for source in (*sorted(here.glob("*.py")), *(here.parent.parent / f"{name}.py" for name in CONSTANT_SOURCES)):
        digest.update(source.read_bytes())
    place = here / "__pycache__"
    if os.access(place if place.exists() else here, os.W_OK):
        settings.CACHE_DIR = str(place / f"compiled-{digest.hexdigest()}")


_keep_compiled()
vars(caching)["IndexDataCacheFile"] = OneWriter
