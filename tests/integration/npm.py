"""Packages of npm, installed into build/ from a lock file with hashes that names no host."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
HERE: Final = Path(__file__).parent


def installed(name: str) -> Path:
    """Return where the packages of `tests/integration/<name>` are; skip where npm is missing or can't fetch them.

    With BOTHWAYS_REQUIRE_NODE=1 the test fails instead.
    """
    source, place = HERE / name, ROOT / "build" / name
    lock = place / "package-lock.json"
    is_there = (place / "node_modules").is_dir() and lock.exists() and lock.read_bytes() == (source / lock.name).read_bytes()
    if is_there:
        return place
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _lacking(f"npm is not installed, so the packages of {name} can't be fetched")
    place.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "package.json", place / "package.json")
    arguments = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    lock.unlink(missing_ok=True)
    shutil.copyfile(source / lock.name, lock)
    done = subprocess.run([str(npm), *arguments], cwd=place, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        lock.unlink()  # so that the next run tries again
        _lacking(f"the packages of {name} can't be fetched: {done.stderr.strip().splitlines()[-1:]}")
    return place


def _lacking(reason: str) -> None:
    if os.environ.get("BOTHWAYS_REQUIRE_NODE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
