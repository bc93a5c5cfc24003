"""Rules of sharing the tests out among processes (tests/sharing.py)."""

from pathlib import Path
from typing import Final

import pytest

from tests.sharing import APART, FIRST, TOGETHER, rank_of, share_of

TESTS: Final = Path(__file__).parent.parent
ROOT: Final = TESTS.parent
BROKERS: Final = ("shared_broker", "SecuredBroker")


def test_whatever_asks_for_a_broker_is_in_one_share() -> None:
    """One broker is started, by one process, however many there are."""
    own = Path(__file__)
    asking = [path for path in TESTS.rglob("*.py") if path != own and any(name in path.read_text("utf-8") for name in BROKERS)]

    assert {"kafka"} == {share_of(f"{path.relative_to(ROOT)}::test") for path in asking}


def test_tests_of_a_file_stay_together() -> None:
    """What a module's tests share is made once."""
    one, other = "tests/unit/test_builders.py::test_one[a::b]", "tests/unit/test_builders.py::TestStory::test_other"

    assert share_of(one) == share_of(other) == "tests/unit/test_builders.py"


def test_long_tests_that_share_nothing_are_apart() -> None:
    """Otherwise one process plays all the years while the other waits."""
    assert share_of(f"{APART[0]}::test[1]") != share_of(f"{APART[0]}::test[2]")


def test_the_longest_begins_first() -> None:
    """A share of an unlisted file begins last."""
    shares = ["tests/unit/test_builders.py", "tests/recovery/test_crash.py", "kafka"]

    assert shares[::-1] == sorted(shares, key=rank_of)


@pytest.mark.parametrize("beginning", [*APART, *(path for _, paths in TOGETHER for path in paths), *FIRST])
def test_every_beginning_is_of_something(beginning: str) -> None:
    """A path that was moved away would be shared out like any other, unseen."""
    names = {name for name, _ in TOGETHER}
    assert beginning in names or list(TESTS.rglob(f"{beginning.removeprefix('tests/').rstrip('/')}*"))
