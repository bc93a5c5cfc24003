"""A backup, made beside whoever writes: the committed state of one instant, checked before it gets its name."""

from pathlib import Path

from engine.runtimes.embedded.proof.integrity import first_damage
from engine.runtimes.embedded.reading.access import opened_file


def back_up(data_dir: Path, file: Path) -> None:
    """Write a copy of the committed state into a new file, to be used as `bothways.db` of a new directory.

    Raises:
        CorruptState: a record is not what was written; no copy is made of it. EngineError: as `ReadFile`.
    """
    with opened_file(data_dir) as data:
        data.back_up(file, first_damage)
