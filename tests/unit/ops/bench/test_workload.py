"""What the benchmark ingests."""

import json
from collections import Counter
from pathlib import Path

from ops.bench.embedded import workload


def test_mixed_lines_are_the_same_each_time() -> None:
    """Every side and every round gets the same bytes."""
    assert workload.mixed_lines(1_200) == workload.mixed_lines(1_200)


def test_file_holds_the_same_mixed_events_as_the_lines(tmp_path: Path) -> None:
    """A run from a file and a run from memory do the same work."""
    file = tmp_path / "mixed.jsonl"

    workload.write_mixed(file, 700)

    assert workload.mixed_lines(700) == file.read_bytes().splitlines()


def test_mixed_people_are_bounded() -> None:
    """A longer history has no more people in it."""
    types = Counter(json.loads(line)["type"] for line in workload.mixed_lines(3_000))

    assert types["bothways.hr.hired.v1"] == types["bothways.participation.enrolled.v1"] == workload.MIXED_PEOPLE


def test_few_hires_are_hires_of_different_people() -> None:
    """Every hire makes new work for a peer: nobody is hired twice."""
    events = [json.loads(line) for line in workload.hire_lines(100)]

    assert {"bothways.hr.hired.v1"} == {event["type"] for event in events}
    assert 100 == len({event["data"]["person_id"] for event in events}) == len({event["id"] for event in events})


def test_programmes_have_different_ids() -> None:
    """Every line makes a new programme, so every one publishes one event."""
    assert 50 == len({json.loads(line)["data"]["programme_id"] for line in workload.programme_lines(50)})
