"""Where promtool is, and what is asked of it. It comes with Prometheus; `.ci/run` fetches it where it can."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
RULES: Final = HERE / "rules.yml"
TESTS: Final = tuple(sorted(HERE.glob("*.test.yml")))
NAMED: Final = "BOTHWAYS_PROMTOOL"
REQUIRED: Final = "BOTHWAYS_REQUIRE_PROMTOOL"
"""Set to 1, a missing promtool fails the tests that need it instead of skipping them."""
ANSWERS_WITHIN_SECONDS: Final = 60


def promtool() -> str | None:
    """Return the program, named by BOTHWAYS_PROMTOOL or found on PATH; None where there is none."""
    return shutil.which(os.environ.get(NAMED) or "promtool")


def run(program: str, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Ask promtool. Returns its exit code and all that it said."""
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True, timeout=ANSWERS_WITHIN_SECONDS, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()
