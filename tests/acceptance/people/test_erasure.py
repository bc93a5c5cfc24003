"""Erasure as its operator and everybody else sees it: `bothways erase`, and what the other commands do afterwards."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.stories.story import AUDIT, INSIGHTS, NUDGES, PAIRINGS, STATES, Answer, Story
from tests.topology.stories.erasure_story import PAT, XEN, named_everywhere

UNREADABLE = (
    b'{"who": "%s"' % PAT.encode(),
    b"\xff\xfe" + f"<{PAT}>".encode("utf-16-le"),
    b'{"specversion":"1.0","id":"x","source":"s","type":"bothways.hr.hired.v1","time":"2025-01-06T09:00:00Z","data":{"person_id":"%s"}}'
    % PAT.encode(),
)
"""Lines that become dead letters: no JSON, two bytes to a character, a field short."""


def lines_of_everything() -> list[bytes]:
    """Somebody in every role there is, in records that are taken and in records that are refused; and others, one with a longer id."""
    told = [entry.origin.value for entry in named_everywhere().store.log if entry.origin is not None]
    other = told[1].replace(b"boss", f"{PAT}0".encode())
    conflicting = told[1].replace(b'"effective_on"', b'"department": "%s", "effective_on"' % PAT.encode())
    return [*told, other, conflicting, *UNREADABLE]


@pytest.fixture(autouse=True)
def lines(story: Story, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A directory in which somebody is named everywhere; the lines that it was told, with the salt that makes their ids."""
    monkeypatch.setenv("BOTHWAYS_SALT", "test")
    lines = lines_of_everything()
    answer = story.take(*lines)
    assert (answer.code, answer.json["dead_lettered"]) == (3, 4), (answer, story.dead_letters())
    return lines


def files_naming(directory: Path, person_id: str = PAT) -> list[str]:
    """Files below a directory whose bytes hold the id, in either width; `PAT0` is somebody else."""
    found = []
    for path in sorted(directory.rglob("*")):
        kept = path.read_bytes() if path.is_file() else b""
        for encoding in ("utf-8", "utf-16-le"):
            kept = kept.replace(f"{person_id}0".encode(encoding), b"")
        if any(person_id.encode(encoding) in kept for encoding in ("utf-8", "utf-16-le")):
            found.append(path.name)
    return found


def erased(story: Story, person_id: str = PAT, *options: str) -> Answer:
    """Erase somebody for good."""
    answer = story.run("erase", person_id, "--yes", "--json", *options)
    assert (answer.code, answer.err) == (0, ""), answer
    return answer


def everything(story: Story) -> dict[str, Any]:
    """What every topic holds."""
    return {topic: story.tail(topic) for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)}


def test_without_yes_it_counts_and_does_nothing(story: Story) -> None:
    """One line on standard error says what is missing; the exit code is 1; not a byte changes."""
    before = everything(story)

    asked = story.run("erase", PAT, "--json")

    assert (asked.code, asked.json["erased"], len(asked.err.splitlines())) == (1, False, 1)
    assert (asked.json["rows"]["people/sequences"], asked.json["records"]["dlq.ingest"]) == (1, 2)
    assert {"log", PAIRINGS, NUDGES, "dlq.hr.people.v1"} <= asked.json["records"].keys()
    assert everything(story) == before
    assert erased(story).json == {**asked.json, "erased": True}


def test_no_file_holds_the_id_afterwards_and_every_command_goes_on(story: Story, tmp_path: Path) -> None:
    """guarantees.P8: nothing in any file of the directory, whatever is done next; `verify` still proves all that came since."""
    data = story.directory / "data"
    assert story.run("report").code == 0
    assert files_naming(data) == ["bothways.db"]

    erased(story)

    assert files_naming(data) == []
    for command in (
        ("verify",),
        ("tick", "--to", "2025-06-01"),
        ("report",),
        ("round", "reverse-2025", "--dry-run"),
        ("inspect", "person", XEN),
        ("inspect", "programme", "reverse-2025"),
        ("dead-letters", "list"),
        ("backup", str(tmp_path / "backup.db")),
        ("verify",),
    ):
        answer = story.run(*command)
        assert answer.code == 0, (command, answer)
        assert (PAT in answer.out.replace(f"{PAT}0", ""), answer.err) == (False, ""), command
    assert PAT not in json.dumps(everything(story)).replace(f"{PAT}0", "")
    assert files_naming(story.directory / "data") == []
    assert files_naming(tmp_path / "backup.db") == []
    assert story.run("inspect", "person", PAT).code == 1
    assert story.run("inspect", "person", f"{PAT}0").code == 0


def test_readers_meet_gaps_and_the_positions_of_the_others_stay(story: Story) -> None:
    """`tail --from N` starts at the next record that is left; ids and bodies of the others are what they were."""
    before = [story.run("tail", NUDGES, "--from", str(position)).out.splitlines() for position in range(40)]

    erased(story)

    after = [story.run("tail", NUDGES, "--from", str(position)).out.splitlines() for position in range(40)]
    for was, now in zip(before, after, strict=True):
        kept = [line for line in was if f'"{PAT}"' not in line]
        assert now[: len(kept)] == kept
    assert len(before[0]) > len(after[0])


@pytest.mark.parametrize("days", [1, 200], ids=["while its marks are there", "when they have gone"])
def test_the_old_file_brings_nobody_back(story: Story, lines: list[bytes], days: int) -> None:
    """Read again, soon or late: the person stays away, in rows and in bytes, and what the others said is repeated."""
    erased(story)
    story.tick(f"2025-{1 + (6 + days) // 31:02}-20")

    again = story.take(*lines)

    assert again.json["duplicates" if days == 1 else "accepted"] > len(lines) // 2
    assert files_naming(story.directory / "data") == []
    assert story.run("inspect", "person", PAT).code == 1
    assert story.run("verify").code == 0


def test_erasing_again_or_somebody_unknown_says_so(story: Story) -> None:
    """There is nothing to erase: one line that doesn't repeat the id, exit code 1."""
    erased(story)

    for answer in (story.run("erase", PAT, "--yes"), story.run("erase", "nobody", "--yes")):
        assert (answer.code, len(answer.err.splitlines()), answer.out) == (1, 1, "")
        assert PAT not in answer.err
    assert story.run("verify").code == 0


@pytest.mark.parametrize("person_id", ["", "no id", "erased", "x" * 65])
def test_what_is_no_persons_id_is_a_usage_error(story: Story, person_id: str) -> None:
    """`erased` is what stands for those who were."""
    assert story.run("erase", person_id, "--yes").code == 2


def test_it_is_refused_while_another_process_holds_the_directory(story: Story) -> None:
    """guarantees.S9: one line, and nothing happens."""
    with (story.directory / "data" / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = story.run("erase", PAT, "--yes")

    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert "in use by another process" in answer.err
    assert story.run("inspect", "person", PAT).code == 0


def test_the_audit_topic_says_that_it_happened_in_hashes(story: Story) -> None:
    """Who did it and whom it was about are salted hashes, the same as elsewhere on the topic."""
    erased(story, PAT, "--actor", "dpo")

    (row,) = [one for one in story.of_type(AUDIT, "command.recorded") if one["type"] == "bothways.hr.erased.v1"]
    assert {len(row["subject"]), len(row["actor"])} == {32}
    assert files_naming(story.directory / "data", "dpo") == []


def test_an_event_of_hr_erases_as_well(story: Story) -> None:
    """`hr.erased` in a file does what the command does; whoever is hired later is somebody new, and stays."""
    gone = story.event("hr.erased", "2025-02-01T00:00:00Z", {"person_id": PAT}, id=f"gone/{PAT}")
    story.good(gone, story.hired("2025-02-01T00:00:00Z", "late"))
    assert files_naming(story.directory / "data") == []

    story.good(story.hired("2025-02-03T00:00:00Z", PAT))

    assert story.person(PAT)["enrolments"] == []
    assert story.run("verify").code == 0
    erased(story)
    assert files_naming(story.directory / "data") == []
