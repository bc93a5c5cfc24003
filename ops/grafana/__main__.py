"""`python -m ops.grafana write` makes the files of the dashboards anew; `check` says which differ."""

import sys
from pathlib import Path
from typing import Final

from ops.grafana.dashboards import DASHBOARDS
from ops.grafana.panels import page

HERE: Final = Path(__file__).parent / "pages"


def stale(directory: Path = HERE) -> list[str]:
    """Name the files that are not what they should be."""
    files = {name: directory / name for name in DASHBOARDS}
    return [name for name, file in files.items() if not file.exists() or file.read_text("utf-8") != page(DASHBOARDS[name])]


def write(directory: Path = HERE) -> None:
    """Write all files."""
    directory.mkdir(exist_ok=True)
    for name, dashboard in DASHBOARDS.items():
        (directory / name).write_text(page(dashboard), "utf-8")


def main(arguments: list[str]) -> int:
    """Do one command. Returns the exit code."""
    match arguments:
        case ["write"]:
            write()
            return 0
        case ["check"]:
            found = stale()
            print(f"stale: {', '.join(found)}; run python -m ops.grafana write" if found else f"{len(DASHBOARDS)} dashboards are true")
            return 1 if found else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
