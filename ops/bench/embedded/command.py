"""The command: `python -m ops.bench embedded`. Progress goes to stderr, the findings to stdout and into a JSON file."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from ops.bench.embedded.machine import MEMORY_FILE_SYSTEMS, facts
from ops.bench.embedded.parts import PARTS, Bench
from ops.bench.embedded.report import document, table

DIRECTORY: Final = Path("build/bench")
JSON_NAME: Final = "embedded.json"

app: Final = App(name="ops.bench embedded", help="Measure the embedded engine against its floor, its peers and its own promises.")


@app.default
def embedded(
    *,
    events: int = 20_000,
    peer_events: int = 1_000,
    hires: int = 22_000,
    memory_events: tuple[int, int] = (10_000, 200_000),
    pair_sessions: int = 10_000,
    repeat: int = 3,
    part: Annotated[tuple[Literal["floor", "peers", "memory", "hires", "pair", "profile"], ...], Parameter(negative=())] = (),
    directory: Annotated[Path, Parameter(name="--dir")] = DIRECTORY,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Run the parts and print what was found.

    Args:
        events: mixed events of the floor and the profile.
        peer_events: hires that every peer gets.
        hires: hires of the run through the command.
        memory_events: the short and the long history.
        pair_sessions: sessions of one pair.
        repeat: rounds; a figure is their median.
        part: only these; all of them by default.
        directory: where data directories are made, on the disk that is meant.
        as_json: print JSON instead of the table.
    Returns: the exit code; figures never decide it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="embedded-", dir=directory) as work:
        machine = facts(Path(work))
        if machine["file_system"] in MEMORY_FILE_SYSTEMS:
            print(f"{directory} is on {machine['file_system']}, where a commit costs nothing: name a disk with --dir", file=sys.stderr)
            return 2
        bench = Bench(
            directory=Path(work).resolve(),
            events=events,
            peer_events=peer_events,
            hires=hires,
            memory_events=memory_events,
            pair_sessions=pair_sessions,
            repeat=repeat,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
        sections = [PARTS[name](bench) for name in PARTS if not part or name in part]
    found = document(machine, sections)
    (directory / JSON_NAME).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(found, ensure_ascii=False) if as_json else table(machine, sections))
    return 0
