"""Record and check the golden logs: `python -m tests.golden record | check | digest NAME | inputs`.

record   replay every log, keep what comes of it, and say what changed, here and in changes.md
check    the same without keeping anything
digest   print a hash of what comes of one log
inputs   write the input logs of the current schema version anew; then record
"""

import sys
from typing import Final

from tests.golden.recording import HERE, difference, digest, read_lines, recorded, write_lines

CURRENT: Final = "v1"
CHANGES: Final = "changes.md"


def record() -> int:
    """Keep what comes of every log today."""
    told: list[str] = []
    for golden in recorded():
        actual = golden.replayed()
        known = read_lines(golden.expected) if golden.expected.exists() else []
        found = difference(known, actual)
        if found:
            write_lines(golden.expected, actual)
            told.append(f"## {golden.name}\n\n```\n{found}\n```\n")
    text = "\n".join(told)
    if told:
        (HERE / CHANGES).write_text(f"# What the last recording changed\n\n{text}", encoding="utf-8")
    print(text or "nothing changed")
    return 0


def check() -> int:
    """Say what would change."""
    findings = [f"{golden.name}: {found}" for golden in recorded() if (found := difference(read_lines(golden.expected), golden.replayed()))]
    print("\n".join(findings) or "nothing changed")
    return 1 if findings else 0


def write_inputs() -> int:
    """Tell the stories of the current version again."""
    from tests.golden.stories import quarter, story

    write_lines(HERE / CURRENT / "story.jsonl", story())
    write_lines(HERE / CURRENT / "quarter.jsonl.gz", quarter())
    return 0


def main(arguments: list[str]) -> int:
    """Do one of the four."""
    match arguments:
        case ["record"]:
            return record()
        case ["check"]:
            return check()
        case ["inputs"]:
            return write_inputs()
        case ["digest", name]:
            found = [golden for golden in recorded() if golden.name == name]
            print(digest(found[0].replayed()))
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
