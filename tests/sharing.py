"""How the tests are shared out among processes: by file, long files first, and everything about Kafka in one process.

A file stays in one process, so that what its tests share is made once. The tests that need a broker, wherever they stand, stay
together, so that one broker is started; so do those that look at one simulated year in files and in a browser.
"""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = (
    ("kafka", ("tests/integration/kafka/", "tests/contract/")),
    (
        "compiled",
        (
            "tests/unit/engine/matching/compiled/",
            "tests/unit/engine/matching/test_planted_rule.py",
            "tests/acceptance/rounds/test_exact_matcher.py",
        ),
    ),
    ("report", ("tests/integration/test_report",)),
)
"""Name → where the tests of a share begin. Functions are compiled for minutes and kept on disk; two processes would do it twice."""
APART: Final = ("tests/simulation/test_years.py",)
"""Files whose tests share nothing and take long: each test is a share of its own."""
FIRST: Final = ("kafka", "tests/recovery/test_crash.py", "tests/simulation/", "tests/integration/", "compiled")
"""What takes longest begins first, so that no process waits for another at the end."""


def share_of(node_id: str) -> str:
    """Name the share of a test; tests of one share run in one process."""
    path = node_id.partition("::")[0]
    if path in APART:
        return node_id
    for name, beginnings in TOGETHER:
        if path.startswith(beginnings):
            return name
    return path


def rank_of(share: str) -> int:
    """Say when a share begins: the lower, the earlier."""
    return next((rank for rank, beginning in enumerate(FIRST) if share.startswith(beginning)), len(FIRST))


class Sharing(LoadScopeScheduling):
    """Gives each process the next share as soon as it is done with the last."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # in the order of the collection, which `rank_of` has sorted

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)
