"""What can be seen without running the engine, in one command: `python -m ops.check`.

Runs all gates even when one fails, so that one run shows everything there is to mend, and two at a time. How the engine behaves is
for `make test`. Name gates to run only those: `python -m ops.check lint types`.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = ("engine", "schemas", "ops", "tests")
GATES_AT_ONCE: Final = 2
LAYOUT: Final = ("tests/test_architecture.py",)
PAGES: Final = ("tests/docs", "tests/unit/ops/test_docs.py", "tests/unit/ops/test_pages.py", "tests/unit/schemas/documents/test_files.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One tool and what it is asked."""

    name: str
    module: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one gate ended."""

    name: str
    is_passed: bool
    seconds: float
    last_line: str


def gates() -> tuple[Gate, ...]:
    """Return all gates, the longest first."""
    return (
        Gate(name="types", module="mypy", arguments=()),
        Gate(name="format", module="ruff", arguments=("format", "--check", *SOURCES)),
        Gate(name="lint", module="ruff", arguments=("check", "--output-format", "concise", *SOURCES)),
        Gate(name="layout", module="pytest", arguments=("-q", *LAYOUT)),
        Gate(name="pages", module="pytest", arguments=("-q", *PAGES)),
    )


def run(gate: Gate) -> Finding:
    """Run one gate, let it print what it found, and keep its last line.

    Time: the wall clock, for the table alone.
    """
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", gate.module, *gate.arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    output = (done.stdout + done.stderr).strip()
    if done.returncode != 0:
        print(f"--- {gate.name}\n{output}\n", flush=True)
    lines = output.splitlines()
    return Finding(name=gate.name, is_passed=done.returncode == 0, seconds=seconds, last_line=lines[-1] if lines else "")


def main(names: tuple[str, ...]) -> int:
    """Run the named gates, or all, and print the table.

    Returns: the exit code: 0 when all passed, 1 when one failed, 2 for an unknown name.
    """
    known = gates()
    if unknown := sorted(set(names) - {gate.name for gate in known}):
        print(f"no such gate: {', '.join(unknown)}; there are {', '.join(gate.name for gate in known)}", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(GATES_AT_ONCE) as pool:
        findings = list(pool.map(run, (gate for gate in known if not names or gate.name in names)))
    for finding in findings:
        verdict = "ok  " if finding.is_passed else "FAIL"
        print(f"{verdict}  {finding.name:<8}{finding.seconds:6.1f} s  {finding.last_line}")
    return 0 if all(finding.is_passed for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
