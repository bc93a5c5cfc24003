"""Files that are written from code and committed: made anew by `write`, held to the code by `check`."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The files of one module."""

    module: str
    """Run as `python -m MODULE write | check`."""
    what: str
    """What the files are, in the plural."""
    directory: Path
    names: Iterable[str]
    content: Callable[[str], str]
    """What a file should hold, by its name."""

    def write(self, directory: Path | None = None) -> None:
        """Write all files, into another directory if one is given."""
        place = directory or self.directory
        place.mkdir(exist_ok=True)
        for name in self.names:
            (place / name).write_text(self.content(name), encoding="utf-8")

    def stale(self, directory: Path | None = None) -> list[str]:
        """Name the files that are not what they should be."""
        files = {name: (directory or self.directory) / name for name in self.names}
        return [name for name, file in files.items() if not file.exists() or file.read_text(encoding="utf-8") != self.content(name)]

    def main(self, arguments: list[str]) -> int:
        """Write the files, or say which ones are stale. Returns the exit code."""
        match arguments:
            case ["write"]:
                self.write()
                return 0
            case ["check"]:
                found = self.stale()
                count = len(tuple(self.names))
                print(f"stale: {', '.join(found)}; run python -m {self.module} write" if found else f"{count} {self.what} are true")
                return 1 if found else 0
        print(f"usage: python -m {self.module} write | check", file=sys.stderr)
        return 2
