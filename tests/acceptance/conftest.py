"""A fresh data directory for each scenario."""

from pathlib import Path

import pytest

from tests.acceptance.stories.story import Story


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Begin with nothing known, and with the salt of every other story: two directories give the same ids."""
    monkeypatch.setenv("BOTHWAYS_SALT", "of all stories")
    return Story(tmp_path)
