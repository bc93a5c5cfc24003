"""A service for each file, with two people and a proposal."""

from collections.abc import Iterator

import pytest

from tests.integration.command_line import Bothways
from tests.integration.web.serving import Serving, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a service whose only programme has one open proposal."""
    bothways = Bothways(data=tmp_path_factory.mktemp("web") / "data")
    bothways.begin_with_a_pair()
    with serving(bothways) as service:
        yield service
