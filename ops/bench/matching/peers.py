"""The same people and scores through what one would pick instead: PyPI's `mentor-match` and `matching`.

Each peer has an environment under `.venv`, made from its lock file at the first run. Scores are computed before and looked up, which
flatters both: the engine's time has its scoring in it.
"""

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.bench.matching import peer_run
from ops.bench.matching.people import people
from ops.bench.matching.quality import SENIOR_BAND, feasible
from ops.bench.matching.rounds import OPEN, held, told, warm_up

TIMES = 5
SECONDS_MAX = 250


def run(sizes: list[int]) -> None:
    """Match juniors with seniors, one pair each."""
    warm_up()
    for size in sizes or (500, 1_000):
        pool = people(size, room_max=1)
        policy = OPEN.model_copy(update={"first_pair_first": False, "experience_gap_min": SENIOR_BAND})
        rounds = [held(pool, policy) for _ in range(TIMES)]
        told("this engine", size, rounds[-1])
        ours = statistics.median(each.wall_seconds for each in rounds)
        total = rounds[-1].result.certificate.total
        is_senior = [(member.band or 0) >= SENIOR_BAND for member in pool]
        scores = [(hi, lo, score) if is_senior[lo] else (lo, hi, score) for lo, hi, score in feasible(pool, policy)]
        with TemporaryDirectory() as directory:
            path = Path(directory) / "scores.json"
            path.write_text(json.dumps(scores))
            for name in peer_run.SOLVERS:
                found = _matched(name, path)
                answer = f"not done in {SECONDS_MAX} s, or failed"
                if found is not None:
                    answer = f"{found['seconds']:.2f} s, {int(found['pairs']):,} pairs, {found['total'] / total:.2%} of the engine's total"
                times = (SECONDS_MAX if found is None else found["seconds"]) / ours
                print(f"{name:14} {size:>9,} {answer}, {times:,.1f} × the whole round's {ours:.3f} s", flush=True)


def _matched(name: str, scores: Path) -> dict[str, float] | None:
    """Let a peer match; None if it takes too long or breaks off."""
    command = [str(_environment(name)), peer_run.__file__, name, str(scores)]
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
