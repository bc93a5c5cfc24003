"""The broker's jars: fetched once by Maven into the user's cache, named by a hash of the pom that asks for them."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
POM: Final = HERE / "pom.xml"
FETCH_SECONDS_MAX: Final = 600


class ToolMissing(RuntimeError):
    """Java or Maven is not on this machine; the message says which."""


def missing_tools() -> str | None:
    """Say what a broker lacks here; None when it has everything."""
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not found: install a JDK (17 or newer) and Maven" if missing else None


def cache_dir() -> Path:
    """Return where fetched jars are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bothways"


def jars(pom: Path = POM, *, scope: str = "runtime") -> Path:
    """Return the directory that holds a pom's jars, fetching them the first time.

    Raises:
        ToolMissing: Java or Maven is not there.
        RuntimeError: Maven could not fetch; the message ends with its last line.
    """
    lack = missing_tools()
    if lack is not None:
        raise ToolMissing(lack)
    digest = hashlib.blake2b(pom.read_bytes(), digest_size=6).hexdigest()
    target = cache_dir() / f"jars-{digest}"
    if (target / ".complete").exists():
        return target
    work = cache_dir() / f"jars-{digest}.{os.getpid()}"
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(pom, work / "pom.xml")
    done = subprocess.run(
        ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DincludeScope={scope}", f"-DoutputDirectory={work / 'libs'}"],
        cwd=work,
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(work, ignore_errors=True)
        raise RuntimeError(f"Maven could not fetch the jars: {(done.stdout + done.stderr).strip().splitlines()[-1:]}")
    (work / ".complete").touch()
    try:
        work.rename(target)
    except OSError:  # another process was quicker
        shutil.rmtree(work, ignore_errors=True)
    return target
