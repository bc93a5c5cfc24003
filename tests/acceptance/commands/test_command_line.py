"""Commands as programs use them: exit codes, one line of error, JSON, and what operators need: verify, backup, tail, inspect."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.stories.story import AUDIT, HR, INSIGHTS, NUDGES, PAIRINGS, STATES, T0, Story, run

ROOT: Final = Path(__file__).parent.parent.parent.parent


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["frobnicate"], 2),
        (["ingest"], 2),
        (["tick"], 2),
        (["round"], 2),
        (["explain"], 2),
        (["inspect", "planet", "x"], 2),
        (["inspect", "person"], 2),
        (["ingest", "/nowhere/at/all.jsonl"], 1),
        (["inspect", "person", "nobody"], 1),
        (["inspect", "pairing", "p1.0123456789abcdef"], 1),
        (["inspect", "programme", "p9"], 1),
        (["explain", "p1.0123456789abcdef"], 1),
        (["round", "p9"], 1),
        (["tail", "no.such.topic"], 1),
        (["tail", "dlq.ingest"], 0),
        (["verify"], 0),
        (["verify", "--json"], 0),
        (["tail", PAIRINGS, "--from", "99"], 0),
    ],
)
def test_command_ends_with_its_code(story: Story, arguments: list[str], code: int) -> None:
    """0 done, 1 refused or failed, 2 usage; an error is one line on standard error, and nothing on standard output."""
    story.good(story.hired(T0, "ann"))

    answer = story.run(*arguments)

    assert answer.code == code
    if code:
        assert answer.out == ""
        assert len([line for line in answer.err.splitlines() if line]) == 1
        assert "Traceback" not in answer.err


def test_pairing_row(story: Story) -> None:
    """`inspect pairing --json`."""
    pairing = story.pair()

    row = story.pairing(pairing)

    assert (row["pairing_id"], row["programme_id"], row["people"], row["state"], row["track"], row["sessions_count"]) == (
        pairing,
        "p1",
        ["ann", "bob"],
        "active",
        "mutual",
        0,
    )


def test_person_row(story: Story) -> None:
    """`inspect person --json` has the promised fields."""
    story.pair()

    row = story.person("ann")

    assert {"person_id", "employment", "manager_id", "line", "department", "timezone", "pending", "enrolments"} <= set(row)


def test_programme_row(story: Story) -> None:
    """`inspect programme --json`."""
    story.pair()

    row = story.run("inspect", "programme", "p1", "--json").json

    assert (row["programme_id"], row["policy_version"]) == ("p1", 1)


def test_tail_from_a_position(story: Story) -> None:
    """`--from` skips; positions begin at 0."""
    story.pair()

    every, later = story.run("tail", PAIRINGS).out.splitlines(), story.run("tail", PAIRINGS, "--from", "1").out.splitlines()

    assert later == every[1:]


def test_dead_letters_are_listed_and_shown(story: Story) -> None:
    """`dead-letters list` and `show`."""
    story.take("nonsense")

    listed, shown = story.run("dead-letters", "list", "--json"), story.run("dead-letters", "show", "dlq.ingest", "0", "--json")

    assert (listed.code, shown.code) == (0, 0)
    assert [(one["topic"], one["code"]) for one in listed.json["dead_letters"]] == [("dlq.ingest", "malformed")]


def test_replay_gives_the_same(story: Story) -> None:
    """`verify` replays the log and finds everything as it is, after a term with refusals."""
    pairing = story.pair()
    story.take(
        "nonsense",
        story.held("2025-01-13T10:00:00Z", pairing, "s1", "python:ann"),
        story.held("2025-01-13T10:00:00Z", "p1.0123456789abcdef", "s1"),
    )
    story.good(story.event("hr.departed", "2025-02-13T10:00:00Z", {"person_id": "ann", "effective_on": "2025-03-13"}))
    story.tick("2025-05-01T00:00:00Z")
    story.run("round", "p1")

    answer = story.run("verify", "--json")

    assert (answer.code, answer.json["identical"], answer.json["findings"]) == (0, True, [])


def test_backup_is_the_whole_state(story: Story) -> None:
    """A backup becomes `bothways.db` of a new directory, tells the same, and goes on in the same way."""
    story.couple()
    other = Story(story.directory / "other")
    (other.directory / "data").mkdir(parents=True)
    assert story.run("backup", str(story.directory / "copy.db"), "--json").code == 0
    shutil.copy(story.directory / "copy.db", other.directory / "data" / "bothways.db")

    for one in (story, other):
        one.tick("2025-02-01T00:00:00Z")

    assert [story.run("tail", topic).out for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)] == [
        other.run("tail", topic).out for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)
    ]


def test_backup_overwrites_nothing(story: Story) -> None:
    """An existing file is refused."""
    story.couple()
    (story.directory / "copy.db").write_text("mine", "utf-8")

    assert story.run("backup", str(story.directory / "copy.db")).code == 1
    assert (story.directory / "copy.db").read_text("utf-8") == "mine"


def test_demo_wants_an_empty_directory(story: Story) -> None:
    """It refuses any other, and touches nothing."""
    story.couple()
    before = story.run("tail", AUDIT).out

    answer = story.run("demo", "--people", "20", "--months", "1")

    assert (answer.code, story.run("tail", AUDIT).out) == (1, before)


def test_demo_plays_from_january_2025(story: Story) -> None:
    """A small one, from 2025-01-06, with pairs, and reproducible by its seed."""
    answer = story.run("demo", "--people", "24", "--months", "2", "--json")
    other = Story(story.directory / "other")
    other.directory.mkdir()
    other.run("demo", "--people", "24", "--months", "2", "--json")

    assert answer.code == 0, answer
    assert min(event["time"] for event in story.tail(INSIGHTS)) >= "2025-01-06"
    assert story.proposals()
    assert [story.run("tail", topic).out for topic in (PAIRINGS, NUDGES)] == [other.run("tail", topic).out for topic in (PAIRINGS, NUDGES)]
    assert story.tail(f"dlq.{HR}") == []


# Insights


def test_report_is_daily_while_it_changes(story: Story) -> None:
    """One report for a day with changes, none for a day without."""
    story.couple(round_every_days=0)
    story.tick("2025-01-20T00:00:00Z")

    reports = [event for event in story.tail(INSIGHTS) if event["type"] == "bothways.programme.reported.v1"]
    assert [event["time"] for event in reports] == ["2025-01-07T00:00:00Z"]
    assert set(reports[0]["data"]) == {"programme_id", "as_of", "metrics", "k", "as_of_by_metric"}
    assert reports[0]["data"]["k"] == 5


def test_small_groups_are_suppressed(story: Story) -> None:
    """Two people are no group of five."""
    story.pair()
    story.tick("2025-01-08T00:00:00Z")

    metrics = story.of_type(INSIGHTS, "programme.reported")[-1]["metrics"]
    assert [metrics[name] for name in ("enrolled_count", "matched_count", "match_ratio", "bridge_ratio")] == [None] * 4


def test_small_complement_is_suppressed(story: Story) -> None:
    """Of eleven, two matched and nine waiting, who are told of: neither the two nor the whole that would tell them."""
    story.couple()
    story.good(*(story.hired(T0, f"m{number}") for number in range(9)))
    story.good(*(story.enrolled(T0, f"m{number}", gives="budgeting:1", wants="wellbeing:1:0") for number in range(9)))
    story.tick("2025-01-06T06:00:00Z")
    pairing = story.proposals()[0]["pairing_id"]
    story.good(*(story.accepted("2025-01-06T09:00:00Z", person, pairing) for person in ("ann", "bob")))
    story.tick("2025-01-07T00:00:00Z")

    metrics = story.of_type(INSIGHTS, "programme.reported")[-1]["metrics"]
    assert [one["waiting"] for one in story.of_type(INSIGHTS, "round.completed")] == [9]
    assert (metrics["enrolled_count"], metrics["matched_count"], metrics["match_ratio"]) == (None, None, None)


def test_policy_may_widen_the_view(story: Story) -> None:
    """With `k_min` 1 the numbers of one pair are told."""
    pairing = story.pair(k_min=1)
    story.good(story.held("2025-01-07T09:00:00Z", pairing, "s1", "python:ann", "strategy:bob"))
    story.tick("2025-01-08T00:00:00Z")

    metrics = story.of_type(INSIGHTS, "programme.reported")[-1]["metrics"]
    assert (
        metrics["enrolled_count"],
        metrics["matched_count"],
        metrics["match_ratio"],
        metrics["bridge_ratio"],
        metrics["reciprocity_ratio_p50"],
    ) == (2, 2, 1.0, 1.0, 1.0)


def test_insights_name_nobody(story: Story) -> None:
    """No person, rating, exit cause or band of anybody."""
    story.pair(k_min=1)
    story.tick("2025-06-08T00:00:00Z")

    told = story.tail(INSIGHTS)
    assert {"bothways.round.completed.v1", "bothways.programme.reported.v1"} <= {event["type"] for event in told}
    assert not any(f'"{person}"' in json.dumps(told) for person in ("ann", "bob"))


def test_shared_insight_is_counted_until_answered(story: Story) -> None:
    """Anonymous notes are counted, and open until a sponsor answers."""
    story.couple(k_min=1)
    shared = story.event("insight.shared", T0, {"programme_id": "p1", "insight_id": "i1", "family": "culture"})
    story.good(shared)
    story.tick("2025-01-07T00:00:00Z")
    story.good(story.event("insight.answered", "2025-01-07T05:00:00Z", {"programme_id": "p1", "insight_id": "i1"}))
    story.tick("2025-01-08T00:00:00Z")

    reports = [one["metrics"] for one in story.of_type(INSIGHTS, "programme.reported")]
    assert [(one["insights_shared_count"], one["insights_open_count"]) for one in reports] == [(1, 1), (1, 0)]


# As a process


def process(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the command itself."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        cwd=ROOT,
    )


def test_standard_input_and_the_environment(story: Story) -> None:
    """`-` is standard input, and `BOTHWAYS_DATA` names the directory."""
    data = str(story.directory / "data")

    done = process("ingest", "-", "--json", given=json.dumps(story.hired(T0, "ann")) + "\n\nnonsense\n", BOTHWAYS_DATA=data)

    assert (done.returncode, json.loads(done.stdout)["accepted"], json.loads(done.stdout)["dead_lettered"]) == (3, 1, 1)
    assert story.person("ann")["employment"] == "active"


def test_hash_seed_and_zone_change_nothing(story: Story) -> None:
    """The same file gives the same bytes under any PYTHONHASHSEED and TZ."""
    events = [story.programme(T0), *(story.hired(T0, f"m{number}", department=f"d{number % 3}") for number in range(12))]
    for number in range(12):
        gives, wants = ("python:3", "strategy:3:0") if number % 2 else ("strategy:3", "python:3:0")
        events.append(story.enrolled(T0, f"m{number}", gives=gives, wants=wants, experience_band=number % 4))
    events.append(story.hired("2025-03-01T00:00:00Z", "late"))
    path = story.directory / "in.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    told = []
    for name, seed, zone in (("one", "1", "UTC"), ("two", "77", "Pacific/Auckland")):
        assert process("ingest", str(path), "--data", str(story.directory / name), PYTHONHASHSEED=seed, TZ=zone).returncode == 0
        told.append([run("tail", topic, "--data", str(story.directory / name)).out for topic in (PAIRINGS, STATES, NUDGES, INSIGHTS)])

    assert told[0] == told[1]
    assert told[0][0]
