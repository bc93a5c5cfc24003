"""A fresh people stage for each test of the roster."""

import pytest

from tests.topology.stories.people_stage import PeopleDriver


@pytest.fixture
def driver() -> PeopleDriver:
    """Return an empty people stage."""
    return PeopleDriver()
