"""One profiled run of this engine: `python -m ops.bench.embedded.profile_run FILE DIR` prints seconds by area, function and line."""

import json
import sys
from pathlib import Path
from typing import Final

from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.settings import Settings
from ops.bench.embedded.sampling import Profile, most

FUNCTIONS_MAX: Final = 15
LINES_MAX: Final = 40


def main(arguments: list[str]) -> int:
    """Run and print. Returns: the exit code."""
    file, data_dir = map(Path, arguments)
    lines = file.read_bytes().splitlines()
    with EmbeddedEngine(data_dir, Settings()) as engine, Profile() as profile:
        tally = engine.ingest(lines)
    assert tally.accepted == len(lines), "the workload is valid"
    print(
        json.dumps(
            {
                "seconds": profile.seconds,
                "areas": most(profile.areas, len(profile.areas)),
                "functions": most(profile.functions, FUNCTIONS_MAX),
                "lines": most(profile.lines, LINES_MAX),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
