"""`verify` beside a writer: the proof is held on a private copy, so nobody waits for it."""

from collections.abc import Callable
from pathlib import Path

from engine.core.stage import Topology
from engine.errors import OtherRules
from engine.runtimes.embedded.erasing.salts import is_salted, settled_salt
from engine.runtimes.embedded.proof import fingerprints
from engine.runtimes.embedded.proof.verification import Verification, verification
from engine.runtimes.embedded.reading.access import copy_of


def verified(
    data_dir: Path, topology: Topology, *, given_salt: bytes | None = None, on_progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Replay the log of a directory, as it is now, and compare.

    Args:
        given_salt: the salt that is set from outside, if any.
        on_progress: is called with (entries replayed, entries in all).
    Raises:
        OtherRules: another version wrote last, whose rules these are not. InvalidSettings: the salt is another. EngineError: as `ReadFile`.
    """
    with copy_of(data_dir) as copy:
        if not is_salted(copy):  # whoever made it died before the first commit
            return Verification(entries_count=0, compared=(), findings=())
        remembered, expected = fingerprints.remembered_by(copy), fingerprints.own(topology)
        if remembered != expected:
            last, own = remembered.get(fingerprints.WRITTEN_BY, "unknown"), expected[fingerprints.WRITTEN_BY]
            raise OtherRules(path=copy.path, found=last, own=own)
        return verification(copy, topology, salt=settled_salt(copy, given_salt), on_progress=on_progress)
