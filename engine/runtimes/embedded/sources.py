"""What a directory's installation calls itself: fixed when the directory is made, because it is part of every id."""

from typing import Final

from engine.errors import InvalidSettings
from engine.runtimes.embedded.open_file import OpenFile
from engine.runtimes.embedded.rows.facts import fact, put_facts
from schemas.envelope import SOURCE

NAME: Final = "source"
"""In `meta`; absent where the directory has the default name."""


def source_of(database: OpenFile) -> str:
    """Return what the installation of a directory calls itself."""
    kept: str | None = fact(database, NAME)
    return kept or SOURCE


def settle_source(database: OpenFile, given: str | None, *, is_new: bool) -> None:
    """Keep the name of a new directory in the open transaction; of another one, compare it.

    Args:
        given: the name that is set; None where the directory's own is to be used.
    Raises:
        InvalidSettings: the directory was made under another name. The process stops.
    """
    if given is None:
        return
    if is_new:
        if given != SOURCE:
            put_facts(database, [(NAME, given)])
    elif given != source_of(database):
        raise InvalidSettings(name="BOTHWAYS_SOURCE", reason="is not the source that this data directory was made with")
