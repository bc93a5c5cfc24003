"""Rules of time zones (schemas/text/zones.py): they come from the packaged data, and importing them changes nothing else."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest

from schemas.text.zones import time_zone, zone_names


def test_every_name_of_the_package_has_a_zone() -> None:
    """Aliases too: a feed may use any of them."""
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)

    assert len(zone_names()) > 500
    assert all(noon.astimezone(time_zone(name)) == noon for name in zone_names())


def test_one_name_gives_one_object() -> None:
    """Python compares two instants of one zone object by their wall times, and of two objects by their instants."""
    assert time_zone("Europe/Vienna") is time_zone("Europe/Vienna")
    assert "Europe/Vienna" == time_zone("Europe/Vienna").key


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../zones", "/etc/localtime", "europe/vienna", "Europe"])
def test_an_unknown_name_has_no_zone(name: str) -> None:
    """No path leads out of the package, on no file system."""
    with pytest.raises(ZoneInfoNotFoundError):
        time_zone(name)


def test_importing_the_engine_leaves_the_search_path_alone() -> None:
    """A program that imports the engine keeps its own zones."""
    code = "import zoneinfo; before = zoneinfo.TZPATH; import engine.topology; assert before == zoneinfo.TZPATH, zoneinfo.TZPATH"

    assert 0 == python(code).returncode


def test_the_zones_of_the_machine_play_no_part(tmp_path: Path) -> None:
    """Whatever lies on the search path, a name means what the pinned package says."""
    (tmp_path / "Europe").mkdir()
    package = files("tzdata") / "zoneinfo"
    (tmp_path / "Europe" / "Vienna").write_bytes((package / "Asia" / "Tokyo").read_bytes())
    code = (
        "from datetime import UTC, datetime; from schemas.text.zones import time_zone; import zoneinfo; "
        f"assert zoneinfo.TZPATH == ({str(tmp_path)!r},); "
        "assert 3600 == datetime(2025, 1, 1, tzinfo=UTC).astimezone(time_zone('Europe/Vienna')).utcoffset().total_seconds()"
    )

    assert 0 == python(code, PYTHONTZPATH=str(tmp_path)).returncode


def python(code: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], env=os.environ | environment, check=False)
