"""A month of the simulated year through two Faust workers."""

import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]


def test_month_over_kafka_happens_once(broker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two workers play a month; the summary has pairs in it, and the topics prove every record."""
    from engine.simulation.year import ProgrammeYear
    from ops.kafka.demo import play

    code = play(ProgrammeYear(people=40, seed=1, months=1), broker, tmp_path)

    told = capsys.readouterr().out
    assert "every record happened once" in told
    assert re.search(r"pairs formed +[1-9]", told)
    assert 0 == code
