"""The same people and scores through what one would pick instead: PyPI's `mentor-match` and `matching`.

Each peer has an environment under `.venv`, made from its lock file at the first run. Scores are computed before and looked up, which
flatters both against a whole round, which has scoring and reasons in it; `matcher alone` is given the same scores as they are.
"""

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.bench.matching.peers import peer_run
from ops.bench.matching.people import people
from ops.bench.matching.quality import SENIOR_BAND, feasible
from ops.bench.matching.rounds import OPEN, held, told, warm_up

TIMES = 5
SECONDS_MAX = 250


def run(sizes: list[int]) -> None:
    """Match juniors with seniors, one pair each: the whole round, this engine's matcher alone, then the peers."""
    warm_up()
    for size in sizes or (500, 1_000):
        pool = people(size, room_max=1)
        policy = OPEN.model_copy(update={"first_pair_first": False, "experience_gap_min": SENIOR_BAND})
        rounds = [held(pool, policy) for _ in range(TIMES)]
        told("whole round", size, rounds[-1])
        whole_seconds = statistics.median(each.wall_seconds for each in rounds)
        total = rounds[-1].result.certificate.total
        is_senior = [(member.band or 0) >= SENIOR_BAND for member in pool]
        scores = [(hi, lo, score) if is_senior[lo] else (lo, hi, score) for lo, hi, score in feasible(pool, policy)]
        with TemporaryDirectory() as directory:
            path = Path(directory) / "scores.json"
            path.write_text(json.dumps(scores))
            alone = _answered([sys.executable, "-m", "ops.bench.matching.peers.alone", str(path)])
            assert alone is not None, "the matcher alone needs no more time than a round"
            print(
                f"{'matcher alone':14} {size:>9,} {len(scores):,} scores: {1_000 * alone['seconds']:.1f} ms, of which arrays "
                f"{1_000 * alone['arrays_seconds']:.1f} ms, {int(alone['pairs']):,} pairs, {alone['total'] / total:.2%} of the round's "
                f"total, {int(alone['memory_mb']):,} MB",
                flush=True,
            )
            for name in peer_run.SOLVERS:
                found = _answered([str(_environment(name)), peer_run.__file__, name, str(path)])
                answer = f"not done in {SECONDS_MAX} s, or failed"
                if found is not None:
                    answer = f"{found['seconds']:.2f} s, {int(found['pairs']):,} pairs, {found['total'] / total:.2%} of the round's total, "
                    answer += f"{int(found['memory_mb']):,} MB"
                seconds = SECONDS_MAX if found is None else found["seconds"]
                print(
                    f"{name:14} {size:>9,} {answer}: {seconds / alone['seconds']:,.1f} × the matcher alone, "
                    f"{seconds / whole_seconds:,.1f} × the whole round's {whole_seconds:.3f} s",
                    flush=True,
                )


def _answered(command: list[str]) -> dict[str, float] | None:
    """Let a process match; None if it takes too long or breaks off."""
    try:
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=SECONDS_MAX)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def _environment(name: str) -> Path:
    """Return the peer's interpreter; make its environment if the lock file has changed."""
    lock, place = Path("requirements") / f"bench-{name}.txt", Path(".venv") / f"peer-{name}"
    installed = place / "installed.txt"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)], check=True)
        shutil.copy(lock, installed)
    return place / "bin" / "python"
