"""How deep the property tests look: BOTHWAYS_DEPTH times as many examples as a test run has time for. `make soak` asks for 10."""

import os
from typing import Final

DEPTH: Final = int(os.environ.get("BOTHWAYS_DEPTH", "1"))


def deep(examples_count: int) -> int:
    """Return how many examples to try where a test run tries so many."""
    return DEPTH * examples_count
