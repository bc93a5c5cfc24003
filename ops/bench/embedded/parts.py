"""The parts of the benchmark. Each runs its sides in turns, round by round, so that all of them meet the same weather on the machine."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from engine.programme.sessions.meetings import SESSIONS_MAX
from engine.settings import Settings
from ops.bench.embedded import workload
from ops.bench.embedded.figures import Aim, Spread, rates, ratios
from ops.bench.embedded.one_pair import SETTLED_AFTER, seconds_of_sessions
from ops.bench.embedded.peers.peer_run import NOT_INSTALLED
from ops.bench.embedded.sample import Elapsed, Sample
from ops.bench.embedded.tape import digest, played, taped

ROOT: Final = Path(__file__).parents[3]
MIB: Final = 1024 * 1024
PEERS_PYTHON: Final = Path(sys.prefix) / "peers" / "bin" / "python"
"""The peers' own environment, made by `make bench`: what they depend on may not decide what the engine runs with."""

FLOOR_AIM: Final = Aim(bound=0.25)
PEER_AIMS: Final = {"eventsourcing": Aim(bound=10), "dbos": Aim(bound=40)}
HIRES_AIM: Final = Aim(bound=15, is_floor=False)
PAIR_AIM: Final = Aim(bound=10, is_floor=False)

Say = Callable[[str], None]
"""Takes one line of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    spread: Spread
    unit: str
    aim: Aim | None = None


@dataclass(slots=True, kw_only=True)
class Section:
    """One part's findings."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    """For the JSON file alone."""

    def add(self, name: str, spread: Spread, unit: str, aim: Aim | None = None) -> None:
        """Add a line."""
        self.figures.append(Figure(name=name, spread=spread, unit=unit, aim=aim))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How to measure: where, how much, how often."""

    directory: Path
    """Data directories are made in it and removed again."""
    events: int = 20_000
    peer_events: int = 1_000
    hires: int = 22_000
    memory_events: tuple[int, int] = (10_000, 200_000)
    pair_sessions: int = 10_000
    repeat: int = 3
    say: Say

    @contextmanager
    def fresh(self) -> Iterator[Path]:
        """Lend a new directory."""
        made = Path(tempfile.mkdtemp(prefix="run-", dir=self.directory))
        try:
            yield made
        finally:
            shutil.rmtree(made)

    def engine(self, file: Path, events_per_commit: int | None = None) -> Sample:
        """Run the engine once in a process of its own."""
        group = [] if events_per_commit is None else [str(events_per_commit)]
        with self.fresh() as work_dir:
            command = [sys.executable, "-m", "ops.bench.embedded.engine_run", str(file), str(work_dir / "data"), *group]
            return Sample.from_json(_output_of(command))

    def peer(self, name: str, file: Path) -> Sample | None:
        """Run a peer once; None where it is not installed."""
        if not PEERS_PYTHON.exists():
            return None
        with self.fresh() as work_dir:
            command = [str(PEERS_PYTHON), "-m", "ops.bench.embedded.peers.peer_run", name, str(file), str(work_dir)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == NOT_INSTALLED:
            return None
        return Sample.from_json(_checked(done))

    def write(self, name: str, lines: Sequence[bytes]) -> Path:
        """Put a workload into a file."""
        file = self.directory / f"{name}.jsonl"
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        return file


def floor(bench: Bench) -> Section:
    """Mixed events through the engine, and the bytes that it writes through SQLite alone."""
    section = Section(title=f"Mixed events, {bench.events:,}, 500 to a commit, against the same bytes written by SQLite alone")
    lines = workload.mixed_lines(bench.events)
    file = bench.write("mixed", lines)
    engine: list[Sample] = []
    bare: list[Elapsed] = []
    with bench.fresh() as work_dir:
        bench.say("floor: taping one run")
        tape = taped(lines, work_dir / "data", Settings())
        expected = digest(work_dir / "data")
    for number in range(bench.repeat):
        engine.append(bench.engine(file))
        with bench.fresh() as work_dir:
            bare.append(played(tape, work_dir / "data"))
            assert number or digest(work_dir / "data") == expected, "the tape holds everything that the engine wrote"
        bench.say(f"floor: round {number + 1}: engine {engine[-1].seconds:.2f} s, SQLite alone {bare[-1].seconds:.2f} s")
    engine_seconds, bare_seconds = [run.seconds for run in engine], [run.seconds for run in bare]
    engine_cpu, bare_cpu = [run.cpu_seconds for run in engine], [run.cpu_seconds for run in bare]
    section.add("engine", rates(bench.events, engine_seconds), "events/s")
    section.add("SQLite alone", rates(bench.events, bare_seconds), "events/s")
    section.add("engine ÷ SQLite alone", ratios(bare_seconds, engine_seconds), "×", FLOOR_AIM)
    section.add("engine, processor time alone", rates(bench.events, engine_cpu), "events/s")
    section.add("SQLite alone, processor time alone", rates(bench.events, bare_cpu), "events/s")
    section.add("engine ÷ SQLite alone, processor time alone", ratios(bare_cpu, engine_cpu), "×")
    section.add("rows written per event", Spread.of([tape.rows_count / bench.events]), "")
    section.details = {"commits": tape.commits_count, "engine": [asdict(run) for run in engine], "floor": [asdict(run) for run in bare]}
    return section


def peers(bench: Bench) -> Section:
    """One HR event to state and at most one output: this engine, `eventsourcing`, DBOS."""
    section = Section(title=f"One HR event at a time, {bench.peer_events:,} hires, against what one would pick instead")
    hires = bench.write("hires-few", workload.hire_lines(bench.peer_events))
    programmes = bench.write("programmes", workload.programme_lines(bench.peer_events))
    engine: dict[str, list[float]] = {name: [] for name in ("hires", "programmes", "singly")}
    others: dict[str, list[float]] = {name: [] for name in PEER_AIMS}
    versions: dict[str, str] = {}
    for number in range(bench.repeat):
        engine["hires"].append(bench.engine(hires).seconds)
        engine["programmes"].append(bench.engine(programmes).seconds)
        engine["singly"].append(bench.engine(hires, 1).seconds)
        for name, seconds in others.items():
            sample = bench.peer(name, hires)
            if sample is not None:
                assert sample.outputs == bench.peer_events, "every hire was answered"
                seconds.append(sample.seconds)
                versions[name] = sample.version
        bench.say(f"peers: round {number + 1} of {bench.repeat}")
    section.add("engine, hires, 500 to a commit", rates(bench.peer_events, engine["hires"]), "events/s")
    section.add("engine, one event to one output", rates(bench.peer_events, engine["programmes"]), "events/s")
    section.add("engine, hires, one to a commit", rates(bench.peer_events, engine["singly"]), "events/s")
    for name, seconds in others.items():
        if not seconds:
            section.remarks.append(f"{name} is not installed: `make bench` makes its environment from requirements/bench.txt")
            continue
        section.add(f"{name} {versions[name]}", rates(bench.peer_events, seconds), "events/s")
        section.add(f"engine ÷ {name}, hires", ratios(seconds, engine["hires"]), "×", PEER_AIMS[name])
        section.add(f"engine ÷ {name}, one to one output", ratios(seconds, engine["programmes"]), "×")
        section.add(f"engine ÷ {name}, one to a commit", ratios(seconds, engine["singly"]), "×")
    section.details = {**{f"engine_{name}_seconds": seconds for name, seconds in engine.items()}, "peer_seconds": others}
    return section


def memory(bench: Bench) -> Section:
    """Peak memory of a short and a long history over the same people."""
    few, many = bench.memory_events
    section = Section(title=f"Memory: {few:,} and {many:,} mixed events of {workload.MIXED_PEOPLE} people")
    samples: list[Sample] = []
    for count in (few, many):
        file = bench.directory / "memory.jsonl"
        workload.write_mixed(file, count)
        samples.append(bench.engine(file))
        file.unlink()
        bench.say(f"memory: {count:,} events, {samples[-1].peak_rss_bytes / MIB:.0f} MiB")
    for count, sample in zip((few, many), samples, strict=True):
        section.add(f"peak memory after {count:,}", Spread.of([sample.peak_rss_bytes / MIB]), "MiB")
        section.add(f"database after {count:,}", Spread.of([sample.data_bytes / MIB]), "MiB")
        section.add(f"rate over {count:,}", rates(sample.events, [sample.seconds]), "events/s")
    section.add("peak memory, long ÷ short", ratios([samples[1].peak_rss_bytes], [samples[0].peak_rss_bytes]), "×")
    return section


def hires(bench: Bench) -> Section:
    """A whole company hired through the command, from the start of the process to its end."""
    has_command = importlib.util.find_spec("engine.cli") is not None
    way = "bothways ingest" if has_command else "the API, since there is no command yet"
    section = Section(title=f"{bench.hires:,} hires in random order, end to end through {way}")
    file = bench.directory / "hires.jsonl"
    workload.write_hires(file, bench.hires)
    seconds: list[float] = []
    for number in range(bench.repeat):
        with bench.fresh() as work_dir:
            data_dir = str(work_dir / "data")
            ingest = ["-m", "engine", "ingest", str(file), "--data", data_dir, "--json"]
            started = perf_counter()
            output = _output_of(
                [sys.executable, *(ingest if has_command else ["-m", "ops.bench.embedded.engine_run", str(file), data_dir])]
            )
            seconds.append(perf_counter() - started)
        taken = json.loads(output)
        assert taken.get("accepted", taken.get("events")) == bench.hires, "every hire was accepted"
        bench.say(f"hires: round {number + 1}: {seconds[-1]:.1f} s")
    section.add("whole process", Spread.of(seconds), "s", HIRES_AIM)
    section.add("rate", rates(bench.hires, seconds), "events/s")
    return section


def pair(bench: Bench) -> Section:
    """Many sessions of one pair: none costs much more than the first ones, and beyond the bound each costs less."""
    section = Section(title=f"{bench.pair_sessions:,} sessions of one pair, of which {SESSIONS_MAX} count")
    parts = {"first": (0, SETTLED_AFTER), "last that count": (SESSIONS_MAX - 20, SESSIONS_MAX), "beyond": (SESSIONS_MAX, None)}
    found: dict[str, list[float]] = {name: [] for name in parts}
    for number in range(bench.repeat):
        with bench.fresh() as work_dir:
            seconds = seconds_of_sessions(bench.pair_sessions, work_dir / "data")
        for name, (start, end) in parts.items():
            found[name].append(median(seconds[start:end]))
        bench.say(f"pair: round {number + 1}: {sum(seconds):.1f} s")
    for name, each in found.items():
        section.add(f"one session, {name}", Spread.of([1_000 * second for second in each]), "ms")
    section.add("last that count ÷ first", ratios(found["last that count"], found["first"]), "×", PAIR_AIM)
    section.add("beyond ÷ first", ratios(found["beyond"], found["first"]), "×", PAIR_AIM)
    return section


def profile(bench: Bench) -> Section:
    """Where the time of mixed events goes."""
    section = Section(title=f"Where the time goes: {bench.events:,} mixed events, sampled every millisecond")
    file = bench.write("mixed", workload.mixed_lines(bench.events))
    bench.say("profile: one run")
    with bench.fresh() as work_dir:
        command = [sys.executable, "-m", "ops.bench.embedded.profile_run", str(file), str(work_dir / "data")]
        found = json.loads(_output_of(command))
    total = found["seconds"]
    for kind in ("areas", "functions"):
        for name, seconds in found[kind].items():
            section.add(name, Spread.of([100 * seconds / total]), "%")
    section.details = found
    return section


PARTS: Final[dict[str, Callable[[Bench], Section]]] = {
    "floor": floor,
    "peers": peers,
    "memory": memory,
    "hires": hires,
    "pair": pair,
    "profile": profile,
}


def _output_of(command: Sequence[str]) -> str:
    return _checked(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False))


def _checked(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what a process printed, or end with what it said."""
    if done.returncode != 0:
        raise SystemExit(f"a run ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout
