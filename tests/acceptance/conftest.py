"""A fresh data directory for each scenario."""

from pathlib import Path

import pytest

from tests.acceptance.story import Story


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Begin with nothing known."""
    return Story(tmp_path)
