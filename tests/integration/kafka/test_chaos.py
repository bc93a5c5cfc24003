"""The drill in its short form: under kills and a zombie everything happens once, and a planted bug is noticed."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("shell", ["thin", "faust"])
def test_everything_happens_once_under_kills_and_zombies(broker: str, tmp_path: Path, shell: str) -> None:
    """guarantees.S22, guarantees.S23: three workers, five kills in the middle of work, a zombie, a leave; recomputed, nothing differs."""
    from dataclasses import replace

    from ops.kafka.chaos import SHORT, drill

    findings, report = drill(replace(SHORT, shell=shell), broker, tmp_path)

    assert {} == findings.problems, report
    assert SHORT.kills == report["done"]["kill"]
    assert findings.counts["outputs"] > 50


def test_planted_bug_is_noticed(broker: str, tmp_path: Path) -> None:
    """A worker that commits its position before its outputs loses some when killed, and the verifier says so."""
    from dataclasses import replace

    from ops.kafka.chaos import SHORT, drill

    findings, report = drill(replace(SHORT, is_planted=True, zombies=0, leaves=0), broker, tmp_path)

    assert findings.problems, report
