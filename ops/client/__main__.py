"""Generate a client from the schemas, let it read a demo and answer, and give its answers to the engine: `make client`.

The generator and the client run in an environment of their own, which knows nothing of Bothways.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.documents.files import Contracts
from schemas.topics import OUTPUT_TOPICS

ROOT: Final = Path(__file__).parent.parent.parent
ENVIRONMENT: Final = ROOT / ".venv" / "client"
CONSUMER: Final = Path(__file__).parent / "consumer.py"
DEMO: Final = ("demo", "--people", "60", "--months", "2", "--json")
GENERATED: Final = (
    "--input-file-type jsonschema --output-model-type pydantic_v2.BaseModel --target-python-version 3.11 "
    "--use-title-as-name --use-annotated --formatters builtin --disable-timestamp"
).split()


def main() -> int:
    """Do all of it. Returns the exit code: 0 when every answer was taken."""
    if not is_there():
        print("there is no .venv/client; `make client` makes it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="bothways-client-") as place:
        return played(Path(place))


def is_there() -> bool:
    """Say whether the generator is installed."""
    return (ENVIRONMENT / "bin" / "datamodel-codegen").exists()


def played(place: Path) -> int:
    """Play a demo into a directory, read it and answer."""
    contracts, models, data = place / "contracts", place / "models", place / "data"
    Contracts(place=contracts).write()
    schemas = contracts / "json"
    (schemas / "index.json").unlink()  # no schema
    _run([str(ENVIRONMENT / "bin" / "datamodel-codegen"), "--input", str(schemas), "--output", str(models), *GENERATED])
    _bothways(*DEMO, "--data", str(data))
    events = [line for topic in OUTPUT_TOPICS for line in _bothways("tail", topic.name, "--data", str(data)).splitlines()]
    published = [line for line in events if '"tombstone"' not in line]
    client = [str(ENVIRONMENT / "bin" / "python"), str(CONSUMER), str(models), str(schemas)]
    answers = _run(client, "\n".join(published) + "\n")
    counts = json.loads(_bothways("ingest", "-", "--json", "--data", str(data), given=answers))
    said = len(answers.splitlines())
    print(f"{len(published)} events read by generated models, {said} answers written, {counts['accepted']} of them taken")
    return 0 if said and said == counts["accepted"] else 1


def _bothways(*arguments: str, given: str | None = None) -> str:
    return _run([sys.executable, "-m", "engine", *arguments], given)


def _run(command: Sequence[str], given: str | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        print(done.stderr[-2000:], file=sys.stderr)
        raise SystemExit(1)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
