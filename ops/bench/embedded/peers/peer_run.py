"""One run of a peer: `python -m ops.bench.embedded.peers.peer_run NAME FILE DIR` prints a sample.

Runs in the peers' own environment, where nothing of the engine is installed.
"""

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ops.bench.embedded.peers import dbos_peer, eventsourcing_peer
from ops.bench.embedded.sample import Elapsed, Sample, peak_rss_bytes

NOT_INSTALLED: Final = 3
"""Exit code."""
PEERS: Final[Mapping[str, Callable[[list[bytes], Path], tuple[Elapsed, int]]]] = MappingProxyType(
    {"eventsourcing": eventsourcing_peer.run, "dbos": dbos_peer.run}
)


def main(arguments: list[str]) -> int:
    """Run and print. Returns: the exit code."""
    name, file, work_dir = arguments
    lines = Path(file).read_bytes().splitlines()
    try:
        elapsed, outputs = PEERS[name](lines, Path(work_dir))
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed", file=sys.stderr)
        return NOT_INSTALLED
    sample = Sample(
        events=len(lines),
        seconds=elapsed.seconds,
        cpu_seconds=elapsed.cpu_seconds,
        outputs=outputs,
        peak_rss_bytes=peak_rss_bytes(),
        data_bytes=sum(each.stat().st_size for each in Path(work_dir).iterdir()),
        version=version(name),
    )
    print(sample.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
