"""Rules of `bothways dead-letters` (engine/cli/looking/letters.py): what was refused gets another chance, and is taken once."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import run
from engine.cli.exits import ExitCode
from tests import builders
from tests.builders import StructuredEvent

DAY = "2025-01-06T09:00:00Z"
ENROLLED = builders.enrolled("ann", DAY)
LETTER = "mentorship.participation.v1/0"


def ingest(place: Path, *events: StructuredEvent) -> int:
    """Ingest events."""
    file = place / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return run(["ingest", str(file), "--data", str(place / "data"), "--json"])


def asked(place: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Give a command about dead letters. Returns its exit code and its answer."""
    capsys.readouterr()
    code = run(["dead-letters", *words, "--data", str(place / "data"), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def test_what_came_before_its_programme_is_taken_once_by_a_redrive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused as long as the programme is not there; then taken; a second redrive is a repetition."""
    ingest(tmp_path, ENROLLED)
    before = asked(tmp_path, capsys, "redrive", LETTER)
    ingest(tmp_path, builders.programme_created(DAY))

    outcomes = [asked(tmp_path, capsys, "redrive", LETTER) for _ in range(2)]

    assert (ExitCode.DEAD_LETTERED, "dead_lettered") == (before[0], before[1]["redriven"][0]["outcome"])
    assert [(ExitCode.DONE, "applied"), (ExitCode.DONE, "duplicate")] == [(code, said["redriven"][0]["outcome"]) for code, said in outcomes]
    assert ExitCode.DONE == ingest(tmp_path, ENROLLED)


def test_dead_letters_are_chosen_by_code_topic_and_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Newest last; undated ones are left out where a time is asked for."""
    ingest(tmp_path, ENROLLED, builders.enrolled("bob", "2025-01-08T09:00:00Z"), {**ENROLLED, "id": "x", "actor": "eve"}, {"id": "odd"})

    chosen = {
        words: [(letter["topic"], letter["position"]) for letter in asked(tmp_path, capsys, "list", *words)[1]["dead_letters"]]
        for words in (("--code", "not_the_person"), ("--topic", "ingest"), ("--since", "2025-01-07"))
    }

    dlq = "dlq.mentorship.participation.v1"
    assert [[(dlq, 2)], [("dlq.ingest", 0)], [(dlq, 1)]] == list(chosen.values())


def test_many_are_sent_again_only_when_it_is_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes nothing is done; without a choice it is a misuse."""
    ingest(tmp_path, ENROLLED, builders.enrolled("bob", DAY), builders.programme_created(DAY))

    assert ExitCode.REFUSED == asked(tmp_path, capsys, "redrive", "--code", "unknown_programme")[0]
    assert ExitCode.USAGE == asked(tmp_path, capsys, "redrive")[0]
    code, said = asked(tmp_path, capsys, "redrive", "--code", "unknown_programme", "--yes")
    assert (ExitCode.DONE, ["applied", "applied"]) == (code, [each["outcome"] for each in said["redriven"]])
