"""The command line as somebody outside sees it: a process, its output and its exit code."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent.parent
PROGRAMME: Final = "p1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON value."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSONL."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bothways:
    """The command with a data directory of its own."""

    data: Path
    salt: str | None = None
    """Set from outside; absent, the directory draws its own."""

    def argv(self, *arguments: str) -> list[str]:
        """Return the command as a process is started with it."""
        return [sys.executable, "-m", "engine", *arguments, "--data", str(self.data)]

    def __call__(self, *arguments: str, stdin: str = "") -> Ended:
        """Run one command to its end."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")}
        environment |= {} if self.salt is None else {"BOTHWAYS_SALT": self.salt}
        done = subprocess.run(
            self.argv(*arguments), cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, check=False, timeout=100
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def ingest(self, *lines: str) -> Ended:
        """Ingest lines from standard input."""
        return self("ingest", "-", "--json", stdin="".join(f"{line}\n" for line in lines))

    def begin_with_a_pair(self) -> dict[str, Any]:
        """Make a programme of two people who can teach each other, and hold a round. Returns the proposal."""
        assert {"accepted": 5, "duplicates": 0, "dead_lettered": 0}.items() <= self.ingest(*OPENING).json.items()
        found: dict[str, Any] = self("round", PROGRAMME, "--json").json["proposals"][0]
        return found


def line(type_: str, time: str, data: dict[str, Any], **attributes: Any) -> str:
    """Write one event as a line of a file."""
    id_ = attributes.pop("id", f"{type_}/{time}/{data.get('person_id')}")
    event = {"specversion": "1.0", "id": id_, "source": "urn:example:test", "type": f"bothways.{type_}.v1", "time": time, "data": data}
    return json.dumps({**event, **attributes})


def _enrolled(person_id: str, time: str, offers: str, wants: str, band: int) -> str:
    data = {
        "person_id": person_id,
        "programme_id": PROGRAMME,
        "offers": [{"topic": offers, "level": 3}],
        "wants": [{"topic": wants, "importance": 3, "own_level": 0}],
        "experience_band": band,
        "exclude": ["somebody"],
    }
    return line("participation.enrolled", time, data, actor=person_id)


OPENING: Final = (
    line(
        "programme.created",
        "2025-01-06T08:00:00Z",
        {"programme_id": PROGRAMME, "policy": {"round_every_days": 0, "holdout_percent": 0}},
        actor="desk",
    ),
    line("hr.hired", "2025-01-06T08:00:01Z", {"person_id": "ann", "effective_on": "2024-01-01", "department": "sales"}),
    line("hr.hired", "2025-01-06T08:00:02Z", {"person_id": "ben", "effective_on": "2024-01-01", "department": "legal"}),
    _enrolled("ann", "2025-01-06T09:00:00Z", "python", "negotiation", 0),
    _enrolled("ben", "2025-01-06T09:00:01Z", "negotiation", "python", 3),
)
"""A programme without rounds of its own, two people, two enrolments: the smallest beginning of a pair."""


def answered(person_id: str, proposal: dict[str, Any], time: str, answer: str = "accept") -> str:
    """Write an answer to the first version of a proposal."""
    data = {"person_id": person_id, "pairing_id": proposal["pairing_id"], "proposal_version": 1, "answer": answer}
    return line("pairing.answered", time, data, actor=person_id)
