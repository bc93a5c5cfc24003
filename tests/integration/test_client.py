"""A client that is generated from the schemas alone reads what a demo publishes, and the engine takes its answers."""

import subprocess
import sys

import pytest

from ops.client.__main__ import ROOT, is_there

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.skipif(not is_there(), reason="the generator is not installed; `make client` does that")
def test_a_generated_client_reads_everything_and_its_answers_are_taken() -> None:
    """Nothing but the files of the contracts is needed to take part."""
    done = subprocess.run([sys.executable, "-m", "ops.client"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "answers written" in done.stdout
