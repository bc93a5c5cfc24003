"""A data directory seen from outside: events go in by the command line, topics are read back with `tail`.

Nothing here knows the engine but its entry point. Names and shapes are those of the published contracts.
"""

import base64
import contextlib
import io
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.cli.app import run as command

PAIRINGS: Final = "mentorship.pairings.v1"
STATES: Final = "mentorship.pairing-state.v1"
NUDGES: Final = "mentorship.nudges.v1"
INSIGHTS: Final = "mentorship.insights.v1"
AUDIT: Final = "mentorship.audit.v1"
DEAD: Final = "dlq."
HR: Final = "hr.people.v1"
PARTICIPATION: Final = "mentorship.participation.v1"
SESSIONS: Final = "mentorship.sessions.v1"
PROGRAMMES: Final = "mentorship.programmes.v1"
FEEDBACK: Final = "mentorship.nudge-feedback.v1"

T0: Final = "2025-01-06T05:00:00Z"
"""A Monday, an hour before the daily round: most stories begin here."""
Event = dict[str, Any]

OPEN_POLICY: Final[Mapping[str, Any]] = {"reserve_start": 0, "reserve_floor": 0, "holdout_percent": 0}
"""Everybody may be proposed at once, and nobody is held out, so that a scenario shows only its own rule."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON value."""
        return json.loads(self.out)


def run(*arguments: str) -> Answer:
    """Run one command in this process."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    hook = sys.excepthook
    code: int | str | None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = command(list(arguments))
        except SystemExit as exit_:
            code = exit_.code
        finally:
            sys.excepthook = hook
    out.flush()
    return Answer(int(code or 0), out.buffer.getvalue().decode(), err.getvalue())


COMMANDS: Final = ("programme.", "round.", "pairing.locked", "pairing.forbidden", "pairing.allowed", "proposal.", "nudges.", "departures.")
"""What begins the types that a coordinator sends, who signs them."""


@dataclass(slots=True)
class Story:
    """One organisation in one data directory, told in events."""

    directory: Path
    count: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str) -> Answer:
        """Run one command on this directory."""
        return run(*arguments, "--data", str(self.directory / "data"))

    # In

    def event(self, kind: str, at: str, data: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:
        """One structured CloudEvent; attributes override, None leaves one out."""
        self.count += 1
        line: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"e{self.count}",
            "source": "acceptance",
            "type": f"bothways.{kind}.v1",
            "time": at,
            "data": dict(data),
        }
        if kind.startswith(COMMANDS):
            line["actor"] = "desk"
        line.update(attributes)
        return {name: value for name, value in line.items() if value is not None}

    def line(self, event: Mapping[str, Any]) -> str:
        """One event as a line of a file."""
        return json.dumps(event) + "\n"

    def take(self, *events: Mapping[str, Any] | str | bytes, options: Iterable[str] = ()) -> Answer:
        """Ingest these lines; the answer is what `ingest --json` says."""
        self.count += 1
        path = self.directory / f"in{self.count}.jsonl"
        path.write_bytes(b"".join(_line(event) + b"\n" for event in events))
        return self.run("ingest", str(path), "--json", *options)

    def good(self, *events: Mapping[str, Any]) -> None:
        """Ingest lines that must all be accepted."""
        answer = self.take(*events)
        assert (answer.code, answer.json["dead_lettered"], answer.json["duplicates"]) == (0, 0, 0), (answer, self.dead_letters())

    def tick(self, to: str) -> None:
        """Move data time forward."""
        answer = self.run("tick", "--to", to)
        assert answer.code == 0, answer

    def programme(self, at: str, *, programme_id: str = "p1", **policy: Any) -> dict[str, Any]:
        """Create a programme with an open policy."""
        return self.event("programme.created", at, {"programme_id": programme_id, "policy": {**OPEN_POLICY, **policy}}, actor="coordinator")

    def hired(self, at: str, person_id: str, **data: Any) -> dict[str, Any]:
        """Hire somebody a year ago."""
        return self.event("hr.hired", at, {"person_id": person_id, "effective_on": "2024-01-01", **data})

    def enrolled(self, at: str, person_id: str, *, gives: str, wants: str, programme_id: str = "p1", **data: Any) -> dict[str, Any]:
        """`gives` and `wants`: "topic:level" and "topic:importance:own_level", with commas between."""
        offers = [{"topic": one.split(":")[0], "level": int(one.split(":")[1])} for one in gives.split(",") if one]
        wanted = [
            {"topic": one.split(":")[0], "importance": int(one.split(":")[1]), "own_level": int(one.split(":")[2])}
            for one in wants.split(",")
            if one
        ]
        return self.event(
            "participation.enrolled",
            at,
            {"person_id": person_id, "programme_id": programme_id, "offers": offers, "wants": wanted, **data},
            actor=person_id,
        )

    def by(self, kind: str, at: str, person_id: str, **data: Any) -> dict[str, Any]:
        """A person acts for themself."""
        return self.event(kind, at, {"person_id": person_id, **data}, actor=person_id)

    def accepted(self, at: str, person_id: str, pairing_id: str, *, version: int = 1, answer: str = "accept") -> dict[str, Any]:
        """Answer a proposal."""
        return self.by("pairing.answered", at, person_id, pairing_id=pairing_id, proposal_version=version, answer=answer)

    def held(self, at: str, pairing_id: str, session_id: str, *exchanges: str, **data: Any) -> dict[str, Any]:
        """A session reported at `at`, an hour after its start unless said otherwise; exchanges are "topic:person"."""
        taught = [{"topic": one.split(":")[0], "taught_by": one.split(":")[1]} for one in exchanges]
        attributes = {name: value for name in ("sequence", "id") if (value := data.pop(name, None)) is not None}
        return self.event(
            "session.completed",
            at,
            {
                "session_id": session_id,
                "pairing_id": pairing_id,
                "started_at": data.pop("started_at", at),
                "duration_minutes": 60,
                "exchanges": taught,
                "evidence": "self_report",
                **data,
            },
            **attributes,
        )

    # Stories told so often that they have a name

    def couple(
        self,
        at: str = T0,
        *,
        first: str = "ann",
        second: str = "bob",
        bands: tuple[int | None, int | None] = (0, 2),
        programme_id: str = "p1",
        hr: Mapping[str, Any] | None = None,
        **policy: Any,
    ) -> None:
        """A programme and two people who want what the other offers: ann (band 0) gives python, bob (band 2) strategy."""
        of_first, of_second = (hr or {}).get(first, {}), (hr or {}).get(second, {})
        self.good(
            self.programme(at, programme_id=programme_id, **policy),
            self.hired(at, first, **{"department": "lab", **of_first}),
            self.hired(at, second, **{"department": "board", **of_second}),
            self.enrolled(at, first, gives="python:3", wants="strategy:3:0", experience_band=bands[0], programme_id=programme_id),
            self.enrolled(at, second, gives="strategy:3", wants="python:3:0", experience_band=bands[1], programme_id=programme_id),
        )

    def pair(self, **couple: Any) -> str:
        """The couple, proposed on Monday 2025-01-06 at 06:00 and active since 09:00; the pairing's id."""
        self.couple(**couple)
        self.tick("2025-01-06T06:00:00Z")
        pairing_id = str(self.proposals()[-1]["pairing_id"])
        people = [one["person_id"] for one in self.proposals()[-1]["people"]]
        self.good(*(self.accepted("2025-01-06T09:00:00Z", person, pairing_id) for person in people))
        return pairing_id

    # Out

    def tail(self, topic: str) -> list[dict[str, Any]]:
        """Every record of a topic."""
        answer = self.run("tail", topic)
        assert answer.code == 0, answer
        return [json.loads(line) for line in answer.out.splitlines()]

    def of_type(self, topic: str, kind: str) -> list[dict[str, Any]]:
        """The data of every event of a short type."""
        return [one["data"] for one in self.tail(topic) if one.get("type") == f"bothways.{kind}.v1"]

    def pairings(self) -> list[str]:
        """Short types on the pairings topic, in order."""
        return [one["type"].removeprefix("bothways.pairing.").removesuffix(".v1") for one in self.tail(PAIRINGS)]

    def proposals(self) -> list[dict[str, Any]]:
        """What was proposed, in order."""
        return self.of_type(PAIRINGS, "pairing.proposed")

    def nudges(self, key: str | None = None, person: str | None = None) -> list[dict[str, Any]]:
        """The nudges requested, by key and person."""
        asked = self.of_type(NUDGES, "nudge.requested")
        return [one for one in asked if key in {None, one["key"]} and person in {None, one["person_id"]}]

    def cancelled(self) -> list[dict[str, Any]]:
        """The cancellations on the nudges topic."""
        return self.of_type(NUDGES, "nudge.cancelled")

    def suppressed(self, key: str | None = None) -> list[dict[str, Any]]:
        """The nudges suppressed, by key."""
        return [one for one in self.of_type(AUDIT, "nudge.suppressed") if key in {None, one["key"]}]

    def person(self, person_id: str) -> dict[str, Any]:
        """The row of a person, as `inspect --json` shows it."""
        answer = self.run("inspect", "person", person_id, "--json")
        assert answer.code == 0, answer
        return dict(answer.json)

    def pairing(self, pairing_id: str) -> dict[str, Any]:
        """The row of a pairing, as `inspect --json` shows it."""
        answer = self.run("inspect", "pairing", pairing_id, "--json")
        assert answer.code == 0, answer
        return dict(answer.json)

    def state(self, pairing_id: str) -> str:
        """The latest published state of a pairing."""
        return str(next(one["state"] for one in reversed(self.of_type(STATES, "pairing.state")) if one["pairing_id"] == pairing_id))

    def dry_round(self, programme_id: str = "p1", policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What a dry run says."""
        options = ["--dry-run", "--json"]
        if policy is not None:
            path = self.directory / "policy.json"
            path.write_text(json.dumps(policy), "utf-8")
            options += ["--policy", str(path)]
        answer = self.run("round", programme_id, *options)
        assert answer.code == 0, answer
        return dict(answer.json)

    def unmatched(self, programme_id: str = "p1") -> dict[str, list[str]]:
        """Codes of the people whom a dry run leaves out."""
        found = self.dry_round(programme_id)["unmatched"]
        return {one["person_id"]: [reason["code"] if isinstance(reason, dict) else reason for reason in one["reasons"]] for one in found}

    def dead_letters(self, *topics: str) -> list[tuple[str, str]]:
        """(topic, code) of each, by topic."""
        named = topics or (HR, PARTICIPATION, SESSIONS, PROGRAMMES, FEEDBACK, "ingest", "bothways.timers")
        return [(DEAD + topic, one["headers"]["x-error-code"]) for topic in named for one in self.tail(DEAD + topic)]


def value_of(letter: Mapping[str, Any]) -> bytes:
    """The original bytes of a dead letter."""
    return base64.b64decode(letter["value_base64"])


def _line(event: Mapping[str, Any] | str | bytes) -> bytes:
    if isinstance(event, bytes):
        return event
    return event.encode() if isinstance(event, str) else json.dumps(event).encode()
