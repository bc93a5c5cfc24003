"""One run of this engine: `python -m ops.bench.embedded.engine_run FILE DIR [EVENTS_PER_COMMIT]` prints a sample."""

import sys
from importlib.metadata import version
from pathlib import Path

from engine.runtimes.embedded.database import FILE_NAME
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.lines import LineReader
from engine.settings import Settings
from ops.bench.embedded.sample import Sample, Stopwatch, peak_rss_bytes


def run(file: Path, data_dir: Path, settings: Settings) -> Sample:
    """Ingest a file into a new directory."""
    with LineReader(file) as lines, EmbeddedEngine(data_dir, settings) as engine:
        watch = Stopwatch()
        tally = engine.ingest(lines)
        elapsed = watch.elapsed()
        peak = peak_rss_bytes()
        outputs = sum(1 for topic in engine.topics for _ in engine.outputs(topic))
    assert tally.duplicates == tally.dead_lettered == 0, "the workload is valid"
    size = (data_dir / FILE_NAME).stat().st_size
    return Sample(
        events=tally.accepted,
        seconds=elapsed.seconds,
        cpu_seconds=elapsed.cpu_seconds,
        outputs=outputs,
        peak_rss_bytes=peak,
        data_bytes=size,
        version=version("bothways"),
    )


def main(arguments: list[str]) -> int:
    """Run and print. Returns: the exit code."""
    file, data_dir, *group = arguments
    settings = Settings(commit_events_max=int(group[0])) if group else Settings()
    print(run(Path(file), Path(data_dir), settings).to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
